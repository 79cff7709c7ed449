"""Files are held back from everybody but their owner until the virus scanner has seen them.

    no row -> clean
           -> infected           it is handed out to nobody, its owner neither
           -> failed -> ...      the scanner could not tell, or broke off; asked again every hour

Without CLAMD_URL no file is scanned, and none is held back but those once found infected.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q, QuerySet

from core import clamd
from core.outages import StoreAway, outage_of
from submissions.responses.addresses import enqueue_infected
from submissions.responses.models import Attachment, FileScan, Submission
from submissions.responses.states import ScanState, SubmissionState

logger = logging.getLogger(__name__)

BATCH = 50  # files in one run of the task
ASKED_AGAIN_AFTER = timedelta(hours=1)
NOT_SCANNED = Q(scan__isnull=True)
FAILED = Q(scan__state=ScanState.FAILED)
INFECTED = Q(scan__state=ScanState.INFECTED)


@dataclass
class ScanReport:
    scanned: int = 0
    infected: int = 0
    failed: int = 0
    scanner_away: bool = False


def scan_due(*, now: Callable[[], datetime]) -> ScanReport:
    """Have the scanner look at files that it has not seen, the oldest first.

    Nothing is claimed: two workers at the same file get the same answer. A scanner or a store of
    files that is away ends the run; files wait. Raises OSError for a disk that is out of order,
    and nothing for a file that is lost or cannot be read.
    """
    report = ScanReport()
    if not settings.CLAMD_URL:
        return report
    again = FAILED & Q(scan__scanned_at__lte=now() - ASKED_AGAIN_AFTER)
    for attachment in Attachment.objects.filter(NOT_SCANNED | again).order_by("pk")[:BATCH]:
        try:
            verdict = _scan(attachment)
        except clamd.ScannerAway as error:
            logger.warning("the virus scanner is away (%s); files wait", error)
            report.scanner_away = True
            return report
        except StoreAway as error:
            logger.warning("%s is away (%s); files wait for the virus scanner", error.host, error)
            return report
        _note(attachment, verdict, at=now())
        report.scanned += 1
        report.infected += bool(verdict.found)
        report.failed += bool(verdict.failed)
    return report


def _scan(attachment: Attachment) -> clamd.Verdict:
    try:
        with attachment.file.open("rb") as stored:
            return clamd.scan(settings.CLAMD_URL, stored.chunks())
    except FileNotFoundError:
        return clamd.Verdict(failed="the portal no longer has this file")
    except OSError as error:
        if outage_of(error):
            raise
        return clamd.Verdict(failed=f"the portal cannot read this file: {error.strerror or error}")


def _note(attachment: Attachment, verdict: clamd.Verdict, *, at: datetime) -> None:
    """Write the answer, unless the file was deleted meanwhile. What was infected stays so.

    The author is told of an infected file in what they submitted. The response is locked first, as
    submitting does: a file in what is being submitted is told of by one of the two.
    """
    state = ScanState.CLEAN
    if verdict.found:
        state = ScanState.INFECTED
    elif verdict.failed:
        state = ScanState.FAILED
    values = {
        "state": state,
        "detail": (verdict.found or verdict.failed)[:200],
        "scanned_at": at,
    }
    with transaction.atomic():
        submissions = Submission.objects.select_for_update(no_key=True, of=("self",))
        response = submissions.select_related("call").filter(pk=attachment.submission_id).first()
        if response is None or not Attachment.objects.filter(pk=attachment.pk).exists():
            return
        if FileScan.objects.filter(pk=attachment.pk, state=ScanState.INFECTED).exists():
            return
        FileScan.objects.update_or_create(attachment=attachment, defaults=values)
        if state == ScanState.INFECTED and response.state == SubmissionState.SUBMITTED:
            enqueue_infected(response.submitted_version, response.call, at=at)


def state_of(attachment: Attachment) -> str:
    """Return the file's ScanState, "" if it has not been scanned. Asks for `scan` if need be."""
    scan = getattr(attachment, "scan", None)
    return scan.state if scan else ""


def say_attachment(attachment: Attachment) -> str:
    """Say for staff how the file stands with the scanner."""
    scan = getattr(attachment, "scan", None)
    return say_state(scan.state, scan.detail) if scan else say_state("", "")


def is_held_back(state: str) -> bool:
    """Return whether a file with this ScanState is kept from everybody but its owner."""
    if state == ScanState.INFECTED:
        return True
    return bool(settings.CLAMD_URL) and state != ScanState.CLEAN


def say_state(state: str, detail: str) -> str:
    """Say for staff how a file stands with the scanner."""
    if state == ScanState.CLEAN:
        return "scanned, nothing found"
    if state == ScanState.INFECTED:
        return f"infected ({detail}); nobody can open it"
    if not settings.CLAMD_URL:
        return "not scanned"
    if state == ScanState.FAILED:
        return f"held back: the virus scanner could not tell ({detail})"
    return "held back until it is scanned"


def say_why_held_back(state: str, detail: str) -> str:
    """Say in files.csv why an export does not have the file."""
    if state == ScanState.INFECTED:
        return f"Held back: the virus scanner found {detail} in it."
    if state == ScanState.FAILED:
        return f"Held back: the virus scanner could not tell ({detail})."
    return "Held back: the virus scanner has not seen it yet."


def scans_in_words(among: QuerySet[Attachment] | None = None) -> str:
    """Say how many files are held back; "" for none, or without a scanner."""
    if not settings.CLAMD_URL:
        return ""
    counts = (Attachment.objects.all() if among is None else among).aggregate(
        waiting=Count("pk", filter=NOT_SCANNED),
        failed=Count("pk", filter=FAILED),
    )
    said = []
    if counts["waiting"]:
        wait = "1 file waits" if counts["waiting"] == 1 else f"{counts['waiting']} files wait"
        said.append(f"{wait} for the virus scanner")
    if counts["failed"]:
        files = "1 file" if counts["failed"] == 1 else f"{counts['failed']} files"
        said.append(f"the virus scanner could not tell about {files}")
    return "; ".join(said)
