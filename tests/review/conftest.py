from copy import deepcopy

import pytest

from tests.makers import while_open


@pytest.fixture(scope="module")
def rows(request, made_once):
    """What `make_rows` of the test's file made, for all tests of the file."""
    return made_once(request.module.make_rows)


@pytest.fixture
def made(rows, db, at):
    """A copy of the rows, while their call is open."""
    made = deepcopy(rows)
    at(while_open(made["call"]))
    return made


@pytest.fixture
def call(made):
    return made["call"]


@pytest.fixture
def response(made):
    return made["response"]
