"""Calls in the admin: the closing time, the words, and what stands once there are answers."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEvent
from accounts.states import Role
from submissions.calls.models import Call, Question
from submissions.definitions.closing_times import change_closing_time
from submissions.definitions.errors import ClosingTimeRefused
from submissions.responses.models import ClosingChange
from tests.forms import form_of
from tests.makers import CLOSES_AT, OPENS_AT, make_call, make_draft, make_submitted, make_user

BEFORE_CLOSING = datetime(2019, 7, 20, 9, tzinfo=UTC)
AFTER_CLOSING = datetime(2019, 7, 25, 9, tzinfo=UTC)


@pytest.fixture
def staff(client):
    client.force_login(make_user(Role.MANAGER, is_staff=True))
    return client


@pytest.fixture(autouse=True)
def clock_before_closing(monkeypatch):
    monkeypatch.setattr("core.clock.portal_now", lambda: BEFORE_CLOSING)


def closing_page(call):
    return reverse("admin:submissions_call_closing_time", args=[call.pk])


def change_page(call):
    return reverse("admin:submissions_call_change", args=[call.pk])


def filled_in(staff, call):
    """What the browser would post from the call's page, as it stands."""
    return form_of(staff.get(change_page(call)))


@pytest.mark.django_db
@pytest.mark.parametrize(("now", "opened_again"), [(BEFORE_CLOSING, False), (AFTER_CLOSING, True)])
def test_closing_time_moves_with_a_reason_on_record(staff, monkeypatch, now, opened_again):
    monkeypatch.setattr("core.clock.portal_now", lambda: now)
    call = make_call()
    posted = {"day": "2019-07-26", "time": "17:00", "reason": "The\npost was late"}
    posted = form_of(staff.get(closing_page(call))) | posted
    assert staff.post(closing_page(call), posted).status_code == 302
    call.refresh_from_db()
    assert call.closes_at == datetime(2019, 7, 26, 16, tzinfo=UTC)
    assert call.is_open_at(AFTER_CLOSING)
    event = AuditEvent.objects.get()
    assert (event.action, event.detail) == (
        "call_changed",
        {
            "field": "closes_at",
            "before": "2019-07-24T11:00:00+00:00",
            "after": "2019-07-26T16:00:00+00:00",
            "opened_again": opened_again,
            "reason": "The post was late",
        },
    )
    change = ClosingChange.objects.get()
    assert (change.call, change.before, change.after, change.reason, change.at) == (
        call,
        CLOSES_AT,
        call.closes_at,
        "The post was late",
        now,
    )


@pytest.mark.django_db
def test_closing_time_that_makes_no_sense_is_refused_in_words(staff):
    call = make_call()
    seen = form_of(staff.get(closing_page(call)))
    base = seen | {"day": "2019-07-26", "time": "17:00", "reason": "Why"}
    for posted, said in [
        ({"reason": " "}, "Fill this in."),
        ({"day": "2019-07-20", "time": "10:00"}, "Enter a closing time that is still to come"),
        ({"day": "2019-07-24", "time": "12:00"}, "This is the closing time already"),
        ({"day": "2019-10-27", "time": "01:30"}, "The clocks change then: choose another time."),
        ({"day": "2020-03-29", "time": "01:30"}, "The clocks change then: choose another time."),
        ({"day": "0001-01-01", "time": "00:00"}, "Enter a day from 2000 on and within 5 years"),
        ({"day": "soon"}, "Enter a date as year, month and day, such as 2019-07-24."),
    ]:
        text = staff.post(closing_page(call), base | posted).content.decode()
        assert said in text, posted
        call.refresh_from_db()
        assert call.closes_at == CLOSES_AT, posted
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db
def test_closing_time_is_after_the_opening_and_changed_from_the_one_that_was_seen():
    call, given = make_call(), {"reason": "Why", "by": make_user()}
    with pytest.raises(ClosingTimeRefused, match="after the opening time"):
        change_closing_time(call, to=OPENS_AT, at=OPENS_AT - timedelta(days=1), **given)
    later = CLOSES_AT + timedelta(days=1)
    change_closing_time(Call.objects.get(pk=call.pk), to=later, at=BEFORE_CLOSING, **given)
    with pytest.raises(ClosingTimeRefused, match="Somebody else changed the closing time"):
        change_closing_time(call, to=CLOSES_AT, at=BEFORE_CLOSING, **given)


