"""A call's own reasons to set a response aside, out of its definition."""

import pytest

from submissions.definitions.errors import DefinitionRefused
from submissions.definitions.loading import load, parse
from tests.makers import OPENS_AT, SMALL

TEXT = SMALL.read_text(encoding="utf-8")
REASON = '{ key = "late", label = "Came too late" }'


def with_reasons(*reasons):
    return TEXT.replace("[call]", f"[call]\nset_aside_reasons = [{', '.join(reasons)}]", 1)


@pytest.mark.django_db
def test_reasons_of_the_definition_replace_the_usual_ones():
    call = load(parse(with_reasons(REASON), source="small.toml"), by=None, at=OPENS_AT).call
    assert call.set_aside_labels == {"late": "Came too late"}


def test_reason_that_is_there_twice_is_refused():
    with pytest.raises(DefinitionRefused) as refused:
        parse(with_reasons(REASON, REASON), source="small.toml")
    assert "call.set_aside_reasons.late.key: “late” is there twice" in str(refused.value.problems)
