"""The outbox in the admin: a mail's state and text, and sending it again."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import AuditEvent
from accounts.states import Action, Role
from submissions.mail import reminding
from submissions.outbox import queue
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import MailKind, OutboxState
from tests.forms import form_of
from tests.makers import (
    OPENS_AT,
    make_call,
    make_draft,
    make_submitted,
    make_user,
    while_open,
    withhold,
)

LIST = "/admin/submissions/outboxemail/"


@pytest.fixture
def staff(client):
    client.force_login(make_user(Role.MANAGER, is_staff=True))
    return client


def sent_mail(**changes):
    response = make_submitted(email="jo.bloggs@example.org")
    fields = {
        "state": OutboxState.SENT,
        "sent_at": response.submitted_at,
        "attempts": 1,
        "subject": "We have your response",
        "body": "Dear <Jo>,\nthank you.",
    }
    OutboxEmail.objects.update(**fields | changes)
    return OutboxEmail.objects.get()


def page_of(mail):
    return reverse("admin:submissions_outboxemail_change", args=[mail.pk])


def seen_on(staff, mail):
    """What the mail's page carries of what it shows."""
    return {"base_etag": form_of(staff.get(page_of(mail)))["base_etag"]}


def again(mail):
    return reverse("admin:submissions_outboxemail_again", args=[mail.pk])


@pytest.mark.django_db
def test_page_shows_the_text_as_sent_and_runs_none_of_it(staff):
    mail = sent_mail()
    text = staff.get(page_of(mail)).content.decode()
    assert "We have your response" in text
    assert "Dear &lt;Jo&gt;,\nthank you." in text
    assert "jo.bloggs@example.org" in text
    event = AuditEvent.objects.get()
    assert (event.action, event.submission) == ("mail_opened", mail.submission)
    assert event.detail == {"mail": mail.pk}


@pytest.mark.django_db
def test_mail_that_belongs_to_no_response_is_on_record_for_its_address(staff):
    call = make_call()
    mail = queue.enqueue(
        kind=MailKind.LATE_PASS, call=call, to_address="jo@example.org", at=while_open(call)
    )
    assert "jo@example.org" in staff.get(page_of(mail)).content.decode()
    event = AuditEvent.objects.get()
    assert (event.action, event.call, event.submission) == ("mail_opened", call, None)


@pytest.mark.django_db
def test_address_and_text_are_withheld_from_who_may_not_see_identity(client):
    user = make_user(Role.MANAGER, is_staff=True)
    withhold(user, Action.SEE_IDENTITY)
    client.force_login(user)
    mail = sent_mail()
    text = client.get(page_of(mail)).content.decode() + client.get(LIST).content.decode()
    assert "jo.bloggs" not in text
    assert "thank you" not in text
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db
def test_list_is_narrowed_by_state_and_shows_errors(staff):
    mail = sent_mail(state=OutboxState.FAILED, sent_at=None, last_error="No such mailbox.")
    failed = staff.get(LIST, {"state__exact": "failed"}).content.decode()
    assert "No such mailbox." in failed
    assert mail.submission.reference in failed
    assert "No such mailbox." not in staff.get(LIST, {"state__exact": "sent"}).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["sent", "failed"])
def test_send_again_owes_a_copy_and_is_on_record(staff, state):
    mail = sent_mail(**({} if state == "sent" else {"state": state, "sent_at": None}))
    assert f'action="{again(mail)}"' in staff.get(page_of(mail)).content.decode()
    assert staff.get(again(mail)).url == page_of(mail)
    assert staff.post(again(mail), seen_on(staff, mail)).status_code == 302
    copy = OutboxEmail.objects.get(resend_of=mail)
    assert (copy.state, copy.to_address) == ("waiting", mail.to_address)
    mail.refresh_from_db()
    assert (mail.state, mail.body) == (state, "Dear <Jo>,\nthank you.")
    event = AuditEvent.objects.get(action="mail_resent")
    assert event.detail == {"mail": mail.pk, "again": copy.pk}


