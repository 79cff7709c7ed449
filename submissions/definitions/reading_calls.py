"""From the tables of a call definition to its dataclasses: each value's type, form and limits."""

import re
from typing import Any

from core.references import PREFIX_PATTERN
from core.safe_patterns import UnsafePattern, check_pattern
from submissions.calls.models import Call, Question, RespondentRole, Section
from submissions.calls.set_aside import SetAsideReason
from submissions.calls.states import PublicationPolicy, QuestionKind
from submissions.definitions.reading_facets import read_derived, read_facets
from submissions.definitions.reading_other_ways import read_other_ways
from submissions.definitions.reading_retention import read_retention
from submissions.definitions.tables import LONGEST_KEY, OPTION_KEY, Problems, TableReader
from submissions.definitions.types import (
    CALL_FIELDS,
    QUESTION_FIELDS,
    CallDefinition,
    Option,
    QuestionDefinition,
    RoleDefinition,
    SectionDefinition,
    longest,
)
from submissions.definitions.values import (
    read_accent,
    read_address,
    read_language,
    read_moment,
    read_zone,
)
from submissions.responses.file_types.detecting import TYPES, USUAL_TYPES

FILE_TYPES = tuple(TYPES)
MOST_SECTIONS, MOST_QUESTIONS, MOST_OPTIONS = 50, 100, 100
DEFAULT_CHARS = {QuestionKind.SHORT: 200, QuestionKind.EMAIL: 254}  # 254: RFC 5321's longest path
DEFAULT_WORDS = 1000
DEFAULT_FILES, DEFAULT_MB = 3, 10
SAID_POLICIES = (PublicationPolicy.NEVER.value, PublicationPolicy.NOT_ASKED.value)

# Which entries a question of each kind may have, beside those that every kind may have.
_EVERY_KIND = {"key", "kind", "label", "hint", "required", "required_if", "show_if", "missing"}
_ENTRIES = {
    QuestionKind.RADIO: {"options"},
    QuestionKind.CHECKBOXES: {"options"},
    QuestionKind.ROLES: set(),
    QuestionKind.SHORT: {"identity", "max_chars", "warn_unless", "warning"},
    QuestionKind.LONG: {"identity", "max_words"},
    QuestionKind.EMAIL: {"identity"},
    QuestionKind.MATRIX: {"options", "rows"},
    QuestionKind.FILE: {"max_files", "max_mb", "file_types"},
    QuestionKind.CHECKBOX: set(),
}
_OPTION_ENTRIES = {
    QuestionKind.RADIO: {"key", "label", "hint", "reveals", "route"},
    QuestionKind.CHECKBOXES: {"key", "label", "hint", "reveals", "exclusive"},
    QuestionKind.MATRIX: {"key", "label"},
}
_CALL_ENTRIES = set(CALL_FIELDS) - {
    "contact_name",
    "contact_email",
    "contact_phone",
    "help_text",
    "evidence_phone",
    "evidence_phone_hours",
    "evidence_address",
    "opens_at",
    "closes_at",
    "facets",
    "derived",
} | {"contact", "help", "telephone", "post", "opens", "closes"}
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
_LOGO = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*\.(svg|png)", re.ASCII)


