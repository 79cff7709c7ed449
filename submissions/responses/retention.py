"""How long data stays. The privacy notice shows these periods, and `purge` follows them.

Submitted evidence, and who gave it, stays until the organisations that asked for it delete it, or
until its author has it erased (`erasing`): nothing here lifts the triggers that protect versions.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import F, ProtectedError, Q, QuerySet

from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import OutboxState
from submissions.responses import amending
from submissions.responses.models import (
    Answer,
    Attachment,
    IdentityAnswer,
    LatePass,
    ReturnAddress,
    ReturnToken,
    Submission,
)
from submissions.responses.states import SubmissionState

logger = logging.getLogger(__name__)

# After the call closed: responses that were never submitted, with their files.
DRAFTS_KEPT = timedelta(days=90)
# After they were begun: responses in which nothing was ever answered.
EMPTY_DRAFTS_KEPT = timedelta(days=1)
# After the call closed: where links and mails go to.
ADDRESSES_KEPT = timedelta(days=90)
# After a mail went out or was given up: its text.
MAIL_TEXTS_KEPT = timedelta(days=30)
# After a link expired: its digest.
LINKS_KEPT = timedelta(days=7)
FINISHED = (OutboxState.SENT, OutboxState.FAILED)


@dataclass
class Purged:
    """How many of each a purge deleted, discarded or emptied."""

    drafts: int = 0
    changes: int = 0
    files: int = 0
    mail_texts: int = 0
    mail_addresses: int = 0
    return_addresses: int = 0
    links: int = 0


def purge(*, at: datetime) -> Purged:
    """Delete what has passed its period at `at`; a second call deletes nothing more.

    Each draft has its own transaction, so an interrupted purge loses nothing and the next one
    continues. A draft with a late pass that can still be used stays.
    """
    purged = Purged()
    _purge_drafts(at, purged)
    _purge_changes(at, purged)
    _purge_mail(at, purged)
    purged.links = ReturnToken.objects.filter(expires_at__lte=at - LINKS_KEPT).delete()[0]
    return purged


def _purge_drafts(at: datetime, purged: Purged) -> None:
    usable = LatePass.objects.live_at(at).filter(submission__isnull=False).values("submission")
    drafts = Submission.objects.drafts().filter(
        Q(call__closes_at__lte=at - DRAFTS_KEPT) | Q(pk__in=_empty_drafts(at).values("pk"))
    )
    for pk in drafts.exclude(pk__in=usable).values_list("pk", flat=True).order_by("pk"):
        with transaction.atomic():
            # Somebody may have got a pass and submitted it since the query.
            draft = Submission.objects.drafts().select_for_update().filter(pk=pk).first()
            if draft is not None and (
                draft.call.closes_at <= at - DRAFTS_KEPT or _empty_drafts(at).filter(pk=pk).exists()
            ):
                _purge_draft(draft, purged)


def _empty_drafts(at: datetime) -> QuerySet[Submission]:
    """Return drafts without an answer, a file or an address that leads back to them."""
    return Submission.objects.drafts().filter(
        saved_at__lte=at - EMPTY_DRAFTS_KEPT,
        answers=None,
        identity_answers=None,
        attachments=None,
        return_address=None,
    )


def _purge_draft(draft: Submission, purged: Purged) -> None:
    """Delete the draft. If the record names it, empty it: the record needs its bare row."""
    purged.files += _delete_files(draft.attachments.all())
    removed = sum(
        part.all().delete()[0] for part in (draft.answers, draft.identity_answers, draft.mails)
    )
    removed += ReturnAddress.objects.filter(submission=draft).delete()[0]
    try:
        with transaction.atomic():
            draft.delete()
            removed += 1
    except ProtectedError:
        draft.save_locked()
        logger.info("a draft of call %s is on record: emptied and not deleted", draft.call_id)
    purged.drafts += bool(removed)


def _purge_changes(at: datetime, purged: Purged) -> None:
    """Give up changes that were never submitted, and files that no version holds."""
    old = Submission.objects.filter(call__closes_at__lte=at - DRAFTS_KEPT).exclude(
        state=SubmissionState.DRAFT
    )
    withdrawn_after_changes = Q(
        state=SubmissionState.WITHDRAWN,
        saved_at__gt=F("current_version__received_at"),
        saved_at__lte=F("withdrawn_at"),
    )
    changed = old.filter(
        Q(amending_since__isnull=False)
        | withdrawn_after_changes
        | Q(pk__in=_with_more_than_submitted(old))
    )
    for submission in changed:
        amending.discard_all_but_submitted(submission=submission, at=at)
        purged.changes += 1
    with transaction.atomic():
        unused = Attachment.objects.filter(
            submission__in=old, removed_at__isnull=False, versions=None
        )
        purged.files += _delete_files(unused)


def _with_more_than_submitted(responses: QuerySet[Submission]) -> QuerySet:
    """Return those, as primary keys, with an answer or a file that their last version has not.

    It was given to a question that is not asked.
    """
    key, version = F("question__key"), "submission__current_version"
    has_it = Q(**{f"{version}__choices__has_key": key}) | Q(**{f"{version}__texts__has_key": key})
    answers = Answer.objects.filter(~has_it, submission__in=responses)
    identity = IdentityAnswer.objects.filter(
        ~Q(**{f"{version}__identity__answers__has_key": key}), submission__in=responses
    )
    files = Attachment.objects.filter(submission__in=responses, removed_at=None).exclude(
        versions=F(version)
    )
    return answers.values("submission").union(
        identity.values("submission"), files.values("submission")
    )


def _purge_mail(at: datetime, purged: Purged) -> None:
    purged.return_addresses = ReturnAddress.objects.filter(
        submission__call__closes_at__lte=at - ADDRESSES_KEPT
    ).delete()[0]
    purged.mail_texts = (
        OutboxEmail.objects.filter(
            # One that came back has lost the time at which it went out.
            Q(sent_at__lte=at - MAIL_TEXTS_KEPT)
            | Q(state=OutboxState.FAILED, created_at__lte=at - MAIL_TEXTS_KEPT)
        )
        .exclude(subject="", body="")
        .update(subject="", body="")
    )
    purged.mail_addresses = (
        OutboxEmail.objects.filter(
            state__in=FINISHED,
            created_at__lte=at - MAIL_TEXTS_KEPT,
            call__closes_at__lte=at - ADDRESSES_KEPT,
        )
        .exclude(to_address="")
        .update(to_address="")
    )


def _delete_files(attachments: QuerySet[Attachment]) -> int:
    """Delete the rows now and their files once that is committed; return how many."""
    files = [attachment.file for attachment in attachments]
    attachments.delete()
    for file in files:
        transaction.on_commit(partial(file.storage.delete, file.name), robust=True)
    return len(files)
