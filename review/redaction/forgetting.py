"""Redactions end with the response whose words they hide."""

from collections.abc import Collection

from django.db.models import Q

from core.whole_words import has_any
from review.models import Redaction
from submissions.responses.models import Submission

ERASED = "Erased: it named who answered."
WRITTEN = ("words", "refusal", "back_words")


def forget_redactions(submission: Submission) -> None:
    """Delete them, in the transaction that erases; the database then deletes the redacted texts."""
    Redaction.objects.filter(version__submission=submission).delete()


def forget_words_with(given: Collection[str], submission: Submission) -> None:
    """Empty what staff wrote to a redaction, where it has an answer that says who answered.

    `given` are these answers in small letters.
    """
    written = Redaction.objects.filter(version__submission=submission).exclude(
        Q(words="", refusal="", back_words="")
    )
    for redaction in written:
        named = [name for name in WRITTEN if has_any(getattr(redaction, name), given)]
        if named:
            Redaction.objects.filter(pk=redaction.pk).update(**dict.fromkeys(named, ERASED))