@pytest.mark.django_db
def test_corrected_address_gets_a_copy_and_is_on_record(staff):
    mail = sent_mail(state=OutboxState.FAILED, sent_at=None, last_error="No such mailbox.")
    page = staff.get(page_of(mail)).content.decode()
    address = reverse("admin:submissions_outboxemail_correct", args=[mail.pk])
    assert f'action="{address}"' in page
    assert staff.get(address).url == page_of(mail)
    typed = {"address": " jo.blogs@example.org "}
    answer = staff.post(address, seen_on(staff, mail) | typed, follow=True)
    copy = OutboxEmail.objects.get(resend_of=mail)
    assert (copy.state, copy.to_address) == ("waiting", "jo.blogs@example.org")
    assert answer.redirect_chain == [(page_of(copy), 302)]
    event = AuditEvent.objects.get(action="address_corrected")
    assert event.detail == {"mail": mail.pk, "again": copy.pk}


@pytest.mark.django_db
@pytest.mark.parametrize(("kind", "offered"), [("file_infected", 0), ("withdrawn", 1)])
def test_form_for_another_address_is_there_where_the_mail_may_go(staff, kind, offered):
    page = staff.get(page_of(sent_mail(kind=kind))).content.decode()
    assert page.count("Send it to this address") == offered


@pytest.mark.django_db
def test_address_that_is_none_is_refused_in_words(staff):
    mail = sent_mail()
    address = reverse("admin:submissions_outboxemail_correct", args=[mail.pk])
    text = staff.post(address, seen_on(staff, mail) | {"address": "jo@"}).content.decode()
    assert "Enter an email address in the correct format, like name@example.com." in text
    assert 'value="jo@"' in text
    assert OutboxEmail.objects.count() == 1


@pytest.mark.django_db
def test_who_may_not_see_addresses_cannot_correct_them(client):
    user = make_user(Role.MANAGER, is_staff=True)
    withhold(user, Action.SEE_IDENTITY)
    client.force_login(user)
    mail = sent_mail()
    address = reverse("admin:submissions_outboxemail_correct", args=[mail.pk])
    assert address not in client.get(page_of(mail)).content.decode()
    assert client.post(address, {"address": "me@example.org"}).status_code == 403
    assert OutboxEmail.objects.count() == 1


def facts_of(page):
    found = re.findall(r"<div><dt>([^<]+)</dt><dd>([^<]*)</dd></div>", page)
    return dict(found)


@pytest.mark.django_db
def test_list_tells_how_mail_is_doing(staff, at):
    sent_mail(sent_at=OPENS_AT)
    call = make_call()
    make_submitted(call, at=OPENS_AT)
    failed, *_ = make_submitted(call, at=OPENS_AT).mails.all()
    OutboxEmail.objects.filter(pk=failed.pk).update(state=OutboxState.FAILED)
    at(OPENS_AT + timedelta(minutes=15))
    page = staff.get(LIST).content.decode()
    assert facts_of(page) == {
        "Waiting": "1",
        "Oldest waiting since (UK time)": "29 May 2019, 09:00:00",
        "Sent in the last 24 hours": "1",
        "Failed and not sent again": "1",
    }
    assert "waited for more than" not in page


@pytest.mark.django_db
def test_late_mail_is_a_warning_on_the_first_page_and_the_list(staff, at):
    make_submitted(at=OPENS_AT)
    at(OPENS_AT + timedelta(minutes=15))
    assert "waited for more than" not in staff.get("/admin/").content.decode()
    at(OPENS_AT + timedelta(minutes=15, microseconds=1))
    for address in ("/admin/", LIST):
        said = staff.get(address).content.decode()
        assert "1 mail has waited for more than 15 minutes." in said


@pytest.mark.django_db
def test_mail_on_its_way_is_not_sent_twice(staff):
    mail = sent_mail(state=OutboxState.WAITING, sent_at=None)
    assert "Send again" not in staff.get(page_of(mail)).content.decode()
    text = staff.post(again(mail), {"base_etag": "waiting 0"}, follow=True).content.decode()
    assert "This mail is still on its way" in text
    assert OutboxEmail.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["change", "delete"])
def test_mails_cannot_be_edited_even_by_a_superuser(client, path):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    mail = sent_mail()
    before = list(OutboxEmail.objects.values())
    address = reverse(f"admin:submissions_outboxemail_{path}", args=[mail.pk])
    assert client.post(address, {"body": "x", "post": "yes"}).status_code == 403
    assert list(OutboxEmail.objects.values()) == before


def choose(staff, mails):
    """What the list posts where these mails are chosen."""
    chosen = {"action": "send_chosen_again", "_selected_action": [mail.pk for mail in mails]}
    return form_of(staff.get(LIST)) | chosen