@pytest.mark.django_db
def test_closing_time_stands_still_on_the_calls_own_page(staff):
    call = make_call()
    posted = filled_in(staff, call) | {"closes_at": "2030-01-01", "closes_at_0": "2030-01-01"}
    assert staff.post(change_page(call), posted).status_code == 302
    call.refresh_from_db()
    assert call.closes_at == CLOSES_AT


@pytest.mark.django_db
def test_wording_can_be_put_right_while_nobody_has_answered(staff):
    call = make_call()
    story = call.questions.get(key="story")
    many = [{"key": f"more_{n}", "label": f"And {n}?", "position": 100 + n} for n in range(130)]
    Question.objects.bulk_create(
        Question(call=call, section=story.section, kind="short", **one) for one in many
    )
    posted = filled_in(staff, call)
    index = next(n for n in range(20) if posted[f"questions-{n}-label"] == "What happened?")
    posted |= {f"questions-{index}-label": "What happened to you?", "summary": "Say."}
    assert staff.post(change_page(call), posted).status_code == 302
    assert call.questions.get(key="story").label == "What happened to you?"
    event = AuditEvent.objects.get()
    assert (event.action, event.detail) == (
        "call_changed",
        {"fields": ["summary", "question story: label"]},
    )


@pytest.mark.django_db
@pytest.mark.parametrize("begin", [make_draft, make_submitted])
def test_questions_stand_once_somebody_has_begun(staff, begin):
    call = make_call()
    posted = filled_in(staff, call)
    begin(call)
    before = list(Question.objects.values())
    with CaptureQueriesContext(connection) as queries:
        page = staff.get(change_page(call)).content.decode()
    assert re.findall(r'name="((?:questions|sections|roles)-\d+-(?!id|call)\w+)"', page) == []
    # For roles, sections and questions together.
    assert len([one for one in queries if 'FROM "submissions_submission"' in one["sql"]]) == 1
    posted |= {name: "Altered" for name in posted if re.search(r"-\d+-(label|hint|title)$", name)}
    staff.post(change_page(call), posted)
    assert list(Question.objects.values()) == before
    assert not Call.objects.filter(sections__title="Altered").exists()
    assert not Call.objects.filter(roles__label="Altered").exists()


@pytest.mark.django_db
def test_calls_list_counts_submitted_and_drafts(staff):
    call = make_call()
    make_submitted(call)
    make_draft(call)
    make_draft(call)
    text = staff.get("/admin/submissions/call/").content.decode()
    cells = dict(re.findall(r'class="field-(\w+)">([^<]*)', text))
    assert cells == {
        "title": "",  # its text is inside a link
        "slug": call.slug,
        "opens_in_words": "9am on Wednesday 29 May 2019 (UK time)",
        "closes_in_words": "midday on Wednesday 24 July 2019 (UK time)",
        "submitted": "1",
        "drafts": "2",
    }


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["add/", "{}/delete/"])
def test_calls_are_neither_added_nor_deleted_here(client, path):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    call = make_call()
    address = "/admin/submissions/call/" + path.format(call.pk)
    assert client.post(address, {"post": "yes"}).status_code == 403
    assert Call.objects.count() == 1


@pytest.mark.django_db
def test_staff_give_a_call_statements_of_its_own(staff):
    call = make_call()
    statements = {
        "privacy_text": "Ours.",
        "accessibility_text": "Braille.",
        "cookies_text": "None of ours.",
        "withdrawal_text": "Ring.",
    }
    assert staff.post(change_page(call), filled_in(staff, call) | statements).status_code == 302
    stored = Call.objects.values(*statements).get()
    assert stored == statements


@pytest.mark.django_db
def test_page_names_the_partners_and_folds_what_is_asked(staff):
    call = make_call(partners=["NCVO", "ACEVO"])
    page = staff.get(change_page(call)).content.decode()
    assert '<div class="readonly">NCVO, ACEVO</div>' in page
    assert re.findall(r"<details[^>]*>\s*<summary>", page) == ["<details><summary>"] * 7
