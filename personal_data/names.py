"""What says who answered, and which words are of one response alone."""

from collections.abc import Collection

from django.db import connection

from review.coding.forgetting import SHORTEST, plain
from submissions.calls.states import ORGANISATION_NAME
from submissions.responses.addresses import known_addresses
from submissions.responses.models import Submission, Version, VersionIdentity
from submissions.responses.searching import in_answers

ORGANISATION_KEYS = frozenset({ORGANISATION_NAME, "organisation"})


def given_as_identity(submission: Submission) -> set[str]:
    """Return the answers that say who answered and the author's addresses, in small letters."""
    stored = VersionIdentity.objects.filter(version__submission=submission)
    given = [value for one in stored.values_list("answers", flat=True) for value in one.values()]
    given += known_addresses(submission, submission.call)
    return {value.strip().casefold() for value in given if isinstance(value, str) and value.strip()}


def names_of_people(submission: Submission) -> set[str]:
    """Return the answers that say who answered and look like a person's whole name.

    They have two words or more and no small initial, and are no organisation's. In small letters.
    """
    stored = VersionIdentity.objects.filter(version__submission=submission)
    return {
        value.strip().casefold()
        for answers in stored.values_list("answers", flat=True)
        for key, value in answers.items()
        if key not in ORGANISATION_KEYS and isinstance(value, str) and _is_whole_name(value)
    }


def _is_whole_name(value: str) -> bool:
    words = value.split()
    return len(words) > 1 and not any(word[0].islower() for word in words)


def is_common(words: str, *, submission: Submission, people: Collection[str] = ()) -> bool:
    """Return whether another response of the call that counts has the words in an answer, too.

    “None”, “a member of the public” or “shelter”, where an organisation is called so, name nobody
    beside responses that speak of it, too; and what a campaign had many people send is not the
    words of one. An address is nobody else's, and the names of `people` are theirs whoever else
    has them.
    """
    if "@" in words or words in people:
        return False
    is_left_out = is_left_out_of_index(words)
    if is_left_out and len(words) < SHORTEST:
        return True
    others = (
        Submission.objects.submitted().filter(call=submission.call_id).exclude(pk=submission.pk)
    )
    having = Version.objects.filter(submission__in=others)
    if not is_left_out:
        having = having.filter(pk__in=in_answers(_phrase(words)))
    # To the index “They beat me there.” is “beat” alone.
    sought, texts = plain(words), having.values_list("texts", flat=True).iterator(chunk_size=100)
    return any(sought in plain(text) for answers in texts for text in answers.values())


def is_left_out_of_index(words: str) -> bool:
    """Return whether the search finds nothing by them, as by “no”, “the same” and “-”."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT numnode(websearch_to_tsquery('english', %s)) = 0", [_phrase(words)])
        return cursor.fetchone() == (True,)


def _phrase(words: str) -> str:
    return '"{}"'.format(words.replace('"', " "))
