"""The tables of every closed question, against responses counted by hand."""

import json
from fractions import Fraction
from itertools import product

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from exports.counts.answers import count_answers
from exports.counts.closed import NOT_ANSWERED, NOT_ASKED, closed_questions
from exports.counts.tables import question_tables
from exports.filters import ExportFilter
from exports.types import Dataset
from submissions.calls.models import Call, Question
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState
from tests.exports.counted_call import NOW
from tests.makers import EVIDENCE, YES_NO, make_call, make_draft, make_submitted

pytestmark = pytest.mark.django_db
TERMS = {
    "key": "terms",
    "kind": "radio",
    "label": "Do you set the terms?",
    "show_if": "roles contains commissioner",
    "options": YES_NO,
}


def make_answered(**overrides):
    """Seven that count: three provide, two commission, one does both, one is confidential."""
    call = make_call(slug="the-call", evidence_questions=[*EVIDENCE, TERMS], **overrides)
    poor = {"money": "poor", "risk": "good"}
    make_submitted(call, roles=["provider"], history=["bid", "led"], fairness=poor)
    make_submitted(call, roles=["provider"], history=["bid"], fairness={"money": "poor"})
    make_submitted(call, roles=["provider"], quote_ok="no", publication="anonymous")
    make_submitted(call, roles=["commissioner"], terms="yes", history=["none"])
    make_submitted(call, roles=["commissioner"], terms="no")
    make_submitted(call, roles=["provider", "commissioner"])
    make_submitted(call, roles=["other"], history=["led"], publication="confidential")
    make_draft(call, roles=["other"], history=["led"])
    gone = make_submitted(call, roles=["other"], history=["led"])
    Submission.objects.filter(pk=gone.pk).update(state=SubmissionState.WITHDRAWN, withdrawn_at=NOW)
    make_submitted(make_call(slug="another"), history=["led"])
    return Call.objects.get(pk=call.pk)


def tables_of(call, **filters):
    return question_tables(count_answers(Dataset(call, ExportFilter(**filters))))


def numbers(table):
    return {option.key: option.responses for option in table.options}


def test_every_closed_question_is_counted_with_who_was_asked_and_answered():
    tables = tables_of(make_answered())
    assert {key: numbers(table) for key, table in tables.items()} == {
        "roles": {"provider": 4, "commissioner": 3, "other": 0, NOT_ANSWERED: 0},
        "age": {"adult": 6, "child": 0, NOT_ANSWERED: 0},
        "history": {"bid": 2, "led": 1, "none": 1, NOT_ANSWERED: 3},
        "fairness.money": {"poor": 2, "good": 0, NOT_ANSWERED: 4},
        "fairness.risk": {"poor": 0, "good": 1, NOT_ANSWERED: 5},
        "publication": {
            "named": 5,
            "organisation": 0,
            "anonymous": 1,
            "confidential": 1,
            NOT_ANSWERED: 0,
        },
        "quote_ok": {"yes": 5, "no": 1, NOT_ANSWERED: 0, NOT_ASKED: 0},
        "declaration": {"yes": 6, NOT_ANSWERED: 0},
        "terms": {"yes": 1, "no": 1, NOT_ANSWERED: 1, NOT_ASKED: 3},
    }
    base = {key: (table.asked.number, table.answered.number) for key, table in tables.items()}
    assert base == {
        "roles": (6, 6),
        "age": (6, 6),
        "history": (6, 3),
        "fairness.money": (6, 2),
        "fairness.risk": (6, 1),
        "publication": (7, 7),
        "quote_ok": (6, 6),
        "declaration": (6, 6),
        "terms": (3, 2),
    }
    terms = tables["terms"]
    assert [terms.share(option) for option in terms.options] == [Fraction(1, 3)] * 3 + [None]


def test_filter_narrows_what_is_counted():
    tables = tables_of(make_answered(), facets={"roles": ("commissioner",)})
    assert numbers(tables["roles"]) == {
        "provider": 1,
        "commissioner": 3,
        "other": 0,
        NOT_ANSWERED: 0,
    }
    assert numbers(tables["history"]) == {"bid": 0, "led": 0, "none": 1, NOT_ANSWERED: 2}


