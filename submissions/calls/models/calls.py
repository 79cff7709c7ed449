"""A call for evidence and what it asks."""

import uuid
from datetime import datetime, timedelta
from functools import cached_property

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _

from core import spoken_time
from core.addresses import AddressColumn
from core.spoken_lists import in_a_row
from core.time_limits import later
from submissions.calls.facets import DerivedFacet, Facet
from submissions.calls.models.questionnaire import Questionnaire, questionnaire_at
from submissions.calls.models.questions import Question
from submissions.calls.other_ways import (
    OtherWay,
    other_ways,
    other_ways_deadline,
    other_ways_named,
)
from submissions.calls.retention import default_periods
from submissions.calls.set_aside import USUAL_REASONS
from submissions.calls.states import PublicationPolicy


class CallQuerySet(models.QuerySet["Call"]):
    def open_at(self, at: datetime) -> "CallQuerySet":
        """Calls with `opens_at <= at < closes_at`; `at` is aware."""
        return self.filter(opens_at__lte=at, closes_at__gt=at)

    def closed_at(self, at: datetime) -> "CallQuerySet":
        return self.filter(closes_at__lte=at)


class Call(models.Model):
    """A call for evidence: what is asked, of whom, and until when."""

    slug = models.SlugField(max_length=100, unique=True)
    title = models.CharField(max_length=200)
    summary = models.TextField(help_text="One or two sentences. Search engines show them too.")
    partners = models.JSONField(default=list, help_text="Names of the organisations that ask.")
    about = models.TextField(help_text="Leave an empty line between paragraphs.")
    what_happens_next = models.TextField(help_text="Leave an empty line between paragraphs.")
    contact_name = models.CharField(max_length=200)
    contact_email = AddressColumn()
    contact_phone = models.CharField(max_length=40, blank=True)
    help_text = models.TextField(blank=True, help_text="How people get help or another format.")
    evidence_phone = models.CharField(
        max_length=40,
        blank=True,
        help_text="People call this number to give evidence by telephone. "
        "Leave it empty if you do not offer that.",
    )
    evidence_phone_hours = models.CharField(
        max_length=200,
        blank=True,
        help_text="When somebody answers this number, such as “Monday to Friday, 10am to 4pm”.",
    )
    evidence_address = models.TextField(
        blank=True,
        help_text="People send evidence by post to this address, line by line. "
        "Leave it empty if you do not offer that.",
    )
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField(help_text="Responses are taken until just before this moment.")
    timezone = models.CharField(max_length=64, default=spoken_time.UK)
    language = models.CharField(
        max_length=20,
        blank=True,
        help_text="Code of the call's language. If empty, it is the portal's.",
    )
    grace_minutes = models.PositiveSmallIntegerField(default=0)
    reference_prefix = models.CharField(max_length=6)
    accent_colour = models.CharField(max_length=7, blank=True)
    logo = models.CharField(
        max_length=200, blank=True, help_text="Path of a picture under static/, if any."
    )
    have_ready = models.TextField(
        blank=True, help_text="What to have at hand before starting, in a few words."
    )
    privacy_text = models.TextField(blank=True, help_text="Replaces the portal's own notice.")
    accessibility_text = models.TextField(blank=True, help_text="Added to the portal's own.")
    cookies_text = models.TextField(blank=True, help_text="Added to the portal's own.")
    withdrawal_text = models.TextField(
        blank=True, help_text="How to ask for withdrawal after closing."
    )
    hides_small_counts = models.BooleanField(
        default=False,
        help_text="Counts under five are shown as fewer than 5: to the steering group, in the "
        "matrix and its files, and in reports for readers outside.",
    )
    shares_confidential_files = models.BooleanField(
        default=False,
        help_text="Exports of confidential responses by project staff include files.",
    )
    publication = models.CharField(
        max_length=10, choices=PublicationPolicy.choices, default=PublicationPolicy.ASKED
    )
    needs_evidence = models.BooleanField(
        default=True, help_text="Each response must have at least one long answer or one file."
    )
    facets = models.JSONField(
        default=list,
        editable=False,
        help_text="Questions to count and filter responses by.",
    )
    derived = models.JSONField(
        default=list, editable=False, help_text="Bands that group the options of a facet."
    )
    set_aside_reasons = models.JSONField(
        default=list,
        editable=False,
        help_text="Why staff may set a response aside. If empty, for the portal's usual reasons.",
    )
    retention = models.JSONField(
        default=default_periods,
        editable=False,
        help_text="Class of data -> how long it is kept.",
    )
    # Raised whenever something ends earlier than was said: then staff confirm what ends again.
    retention_revision = models.PositiveIntegerField(default=0, editable=False)
    definition_digest = models.CharField(max_length=64, blank=True, editable=False)
    # Drawn anew by the database whenever the call, a role, a section or a question changes.
    revision = models.UUIDField(default=uuid.uuid4, editable=False)

    objects = CallQuerySet.as_manager()

    class Meta:
        ordering = ["-closes_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="submissions_call_closes_after_opening",
                condition=Q(closes_at__gt=F("opens_at")),
            ),
            models.CheckConstraint(
                name="submissions_call_reference_prefix",
                condition=Q(reference_prefix__regex=r"^[A-Z]{2,6}$"),
            ),
            models.CheckConstraint(
                name="submissions_call_publication",
                condition=Q(publication__in=PublicationPolicy.values),
            ),
            models.CheckConstraint(
                name="submissions_call_accent_colour",
                condition=Q(accent_colour="") | Q(accent_colour__regex=r"^#[0-9a-f]{6}$"),
            ),
            models.CheckConstraint(
                name="submissions_call_telephone_has_hours",
                condition=Q(evidence_phone="", evidence_phone_hours="")
                | (~Q(evidence_phone="") & ~Q(evidence_phone_hours="")),
                violation_error_message="Enter both the telephone number and its hours, or "
                "neither.",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def is_open_at(self, at: datetime) -> bool:
        """The rule: `opens_at <= at < closes_at`. `at` is aware."""
        return self.opens_at <= at < self.closes_at

    def has_closed_at(self, at: datetime) -> bool:
        return at >= self.closes_at

    @property
    def spoken_language(self) -> str:
        """The code of the language of its pages and mails: its own, if the portal has that."""
        offered = dict(settings.LANGUAGES)
        return self.language if self.language in offered else settings.PORTAL_LANGUAGE

    @property
    def grace_ends_at(self) -> datetime:
        return later(self.closes_at, timedelta(minutes=self.grace_minutes))

    @property
    def closes_in_words(self) -> str:
        """For instance "midday on Wednesday 24 July 2019 (UK time)"."""
        return spoken_time.say_moment(self.closes_at, self.timezone)

    @property
    def previous_closing_in_words(self) -> str:
        """When it was to close before its closing time was last moved; "" if it never was."""
        previous = self.questionnaire.previous_closing
        return spoken_time.say_moment(previous, self.timezone) if previous else ""

    @property
    def opens_in_words(self) -> str:
        return spoken_time.say_moment(self.opens_at, self.timezone)

    @property
    def title_in_a_sentence(self) -> str:
        """The title where a full stop may follow: in quotation marks if it has its own end."""
        return f"“{self.title}”" if self.title.endswith(("?", "!", ".", "…")) else self.title

    @property
    def partners_in_words(self) -> str:
        """For instance "One Trust, Two Trust and Three Trust"."""
        if len(self.partners) < 2:
            return "".join(self.partners)
        several = {"first": in_a_row(self.partners[:-1]), "second": self.partners[-1]}
        return _("%(first)s and %(second)s") % several

    @property
    def other_ways(self) -> list[OtherWay]:
        """How it takes evidence besides this website; empty where it offers nothing else."""
        return other_ways(self)

    @property
    def other_ways_named(self) -> str:
        return other_ways_named(self)

    @property
    def other_ways_deadline(self) -> str:
        return other_ways_deadline(self)

    @property
    def logo_address(self) -> str:
        """Return where the logo is; "" without one, or if it came after the portal started."""
        try:
            return staticfiles_storage.url(self.logo) if self.logo else ""
        except ValueError:
            return ""

    @cached_property
    def questionnaire(self) -> Questionnaire:
        """All that the call asks; no query if this process has read the revision before."""
        return questionnaire_at(self.pk, self.revision)

    @property
    def questions_in_order(self) -> list[Question]:
        """Every question, section by section."""
        return self.questionnaire.questions

    @property
    def facet_questions(self) -> list[tuple[Facet, Question]]:
        """Each facet with its question, in the order of the facets."""
        return [(facet, self.questions_by_key[facet["question"]]) for facet in self.facets]

    @property
    def set_aside_labels(self) -> dict[str, str]:
        """The label of each reason to set a response aside, by its key."""
        return {each["key"]: each["label"] for each in self.set_aside_reasons or USUAL_REASONS}

    def derived_from(self, question: Question) -> list[DerivedFacet]:
        return [derived for derived in self.derived if derived["question"] == question.key]

    @property
    def questions_by_key(self) -> dict[str, Question]:
        return self.questionnaire.questions_by_key
