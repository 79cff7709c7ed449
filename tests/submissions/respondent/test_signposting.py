"""An answer that leads to a page of help, as of somebody under 16."""

from datetime import timedelta

import pytest

from submissions.mail import reminding
from submissions.outbox.models import OutboxEmail
from submissions.responses import amending, drafting, returning, signposting
from submissions.responses.models import IdentityAnswer, ReturnAddress, Submission
from tests.makers import ABOUT, make_call, press_submit, send_link, while_open
from tests.submissions.respondent.answering import (
    address,
    answers_of,
    start,
    start_with,
    text_of,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def call(at):
    call = make_call()
    at(while_open(call))
    return call


@pytest.fixture
def draft(client, call):
    draft = start(client, call)
    fields = {"roles": ["provider"], "email": "young@example.org", "age": "child"}
    response = client.post(address(call, "response/about/"), fields)
    assert response["Location"] == address(call, "response/help/age/")
    return draft


def save(draft, call, **values):
    drafting.save_answers(submission=draft, call=call, values=values, at=while_open(call))


def test_page_of_help_leads_back_to_the_page_of_the_question(client, at):
    before = [{"key": f"t{n}", "kind": "long", "label": f"Text {n}"} for n in range(3)]
    age = next(question for question in ABOUT if question["key"] == "age")
    call = make_call(about_questions=[*before, age])
    at(while_open(call))
    start(client, call)
    page = address(call, "response/about/2/")
    shown = client.post(page, {"age": "child"}, follow=True).content.decode()
    assert f'<a class="back" href="{page}">' in shown
    assert f'href="{page}?unfold=age#question-age"' in shown


@pytest.mark.parametrize("pressed", ["continue", "save"])
@pytest.mark.parametrize("email", ["", "young@example.org"])
@pytest.mark.parametrize("saved_before", [{}, {"roles": ["provider"]}])
def test_answer_that_counts_again_by_a_choice_of_another_page_leads_there_at_once(
    client, at, pressed, email, saved_before
):
    route = {"title": "Ask elsewhere", "text": "We take no part in it."}
    options = [{"key": "yes", "label": "Yes", "route": route}, {"key": "no", "label": "No"}]
    later = {"key": "later", "kind": "radio", "label": "Elsewhere?", "options": options}
    call = make_call(evidence_questions=[later | {"show_if": "roles contains provider"}])
    at(while_open(call))
    draft = start(client, call)
    save(draft, call, roles=["commissioner"], later="yes")
    save(draft, call, **saved_before)  # as the script does, before a button is pressed
    fields = {"roles": ["provider"], "email": email, "age": "adult", "action": pressed}
    shown = client.post(address(call, "response/about/"), fields, follow=True)
    if pressed == "continue":
        assert shown.redirect_chain[-1] == (address(call, "response/help/later/"), 302)
    assert answers_of(draft) == {"roles": ["provider"], "age": "adult", "later": "yes"}


def test_address_is_not_kept(draft):
    assert answers_of(draft) == {"roles": ["provider"], "age": "child"}


@pytest.mark.parametrize("has_closed", [False, True])
def test_no_other_section_and_no_link_by_mail_is_offered(client, call, draft, at, has_closed):
    at(call.closes_at if has_closed else while_open(call))
    help_page = address(call, "response/help/age/")
    for page in ("response/", "response/evidence/", "response/leave/", "response/check/"):
        response = client.get(address(call, page), follow=True)
        assert response.redirect_chain[-1] == (help_page, 302)
    page = text_of(response)
    assert ("Delete what I typed" in page, "Enter your email address" in page) == (True, False)
    assert ("Change your answer" in page) == (not has_closed)
    assert ("This call closed at" in page) == has_closed
    if has_closed:
        tried = text_of(client.post(address(call, "response/check/")))
        assert "Nothing that you wrote is lost. You can read it below and download it." in tried
    else:
        assert press_submit(client, call)["Location"] == help_page


def test_no_mail_is_due_even_to_an_address_that_was_known_before(call, draft):
    save(draft, call, email="young@example.org")
    ReturnAddress.objects.create(
        submission=draft, address="young@example.org", given_at=while_open(call)
    )
    Submission.objects.update(started_at=call.opens_at)
    assert reminding.enqueue_reminders(at=call.closes_at - DAY) == 0
    assert reminding.enqueue_closing_notices(at=call.closes_at + DAY) == 0
    at = while_open(call)
    assert returning.enqueue_links(call=call, address="young@example.org", at=at) == 0
    save(draft, call, age="adult")
    assert reminding.enqueue_reminders(at=call.closes_at - DAY) == 1


@pytest.mark.parametrize(
    ("pressed", "has_closed"),
    [
        ({"action": "save"}, False),
        ({"action": "save"}, True),
        ({"action": "continue"}, True),
        ({"action": "upload"}, False),
        ({"action": "upload"}, True),
        ({"_clear": "roles"}, False),
        ({"_clear": "roles"}, True),
        ({"action": "save", "roles": "nothing of the kind"}, False),
    ],
)
def test_who_leaves_the_page_is_forgotten_too(client, call, at, pressed, has_closed):
    draft = start(client, call)
    at(call.closes_at if has_closed else while_open(call))
    fields = {"email": "young@example.org", "age": "child"} | pressed
    response = client.post(address(call, "response/about/"), fields, follow=True)
    said = (
        "We send no email about it. If you gave us a name or an email address, we have deleted it"
    )
    assert said in text_of(response)
    assert answers_of(draft) == {"age": "child"}


def test_address_that_links_went_to_is_told_nothing_and_gets_no_more(client, call):
    draft = start(client, call)
    save(draft, call, email="young@example.org")
    Submission.objects.update(started_at=call.opens_at)
    assert reminding.enqueue_reminders(at=call.closes_at - DAY) == 1
    at = while_open(call)
    returning.send_links_to(submission=draft, address="young@example.org", at=at)
    sent = send_link(draft, at=at, address="young@example.org")
    mail = OutboxEmail.objects.get(state="sent")
    OutboxEmail.objects.filter(pk=mail.pk).update(subject="Your link", body="To young@example.org")
    save(draft, call, age="child")
    help_page = address(call, "response/help/age/")
    assert "we have deleted it already" not in text_of(client.get(help_page))
    # Nothing of who answers is among the answers, but mail goes to somebody.
    IdentityAnswer.objects.all().delete()
    assert "we have deleted it already" not in text_of(client.get(help_page))
    client.post(address(call, "response/about/"), {"age": "child", "email": "young@example.org"})
    assert answers_of(draft) == {"age": "child"}
    assert list(OutboxEmail.objects.values_list("pk", "to_address", "subject", "body")) == [
        (mail.pk, "", "", "")
    ]
    assert not ReturnAddress.objects.exists()
    assert "we have deleted it already" in text_of(client.get(help_page))
    # The link still leads back, for whoever chose the answer by mistake.
    assert returning.use_link(call=call, token=sent.token, at=at) == draft


def test_reminders_stay_refused_where_the_answer_was_a_slip(client, call):
    draft = start(client, call)
    save(draft, call, email="grown@example.org")
    reminding.refuse_reminders(submission=draft, at=while_open(call))
    client.post(address(call, "response/about/"), {"age": "child"})
    assert ReturnAddress.objects.get().address == ""
    save(draft, call, age="adult", email="grown@example.org")
    Submission.objects.update(started_at=call.opens_at)
    assert reminding.enqueue_reminders(at=call.closes_at - DAY) == 0


def test_submitted_response_keeps_who_answered_and_its_confirmed_address(client, call):
    start_with(client, call, email="grown@example.org")
    press_submit(client, call)
    submission, at = Submission.objects.get(), while_open(call)
    kept = ReturnAddress.objects.create(
        submission=submission, address="grown@example.org", given_at=at, confirmed_at=at
    )
    amending.reopen(submission=submission, at=at)
    response = client.post(address(call, "response/about/"), {"age": "child"})
    assert response["Location"] == address(call, "response/help/age/")
    assert ReturnAddress.objects.get() == kept
    assert answers_of(submission)["email"] == "grown@example.org"
    assert returning.enqueue_links(call=call, address="grown@example.org", at=at) == 1


def test_draft_whose_answer_was_changed_in_another_tab_is_not_deleted(call, draft):
    save(draft, call, age="adult")
    assert not signposting.delete_draft(submission=draft, call=call)
    signposting.forget_who(submission=draft, call=call, at=while_open(call))
    assert answers_of(draft)["age"] == "adult"


def test_author_deletes_what_was_typed_at_once(client, call, draft):
    page = text_of(client.get(address(call, "response/help/age/")))
    assert "We keep it for 24 hours, so that you can change your answer." in page
    response = client.post(address(call, "response/delete/"), follow=True)
    assert "What you typed is deleted" in text_of(response)
    assert not Submission.objects.exists()
    assert client.get(address(call, "response/")).status_code == 404


def test_nobody_else_deletes_a_draft_so(client, call, draft):
    save(draft, call, age="adult")
    client.post(address(call, "response/delete/"))
    assert Submission.objects.count() == 1


def test_it_is_deleted_a_day_later_unless_the_answer_was_changed(call, draft):
    other = start_another(call)
    at = while_open(call)
    assert signposting.delete_signposted(at=at + DAY - timedelta(seconds=1)) == 0
    assert signposting.delete_signposted(at=at + DAY) == 1
    assert [one.pk for one in Submission.objects.all()] == [other.pk]
    assert not OutboxEmail.objects.exists()


def start_another(call):
    other = drafting.start(call=call, at=while_open(call))
    save(other, call, age="adult", story="Long")
    return other
