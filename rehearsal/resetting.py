"""Ending a rehearsal: delete everything that it made."""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from psycopg2.sql import SQL, Identifier

from accounts.models import AuditEvent, AuditSeal
from accounts.record import record
from accounts.states import AuditAction
from core import clock
from exports.models import ApiToken, Change, ExportRun
from personal_data.reapplying import tombstone_files
from rehearsal.errors import ResetRefused
from retention.models import RetentionConfirmation
from review.models import (
    BlindMark,
    Cluster,
    ClusterMember,
    Code,
    Coding,
    CodingDecision,
    CodingDone,
    CodingSample,
    DecidedCode,
    FileText,
    Finding,
    FindingAgreement,
    FindingPassage,
    MatrixSummary,
    Memo,
    MemoText,
    Note,
    Quote,
    RedactedFileText,
    RedactedVersion,
    Redaction,
    ReportHeading,
    ReportRun,
    Review,
    SampledResponse,
    SavedFilter,
    SearchEntry,
    Shingle,
    Signature,
    StrengthStep,
)
from submissions.calls.models import Call
from submissions.definitions.loading import wait_for_other_loads
from submissions.outbox.models import OutboxEmail
from submissions.responses.models import (
    Answer,
    Attachment,
    ClosingChange,
    Colleague,
    Entry,
    ErasureRequest,
    EvidenceCheck,
    FileScan,
    FollowUp,
    IdentityAnswer,
    ImportedRow,
    LatePass,
    Reply,
    ResponseImport,
    ReturnAddress,
    ReturnToken,
    Submission,
    Version,
    VersionIdentity,
)

# In an order in which no row refers to a deleted one.
MADE_IN_REHEARSAL = (
    ReturnToken,
    Reply,
    FollowUp,
    OutboxEmail,
    AuditEvent,
    AuditSeal,
    LatePass,
    Review,
    SavedFilter,
    Note.mentions.through,
    Note,
    DecidedCode,
    CodingDecision,
    BlindMark,
    Quote,
    MemoText,
    Memo,
    CodingDone,
    SampledResponse,
    CodingSample.coders.through,
    CodingSample,
    FindingPassage,
    FindingAgreement,
    Finding.codes.through,
    Finding,
    StrengthStep,
    ReportHeading,
    ReportRun,
    Coding,
    MatrixSummary,
    Code,
    Redaction,
    RedactedVersion,
    RedactedFileText,
    ClusterMember,
    Cluster,
    Shingle,
    Signature,
    SearchEntry,
    VersionIdentity,
    Version.attachments.through,
    Version,
    Answer,
    IdentityAnswer,
    FileScan,
    FileText,
    Attachment,
    ReturnAddress,
    Colleague,
    ErasureRequest,
    Entry,
    ImportedRow,
    # A trigger notes the deletions above.
    Change,
    Submission,
    ResponseImport,
    ClosingChange,
    ExportRun,
    ApiToken,
    RetentionConfirmation,
    EvidenceCheck,
    Session,
)

# The names that Django's file backend gives to mails.
MAIL_FILE = re.compile(r"\d{8}-\d{6}-\d+\.log")


@dataclass(frozen=True)
class Reset:
    """How many responses and files were deleted."""

    responses: int
    files: int


def reset(*, at: datetime) -> Reset:
    """Delete all responses, mails, passes, records, sessions and files; reset closing times.

    Calls, questions and people who sign in stay. It is one transaction, which deletes the files
    after its commit. Raises ResetRefused unless a rehearsal clock runs and all responses were
    begun under one. For the role that owns the tables: no other deletes what stands.
    """
    if not clock.is_rehearsal():
        raise ResetRefused("No rehearsal runs: nothing was touched.")
    with transaction.atomic(), connection.cursor() as cursor:
        # First what a load waits for first: each would wait for what the other has.
        wait_for_other_loads()
        # Nobody can begin or submit a response between the check and the deletion.
        cursor.execute("LOCK TABLE submissions_submission IN ACCESS EXCLUSIVE MODE")
        if Submission.objects.filter(rehearsal=False).exists():
            raise ResetRefused(
                "This portal has responses that were not begun in a rehearsal: nothing was touched."
            )
        responses = Submission.objects.count()
        files = [
            stored
            for model in (Attachment, ExportRun, ResponseImport)
            for stored in model.objects.exclude(file="").values_list("file", flat=True)
        ]
        _reset_closing_times()
        cursor.execute("SET LOCAL portal.purging = 'on'")
        for model in MADE_IN_REHEARSAL:
            cursor.execute(SQL("DELETE FROM {}").format(Identifier(model._meta.db_table)))
        storage = Attachment._meta.get_field("file").storage

        def delete_files() -> None:
            for name in files:
                storage.delete(name)
            for name in tombstone_files():
                storage.delete(name)

        transaction.on_commit(delete_files, robust=True)
        transaction.on_commit(_delete_mail_files, robust=True)
        record(by=None, at=at, action=AuditAction.REHEARSAL_RESET, responses=responses)
    return Reset(responses=responses, files=len(files))


def _delete_mail_files() -> None:
    """Delete the mails that Django's file backend wrote to files, if it is in use."""
    folder = getattr(settings, "EMAIL_FILE_PATH", None)
    if folder:
        for file in Path(folder).glob("*.log"):
            if MAIL_FILE.fullmatch(file.name):
                file.unlink(missing_ok=True)


def _reset_closing_times() -> None:
    """Let each call close when its definition says, as it was loaded last."""
    for call in Call.objects.filter(closing_changes__isnull=False).distinct():
        changes = ClosingChange.objects.filter(call=call).order_by("at", "pk")
        loaded = changes.filter(by=None).last()
        closes_at = loaded.after if loaded else changes[0].before
        Call.objects.filter(pk=call.pk).update(closes_at=closes_at)