def read(raw: dict[str, Any], problems: Problems) -> CallDefinition:
    """Return what the tables say. It may be used only if `problems` has no line afterwards."""
    top = TableReader(raw, "", {"call", "roles", "facets", "derived", "sections"}, problems)
    call = TableReader(
        top.value("call", dict, required=True) or {}, "call", _CALL_ENTRIES, problems
    )
    contact = TableReader(
        call.value("contact", dict, required=True) or {},
        "call.contact",
        {"name", "email", "phone"},
        problems,
    )
    evidence_phone, evidence_phone_hours, evidence_address = read_other_ways(call)
    zone = read_zone(call)
    return CallDefinition(
        source=problems.source,
        slug=call.matching(
            "slug",
            _SLUG.fullmatch,
            "must have small letters and digits, joined by hyphens",
            required=True,
            longest=longest(Call, "slug"),
        ),
        title=call.line("title", required=True, longest=longest(Call, "title")),
        summary=call.text("summary", required=True, longest=1000),
        partners=call.texts("partners"),
        about=call.text("about", required=True),
        what_happens_next=call.text("what_happens_next", required=True),
        contact_name=contact.line("name", required=True, longest=longest(Call, "contact_name")),
        contact_email=read_address(contact),
        contact_phone=contact.line("phone", longest=longest(Call, "contact_phone")),
        help_text=call.text("help"),
        have_ready=call.text("have_ready"),
        evidence_phone=evidence_phone,
        evidence_phone_hours=evidence_phone_hours,
        evidence_address=evidence_address,
        privacy_text=call.text("privacy_text"),
        accessibility_text=call.text("accessibility_text"),
        cookies_text=call.text("cookies_text"),
        withdrawal_text=call.text("withdrawal_text"),
        opens_at=read_moment(call, "opens", zone),
        closes_at=read_moment(call, "closes", zone),
        timezone=zone,
        language=read_language(call),
        grace_minutes=call.number("grace_minutes", least=0, most=24 * 60, default=0) or 0,
        reference_prefix=call.matching(
            "reference_prefix",
            PREFIX_PATTERN.fullmatch,
            "must have 2 to 6 capital letters",
            required=True,
        ),
        accent_colour=read_accent(call),
        logo=call.matching(
            "logo",
            _LOGO.fullmatch,
            "must be the path of an .svg or .png file under static/",
            longest=longest(Call, "logo"),
        ),
        needs_evidence=call.flag("needs_evidence", default=True),
        publication=call.matching(
            "publication",
            SAID_POLICIES.__contains__,
            "must be “never” or “not asked”; where a question “publication” asks, leave it out",
        )
        or PublicationPolicy.ASKED.value,
        hides_small_counts=call.flag("hides_small_counts", default=False),
        shares_confidential_files=call.flag("shares_confidential_files", default=False),
        set_aside_reasons=_set_aside_reasons(call),
        retention=read_retention(call),
        facets=read_facets(top),
        derived=read_derived(top),
        roles=tuple(_role(*item, problems) for item in top.tables("roles", most=MOST_OPTIONS)),
        sections=tuple(
            _section(*item, problems)
            for item in top.tables("sections", most=MOST_SECTIONS, required=True)
        ),
    )


def _set_aside_reasons(call: TableReader) -> tuple[SetAsideReason, ...]:
    found: list[SetAsideReason] = []
    for path, raw in call.tables("set_aside_reasons", most=MOST_OPTIONS):
        table = TableReader(raw, path, {"key", "label"}, call.problems)
        reason: SetAsideReason = {
            "key": table.key(OPTION_KEY),
            "label": table.line("label", required=True),
        }
        if reason["key"] and reason["key"] in {one["key"] for one in found}:
            table.add_problem("key", f"“{reason['key']}” is there twice")
        found.append(reason)
    return tuple(found)


def _role(path: str, raw: Any, problems: Problems) -> RoleDefinition:
    role = TableReader(raw, path, {"key", "label", "reveals"}, problems)
    return RoleDefinition(
        key=role.key(),
        label=role.line("label", required=True, longest=longest(RespondentRole, "label")),
        reveals=role.line("reveals", longest=LONGEST_KEY),
    )


def _section(path: str, raw: Any, problems: Problems) -> SectionDefinition:
    section = TableReader(raw, path, {"key", "title", "intro", "show_if", "questions"}, problems)
    questions = section.tables("questions", most=MOST_QUESTIONS, required=True)
    return SectionDefinition(
        key=section.key(),
        title=section.line("title", required=True, longest=longest(Section, "title")),
        intro=section.text("intro"),
        show_if=section.line("show_if", longest=longest(Section, "show_if")),
        # In a path, the section's key says enough: sections.about_you.name.
        questions=tuple(
            _question(path.replace(".questions.", ".", 1), item, problems)
            for path, item in questions
        ),
    )


