"""The steering group's pages."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.groups import ensure_groups
from accounts.models import AuditEvent
from accounts.states import STEERING_GROUP
from exports.columns import columns
from exports.counting import count_responses
from exports.counts import Counts, DayCount, OptionCount
from exports.types import Dataset
from exports.writers.dictionary import rules
from submissions.calls.models import Call
from submissions.definitions.loading import load, parse
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState
from submissions.responses.submitting import submit
from tests.makers import (
    FACETS,
    OPENS_AT,
    PASSWORD,
    SMALL,
    complete_answers,
    make_attachment,
    make_call,
    make_draft,
    make_first_call,
    make_submitted,
    make_user,
    while_open,
)

NOW = datetime(2019, 7, 24, 12, tzinfo=UTC)
STORY = {"key": "story", "kind": "long", "label": "Story"}
FILES = {"key": "documents", "kind": "file", "label": "Files", "file_types": ["txt"]}
BAND = {
    "key": "income_band",
    "kind": "radio",
    "label": "Income",
    "options": [
        {"key": "lt_10k", "label": "Under £10,000"},
        {"key": "10k_25k", "label": "£10,000 to £25,000"},
    ],
}

BAND_FACETS = [*FACETS, {"question": "income_band", "label": "income band"}]


@pytest.fixture(autouse=True)
def clock_after_closing(monkeypatch):
    monkeypatch.setattr("core.clock.portal_now", lambda: NOW)


@pytest.fixture
def steering(client):
    ensure_groups()
    client.user = make_user(STEERING_GROUP)
    client.force_login(client.user)
    return client


def make_counted_call():
    """Four responses: two days, three role choices, two bands and one without."""
    call = make_call(slug="the-call", evidence_questions=[BAND, STORY], facets=BAND_FACETS)
    closing_day = datetime(2019, 7, 24, 10, tzinfo=UTC)
    # 23:30 UTC is the next day in UK summer time.
    late = datetime(2019, 5, 30, 23, 30, tzinfo=UTC)
    make_submitted(call, at=closing_day, roles=["provider", "other"], income_band="lt_10k")
    make_submitted(call, at=closing_day, roles=["provider"], income_band="lt_10k")
    make_submitted(call, at=late, roles=["provider", "other"])
    make_submitted(call, at=OPENS_AT, roles=["other"], income_band="10k_25k")
    make_draft(call, roles=["commissioner"])
    gone = make_submitted(call, roles=["commissioner"])
    Submission.objects.filter(pk=gone.pk).update(state=SubmissionState.WITHDRAWN, withdrawn_at=NOW)
    make_submitted(make_call(slug="another-call"))
    return Call.objects.get(pk=call.pk)


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
    assert len(queries) == 4
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
        "role_other": (1, False),
        "age": (3, False),
        "income_band": (1, False),
        "story": (3, False),
        "documents": (1, False),
    }


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


def tables(text):
    """Each table's rows by its caption, header first, without mark-up and white space."""
    found = {}
    for caption, table in re.findall(r"<caption[^>]*>(.*?)</caption>(.*?)</table>", text, re.S):
        rows = re.findall(r"<tr>(.*?)</tr>", table, re.S)
        found[caption] = [
            [" ".join(re.sub("<[^>]+>", " ", cell).split()) for cell in re.split("</t[hd]>", row)]
            for row in rows
        ]
    return {caption: [row[:-1] for row in rows] for caption, rows in found.items()}