@pytest.mark.django_db
def test_chosen_mails_are_sent_again_together_and_once(staff):
    call = make_call()
    failed, other, waiting = [make_submitted(call).mails.get() for _ in range(3)]
    given_up = OutboxEmail.objects.filter(pk__in=[failed.pk, other.pk])
    given_up.update(state=OutboxState.FAILED, last_error="No server. Given up after 3 days.")
    page = staff.post(LIST, choose(staff, [failed, other, waiting]), follow=True).content.decode()
    assert "2 now wait to be sent again. 1 was left as it is: on the way, sent again" in page
    copies = OutboxEmail.objects.filter(resend_of__isnull=False).order_by("pk")
    assert [copy.resend_of for copy in copies] == [failed, other]
    staff.post(LIST, choose(staff, [failed, other, waiting]))
    assert copies.count() == 2
    copies.delete()
    everything = choose(staff, [failed]) | {"select_across": "1"}
    page = staff.post(LIST, everything, follow=True).content.decode()
    assert "2 now wait to be sent again. 1 was left as it is" in page


def messages_of(page):
    return re.findall(r'<li class="(?:error|success|warning)">(.*?)</li>', page.content.decode())


@pytest.mark.django_db
def test_chosen_mail_that_changed_since_it_was_listed_is_left(staff):
    mail = sent_mail(state=OutboxState.WAITING, sent_at=None)
    listed = choose(staff, [mail])
    OutboxEmail.objects.update(state=OutboxState.SENT, sent_at=OPENS_AT)
    left = "0 now wait to be sent again."
    assert messages_of(staff.post(LIST, listed, follow=True)) == [
        f"{mail.get_kind_display()}, {mail.submission} is left as it is. This page had “Waiting”, "
        "and meanwhile the mail changed to “Sent”. Choose it again if it still holds.",
        left,
    ]
    assert OutboxEmail.objects.get() == mail
    assert staff.post(LIST, choose(staff, [mail])).status_code == 302
    assert OutboxEmail.objects.filter(resend_of=mail).count() == 1


@pytest.mark.django_db
def test_chosen_mails_without_what_the_list_showed_are_left(staff):
    mail = sent_mail()
    bare = {"action": "send_chosen_again", "_selected_action": [mail.pk]}
    staff.post(LIST, bare)
    assert OutboxEmail.objects.get() == mail
    staff.post(LIST, bare | {"select_across": "1"})
    assert OutboxEmail.objects.filter(resend_of=mail).count() == 1


@pytest.mark.django_db
def test_chosen_mails_are_sent_again_by_those_who_may_only(client):
    user = make_user(Role.MANAGER, is_staff=True)
    withhold(user, Action.SEND_MAILS)
    client.force_login(user)
    mail = sent_mail()
    assert "send_chosen_again" not in client.get(LIST).content.decode()
    client.post(LIST, choose(client, [mail]))
    assert OutboxEmail.objects.get() == mail


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("mail", "said"),
    [
        ({"body": ""}, "The text of this mail is not kept any more."),
        (
            {"body": "", "state": OutboxState.WAITING, "sent_at": None},
            "The text is written when the mail is sent.",
        ),
        (
            {"body": "", "state": OutboxState.FAILED, "sent_at": None},
            "There is no text of this mail: it was not sent.",
        ),
    ],
)
def test_mail_without_a_text_says_why(staff, mail, said):
    assert f"<p>{said}</p>" in staff.get(page_of(sent_mail(**mail))).content.decode()


@pytest.mark.django_db
def test_list_says_what_keeps_every_mail_from_getting_out(staff):
    make_submitted()
    queue.defer_all(wall_now=OPENS_AT, error="The mail server turns the portal away (554).")
    page = staff.get(LIST).content.decode()
    assert "No mail is getting out. The mail server turns the portal away (554)." in page


@pytest.mark.django_db
def test_mail_that_goes_out_with_another_leads_to_it_and_back(staff):
    call = make_call()
    drafts = [make_draft(call, at=OPENS_AT, email="jo@example.org") for _ in range(2)]
    reminding.enqueue_reminders(at=call.closes_at - timedelta(days=1))
    lead, companion = OutboxEmail.objects.order_by("pk")
    shown = staff.get(page_of(companion)).content.decode()
    assert f'<dt>Goes out with</dt><dd><a href="{page_of(lead)}">' in shown
    assert "The text is kept with the mail that it goes out with." in shown
    shown = staff.get(page_of(lead)).content.decode()
    assert f'<dt>Also lists</dt><dd><a href="{page_of(companion)}">{drafts[1]}</a>' in shown
