import pytest

from tests.review.findings.made import Evidence


@pytest.fixture
def evidence(db, at):
    made = Evidence()
    at(made.at)
    return made
