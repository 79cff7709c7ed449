"""The small definition, changed, loaded and answered, for the tests of loading."""

import re

import pytest

from accounts.models import AuditEvent
from submissions.calls.models import Call, Question
from submissions.definitions.errors import DefinitionRefused
from submissions.definitions.loading import load, parse
from tests.makers import OPENS_AT, SMALL, complete_answers, make_submitted

TEXT = SMALL.read_text(encoding="utf-8")
ABOUT = "small.toml: sections.about_you"
EVIDENCE = "small.toml: sections.evidence"


def load_text(text=TEXT, **options):
    return load(parse(text, source="small.toml"), by=None, at=OPENS_AT, **options)


def changed(old, new, text=TEXT):
    assert old in text
    return text.replace(old, new, 1)


def without_question(key, text=TEXT):
    block = re.compile(rf'\[\[sections\.questions\]\]\nkey = "{key}"\n(?:(?!\[\[)[^\n]*\n)*')
    return changed(block.search(text)[0], "", text)


def refusal(text, **options):
    with pytest.raises(DefinitionRefused) as refused:
        load_text(text, **options)
    return refused.value.problems


def snapshot():
    return (
        list(Call.objects.values()),
        list(Question.objects.order_by("pk").values()),
        AuditEvent.objects.count(),
    )


def answered(**answers):
    call = load_text().call
    return make_submitted(call, **complete_answers(call, **{"roles": ["provider"]} | answers))
