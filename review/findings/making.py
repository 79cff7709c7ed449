"""Making a report: its file goes to whoever asks, and what it stood on is kept."""

import hashlib
from datetime import datetime

from django.db import connection, transaction

from accounts.models import User
from accounts.record import record
from accounts.rights import may_all
from accounts.states import Action, AuditAction
from review.errors import FindingRefused
from review.findings.report_files import file_of
from review.findings.reports import report_of
from review.findings.snapshot import snapshot_of
from review.models import ReportRun
from review.states import ReportAudience, ReportFormat
from submissions.calls.models import Call


def make_report(
    call: Call, *, audience: ReportAudience, file_format: ReportFormat, by: User, at: datetime
) -> tuple[ReportRun, bytes]:
    """Return the file, and the row that keeps its digest and what it stood on.

    All of it is of one moment of the database. Raises FindingRefused for who may not make reports,
    and for somebody who codes an open blind sample.
    """
    if not may_all(by, (Action.WRITE_FINDINGS, Action.READ_RESPONSES), call):
        raise FindingRefused("You may not make reports in this call")
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        report = report_of(call, audience=audience, reader=by, at=at)
        content = file_of(report, file_format)
        run = ReportRun.objects.create(
            call=call,
            audience=audience,
            file_format=file_format,
            snapshot=snapshot_of(report),
            sha256=hashlib.sha256(content).hexdigest(),
            by=by,
            at=at,
        )
        record(
            by=by,
            at=at,
            action=AuditAction.REPORT_MADE,
            call=call,
            report=run.pk,
            audience=audience.value,
            format=file_format.value,
            findings=len(report.findings),
            shown=sorted({one.source.reference for f in report.findings for one in f.passages}),
            sha256=run.sha256,
        )
    return run, content
