"""What a respondent wrote: the working copy, and the versions that were submitted.

Who answers is in tables of its own (`IdentityAnswer`, `VersionIdentity`). So the portal can
withhold it, and delete it at the end of its retention, without touching the evidence.
"""

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import HashIndex
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Cast, Greatest, Lower

from submissions.calls.models.calls import Call
from submissions.calls.models.questions import Question

# Migration 0002 finds `attachment_path` and `private_storage` in this module.
from submissions.responses.models.attachments import (  # noqa: F401 - for that migration
    Attachment,
    attachment_path,
    private_storage,
)
from submissions.responses.models.sharing import Colleague
from submissions.responses.states import Channel, SubmissionState, Timing, TriageStatus


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def drafts(self) -> "SubmissionQuerySet":
        return self.filter(state=SubmissionState.DRAFT)

    def untouched(self) -> "SubmissionQuerySet":
        """Drafts without an answer, file, address or entry, which no mail or event is about."""
        return self.drafts().filter(
            answers=None,
            identity_answers=None,
            attachments=None,
            return_address=None,
            mails=None,
            audit_events=None,
            entry=None,
        )

    def submitted(self) -> "SubmissionQuerySet":
        """Responses that count: submitted, and not withdrawn since."""
        return self.filter(state=SubmissionState.SUBMITTED)

    def mark_saved(self, *, at: datetime) -> int:
        """Note a save received at `at`, with the next `lock_version`; return how many rows.

        The moment never goes back: requests that wait may be handled in another order than they
        came in, and nothing was received before its last part was.
        """
        return self.update(lock_version=F("lock_version") + 1, saved_at=Greatest("saved_at", at))


