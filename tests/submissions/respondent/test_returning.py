"""Leaving a response and coming back to it, as a browser without JavaScript meets it."""

import re
import time
from datetime import timedelta
from secrets import token_hex

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from submissions.mail.rendering import render
from submissions.outbox.models import OutboxEmail
from submissions.respondent import receipt_codes, receipts
from submissions.respondent import returning as views
from submissions.respondent.documents.receipt import receipt_data
from submissions.responses import amending, drafting, returning
from submissions.responses.models import ReturnAddress, ReturnToken, Submission
from submissions.responses.verifying import receipt_code
from tests.makers import (
    ABOUT,
    complete_answers,
    make_call,
    make_draft,
    make_submitted,
    press_submit,
    send_link,
    while_open,
)
from tests.submissions.respondent.answering import start_with

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def no_tries_before(settings, monkeypatch):
    """Tries are counted under the secret key, and other tests run beside this one."""
    settings.SECRET_KEY = token_hex()
    monkeypatch.setattr(views, "ANSWERED_AFTER", 0)


@pytest.fixture
def call(at):
    call = make_call()
    at(while_open(call))
    return call


def address(call, rest=""):
    return f"/calls/{call.slug}/{rest}"


def start(client, call):
    assert client.post(address(call, "start/")).status_code == 302
    return Submission.objects.latest("pk")


def test_page_says_how_many_responses_get_a_link(client, call):
    said = text_of(client.get(address(call, "return/")))
    assert "to each of your responses, up to the 10 that you saved last." in said


