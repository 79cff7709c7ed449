"""The rules of a call definition that hold between its parts."""

from collections.abc import Iterable, Iterator

from submissions.calls import conditions
from submissions.calls.states import (
    MULTIPLE_KINDS,
    RESERVED_SECTION_KEYS,
    Publication,
    QuestionKind,
)
from submissions.definitions.tables import Faults, did_you_mean
from submissions.definitions.types import (
    UNKNOWN_MOMENT,
    CallDefinition,
    Option,
    QuestionDefinition,
    SectionDefinition,
)

RESERVED_SLUGS = ("sign-in", "sign-out")  # pages under steering/
# Columns of the steering group's CSV that are not a question's; then fields and buttons of forms.
RESERVED_QUESTIONS = (
    "reference",
    "submitted_at",
    "timing",
    "channel",
    "ncvo_band",
    "small_and_medium",
    "attachments",
    "words",
    "status",
    "codes",
    "csrfmiddlewaretoken",
    "action",
    "remove",
    "another",
)


def check(call: CallDefinition, faults: Faults) -> None:
    """Add what is wrong between the parts of `call`, all of which have their keys and kinds."""
    if UNKNOWN_MOMENT not in {call.opens_at, call.closes_at} and call.closes_at <= call.opens_at:
        faults.add("call.closes", "must be after “opens”")
    if call.slug in RESERVED_SLUGS:
        faults.add("call.slug", f"“{call.slug}” is taken by a page of the portal")
    _check_keys(call, faults)
    _check_roles(call, faults)
    _check_columns(call, faults)
    earlier: dict[str, QuestionDefinition] = {}
    for section in call.sections:
        path = f"sections.{section.key}"
        if section.show_if:
            _check_condition(call, f"{path}.show_if", section.show_if, earlier, faults)
        for question in section.questions:
            _check_question(call, section, question, earlier, faults)
            earlier[question.key] = question


def _check_keys(call: CallDefinition, faults: Faults) -> None:
    for key in _repeated(role.key for role in call.roles):
        faults.add(f"roles.{key}", "there are two roles with this key")
    for key in _repeated(section.key for section in call.sections):
        faults.add(f"sections.{key}", "there are two sections with this key")
    for section in call.sections:
        if section.key in RESERVED_SECTION_KEYS:
            faults.add(f"sections.{section.key}", "this key is taken by a page of the portal")
    everywhere = [(s.key, q.key) for s in call.sections for q in s.questions]
    for key in _repeated(key for _, key in everywhere):
        where = " and ".join(f"“{section}”" for section, each in everywhere if each == key)
        faults.add(f"sections.{_section_of(call, key)}.{key}", f"the key is used twice, in {where}")
    for section, key in everywhere:
        if key in RESERVED_QUESTIONS:
            faults.add(f"sections.{section}.{key}", "this key is taken: choose another")


def _check_roles(call: CallDefinition, faults: Faults) -> None:
    asking = [q.key for s in call.sections for q in s.questions if q.kind == QuestionKind.ROLES]
    if len(asking) > 1:
        path = f"sections.{_section_of(call, asking[1])}.{asking[1]}"
        faults.add(path, f"“{asking[0]}” asks for the roles already")
    if asking and len(call.roles) < 2:
        faults.add("roles", f"there must be two or more, as “{asking[0]}” asks for them")
    if call.roles and not asking:
        faults.add("roles", "no question of the kind “roles” asks for them")
    for label in _repeated(role.label for role in call.roles):
        faults.add("roles", f"two of them are labelled “{label}”")


def _check_columns(call: CallDefinition, faults: Faults) -> None:
    """A matrix has one column a row in the CSV: none may have the name of another column."""
    for section in call.sections:
        for question in section.questions:
            for row in question.rows:
                column = f"{question.key}_{row['key']}"
                if column in call.questions or column in RESERVED_QUESTIONS:
                    path = f"sections.{section.key}.{question.key}.rows.{row['key']}"
                    faults.add(path, f"its column “{column}” has the name of another column")