class Submission(models.Model):
    """A response, from its start as a draft. Its `answers` are the working copy."""

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="submissions")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    state = models.CharField(
        max_length=10, choices=SubmissionState.choices, default=SubmissionState.DRAFT
    )
    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.WEB)
    reference = models.CharField(max_length=16, null=True, unique=True, editable=False)
    rehearsal = models.BooleanField(
        default=False, editable=False, help_text="Begun while a rehearsal clock ran."
    )
    triage_status = models.CharField(
        "status", max_length=12, choices=TriageStatus.choices, default=TriageStatus.UNREAD
    )
    started_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    lock_version = models.PositiveIntegerField(
        default=0, editable=False, help_text="Counts the changes of the working copy."
    )
    submitted_at = models.DateTimeField(
        null=True, editable=False, help_text="When the first version was received."
    )
    amending_since = models.DateTimeField(
        null=True,
        editable=False,
        help_text="The author opened the submitted response again to change it.",
    )
    withdrawn_at = models.DateTimeField(null=True, editable=False)
    current_version = models.OneToOneField(
        "Version", on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )

    # The answers as `find_response` read them with the row: question's primary key -> value.
    answers_read: dict[int, Any] | None = None
    # Through whose access it was read; None: through its author's own.
    opened_by: Colleague | None = None

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        verbose_name = "response"
        ordering = ["-submitted_at", "-pk"]
        indexes = [
            models.Index(
                fields=["call", "state", "-submitted_at"], name="submissions_by_submitted_at"
            ),
            models.Index(
                fields=["call"],
                condition=Q(amending_since__isnull=False),
                name="submissions_reopened",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="submissions_submission_state",
                condition=Q(state__in=SubmissionState.values),
            ),
            models.CheckConstraint(
                name="submissions_submission_channel", condition=Q(channel__in=Channel.values)
            ),
            models.CheckConstraint(
                name="submissions_submission_triage_status",
                condition=Q(triage_status__in=TriageStatus.values),
            ),
            models.CheckConstraint(
                name="submissions_submission_withdrawn_has_time",
                condition=Q(state=SubmissionState.ERASED)
                | Q(state=SubmissionState.WITHDRAWN, withdrawn_at__isnull=False)
                | Q(~Q(state=SubmissionState.WITHDRAWN), withdrawn_at__isnull=True),
            ),
            models.CheckConstraint(
                name="submissions_submission_only_submitted_is_amended",
                condition=Q(amending_since__isnull=True) | Q(state=SubmissionState.SUBMITTED),
            ),
            models.CheckConstraint(
                name="submissions_submission_draft_has_no_receipt",
                # A draft can be erased, too.
                condition=Q(
                    state__in=[SubmissionState.DRAFT, SubmissionState.ERASED],
                    reference__isnull=True,
                    submitted_at__isnull=True,
                    current_version__isnull=True,
                )
                | Q(
                    ~Q(state=SubmissionState.DRAFT),
                    reference__isnull=False,
                    submitted_at__isnull=False,
                    current_version__isnull=False,
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.reference or f"draft {str(self.public_id)[:8]}"

    @property
    def is_draft(self) -> bool:
        return self.state == SubmissionState.DRAFT

    @property
    def is_erased(self) -> bool:
        return self.state == SubmissionState.ERASED

    @property
    def is_set_aside(self) -> bool:
        """Whether staff left it out of what is counted and coded, as long as they do."""
        return self.triage_status == TriageStatus.SET_ASIDE

    @property
    def is_entered(self) -> bool:
        """Whether staff enter it: its author has no browser that holds it, and gets no link."""
        return self.channel != Channel.WEB and hasattr(self, "entry")

    @property
    def has_working_copy(self) -> bool:
        """Whether its author may change answers: a draft, or reopened after submitting."""
        return self.is_draft or self.amending_since is not None

    @property
    def submitted_version(self) -> "Version":
        """The current version; ValueError for a draft."""
        if self.current_version is None:
            raise ValueError("a draft has no version")
        return self.current_version

    @property
    def last_touched(self) -> datetime:
        """The last moment (aware) at which a request changed anything of the response."""
        moments = [self.saved_at, self.amending_since]
        moments += [self.current_version.received_at] if self.current_version else []
        return max(filter(None, moments))

    def save_locked(self, *fields: str) -> None:
        """Save these fields of a row that the caller has locked, with the next `lock_version`."""
        self.lock_version += 1
        self.save(update_fields=[*fields, "lock_version"])


class WorkingAnswer(models.Model):
    """An answer in the working copy.

    `value` by the question's kind: a string (short, long, email), an option's key (radio), a
    list of keys (checkboxes, roles), an object row -> key (matrix), true (checkbox). No row: not
    answered. Files are `Attachment` rows.
    """

    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+")
    value = models.JSONField()
    saved_at = models.DateTimeField()
    saved_by = models.PositiveSmallIntegerField(
        null=True, help_text="The number of the colleague who saved it; empty: its author."
    )

    class Meta:
        abstract = True


class Answer(WorkingAnswer):
    """An answer that is evidence."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="answers")

    class Meta:
        constraints = [
            models.UniqueConstraint("submission", "question", name="submissions_answer_once"),
        ]


class IdentityAnswer(WorkingAnswer):
    """An answer that says who answers."""

    submission = models.ForeignKey(
        Submission, on_delete=models.CASCADE, related_name="identity_answers"
    )

    class Meta:
        indexes = [
            # Finds a response by an email address; a hash has room for answers of any length.
            HashIndex(
                Lower(Cast("value", models.TextField())),
                name="submissions_identity_by_value",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                "submission", "question", name="submissions_identityanswer_once"
            ),
        ]


class Version(models.Model):
    """A response as it was submitted. The database refuses every later change of a row.

    `choices` (question key -> key, list of keys, object or true) and `texts` (question key ->
    string) hold the evidence; `canonical_text` is the same for people to read, and `sha256` the
    digest of exactly that text. `deadline` is the one that applied to `received_at`. `text_keys`
    are the keys of `texts`: counting answers by them reads no texts. The table
    has one more column, `word_index`, which `responses/searching.py` uses.
    """

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    received_at = models.DateTimeField()
    deadline = models.DateTimeField()
    timing = models.CharField(max_length=10, choices=Timing.choices)
    choices = models.JSONField()
    texts = models.JSONField()
    text_keys = models.GeneratedField(
        expression=Func(
            F("texts"),
            function="jsonb_path_query_array",
            template="%(function)s(%(expressions)s, '$.keyvalue().key')",
        ),
        output_field=models.JSONField(),
        db_persist=True,
    )
    canonical_text = models.TextField()
    sha256 = models.CharField(max_length=64)
    words = models.PositiveIntegerField()
    attachments = models.ManyToManyField(Attachment, related_name="versions")
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Who entered it, where its author did not submit it here.",
    )

    class Meta:
        ordering = ["submission", "number"]
        constraints = [
            models.UniqueConstraint("submission", "number", name="submissions_version_number"),
            models.CheckConstraint(
                name="submissions_version_before_deadline",
                condition=Q(received_at__lt=F("deadline")),
            ),
            models.CheckConstraint(
                name="submissions_version_timing", condition=Q(timing__in=Timing.values)
            ),
            models.CheckConstraint(
                name="submissions_version_sha256", condition=Q(sha256__regex=r"^[0-9a-f]{64}$")
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.number}"

    @property
    def receipt_digest(self) -> str:
        """The first 16 hex digits of the digest in fours, for people to compare."""
        return " ".join(self.sha256[i : i + 4] for i in range(0, 16, 4))


class VersionIdentity(models.Model):
    """Who submitted a version: question key -> string, for the questions marked `identity`."""

    version = models.OneToOneField(Version, on_delete=models.CASCADE, related_name="identity")
    answers = models.JSONField()

    def __str__(self) -> str:
        return f"identity of {self.version}"
