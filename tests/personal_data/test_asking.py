"""An author asks on the website, staff enter what an author wrote, and somebody else decides."""

import re
from copy import deepcopy
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent
from accounts.states import Action, Role
from personal_data import erasing as carrying_out
from submissions.mail.live_data import LiveData
from submissions.mail.rendering import render
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import MailKind
from submissions.responses import erasing as requests
from submissions.responses.addresses import NO_ADDRESS, remember_address
from submissions.responses.errors import ErasureRefused, LinkDead
from submissions.responses.housekeeping import LINKS_KEPT, clear
from submissions.responses.models import ErasureRequest, Submission
from submissions.responses.states import ErasureScope, ErasureState, SubmissionState
from submissions.responses.verifying import receipt_code
from tests.makers import (
    confirm_address,
    enqueue_link_mail,
    make_call,
    make_draft,
    make_submitted,
    make_user,
    make_user_who_may,
    mark_as_sent,
    while_open,
)
from tests.personal_data.erasures import ask_and_approve, erase

pytestmark = pytest.mark.django_db
WHOLE = ErasureScope.RESPONSE


@pytest.fixture(scope="module")
def rows(made_once):
    return made_once(make_call)


@pytest.fixture
def call(rows, db, at):
    call = deepcopy(rows)
    at(while_open(call))
    return call


@pytest.fixture
def response(call):
    return make_submitted(call, email="ada@example.org", story="What happened.")


def holding(response):
    """A browser that has the response open."""
    client = Client()
    session = client.session
    session["responses"] = {response.call.slug: str(response.public_id)}
    session.save()
    return client


def mails(response, kind):
    found = OutboxEmail.objects.filter(submission=response, kind=kind).order_by("pk")
    return list(found)


def addresses(response, kind):
    return [mail.to_address for mail in mails(response, kind)]


def test_author_asks_from_the_receipt_and_is_given_the_day(call, response):
    client = holding(response)
    page = client.get(reverse("submitted", args=[call.slug])).content.decode()
    address = reverse("erase", args=[call.slug])
    assert f'href="{address}"' in page
    said = "by Friday 23 August 2019, within one month"
    assert said in client.get(address).content.decode()
    assert client.post(address, {"scope": "response"}).status_code == 302
    request = ErasureRequest.objects.get()
    assert (request.scope, request.state, request.entered_by) == ("response", "asked", None)
    assert request.confirmed_at == request.asked_at
    assert addresses(response, MailKind.ERASURE_ASKED) == ["ada@example.org"]
    page = client.get(address).content.decode()
    assert "We erase it by Friday 23 August 2019" in page
    assert client.post(address, {"scope": "response"}).status_code == 302
    other = client.post(address, {"scope": "identity"})  # in a tab that was open before
    assert other.status_code == 409
    assert "You have already asked us to erase something else" in other.content.decode()
    assert ErasureRequest.objects.count() == 1


def test_nothing_chosen_is_said_and_asks_for_nothing(call, response):
    answer = holding(response).post(reverse("erase", args=[call.slug]))
    assert answer.status_code == 422
    assert "Select what you want us to erase" in answer.content.decode()
    assert not ErasureRequest.objects.exists()


def test_request_that_comes_after_the_erasure_leads_to_what_was_erased(call, response, monkeypatch):
    open_request = requests.open_request

    def erase_meanwhile(submission):
        monkeypatch.setattr(requests, "open_request", open_request)
        erase(response, at=while_open(call))

    monkeypatch.setattr(requests, "open_request", erase_meanwhile)
    client = holding(response)
    answer = client.post(reverse("erase", args=[call.slug]), {"scope": "response"}, follow=True)
    assert answer.redirect_chain[-1] == (reverse("submitted", args=[call.slug]), 302)
    assert "was erased" in answer.content.decode()


