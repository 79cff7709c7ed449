"""An author answers a question of the team by the link of its mail, without signing in."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import AuditEvent
from submissions.mail.rendering import render
from submissions.outbox.models import OutboxEmail
from submissions.responses import amending, replying
from submissions.responses.addresses import remember_address
from submissions.responses.models import FollowUp, Reply, Version
from submissions.responses.states import ErasureScope
from tests.asking import AUTHORS, QUESTION, make_askable, make_asking_call, put_question
from tests.makers import mark_as_sent, while_open
from tests.personal_data.erasures import erase

pytestmark = pytest.mark.django_db
TINY = timedelta(microseconds=1)
MINE = "Lots 3 and 4.\n\nBoth <b>large</b>."


@pytest.fixture
def call(at):
    call = make_asking_call()
    at(while_open(call))
    return call


@pytest.fixture
def response(call):
    return make_askable(call)


@pytest.fixture
def question(response):
    return put_question(response)


@pytest.fixture
def page(call, question):
    return f"/calls/{call.slug}/question/{question[1]}/"


def words(answer):
    main = re.search(r"<main.*</main>", answer.content.decode(), re.DOTALL)[0]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


def replies():
    return list(Reply.objects.order_by("pk").values_list("number", "text"))


def test_mail_puts_the_question_and_its_link_opens_the_page(response, question, page, client):
    mail = OutboxEmail.objects.get(kind="question_asked")
    rendered = render(mail, at=question[0].asked_at)
    assert mail.to_address == AUTHORS
    assert QUESTION in rendered.message.body
    assert f"{page}\n" in rendered.message.body
    assert question[1] not in rendered.kept
    assert rendered.message.reply_to == ["The project team <evidence@example.org>"]
    shown = words(client.get(page))
    assert f"asks you about your response {response.reference}" in shown
    assert "Which lots were larger than £5m?" in shown
    assert "until the end of Tuesday 6 August 2019" in shown


def test_answer_is_kept_beside_the_response_and_confirmed(response, page, client, call, settings):
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"
    before = Version.objects.get().canonical_text
    answer = client.post(page, {"answer": MINE.replace("\n", "\r\n")}, follow=True)
    assert answer.redirect_chain == [(f"{page}answered/", 302)]
    assert "We have your answer" in words(answer)
    assert "Both &lt;b&gt;large&lt;/b&gt;." in words(answer)
    assert "We are sending you a confirmation, to the email address" in words(answer)
    assert replies() == [(1, MINE)]
    assert Version.objects.get().canonical_text == before
    mail = OutboxEmail.objects.get(kind="question_answered")
    rendered = render(mail, at=while_open(call))
    assert MINE in rendered.message.body
    assert f"{page}\n" in rendered.message.body
    assert "Lots 3" not in rendered.kept
    OutboxEmail.objects.filter(pk=mail.pk).update(state="failed")
    assert "We could not send you a confirmation." in words(client.get(f"{page}answered/"))
    mark_as_sent(mail, at=while_open(call))
    assert "We sent you a confirmation, to the email" in words(client.get(f"{page}answered/"))
    event = AuditEvent.objects.get(action="question_answered")
    asked = FollowUp.objects.get()
    assert (event.actor, event.detail) == (None, {"question": asked.pk, "answer": 1})


def test_opening_the_link_changes_nothing(page, client):
    for path in (page, f"{page}answered/", f"{page}no-more/"):
        for method in (client.get, client.head):
            method(path)
    assert replies() == []
    assert list(FollowUp.objects.values_list("refused_at", "ended_at")) == [(None, None)]
    assert not AuditEvent.objects.filter(actor=None, action__startswith="question").exists()


def test_answer_sent_twice_is_kept_once(page, client):
    for _ in range(2):
        assert client.post(page, {"answer": MINE}).status_code == 302
    assert replies() == [(1, MINE)]
    assert OutboxEmail.objects.filter(kind="question_answered").count() == 1


def test_corrected_answer_is_a_row_of_its_own(page, client):
    client.post(page, {"answer": MINE})
    shown = client.get(page).content.decode()
    assert "Lots 3 and 4." in re.search(r"<textarea.*?</textarea>", shown, re.DOTALL)[0]
    assert "Send your changed answer" in shown
    OutboxEmail.objects.update(to_address="")  # the time of addresses is over
    client.post(page, {"answer": "Lot\0 3."})  # as pasted out of a PDF
    assert replies() == [(1, MINE), (2, "Lot\ufffd 3.")]
    assert OutboxEmail.objects.filter(kind="question_answered").count() == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (" \n", "Enter your answer"),
        ("a" * 10_001, "Your answer must be 10,000 characters or fewer. It has 10,001"),
    ],
)
def test_refused_answer_stays_in_the_field(page, client, text, said):
    answer = client.post(page, {"answer": text})
    shown = answer.content.decode()
    assert (answer.status_code, replies()) == (422, [])
    assert f'<a href="#id_answer">{said}</a>' in shown
    assert 'aria-describedby="id_answer_helptext id_answer_error"' in shown
    assert text.strip() in re.search(r"<textarea.*?</textarea>", shown, re.DOTALL)[0]


def test_answer_is_taken_until_just_before_the_end(page, client, at, question):
    until = question[0].answer_until
    at(until - TINY)
    assert client.post(page, {"answer": "In time."}).status_code == 302
    at(until)
    late = client.post(page, {"answer": "Late."})
    assert (late.status_code, replies()) == (410, [(1, "In time.")])
    assert "The time to answer is over" in words(late)
    assert "The answer that you sent at 11:59:59pm on Tuesday 6 August 2019" in words(late)
    assert "evidence@example.org" in words(late)
    assert "Late." in re.search(r"<textarea.*?</textarea>", late.content.decode(), re.DOTALL)[0]
    assert "The time to answer is over" in words(client.get(page))


def test_withdrawn_response_takes_no_answer(response, page, client, call):
    amending.withdraw(submission=response, at=while_open(call))
    answer = client.post(page, {"answer": MINE})
    assert (answer.status_code, replies()) == (410, [])
    assert "was withdrawn" in words(answer)
    assert "Both &lt;b&gt;large" in words(answer)


@pytest.mark.parametrize("scope", [ErasureScope.RESPONSE, ErasureScope.IDENTITY])
def test_erasure_ends_question_and_answer(response, page, client, call, scope):
    client.post(page, {"answer": f"{MINE} Write to {AUTHORS}."})
    OutboxEmail.objects.update(state="sent", sent_at=while_open(call))
    erase(response, at=while_open(call), scope=scope)
    whole = scope == ErasureScope.RESPONSE
    assert replies() == ([] if whole else [(1, "Erased: it named who answered.")])
    assert FollowUp.objects.get().text == ("" if whole else QUESTION)
    for answer in (client.get(page), client.post(page, {"answer": MINE})):
        assert answer.status_code == 410
        assert "was erased" in words(answer)
    assert Reply.objects.filter(text=MINE).count() == 0


def test_link_to_an_address_that_the_author_replaced_answers_nothing(response, client, call):
    at = while_open(call)
    remember_address(submission=response, address="mistyped@example.org", at=at)
    _asked, token = put_question(response)
    remember_address(submission=response, address="right@example.org", at=at)
    answer = client.post(f"/calls/{call.slug}/question/{token}/", {"answer": MINE})
    assert (answer.status_code, replies()) == (410, [])
    assert "This link does not work any more" in words(answer)


def test_link_of_another_call_or_of_nobody_answers_nothing(page, client, question):
    other = make_asking_call()
    for path in (f"/calls/{other.slug}/question/{question[1]}/", page.replace(question[1], "x")):
        assert client.get(path).status_code == 410


def test_author_can_ask_to_be_asked_nothing_more_and_take_that_back(page, client, call, question):
    asked, at = FollowUp.objects.filter(pk=question[0].pk), while_open(call)
    of_another, token = put_question(make_askable(call))
    replying.answer(call=call, token=token, text="Lot 5.", at=at)
    replying.refuse_questions(call=call, token=token, refused=True, at=at)
    assert not replying.has_refused(question[0])
    assert replying.latest_reply(question[0]) is None
    shown = client.post(f"{page}no-more/", follow=True)
    assert "You will get no more questions" in words(shown)
    assert asked.get().refused_at == at
    assert client.post(page, {"answer": MINE}).status_code == 302
    shown = client.post(f"{page}no-more/", {"again": "yes"}, follow=True)
    assert "We may ask you about your response again." in words(shown)
    assert "Stop questions about your response?" in words(shown)
    assert asked.get().refused_at is None
    assert replying.has_refused(of_another)
    client.post(f"{page}no-more/")
    shown = client.get(f"{page}no-more/?allowed=1")
    assert "We may ask you about your response again." not in words(shown)
    client.post(f"{page}no-more/", {"again": "yes"})
    events = question[0].submission.audit_events.filter(action__startswith="questions_")
    events = events.order_by("pk")
    assert [event.action for event in events] == ["questions_refused", "questions_allowed"] * 2


def test_form_that_expired_gives_the_answer_back(page):
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(page, {"answer": MINE})
    assert (answer.status_code, replies()) == (403, [])
    assert "Your answer Lots 3 and 4." in words(answer)


def test_number_of_corrections_has_an_end(page, client, question):
    for number in range(20):
        client.post(page, {"answer": f"Lot {number}."})
    answer = client.post(page, {"answer": "Lot 20."})
    assert (answer.status_code, len(replies())) == (422, 20)
    assert "too often to change it again" in words(answer)
