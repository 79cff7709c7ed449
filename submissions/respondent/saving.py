"""Saving what a page posted: one verb for the page's buttons and for the script."""

import logging
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _

from core import metrics
from core.outages import StoreAway
from submissions.respondent.forms.section_form import SectionForm
from submissions.respondent.response_context import ResponseContext
from submissions.responses import attaching, drafting
from submissions.responses.errors import AccessEnded, AlreadySubmitted, FileRefused
from submissions.responses.signposting import forget_who
from submissions.responses.tasks import nudge_scan

logger = logging.getLogger(__name__)

# The values of the page's buttons; the script posts none.
CONTINUE, LEAVE, UPLOAD, CLEAR = "continue", "save", "upload", "clear"
Refusals = dict[str, list[str]]


class SaveOutcome(Enum):
    """What a save led to. In all but two cases every answer that can be stored is stored."""

    SAVED = auto()
    LEFT = auto()  # saved, and the author wants to come back later
    CLEARED = auto()  # a choice was taken back
    FILES_CHANGED = auto()
    SIGNPOSTED = auto()  # an answer leads to a page of help
    NEEDS_CHANGES = auto()  # an answer or a file was refused, or is missing
    CONFLICTS = auto()  # another author changed an answer; that one is not overwritten
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
        result = drafting.save_answers(
            submission=current.submission,
            call=current.call,
            values=form.values,
            at=current.received_at,
            base_etags=form.base_etags,
            pending_etags=form.pending_etags,
        )
        refused_files = _change_files(current, form)
    except AlreadySubmitted:
        return Save(SaveOutcome.ALREADY_SUBMITTED, current, form)
    except AccessEnded:
        return Save(SaveOutcome.ACCESS_ENDED, current, form)
    if result.answers != current.answers or form.takes_files or form.file_to_change:
        current = replace(current, answers=result.answers)
    outcome = _outcome(current, form, action, conflicts=result.conflicts, refused=refused_files)
    if outcome in GOES_ON and current.question_of_help is not None:
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
    if conflicts or form.unresolved:
        return SaveOutcome.CONFLICTS
    if not form.errors and not refused:
        if action == UPLOAD:
            return SaveOutcome.FILES_CHANGED
        if not current.is_open:
            return SaveOutcome.CLOSED
        if action == LEAVE:
            return SaveOutcome.LEFT
        if action == CLEAR:
            return SaveOutcome.CLEARED
        if form.file_to_change:
            return SaveOutcome.FILES_CHANGED
    form.show_saved(current.answers, current.files if form.takes_files else {})
    form.refuse_files(refused)
    if action == CONTINUE and current.is_open:
        form.add_issues()
    if action == CONTINUE and current.question_of_help in form.questions:
        return SaveOutcome.SIGNPOSTED
    return SaveOutcome.NEEDS_CHANGES if form.error_summary else SaveOutcome.SAVED


def _change_files(current: ResponseContext, form: SectionForm) -> Refusals:
    """Take the page's removals, replacements and uploads; return the refusals by question."""
    refused: Refusals = {}
    if form.file_to_remove:
        attaching.detach(
            submission=current.submission,
            public_id=_read_id(form.file_to_remove),
            at=current.received_at,
        )
    replaced = _file_to_replace(current, form)
    if replaced is not None and not form.uploads:
        refused[replaced[0]] = [_("Choose the new file, then press Replace")]
    is_away = False
    for key, uploads in form.uploads.items():
        question = current.call.questions_by_key[key]
        for number, upload in enumerate(uploads):
            in_place_of = replaced[1] if replaced and replaced[0] == key and number == 0 else None
            try:
                if is_away:  # each file would wait for the same
                    raise attaching.no_room(upload)
                attaching.attach(
                    submission=current.submission,
                    question=question,
                    upload=upload,
                    at=current.received_at,
                    in_place_of=in_place_of,
                )
            except FileRefused as refusal:
                refused.setdefault(key, []).append(refusal.message)
            except StoreAway as error:
                logger.error(
                    "%s: a file is not kept, %s: %s", current.submission, error.host, error
                )
                is_away = True
                refused.setdefault(key, []).append(attaching.no_room(upload).message)
    if form.uploads:
        nudge_scan()
    return refused


def _file_to_replace(current: ResponseContext, form: SectionForm) -> tuple[str, UUID] | None:
    """Return the question's key and the file's id; None if that file is gone already."""
    if not form.file_to_replace:
        return None
    public_id = _read_id(form.file_to_replace)
    for key, files in current.files.items():
        if any(file.public_id == public_id for file in files):
            return key, public_id
    return None


def _read_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None
