"""What is not asked does not count, however long the chain of conditions that rules it out."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from submissions.calls.models import Question, Section
from submissions.calls.models.questionnaire import Questionnaire
from submissions.calls.states import QuestionKind
from submissions.responses.answering import asked_questions, validation_issues
from tests.makers import YES_NO, make_call

KINDS = [QuestionKind.RADIO, QuestionKind.CHECKBOXES, QuestionKind.LONG, QuestionKind.FILE]
CHOICES = {QuestionKind.RADIO, QuestionKind.CHECKBOXES}
KEYS = ["x", "y", "z"]


class Asking:
    """As much of a call as the rule reads."""

    def __init__(self, questionnaire):
        self.questionnaire = questionnaire
        self.needs_evidence = False


@st.composite
def conditions_over(draw, questions):
    controllers = [q for q in questions if q.kind in CHOICES]
    terms = []
    for controller in draw(
        st.lists(st.sampled_from(controllers), max_size=2) if controllers else st.just([])
    ):
        value = draw(st.sampled_from(KEYS))
        if controller.kind == QuestionKind.CHECKBOXES:
            terms.append(f"{controller.key} contains {value}")
        else:
            operator = draw(st.sampled_from(["=", "!=", "in"]))
            terms.append(f"{controller.key} {operator} {value}")
    return " and ".join(terms)


@st.composite
def calls(draw):
    """A call with up to nine questions in up to three sections; any may depend on earlier ones."""
    questions, sections = [], []
    for place in range(draw(st.integers(1, 3))):
        section = Section(
            pk=place, key=f"s{place}", title="", show_if=draw(conditions_over(questions))
        )
        sections.append(section)
        inside = []
        for _ in range(draw(st.integers(1, 3))):
            number = len(questions)
            kind = draw(st.sampled_from(KINDS))
            revealing = [q for q in inside if q.kind in CHOICES]
            question = Question(
                pk=number,
                key=f"q{number}",
                kind=kind,
                label=f"Question {number}",
                show_if=draw(conditions_over(questions)),
                required=draw(st.booleans()),
                options=[{"key": key, "label": key} for key in KEYS] if kind in CHOICES else [],
            )
            if not question.required:
                question.required_if = draw(conditions_over(questions))
            if revealing and draw(st.booleans()):
                option = draw(st.sampled_from(draw(st.sampled_from(revealing)).options))
                option.setdefault("reveals", question.key)
            question.section = section
            questions.append(question)
            inside.append(question)
    return Asking(Questionnaire((), tuple(sections), questions, None))


@st.composite
def calls_and_answers(draw):
    call = draw(calls())
    values = {
        QuestionKind.RADIO: st.sampled_from(KEYS),
        QuestionKind.CHECKBOXES: st.lists(st.sampled_from(KEYS), min_size=1, unique=True),
        QuestionKind.LONG: st.just("Words"),
    }
    answers = {
        q.key: draw(values[q.kind])
        for q in call.questionnaire.questions
        if q.kind in values and draw(st.booleans())
    }
    return call, answers


def is_met(term, answer):
    given = answer if isinstance(answer, list) else [answer]
    return (
        (not set(given) & set(term.values))
        if term.operator == "!="
        else bool(set(given) & set(term.values))
    )


def least_fixpoint(questionnaire, answers):
    """Begin with nothing, and add what those that are there already ask, till nothing is new."""
    asked = set()
    while True:
        more = {
            key
            for key, condition in questionnaire.conditions.items()
            if all(
                t.key in asked and t.key in answers and is_met(t, answers[t.key])
                for t in condition.terms
            )
        }
        if more == asked:
            return asked
        asked = more


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@pytest.mark.no_cover
@given(calls_and_answers())
def test_what_is_asked_is_the_least_fixpoint_and_nothing_else_is_demanded(given_call):
    call, answers = given_call
    expected = least_fixpoint(call.questionnaire, answers)
    assert {q.key for q in asked_questions(call, answers)} == expected
    assert set(call.questionnaire.answers_that_count(answers)) == expected & set(answers)
    for needs_evidence in (False, True):
        call.needs_evidence = needs_evidence
        # A response for want of evidence is led to a question that is asked, too.
        assert {issue.key for issue in validation_issues(call, answers, {})} <= expected
    # What was answered out of sight changes nothing of all this.
    counting = call.questionnaire.answers_that_count(answers)
    assert asked_questions(call, counting) == asked_questions(call, answers)
    assert validation_issues(call, counting, {}) == validation_issues(call, answers, {})
    assert call.questionnaire.required(counting) == call.questionnaire.required(answers)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@pytest.mark.no_cover
@given(calls_and_answers(), st.data())
def test_what_cannot_be_asked_stays_so_whatever_else_is_answered(given_call, data):
    call, answers = given_call
    ruled_out = {k for k, asked in call.questionnaire.asked(answers).items() if asked is False}
    more = {
        q.key: "x" if q.kind == QuestionKind.RADIO else ["x"]
        for q in call.questionnaire.questions
        if q.kind in CHOICES and q.key not in answers and data.draw(st.booleans())
    }
    asked = call.questionnaire.asked(answers | more)
    assert {key for key in ruled_out if asked[key] is not False} == set()


A = {"key": "a", "kind": "radio", "label": "A?", "options": YES_NO}
B = {"key": "b", "kind": "radio", "label": "B?", "options": YES_NO, "show_if": "a = yes"}
C = {"key": "c", "kind": "long", "label": "C?", "required": True, "show_if": "b = yes"}
F = {"key": "f", "kind": "file", "label": "F?", "show_if": "b = yes", "file_types": ["txt"]}
D = {"key": "d", "kind": "long", "label": "D?", "required_if": "b = yes"}
CHAIN = [A, B, C, F, D]


@pytest.mark.django_db
def test_chain_is_asked_link_by_link():
    call = make_call(about_questions=CHAIN, evidence_questions=[], needs_evidence=False)
    for answers, asked, demanded in [
        ({}, ["a", "d"], []),
        ({"a": "yes"}, ["a", "b", "d"], []),
        ({"a": "yes", "b": "yes"}, ["a", "b", "c", "f", "d"], ["c", "d"]),
        ({"a": "yes", "b": "no"}, ["a", "b", "d"], []),
        ({"a": "no", "b": "yes"}, ["a", "d"], []),
        ({"b": "yes"}, ["a", "d"], []),
    ]:
        found = [q.key for q in asked_questions(call, answers)]
        issues = [issue.key for issue in validation_issues(call, answers, {})]
        assert (answers, found, issues) == (answers, asked, demanded)


@pytest.mark.django_db
def test_evidence_that_is_asked_of_nobody_yet_is_sought_where_it_is_decided():
    call = make_call(about_questions=[A, B, C], evidence_questions=[])
    assert [issue.key for issue in validation_issues(call, {}, {})] == ["a"]
    assert [issue.key for issue in validation_issues(call, {"a": "yes"}, {})] == ["b"]
    assert validation_issues(call, {"a": "no"}, {}) == []


@pytest.mark.django_db
def test_file_out_of_sight_is_no_evidence():
    call = make_call(about_questions=[A, B, C, F, D], evidence_questions=[])
    assert [i.key for i in validation_issues(call, {"a": "no", "b": "yes"}, {"f": 1})] == ["d"]


@pytest.mark.django_db
def test_section_and_option_and_role_follow_the_same_rule():
    roles = [
        {"key": "one", "label": "One", "reveals": "first"},
        {"key": "two", "label": "Two"},
    ]
    about = [
        {"key": "roles", "kind": "roles", "label": "Who?"},
        {
            "key": "first",
            "kind": "radio",
            "label": "First?",
            "options": [{"key": "yes", "label": "Yes", "reveals": "second"}, YES_NO[1]],
        },
        {"key": "second", "kind": "radio", "label": "Second?", "options": YES_NO},
    ]
    evidence = [{"key": "third", "kind": "long", "label": "Third?", "required": True}]
    call = make_call(roles=roles, about_questions=about, evidence_questions=evidence)
    Section.objects.filter(call=call, key="evidence").update(show_if="second = yes")
    call.refresh_from_db()
    call = type(call).objects.get(pk=call.pk)
    answers = {"roles": ["one"], "first": "yes", "second": "yes"}
    assert [q.key for q in asked_questions(call, answers)] == ["roles", "first", "second", "third"]
    answers["roles"] = ["two"]
    assert [q.key for q in asked_questions(call, answers)] == ["roles"]
    assert validation_issues(call, answers, {}) == []
