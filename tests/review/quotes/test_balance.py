"""What is one-sided about quotes: too many of one respondent or campaign, and sides without any."""

import pytest

from accounts.states import Role
from review.models import Cluster, ClusterMember
from review.quotes.balance import Sides, balance_of
from review.states import ClusterKind, ClusterState, Likeness, MemberState
from submissions.responses.states import TriageStatus
from tests.makers import make_call, make_submitted, make_user, while_open
from tests.review.quotes.quoting import make_quotable, make_quote

pytestmark = pytest.mark.django_db
WORDS = ("Pay", "is", "late", "They", "do")


@pytest.fixture
def call():
    return make_call()


def quotes_from(call, *numbers, roles="provider"):
    """So many quotes of a response each."""
    found = []
    for number in numbers:
        response = make_quotable(call, roles=[roles])
        found += [make_quote(response, words) for words in WORDS[:number]]
    return found


@pytest.mark.parametrize(
    ("numbers", "warned"),
    [((1,), []), ((2,), [0]), ((1, 1), []), ((2, 1, 1, 1, 1), []), ((3, 1, 2), [0])],
)
def test_too_many_are_more_than_a_third_and_two_or_more(call, numbers, warned):
    quotes = quotes_from(call, *numbers)
    names = list(dict.fromkeys(str(one.version.submission) for one in quotes))
    assert balance_of(quotes, call).too_many == [
        f"Too many from one respondent: {numbers[place]} of {len(quotes)} quotes are from "
        f"{names[place]}"
        for place in warned
    ]


def test_quotes_of_one_campaign_are_too_many_together(call):
    quotes = quotes_from(call, 1, 1, 1)
    campaign = Cluster.objects.create(
        call=call,
        kind=ClusterKind.TEXT,
        state=ClusterState.CAMPAIGN,
        name="Fair pay",
        found_at=while_open(call),
        decided_by=make_user(Role.MANAGER),
        decided_at=while_open(call),
    )
    for quote in quotes[:2]:
        ClusterMember.objects.create(
            cluster=campaign,
            submission=quote.version.submission,
            kind=ClusterKind.TEXT,
            likeness=Likeness.NEAR,
            state=MemberState.CONFIRMED,
            joined_at=while_open(call),
        )
    said = "Too many from one campaign: 2 of 3 quotes are of “Fair pay”"
    assert balance_of(quotes, call).too_many == [said]
    ClusterMember.objects.update(state=MemberState.REJECTED)
    assert balance_of(quotes, call).too_many == []


def test_side_that_nobody_is_quoted_from_is_named(call):
    quotes = quotes_from(call, 1, 1)
    assert balance_of(quotes, call).warnings == []
    make_submitted(call, roles=["commissioner"])
    (sides,) = balance_of(quotes, call).sides
    assert sides.is_one_sided
    assert str(sides) == (
        "One side only, by role: all are from “I provide services”, none from "
        "“I commission services”"
    )
    quotes += quotes_from(call, 1, roles="commissioner")
    assert balance_of(quotes, call).warnings == []
    make_submitted(call, roles=["other"])
    (sides,) = balance_of(quotes, call).sides
    assert (sides.is_one_sided, str(sides)) == (False, "By role, none is from “Something else”")


def test_question_that_no_quoted_response_answers_is_named_without_its_options():
    sides = Sides(by="area", said=[], without=["North East", "Wales"])
    assert str(sides) == "By area, none is from a response that answers this question"


def test_side_of_a_response_that_is_set_aside_is_not_missed(call):
    quotes = quotes_from(call, 1)
    aside = make_submitted(call, roles=["commissioner"])
    aside.triage_status = TriageStatus.SET_ASIDE
    aside.save()
    assert balance_of(quotes, call).warnings == []


def test_no_quotes_are_not_one_sided(call):
    make_submitted(call)
    assert balance_of([], call).warnings == []
