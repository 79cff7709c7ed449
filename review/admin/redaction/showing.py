"""A redaction as the pages of staff have it: its words where they stand, and what can be done."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from accounts.models import User
from accounts.rights import may
from accounts.states import Action
from core.admin.uk_time import in_uk_time
from review.models import Redaction
from review.redaction.redacting import may_decide
from review.states import LIVE_REDACTIONS, RedactionReason, RedactionState
from submissions.calls.states import QuestionKind

AROUND = 200  # characters on each side
IN_A_FILE = "(in a file that you may not open)"
ALL_FILES = "(the files that answer this question)"


@dataclass(frozen=True)
class InContext:
    """The words of a redaction between what stands around them."""

    before: str
    words: str
    after: str


@dataclass(frozen=True)
class Step:
    """What somebody did to a redaction, and what they wrote."""

    what: str
    who: str
    when: str
    words: str = ""


def in_context(redaction: Redaction, reader: User) -> InContext:
    """Return the words of the redaction; of a lost one, those that the earlier version had."""
    shown = redaction
    while shown.state == RedactionState.LOST and shown.carried_from is not None:
        shown = shown.carried_from
    if shown.file_text is not None:
        if not may(reader, Action.OPEN_FILES, redaction.call_id):
            return InContext("", IN_A_FILE, "")
        text = shown.file_text.text
    else:
        if shown.question.kind == QuestionKind.FILE:
            return InContext("", ALL_FILES, "")
        text = shown.version.texts.get(shown.question.key, "")
    before = text[max(0, shown.start - AROUND) : shown.start]
    after = text[shown.end : shown.end + AROUND]
    return InContext(
        f"{'…' if shown.start > AROUND else ''}{before}",
        text[shown.start : shown.end],
        f"{after}{'…' if shown.end + AROUND < len(text) else ''}",
    )


def say_why(redaction: Redaction) -> str:
    label = str(RedactionReason(redaction.reason).label)
    return f"{label}: {redaction.words}" if redaction.words else label


def say_state(redaction: Redaction) -> str:
    if redaction.state in LIVE_REDACTIONS and redaction.back_asked_by_id is not None:
        return f"{redaction.get_state_display()}; to be shown again, if somebody agrees"
    return redaction.get_state_display()


def steps(redaction: Redaction) -> list[Step]:
    """Return what happened to it, in order."""
    found = [_step("Proposed", redaction.proposed_by, redaction.proposed_at)]
    if redaction.carried_from_id is not None:
        found.append(Step("Carried over to this version by the portal", "", ""))
    if redaction.decided_by is not None:
        what = "Refused" if redaction.state == RedactionState.REFUSED else "Approved"
        found.append(_step(what, redaction.decided_by, redaction.decided_at, redaction.refusal))
    if redaction.back_asked_by is not None:
        what = "Asked to show it again"
        at, words = redaction.back_asked_at, redaction.back_words
        found.append(_step(what, redaction.back_asked_by, at, words))
    if redaction.taken_back_by is not None:
        found.append(_step("Taken back", redaction.taken_back_by, redaction.taken_back_at))
    return found


def what_may_be_done(redaction: Redaction, reader: User) -> dict[str, bool]:
    """Return what the reader may do on its page, as the template names it."""
    approves = may_decide(reader, redaction)
    is_live = redaction.state in LIVE_REDACTIONS
    is_proposed = redaction.state == RedactionState.PROPOSED
    is_own = redaction.proposed_by_id == reader.pk
    is_asked = is_live and redaction.back_asked_by_id is not None
    return {
        "may_decide": is_proposed and approves and not is_own,
        "may_withdraw": is_proposed and is_own,
        "may_ask_back": is_live and not is_asked and may(reader, Action.REDACT, redaction.call_id),
        "may_show_again": is_asked and approves and redaction.back_asked_by_id != reader.pk,
        "may_keep": is_asked and approves,
    }


def address_of_text(redaction: Redaction) -> str:
    """Return where the text stands on the page of its response."""
    address = reverse("admin:submissions_submission_change", args=[redaction.version.submission_id])
    texts = "&texts=1" if redaction.file_text_id is not None else ""
    return f"{address}?version={redaction.version.number}{texts}#answer-{redaction.question.key}"


def _step(what: str, who: User, when: datetime | None, words: str = "") -> Step:
    return Step(what, who.get_username(), in_uk_time(when), words)
