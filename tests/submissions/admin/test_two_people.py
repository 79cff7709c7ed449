"""Two people at one form of the admin: nobody silently overwrites what the other saved."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, User
from accounts.states import Role
from submissions.calls.models import Call
from submissions.outbox.models import OutboxEmail
from submissions.responses import amending, drafting, late_passes, submitting
from tests.forms import form_of
from tests.makers import (
    make_call,
    make_draft,
    make_submitted,
    make_user,
    mark_as_sent,
    while_open,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann():
    return signed_in("ann", group=Role.MANAGER)


@pytest.fixture
def ben():
    return signed_in("ben", group=Role.MANAGER)


def signed_in(name, *, group=None, **fields):
    client = Client()
    client.force_login(make_user(group, username=name, is_staff=True, **fields))
    return client


def errors(page):
    """What the lists of errors on the page say."""
    lists = re.findall(r'<ul class="errorlist[^"]*"[^>]*>(.*?)</ul>', page.content.decode(), re.S)
    found = [re.sub(r"<[^>]+>", "", item) for one in lists for item in one.split("</li>")]
    return [text.strip() for text in found if text.strip()]


def messages_of(page):
    found = re.findall(r'<li class="(?:error|success|warning)">(.*?)</li>', page.content.decode())
    return [text.replace("&#x27;", "'") for text in found]


def call_page(call):
    return reverse("admin:submissions_call_change", args=[call.pk])


def test_later_save_of_a_call_is_refused_with_both_values(ann, ben):
    call = make_call(summary="One.\nTwo.", contact_phone="1")
    address = call_page(call)
    seen = form_of(ben.get(address))
    first = form_of(ann.get(address)) | {"summary": "By Ann.", "contact_phone": "2"}
    assert ann.post(address, first).status_code == 302
    page = ben.post(address, seen | {"summary": "By Ben.", "contact_name": "Ben"})
    assert errors(page) == [
        "ann saved “By Ann.” here while this page was open. You typed “By Ben.”. Save again to "
        "put yours in its place.",
        "ann saved “2” here while this page was open. This page had “1”. What was saved is in "
        "the form now.",
    ]
    kept = Call.objects.values_list("summary", "contact_phone", "contact_name").get()
    assert kept == ("By Ann.", "2", "The project team")
    again = form_of(page)
    typed = [again[name] for name in ("summary", "contact_phone", "contact_name")]
    assert typed == ["By Ben.", "2", "Ben"]
    assert ben.post(address, again).status_code == 302
    kept = Call.objects.values_list("summary", "contact_phone", "contact_name").get()
    assert kept == ("By Ben.", "2", "Ben")
    events = AuditEvent.objects.order_by("pk").values_list("actor__username", "detail")
    assert list(events) == [
        ("ann", {"fields": ["summary", "contact_phone"]}),
        ("ben", {"fields": ["summary", "contact_name"]}),
    ]


def test_later_save_of_a_question_is_refused_with_both_values(ann, ben):
    call = make_call()
    address = call_page(call)
    seen = form_of(ben.get(address))
    name = next(n for n, value in seen.items() if value == "What happened?" and "initial" not in n)
    assert ann.post(address, form_of(ann.get(address)) | {name: "By Ann?"}).status_code == 302
    page = ben.post(address, seen | {name: "By Ben?"})
    assert errors(page) == [
        "ann saved “By Ann?” here while this page was open. You typed “By Ben?”. Save again to "
        "put yours in its place."
    ]
    assert call.questions.get(key="story").label == "By Ann?"
    assert ben.post(address, form_of(page)).status_code == 302
    assert call.questions.get(key="story").label == "By Ben?"


def test_page_as_it_was_changes_nothing_and_one_that_carries_nothing_it_saw_is_refused(ann):
    call = make_call(about="One.\n\nTwo.", summary="One.\nTwo.")
    before = Call.objects.values("about", "summary", "help_text").get()
    seen = form_of(ann.get(call_page(call)))
    bare = {name: value for name, value in seen.items() if "initial-" not in name}
    assert ann.post(call_page(call), bare | {"summary": "Other."}).status_code == 200
    assert Call.objects.values("about", "summary", "help_text").get() == before
    assert ann.post(call_page(call), seen).status_code == 302
    assert Call.objects.values("about", "summary", "help_text").get() == before
    assert not AuditEvent.objects.exists()


def test_words_that_somebody_began_to_answer_meanwhile_are_refused_in_words(ann):
    call = make_call()
    posted = form_of(ann.get(call_page(call)))
    name = next(n for n, value in posted.items() if value == "What happened?")
    make_draft(call)
    page = ann.post(call_page(call), posted | {name: "What took place?"})
    assert errors(page) == [
        "Somebody has begun to answer, so the words stay. You typed “What took place?”."
    ]
    assert call.questions.get(key="story").label == "What happened?"


def test_later_closing_time_is_refused_with_both(ann, ben, at):
    call = make_call()
    at(while_open(call))
    address = reverse("admin:submissions_call_closing_time", args=[call.pk])
    ours = {"day": "2019-07-26", "time": "17:00", "reason": "By Ann"}
    theirs = {"day": "2019-07-28", "time": "12:00", "reason": "By Ben"}
    seen = form_of(ben.get(address))
    assert ann.post(address, form_of(ann.get(address)) | ours).status_code == 302
    page = ben.post(address, seen | theirs)
    assert errors(page) == [
        "ann changed the closing time while this page was open: it is 5pm on Friday 26 July 2019 "
        "(UK time). What you typed is below. Save again if it still holds."
    ]
    again = form_of(page)
    assert {name: again[name] for name in theirs} == theirs
    assert ben.post(address, again).status_code == 302
    changes = call.closing_changes.order_by("pk").values_list("by__username", "reason")
    assert list(changes) == [("ann", "By Ann"), ("ben", "By Ben")]


def test_late_pass_is_not_given_by_a_closing_time_that_changed(ann, ben, at):
    call = make_call()
    at(while_open(call))
    address = reverse("admin:submissions_latepass_give", args=[call.pk])
    seen = form_of(ben.get(address))
    closing = reverse("admin:submissions_call_closing_time", args=[call.pk])
    later = {"day": "2019-07-26", "time": "17:00", "reason": "By Ann"}
    assert ann.post(closing, form_of(ann.get(closing)) | later).status_code == 302
    typed = {"address": "jo@example.org", "reason": "Ill"}
    page = ben.post(address, seen | typed)
    assert errors(page)[0].startswith("ann changed the closing time while this page was open")
    assert call.late_passes.count() == 0
    assert {name: form_of(page)[name] for name in typed} == typed


def status_page(response):
    return reverse("admin:submissions_submission_change", args=[response.pk])


def test_later_status_is_refused_with_both(ann, ben):
    response = make_submitted()
    address = reverse("admin:submissions_submission_status", args=[response.pk])
    seen = form_of(ben.get(status_page(response)))
    first = form_of(ann.get(status_page(response))) | {"status": "considered"}
    ann.post(address, first)
    page = ben.post(address, seen | {"status": "set_aside.test"}, follow=True)
    assert messages_of(page) == [
        "While this page was open, ann changed the status to “Considered”. You chose “Set aside: "
        "Sent as a test”: it is selected below. Save the status again to put it in place."
    ]
    response.refresh_from_db()
    assert response.triage_status == "considered"
    again = form_of(page)
    assert again["status"] == "set_aside.test"
    ben.post(address, again)
    events = AuditEvent.objects.filter(action="status_changed").order_by("pk")
    assert list(events.values_list("actor__username", "detail")) == [
        ("ann", {"before": "unread", "after": "considered"}),
        ("ben", {"before": "considered", "after": "set_aside", "reason": "test"}),
    ]


def submit_again(response):
    moment = while_open(response.call)
    amending.reopen(submission=response, at=moment)
    drafting.save_answers(
        submission=response, call=response.call, values={"story": "More"}, at=moment
    )
    submitting.submit(submission=response, at=moment)


def test_status_of_a_version_that_nobody_saw_is_refused(ann):
    response = make_submitted()
    seen = form_of(ann.get(status_page(response)))
    submit_again(response)
    address = reverse("admin:submissions_submission_status", args=[response.pk])
    # Also where it has that status: it was chosen for the version before.
    for status, label in (("considered", "Considered"), ("unread", "New")):
        page = ann.post(address, seen | {"status": status}, follow=True)
        assert messages_of(page) == [
            f"While this page was open, its author submitted version 2. You chose “{label}”: it is "
            "selected below. Save the status again to put it in place."
        ]
    response.refresh_from_db()
    assert response.triage_status == "unread"


def test_withdrawal_of_a_version_that_nobody_saw_is_refused(ann):
    response = make_submitted()
    address = reverse("admin:submissions_submission_withdraw", args=[response.pk])
    seen = form_of(ann.get(address))
    submit_again(response)
    page = ann.post(address, seen | {"reason": "By phone"})
    assert errors(page) == [
        "Its author submitted version 2 while this page was open. What you typed is below. Save "
        "again if it still holds."
    ]
    response.refresh_from_db()
    assert response.state == "submitted"
    assert ann.post(address, form_of(page)).status_code == 302
    response.refresh_from_db()
    assert response.state == "withdrawn"


def test_second_withdrawal_says_who_was_first(ann, ben):
    response = make_submitted()
    address = reverse("admin:submissions_submission_withdraw", args=[response.pk])
    seen = form_of(ben.get(address)) | {"reason": "By mail"}
    ann.post(address, form_of(ann.get(address)) | {"reason": "By phone"})
    page = ben.post(address, seen, follow=True)
    said = f"{response} was withdrawn already, by ann. Nothing changed. You wrote: “By mail”"
    assert messages_of(page) == [said]
    events = AuditEvent.objects.filter(action="response_withdrawn")
    assert list(events.values_list("actor__username", "detail__reason")) == [("ann", "By phone")]


def test_later_save_of_a_person_is_refused_with_both_values():
    chief, deputy = (
        signed_in(name, is_superuser=True, email=f"{name}@example.org")
        for name in ("chief", "deputy")
    )
    person = make_user(username="person", first_name="Old", is_active=True)
    address = reverse("admin:accounts_user_change", args=[person.pk])
    seen = form_of(deputy.get(address))
    assert person.password not in deputy.get(address).content.decode()
    first = form_of(chief.get(address)) | {"first_name": "Ada"}
    first.pop("is_active")
    assert chief.post(address, first).status_code == 302
    page = deputy.post(address, seen | {"first_name": "Eve", "is_superuser": "on"})
    assert errors(page) == [
        "chief saved “Ada” here while this page was open. You typed “Eve”. Save again to put yours "
        "in its place.",
        "chief saved “no” here while this page was open. This page had “yes”. What was saved is "
        "in the form now.",
    ]
    kept = User.objects.values_list("first_name", "is_active", "is_superuser")
    assert kept.get(pk=person.pk) == ("Ada", False, False)
    assert deputy.post(address, form_of(page)).status_code == 302
    assert kept.get(pk=person.pk) == ("Eve", False, True)


def mail_page(mail):
    return reverse("admin:submissions_outboxemail_change", args=[mail.pk])


@pytest.mark.parametrize("theirs", ["again", "correct"])
def test_mail_that_somebody_else_sent_again_is_not_sent_unawares(ann, ben, theirs):
    response = make_submitted(email="jo@example.org")
    mark_as_sent(response.mails.get(), at=response.submitted_at)
    mail = response.mails.get()
    seen = form_of(ben.get(mail_page(mail)))["base_etag"]
    first = reverse("admin:submissions_outboxemail_correct", args=[mail.pk])
    ann.post(
        first,
        {
            "base_etag": form_of(ann.get(mail_page(mail)))["base_etag"],
            "address": "ann.chose@example.org",
        },
    )
    copy = OutboxEmail.objects.get(resend_of=mail)
    mark_as_sent(copy, at=response.submitted_at)
    before = OutboxEmail.objects.count()
    address = reverse(f"admin:submissions_outboxemail_{theirs}", args=[mail.pk])
    page = ben.post(address, {"base_etag": seen, "address": "ben.chose@example.org"})
    assert messages_of(page) == [
        "While this page was open, ann sent a copy of this mail: see “Sent again”. What you typed "
        "is below. Send it if it still holds."
    ]
    assert OutboxEmail.objects.count() == before
    text = page.content.decode()
    assert "</a>, to ann.chose@example.org</dd>" in text
    assert 'value="ben.chose@example.org"' in text
    again = re.findall(r'name="base_etag" value="([^"]*)"', text)
    assert again == ["sent 1", "sent 1"]
    assert (
        ben.post(address, {"base_etag": again[0], "address": "ben@example.org"}).status_code == 302
    )
    assert OutboxEmail.objects.filter(resend_of=mail).count() == 2


def test_second_to_take_a_pass_back_is_told_who_was_first(ann, ben, at):
    call = make_call()
    at(call.closes_at + timedelta(hours=1))
    late_pass = late_passes.give(
        call=call,
        address="jo@example.org",
        reason="Ill",
        expires_at=call.closes_at + timedelta(days=2),
        by=User.objects.get(username="ann"),
        at=call.closes_at,
    )
    address = reverse("admin:submissions_latepass_revoke", args=[late_pass.pk])
    seen = form_of(ben.get(address))
    ann.post(address, form_of(ann.get(address)))
    page = ben.post(address, seen, follow=True)
    assert messages_of(page) == ["This pass was already cancelled, by ann. Nothing changed."]
    events = AuditEvent.objects.filter(action="late_pass_revoked")
    assert list(events.values_list("actor__username", flat=True)) == ["ann"]


def test_pass_that_was_taken_up_meanwhile_is_not_taken_back_unawares(ann, at):
    call = make_call()
    at(call.closes_at + timedelta(hours=1))
    late_pass = late_passes.give(
        call=call,
        address="jo@example.org",
        reason="Ill",
        expires_at=call.closes_at + timedelta(days=2),
        by=User.objects.get(username="ann"),
        at=call.closes_at,
    )
    address = reverse("admin:submissions_latepass_revoke", args=[late_pass.pk])
    seen = form_of(ann.get(address))
    token = late_passes.make_link(late_pass)
    begun = late_passes.take_up(call=call, token=token, current=None, at=call.closes_at)
    page = ann.post(address, seen)
    assert messages_of(page) == [
        "The response of this pass changed while this page was open: it had “not taken up yet”, "
        f"and it is “{begun}” now. Take the pass back again if you still want to."
    ]
    late_pass.refresh_from_db()
    assert late_pass.revoked_at is None
    assert ann.post(address, form_of(page)).status_code == 302
    late_pass.refresh_from_db()
    assert late_pass.revoked_at is not None