def test_confidential_evidence_is_counted_for_those_who_may_have_it():
    call = make_answered()
    answers = count_answers(Dataset(call, confidential=True))
    assert (answers.total, answers.withheld) == (7, 0)
    tables = question_tables(answers)
    assert numbers(tables["roles"])["other"] == 1
    assert numbers(tables["history"])["led"] == 2
    assert numbers(tables["quote_ok"])[NOT_ASKED] == 1
    assert numbers(tables["publication"])["confidential"] == 1


def test_answers_of_an_earlier_revision_count_as_they_were_given():
    call = make_answered()
    history = Question.objects.get(call=call, key="history")
    history.options = [option for option in history.options if option["key"] != "led"]
    history.save()
    # Nobody would be asked any more; who answered was.
    Question.objects.filter(call=call, key="terms").update(show_if="roles contains other")
    call = Call.objects.get(pk=call.pk)
    tables = tables_of(call)
    assert numbers(tables["history"]) == {"bid": 2, "none": 1, "led": 1, NOT_ANSWERED: 3}
    assert [o.label for o in tables["history"].options] == ["Bid alone", "None of these", "led", ""]
    assert numbers(tables["terms"]) == {"yes": 1, "no": 1, NOT_ANSWERED: 0, NOT_ASKED: 4}


def test_question_of_another_kind_before_is_counted_by_what_was_chosen():
    call = make_answered()
    Question.objects.filter(call=call, key="history").update(kind="radio")
    Question.objects.filter(call=call, key="fairness").update(
        kind="checkboxes", rows=[], options=[{"key": "poor", "label": "Poor"}]
    )
    tables = tables_of(Call.objects.get(pk=call.pk))
    assert numbers(tables["history"]) == {"bid": 2, "led": 1, "none": 1, NOT_ANSWERED: 3}
    assert numbers(tables["fairness"]) == {"poor": 0, NOT_ANSWERED: 6}


def test_one_query_counts_all_however_many_questions_and_responses_there_are():
    call = make_answered()
    for more in (0, 2):
        for _ in range(more):
            make_submitted(call, history=["bid"])
        with CaptureQueriesContext(connection) as queries:
            tables_of(call)
        assert len(queries) == 1
    assert ".texts" not in queries[0]["sql"]


def test_question_about_who_answers_is_not_counted():
    asked = {"key": "title", "kind": "radio", "label": "Title", "identity": True, "options": YES_NO}
    call = make_call(evidence_questions=[asked])
    make_submitted(call, title="yes")
    assert [each.key for each in closed_questions(call)] == ["roles", "age"]


def make_asked_of_some(counts):
    """A call that hides small counts; `counts` are (role, terms or None, number)."""
    call = make_call(
        slug="the-call", evidence_questions=[TERMS], hides_small_counts=True, needs_evidence=False
    )
    for role, terms, number in counts:
        for _ in range(number):
            make_submitted(call, roles=[role], **({"terms": terms} if terms else {}))
    return Call.objects.get(pk=call.pk)


def test_small_role_is_not_told_by_who_was_asked():
    tables = tables_of(make_asked_of_some([("commissioner", "yes", 3), ("provider", None, 9)]))
    assert numbers(tables["roles"])["commissioner"] is None
    terms = tables["terms"]
    assert set(numbers(terms).values()) == {None}
    assert (terms.asked.number, terms.answered.number) == (None, None)
    assert [terms.share(option) for option in terms.options] == [None] * 4


def test_small_number_without_an_answer_is_not_told_by_those_asked():
    call = make_asked_of_some(
        [
            ("commissioner", "yes", 11),
            ("commissioner", "no", 9),
            ("commissioner", None, 2),
            ("provider", None, 30),
        ]
    )
    terms = tables_of(call)["terms"]
    # 22 were asked, as the roles tell: 22 less 11 and 9 would be the 2.
    assert numbers(terms) == {"yes": 11, "no": None, NOT_ANSWERED: None, NOT_ASKED: 30}
    assert (terms.asked.number, terms.answered.number) == (22, None)


def test_number_without_an_answer_is_hidden_among_those_asked_where_most_answered():
    """Few left it open. The roles tell that 21 were asked; 21 less 8 and 10 would be the 3."""
    few = [("commissioner", "yes", 8), ("commissioner", "no", 10), ("commissioner", None, 3)]
    terms = tables_of(make_asked_of_some([*few, ("provider", None, 7)]))["terms"]
    assert numbers(terms)[NOT_ANSWERED] is None
    assert [numbers(terms)["yes"], numbers(terms)["no"]].count(None) == 1


