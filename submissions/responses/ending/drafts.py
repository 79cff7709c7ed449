"""Ending what was never submitted: drafts, changes of submitted responses, files taken out."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.models import AuditEvent
from submissions.calls.models import Call
from submissions.calls.retention import DataClass
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import UNFINISHED
from submissions.responses import amending
from submissions.responses.ending.late import responses_kept_longer
from submissions.responses.ending.passes import REASON_ERASED, erase_passes
from submissions.responses.ending.stored_files import delete_files
from submissions.responses.models import (
    Answer,
    Attachment,
    Colleague,
    Entry,
    IdentityAnswer,
    LatePass,
    ReturnAddress,
    Submission,
)
from submissions.responses.states import SubmissionState

logger = logging.getLogger(__name__)
End = Callable[[list[int]], Counter[str]]
# A number that a letter came with may name its author, and so may the reason of a late pass.
NUMBERED = Entry.objects.exclude(their_reference="")
WITH_REASON = LatePass.objects.exclude(reason=REASON_ERASED)
PARTS = (Answer, IdentityAnswer, Attachment, ReturnAddress, OutboxEmail, Colleague)


def held(call: Call) -> int:
    """Return how many drafts there are, responses with changes, and files that were taken out."""
    return _drafts(call).count() + _changed(call).count() + _unused_files(call, []).count()


def due(call: Call, *, at: datetime) -> int:
    """Return how many drafts, responses with changes and unused files end at `at`."""
    late = responses_kept_longer(call, DataClass.DRAFTS, at=at)
    changed = _changed(call).exclude(pk__in=late)
    return (
        _drafts(call).exclude(pk__in=late).count()
        + changed.count()
        + _unused_files(call, late).count()
    )


def end_some(call: Call, *, at: datetime, limit: int) -> Counter[str]:
    """End up to `limit` drafts, else changes, else files, in the caller's transaction.

    What somebody else has locked is left for the next run. A draft whose mail has not been sent
    yet stays until it is. Raises OSError where files that cannot be deleted keep all that is left.
    """
    late = responses_kept_longer(call, DataClass.DRAFTS, at=at)
    kept: OSError | None = None
    for found, end in (
        (_drafts(call).exclude(pk__in=late), _delete_drafts),
        (_changed(call).exclude(pk__in=late), partial(_discard_changes, at=at)),
        (_unused_files(call, late), _delete_unused_files),
    ):
        try:
            if ended := _end_up_to(limit, found, end):
                return ended
        except OSError as error:
            kept = error
    if kept is not None:
        raise kept
    return Counter()


def _end_up_to(limit: int, found: QuerySet[Any], end: End) -> Counter[str]:
    """End up to `limit` of what was found, in the caller's transaction, and count what went.

    A file that cannot be deleted keeps nothing but its own response. Raises OSError where such are
    all that is left.
    """
    kept: OSError | None = None
    after = 0
    while keys := _lock(found.filter(pk__gt=after).order_by("pk"), limit):
        if ended := _at_once(keys, end):
            return ended
        for key in keys:
            try:
                with transaction.atomic():
                    ended += end([key])
            except OSError as error:
                logger.exception("%s %s: not ended", found.model._meta.verbose_name, key)
                kept = error
        if ended:
            return ended
        after = keys[-1]
    if kept is not None:
        raise kept
    return Counter()


def _at_once(keys: list[int], end: End) -> Counter[str]:
    """End all of them; none where a file of one cannot be deleted."""
    try:
        with transaction.atomic():
            return end(keys)
    except OSError:
        return Counter()


def have_files(call: Call) -> bool:
    """Return whether ending the drafts, changes and unused files asks the store of files."""
    unused = Q(submission__state=SubmissionState.DRAFT) | Q(versions=None)
    return Attachment.objects.filter(unused, submission__call=call).exists()


def calls_with_files(calls: Sequence[Call]) -> set[int]:
    """Return the keys of those calls in which `files_due` may find some, in one query."""
    unused = Q(submission__state=SubmissionState.DRAFT) | Q(removed_at__isnull=False, versions=None)
    files = Attachment.objects.filter(unused, submission__call__in=calls)
    return set(files.order_by().values_list("submission__call", flat=True))


def files_due(call: Call, *, at: datetime) -> list[str]:
    """Return the names of the files that end with what ends at `at`, but for those of changes."""
    late = responses_kept_longer(call, DataClass.DRAFTS, at=at)
    of_drafts = Attachment.objects.filter(submission__in=_drafts(call).exclude(pk__in=late))
    unused = _unused_files(call, late).filter(removed_at__lte=at)
    return [name for files in (of_drafts, unused) for name in files.values_list("file", flat=True)]


def _drafts(call: Call) -> QuerySet[Submission]:
    """Return drafts that have something; one that the record names stays as a bare row."""
    waiting = OutboxEmail.objects.filter(submission=OuterRef("pk"), state__in=UNFINISHED)
    named = [model.objects.filter(submission=OuterRef("pk")) for model in (AuditEvent, LatePass)]
    has_something = Q(~Exists(named[0]), ~Exists(named[1]))
    for beside in (NUMBERED, WITH_REASON):
        has_something |= Q(Exists(beside.filter(submission=OuterRef("pk"))))
    for part in PARTS:
        has_something |= Q(Exists(part._default_manager.filter(submission=OuterRef("pk"))))
    drafts = Submission.objects.drafts().filter(call=call)
    return drafts.filter(has_something).exclude(Exists(waiting)).order_by("pk")


def delete_drafts(drafts: QuerySet[Submission], limit: int) -> Counter[str]:
    """Delete up to `limit` of the drafts, in the caller's transaction, and count what went.

    Those that the record or a late pass names stay as bare rows. Raises OSError where files that
    cannot be deleted keep all that are left.
    """
    return _end_up_to(limit, drafts, _delete_drafts)


def _delete_drafts(keys: list[int]) -> Counter[str]:
    ended = Counter(drafts=len(keys))
    ended["files"] = delete_files(Attachment.objects.filter(submission__in=keys))
    for part in PARTS:
        part._default_manager.filter(submission__in=keys).delete()
    NUMBERED.filter(submission__in=keys).update(their_reference="")
    erase_passes(LatePass.objects.filter(submission__in=keys))
    on_record = {
        *AuditEvent.objects.filter(submission__in=keys).values_list("submission", flat=True),
        *LatePass.objects.filter(submission__in=keys).values_list("submission", flat=True),
    }
    Submission.objects.filter(pk__in=on_record).update(lock_version=F("lock_version") + 1)
    Submission.objects.filter(pk__in=set(keys) - on_record).delete()
    return +ended


def _changed(call: Call) -> QuerySet[Submission]:
    """Return responses with more, or with other answers, than what was submitted last."""
    submitted = Submission.objects.filter(call=call).exclude(state=SubmissionState.DRAFT)
    withdrawn_after_changes = Q(
        state=SubmissionState.WITHDRAWN,
        saved_at__gt=F("current_version__received_at"),
        saved_at__lte=F("withdrawn_at"),
    )
    return submitted.filter(
        Q(amending_since__isnull=False)
        | withdrawn_after_changes
        | Q(pk__in=_with_more_than_submitted(submitted))
    ).order_by("pk")


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
    # The original of an entered response is in no version, and stays beside it.
    files = Attachment.objects.filter(
        submission__in=responses, removed_at=None, question__isnull=False
    ).exclude(versions=F(version))
    return answers.values("submission").union(
        identity.values("submission"), files.values("submission")
    )


def _discard_changes(keys: list[int], *, at: datetime) -> Counter[str]:
    for submission in Submission.objects.filter(pk__in=keys):
        amending.discard_all_but_submitted(submission=submission, at=at)
    return Counter(changes=len(keys))


def _unused_files(call: Call, late: list[int]) -> QuerySet[Attachment]:
    """Return files of submitted responses that are in no version."""
    return (
        Attachment.objects.filter(submission__call=call, removed_at__isnull=False, versions=None)
        .exclude(submission__state=SubmissionState.DRAFT)
        .exclude(submission__in=late)
        .order_by("pk")
    )


def _delete_unused_files(keys: list[int]) -> Counter[str]:
    return +Counter(files=delete_files(Attachment.objects.filter(pk__in=keys)))


def _lock(found: QuerySet[Any], limit: int) -> list[int]:
    """Return the keys of the first; lock responses, but no file: the portal may not update one."""
    if found.model is Submission:
        found = found.select_for_update(skip_locked=True, of=("self",))
    return list(found.values_list("pk", flat=True)[:limit])
