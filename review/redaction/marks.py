"""Where a text is hidden, in the words that a page has for it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from review.models import FileText, Redaction
from review.redaction.readable_texts import redactions_of
from review.states import LIVE_REDACTIONS, RedactionReason, RedactionState
from submissions.calls.models import Question
from submissions.calls.states import QuestionKind
from submissions.responses.models import Version

PERSONAL = (RedactionReason.AUTHOR, RedactionReason.THIRD_PERSON)
MARKED = (RedactionState.PROPOSED, *LIVE_REDACTIONS)


@dataclass(frozen=True)
class HiddenPassage:
    """`[start, end)` of a text; `said` stands before it. A proposed one is not hidden yet."""

    start: int
    end: int
    said: str
    is_proposed: bool = False


def say_reason(redaction: Redaction) -> str:
    """Return why words are hidden, for readers who may not see them."""
    reason = RedactionReason(redaction.reason)
    if reason in PERSONAL:
        return "personal data"
    return str(reason.label).lower()


def marked_redactions(version: Version) -> QuerySet[Redaction]:
    """Return the redactions of the version and its files that hide words, or wait for approval."""
    rows = Redaction.objects.filter(redactions_of(version), state__in=MARKED)
    rows = rows.select_related("question", "proposed_by", "decided_by", "back_asked_by")
    return rows.distinct().order_by("start", "end", "pk")


def of_text(
    redactions: Iterable[Redaction], question: Question, file_text: FileText | None
) -> list[Redaction]:
    """Return those in the answer to the question, or in the file's text."""
    if file_text is not None:
        return [one for one in redactions if one.file_text_id == file_text.pk]
    return [
        one for one in redactions if one.question_id == question.pk and one.file_text_id is None
    ]


def hidden_passages(redactions: Iterable[Redaction], *, sees: bool) -> list[HiddenPassage]:
    """Return what to mark in a text for a reader who `sees` hidden words, or does not."""
    found = []
    for one in redactions:
        is_proposed = one.state == RedactionState.PROPOSED
        if is_proposed and not sees:
            continue
        verb = "proposed to hide" if is_proposed else "hidden"
        if one.question.kind == QuestionKind.FILE and one.file_text_id is None:
            continue  # it stands for the files of the question, and not for a passage
        said = f"[{verb}: {say_reason(one)}]"
        found.append(HiddenPassage(one.start, one.end, said, is_proposed))
    return found
