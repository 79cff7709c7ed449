"""What a call asks: of whom, in which sections, by which questions."""

from functools import cached_property

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from submissions.calls.states import RESERVED_SECTION_KEYS, QuestionKind

key_validator = RegexValidator(r"\A[a-z][a-z0-9_]*\Z", "Small letters, digits and underscores.")


class RespondentRole(models.Model):
    """One of the kinds of people whom a call asks; a respondent may be several."""

    call = models.ForeignKey("submissions.Call", on_delete=models.CASCADE, related_name="roles")
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

    call = models.ForeignKey("submissions.Call", on_delete=models.CASCADE, related_name="sections")
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

    call = models.ForeignKey("submissions.Call", on_delete=models.CASCADE, related_name="questions")
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
        max_length=300, blank=True, help_text="The message when a required answer is missing."
    )
    max_chars = models.PositiveIntegerField(null=True, blank=True)
    max_words = models.PositiveIntegerField(null=True, blank=True)
    max_files = models.PositiveSmallIntegerField(null=True, blank=True)
    max_mb = models.PositiveSmallIntegerField(null=True, blank=True)
    file_types = models.JSONField(default=list, blank=True)
    warn_unless = models.CharField(
        max_length=300,
        blank=True,
        help_text="A regular expression. Other answers get the warning; they are still taken.",
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

    @cached_property
    def routes(self) -> dict[str, dict[str, str]]:
        """The page of help (`title`, `text`) that a radio's option leads to, by its key."""
        return {option["key"]: option["route"] for option in self.options if "route" in option}
