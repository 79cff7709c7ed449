"""What a call definition says, once it has been read: the same fields as the models'."""

import json
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any

from django.db.models import Field

from core.canonical import digest
from submissions.calls.facets import DerivedFacet, Facet
from submissions.calls.models import Call, Question, RespondentRole, Section
from submissions.calls.retention import DEFAULTS
from submissions.calls.set_aside import SetAsideReason
from submissions.calls.states import PublicationPolicy, QuestionKind

Option = dict[str, Any]
# What 1.0.0 did not read, with what a file means that does not say it.
SAID_SINCE: dict[str, object] = {
    "have_ready": "",
    "evidence_phone": "",
    "evidence_phone_hours": "",
    "evidence_address": "",
    "publication": PublicationPolicy.ASKED.value,
    "hides_small_counts": False,
    "shares_confidential_files": False,
    "set_aside_reasons": (),
    "retention": DEFAULTS,
}
UNKNOWN_MOMENT = datetime.min.replace(tzinfo=UTC)  # stands for a moment that cannot be read


@dataclass(frozen=True)
class RoleDefinition:
    key: str
    label: str
    reveals: str = ""


@dataclass(frozen=True)
class QuestionDefinition:
    """One question; `options` and `rows` in the shape of `models.Question`.

    `kind` is None only while problems are still being collected.
    """

    key: str
    kind: QuestionKind | None
    label: str
    hint: str = ""
    required: bool = False
    required_if: str = ""
    show_if: str = ""
    identity: bool = False
    options: tuple[Option, ...] = ()
    rows: tuple[Option, ...] = ()
    missing: str = ""
    max_chars: int | None = None
    max_words: int | None = None
    max_files: int | None = None
    max_mb: int | None = None
    file_types: tuple[str, ...] = ()
    warn_unless: str = ""
    warning: str = ""


@dataclass(frozen=True)
class SectionDefinition:
    key: str
    title: str
    questions: tuple[QuestionDefinition, ...]
    intro: str = ""
    show_if: str = ""


@dataclass(frozen=True)
class CallDefinition:
    """A whole call. Moments are aware and in UTC; `source` names the file, for messages only."""

    source: str
    slug: str
    title: str
    summary: str
    partners: tuple[str, ...]
    about: str
    what_happens_next: str
    contact_name: str
    contact_email: str
    contact_phone: str
    help_text: str
    have_ready: str
    evidence_phone: str
    evidence_phone_hours: str
    evidence_address: str
    privacy_text: str
    accessibility_text: str
    cookies_text: str
    withdrawal_text: str
    opens_at: datetime
    closes_at: datetime
    timezone: str
    language: str
    grace_minutes: int
    reference_prefix: str
    accent_colour: str
    logo: str
    needs_evidence: bool
    publication: str
    hides_small_counts: bool
    shares_confidential_files: bool
    set_aside_reasons: tuple[SetAsideReason, ...]
    retention: dict[str, str]
    facets: tuple[Facet, ...]
    derived: tuple[DerivedFacet, ...]
    roles: tuple[RoleDefinition, ...]
    sections: tuple[SectionDefinition, ...]

    @property
    def questions(self) -> dict[str, QuestionDefinition]:
        return {q.key: q for section in self.sections for q in section.questions}

    @property
    def section_of(self) -> dict[str, str]:
        """The key of each question's section."""
        return {q.key: section.key for section in self.sections for q in section.questions}

    def digest(self) -> str:
        """Return the SHA-256 of what is said: comments, layout and file name do not count."""
        said = asdict(self) | {"source": ""}
        # So that a file of an earlier release still says what it said.
        for name, default in SAID_SINCE.items():
            if said[name] == default:
                del said[name]
        return digest(json.dumps(said, sort_keys=True, ensure_ascii=False, default=str))


CALL_FIELDS = tuple(
    field.name
    for field in fields(CallDefinition)
    if field.name not in {"source", "roles", "sections"}
)
QUESTION_FIELDS = tuple(field.name for field in fields(QuestionDefinition))


def stored_fields(
    definition: CallDefinition | QuestionDefinition, names: tuple[str, ...]
) -> dict[str, Any]:
    """Return the values of those fields as the model stores them: lists where JSON has lists."""
    values = {name: getattr(definition, name) for name in names}
    return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}


def question_as_defined(question: Question) -> QuestionDefinition:
    """Return the stored question in the shape of a definition, to be compared with one."""
    values = {name: getattr(question, name) for name in QUESTION_FIELDS}
    values |= {"kind": QuestionKind(question.kind)}
    given: dict[str, Any] = {
        name: tuple(v) if isinstance(v, list) else v for name, v in values.items()
    }
    return QuestionDefinition(**given)


def longest(model: type[Call | Question | RespondentRole | Section], field: str) -> int:
    """Return how many characters the model's field takes."""
    found = model._meta.get_field(field)
    if not isinstance(found, Field) or found.max_length is None:
        raise TypeError(f"{field} takes any number of characters")
    return found.max_length
