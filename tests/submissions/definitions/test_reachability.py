"""A question that can never be asked is refused, with the place and the reason."""

import pytest

from submissions.definitions.errors import DefinitionRefused
from submissions.definitions.loading import parse
from tests.makers import SMALL

HEAD = SMALL.read_text(encoding="utf-8")
HEAD = HEAD[: HEAD.index("[[roles]]")] + 'publication = "not asked"\n'
YES_NO = 'options = [{ key = "yes", label = "Yes" }, { key = "no", label = "No" }]'


def question(key, more="", *, kind="radio", options=YES_NO):
    options = options if kind in {"radio", "checkboxes"} else ""
    lines = (f'key = "{key}"', f'kind = "{kind}"', f'label = "{key}?"', options, more)
    return "\n".join(("[[sections.questions]]", *lines)) + "\n"


def section(*questions, key="one", more=""):
    return f'[[sections]]\nkey = "{key}"\ntitle = "{key}"\n{more}\n' + "".join(questions)


def problems_of(*sections):
    try:
        parse(HEAD + "".join(sections), source="f")
    except DefinitionRefused as refused:
        return refused.problems
    return []


def shown(condition):
    return f'show_if = "{condition}"'


def test_chain_that_can_be_asked_is_taken():
    chain = (
        question("a"),
        question("b", shown("a = yes")),
        question("c", shown("b = yes and a != no"), kind="long"),
    )
    assert problems_of(section(*chain)) == []


def test_chain_that_contradicts_itself_is_refused_at_its_last_link():
    chain = (
        question("a"),
        question("b", shown("a = yes")),
        question("c", shown("b = yes and a = no")),
        question("d", shown("c = yes"), kind="long"),
    )
    assert problems_of(section(*chain)) == [
        "f: sections.one.c.show_if: can never be asked: nobody’s answer meets "
        "“a = yes” (sections.one.b.show_if) and “a = no” (sections.one.c.show_if)"
    ]


def test_section_that_contradicts_its_question_is_refused():
    first = section(question("a"), question("b", shown("a != yes")))
    second = section(question("c", shown("a = yes")), key="two", more=shown("b = yes"))
    assert problems_of(first, second) == [
        "f: sections.two.c.show_if: can never be asked: nobody’s answer meets "
        "“a != yes” (sections.one.b.show_if) and “a = yes” (sections.two.c.show_if)"
    ]


def test_section_that_contradicts_itself_is_refused_once():
    first = section(question("a"))
    second = section(question("b"), question("c"), key="two", more=shown("a = yes and a = no"))
    assert problems_of(first, second) == [
        "f: sections.two.show_if: can never be asked: nobody’s answer meets "
        "“a = yes” (sections.two.show_if) and “a = no” (sections.two.show_if)"
    ]


def test_revealed_question_with_another_condition_is_refused():
    revealing = YES_NO.replace('label = "No"', 'label = "No", reveals = "b"')
    chain = (question("a", options=revealing), question("b", shown("a = yes")))
    assert problems_of(section(*chain)) == [
        "f: sections.one.a.options.no.reveals: can never be asked: nobody’s answer meets "
        "“a = yes” (sections.one.b.show_if) and “a = no” (sections.one.a.options.no.reveals)"
    ]


def test_question_revealed_by_two_others_is_refused():
    revealing = YES_NO.replace('label = "No"', 'label = "No", reveals = "c"')
    chain = (question("a", options=revealing), question("b", options=revealing), question("c"))
    assert problems_of(section(*chain)) == [
        "f: sections.one.b.options.no.reveals: “c” is revealed by “a” already"
    ]


@pytest.mark.parametrize(("exclusive", "refused"), [("", False), (", exclusive = true", True)])
def test_options_that_exclude_each_other_are_never_chosen_together(exclusive, refused):
    options = YES_NO.replace('label = "No"', f'label = "No"{exclusive}')
    chain = (
        question("a", kind="checkboxes", options=options),
        question("b", shown("a contains yes")),
        question("c", shown("b = yes and a contains no")),
    )
    found = problems_of(section(*chain))
    assert found == (
        [
            "f: sections.one.c.show_if: can never be asked: nobody’s answer meets "
            "“a contains yes” (sections.one.b.show_if) and "
            "“a contains no” (sections.one.c.show_if)"
        ]
        if refused
        else []
    )


def test_requirement_that_can_never_hold_where_it_is_asked_is_refused():
    chain = (
        question("a"),
        question("b", 'show_if = "a = yes"\nrequired_if = "a = no"', kind="long"),
    )
    assert problems_of(section(*chain)) == [
        "f: sections.one.b.required_if: can never be true where the question is asked: "
        "nobody’s answer meets “a = yes” (sections.one.b.show_if) and "
        "“a = no” (sections.one.b.required_if)"
    ]


def test_requirement_over_a_question_that_follows_this_one_is_refused():
    chain = (question("a", 'required_if = "b = yes"'), question("b", shown("a = yes")))
    assert problems_of(section(*chain)) == [
        "f: sections.one.a.required_if: goes in a circle: “b” is asked only after “a”"
    ]


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        (
            "c = yes",
            "“c” is asked later: what is shown may depend on earlier ones only",
        ),
        ("b = yes", "a question cannot depend on itself"),
    ],
)
def test_circle_of_conditions_is_refused(condition, why):
    chain = (question("a"), question("b", shown(condition)), question("c", shown("b = yes")))
    assert problems_of(section(*chain)) == [f"f: sections.one.b.show_if: {why}"]


def test_section_that_depends_on_its_own_question_is_refused():
    assert problems_of(section(question("a"), more=shown("a = yes"))) == [
        "f: sections.one.show_if: “a” is asked later: what is shown may depend on earlier ones only"
    ]
