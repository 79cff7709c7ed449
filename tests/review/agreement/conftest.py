import pytest

from accounts.states import Role
from tests.makers import make_call, make_submitted
from tests.review.agreement.codings import STORY, draw
from tests.review.coding_pages import coder


@pytest.fixture(scope="module")
def rows(made_once):
    return made_once(make_rows)


def make_rows():
    call = make_call()
    return {
        "call": call,
        "boss": coder(call, "boss", Role.MANAGER),
        "ada": coder(call, "ada"),
        "bea": coder(call, "bea"),
    }


@pytest.fixture
def boss(made):
    return made["boss"]


@pytest.fixture
def ada(made):
    return made["ada"]


@pytest.fixture
def bea(made):
    return made["bea"]


@pytest.fixture
def response(call):
    return make_submitted(call, story=STORY)


@pytest.fixture
def sample(call, response, ada, bea, boss):
    return draw(call, [ada, bea], boss)