@pytest.mark.parametrize("has_closed", [False, True])
def test_draft_says_where_it_is_open_how_to_have_it_erased(call, at, has_closed):
    client = holding(make_draft(call))
    at(call.closes_at if has_closed else while_open(call))
    page = client.get(reverse("response", args=[call.slug])).content.decode()
    assert f'<a href="{reverse("erase", args=[call.slug])}">Ask us to erase this draft</a>' in page


def test_draft_that_has_no_receipt_is_promised_none(call):
    draft = make_draft(call, email="ada@example.org")
    page = holding(draft).get(reverse("erase", args=[call.slug])).content.decode()
    assert "We keep the times at which you started and last saved it" in page
    assert "fingerprint" not in page
    ask_and_approve(draft, at=while_open(call))
    carrying_out.carry_out_all(at=while_open(call))
    (mail,) = mails(draft, MailKind.ERASURE_DONE)
    said = render(mail, at=while_open(call)).message.body
    assert "We keep the times at which it was started and last saved." in said
    assert "fingerprint" not in said


def test_author_withdraws_the_request_until_it_is_carried_out(call, response):
    client = holding(response)
    request = ask_and_approve(response, at=while_open(call))
    page = client.post(reverse("erase_stop", args=[call.slug]), follow=True).content.decode()
    assert "Your request is cancelled" in page
    request.refresh_from_db()
    assert request.state == ErasureState.WITHDRAWN
    assert carrying_out.carry_out_all(at=while_open(call)) == 0
    assert addresses(response, MailKind.ERASURE_STOPPED) == ["ada@example.org"]
    assert requests.withdraw_request(request, at=while_open(call)) is False
    assert AuditEvent.objects.get(action="erasure_withdrawn").actor is None
    ask_and_approve(response, at=while_open(call))
    carrying_out.carry_out_all(at=while_open(call))
    page = client.get(f"{reverse('erase', args=[call.slug])}?stopped").content.decode()
    assert "Your request is cancelled" not in page


def test_request_that_was_not_confirmed_in_time_is_asked_for_again(call, response, at):
    confirm_address(enqueue_link_mail(response, at=while_open(call), address="ada@example.org"))
    client = holding(response)
    address, receipt = (reverse(name, args=[call.slug]) for name in ("erase", "submitted"))
    client.post(address, {"scope": "response"})
    # By when says the same moment, however long the mail waited and whenever the page is opened.
    at(while_open(call) + timedelta(hours=1))
    until = "before midday on Friday 26 July 2019 (UK time)"
    asked = client.get(address).content.decode()
    assert f"We erase nothing unless you use it {until}." in asked
    (mail,) = mails(response, MailKind.ERASURE_ASKED)
    told = " ".join(render(mail, at=while_open(call)).message.body.split())
    assert f"We erase nothing unless you confirm it {until}: " in told
    assert "See how far your request to erase is" in client.get(receipt).content.decode()
    at(while_open(call) + timedelta(hours=requests.CONFIRM_WITHIN_HOURS))
    lapsed = client.get(address).content.decode()
    assert "Nobody used the link in our email within 72 hours, so we erased nothing." in lapsed
    assert "Ask to erase it" in lapsed
    assert "See how far your request to erase is" not in client.get(receipt).content.decode()
    client.post(address, {"scope": "identity"})
    assert "Nobody used the link" not in client.get(address).content.decode()
    states = dict(ErasureRequest.objects.values_list("scope", "state"))
    assert states == {"response": ErasureState.WITHDRAWN, "identity": ErasureState.ASKED}


def test_what_is_typed_while_the_response_is_erased_is_given_back(call):
    draft = make_draft(call)
    client = holding(draft)
    erase(draft, at=while_open(call))
    address = reverse("section", args=[call.slug, "evidence"])
    answer = client.post(address, {"story": "Typed meanwhile."})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "This response was erased." in page
    assert "Typed meanwhile.</textarea>" in page
    assert "See what was submitted" not in page


