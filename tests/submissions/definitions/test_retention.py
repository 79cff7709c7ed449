"""How long a call's data is kept, as its definition says it: read, refused, changed."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from submissions.calls.models import Call
from submissions.calls.retention import DEFAULTS, DataClass, Period, ends_at, parse
from submissions.definitions import closing_times, loading
from tests.makers import OPENS_AT, SMALL, make_call, make_user
from tests.submissions.definitions.small_text import refusal

GUIDE = Path(__file__).parents[3] / "docs" / "call-definitions.md"


def text_with(**periods):
    """The small definition with these periods, by their classes."""
    lines = "".join(f'{name} = "{period}"\n' for name, period in periods.items())
    return SMALL.read_text(encoding="utf-8").replace(
        "[[roles]]", f"[call.retention]\n{lines}\n[[roles]]", 1
    )


def load(**periods):
    definition = loading.parse(text_with(**periods), source="small.toml")
    return loading.load(definition, by=None, at=OPENS_AT)


def test_definition_without_periods_has_the_defaults_and_its_earlier_digest():
    definition = loading.parse(SMALL.read_text(encoding="utf-8"), source="small.toml")
    assert definition.retention == DEFAULTS
    said = loading.parse(text_with(drafts="90 days after closing"), source="small.toml")
    assert said.digest() == definition.digest()
    other = loading.parse(text_with(drafts="91 days after closing"), source="small.toml")
    assert other.digest() != definition.digest()


def test_periods_are_kept_in_one_spelling():
    periods = {"drafts": "1 week after closing", "record": "1 years after closing"}
    with_all = periods | {"contact_details": "8 days after closing", "mails": "8 day after closing"}
    with_all |= {"files": "2 weeks after closing", "evidence": "12 months after closing"}
    definition = loading.parse(text_with(**with_all), source="small.toml")
    assert definition.retention == {
        "drafts": "1 week after closing",
        "mails": "8 days after closing",
        "contact_details": "8 days after closing",
        "files": "2 weeks after closing",
        "evidence": "12 months after closing",
        "exports": "7 days after making",
        "record": "1 year after closing",
    }


@pytest.mark.parametrize(
    ("periods", "problem"),
    [
        (
            {"letters": "1 year after closing"},
            "call.retention.letters: is not known here",
        ),
        (
            {"evidense": "1 year after closing"},
            "call.retention.evidense: is not known here: did you mean “evidence”?",
        ),
        (
            {"evidence": "a while"},
            "call.retention.evidence: “a while” is not a period such as “12 months after "
            "closing”: a number of days, weeks, months or years, 100 years at most",
        ),
        (
            {"evidence": "101 years after closing"},
            "call.retention.evidence: “101 years after closing” is not a period such as “12 months "
            "after closing”: a number of days, weeks, months or years, 100 years at most",
        ),
        (
            {"evidence": "0 days after closing"},
            "call.retention.evidence: “0 days after closing”: “evidence” may not end before the "
            "call closes",
        ),
        (
            {"drafts": "3 days before closing"},
            "call.retention.drafts: “3 days before closing”: “drafts” may not end before the call "
            "closes",
        ),
        (
            {"files": "7 days after making"},
            "call.retention.files: “7 days after making” must be counted “after closing”: “files” "
            "may not end before the call closes",
        ),
        (
            {"exports": "7 days after closing"},
            "call.retention.exports: “7 days after closing” must count from the export: write "
            "“after making”",
        ),
        (
            {"evidence": "11 months after closing", "files": "300 days after closing"},
            "call.retention.contact_details: “contact_details” may not be kept longer (12 months "
            "after closing) than “evidence” (11 months after closing)",
        ),
        (
            {"evidence": "12 months after closing"},
            "call.retention.files: “files” may not be kept longer (24 months after closing) than "
            "“evidence” (12 months after closing)",
        ),
        (
            {"record": "23 months after closing"},
            "call.retention.evidence: “evidence” may not be kept longer (24 months after closing) "
            "than “record” (23 months after closing)",
        ),
    ],
)
def test_problem_with_a_period_is_said_in_plain_words(periods, problem):
    assert refusal(text_with(**periods)) == [f"small.toml: {problem}"]


@pytest.mark.parametrize(
    ("written", "closes", "ends"),
    [
        ("90 days after closing", "2019-07-24T11", "2019-10-22T11"),
        # Midday stays midday when the clocks go back.
        ("97 days after closing", "2019-07-24T11", "2019-10-29T12"),
        ("1 month after closing", "2020-01-31T12", "2020-02-29T12"),
        ("12 months after closing", "2020-02-29T12", "2021-02-28T12"),
        ("100 years after closing", "9999-12-31T12", "9900-01-01T00"),
    ],
)
def test_period_is_counted_in_the_calls_own_calendar(written, closes, ends):
    moment = datetime.fromisoformat(f"{closes}:00+00:00")
    end = parse(written).ends_after(moment, "Europe/London")
    assert end == datetime.fromisoformat(f"{ends}:00+00:00")


@pytest.mark.django_db
def test_later_closing_and_later_pass_move_the_end():
    call = make_call()
    end = ends_at(call, DataClass.EVIDENCE)
    late = call.closes_at + timedelta(days=3)
    assert ends_at(call, DataClass.EVIDENCE, counted_from=late) == end + timedelta(days=3)
    assert ends_at(call, DataClass.EVIDENCE, counted_from=call.opens_at) == end
    call = closing_times.change_closing_time(
        call, to=late, reason="Power cut", by=make_user(), at=call.opens_at
    )
    assert ends_at(call, DataClass.EVIDENCE) == end + timedelta(days=3)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("periods", "revision"),
    [
        ({"evidence": "23 months after closing", "files": "23 months after closing"}, 1),
        ({"exports": "6 days after making"}, 1),
        ({"evidence": "25 months after closing"}, 0),
        ({"evidence": "2 years after closing"}, 0),
    ],
)
def test_load_that_ends_anything_earlier_raises_the_revision(periods, revision):
    assert load().call.retention_revision == 0
    result = load(**periods)
    assert result.call.retention_revision == revision
    assert Call.objects.get().retention == DEFAULTS | {
        name: str(parse(period)) for name, period in periods.items()
    }
    said = ": it ends earlier, so staff confirm again what ends" * revision
    assert result.changes == tuple(
        f"call.retention.{name}: {DEFAULTS[name]}, now {period}{said}"
        for name, period in sorted(periods.items(), key=lambda one: list(DataClass).index(one[0]))
    )


@pytest.mark.django_db
def test_earlier_closing_raises_the_revision_and_a_later_one_does_not():
    call = make_call()
    later = call.closes_at + timedelta(days=1)
    for to, revision in ((later, 0), (later - timedelta(hours=1), 1)):
        call = closing_times.change_closing_time(
            call, to=to, reason="Power cut", by=make_user(), at=call.opens_at
        )
        assert call.retention_revision == revision


def test_guide_names_every_class_with_its_default():
    text = GUIDE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| .* \| `(.* after \w+)` \|$", text, re.MULTILINE)
    assert dict(rows) == DEFAULTS


def test_period_says_itself_in_words():
    assert [Period(1, "day", "closing").say(), Period(6, "year", "closing").say()] == [
        "1 day",
        "6 years",
    ]
