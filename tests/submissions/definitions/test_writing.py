"""A call is written back as the definition that it would be loaded from."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from submissions.admin.load_page import EXAMPLE
from submissions.calls.models import Call
from submissions.definitions.loading import load, parse
from submissions.definitions.writing import written
from tests.makers import FIRST_CALL, OPENS_AT, SMALL

pytestmark = pytest.mark.django_db
GUIDES = """
timezone = "America/New_York"
grace_minutes = 15
needs_evidence = false
hides_small_counts = true
shares_confidential_files = true
privacy_text = '''
Two "paragraphs", a \\ and a tab:\t.

C:\\new'''
telephone = { number = "020 7946 0018", hours = "10am to 4pm" }
post = { address = "The team\\n1 High Street" }
set_aside_reasons = [{ key = "spam", label = "Spam" }]
retention = { drafts = "6 weeks after closing" }
"""


def loaded(text):
    definition = parse(text, source="a.toml")
    return load(definition, by=None, at=OPENS_AT).call, definition


@pytest.mark.parametrize("file", [FIRST_CALL, SMALL])
def test_file_that_is_written_says_what_the_loaded_one_said(file):
    call, definition = loaded(file.read_text(encoding="utf-8"))
    again = written(call)
    assert parse(again, source="a.toml") == definition
    assert loaded(again)[0].definition_digest == call.definition_digest


def test_what_the_first_call_does_not_say_is_written_too():
    before = "about ="
    text = EXAMPLE.read_text(encoding="utf-8").replace(before, f"{GUIDES}{before}")
    definition = parse(text, source="a.toml")
    call = load(definition, by=None, at=datetime(2030, 1, 1, tzinfo=UTC)).call
    assert parse(written(call), source="a.toml") == definition


@pytest.mark.parametrize("hour", [0, 1])
def test_time_that_the_clocks_pass_twice_is_written_with_its_offset(hour):
    call, definition = loaded(SMALL.read_text(encoding="utf-8"))
    call.closes_at = datetime(2019, 10, 27, hour, 30, tzinfo=UTC)
    offset = ("+01:00", "+00:00")[hour]
    assert f"closes = 2019-10-27 01:30:00{offset}\n" in written(call)
    assert parse(written(call), source="a.toml") == replace(definition, closes_at=call.closes_at)


def test_words_and_times_are_those_that_staff_have_changed():
    call, _ = loaded(SMALL.read_text(encoding="utf-8"))
    later = datetime(2019, 8, 1, 11, tzinfo=UTC)
    Call.objects.filter(pk=call.pk).update(summary="Tell\nus “all”.", closes_at=later)
    call.questions.filter(key="story").update(label="What then?")
    call = Call.objects.get(pk=call.pk)
    said = parse(written(call), source="a.toml")
    assert (said.summary, said.closes_at) == ("Tell\nus “all”.", later)
    assert said.questions["story"].label == "What then?"
    assert load(said, by=None, at=OPENS_AT).changes == ()
