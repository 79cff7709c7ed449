"""What the team writes in a cell: kept, never overwritten, ended with a response."""

import pytest

from accounts.models import AuditEvent
from accounts.states import Action, Role
from review.coding.codebook import merge_codes
from review.coding.forgetting import ERASED
from review.coding.samples import draw_sample
from review.errors import CodingRefused
from review.matrix.summaries import (
    Cell,
    SummaryConflict,
    by_cell,
    latest_summaries,
    of_merged,
    summaries_of,
    write_summary,
)
from review.models import MatrixSummary
from submissions.responses.states import ErasureScope
from tests.makers import OPENS_AT, make_code, make_user, while_open, withhold
from tests.personal_data.erasures import erase
from tests.review.matrix.matrices import give, matrix_call

CELL = Cell("roles", "provider")


@pytest.fixture
def call(db, at):
    call = matrix_call()
    at(while_open(call))
    return call


@pytest.fixture
def pay(call):
    return make_code(call=call, name="Pay")


@pytest.fixture
def ada(call):
    return make_user(Role.CODER, username="ada")


@pytest.fixture
def bea(call):
    return make_user(Role.CODER, username="bea")


def write(code, by, text, expected=0, cell=CELL):
    return write_summary(code, cell, text=text, expected=expected, by=by, at=OPENS_AT)


def texts(code, cell=CELL):
    return [(row.number, row.text, str(row.by)) for row in summaries_of(code, cell)]


def test_each_wording_is_kept_and_the_latest_holds(call, pay, ada, bea):
    write(pay, ada, "They are paid late.\r\nAlways. ")
    write(pay, bea, "They are paid very late.", expected=1)
    write(pay, bea, "They are paid very late.", expected=2)  # the same again
    assert texts(pay) == [
        (2, "They are paid very late.", "bea"),
        (1, "They are paid late.\nAlways.", "ada"),
    ]
    assert {key: row.number for key, row in latest_summaries(call).items()} == {(pay.pk, CELL): 2}
    events = AuditEvent.objects.filter(action="matrix_summarised").order_by("pk")
    assert [event.detail["number"] for event in events] == [1, 2]
    assert events[0].detail == {
        "code": pay.pk,
        "across": "roles",
        "option": "provider",
        "number": 1,
    }


def test_summary_is_kept_without_what_the_database_cannot_hold(pay, ada):
    write(pay, ada, "\0Paid\0 late.")
    assert texts(pay) == [(1, "Paid late.", "ada")]


def test_writing_over_somebody_else_is_refused_with_what_they_wrote(pay, ada, bea):
    write(pay, ada, "Late.")
    with pytest.raises(SummaryConflict) as refused:
        write(pay, bea, "Low.")
    assert (refused.value.latest.text, refused.value.latest.by) == ("Late.", ada)
    write(pay, ada, "Late.")  # a second press
    assert texts(pay) == [(1, "Late.", "ada")]


def test_emptied_summary_is_shown_nowhere_but_among_its_wordings(call, pay, ada):
    write(pay, ada, "Late.")
    write(pay, ada, "", expected=1)
    assert latest_summaries(call) == {}
    assert [number for number, _, _ in texts(pay)] == [2, 1]


def test_who_may_not_code_writes_nothing(call, pay):
    reader = make_user(Role.REVIEWER)
    withhold(reader, Action.CODE)
    with pytest.raises(CodingRefused, match="You may not write in this matrix"):
        write(pay, reader, "Late.")
    assert not MatrixSummary.objects.exists()


def test_coder_of_a_blind_sample_writes_when_they_are_done(call, pay, ada, bea):
    give(call)
    boss = make_user(Role.MANAGER)
    draw_sample(call=call, size=1, coders=[ada, bea], facet="", is_blind=True, by=boss, at=OPENS_AT)
    with pytest.raises(CodingRefused, match="You code a blind sample"):
        write(pay, ada, "Late.")
    write(pay, boss, "Late.")


def test_summary_of_a_merged_code_is_found_at_the_other(call, pay, ada):
    wages = make_code(call=call, name="Wages")
    for number, text in enumerate(("Lowest.", "Lower.", "Low.")):
        write(wages, ada, text, expected=number)
    merge_codes(wages, into=pay, by=make_user(Role.REVIEWER), at=OPENS_AT)
    standing, earlier = of_merged(pay, CELL)
    assert [(row.text, row.code.name) for row in standing] == [("Low.", "Wages")]
    assert [row.text for row in earlier] == ["Lower.", "Lowest."]
    write(pay, ada, "Late.")
    assert [row.text for row in by_cell(latest_summaries(call))[pay.pk, CELL]] == ["Late.", "Low."]
    with pytest.raises(CodingRefused, match="has been merged"):
        write(wages, ada, "Least.", expected=3)


@pytest.mark.parametrize(
    ("scope", "gone"),
    [(ErasureScope.RESPONSE, {1, 2}), (ErasureScope.IDENTITY, {2}), (ErasureScope.FILES, set())],
)
def test_summaries_end_with_the_response_that_they_quote(call, pay, ada, scope, gone):
    response = give(call, story="The prime kept half of it.", email="zoe@example.org")
    write(pay, ada, "One said: “The prime kept half of it.”")
    write(pay, ada, "As zoe@example.org said.", expected=1)
    write(pay, ada, "Primes keep too much.", expected=2)
    wages = make_code(call=call, name="Wages")
    write(wages, ada, "“The prime kept half of it.”")
    erase(response, at=while_open(call), scope=scope)
    assert {number for number, text, _ in texts(pay) if text == ERASED} == gone
    assert texts(pay)[0][1] == "Primes keep too much."
    if scope == ErasureScope.RESPONSE:  # saved from a page that showed it before
        with pytest.raises(SummaryConflict):
            write(wages, ada, "“The prime kept half of it.” So it is.", expected=1)