def _check_question(
    call: CallDefinition,
    section: SectionDefinition,
    question: QuestionDefinition,
    earlier: dict[str, QuestionDefinition],
    faults: Faults,
) -> None:
    path = f"sections.{section.key}.{question.key}"
    if question.required and question.required_if:
        faults.add(f"{path}.required_if", "is not needed beside “required = true”")
    if question.kind == QuestionKind.EMAIL and not question.identity:
        faults.add(f"{path}.identity", "must be true: an email address says who answers")
    if question.show_if:
        _check_condition(call, f"{path}.show_if", question.show_if, earlier, faults)
    if question.required_if:
        others = {key: q for key, q in call.questions.items() if key != question.key}
        _check_condition(call, f"{path}.required_if", question.required_if, others, faults)
    for name, options in (("options", question.options), ("rows", question.rows)):
        for key in _repeated(option["key"] for option in options):
            faults.add(f"{path}.{name}.{key}", "the key is used twice")
        for label in _repeated(option["label"] for option in options):
            faults.add(f"{path}.{name}", f"two of them are labelled “{label}”")
    for where, option in _options_of(call, question, path):
        if "reveals" in option:
            _check_reveals(section, question, option["reveals"], f"{where}.reveals", faults)
    _check_publication(question, path, faults)


def _check_publication(question: QuestionDefinition, path: str, faults: Faults) -> None:
    """Consent governs every page and file by these keys, so they are fixed."""
    keys = {option["key"] for option in question.options}
    if question.key == "publication" and not (
        question.kind == QuestionKind.RADIO and keys <= set(Publication.values)
    ):
        choices = ", ".join(Publication.values)
        faults.add(path, f"must be of the kind “radio”, with options out of {choices}")
    if question.key == "quote_ok" and not (
        question.kind == QuestionKind.RADIO and keys == {"yes", "no"}
    ):
        faults.add(path, "must be of the kind “radio”, with the options yes and no")


def _check_reveals(
    section: SectionDefinition,
    question: QuestionDefinition,
    target: str,
    path: str,
    faults: Faults,
) -> None:
    keys = [q.key for q in section.questions]
    if target not in keys:
        guess = did_you_mean(target, keys)
        faults.add(path, f"“{target}” is not a question of the same section{guess}")
    elif keys.index(target) <= keys.index(question.key):
        faults.add(path, f"“{target}” must come after “{question.key}”")


def _check_condition(
    call: CallDefinition,
    path: str,
    written: str,
    allowed: dict[str, QuestionDefinition],
    faults: Faults,
) -> None:
    try:
        condition = conditions.parse(written)
    except ValueError as error:
        faults.add(path, str(error))
        return
    for term in condition.terms:
        if term.key in allowed:
            _check_term(call, path, term, allowed[term.key], faults)
        elif term.key not in call.questions:
            guess = did_you_mean(term.key, call.questions)
            faults.add(path, f"“{term.key}” is not a question{guess}")
        elif path.endswith("required_if"):
            faults.add(path, "a question cannot depend on itself")
        else:
            faults.add(
                path, f"“{term.key}” is asked later: what is shown may depend on earlier ones only"
            )


def _check_term(
    call: CallDefinition,
    path: str,
    term: conditions.Term,
    question: QuestionDefinition,
    faults: Faults,
) -> None:
    if question.kind in MULTIPLE_KINDS:
        operators = ("contains",)
    elif question.kind == QuestionKind.RADIO:
        operators = ("=", "!=", "in")
    else:
        faults.add(
            path, f"“{term.key}” is of the kind “{question.kind}”: only choices can be compared"
        )
        return
    if term.operator not in operators:
        instead = " or ".join(f"“{operator}”" for operator in operators)
        reason = f"“{term.operator}” does not go with “{term.key}” ({question.kind}): use {instead}"
        faults.add(path, reason)
    keys = [option["key"] for _, option in _options_of(call, question, "")]
    for value in term.values:
        if value not in keys:
            guess = did_you_mean(value, keys)
            faults.add(path, f"“{value}” is not an option of “{term.key}”{guess}")


def _options_of(
    call: CallDefinition, question: QuestionDefinition, path: str
) -> Iterator[tuple[str, Option]]:
    """Yield each option with its path; those of a question for roles are the call's roles."""
    if question.kind == QuestionKind.ROLES:
        for role in call.roles:
            revealing = {"reveals": role.reveals} if role.reveals else {}
            yield f"roles.{role.key}", {"key": role.key, "label": role.label, **revealing}
    for option in question.options:
        yield f"{path}.options.{option['key']}", option


def _section_of(call: CallDefinition, key: str) -> str:
    return call.section_of[key]


def _repeated(items: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    found: list[str] = []
    for item in items:
        if item in seen and item not in found:
            found.append(item)
        seen.add(item)
    return found
