"""The rules of a call definition that hold between its parts."""

from submissions.calls import conditions
from submissions.calls.states import (
    MULTIPLE_KINDS,
    RESERVED_SECTION_KEYS,
    QuestionKind,
)
from submissions.definitions.consent_rules import check_consent
from submissions.definitions.facet_rules import check_facets
from submissions.definitions.parts import RESERVED_QUESTIONS, options_of, repeated
from submissions.definitions.reachability import check_reachable
from submissions.definitions.reading_retention import check_order
from submissions.definitions.tables import Problems, did_you_mean
from submissions.definitions.types import (
    UNKNOWN_MOMENT,
    CallDefinition,
    QuestionDefinition,
    SectionDefinition,
)

RESERVED_SLUGS = ("sign-in", "sign-out")  # pages under steering/


def check(call: CallDefinition, problems: Problems) -> None:
    """Add what is wrong between the parts of `call`, all of which have their keys and kinds."""
    if UNKNOWN_MOMENT not in {call.opens_at, call.closes_at} and call.closes_at <= call.opens_at:
        problems.add("call.closes", "must be after “opens”")
    if call.closes_at != UNKNOWN_MOMENT:
        check_order(call, problems)
    if call.slug in RESERVED_SLUGS:
        problems.add("call.slug", f"“{call.slug}” is taken by a page of the portal")
    _check_keys(call, problems)
    _check_roles(call, problems)
    _check_columns(call, problems)
    check_facets(call, problems)
    check_consent(call, problems)
    earlier: dict[str, QuestionDefinition] = {}
    for section in call.sections:
        path = f"sections.{section.key}"
        if section.show_if:
            _check_condition(call, f"{path}.show_if", section.show_if, earlier, problems)
        for question in section.questions:
            _check_question(call, section, question, earlier, problems)
            earlier[question.key] = question
    if not problems.lines:
        check_reachable(call, problems)


def _check_keys(call: CallDefinition, problems: Problems) -> None:
    for key in repeated(role.key for role in call.roles):
        problems.add(f"roles.{key}", "there are two roles with this key")
    for key in repeated(section.key for section in call.sections):
        problems.add(f"sections.{key}", "there are two sections with this key")
    for key in (section.key for section in call.sections):
        if key in RESERVED_SECTION_KEYS:
            problems.add(f"sections.{key}", "this key is taken by a page of the portal")
    everywhere = [(s.key, q.key) for s in call.sections for q in s.questions]
    for key in repeated(key for _, key in everywhere):
        where = " and ".join(f"“{section}”" for section, each in everywhere if each == key)
        problems.add(
            f"sections.{_section_of(call, key)}.{key}", f"the key is used twice, in {where}"
        )
    for section, key in everywhere:
        if key in RESERVED_QUESTIONS:
            problems.add(f"sections.{section}.{key}", "this key is taken: choose another")


def _check_roles(call: CallDefinition, problems: Problems) -> None:
    asking = [q.key for s in call.sections for q in s.questions if q.kind == QuestionKind.ROLES]
    if len(asking) > 1:
        path = f"sections.{_section_of(call, asking[1])}.{asking[1]}"
        problems.add(path, f"“{asking[0]}” asks for the roles already")
    if asking and len(call.roles) < 2:
        problems.add("roles", f"there must be two or more, as “{asking[0]}” asks for them")
    if call.roles and not asking:
        problems.add("roles", "no question of the kind “roles” asks for them")
    for label in repeated(role.label for role in call.roles):
        problems.add("roles", f"two of them are labelled “{label}”")


def _check_columns(call: CallDefinition, problems: Problems) -> None:
    """Add a problem for each row of a matrix whose column in the CSV has the name of another.

    The page posts the row's radios by the same name.
    """
    taken = {*call.questions, *RESERVED_QUESTIONS}
    for section in call.sections:
        for question in section.questions:
            for key in dict.fromkeys(row["key"] for row in question.rows):
                column = f"{question.key}_{key}"
                if column in taken:
                    path = f"sections.{section.key}.{question.key}.rows.{key}"
                    problems.add(path, f"its column “{column}” has the name of another column")
                taken.add(column)


def _check_question(
    call: CallDefinition,
    section: SectionDefinition,
    question: QuestionDefinition,
    earlier: dict[str, QuestionDefinition],
    problems: Problems,
) -> None:
    path = f"sections.{section.key}.{question.key}"
    if question.required and question.required_if:
        problems.add(f"{path}.required_if", "is not needed beside “required = true”")
    if question.kind == QuestionKind.EMAIL and not question.identity:
        problems.add(f"{path}.identity", "must be true: an email address says who answers")
    if question.show_if:
        _check_condition(call, f"{path}.show_if", question.show_if, earlier, problems)
    if question.required_if:
        others = {key: q for key, q in call.questions.items() if key != question.key}
        _check_condition(call, f"{path}.required_if", question.required_if, others, problems)
    for name, options in (("options", question.options), ("rows", question.rows)):
        for key in repeated(option["key"] for option in options):
            problems.add(f"{path}.{name}.{key}", "the key is used twice")
        for label in repeated(option["label"] for option in options):
            problems.add(f"{path}.{name}", f"two of them are labelled “{label}”")
    for where, option in options_of(call, question, path):
        if "reveals" in option:
            _check_reveals(section, question, option["reveals"], f"{where}.reveals", problems)


def _check_reveals(
    section: SectionDefinition,
    question: QuestionDefinition,
    target: str,
    path: str,
    problems: Problems,
) -> None:
    keys = [q.key for q in section.questions]
    if target not in keys:
        guess = did_you_mean(target, keys)
        problems.add(path, f"“{target}” is not a question of the same section{guess}")
    elif keys.index(target) <= keys.index(question.key):
        problems.add(path, f"“{target}” must come after “{question.key}”")


def _check_condition(
    call: CallDefinition,
    path: str,
    written: str,
    allowed: dict[str, QuestionDefinition],
    problems: Problems,
) -> None:
    try:
        condition = conditions.parse(written)
    except ValueError as error:
        problems.add(path, str(error))
        return
    for term in condition.terms:
        if term.key in allowed:
            _check_term(call, path, term, allowed[term.key], problems)
        elif term.key not in call.questions:
            guess = did_you_mean(term.key, call.questions)
            problems.add(path, f"“{term.key}” is not a question{guess}")
        elif path.startswith(f"sections.{call.section_of[term.key]}.{term.key}."):
            problems.add(path, "a question cannot depend on itself")
        else:
            problems.add(
                path, f"“{term.key}” is asked later: what is shown may depend on earlier ones only"
            )


def _check_term(
    call: CallDefinition,
    path: str,
    term: conditions.Term,
    question: QuestionDefinition,
    problems: Problems,
) -> None:
    operators: tuple[str, ...]
    if question.kind in MULTIPLE_KINDS:
        operators = ("contains", "in")
    elif question.kind == QuestionKind.RADIO:
        operators = ("=", "!=", "in")
    else:
        problems.add(
            path, f"“{term.key}” is of the kind “{question.kind}”: only choices can be compared"
        )
        return
    if term.operator not in operators:
        instead = " or ".join(f"“{operator}”" for operator in operators)
        reason = f"“{term.operator}” does not go with “{term.key}” ({question.kind}): use {instead}"
        problems.add(path, reason)
    keys = [option["key"] for _, option in options_of(call, question, "")]
    for value in term.values:
        if value not in keys:
            guess = did_you_mean(value, keys)
            problems.add(path, f"“{value}” is not an option of “{term.key}”{guess}")


def _section_of(call: CallDefinition, key: str) -> str:
    return call.section_of[key]