@pytest.mark.django_db
def test_page_shows_charts_with_a_table_beside_each(steering):
    make_counted_call()
    text = steering.get("/steering/the-call/").content.decode()
    shown = tables(text)
    assert [row for row in shown["Responses by day"] if row[1] != "0"] == [
        ["Day", "Responses"],
        ["Wed 29 May 2019", "1"],
        ["Fri 31 May 2019", "1"],
        ["Wed 24 July 2019 closing day", "2"],
    ]
    assert shown["Responses by role"] == [
        ["Role", "Responses", "Share"],
        ["I provide services", "3", "75%"],
        ["I commission services", "0", "0%"],
        ["Something else", "3", "75%"],
    ]
    assert shown["Responses by income band"][1:] == [
        ["Under £10,000", "2", "50%"],
        ["£10,000 to £25,000", "1", "25%"],
        ["Not answered", "1", "25%"],
    ]
    assert ["Story", "4", "100%"] in shown["Completion of each question"]
    assert text.count('role="img"') == len(shown) == 5
    assert "closes midday, Wed 24 July" in text
    assert 'href="/steering/the-call/export.csv"' in text
    # What loads comes from here, and nothing is styled in the page; the icon is in it.
    text = text.replace("xmlns='http://www.w3.org/2000/svg'", "")
    assert re.findall(r'(?:src|xlink:href)="(?!/static/)[^"]*"', text) == []
    assert not re.search(r"https?://|<style| style=", text)


@pytest.mark.django_db
def test_bar_is_as_long_as_its_share_of_the_longest(steering):
    make_counted_call()
    text = steering.get("/steering/the-call/").content.decode()
    band = text[text.index('aria-labelledby="facet-income_band-title') :].partition("</svg>")[0]
    assert re.findall(r'class="chart-bar(?: chart-bar--none)?"[^>]* width="([\d.]+)%"', band) == [
        "80.0",
        "40.0",
        "40.0",
    ]


@pytest.mark.django_db
def test_page_before_the_first_response_says_so(steering):
    make_call(slug="the-call")
    text = steering.get("/steering/the-call/").content.decode()
    assert "No response has been submitted yet." in text
    assert "<svg" not in text


@pytest.mark.django_db
def test_closing_moment_is_marked_before_it_comes(steering, monkeypatch):
    call = make_call(slug="the-call")
    at = OPENS_AT + timedelta(days=1)
    monkeypatch.setattr("core.clock.portal_now", lambda: at)
    make_submitted(call, at=OPENS_AT)
    text = steering.get("/steering/the-call/").content.decode()
    # 56 days and a half of 57, as the call closes at midday of its last day.
    assert 'class="chart-closing" x1="99.123%"' in text
    assert len(tables(text)["Responses by day"]) == 3


@pytest.mark.django_db
def test_small_counts_are_hidden_where_the_call_asks_for_it(steering):
    call = make_call(
        slug="the-call",
        evidence_questions=[BAND, STORY],
        facets=BAND_FACETS,
        hides_small_counts=True,
    )
    for _ in range(12):
        make_submitted(call, at=OPENS_AT, roles=["provider"], income_band="lt_10k")
    for _ in range(3):
        make_submitted(call, roles=["other"], income_band="10k_25k")
    text = steering.get("/steering/the-call/").content.decode()
    shown = tables(text)
    # 12 would give the 3 away, as there are 15; and that 3 of the 15 have another role.
    assert shown["Responses by income band"][1:] == [
        ["Under £10,000", "not shown", ""],
        ["£10,000 to £25,000", "fewer than 5", ""],
    ]
    assert shown["Responses by role"][1:] == [
        ["I provide services", "not shown", ""],
        ["I commission services", "0", "0%"],
        ["Something else", "fewer than 5", ""],
    ]
    assert {row[1] for row in shown["Responses by day"][1:]} == {"0", "not shown", "fewer than 5"}
    assert ["Describe your role", "fewer than 5", ""] in shown["Completion of each question"]
    assert [caption for caption, rows in shown.items() if "3" in {row[1] for row in rows}] == []


@pytest.mark.django_db
def test_areas_that_exclude_each_other_are_hidden_as_parts_of_the_total(steering):
    options = [{"key": key, "label": key.title()} for key in ("north", "south", "east")]
    area = {"key": "area", "kind": "radio", "label": "Area", "options": options}
    call = make_call(
        slug="the-call",
        evidence_questions=[area],
        facets=[{"question": "area", "label": "area"}],
        hides_small_counts=True,
    )
    for place in ["north"] * 11 + ["south"] * 9 + ["east"] * 2:
        make_submitted(call, area=place)
    shown = tables(steering.get("/steering/the-call/").content.decode())
    # 22 less 11 and 9 would be the 2.
    assert shown["Responses by area"][1:] == [
        ["North", "11", "50%"],
        ["South", "not shown", ""],
        ["East", "fewer than 5", ""],
    ]


