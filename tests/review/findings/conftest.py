from copy import deepcopy

import pytest

from tests.review.findings.made import Evidence


@pytest.fixture(scope="module")
def made_evidence(made_once):
    return made_once(Evidence)


@pytest.fixture
def evidence(made_evidence, db, at):
    made = deepcopy(made_evidence)
    at(made.at)
    return made
