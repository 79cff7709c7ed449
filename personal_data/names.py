"""Which answers say who answered, and which of these are names by which others would know."""

from django.db import connection

from submissions.responses.addresses import known_addresses
from submissions.responses.models import Submission, Version, VersionIdentity
from submissions.responses.searching import in_answers


def given_as_identity(submission: Submission) -> set[str]:
    """Return the answers that say who answered and the author's addresses, in small letters."""
    stored = VersionIdentity.objects.filter(version__submission=submission)
    given = [value for one in stored.values_list("answers", flat=True) for value in one.values()]
    given += known_addresses(submission, submission.call)
    return {value.strip().casefold() for value in given if isinstance(value, str) and value.strip()}


def names_among(given: set[str], submission: Submission) -> set[str]:
    """Return the addresses, and what nobody else of the call has in an answer.

    “None”, “a member of the public” or “shelter”, where an organisation is called so, name nobody
    beside responses that speak of it, too.
    """
    return {words for words in given if "@" in words or not _is_common(words, submission)}


def _is_common(words: str, submission: Submission) -> bool:
    phrase = '"{}"'.format(words.replace('"', " "))
    with connection.cursor() as cursor:
        cursor.execute("SELECT numnode(websearch_to_tsquery('english', %s)) = 0", [phrase])
        if cursor.fetchone() == (True,):
            return True
    others = Version.objects.exclude(submission=submission).filter(submission__call=submission.call)
    return others.filter(pk__in=in_answers(phrase)).exists()