def test_small_option_of_several_is_not_told_by_how_many_answered():
    """Of 16 who answered, two options of 6 and a small one would tell that this is 4."""
    call = make_call(hides_small_counts=True)
    for key, number in (("bid", 6), ("led", 6), ("none", 4)):
        for _ in range(number):
            make_submitted(call, history=[key])

    def shown():
        options = tables_of(Call.objects.get(pk=call.pk))["history"].options
        return {one.key: one.responses or one.is_few for one in options}

    assert shown() == {"bid": 6, "led": 6, "none": False, NOT_ANSWERED: False}
    make_submitted(call, history=["bid", "led"])  # who overlap leave room for 3
    assert shown() == {"bid": 7, "led": 7, "none": True, NOT_ANSWERED: False}


def test_few_who_answered_are_not_told_by_those_who_did_not():
    """30 less 10 and 17 would be 3."""
    few = [("commissioner", "yes", 1), ("commissioner", "no", 2), ("commissioner", None, 10)]
    terms = tables_of(make_asked_of_some([*few, ("provider", None, 17)]))["terms"]
    assert (numbers(terms)[NOT_ANSWERED], numbers(terms)[NOT_ASKED]) == (None, None)


def test_few_responses_hide_every_number_of_every_table():
    tables = tables_of(make_asked_of_some([("provider", None, 4)]))
    assert {number for table in tables.values() for number in numbers(table).values()} == {None}
    assert {option.is_few for table in tables.values() for option in table.options} == {False}


def test_few_confidential_responses_are_not_told_by_a_base():
    call = make_call(hides_small_counts=True)
    for _ in range(9):
        make_submitted(call, history=["bid"])
    for _ in range(8):
        make_submitted(call, publication="anonymous", history=["led"])
    for _ in range(2):
        make_submitted(call, publication="confidential")
    tables = tables_of(Call.objects.get(pk=call.pk))
    assert {
        (table.asked.number, table.answered.number)
        for key, table in tables.items()
        if key != "publication"
    } == {(None, None)}
    publication = numbers(tables["publication"])
    assert publication["confidential"] is None
    assert [publication["named"], publication["anonymous"]].count(None) == 1


@pytest.mark.parametrize(
    "numbers_given", [(3, 9, 6, 7), (6, 4, 1, 10), (9, 1, 1, 9), (10, 8, 2, 7), (5, 5, 3, 3)]
)
def test_no_hidden_count_follows_from_all_that_is_shown(numbers_given):
    """Try every way in which the hidden counts could be: each has two values or more."""
    yes, no, silent, others = numbers_given
    call = make_asked_of_some(
        [
            ("commissioner", "yes", yes),
            ("commissioner", "no", no),
            ("commissioner", None, silent),
            ("provider", None, others),
        ]
    )
    total = sum(numbers_given)
    tables = tables_of(call)
    roles, terms = tables["roles"], tables["terms"]
    possible = {}
    for guess in product(*(_could_be(option, total) for option in terms.options[:3])):
        left = total - sum(guess)
        if left < 0:
            continue
        parts = dict(zip(("yes", "no", NOT_ANSWERED, NOT_ASKED), (*guess, left), strict=True))
        of_roles = {"commissioner": sum(guess), "provider": left, "other": 0, NOT_ANSWERED: 0}
        if not (_fits(terms, parts) and _fits(roles, of_roles)):
            continue
        base = (terms.asked.number, terms.answered.number)
        if any(
            shown not in (None, true)
            for shown, true in zip(base, (sum(guess), sum(guess[:2])), strict=True)
        ):
            continue
        for key, number in {**parts, **of_roles}.items():
            possible.setdefault(key or json.dumps(key), set()).add(number)
    small = [
        option.key
        for table in (roles, terms)
        for option in table.options
        if option.is_few and option.key
    ]
    assert [key for key in small if len(possible[key]) < 2] == []


def _could_be(option, total):
    """What the option's number may be by what is shown of it alone."""
    if option.responses is not None:
        return [option.responses]
    return range(1, 5) if option.is_few else range(total + 1)


def _fits(table, guess):
    """Whether these numbers could be the table's, as far as it shows them."""
    for option in table.options:
        number = guess[option.key]
        if option.responses is not None:
            if number != option.responses:
                return False
        elif option.is_few and not 1 <= number <= 4:
            return False
    return True
