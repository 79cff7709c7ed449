"""Changing one's mind: open again, put back, withdraw."""

import logging
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from accounts.record import record
from accounts.states import AuditAction
from submissions.outbox.states import MailKind
from submissions.responses.deadlines import applicable_deadline, refuse_unless_open
from submissions.responses.errors import NotSubmitted
from submissions.responses.models import Answer, IdentityAnswer, Submission
from submissions.responses.states import SubmissionState
from submissions.responses.submitting import lock_call, lock_response, owe_to_author

logger = logging.getLogger(__name__)


def reopen(*, submission: Submission, at: datetime) -> None:
    """Let the author change the working copy of a submitted response.

    What was submitted stands until they submit again. Asking twice changes nothing; after
    closing a late pass still lets them. Raises
    CallClosed or CallNotYetOpen, NotSubmitted for a draft, ResponseWithdrawn.
    """
    with transaction.atomic():
        locked = lock_response(submission)
        if locked.is_draft:
            raise NotSubmitted
        applicable_deadline(lock_call(locked.call_id), locked, at=at)
        if locked.amending_since is None:
            locked.amending_since = at
            locked.save_locked("amending_since")


def discard_changes(*, submission: Submission, at: datetime) -> None:
    """Give up the changes: the working copy is again what was last submitted.

    Works after closing too. Raises NotSubmitted for a draft, ResponseWithdrawn.
    """
    with transaction.atomic():
        _discard_changes(lock_response(submission), at)


def give_up_withdrawn_changes(*, submission: Submission, at: datetime) -> None:
    """Leave of a withdrawn response what was submitted, and none of the changes after it.

    For the purge: until then their author may still download them.
    """
    with transaction.atomic():
        _discard_changes(
            Submission.objects.select_for_update(no_key=True).get(pk=submission.pk), at
        )


def _discard_changes(locked: Submission, at: datetime) -> None:
    if locked.is_draft:
        raise NotSubmitted
    version = locked.current_version
    questions = {question.key: question for question in locked.call.questions.all()}
    for table, answers in (
        (Answer, {**version.choices, **version.texts}),
        (IdentityAnswer, version.identity.answers),
    ):
        table.objects.filter(submission=locked).delete()
        table.objects.bulk_create(
            table(submission=locked, question=questions[key], value=value, saved_at=at)
            for key, value in answers.items()
        )
    standing = version.attachments.values("pk")
    locked.attachments.filter(pk__in=standing).update(removed_at=None)
    locked.attachments.exclude(pk__in=standing).filter(removed_at=None).update(removed_at=at)
    locked.amending_since = None
    locked.saved_at = max(locked.saved_at, at)
    locked.save_locked("amending_since", "saved_at")


def withdraw(*, submission: Submission, at: datetime) -> Submission:
    """Withdraw a submitted response: no export has it from now on, its record stays.

    Owes the author a mail that says so. Asking twice changes nothing. Raises CallClosed or
    CallNotYetOpen (after closing it is asked for by mail), NotSubmitted for a draft.
    """
    return _withdraw(submission, by=None, at=at)


def withdraw_on_request(
    *, submission: Submission, by: AbstractBaseUser, reason: str, at: datetime
) -> Submission:
    """Withdraw a response whose author asked staff for it, before closing or after.

    `reason` goes on record: how it was asked for, without names. The rest is as in `withdraw`.
    """
    return _withdraw(submission, by=by, at=at, reason=reason)


def _withdraw(
    submission: Submission, *, by: AbstractBaseUser | None, at: datetime, **detail: str
) -> Submission:
    with transaction.atomic():
        locked = Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
        if locked.state == SubmissionState.WITHDRAWN:
            return locked
        if locked.is_draft:
            raise NotSubmitted
        call = lock_call(locked.call_id)
        if by is None:
            refuse_unless_open(call, at)
        locked.state = SubmissionState.WITHDRAWN
        # A save that came later may have been written first: the purge goes by their order.
        locked.withdrawn_at = max(at, locked.saved_at)
        locked.amending_since = None
        locked.save_locked("state", "withdrawn_at", "amending_since")
        owe_to_author(MailKind.WITHDRAWN, locked.current_version, call, at)
        record(
            by=by,
            at=at,
            action=AuditAction.RESPONSE_WITHDRAWN,
            call=call,
            submission=locked,
            asked_by="author",
            **detail,
        )
    logger.info("response %s withdrawn", locked.reference)
    return locked
