"""Saving what a page posted: one verb for the page's buttons and for the script."""

from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Any
from uuid import UUID

from django.http import Http404

from core import metrics
from submissions.respondent.forms.section_form import SectionForm
from submissions.respondent.response_context import ResponseContext
from submissions.responses.attaching import Refusals, change_files
from submissions.responses.drafting import save_answers
from submissions.responses.errors import AccessEnded, AlreadySubmitted
from submissions.responses.signposting import forget_who
from submissions.responses.tasks import nudge_scan

# The values of the page's buttons; the script posts none.
CONTINUE, LEAVE, UPLOAD, CLEAR = "continue", "save", "upload", "clear"


class SaveOutcome(Enum):
    """What a save led to. In all but two cases every answer that can be stored is stored."""

    SAVED = auto()
    LEFT = auto()  # saved, and the author wants to come back later
    CLEARED = auto()  # a choice was taken back
    FILES_CHANGED = auto()
    SIGNPOSTED = auto()  # an answer leads to a page of help
    NEEDS_CHANGES = auto()  # an answer or a file was refused, or is missing
    CONFLICTS = auto()  # another author changed an answer; that one is not overwritten
    QUESTION_GONE = auto()  # there was an answer to a question that the call no longer has
    CLOSED = auto()  # saved after the deadline, so it cannot be submitted
    ALREADY_SUBMITTED = auto()  # or withdrawn: nothing is stored
    ACCESS_ENDED = auto()  # the author took the colleague's access back: nothing is stored


# The author pressed a button and is done with the page; the script saves in between.
GOES_ON = (SaveOutcome.SIGNPOSTED, SaveOutcome.LEFT)


@dataclass(frozen=True)
class Save:
    """A save: its outcome, the response as it is now, and the form with what is wrong in it.

    `conflicts` has the stored value of each answer that another author changed, and
    `refused_files` the messages about files, both by question key.
    """

    outcome: SaveOutcome
    current: ResponseContext
    form: SectionForm
    conflicts: dict[str, Any] = field(default_factory=dict)
    refused_files: Refusals = field(default_factory=dict)


def save_page(*, current: ResponseContext, form: SectionForm, action: str = "") -> Save:
    """Save the form's answers and files, whatever else is wrong with the page.

    The answers are saved together or not at all; each file is saved by itself.
    """
    save = _save(current, form, action)
    metrics.SAVES.labels(save.outcome.name.lower()).inc()
    return save


def _save(current: ResponseContext, form: SectionForm, action: str) -> Save:
    form.full_clean()
    try:
        result = save_answers(
            submission=current.submission,
            call=current.call,
            values=form.values,
            at=current.received_at,
            base_etags=form.base_etags,
            pending_etags=form.pending_etags,
        )
        refused_files = change_files(
            submission=current.submission,
            call=current.call,
            at=current.received_at,
            uploads=form.uploads,
            removed=_read_id(form.file_to_remove),
            replaced=_read_id(form.file_to_replace),
        )
    except AlreadySubmitted:
        return Save(SaveOutcome.ALREADY_SUBMITTED, current, form)
    except AccessEnded:
        return Save(SaveOutcome.ACCESS_ENDED, current, form)
    if form.uploads:
        nudge_scan()
    if result.answers != current.answers or form.takes_files or form.file_to_change:
        current = replace(current, answers=result.answers)
    outcome = _outcome(current, form, action, conflicts=result.conflicts, refused=refused_files)
    is_done = outcome in GOES_ON or (outcome == SaveOutcome.CLOSED and action)
    if is_done and current.question_of_help is not None:
        forget_who(submission=current.submission, call=current.call, at=current.received_at)
    return Save(outcome, current, form, result.conflicts, refused_files)


def _outcome(
    current: ResponseContext,
    form: SectionForm,
    action: str,
    *,
    conflicts: dict[str, Any],
    refused: Refusals,
) -> SaveOutcome:
    if form.posted_to_removed:
        return SaveOutcome.QUESTION_GONE
    if conflicts or form.unresolved:
        return SaveOutcome.CONFLICTS
    # Whichever button it was: nothing else is asked then, and who answers is forgotten at once.
    # What is chosen here may make an answer of another section count again that leads there.
    question = current.question_of_help
    leads_to_help = (
        bool(action)
        and question is not None
        and (question in form.questions or question.section != form.section)
    )
    if not form.errors and not refused:
        if action == UPLOAD and not leads_to_help:
            return SaveOutcome.FILES_CHANGED
        if not current.is_open:
            return SaveOutcome.CLOSED
        if action == LEAVE:
            return SaveOutcome.LEFT
        if action == CLEAR and not leads_to_help:
            return SaveOutcome.CLEARED
        if form.file_to_change and not leads_to_help:
            return SaveOutcome.FILES_CHANGED
    form.show_saved(current.answers, current.files if form.takes_files else {})
    form.refuse_files(refused)
    if action == CONTINUE and current.is_open:
        form.add_issues()
    if leads_to_help:
        return SaveOutcome.SIGNPOSTED
    return SaveOutcome.NEEDS_CHANGES if form.error_summary else SaveOutcome.SAVED


def _read_id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Http404 from None
