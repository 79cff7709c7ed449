"""The steering group's pages."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from submissions.domain.counting import DayCount, OptionCount, count_responses
from submissions.domain.groups import ensure_groups
from submissions.exports.columns import columns
from submissions.exports.dictionary import rules
from submissions.models import AuditEvent, Call, Submission
from submissions.vocabulary import STEERING_GROUP, SubmissionState
from tests.makers import OPENS_AT, PASSWORD, make_call, make_draft, make_submitted, make_user

NOW = datetime(2019, 7, 24, 12, tzinfo=UTC)
BAND = {
    "key": "income_band",
    "kind": "radio",
    "label": "Income",
    "options": [
        {"key": "lt_10k", "label": "Under £10,000"},
        {"key": "10k_25k", "label": "£10,000 to £25,000"},
    ],
}


@pytest.fixture(autouse=True)
def clock_after_closing(monkeypatch):
    monkeypatch.setattr("submissions.clock.now", lambda: NOW)


@pytest.fixture
def steering(client):
    ensure_groups()
    client.user = make_user(STEERING_GROUP)
    client.force_login(client.user)
    return client


def make_counted_call():
    """Four responses: two days, three role choices, two bands and one without."""
    story = {"key": "story", "kind": "long", "label": "Story"}
    call = make_call(slug="the-call", evidence_questions=[BAND, story])
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
    return Call.objects.with_questions().get(pk=call.pk)


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
    assert counts.by_role == [
        OptionCount("provider", "I provide services", 3),
        OptionCount("commissioner", "I commission services", 0),
        OptionCount("other", "Something else", 3),
    ]
    assert counts.by_income_band == [
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
def test_counting_reads_no_text_and_takes_two_queries():
    call = make_counted_call()
    assert call.questions_in_order
    with CaptureQueriesContext(connection) as queries:
        count_responses(call, at=NOW)
    assert len(queries) == 2
    assert not [q for q in queries if "texts" in q["sql"] or "canonical" in q["sql"]]


@pytest.mark.django_db
def test_page_shows_the_counts(steering):
    make_counted_call()
    text = steering.get("/steering/the-call/").content.decode()
    rows = re.findall(r'<th scope="row">([^<]*).*?<td class="number">(\d+)</td>', text)
    shown = {name.strip(): int(number) for name, number in rows if number != "0"}
    assert shown == {
        "Wed 29 May 2019": 1,
        "Fri 31 May 2019": 1,
        "Wed 24 July 2019": 2,
        "I provide services": 3,
        "Something else": 3,
        "Under £10,000": 2,
        "£10,000 to £25,000": 1,
        "Not asked or not answered": 1,
    }
    assert text.count("closing day") == 1
    assert 'href="/steering/the-call/export.csv"' in text
    assert " style=" not in text


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
    event = AuditEvent.objects.get()
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
        "rule": [f"({name})" for name, _ in rules()],
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