def test_after_an_erasure_another_response_is_begun_at_once(call):
    response = make_submitted(call)
    client = holding(response)
    erase(response, at=while_open(call))
    answer = client.post(reverse("start", args=[call.slug]), {"another": "1"})
    assert answer.status_code == 302
    assert Submission.objects.filter(state=SubmissionState.DRAFT).count() == 1


def test_receipt_names_no_address_once_who_answered_is_erased(call, response):
    client = holding(response)
    mail = OutboxEmail.objects.get(kind=MailKind.CONFIRMATION)
    mark_as_sent(mail, at=while_open(call))
    page = reverse("submitted", args=[call.slug])
    assert "We sent a confirmation to" in client.get(page).content.decode()
    erase(response, scope=ErasureScope.IDENTITY, at=while_open(call))
    shown = client.get(page).content.decode()
    assert "We erased who gave this response." in shown
    assert "We sent a confirmation to" not in shown
    assert "You gave no email address." not in shown


def test_what_a_rule_of_retention_ends_is_not_stopped_by_its_author(call, response):
    at = while_open(call)
    ended = requests.end_by_retention(
        submission=response, scope=ErasureScope.IDENTITY, rule="12 months", by=None, at=at
    )
    assert not requests.withdraw_request(ended, at=at)
    ended.refresh_from_db()
    assert ended.state == ErasureState.APPROVED


def test_confirmed_address_has_to_confirm_by_its_link(call, response, client, settings):
    used = confirm_address(
        enqueue_link_mail(response, at=while_open(call), address="ada@example.org")
    )
    clear(at=used.expires_at + LINKS_KEPT)
    holding(response).post(reverse("erase", args=[call.slug]), {"scope": "response"})
    request = ErasureRequest.objects.get()
    assert request.confirmed_at is None
    decider = make_user(Role.DATA_PROTECTION)
    with pytest.raises(ErasureRefused, match="not confirmed"):
        requests.approve(request, by=decider, at=while_open(call))
    [mail] = mails(response, MailKind.ERASURE_ASKED)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"
    text = render(mail, at=while_open(call)).message.body
    link = re.search(r"http://testserver(/calls/\S+/erase/\S+/)", text)[1]
    assert "Yes, erase it" in client.get(link).content.decode()
    request.refresh_from_db()
    assert request.confirmed_at is None
    assert "You confirmed it" in client.post(link).content.decode()
    requests.approve(request, by=decider, at=while_open(call))
    for page in (client.get(link), client.post(link)):
        assert "The team approved it. It is being erased." in page.content.decode()
    request.refresh_from_db()
    assert requests.withdraw_request(request, at=while_open(call))
    assert client.get(link).status_code == 410


@pytest.mark.parametrize("for_links", [False, True])
def test_address_that_nobody_confirmed_takes_the_place_of_no_confirmed_one(
    call, response, for_links
):
    at, browser = while_open(call), holding(response)
    if for_links:
        remember_address(submission=response, address="ada@example.org", at=at)
    confirm_address(enqueue_link_mail(response, at=at, address="ada@example.org"))
    browser.post(reverse("leave", args=[call.slug]), {"email": "else@example.org"})
    browser.post(reverse("erase", args=[call.slug]), {"scope": "response"})
    request = ErasureRequest.objects.get()
    page = browser.get(reverse("erase", args=[call.slug])).content.decode()
    assert "email to the address that you confirmed last." in page
    assert request.confirmed_at is None
    assert confirming(response, at=at) == {"ada@example.org": True, "else@example.org": False}
    # What the page says to whoever cannot read email there.
    requests.withdraw_request(request, at=at)
    confirm_address(enqueue_link_mail(response, at=at, address="else@example.org"))
    OutboxEmail.objects.filter(kind=MailKind.ERASURE_ASKED).delete()
    requests.ask(submission=response, scope=WHOLE, at=at)
    assert confirming(response, at=at) == {"ada@example.org": False, "else@example.org": True}