def _question(path: str, raw: Any, problems: Problems) -> QuestionDefinition:
    question = TableReader(raw, path, QUESTION_FIELDS, problems)
    written = question.matching(
        "kind",
        QuestionKind.values.__contains__,
        f"is not a kind of question ({', '.join(QuestionKind.values)})",
        required=True,
    )
    kind = QuestionKind(written) if written else None
    if kind:
        for name in sorted(set(question.raw) & set(QUESTION_FIELDS) - _EVERY_KIND - _ENTRIES[kind]):
            question.add_problem(name, f"does not go with the kind “{kind}”")
    is_file = kind == QuestionKind.FILE
    is_email = kind == QuestionKind.EMAIL
    return QuestionDefinition(
        key=question.key(),
        kind=kind,
        label=question.line("label", required=True, longest=longest(Question, "label")),
        hint=question.text("hint", longest=2000),
        required=question.flag("required", default=False),
        required_if=question.line("required_if", longest=longest(Question, "required_if")),
        show_if=question.line("show_if", longest=longest(Question, "show_if")),
        identity=question.flag("identity", default=is_email),
        options=_options(question, kind),
        rows=_rows(question, kind),
        missing=question.text("missing", longest=longest(Question, "missing")),
        max_chars=question.number(
            "max_chars", least=1, most=5000, default=DEFAULT_CHARS.get(kind) if kind else None
        ),
        max_words=question.number(
            "max_words",
            least=1,
            most=10_000,
            default=DEFAULT_WORDS if kind == QuestionKind.LONG else None,
        ),
        max_files=question.number(
            "max_files", least=1, most=10, default=DEFAULT_FILES if is_file else None
        ),
        max_mb=question.number("max_mb", least=1, most=25, default=DEFAULT_MB if is_file else None),
        file_types=_file_types(question, is_file),
        warn_unless=_pattern(question),
        warning=question.text("warning", longest=longest(Question, "warning")),
    )


def _options(question: TableReader, kind: QuestionKind | None) -> tuple[Option, ...]:
    if kind not in _OPTION_ENTRIES:
        return ()
    items = question.tables("options", most=MOST_OPTIONS, required=True)
    if len(items) == 1:
        question.add_problem("options", "has one option: there must be two or more to choose from")
    return tuple(
        _option(path, raw, _OPTION_ENTRIES[kind], question.problems) for path, raw in items
    )


def _rows(question: TableReader, kind: QuestionKind | None) -> tuple[Option, ...]:
    if kind != QuestionKind.MATRIX:
        return ()
    items = question.tables("rows", most=MOST_OPTIONS, required=True)
    return tuple(_option(path, raw, {"key", "label"}, question.problems) for path, raw in items)


def _option(path: str, raw: Any, known: set[str], problems: Problems) -> Option:
    table = TableReader(raw, path, known, problems)
    option: Option = {
        "key": table.key(OPTION_KEY),
        "label": table.line("label", required=True, longest=300),
    }
    for name in sorted(known & {"hint", "reveals"}):
        text = table.line(name, longest=LONGEST_KEY if name == "reveals" else 500)
        option |= {name: text} if text else {}
    if "exclusive" in known and table.flag("exclusive", default=False):
        option["exclusive"] = True
    if "route" in known and "route" in table.raw:
        route = TableReader(
            table.value("route", dict) or {}, f"{path}.route", {"title", "text"}, problems
        )
        option["route"] = {
            "title": route.line("title", required=True),
            "text": route.text("text", required=True),
        }
    return option


def _file_types(question: TableReader, is_file: bool) -> tuple[str, ...]:
    if not is_file or "file_types" not in question.raw:
        return USUAL_TYPES if is_file else ()
    types = question.texts("file_types")
    if not types:
        question.add_problem("file_types", "names no type of file")
    for name in types:
        if name not in FILE_TYPES:
            reason = f"“{name}” is not a type of file that is taken ({', '.join(FILE_TYPES)})"
            question.add_problem("file_types", reason)
    return types


def _pattern(question: TableReader) -> str:
    pattern = question.line("warn_unless", longest=longest(Question, "warn_unless"))
    try:
        check_pattern(pattern)
    except UnsafePattern as unsafe:
        question.add_problem("warn_unless", f"“{pattern}” {unsafe}")
    for name, other in (("warn_unless", "warning"), ("warning", "warn_unless")):
        if name in question.raw and other not in question.raw:
            question.add_problem(name, f"needs “{other}” beside it")
    return pattern
