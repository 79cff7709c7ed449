"""No facet's table tells what the table of another one hides."""

import pytest

from exports.counts.closed import NOT_ASKED
from exports.counts.response_counts import count_responses
from submissions.calls.models import Call
from tests.exports.counted_call import NOW
from tests.makers import make_call, make_submitted

LINKED = [
    {
        "key": "sort",
        "kind": "radio",
        "label": "Sort",
        "required": True,
        "options": [
            {"key": key, "label": key} for key in ("charity", "company", "council", "hospital")
        ],
    },
    {
        "key": "income",
        "kind": "radio",
        "label": "Income",
        "required": True,
        "show_if": "sort in charity, company",
        "options": [{"key": key, "label": key} for key in ("low", "middle", "high")],
    },
    {
        "key": "story",
        "kind": "long",
        "label": "Story",
        "required": True,
        "show_if": "sort in charity, company",
    },
]


BANDS = [
    {"key": "one", "label": "One", "options": ["charity", "council"]},
    {"key": "two", "label": "Two", "options": ["company", "hospital"]},
]


def make_linked(responses):
    """A call that asks some for their income; `responses` are (sort, income, number)."""
    call = make_call(
        slug="the-call",
        about_questions=[LINKED[0]],
        evidence_questions=LINKED[1:],
        facets=[
            {"question": "sort", "label": "sort"},
            {"question": "income", "label": "income"},
        ],
        derived=[{"key": "half", "question": "sort", "label": "h", "meaning": "m", "bands": BANDS}],
        hides_small_counts=True,
        needs_evidence=False,
    )
    for sort, income, number in responses:
        for _ in range(number):
            given = {"income": income} if income else {}
            make_submitted(call, sort=sort, **given)
    return Call.objects.get(pk=call.pk)


@pytest.mark.django_db
def test_hidden_count_is_not_told_by_who_was_not_asked_another_question():
    call = make_linked(
        [
            ("charity", "low", 9),
            ("charity", "high", 8),
            ("company", "high", 7),
            ("council", "", 10),
            ("hospital", "", 3),
        ]
    )
    counts = count_responses(call, at=NOW)
    shown = {row.key: row.responses for row in counts.by_facet["sort"]}
    assert shown == {"charity": 17, "company": None, "council": 10, "hospital": None}
    # The 13 who were not asked for their income, nor for a story, would be 3 more than 10.
    shown = {row.key: row.responses for row in counts.by_facet["income"]}
    assert shown == {"low": None, "middle": 0, "high": 15, NOT_ASKED: None}
    answered = {row.key: row.answered for row in counts.completion}
    assert answered == {"sort": 37, "income": None, "story": None}


@pytest.mark.django_db
def test_hidden_count_is_not_told_by_who_was_asked():
    call = make_linked(
        [
            ("charity", "low", 9),
            ("company", "middle", 3),
            ("charity", "high", 9),
            ("hospital", "", 30),
        ]
    )
    counts = count_responses(call, at=NOW)
    # The other table tells that 30 were not asked, so the 3 must be hidden among the 21.
    shown = {row.key: row.responses for row in counts.by_facet["income"]}
    assert [shown["middle"], [shown["low"], shown["high"]].count(None)] == [None, 1]


@pytest.mark.django_db
def test_hidden_count_is_not_told_by_its_band():
    """19 less the 6 of a band, and less the 10 beside it, would be the 3."""
    counts = count_responses(
        make_linked([("charity", "low", 3), ("company", "low", 6), ("council", "", 10)]), at=NOW
    )
    shown = {row.key: row.responses for row in counts.by_facet["sort"]}
    assert shown == {"charity": None, "company": None, "council": 10, "hospital": 0}
    assert {row.responses for row in counts.by_facet["half"]} == {None}
