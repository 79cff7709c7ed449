"""Choosing: one export_filter, applied alike to the count and to every format."""

import csv
import io
from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.states import Role
from exports.filters import ExportFilter, FilterRefused
from exports.queries import count
from exports.types import Dataset
from review.coding.codings import code_passage
from review.triage import change_status
from submissions.calls.models import Call
from tests.exports.exporting import NOW, exported, json_lines
from tests.makers import EVIDENCE, make_call, make_code, make_first_call, make_submitted, make_user


def held(call, **fields):
    """The stories that the filter lets through, by CSV; the count and JSON lines must agree."""
    call = Call.objects.get(pk=call.pk)
    export_filter = ExportFilter(**fields)
    data = exported(call, export_filter=export_filter).decode()
    rows = list(csv.DictReader(io.StringIO(data, newline="")))
    lines = json_lines(exported(call, "json", export_filter=export_filter))
    assert [row["reference"] for row in rows] == [line["reference"] for line in lines]
    assert count(Dataset(call, export_filter)) == len(rows)
    key = "story" if "story" in call.questions_by_key else "good_practice"
    return [row[key] for row in rows]


@pytest.mark.django_db
def test_several_values_of_one_filter_widen_and_filters_narrow_each_other():
    call = make_call()
    make_submitted(call, roles=["provider"], story="A")
    make_submitted(call, roles=["commissioner"], story="B")
    make_submitted(call, roles=["provider", "other"], story="C", quote_ok="no")
    assert held(call) == ["A", "B", "C"]
    assert held(call, facets={"roles": ("provider",)}) == ["A", "C"]
    assert held(call, facets={"roles": ("commissioner", "other")}) == ["B", "C"]
    assert held(call, facets={"roles": ("provider",)}, quotable=True) == ["A"]


@pytest.mark.django_db
def test_facets_narrow_each_other():
    call = make_first_call()
    org = {"capacity": "on_behalf_of_org", "org_type": "charity"}
    make_submitted(
        call,
        **org,
        income_band="lt_10k",
        area=["london", "wales"],
        service_area=["advice"],
        good_practice="A",
    )
    make_submitted(
        call,
        **org,
        income_band="ge_100m",
        area=["wales"],
        service_area=["other"],
        good_practice="B",
    )
    make_submitted(call, capacity="personal", good_practice="C")
    assert held(call, facets={"income_band": ("lt_10k",)}) == ["A"]
    assert held(call, facets={"area": ("wales",)}) == ["A", "B"]
    assert held(call, facets={"area": ("london",)}) == ["A"]
    assert held(call, facets={"service_area": ("other", "advice"), "area": ("wales",)}) == [
        "A",
        "B",
    ]
    assert held(call, facets={"income_band": ("10k_25k",)}) == []


@pytest.mark.django_db
def test_status_timing_and_code():
    call = make_call()
    read = make_submitted(call, story="A was read")
    make_submitted(call, story="B")
    user = make_user(Role.CODER)
    change_status(submission=read, to="in_review", by=user, at=NOW)
    code_passage(
        code=make_code(call=call, name="Reading"),
        version=read.current_version,
        question=call.questions_by_key["story"],
        start=0,
        end=1,
        by=user,
        at=NOW,
    )
    assert held(call, statuses=("in_review",)) == ["A was read"]
    assert held(call, codes=("Reading",)) == ["A was read"]
    assert held(call, codes=("Writing",)) == []
    assert held(call, timings=("on_time",)) == ["A was read", "B"]
    assert held(call, timings=("grace",)) == []


@pytest.mark.django_db
def test_days_are_those_of_the_calls_time_zone_both_included():
    call = make_call()
    # 23:30 UTC is half past midnight of the next day in UK summer time.
    make_submitted(call, at=datetime(2019, 6, 30, 22, 59, 59, 999999, tzinfo=UTC), story="30 June")
    make_submitted(call, at=datetime(2019, 6, 30, 23, 0, tzinfo=UTC), story="1 July")
    make_submitted(call, at=datetime(2019, 7, 2, 22, 59, tzinfo=UTC), story="2 July")
    assert held(call, since=date(2019, 7, 1)) == ["1 July", "2 July"]
    assert held(call, until=date(2019, 7, 1)) == ["30 June", "1 July"]
    assert held(call, since=date(2019, 7, 1), until=date(2019, 7, 1)) == ["1 July"]
    assert ExportFilter(since=date(2019, 7, 1), until=date(2019, 7, 1)).checked(call)
    # The clocks go back on that day, which has 25 hours.
    long_day = ExportFilter(until=date(2019, 10, 27)).received_between(call)
    assert long_day == (None, datetime(2019, 10, 28, tzinfo=UTC))
    assert held(call, since=date.min, until=date.max) == ["30 June", "1 July", "2 July"]


