"""Checks each version: its digest, its text, its place among the others, its deadline."""

import logging
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from accounts.models import AuditEvent
from accounts.states import AuditAction
from core.canonical import digest
from core.outages import outage_of
from submissions.responses.evidence_checks.choices import choices_unlike_text
from submissions.responses.evidence_checks.ended import calls_without_record
from submissions.responses.models import (
    ClosingChange,
    ErasureRequest,
    LatePass,
    Submission,
    Version,
)
from submissions.responses.states import ErasureScope, SubmissionState, Timing

logger = logging.getLogger(__name__)
AT_ONCE = 200  # rows
FILE_LINE = re.compile(r"^- \w+ file, \d+ bytes, SHA-256 ([0-9a-f]{64})$", re.MULTILINE)


@dataclass
class VersionChecks:
    """Reads all versions, response by response in the order of their numbers."""

    checked: int = 0
    _closings: dict[int, set[datetime]] = field(default_factory=dict)
    _without_files: set[int] = field(default_factory=set)  # responses
    _without_record: set[int] = field(default_factory=set)  # calls

    def problems(self) -> Iterator[str]:
        self._read_what_may_change()
        before: Version | None = None
        versions = Version.objects.select_related("submission__call", "identity")
        versions = versions.order_by("submission_id", "number").prefetch_related("attachments")
        for version in versions.iterator(chunk_size=AT_ONCE):
            self.checked += 1
            if before is not None and before.submission_id != version.submission_id:
                yield from _last_of(before)
                before = None
            if self._of(version, before):
                # A closing time may have moved, or an erasure ended files, since it was read.
                self._read_what_may_change()
                for problem in self._of(versions.get(pk=version.pk), before):
                    yield f"{version.submission.reference} version {version.number}: {problem}"
            before = version
        if before is not None:
            yield from _last_of(before)
        submitted = Submission.objects.exclude(state=SubmissionState.DRAFT)
        without = submitted.filter(versions=None, reference__isnull=False)
        for reference in without.values_list("reference", flat=True):
            yield f"{reference}: it has no version"
        for draft in Submission.objects.drafts().filter(versions__isnull=False).distinct():
            yield f"{draft}: a draft has a version"

    def _read_what_may_change(self) -> None:
        self._closings = closing_times_so_far()
        self._without_record = calls_without_record()
        self._without_files = set(
            ErasureRequest.objects.carried_out()
            .filter(scope=ErasureScope.FILES)
            .values_list("submission", flat=True)
        )

    def _of(self, version: Version, before: Version | None) -> list[str]:
        try:
            return [
                *self._own(version),
                *_order(version, before),
                *self._deadline(version),
            ]
        except Exception as error:
            if outage_of(error):
                raise
            # Whatever stands in the row, the other versions are checked.
            logger.exception("version %s cannot be checked", version.pk)
            return [f"it cannot be checked ({type(error).__name__})"]

    def _own(self, version: Version) -> Iterator[str]:
        if version.submission.is_erased:
            yield from _erased(version)
            return
        text = version.canonical_text
        if digest(text) != version.sha256:
            yield "its text is not the one that was digested"
        received = version.received_at.astimezone(UTC).isoformat(timespec="microseconds")
        heads = (
            (f"\nReference: {version.submission.reference}\n", "reference"),
            (f"\nVersion: {version.number}\n", "number"),
            (f"which is {received} in UTC\n", "time of receipt"),
        )
        for head, name in heads:
            if head not in text:
                yield f"its {name} is not the one in its text"
        for key, answer in version.texts.items():
            if answer not in text:
                yield f"the answer to {key} is not the one in its text"
        yield from choices_unlike_text(version)
        if not hasattr(version, "identity"):
            yield "who gave it is missing"
        if version.submission_id in self._without_files:
            if version.attachments.all():
                yield "its files had ended and are there"
        else:
            yield from _attached(version)

    def _deadline(self, version: Version) -> Iterator[str]:
        if version.received_at >= version.deadline:
            yield "it was received after its deadline"
        if version.timing == Timing.LATE_PASS:
            used = LatePass.objects.filter(
                used_for=version, submission=version.submission_id, expires_at=version.deadline
            )
            if not used.exists():
                yield "no late pass has its deadline"
            return
        if version.submission.call_id in self._without_record:
            return
        closings = self._closings[version.submission.call_id]
        if version.timing == Timing.ON_TIME and version.deadline not in closings:
            yield "its deadline was never the call's closing time"
        if version.timing == Timing.GRACE and version.deadline <= min(closings):
            yield "its grace period ended before the call closed"


def closing_times_so_far() -> dict[int, set[datetime]]:
    """Return by call the closing times that it has and had, as far as they are on record."""
    times: dict[int, set[datetime]] = defaultdict(set)
    calls = Submission.objects.order_by().values_list("call_id", "call__closes_at").distinct()
    for call, closes_at in calls:
        times[call].add(closes_at)
    for call, before, after in ClosingChange.objects.values_list("call_id", "before", "after"):
        times[call] |= {before, after}
    loads = AuditEvent.objects.filter(action=AuditAction.CALL_LOADED, call__isnull=False)
    for call_id, detail in loads.values_list("call_id", "detail"):
        if "closes_at" in detail:
            times[call_id].add(datetime.fromisoformat(detail["closes_at"]))
    return times


def _erased(version: Version) -> Iterator[str]:
    """What was erased is empty; that it was to be is checked with the record."""
    if version.choices or version.texts or version.canonical_text or version.words:
        yield "it was erased and has answers"
    if not hasattr(version, "identity") or version.identity.answers:
        yield "it was erased and says who gave it"
    if version.attachments.all():
        yield "it was erased and has files"


def _attached(version: Version) -> Iterator[str]:
    """Compare the files of a version with those that its text names; an answer may look alike."""
    typed = "\n".join(version.texts.values())
    in_text = set(FILE_LINE.findall(version.canonical_text))
    attached = {file.sha256 for file in version.attachments.all()}
    for file in version.attachments.all():
        if file.sha256 not in in_text:
            yield f"{file} is not named in its text"
    for sha256 in sorted(in_text - attached):
        if sha256 not in typed:
            yield "a file that its text names is not attached"


def _order(version: Version, before: Version | None) -> Iterator[str]:
    expected = 1 if before is None else before.number + 1
    if version.number != expected:
        yield f"version {expected} is missing before it"
    if before is not None and version.received_at < before.received_at:
        yield "it was received before the version before it"
    if version.number == 1 and version.received_at != version.submission.submitted_at:
        yield "the response says another time of its first version"


def _last_of(version: Version) -> Iterator[str]:
    if version.submission.current_version_id != version.pk:
        yield f"{version.submission.reference}: its current version is not its last"
