import pytest

from accounts.states import Role
from tests.makers import make_call, make_submitted, while_open
from tests.review.agreement.codings import STORY, draw
from tests.review.test_coding_page import coder


@pytest.fixture
def call(db, at):
    call = make_call()
    at(while_open(call))
    return call


@pytest.fixture
def boss(call):
    return coder(call, "boss", Role.MANAGER)


@pytest.fixture
def ada(call):
    return coder(call, "ada")


@pytest.fixture
def bea(call):
    return coder(call, "bea")


@pytest.fixture
def response(call):
    return make_submitted(call, story=STORY)


@pytest.fixture
def sample(call, response, ada, bea, boss):
    return draw(call, [ada, bea], boss)