def text_of(response):
    body = re.sub(r"<(script|style).*?</\1>", "", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def link_to(submission):
    return send_link(submission, at=while_open(submission.call)).token


def open_with(client, call, token):
    return client.post(address(call, "return/open/"), {"token": token})


def test_leaving_with_an_address_owes_a_link_and_says_so(client, call):
    draft = start(client, call)
    response = client.post(
        address(call, "response/leave/"), {"email": " jo@example.org "}, follow=True
    )
    assert response.redirect_chain == [(address(call, "response/leave/?sent=1"), 302)]
    assert "We are sending it to jo@example.org." in text_of(response)
    assert ReturnAddress.objects.get().address == "jo@example.org"
    mail = OutboxEmail.objects.get()
    assert (mail.kind, mail.submission, mail.to_address) == ("return_link", draft, "jo@example.org")
    OutboxEmail.objects.update(state="failed")
    assert "We are sending it" not in text_of(client.get(address(call, "response/leave/?sent=1")))


def test_leaving_offers_the_address_that_was_answered(client, call):
    draft = start(client, call)
    values = {"email": "answered@example.org"}
    drafting.save_answers(submission=draft, call=call, values=values, at=while_open(call))
    page = client.get(address(call, "response/leave/")).content.decode()
    assert 'value="answered@example.org"' in page


def test_leaving_with_no_address_is_told_beside_the_field(client, call):
    start(client, call)
    for typed, said in {
        "": "Enter an email address",
        "jo": "Enter an email address in the correct format",
    }.items():
        response = client.post(address(call, "response/leave/"), {"email": typed})
        page = response.content.decode()
        assert (typed, response.status_code) == (typed, 422)
        assert "<title>Error: Come back later" in page
        assert f'<a href="#id_email">{said}' in page
        assert 'aria-describedby="id_email_error"' in page
    assert OutboxEmail.objects.count() == 0


def test_fourth_link_within_the_hour_is_put_off_in_words(client, call):
    start(client, call)
    codes = [
        client.post(address(call, "response/leave/"), {"email": "jo@example.org"}).status_code
        for _ in range(4)
    ]
    assert codes == [302, 302, 302, 429]
    assert OutboxEmail.objects.count() == 3


@pytest.mark.parametrize(("passed", "minutes"), [(59, 1), (17.5, 43)])
def test_fourth_link_is_told_when_there_is_another(client, call, at, passed, minutes):
    start(client, call)
    path, posted = address(call, "response/leave/"), {"email": "jo@example.org"}
    for later in (0, 1, 2):
        at(while_open(call) + timedelta(seconds=later))
        client.post(path, posted)
    at(while_open(call) + timedelta(minutes=passed))
    refused = client.post(path, posted)
    number = f"{minutes} minute{'s' * (minutes > 1)}"
    assert f"We have sent several links already. Try again in {number}" in text_of(refused)
    assert (refused.status_code, refused["Retry-After"]) == (429, str(minutes * 60))
    at(while_open(call) + timedelta(hours=1))
    assert client.post(path, posted).status_code == 302


def test_limits_in_the_broker_are_told_as_long_as_they_last(call, what_is_left):
    what_is_left(timedelta(minutes=12, seconds=1))
    tried = {
        "return/": {"email": "jo@example.org"},
        "return/address/": {
            "reference": make_submitted(call).reference,
            "code": "2222-2222-2222-2222",
            "email": "jo@example.org",
        },
        "verify/": {"reference": "TST-2345-678C", "fingerprint": "0" * 16},
    }
    for path, posted in tried.items():
        refused = Client().post(address(call, path), posted)
        assert (path, refused.status_code, refused["Retry-After"]) == (path, 429, "780")
        assert "You have tried too often. Try again in 13 minutes" in text_of(refused)


@pytest.fixture
def what_is_left(monkeypatch):
    """Let every limit be reached, with a wait of so long."""

    def left(wait):
        for module in (views, receipt_codes, receipts):
            monkeypatch.setattr(module, "client_wait", lambda *_args, **_most: wait)

    return left


def test_page_after_asking_says_how_many_links_there_are(client, call):
    page = text_of(client.get(address(call, "return/sent/")))
    assert "at most 3 links to a response, and answer 5 requests for an address." in page


def test_request_for_an_address_is_answered_by_a_link_to_each_of_its_responses(client, call):
    for _ in range(6):
        make_draft(call, email="jo@example.org")
    for _ in range(3):
        client.post(address(call, "return/"), {"email": "jo@example.org"})
    assert OutboxEmail.objects.count() == 18


def test_address_is_sent_no_more_than_five_links_an_hour_whatever_the_response(client, call):
    for _ in range(6):
        start(client, call)
        client.post(address(call, "response/leave/"), {"email": "jo@example.org"})
        client.cookies.clear()
    assert OutboxEmail.objects.count() == 5


def test_address_for_which_links_were_asked_five_times_is_sent_none(client, call):
    for _ in range(5):
        client.post(address(call, "return/"), {"email": "jo@example.org"})
    make_draft(call, email="jo@example.org")
    answer = client.post(address(call, "return/"), {"email": "Jo@example.org"})
    assert answer.url == address(call, "return/sent/")
    assert not OutboxEmail.objects.exists()


def test_get_of_the_link_uses_nothing_up_and_gives_nothing_away(client, call):
    draft = make_draft(call, story="My story")
    token = link_to(draft)
    for method in (client.get, client.head, client.get):
        response = method(address(call, f"return/{token}/"))
        assert response.status_code == 200
    assert "Open my response" in text_of(response)
    assert "My story" not in text_of(response)
    assert ReturnToken.objects.get().used_at is None
    assert client.get(address(call, "response/")).status_code == 404


def test_link_pasted_with_what_stood_after_it_works(client, call):
    token = link_to(make_draft(call, story="My story"))
    for after in (".", ",", ")", ").", ">", "”", "’"):
        for pasted in (f"return/{token}/{after}", f"return/{token}{after}/"):
            page = client.get(address(call, pasted), follow=True)
            assert "Open my response" in text_of(page), pasted
            assert f'name="token" value="{token}"' in page.content.decode(), pasted
        gone = client.get(address(call, f"nowhere/{after}"), follow=True)
        assert (after, gone.status_code) == (after, 404)


def test_pasted_link_leads_to_no_other_website(client, call):
    for path in ("//elsewhere.example/calls/x/.", "/calls//elsewhere.example/."):
        answer = client.get(path)
        target = answer.get("Location", "/")
        assert target.startswith("/")
        assert not target.startswith("//")


def test_post_opens_the_response_in_this_browser(client, call):
    draft = make_draft(call, story="My story")
    assert open_with(client, call, link_to(draft))["Location"] == address(call, "response/")
    assert "My story" in text_of(client.get(address(call, "response/check/")))


def test_opening_gives_the_session_a_new_key(client, call):
    start(client, make_call())
    before = client.session.session_key
    open_with(client, call, link_to(make_draft(call)))
    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()


def test_opening_keeps_responses_to_other_calls(client, call):
    other = make_call()
    start(client, other)
    open_with(client, call, link_to(make_draft(call)))
    assert client.get(address(other, "response/")).status_code == 200


def test_second_post_of_a_link_finds_it_dead(call):
    draft = make_draft(call, story="My story")
    token = link_to(draft)
    open_with(Client(), call, token)
    stranger = Client()
    response = open_with(stranger, call, token)
    assert response.status_code == 410
    assert "This link does not work any more" in text_of(response)
    assert stranger.get(address(call, "response/")).status_code == 404


def test_used_link_leads_the_browser_that_used_it_on(client, call):
    token = link_to(make_draft(call))
    open_with(client, call, token)
    page = client.get(address(call, f"return/{token}/")).content.decode()
    assert f'href="{address(call, "response/")}"' in page


def test_dead_links_look_all_alike(client, call, at):
    draft = make_draft(call)
    superseded, last = link_to(draft), link_to(draft)
    for kind, token in {"superseded": superseded, "unknown": "x" * 43, "expired": last}.items():
        if kind == "expired":
            at(while_open(call) + timedelta(hours=72))
        for response in (
            client.get(address(call, f"return/{token}/")),
            open_with(client, call, token),
        ):
            assert (kind, response.status_code) == (kind, 410)
            said = "It has been used, it is too old, we have sent a newer one, or the email address"
            assert said in text_of(response), kind


def test_link_warns_before_it_puts_another_response_away(client, call):
    held = start(client, call)
    link = address(call, f"return/{link_to(make_draft(call))}/")
    page = text_of(client.get(link))
    assert "This browser has another response open" in page
    assert "We do not have your email address, so you could not open it again." in page
    returning.remember_address(submission=held, address="jo@example.org", at=while_open(call))
    page = text_of(client.get(link))
    assert "Get a link to the other one first" in page
    assert "you could not open it again" not in page
    own = Submission.objects.order_by("pk").first()
    page = text_of(client.get(address(call, f"return/{link_to(own)}/")))
    assert "another response open" not in page


def test_link_to_a_submitted_response_opens_its_receipt(client, call, at):
    submission = make_submitted(call)
    token = link_to(submission)
    at(call.closes_at + DAY)
    assert open_with(client, call, token)["Location"] == address(call, "response/submitted/")
    assert submission.reference in text_of(client.get(address(call, "response/submitted/")))


def test_draft_is_read_and_downloaded_after_closing_by_a_link(client, call, at):
    draft = make_draft(call, story="Still here.", email="jo@example.org")
    at(call.closes_at + DAY)
    client.post(address(call, "return/"), {"email": "jo@example.org"})
    assert OutboxEmail.objects.get().submission == draft
    fresh = send_link(draft, at=call.closes_at + DAY)
    open_with(client, call, fresh.token)
    assert "Still here." in text_of(client.get(address(call, "response/")))
    assert "Still here." in client.get(address(call, "response/text/")).content.decode()
    assert press_submit(client, call).status_code == 403


def asked(client, call, email):
    response = client.post(address(call, "return/"), {"email": email}, follow=True)
    # What differs is the browser's own CSRF token, in no form of this page.
    return response.redirect_chain, response.status_code, response.content


def test_known_and_unknown_address_get_the_same_answer(call):
    make_submitted(call, email="known@example.org")
    OutboxEmail.objects.all().delete()
    known, unknown = (
        asked(Client(), call, email) for email in ("known@example.org", "unknown@example.org")
    )
    assert known == unknown
    assert known[0] == [(address(call, "return/sent/"), 302)]
    assert [mail.to_address for mail in OutboxEmail.objects.all()] == ["known@example.org"]


def test_known_address_past_its_limit_gets_the_same_answer(call):
    make_submitted(call, email="known@example.org")
    OutboxEmail.objects.all().delete()
    answers = [asked(Client(), call, "known@example.org") for _ in range(5)]
    assert answers == [answers[0]] * 5
    assert OutboxEmail.objects.count() == 3


def test_known_and_unknown_address_take_the_same_time(call, monkeypatch):
    monkeypatch.setattr(views, "ANSWERED_AFTER", 0.3)
    make_submitted(call, email="known@example.org")
    for email in ("known@example.org", "unknown@example.org"):
        began = time.monotonic()
        Client().post(address(call, "return/"), {"email": email})
        assert time.monotonic() - began >= 0.3


def test_one_client_is_stopped_and_another_goes_on(call, settings):
    settings.TRUSTED_PROXIES = 1
    path, posted = address(call, "return/"), {"email": "nobody@example.org"}
    codes = [
        Client(headers={"X-Forwarded-For": f"10.0.0.{number}, 192.0.2.7"})
        .post(path, posted)
        .status_code
        for number in range(61)
    ]
    assert codes == [302] * 60 + [429]
    other = Client(headers={"X-Forwarded-For": "192.0.2.7, 192.0.2.8"})
    assert other.post(path, posted).status_code == 302


def test_forwarded_addresses_count_for_nothing_without_a_trusted_proxy(call, monkeypatch):
    monkeypatch.setattr(views, "TRIES_OF_A_CLIENT", 5)
    path, posted = address(call, "return/"), {"email": "nobody@example.org"}
    codes = [
        Client(headers={"X-Forwarded-For": f"192.0.2.{number}"}).post(path, posted).status_code
        for number in range(6)
    ]
    assert codes == [302] * 5 + [429]


def test_links_are_sent_while_the_broker_does_not_answer(client, call, settings, monkeypatch):
    def away():
        raise ConnectionRefusedError

    monkeypatch.setattr("core.throttling.broker", away)
    make_draft(call, email="jo@example.org")
    response = client.post(address(call, "return/"), {"email": "jo@example.org"})
    assert response["Location"] == address(call, "return/sent/")
    assert OutboxEmail.objects.get().kind == "return_link"


def test_browser_that_holds_nothing_is_led_to_a_link(client, call):
    page = client.get(address(call, "response/")).content.decode()
    assert f'href="{address(call, "return/")}"' in page


@pytest.mark.parametrize("typed", ["", "jo@", "jo.example.org"])
def test_forgetting_asks_first_where_nothing_leads_back(client, call, typed, at):
    start(client, call)
    client.post(address(call, "response/about/"), {"email": typed, "action": "save"})
    response = client.post(address(call, "response/forget/"))
    assert response.status_code == 200
    assert "so you could not open what you wrote again, or submit it." in text_of(response)
    at(call.closes_at)
    closed = text_of(client.get(address(call, "response/forget/")))
    assert "so you could not open what you wrote again. " in closed
    assert client.get(address(call, "response/")).status_code == 200
    client.post(address(call, "response/forget/"), {"confirmed": "1"})
    assert client.get(address(call, "response/")).status_code == 404
    assert Submission.objects.count() == 1


def test_forgetting_a_withdrawn_response_does_not_say_that_it_counts(client, at):
    call = make_call(about_questions=ABOUT[:1])
    at(while_open(call))
    start_with(client, call)
    press_submit(client, call)
    page = address(call, "response/forget/")
    assert "still counts, but you need its receipt to open it again." in text_of(client.get(page))
    client.post(address(call, "response/withdraw/"))
    shown = text_of(client.get(page))
    assert "still counts" not in shown
    assert "We do not have your email address, so you need the receipt to open it again." in shown
    shown = text_of(client.get(address(call, f"return/{link_to(make_draft(call))}/")))
    assert "We do not have your email address, so you need its receipt to open it again." in shown
    assert "keeps your response for 90 days at most after you last opened it" in shown
    left = client.post(page, {"confirmed": "1"}, follow=True)
    assert "We keep your response. To open it again, you need its receipt." in text_of(left)


def test_forgetting_with_a_known_address_is_one_press(client, call):
    draft = start(client, call)
    returning.remember_address(submission=draft, address="jo@example.org", at=while_open(call))
    response = client.post(address(call, "response/forget/"), follow=True)
    assert response.redirect_chain == [(address(call, "?forgotten=link"), 302)]
    assert "This computer is signed out of your response" in text_of(response)
    assert client.get(address(call, "response/")).status_code == 404


def test_forgetting_changes_without_an_address_knows_that_of_the_version(client, call):
    start_with(client, call, email="jo@example.org")
    press_submit(client, call)
    client.post(address(call, "response/amend/"))
    client.post(address(call, "response/about/"), {"email": "", "action": "save"})
    shown = text_of(client.get(address(call, "response/forget/")))
    assert "a link that we send to jo@example.org" in shown
    shown = text_of(client.get(address(call, f"return/{link_to(make_draft(call))}/")))
    assert "Get a link to the other one first" in shown
    reopened = Submission.objects.get(reference__isnull=False)
    for verb in (lambda: None, lambda: amending.withdraw(submission=reopened, at=while_open(call))):
        verb()
        OutboxEmail.objects.filter(kind="return_link").delete()
        client.post(address(call, "return/"), {"email": "JO@example.org"})
        assert OutboxEmail.objects.get(kind="return_link").submission == reopened


def test_address_that_was_mended_in_changes_gets_no_link(client, call):
    start_with(client, call, email="slip@example.org")
    press_submit(client, call)
    client.post(address(call, "response/amend/"))
    client.post(address(call, "response/about/"), {"email": "jo@example.org", "action": "save"})
    for asked in ("slip@example.org", "jo@example.org"):
        client.post(address(call, "return/"), {"email": asked})
    assert OutboxEmail.objects.get(kind="return_link").to_address == "jo@example.org"


def test_forgetting_the_last_response_ends_the_session(client, call):
    draft = start(client, call)
    returning.remember_address(submission=draft, address="jo@example.org", at=while_open(call))
    client.post(address(call, "response/forget/"))
    assert Session.objects.count() == 0


def test_forgetting_one_call_keeps_the_other_under_a_new_key(client, call):
    other = make_call()
    start(client, other)
    start(client, call)
    before = client.session.session_key
    client.post(address(call, "response/forget/"), {"confirmed": "1"})
    assert client.session.session_key != before
    assert client.get(address(other, "response/")).status_code == 200


def test_each_state_of_a_response_offers_to_forget_it(client, call, at):
    draft = start(client, call)
    values = complete_answers(call)
    drafting.save_answers(submission=draft, call=call, values=values, at=while_open(call))
    begin = {
        "closed": lambda: at(call.closes_at),
        "draft": lambda: at(while_open(call)),
        "submitted": lambda: press_submit(client, call),
        "amending": lambda: client.post(address(call, "response/amend/")),
        "withdrawn": lambda: amending.withdraw(submission=draft, at=while_open(call)),
    }
    for state, becomes_so in begin.items():
        becomes_so()
        page = client.get(address(call, "response/"), follow=True).content.decode()
        assert f'action="{address(call, "response/forget/")}"' in page, state


def test_another_response_without_an_address_warns_before_it_takes_the_place(client, at):
    about = [{"key": "story", "kind": "long", "label": "What happened?"}]
    call = make_call(about_questions=about, evidence_questions=[])
    at(while_open(call))
    client.post(address(call, "start/"))
    first = Submission.objects.get()
    values = {"story": "Words"}
    drafting.save_answers(submission=first, call=call, values=values, at=while_open(call))
    press_submit(client, call)
    page = client.post(address(call, "start/"), {"another": "1"})
    assert "Keep the receipt of the first one" in page.content.decode()
    assert Submission.objects.count() == 1
    confirmed = client.post(address(call, "start/"), {"another": "1", "confirmed": "1"})
    assert confirmed["Location"] == address(call, "response/about/")
    assert Submission.objects.count() == 2


def give_address(call, submission, *, client=None, **changes):
    form = {
        "reference": submission.reference.lower(),
        "code": receipt_code(submission.current_version).lower().replace("-", " ") + ".",
        "email": "new@example.org",
    }
    return (client or Client()).post(address(call, "return/address/"), form | changes)


def test_receipt_lets_its_author_name_another_address(call):
    submission = make_submitted(call, email="lost@example.org")
    assert "Use your receipt" in text_of(Client().get(address(call, "return/")))
    assert Client().get(address(call, "return/address/")).status_code == 200
    assert give_address(call, submission)["Location"] == address(call, "return/sent/")
    mails = OutboxEmail.objects.exclude(kind="confirmation").order_by("pk")
    assert [(mail.kind, mail.to_address) for mail in mails] == [
        ("return_link", "new@example.org"),
        ("address_changed", "lost@example.org"),
    ]
    kept = ReturnAddress.objects.get()
    assert (kept.address, kept.given_by, kept.confirmed_at) == ("new@example.org", "author", None)


def test_reference_and_fingerprint_which_staff_see_name_no_address(call):
    submission = make_submitted(call)
    response = give_address(call, submission, code=submission.current_version.receipt_digest)
    assert response.status_code == 422
    assert "The reference and the receipt code do not match" in text_of(response)
    assert ReturnAddress.objects.count() == 0


def test_receipt_code_is_not_guessed_at_length(call):
    submission = make_submitted(call)
    codes = [give_address(call, submission, code="2222-2222").status_code for _ in range(11)]
    assert codes == [422] * 10 + [429]
    assert give_address(call, submission).status_code == 429
    elsewhere = Client(REMOTE_ADDR="203.0.113.9")
    assert give_address(call, submission, client=elsewhere).status_code == 429


def test_receipt_code_is_on_the_receipt_and_in_no_mail(client, call, at):
    submission = make_submitted(call)
    code = receipt_code(submission.current_version)
    for mail in OutboxEmail.objects.all():
        assert code not in render(mail, at=while_open(call)).message.body
    open_with(client, call, link_to(submission))
    assert code in text_of(client.get(address(call, "response/submitted/")))
    facts = receipt_data(submission.current_version, call)["facts"]
    assert dict(facts)["Receipt code"] == code