@pytest.mark.django_db
def test_words_are_sought_like_on_the_web():
    call = make_call()
    make_submitted(call, story="The partnership paid nobody")
    make_submitted(call, story="Partnerships and 100% of payments, paid late")
    assert len(held(call, words="partnership")) == 2
    assert held(call, words="paid -late") == ["The partnership paid nobody"]
    assert held(call, words='"paid nobody"') == ["The partnership paid nobody"]
    assert held(call, words="100%") == ["Partnerships and 100% of payments, paid late"]


@pytest.mark.django_db
def test_orders():
    call = make_call()
    first = make_submitted(call, at=datetime(2019, 7, 1, tzinfo=UTC), story="first")
    second = make_submitted(call, at=datetime(2019, 7, 2, tzinfo=UTC), story="second")
    assert held(call, order="oldest") == ["first", "second"]
    assert held(call, order="newest") == ["second", "first"]
    by_reference = sorted([first, second], key=lambda r: r.reference)
    assert held(call, order="reference") == [r.current_version.texts["story"] for r in by_reference]


@pytest.mark.django_db
def test_choice_comes_back_out_of_its_filters():
    export_filter = ExportFilter(
        facets={"roles": ("provider", "other")},
        words="paid late",
        since=date(2019, 7, 1),
        quotable=True,
        order="newest",
    )
    assert export_filter.filters() == {
        "facets": {"roles": ["provider", "other"]},
        "words": "paid late",
        "since": "2019-07-01",
        "quotable": True,
        "order": "newest",
    }
    assert ExportFilter.from_filters(export_filter.filters()) == export_filter
    assert ExportFilter().filters() == {}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"facets": {"roles": ["mayor"]}}, "roles: there is no “mayor”."),
        ({"facets": {"age": ["adult"]}}, "facets: there is no “age”. Possible: roles."),
        ({"codes": ["Else"]}, "codes: there is no “Else”. Possible: Reading."),
        ({"campaigns": "twice"}, "campaigns: there is no “twice”. Possible: named, once."),
        ({"order": "random"}, "order: there is no “random”."),
        ({"since": "1 July"}, "“1 July” is not a day. Write it as 2019-07-24."),
        ({"since": "2019-07-02", "until": "2019-07-01"}, "The last day is before the first."),
        ({"words": "x" * 201}, "Search for 200 characters or fewer."),
        ({"name": "Jo"}, "There is no filter “name”."),
    ],
)
def test_choice_of_what_does_not_exist_is_refused_in_one_line(filters, said):
    call = make_call()
    with pytest.raises(FilterRefused) as refused:
        ExportFilter.from_filters(filters).checked(call, ("Reading",))
    assert str(refused.value).startswith(said)
    assert "\n" not in str(refused.value)


@pytest.mark.django_db
def test_call_that_asks_nothing_of_quoting_has_no_filter_for_it():
    silent = [q for q in EVIDENCE if q["key"] not in {"publication", "quote_ok"}]
    call = make_call(publication="not asked", evidence_questions=silent)
    for chosen in ({"quotable": True}, {"quote_ok": ["yes"]}, {"publications": ["named"]}):
        with pytest.raises(FilterRefused):
            ExportFilter.from_filters(chosen).checked(call)


@pytest.mark.django_db
def test_words_are_tidied():
    assert ExportFilter(words="  paid\0 \n late ").checked(make_call()).words == "paid late"
    # As answers are stored, in which an é is one character.
    assert ExportFilter(words="cafe\u0301").checked(make_call()).words == "caf\u00e9"


@pytest.mark.django_db
@pytest.mark.parametrize("file_format", ["csv", "xlsx", "json", "qdpx", "docx", "attachments"])
def test_query_count_of_a_format_does_not_grow_with_the_rows(file_format):
    call = make_call()
    counts = []
    for more in (1, 3):
        for _ in range(more):
            make_submitted(call, story="Words")
        with CaptureQueriesContext(connection) as queries:
            exported(call, file_format)
        counts.append(len(queries))
    assert counts[0] == counts[1]
