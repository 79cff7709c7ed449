"""Two people who decide about one difference at the same moment."""

import pytest

from accounts.states import Role
from review.agreement.deciding import Decision, decide
from review.errors import DecisionOutdated
from review.models import CodingDecision
from tests.makers import make_call, make_submitted, while_open
from tests.review.agreement.codings import PAY, STORY, be_done, code, draw
from tests.review.agreement.test_deciding import differing
from tests.review.coding_pages import coder
from tests.threads import at_once


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_one_is_refused(at):
    call = make_call()
    at(while_open(call))
    people = [coder(call, name) for name in ("ada", "bea")]
    bosses = [coder(call, name, Role.MANAGER) for name in ("boss", "chief")]
    response = make_submitted(call, story=STORY)
    sample = draw(call, people, bosses[0])
    code(response, people[0], PAY)
    be_done(sample, *people)
    here = differing(sample)

    def decide_it(by):
        wanted = Decision(frozenset(), f"{by} says so", None)
        try:
            return decide(sample, here, wanted=wanted, by=by, at=while_open(call))
        except DecisionOutdated as refused:
            return refused.message

    found = at_once([lambda by=by: decide_it(by) for by in bosses])
    (first,) = CodingDecision.objects.all()
    assert f"{first.by} decided about this passage meanwhile: no code stands" in found
