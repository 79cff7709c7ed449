"""What is counted of a call's responses."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from exports.counts import response_counts
from exports.counts.response_counts import count_responses
from exports.counts.types import DayCount, OptionCount
from submissions.calls.models import Call
from submissions.responses.submitting import submit
from tests.exports.counted_call import BAND, FILES, NOW, STORY, make_counted_call
from tests.exports.counts.test_tables import make_asked_of_some
from tests.exports.exporting import submit_elsewhere
from tests.makers import (
    OPENS_AT,
    complete_answers,
    make_attachment,
    make_call,
    make_draft,
    make_first_call,
    make_submitted,
    while_open,
)


@pytest.mark.django_db
def test_counts_are_those_of_submitted_responses():
    counts = count_responses(make_counted_call(), at=NOW)
    assert counts.total == 4
    days = {day.day.isoformat(): day.responses for day in counts.by_day if day.responses}
    assert days == {"2019-05-29": 1, "2019-05-31": 1, "2019-07-24": 2}
    assert len(counts.by_day) == 57
    assert [day for day in counts.by_day if day.is_closing_day] == [
        DayCount(datetime(2019, 7, 24).date(), 2, True)  # noqa: DTZ001 - a day, not a moment
    ]
    assert counts.by_facet["roles"] == [
        OptionCount("provider", "I provide services", 3),
        OptionCount("commissioner", "I commission services", 0),
        OptionCount("other", "Something else", 3),
    ]
    assert counts.by_facet["income_band"] == [
        OptionCount("lt_10k", "Under £10,000", 2),
        OptionCount("10k_25k", "£10,000 to £25,000", 1),
        OptionCount("", "", 1),
    ]


@pytest.mark.django_db
def test_days_end_today_while_the_call_is_open():
    call = make_call()
    counts = count_responses(call, at=OPENS_AT + timedelta(days=2))
    assert [day.day.isoformat() for day in counts.by_day] == [
        "2019-05-29",
        "2019-05-30",
        "2019-05-31",
    ]


@pytest.mark.django_db
def test_counting_reads_no_text_and_takes_four_queries():
    call = make_call()
    make_submitted(call, story="Words.")
    assert call.questions_in_order
    with CaptureQueriesContext(connection) as queries:
        count_responses(call, at=NOW)
    assert len([q for q in queries if "SAVEPOINT" not in q["sql"]]) == 4
    assert not [q for q in queries if ".texts" in q["sql"] or "canonical" in q["sql"]]


@pytest.mark.django_db
def test_lengths_and_completion_are_counted():
    call = make_call(evidence_questions=[BAND, STORY, FILES])
    with_file = make_draft(call, **complete_answers(call, story="word " * 300))
    make_attachment(with_file)
    make_attachment(with_file, name="more.txt")
    submit(submission=with_file, at=while_open(call))
    make_submitted(call, story="word " * 99)
    make_submitted(call, story="word " * 101, income_band="lt_10k", roles=["other"])
    counts = count_responses(Call.objects.get(pk=call.pk), at=NOW)
    assert {row.label: row.responses for row in counts.by_words if row.responses} == {
        "Under 250": 2,
        "250 to 499": 1,
    }
    # The role in one's own words has three more.
    assert counts.median_words == 104
    assert {row.key: (row.answered, row.is_conditional) for row in counts.completion} == {
        "roles": (3, False),
        "role_other": (1, True),
        "age": (3, False),
        "income_band": (1, False),
        "story": (3, False),
        "documents": (1, False),
    }


@pytest.mark.django_db
def test_completion_does_not_tell_how_few_of_those_who_were_asked_left_it_open():
    call = make_call(hides_small_counts=True)
    for number in range(12):
        views = {"commissioner_view": "Views"} if number < 5 else {}
        roles = ["commissioner"] if number < 7 else ["provider"]
        make_submitted(call, roles=roles, story="Words", **views)
    counts = count_responses(Call.objects.get(pk=call.pk), at=NOW)
    assert {option.key: option.responses for option in counts.by_facet["roles"]} == {
        "provider": 5,
        "commissioner": 7,
        "other": 0,
    }
    shown = {row.key: row.answered for row in counts.completion}
    assert (shown["story"], shown["commissioner_view"]) == (12, None)


@pytest.mark.django_db
def test_number_without_an_answer_is_not_told_by_why_completion_is_hidden():
    """The roles tell that 8 were asked. If few answered and few did not, it is 4 of each."""
    asked = [("commissioner", "yes", 2), ("commissioner", "no", 2), ("commissioner", None, 4)]
    counts = count_responses(make_asked_of_some([*asked, ("provider", None, 10)]), at=NOW)
    assert {option.responses for option in counts.by_facet["roles"]} == {8, 10, 0}
    (row,) = (row for row in counts.completion if row.key == "terms")
    assert (row.answered, row.is_few, row.leaves_few) == (None, False, False)


@pytest.mark.django_db
def test_few_are_not_told_beside_confidential_responses():
    call = make_call(hides_small_counts=True, needs_evidence=False)
    for number in range(23):
        make_submitted(call, story=("word " * 300, "Words", "")[number // 10])
    for _ in range(3):
        make_submitted(call, publication="confidential")
    counts = count_responses(Call.objects.get(pk=call.pk), at=NOW)
    # 26 less the lengths of 23 would be the 3.
    assert sum(row.responses is None for row in counts.by_words) == 1
    # 20 of 23 tell their story: 3 do not.
    assert {row.key: row.answered for row in counts.completion}["story"] is None


@pytest.mark.django_db
def test_bands_are_counted_in_the_groups_of_others():
    call = make_first_call()
    given = {"capacity": "on_behalf_of_org", "age": "18_or_over"}
    for band in ("lt_10k", "10k_25k", "25k_100k", "100k_1m", "ge_100m", "not_sure"):
        make_submitted(call, roles=["small_org"], income_band=band, **given)
    counts = count_responses(Call.objects.get(pk=call.pk), at=NOW)
    assert {row.key: row.responses for row in counts.by_facet["ncvo_band"]} == {
        "micro": 1,
        "small": 2,
        "medium": 1,
        "large": 0,
        "major": 0,
        "super_major": 1,
        "not_sure": 1,
    }
    assert {row.key: row.responses for row in counts.by_facet["small_and_medium"]} == {
        "yes": 2,
        "no": 3,
        "not_sure": 1,
    }


@pytest.mark.django_db(transaction=True)
def test_response_that_comes_while_they_are_counted_is_in_no_count(monkeypatch):
    call = make_call()
    make_submitted(call)
    count, arrived = response_counts.count_answers, []

    def count_after_another_came(dataset):
        arrived.append(submit_elsewhere(call))
        return count(dataset)

    monkeypatch.setattr(response_counts, "count_answers", count_after_another_came)
    counts = count_responses(call, at=NOW)
    assert arrived
    assert (counts.total, sum(day.responses for day in counts.by_day)) == (1, 1)
    assert sum(option.responses for option in counts.by_words) == 1
