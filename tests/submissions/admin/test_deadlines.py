"""What staff do about deadlines: closing reports, late passes, changes of the closing time."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import AuditEvent
from submissions.definitions import closing_times
from submissions.outbox.models import OutboxEmail
from submissions.responses import late_passes
from submissions.responses.models import LatePass
from tests.forms import form_of
from tests.makers import make_call, make_draft, make_submitted, make_user

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def staff(client):
    user = make_user("manager", is_staff=True)
    client.force_login(user)
    return user


def given(call, by):
    return late_passes.give(
        call=call,
        address="late@example.org",
        reason="Power cut",
        expires_at=call.closes_at + 48 * HOUR,
        by=by,
        at=call.closes_at + HOUR,
    )


def test_closing_report_counts_responses_and_waiting_mails(client, staff, at):
    call = make_call()
    make_submitted(call)
    make_submitted(call)
    make_draft(call)
    closing_times.change_closing_time(
        call, to=call.closes_at + HOUR, reason="Site was down", by=staff, at=call.opens_at
    )
    at(call.closes_at + 2 * HOUR)
    response = client.get(reverse("admin:submissions_call_closing_report", args=[call.pk]))
    report = response.context["report"]
    assert (report.received, report.drafts, report.mails_outstanding) == (2, 1, 2)
    assert report.by_timing == {
        "On time": 2,
        "In the grace period": 0,
        "With a late pass": 0,
    }
    page = response.content.decode()
    # What is wider than a phone scrolls in its own box.
    assert re.search(r'class="module wide" tabindex="0" [^>]*><table>\s*<caption>Changes of', page)
    assert "Site was down" in page


def test_closing_report_says_for_two_minutes_that_it_may_grow(client, staff, at):
    call = make_call()
    address = reverse("admin:submissions_call_closing_report", args=[call.pk])
    for after, may_grow in ((-SECOND, False), (0 * SECOND, True), (120 * SECOND, False)):
        at(call.closes_at + after)
        assert ("Count again in two minutes" in client.get(address).content.decode()) == may_grow


def test_staff_give_a_pass_and_its_mail_is_enqueued(client, staff, at):
    call = make_call()
    at(call.closes_at + HOUR)
    address = reverse("admin:submissions_latepass_give", args=[call.pk])
    posted = form_of(client.get(address)) | {
        "address": "late@example.org",
        "day": "2019-07-26",
        "time": "17:00",
        "reason": "Power cut",
    }
    assert client.post(address, posted).status_code == 302
    late_pass = LatePass.objects.get()
    assert late_pass.given_by == staff
    assert late_pass.expires_at.isoformat() == "2019-07-26T16:00:00+00:00"
    assert OutboxEmail.objects.get().kind == "late_pass"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"reason": ""}, "Fill this in."),
        ({"day": "2019-07-23"}, "Enter an end that is still to come and after the closing time"),
        ({"address": "", "reference": "TST-2222-2222"}, "There is no response of this call"),
        ({"address": "", "reference": "TST-2222-222R"}, "This is not a reference."),
    ],
)
def test_pass_that_makes_no_sense_is_explained(client, staff, at, change, why):
    call = make_call()
    make_draft(call)
    at(call.closes_at + HOUR)
    address = reverse("admin:submissions_latepass_give", args=[call.pk])
    posted = form_of(client.get(address)) | {
        "address": "late@example.org",
        "day": "2019-07-26",
        "time": "17:00",
        "reason": "Power cut",
    }
    response = client.post(address, posted | change)
    assert why in response.content.decode()
    assert LatePass.objects.count() == 0


def test_staff_take_a_pass_back_after_being_asked(client, staff, at):
    call = make_call()
    at(call.closes_at + 2 * HOUR)
    late_pass = given(call, staff)
    address = reverse("admin:submissions_latepass_revoke", args=[late_pass.pk])
    page = client.get(address)
    assert "Power cut" in page.content.decode()
    late_pass.refresh_from_db()
    assert late_pass.revoked_at is None
    client.post(address, form_of(page))
    late_pass.refresh_from_db()
    assert late_pass.revoked_at == call.closes_at + 2 * HOUR
    actions = AuditEvent.objects.order_by("pk").values_list("action", "actor__pk")
    steps = ("late_pass_given", "late_pass_opened", "late_pass_revoked")
    assert list(actions) == [(step, staff.pk) for step in steps]


def test_list_of_passes_says_who_gave_which_and_how_they_stand(client, staff, at):
    call = make_call()
    late_pass = given(call, staff)
    at(call.closes_at + 2 * HOUR)
    row = client.get(reverse("admin:submissions_latepass_change", args=[late_pass.pk]))
    assert "26 July 2019, 12:00:00" in row.content.decode()
    back = reverse("admin:submissions_latepass_revoke", args=[late_pass.pk])
    assert back in row.content.decode()
    page = client.get(reverse("admin:submissions_latepass_changelist")).content.decode()
    assert "26 July 2019, 12:00:00" in page
    assert "Expires (UK time)" in page
    assert staff.username in page
    assert "Open" in page
    assert f"Give a late pass: {call.title}" in page
    at(late_pass.expires_at)
    row = client.get(reverse("admin:submissions_latepass_change", args=[late_pass.pk]))
    assert "Expired" in row.content.decode()
    assert back not in row.content.decode()


def test_steering_group_may_not_give_passes(client, at):
    call = make_call()
    client.force_login(make_user("steering_member"))
    address = reverse("admin:submissions_latepass_give", args=[call.pk])
    assert client.post(address, {}).status_code in {302, 403}
    assert LatePass.objects.count() == 0