def test_last_confirmed_address_is_asked_also_where_another_is_the_one_for_links(call, response):
    at = while_open(call)
    remember_address(submission=response, address="links@example.org", at=at)
    confirm_address(enqueue_link_mail(response, at=at, address="links@example.org"))
    later = at + timedelta(minutes=1)
    confirm_address(enqueue_link_mail(response, at=later, address="ada@example.org"))
    requests.ask(submission=response, scope=WHOLE, at=later)
    assert confirming(response, at=later) == {"links@example.org": False, "ada@example.org": True}


def confirming(response, *, at):
    """To which addresses the request was told, and whether the mail has the link that confirms."""
    return {
        mail.to_address: bool(LiveData(at=at, mails=[mail]).erasure(mail)[1])
        for mail in mails(response, MailKind.ERASURE_ASKED)
    }


def test_request_that_nobody_confirms_lapses(call, response):
    confirm_address(enqueue_link_mail(response, at=while_open(call), address="ada@example.org"))
    at = while_open(call)
    first = requests.ask(submission=response, scope=WHOLE, at=at)
    assert requests.ask(submission=response, scope=WHOLE, at=at) == first
    token = requests.confirming_token(mails(response, MailKind.ERASURE_ASKED)[0], first)
    later = at + timedelta(hours=72)
    in_time = later - timedelta(microseconds=1)
    assert requests.look_up(call=call, token=token, at=in_time) == first
    with pytest.raises(LinkDead):
        requests.confirm(call=call, token=token, at=later)
    assert requests.ask(submission=response, scope=WHOLE, at=later) != first
    first.refresh_from_db()
    assert first.state == ErasureState.WITHDRAWN


def test_receipt_alone_lets_its_author_ask(call, response, client):
    at, other = while_open(call), make_submitted(call, email="else@example.org")
    confirm_address(enqueue_link_mail(other, at=at, address="else@example.org"))
    address = reverse("erase_by_receipt", args=[call.slug])
    given = {"reference": response.reference, "scope": "response"}
    wrong = client.post(address, given | {"code": "AAAA-AAAA-AAAA-AAAA"})
    assert wrong.status_code == 422
    assert not ErasureRequest.objects.exists()
    requests.ask(submission=other, scope=WHOLE, at=at)
    right = client.post(address, given | {"code": receipt_code(response.current_version)})
    assert (right.status_code, right.url) == (302, reverse("erase_asked", args=[call.slug]))
    request = ErasureRequest.objects.get(submission=response)
    assert (request.submission, request.confirmed_at) == (response, at)


def test_asking_for_more_than_an_open_request_is_told_and_not_taken_for_it(call, response, client):
    first = requests.ask(submission=response, scope=ErasureScope.IDENTITY, at=while_open(call))
    code = receipt_code(response.current_version)
    given = {"reference": response.reference, "code": code, "scope": "response"}
    answer = client.post(reverse("erase_by_receipt", args=[call.slug]), given)
    assert answer.status_code == 422
    assert "You have already asked us to erase something else." in answer.content.decode()
    assert list(ErasureRequest.objects.values_list("pk", flat=True)) == [first.pk]


def test_every_page_of_an_erased_response_says_that_it_is_erased(call, response):
    client = holding(response)
    erase(response, at=while_open(call))
    home = reverse("submitted", args=[call.slug])
    for name in ("response", "check", "receipt", "withdraw", "amend", "leave", "erase"):
        answer = client.get(reverse(name, args=[call.slug]))
        assert (name, answer.status_code, answer.headers.get("Location")) == (name, 302, home)
    page = client.get(home).content.decode()
    assert "It was erased at its author’s request on Tuesday 23 July 2019." in page
    assert response.current_version.receipt_digest in page
    assert "We keep the reference, the times and the fingerprint of the text" in page


def test_staff_read_of_no_erased_answer_that_it_was_not_given(call, response):
    erase(response, at=while_open(call))
    client = Client()
    client.force_login(make_user(Role.MANAGER))
    page = client.get(reverse("admin:submissions_submission_change", args=[response.pk]))
    text = page.content.decode()
    assert "This response was erased on" in text
    assert re.findall(r"not answered|<dt>Words</dt>", text) == []


