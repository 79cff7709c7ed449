"""The pages of staff say in plain words what goes on record, and that is so."""

import html
import re

import pytest
from django.urls import reverse

from accounts.models import AuditEvent, User
from accounts.states import Action, Role
from submissions.outbox.models import OutboxEmail
from submissions.responses import late_passes
from submissions.responses.models import LatePass
from tests.makers import make_call, make_submitted, make_user, while_open, withhold

pytestmark = pytest.mark.django_db


@pytest.fixture
def call():
    return make_call()


@pytest.fixture
def response(call):
    return make_submitted(call)


@pytest.fixture
def staff(client):
    client.force_login(make_user(Role.MANAGER, is_staff=True, username="staff"))
    return client


def words(client, address, **more):
    page = client.get(address, **more)
    assert page.status_code == 200
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.content.decode())).split())


def recorded():
    return [event.action for event in AuditEvent.objects.order_by("pk")]


def of_response(response, page="change"):
    return reverse(f"admin:submissions_submission_{page}", args=[response.pk])


def test_page_of_a_response_says_that_opening_it_is_on_record(staff, response):
    assert (
        "That you opened this response and saw who answered is on record, with your name and the "
        "time. So is each file that you open and each status that you set."
    ) in words(staff, of_response(response))
    assert recorded() == ["response_opened"]


def test_page_of_a_response_without_who_answered_says_that_alone(client, response):
    reader = make_user(Role.MANAGER, is_staff=True, username="reader")
    withhold(reader, Action.SEE_IDENTITY)
    client.force_login(reader)
    assert "That you opened this response is on record," in words(client, of_response(response))


def test_page_of_a_mail_says_that_reading_it_is_on_record(staff, response, call):
    mail = response.mails.get()
    address = reverse("admin:submissions_outboxemail_change", args=[mail.pk])
    said = "That you read this mail is on record, with your name and the time."
    assert said in words(staff, address)
    OutboxEmail.objects.update(to_address="")
    assert said not in words(staff, address)
    assert recorded() == ["mail_opened"]


def give_late_pass(call):
    return late_passes.give(
        call=call,
        address="ada@example.org",
        submission=None,
        reason="Illness",
        expires_at=call.closes_at.replace(year=call.closes_at.year + 1),
        by=make_user(),
        at=while_open(call),
    )


def test_pages_of_a_late_pass_say_that_seeing_its_address_is_on_record(staff, response, call):
    given = give_late_pass(call)
    LatePass.objects.filter(pk=given.pk).update(submission=response)
    said = "That you saw this address is on record, with your name and the time."
    reader = make_user(Role.MANAGER, is_staff=True, username="reader")
    withhold(reader, Action.SEE_IDENTITY)
    for person, times in (("staff", 1), ("reader", 0)):
        staff.force_login(User.objects.get(username=person))
        for page in ("change", "revoke"):
            address = reverse(f"admin:submissions_latepass_{page}", args=[given.pk])
            shown = words(staff, address)
            assert (shown.count("ada@example.org"), shown.count(said)) == (times, times), page
    seen = AuditEvent.objects.filter(action="late_pass_opened")
    assert [(one.actor.username, one.submission, one.detail) for one in seen] == [
        ("staff", response, {"late_pass": given.pk})
    ] * 2
    assert "staff the address of its late pass" in words(staff, of_response(response))


def test_pages_that_change_something_say_that_it_goes_on_record(staff, response, call):
    given = give_late_pass(call)
    for address, said in (
        (
            of_response(response, "withdraw"),
            "Your name, the time and how you were asked go on record.",
        ),
        (
            reverse("admin:submissions_latepass_revoke", args=[given.pk]),
            "That you take it back goes on record, with your name and the time.",
        ),
        (
            reverse("admin:submissions_latepass_give", args=[call.pk]),
            "It goes on record with your name. Leave out names of others.",
        ),
        (
            reverse("admin:submissions_call_change", args=[call.pk]),
            "The record has your name, the time and the names of the fields that you change, "
            "without their words.",
        ),
        (
            reverse("admin:submissions_submission_changelist"),
            "The search goes on record: that you searched, when, in which call, how many responses "
            "were found, and which of them were shown. What you search for does not.",
        ),
        (reverse("admin:index"), "The record says who signed in, who opened a response, a file or"),
    ):
        assert said in words(staff, address), address


def test_pages_of_exports_say_what_goes_on_record(client, response, call):
    client.force_login(make_user(Role.STEERING_MEMBER, username="member"))
    for page in ("", "exports/"):
        assert (
            "Each export is put on record with your name, the choice, the number of responses and "
            "the digest of the file."
        ) in words(client, f"/steering/{call.slug}/{page}")
