"""What the cells of the matrix count."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.states import Role
from review.coding.samples import draw_sample
from review.findings.claims import Claim, write_finding
from review.findings.finding_counts import stands_of
from review.matrix.columns import choices_across
from review.matrix.table import matrix_of
from review.models import Cluster, ClusterMember, CodingDecision, DecidedCode
from review.states import ClusterKind, ClusterState, Likeness, MemberState
from submissions.responses import amending
from submissions.responses.models import Submission
from submissions.responses.states import TriageStatus
from tests.makers import OPENS_AT, make_code, make_user, while_open
from tests.review.matrix.matrices import give, matrix_call, numbers, put_under, selected
from tests.review.response_pages import amended

PROVIDES, COMMISSIONS = "I provide services", "I commission services"


@pytest.fixture
def call(db, at):
    call = matrix_call()
    at(while_open(call))
    return call


@pytest.fixture
def ada(call):
    return make_user(Role.REVIEWER, username="ada")


@pytest.fixture
def bea(call):
    return make_user(Role.CODER, username="bea")


def test_cell_counts_responses_and_each_place_once_whoever_coded_it(call, ada, bea):
    pay = make_code(call=call, name="Pay")
    one, other = give(call), give(call, role="commissioner")
    for by in (ada, bea):
        put_under(pay, one, by)
    put_under(pay, one, bea, start=4, end=6)
    put_under(pay, other, ada)
    give(call)
    said, bases = numbers(call, ada)
    assert said == {"Pay": {"all": "2/3", PROVIDES: "1/2", COMMISSIONS: "1/1"}}
    assert bases == {"all": "3", PROVIDES: "2", COMMISSIONS: "1", "Something else": "0"}
    assert numbers(call, ada, coder=ada)[0] == {
        "Pay": {"all": "2/2", PROVIDES: "1/1", COMMISSIONS: "1/1"}
    }


def test_share_is_of_those_in_the_column_who_answered(call, ada):
    pay = make_code(call=call, name="Pay")
    put_under(pay, give(call), ada)
    give(call)
    give(call, role="commissioner", story="", commissioner_view="Mine.")
    [line] = matrix_of(selected(call, ada)).lines
    story = call.questions_by_key["story"]
    [of_story] = matrix_of(selected(call, ada, question=story)).lines
    assert (line.total.share, of_story.total.share) == (33.3, 50)


def test_response_with_several_roles_counts_in_each_and_once_in_all(call, ada):
    pay = make_code(call=call, name="Pay")
    put_under(pay, give(call, role=["provider", "commissioner"]), ada)
    said, bases = numbers(call, ada)
    assert said == {"Pay": {"all": "1/1", PROVIDES: "1/1", COMMISSIONS: "1/1"}}
    assert bases == {"all": "1", PROVIDES: "1", COMMISSIONS: "1", "Something else": "0"}


def test_row_counts_what_stands_below_it_unless_the_code_alone_is_asked_for(call, ada):
    work = make_code(call=call, name="Work")
    pay = make_code(call=call, name="Pay", parent=work)
    wages = make_code(call=call, name="Wages", parent=pay)
    one, other = give(call), give(call)
    put_under(pay, one, ada)
    put_under(wages, one, ada)  # the same place: one passage of “Work”
    put_under(wages, other, ada, start=4, end=6)
    below = {name: line["all"] for name, line in numbers(call, ada)[0].items()}
    alone = {name: line["all"] for name, line in numbers(call, ada, with_below=False)[0].items()}
    assert below == {"Work": "2/2", "Pay": "2/2", "Wages": "2/2"}
    assert alone == {"Work": "0/0", "Pay": "1/1", "Wages": "2/2"}


def test_bands_and_closed_questions_stand_across_too(call, ada):
    pay = make_code(call=call, name="Pay")
    for income in ("none", "low", "high", None):
        response = give(call, income=income, fairness={"money": "poor", "risk": "good"})
        put_under(pay, response, ada)
    found = {
        across: numbers(call, ada, across)[0]["Pay"]
        for across in ("size", "income", "fairness.risk", "declaration", "")
    }
    assert found == {
        "size": {"all": "4/4", "Small": "2/2", "Large": "1/1", "Not answered": "1/1"},
        "income": {
            "all": "4/4",
            "None": "1/1",
            "Under £1,000": "1/1",
            "More": "1/1",
            "Not answered": "1/1",
        },
        "fairness.risk": {"all": "4/4", "Good": "4/4"},
        "declaration": {"all": "4/4", "Ticked": "4/4"},
        "": {"all": "4/4"},
    }
    assert "email" not in choices_across(call)


def make_campaign(call, by, responses):
    """The first of them stands for it."""
    campaign = Cluster.objects.create(
        call=call,
        kind=ClusterKind.TEXT,
        state=ClusterState.CAMPAIGN,
        name="Fair lots",
        found_at=while_open(call),
        decided_by=by,
        decided_at=while_open(call),
        standing=responses[0],
    )
    for response in responses:
        ClusterMember.objects.create(
            cluster=campaign,
            submission=response,
            kind=ClusterKind.TEXT,
            likeness=Likeness.NEAR,
            state=MemberState.CONFIRMED,
            joined_at=while_open(call),
        )


def test_campaign_has_the_base_of_a_finding_where_a_question_is_chosen(call, ada):
    pay = make_code(call=call, name="Pay")
    without = give(call)
    answered = give(call, role="commissioner", commissioner_view="Pay is late.")
    put_under(pay, answered, ada, key="commissioner_view")
    make_campaign(call, ada, [without, answered])
    question = call.questions_by_key["commissioner_view"]
    said, bases = numbers(call, ada, once=True, question=question)
    assert (said["Pay"]["all"], bases["all"]) == ("1/1", "1")
    claim = Claim(
        title="Pay", codes=frozenset({pay.pk}), questions=("commissioner_view",), counts_once=True
    )
    finding = write_finding(call=call, claim=claim, by=ada, at=while_open(call))
    stands = stands_of(call, [finding], reader=ada)[finding.pk]
    assert (len(stands.counted), stands.of) == (1, 1)


def test_campaign_counts_once_where_that_is_asked_for(call, ada):
    pay = make_code(call=call, name="Pay")
    alike = [give(call) for _ in range(3)]
    for response in alike:
        put_under(pay, response, ada)
    make_campaign(call, ada, alike)
    each, once = numbers(call, ada), numbers(call, ada, once=True)
    assert (each[0]["Pay"]["all"], each[1]["all"]) == ("3/3", "3")
    assert (once[0]["Pay"]["all"], once[1]["all"]) == ("1/1", "1")


def test_withdrawn_and_set_aside_responses_count_nowhere(call, ada):
    pay = make_code(call=call, name="Pay")
    stays, withdrawn, aside = (give(call) for _ in range(3))
    for response in (stays, withdrawn, aside):
        put_under(pay, response, ada)
    amending.withdraw(submission=withdrawn, at=while_open(call))
    Submission.objects.filter(pk=aside.pk).update(triage_status=TriageStatus.SET_ASIDE)
    said, bases = numbers(call, ada)
    assert (said["Pay"]["all"], bases["all"]) == ("1/1", "1")


def test_codings_of_an_earlier_version_are_left_out_and_told(call, ada):
    pay = make_code(call=call, name="Pay")
    response = give(call)
    put_under(pay, response, ada)
    amended(response, story="Other words.")
    matrix = matrix_of(selected(call, ada))
    assert (matrix.lines[0].total.responses.number, matrix.earlier) == (0, 1)


def test_coder_of_an_open_blind_sample_does_not_see_what_others_coded(call, ada, bea):
    pay = make_code(call=call, name="Pay")
    response = give(call)
    put_under(pay, response, ada)
    draw_sample(
        call=call,
        size=1,
        coders=[ada, bea],
        facet="",
        is_blind=True,
        by=ada,
        at=while_open(call),
    )
    assert numbers(call, bea)[0]["Pay"]["all"] == "0/0"
    assert numbers(call, ada)[0]["Pay"]["all"] == "1/1"


def test_coding_that_was_decided_against_counts_in_its_own_layer_alone(call, ada, bea):
    pay = make_code(call=call, name="Pay")
    response = give(call)
    coding = put_under(pay, response, bea, end=6)
    put_under(pay, response, ada, start=12, end=17)
    sample = draw_sample(
        call=call, size=1, coders=[ada, bea], facet="", is_blind=False, by=ada, at=OPENS_AT
    )
    decision = CodingDecision.objects.create(
        sample=sample,
        version=coding.version,
        question=coding.question,
        start=0,
        end=12,
        until=12,
        reason="It is about time",
        by=ada,
        at=OPENS_AT,
    )
    DecidedCode.objects.create(decision=decision, code=pay, stands=False)
    assert numbers(call, ada)[0]["Pay"]["all"] == "1/1"
    assert numbers(call, ada, coder=bea)[0]["Pay"]["all"] == "1/1"


def test_matrix_has_a_fixed_number_of_queries(call, ada, django_assert_num_queries):
    def fill(number):
        code = make_code(call=call, name=f"Code {number}")
        put_under(code, give(call), ada)

    fill(0)
    matrix_of(selected(call, ada))
    with CaptureQueriesContext(connection) as asked:
        matrix_of(selected(call, ada))
    for number in range(1, 4):
        fill(number)
    with django_assert_num_queries(len(asked)):
        matrix_of(selected(call, ada))
