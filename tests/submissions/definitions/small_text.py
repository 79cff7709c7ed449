"""The text of the small definition, changed, and what is refused of it."""

import pytest

from submissions.definitions.errors import DefinitionRefused
from submissions.definitions.loading import parse
from tests.makers import SMALL

ABOUT = "sections.about_you"
EVIDENCE = "sections.evidence"


def refusal(text):
    with pytest.raises(DefinitionRefused) as refused:
        parse(text, source="small.toml")
    return refused.value.problems


def small_with(old, new):
    text = SMALL.read_text(encoding="utf-8")
    assert text.count(old) >= 1
    return text.replace(old, new, 1)
