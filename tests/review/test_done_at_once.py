"""A coder codes and says to be done at the same moment."""

import pytest

from accounts.states import Role
from review.coding.codings import code_passage
from review.coding.samples import say_done
from review.models import Coding
from tests.makers import make_call, make_code, make_submitted, while_open
from tests.review.coding_pages import coder
from tests.review.test_samples import draw
from tests.threads import at_once


@pytest.mark.django_db(transaction=True)
def test_coding_and_being_done_at_once_never_leave_a_coding_after_it(at):
    call = make_call()
    at(while_open(call))
    response = make_submitted(call, story="Fair pay for all")
    people = [coder(call, "ada"), coder(call, "bea")]
    sampled = draw(call, people, coder(call, "boss", Role.MANAGER)).responses.get()
    code = make_code(call=call, name="Pay")

    def be_done():
        say_done(sampled, version=1, by=people[0], at=while_open(call))
        return Coding.objects.filter(by=people[0]).count()

    def code_it():
        return code_passage(
            code=code,
            version=response.current_version,
            question=call.questions.get(key="story"),
            start=0,
            end=3,
            by=people[0],
            at=while_open(call),
        )

    there, _ = at_once([be_done, code_it])
    assert there == Coding.objects.count()