@pytest.mark.django_db
def test_hidden_number_without_an_answer_is_not_told_by_the_number_of_answers(steering):
    options = [{"key": key, "label": key.title()} for key in ("north", "south", "east")]
    area = {"key": "area", "kind": "radio", "label": "Area", "options": options}
    call = make_call(
        slug="the-call",
        evidence_questions=[area],
        facets=[{"question": "area", "label": "area"}],
        hides_small_counts=True,
    )
    for place in ["north"] * 11 + ["south"] * 9 + ["east"] * 3 + [None] * 6:
        make_submitted(call, area=place)
    shown = tables(steering.get("/steering/the-call/").content.decode())
    assert [row[1] for row in shown["Responses by area"][1:]] == [
        "11",
        "9",
        "fewer than 5",
        "not shown",
    ]
    # 23 answers would be 3 more than 11 and 9.
    assert ["Area", "not shown", ""] in shown["Completion of each question"]


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
    assert shown == {"low": None, "middle": 0, "high": 15, "": None}
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
def test_call_without_facets_shows_no_chart_of_them(steering):
    call = make_call(slug="the-call", facets=[])
    make_submitted(call)
    shown = tables(steering.get("/steering/the-call/").content.decode())
    assert list(shown) == [
        "Responses by day",
        "Length of responses",
        "Completion of each question",
    ]


@pytest.mark.django_db
def test_bands_are_drawn_beside_the_facet_with_their_notes(steering):
    text = SMALL.read_text(encoding="utf-8")
    call = load(parse(text, source="small.toml"), by=None, at=OPENS_AT).call
    for size in ("large", "none", "small", "small"):
        make_submitted(call, roles=["provider"], size=size)
    page = steering.get("/steering/small/").content.decode()
    shown = tables(page)
    assert re.findall(r"<h2>(Responses by [^<]*)</h2>", page) == [
        "Responses by part",
        "Responses by NHS size",
    ]
    assert shown["As the call asks"] == [
        ["NHS size", "Responses", "Share"],
        ["Large", "1", "25%"],
        ["Small", "2", "50%"],
        ["No size", "1", "25%"],
    ]
    assert shown["In halves"][1:] == [
        ["Upper half", "1", "25%"],
        ["Lower half (or nothing)", "3", "75%"],
    ]
    assert re.findall(r"(?i)income|ncvo|lloyds|service area|capacity", page) == []


@pytest.mark.django_db
def test_fewer_than_five_responses_are_not_counted_at_all_where_small_counts_are_hidden(steering):
    call = make_call(slug="the-call", hides_small_counts=True)
    make_submitted(call)
    text = steering.get("/steering/the-call/").content.decode()
    assert "There are too few responses to count them here" in text
    assert "<svg" not in text
    assert '<dd class="total">few</dd>' in text


@pytest.mark.django_db
def test_large_numbers_have_separators(steering, monkeypatch):
    make_call(slug="the-call")
    counts = Counts(total=101_234, median_words=2_400)
    monkeypatch.setattr("exports.steering.overview.count_responses", lambda call, at: counts)
    text = steering.get("/steering/the-call/").content.decode()
    assert re.findall('<dd(?: class="total")?>(.*?)</dd>', text)[:2] == ["101,234", "2,400"]


@pytest.mark.django_db
def test_single_call_is_shown_at_once_and_several_to_choose_from(steering):
    make_call(slug="first-call", title="First")
    assert "How the call is going" in steering.get("/steering/").content.decode()
    make_call(slug="second-call", title="Second")
    text = steering.get("/steering/").content.decode()
    assert re.findall(r'href="(/steering/[^"]+/)"', text) == [
        "/steering/first-call/",
        "/steering/second-call/",
    ]
    assert "First" in steering.get("/steering/first-call/").content.decode()


