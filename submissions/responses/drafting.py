"""Starting a draft and saving what is typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from core import clock
from submissions.calls.models import Call
from submissions.calls.states import QuestionKind
from submissions.responses.addresses import tell_of_replaced
from submissions.responses.answering import clean_answer
from submissions.responses.colleagues import is_authors_own
from submissions.responses.deadlines import refuse_unless_open
from submissions.responses.merging import Etags, merge
from submissions.responses.models import Submission
from submissions.responses.states import Channel
from submissions.responses.working_copy import (
    lock_working_copy,
    note_saved,
    note_saved_if_unchanged,
    store_answers,
    working_answers,
)


def start(*, call: Call, at: datetime, channel: Channel = Channel.WEB) -> Submission:
    """Make an empty draft.

    Raises CallNotYetOpen or CallClosed outside `opens_at <= at < closes_at`.
    """
    refuse_unless_open(call, at)
    return begin(call=call, at=at, channel=channel)


def begin(*, call: Call, at: datetime, channel: Channel = Channel.WEB) -> Submission:
    """Make an empty draft at any time: for `start`, and for somebody with a late pass."""
    return Submission.objects.create(
        call=call,
        channel=channel,
        started_at=at,
        saved_at=at,
        rehearsal=clock.is_rehearsal(),
    )


@dataclass(frozen=True)
class SaveResult:
    """What a save led to, each by the questions' keys.

    `conflicts` has the stored value of each answer that two people changed; `answers` is the
    working copy as it is now.
    """

    conflicts: dict[str, Any]
    answers: dict[str, Any]


def save_answers(
    *,
    submission: Submission,
    call: Call,
    values: Mapping[str, Any],
    at: datetime,
    base_etags: Etags | None = None,
    pending_etags: Etags | None = None,
) -> SaveResult:
    """Save `values` (question key -> raw value; an empty one deletes) in the working copy.

    Atomic: all of them or none. The deadline does not matter: a draft that can no longer be
    submitted still keeps its text. Raises AnswerRefused for a value that cannot be stored,
    AlreadySubmitted if the working copy is closed, AccessEnded if the author took the colleague's
    access back. What only the author answers (`is_authors_own`) is left as it is by a colleague.

    `base_etags` has by key the etags of what the author was shown, `pending_etags` of what they
    sent before and do not know to be stored. Where another value was stored since, an author who
    changed nothing leaves it, and one who did gets it back in `conflicts`. Nothing of those is
    overwritten; the other values are saved all the same.

    The save needs no second reading as long as nobody changed the response since `submission`
    was read: its `lock_version` tells.
    """
    given = {
        call.questions_by_key[key]: clean_answer(call.questions_by_key[key], raw)
        for key, raw in values.items()
        if call.questions_by_key[key].kind != QuestionKind.FILE
        and not (submission.opened_by and is_authors_own(call.questions_by_key[key]))
    }
    # A save of nothing new counts in a draft alone, and before closing: it would make a submission
    # late that was sent in time and waits, and who reopened their response would be reminded of
    # changes that there are not.
    is_open_draft = submission.is_draft and call.is_open_at(at)
    current = working_answers(submission, call)
    new, conflicts = merge(given, current, base_etags, pending_etags)
    with transaction.atomic():
        if not (
            submission.has_working_copy
            and (new or (is_open_draft and not conflicts))
            and note_saved_if_unchanged(submission, at=at)
        ):
            current = working_answers(lock_working_copy(submission), call)
            new, conflicts = merge(given, current, base_etags, pending_etags)
            if new or (is_open_draft and not conflicts):
                note_saved(submission, at=at)
        store_answers(submission, new, at=at)
        changed = {question.key: value for question, value in new.items()}
        answers = {key: v for key, v in {**current, **changed}.items() if v is not None}
        if any(question.kind == QuestionKind.EMAIL for question in new):
            tell_of_replaced(submission, call, before=current, after=answers, at=at)
    return SaveResult(conflicts, answers)
