"""From a call back to its definition, for a next call or to change this one."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import tomli_w

from submissions.calls.models import Call, Question, RespondentRole, Section
from submissions.calls.retention import DEFAULTS
from submissions.calls.states import PublicationPolicy, QuestionKind
from submissions.definitions.reading_calls import (
    DEFAULT_CHARS,
    DEFAULT_FILES,
    DEFAULT_MB,
    DEFAULT_WORDS,
)
from submissions.definitions.types import QUESTION_FIELDS
from submissions.responses.file_types.detecting import USUAL_TYPES

FIRST = ("slug", "key", "question", "kind", "title", "label")
HEADING = """\
# The definition of the call “{slug}”, as the portal has it now.
# For a new call change at least slug, title, reference_prefix, opens and closes.

"""


def written(call: Call) -> str:
    """Return the call's definition as TOML, with the words and times that staff have changed.

    `loading.parse` reads the same call out of it, or names what staff have entered that no
    definition may have, such as a longer text. What a file need not say is left out.
    """
    questions = call.questionnaire.questions
    tables = {
        "call": _call(call),
        "roles": [_role(role) for role in call.roles.order_by("position")],
        "facets": call.facets,
        "derived": call.derived,
        "sections": [
            _section(section, [one for one in questions if one.section_id == section.pk])
            for section in call.questionnaire.sections
        ],
    }
    text = tomli_w.dumps(_as_people_write(_said(tables)), multiline_strings=True)
    return HEADING.format(slug=call.slug) + text


def _said(values: dict[str, Any]) -> dict[str, Any]:
    """Return what is not empty: a file says nothing of the rest."""
    return {name: value for name, value in values.items() if value not in ("", [], {}, None, False)}


def _as_people_write(value: Any) -> Any:
    """Return the tables with what names them first: columns of JSON keep another order."""
    if isinstance(value, list):
        return [_as_people_write(one) for one in value]
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST))
        return {name: _as_people_write(value[name]) for name in names}
    return value


def _call(call: Call) -> dict[str, Any]:
    is_asked = call.publication == PublicationPolicy.ASKED
    said = {
        "slug": call.slug,
        "title": call.title,
        "summary": call.summary,
        "partners": call.partners,
        "opens": _local(call.opens_at, call.timezone),
        "closes": _local(call.closes_at, call.timezone),
        "timezone": call.timezone,
        "language": call.language,
        "grace_minutes": call.grace_minutes or None,
        "reference_prefix": call.reference_prefix,
        "accent_colour": call.accent_colour,
        "logo": call.logo,
        "publication": None if is_asked else call.publication,
        "hides_small_counts": call.hides_small_counts,
        "shares_confidential_files": call.shares_confidential_files,
        "about": call.about,
        "what_happens_next": call.what_happens_next,
        "have_ready": call.have_ready,
        "help": call.help_text,
        "privacy_text": call.privacy_text,
        "accessibility_text": call.accessibility_text,
        "cookies_text": call.cookies_text,
        "withdrawal_text": call.withdrawal_text,
        "contact": _said(
            {"name": call.contact_name, "email": call.contact_email, "phone": call.contact_phone}
        ),
        "telephone": _said({"number": call.evidence_phone, "hours": call.evidence_phone_hours}),
        "post": _said({"address": call.evidence_address}),
        "set_aside_reasons": call.set_aside_reasons,
        "retention": {
            name: period for name, period in call.retention.items() if period != DEFAULTS[name]
        },
    }
    return _said(said) | ({} if call.needs_evidence else {"needs_evidence": False})


def _local(moment: datetime, zone: str) -> datetime:
    """Return the local time, with its offset only where the clocks pass it twice."""
    local = moment.astimezone(ZoneInfo(zone))
    comes_twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return local if comes_twice else local.replace(tzinfo=None)


def _role(role: RespondentRole) -> dict[str, Any]:
    return _said({"key": role.key, "label": role.label, "reveals": role.reveals})


def _section(section: Section, questions: list[Question]) -> dict[str, Any]:
    words = {name: getattr(section, name) for name in ("key", "title", "intro", "show_if")}
    return _said(words) | {"questions": [_question(question) for question in questions]}


def _question(question: Question) -> dict[str, Any]:
    kind = QuestionKind(question.kind)
    usual = {
        "identity": kind == QuestionKind.EMAIL,
        "max_chars": DEFAULT_CHARS.get(kind),
        "max_words": DEFAULT_WORDS,
        "max_files": DEFAULT_FILES,
        "max_mb": DEFAULT_MB,
        "file_types": list(USUAL_TYPES),
    }
    values = {name: getattr(question, name) for name in QUESTION_FIELDS}
    if kind == QuestionKind.ROLES:
        values["options"] = []  # the call's roles
    return _said({name: v for name, v in values.items() if name not in usual or v != usual[name]})