@pytest.mark.django_db
def test_page_without_any_call_says_so(steering):
    assert "No call has been set up yet." in steering.get("/steering/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["", "export.csv", "dictionary.csv"])
def test_unknown_call_is_not_found(steering, path):
    assert steering.get(f"/steering/no-such-call/{path}").status_code == 404


@pytest.mark.django_db
def test_page_asks_as_much_for_three_responses_as_for_one(steering):
    call = make_call(slug="the-call")
    counts = []
    for more in (1, 2):
        for _ in range(more):
            make_submitted(call)
        with CaptureQueriesContext(connection) as queries:
            steering.get("/steering/the-call/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.django_db
def test_csv_comes_as_a_download_and_is_on_record(steering):
    make_counted_call()
    answer = steering.get("/steering/the-call/export.csv")
    data = b"".join(answer.streaming_content)
    assert answer["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert answer["Content-Disposition"] == 'attachment; filename="the-call-2019-07-24.csv"'
    assert answer["Cache-Control"] == "no-store"
    assert len(list(csv.reader(io.StringIO(data.decode(), newline="")))) == 5
    event = AuditEvent.objects.exclude(action="export_started").get()
    assert (event.action, event.actor, event.call.slug, event.at, event.detail["rows"]) == (
        "exported",
        steering.user,
        "the-call",
        NOW,
        4,
    )


@pytest.mark.django_db
def test_seeing_the_page_does_not_permit_to_export(client):
    ensure_groups()
    make_call(slug="the-call")
    user = make_user(STEERING_GROUP)
    group = user.groups.get()
    group.permissions.remove(group.permissions.get(codename="export_pseudonymised"))
    client.force_login(user)
    assert "Download CSV" not in client.get("/steering/the-call/").content.decode()
    assert client.get("/steering/the-call/export.csv").status_code == 403
    assert client.get("/steering/the-call/dictionary.csv").status_code == 403
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db
def test_dictionary_describes_every_column_and_what_is_withheld(steering):
    call = make_counted_call()
    answer = steering.get("/steering/the-call/dictionary.csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))
    by_type = {}
    for row in rows:
        kind = row["type"] if row["type"] in {"withheld", "rule", "files"} else "column"
        by_type.setdefault(kind, []).append(row["column"])
    assert by_type == {
        "column": [column.name for column in columns(call)],
        "withheld": ["email"],
        "rule": [f"({name})" for name, _ in rules(Dataset(call))],
    }
    band = next(row for row in rows if row["column"] == "income_band")
    assert (band["meaning"], band["values"]) == (
        "Income",
        "lt_10k = Under £10,000\n10k_25k = £10,000 to £25,000",
    )


@pytest.mark.django_db
def test_signing_in_leads_to_the_page_in_a_session_that_is_cut(client, settings):
    settings.STAFF_SESSION_SECONDS = 1234
    ensure_groups()
    user = make_user(STEERING_GROUP)
    page = client.get("/steering/", follow=True)
    assert page.redirect_chain == [("/steering/sign-in/?next=/steering/", 302)]
    answer = client.post("/steering/sign-in/", {"username": user.username, "password": PASSWORD})
    assert (answer.status_code, answer.url) == (302, "/steering/")
    assert client.session.get_expiry_age() == 1234
    assert client.post("/steering/sign-out/").status_code == 200
    assert client.get("/steering/").status_code == 302


@pytest.mark.django_db
def test_wrong_password_is_said_and_opens_nothing(client):
    user = make_user(STEERING_GROUP)
    answer = client.post("/steering/sign-in/", {"username": user.username, "password": "wrong"})
    assert answer.status_code == 200
    assert client.get("/steering/").status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize("next_page", ["https://example.org/", "//example.org", "javascript:x"])
def test_signing_in_never_leads_elsewhere(client, next_page):
    user = make_user(STEERING_GROUP)
    answer = client.post(
        "/steering/sign-in/",
        {"username": user.username, "password": PASSWORD, "next": next_page},
    )
    assert answer.url == "/steering/"
