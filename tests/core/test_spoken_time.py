from datetime import UTC, datetime

import pytest

from core import spoken_time


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2019, 7, 24, 11, tzinfo=UTC), "midday on Wednesday 24 July 2019 (UK time)"),
        (datetime(2019, 5, 29, 8, tzinfo=UTC), "9am on Wednesday 29 May 2019 (UK time)"),
        (datetime(2019, 12, 1, 17, 5, tzinfo=UTC), "5:05pm on Sunday 1 December 2019 (UK time)"),
        (
            datetime(2019, 7, 31, 23, tzinfo=UTC),
            "midnight at the end of Wednesday 31 July 2019 (UK time)",
        ),
        (
            datetime(2019, 4, 1, 22, 59, 59, tzinfo=UTC),
            "11:59pm on Monday 1 April 2019 (UK time)",
        ),
        (
            datetime(2019, 3, 31, 0, 0, 30, tzinfo=UTC),
            "midnight at the end of Saturday 30 March 2019 (UK time)",
        ),
        (datetime(2019, 1, 1, 0, 30, tzinfo=UTC), "12:30am on Tuesday 1 January 2019 (UK time)"),
    ],
)
def test_moment_is_said_in_uk_time(moment, words):
    assert spoken_time.say_moment(moment) == words


def test_receipt_time_has_seconds():
    moment = datetime(2019, 7, 24, 10, 59, 59, 999999, tzinfo=UTC)
    words = "11:59:59am on Wednesday 24 July 2019 (UK time)"
    assert spoken_time.say_exactly(moment) == words


def test_line_of_facts_has_a_short_moment_to_the_second():
    moment = datetime(2019, 7, 24, 10, 59, 59, 999999, tzinfo=UTC)
    assert spoken_time.say_in_short(moment) == "24 July 2019, 11:59:59am (UK time)"


def test_other_zone_is_named():
    moment = datetime(2019, 7, 24, 11, tzinfo=UTC)
    words = "7am on Wednesday 24 July 2019 (New York time)"
    assert spoken_time.say_moment(moment, "America/New_York") == words