def test_erased_draft_is_gone_and_can_be_submitted_no_more(call):
    draft = make_draft(call, email="ada@example.org", story="What happened.")
    client = holding(draft)
    erase(draft, at=while_open(call))
    draft.refresh_from_db()
    assert (draft.state, draft.reference) == (SubmissionState.ERASED, None)
    assert not draft.answers.exists()
    assert client.get(reverse("submitted", args=[call.slug])).status_code == 200
    save = client.post(reverse("save", args=[call.slug]), {"_section": "evidence", "story": "x"})
    assert save.status_code == 409


def enter(response, *, by, at, **fields):
    return requests.enter(
        submission=response, by=by, at=at, **{"scope": WHOLE, "reason": "By letter", **fields}
    )


def test_month_of_an_entered_request_begins_when_it_was_asked_for(call, response):
    asked_at = while_open(call).replace(month=5, day=31)
    by = make_user(Role.MANAGER)
    request = enter(response, by=by, asked_at=asked_at, at=while_open(call))
    assert request.due_at == asked_at.replace(month=6, day=30)
    event = AuditEvent.objects.get(action="erasure_asked")
    assert (event.actor, event.detail["reason"]) == (by, "By letter")


def test_same_person_who_entered_it_approves_nothing(call, response):
    at, by = while_open(call), make_user(Role.MANAGER)
    request = enter(response, by=by, asked_at=at, at=at)
    with pytest.raises(ErasureRefused, match="somebody else"):
        requests.approve(request, by=by, at=at)
    page = reverse("admin:submissions_erasurerequest_change", args=[request.pk])
    client = Client()
    client.force_login(by)
    shown = client.get(page).content.decode()
    assert "another member has to decide" in shown
    assert f"to erase {response}</h1>" in shown
    client.post(reverse("admin:submissions_erasurerequest_approve", args=[request.pk]))
    request.refresh_from_db()
    assert request.state == ErasureState.ASKED


def test_members_without_the_right_and_of_another_call_decide_nothing(call, response):
    at = while_open(call)
    elsewhere = make_user(Role.DATA_PROTECTION)
    request = requests.ask(submission=response, scope=WHOLE, at=at)
    elsewhere.memberships.filter(call=call).delete()
    other_call = make_call()
    assert elsewhere.memberships.get().call == other_call
    elsewhere.rights_by_call = None
    for person in (elsewhere, make_user(Role.REVIEWER), make_user_who_may(Action.ENTER_ERASURE)):
        with pytest.raises(ErasureRefused, match="may not decide"):
            requests.approve(request, by=person, at=at)
        with pytest.raises(ErasureRefused, match="may not decide"):
            requests.refuse(request, by=person, words="No", at=at)
    with pytest.raises(ErasureRefused, match="may not enter"):
        enter(response, by=elsewhere, asked_at=at, at=at)
    request.refresh_from_db()
    assert request.state == ErasureState.ASKED


def test_second_who_decides_is_told_who_was_first(call, response):
    at = while_open(call)
    request = requests.ask(submission=response, scope=WHOLE, at=at)
    requests.approve(request, by=make_user(Role.MANAGER, username="first"), at=at)
    with pytest.raises(ErasureRefused, match="approved, by first"):
        requests.refuse(request, by=make_user(Role.MANAGER), words="No", at=at)


