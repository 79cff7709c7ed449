import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from submissions.admin.load_page import EXAMPLE
from submissions.calls import conditions
from submissions.calls.states import QuestionKind
from submissions.definitions.loading import load, parse
from tests.makers import make_submitted

GUIDE = (Path(__file__).parents[3] / "docs" / "call-definitions.md").read_text(encoding="utf-8")
IN_TIME = datetime(2030, 1, 1, tzinfo=UTC)  # within five years of what the guide's call closes


@pytest.mark.django_db
def test_call_of_the_guide_can_be_loaded_and_answered():
    (example,) = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    assert example == EXAMPLE.read_text(encoding="utf-8")
    call = load(parse(example, source="guide"), by=None, at=IN_TIME).call
    assert call.facets == [{"question": "open", "label": "opening", "listed": True}]
    assert list(call.questions_by_key) == ["email", "open", "why_not"]
    assert make_submitted(call, open="no").reference.startswith("VH-")


def test_guide_names_every_kind_of_question():
    rows = re.findall(r"^\| `([a-z]+)` \| .* \| .* \|$", GUIDE, re.MULTILINE)
    assert [row for row in rows if row in QuestionKind.values] == QuestionKind.values


def test_conditions_of_the_guide_can_be_read():
    (block,) = re.findall(r"```\n(capacity.*?)```", GUIDE, re.DOTALL)
    assert [len(conditions.parse(line).terms) for line in block.splitlines()] == [1, 1, 1, 1, 1, 2]
