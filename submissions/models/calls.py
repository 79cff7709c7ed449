"""A call for evidence and what it asks."""

from datetime import datetime, timedelta
from functools import cached_property

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from submissions import spoken_time
from submissions.vocabulary import RESERVED_SECTION_KEYS, QuestionKind

key_validator = RegexValidator(r"\A[a-z][a-z0-9_]*\Z", "Small letters, digits and underscores.")


class CallQuerySet(models.QuerySet["Call"]):
    def open_at(self, at: datetime) -> "CallQuerySet":
        """Calls with `opens_at <= at < closes_at`; `at` is aware."""
        return self.filter(opens_at__lte=at, closes_at__gt=at)

    def closed_at(self, at: datetime) -> "CallQuerySet":
        return self.filter(closes_at__lte=at)

    def with_questions(self) -> "CallQuerySet":
        """Fetch roles, sections and questions too, in four queries however many there are."""
        return self.prefetch_related("roles", "sections__questions")


class Call(models.Model):
    """A call for evidence: what is asked, of whom, and until when."""

    slug = models.SlugField(max_length=100, unique=True)
    title = models.CharField(max_length=200)
    summary = models.TextField(help_text="One or two sentences, also for search engines.")
    partners = models.JSONField(default=list, help_text="Names of the organisations that ask.")
    about = models.TextField(help_text="Paragraphs; an empty line between two.")
    what_happens_next = models.TextField(help_text="Paragraphs; an empty line between two.")
    contact_name = models.CharField(max_length=200)
    contact_email = models.EmailField()
    contact_phone = models.CharField(max_length=40, blank=True)
    help_text = models.TextField(
        blank=True, help_text="How to get help or another format; shown in the same place always."
    )
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField(help_text="Responses are taken until just before this moment.")
    timezone = models.CharField(max_length=64, default=spoken_time.UK)
    grace_minutes = models.PositiveSmallIntegerField(default=0)
    reference_prefix = models.CharField(max_length=6)
    accent_colour = models.CharField(max_length=7, blank=True)
    logo = models.CharField(
        max_length=200, blank=True, help_text="Path of a picture under static/, if any."
    )
    privacy_text = models.TextField(blank=True, help_text="Replaces the portal's own notice.")
    accessibility_text = models.TextField(blank=True, help_text="Added to the portal's own.")
    withdrawal_text = models.TextField(
        blank=True, help_text="How to ask for withdrawal after closing."
    )
    hides_small_counts = models.BooleanField(
        default=False, help_text="The steering group sees counts under five as fewer than 5."
    )
    shares_confidential_files = models.BooleanField(
        default=False, help_text="Files of confidential responses are among the exports."
    )
    needs_evidence = models.BooleanField(
        default=True, help_text="A response has at least one long answer or one file."
    )
    definition_digest = models.CharField(max_length=64, blank=True, editable=False)

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
                name="submissions_call_accent_colour",
                condition=Q(accent_colour="") | Q(accent_colour__regex=r"^#[0-9a-f]{6}$"),
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
    def grace_ends_at(self) -> datetime:
        return self.closes_at + timedelta(minutes=self.grace_minutes)

    @property
    def closes_in_words(self) -> str:
        """For instance "midday on Wednesday 24 July 2019 (UK time)"."""
        return spoken_time.say_moment(self.closes_at, self.timezone)

    @property
    def opens_in_words(self) -> str:
        return spoken_time.say_moment(self.opens_at, self.timezone)

    @property
    def partners_in_words(self) -> str:
        """For instance "NCVO, ACEVO and Lloyds Bank Foundation"."""
        if len(self.partners) < 2:
            return "".join(self.partners)
        return f"{', '.join(self.partners[:-1])} and {self.partners[-1]}"

    @cached_property
    def questions_in_order(self) -> list["Question"]:
        """Every question, section by section; no query after `with_questions()`.

        The questions of kind `roles` have their options from the call's roles.
        """
        roles = [role.as_option() for role in self.roles.all()]
        questions = []
        for section in self.sections.all():
            for question in section.questions.all():
                question.section = section
                if question.kind == QuestionKind.ROLES:
                    question.options = roles
                questions.append(question)
        return questions

    @cached_property
    def questions_by_key(self) -> dict[str, "Question"]:
        return {question.key: question for question in self.questions_in_order}

    @cached_property
    def revealing_options(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        """For each revealed question, the key of the question and the options that reveal it."""
        found: dict[str, tuple[str, tuple[str, ...]]] = {}
        for question in self.questions_in_order:
            for option in question.options:
                if option.get("reveals"):
                    _, values = found.get(option["reveals"], ("", ()))
                    found[option["reveals"]] = (question.key, (*values, option["key"]))
        return found


class RespondentRole(models.Model):
    """One of the kinds of people whom a call asks; a respondent may be several."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="roles")
    key = models.CharField(max_length=50, validators=[key_validator])
    label = models.CharField(max_length=300)
    reveals = models.CharField(
        max_length=50, blank=True, help_text="Key of the question that this role brings up."
    )
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint("call", "key", name="submissions_respondentrole_key"),
            models.UniqueConstraint("call", "position", name="submissions_respondentrole_position"),
        ]

    def __str__(self) -> str:
        return self.label

    def as_option(self) -> dict[str, str]:
        option = {"key": self.key, "label": self.label}
        return option | {"reveals": self.reveals} if self.reveals else option


class Section(models.Model):
    """Questions that are answered together."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="sections")
    key = models.CharField(max_length=50, validators=[key_validator])
    title = models.CharField(max_length=200)
    intro = models.TextField(blank=True)
    show_if = models.CharField(max_length=300, blank=True)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint("call", "key", name="submissions_section_key"),
            models.UniqueConstraint("call", "position", name="submissions_section_position"),
            models.CheckConstraint(
                name="submissions_section_key_not_reserved",
                condition=~Q(key__in=RESERVED_SECTION_KEYS),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Question(models.Model):
    """One question of a call.

    `options` and `rows` are lists of `{"key", "label"}`; an option may also have `hint`,
    `reveals` (key of the question that it brings up), `exclusive` (true: it rules the others
    out) and `route` (`{"title", "text"}`: the page that a respondent who chooses it is led to,
    and with which nothing can be submitted). For a matrix, `options` is the scale.
    """

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="questions")
    section = models.ForeignKey(Section, on_delete=models.CASCADE, related_name="questions")
    key = models.CharField(max_length=50, validators=[key_validator])
    kind = models.CharField(max_length=20, choices=QuestionKind.choices)
    label = models.CharField(max_length=500)
    hint = models.TextField(blank=True)
    required = models.BooleanField(default=False)
    required_if = models.CharField(max_length=300, blank=True)
    show_if = models.CharField(max_length=300, blank=True)
    identity = models.BooleanField(
        default=False, help_text="Says who answers: stored apart, and withheld from exports."
    )
    options = models.JSONField(default=list, blank=True)
    rows = models.JSONField(default=list, blank=True)
    missing = models.CharField(
        max_length=300, blank=True, help_text="What is said when a required answer is missing."
    )
    max_chars = models.PositiveIntegerField(null=True, blank=True)
    max_words = models.PositiveIntegerField(null=True, blank=True)
    max_files = models.PositiveSmallIntegerField(null=True, blank=True)
    max_mb = models.PositiveSmallIntegerField(null=True, blank=True)
    file_types = models.JSONField(default=list, blank=True)
    warn_unless = models.CharField(
        max_length=300, blank=True, help_text="A regular expression; the answer is never refused."
    )
    warning = models.CharField(max_length=300, blank=True)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint("call", "key", name="submissions_question_key"),
            models.UniqueConstraint("section", "position", name="submissions_question_position"),
            models.CheckConstraint(
                name="submissions_question_kind",
                condition=Q(kind__in=QuestionKind.values),
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @cached_property
    def option_labels(self) -> dict[str, str]:
        return {option["key"]: option["label"] for option in self.options}