def test_refusal_goes_to_its_author_in_plain_words(call, response):
    at = while_open(call)
    request = requests.ask(submission=response, scope=WHOLE, at=at)
    client = Client()
    client.force_login(make_user(Role.DATA_PROTECTION))
    address = reverse("admin:submissions_erasurerequest_refuse", args=[request.pk])
    assert client.post(address, {"words": " "}).status_code == 200
    page = client.post(address, {"words": "A court needs it until May."}, follow=True)
    assert "It is refused. Its author is told by mail." in page.content.decode()
    [mail] = mails(response, MailKind.ERASURE_STOPPED)
    text = render(mail, at=at).message.body
    assert "A court needs it until May." in text
    assert "https://ico.org.uk/make-a-complaint/" in text
    again = client.post(address, {"words": "Until June."}, follow=True).content.decode()
    assert "This request is not open any more: refused" in again
    assert "You wrote: “Until June.”" in again
    assert AuditEvent.objects.get(action="erasure_refused").submission == response
    response.refresh_from_db()
    assert response.state == SubmissionState.SUBMITTED


def test_refusal_that_no_mail_takes_to_its_author_says_so_and_stands_where_it_was_asked(
    call, monkeypatch
):
    monkeypatch.setattr("personal_data.admin.erasure_requests.nudge_erasures", lambda: None)
    call.questions.filter(key="email").update(required=False)
    response = make_submitted(type(call).objects.get(pk=call.pk), story="What happened.")
    request = requests.ask(submission=response, scope=WHOLE, at=while_open(call))
    client = Client()
    client.force_login(make_user(Role.DATA_PROTECTION))
    address = reverse("admin:submissions_erasurerequest_refuse", args=[request.pk])
    page = client.post(address, {"words": "A court needs it."}, follow=True)
    assert f"It is refused. {NO_ADDRESS}" in page.content.decode()
    read = reverse("erase", args=[call.slug])
    assert "<p>A court needs it.</p>" in holding(response).get(read).content.decode()
    request = requests.ask(submission=response, scope=WHOLE, at=while_open(call))
    address = reverse("admin:submissions_erasurerequest_approve", args=[request.pk])
    page = client.post(address, follow=True).content.decode()
    assert f"cannot be undone, and takes minutes. {NO_ADDRESS}" in page


def test_staff_enter_and_another_approves_in_the_admin(call, response, monkeypatch):
    monkeypatch.setattr("personal_data.admin.erasure_requests.nudge_erasures", lambda: None)
    client = Client()
    client.force_login(make_user(Role.DATA_PROTECTION))
    address = reverse("admin:submissions_erasurerequest_enter", args=[response.pk])
    page = client.get(reverse("admin:submissions_submission_change", args=[response.pk]))
    assert f'href="{address}"' in page.content.decode()
    given = {"scope": "identity", "reason": "By letter of 1 July", "asked_on": "2019-07-02"}
    assert client.post(address, given | {"asked_on": "2019-07-25"}).status_code == 200
    of_old = client.post(address, given | {"asked_on": "0019-07-02"})
    assert "Enter a day from 2000 on that has passed." in of_old.content.decode()
    client.post(address, given)
    request = ErasureRequest.objects.get()
    page = client.get(reverse("admin:submissions_erasurerequest_change", args=[request.pk]))
    assert "<dt>Asked for (UK time)</dt><dd>Tuesday 2 July 2019</dd>" in page.content.decode()
    assert "<dt>How it came</dt><dd>entered by" in page.content.decode()
    client.force_login(make_user(Role.MANAGER))
    assert "1 request to erase waits for your decision" in client.get("/admin/").content.decode()
    client.post(reverse("admin:submissions_erasurerequest_approve", args=[request.pk]))
    request.refresh_from_db()
    assert request.state == ErasureState.APPROVED
    assert Submission.objects.get(pk=response.pk).state == SubmissionState.SUBMITTED


def test_approval_asks_for_the_password_again(call, response):
    request = requests.ask(submission=response, scope=WHOLE, at=while_open(call))
    client = Client()
    client.force_login(make_user(Role.MANAGER))
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": 0}]
    session.save()
    answer = client.post(reverse("admin:submissions_erasurerequest_approve", args=[request.pk]))
    assert (answer.status_code, answer.url.partition("?")[0]) == (302, "/account/again/")
    request.refresh_from_db()
    assert request.state == ErasureState.ASKED
