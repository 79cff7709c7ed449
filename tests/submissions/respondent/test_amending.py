"""Changing one's mind: every state of a response, before and after closing."""

import re
from copy import deepcopy
from datetime import timedelta

import pytest
from django.test import Client

from retention.carrying_out import carry_out
from submissions.calls.models import Call, Question
from submissions.calls.retention import DataClass, ends_at
from submissions.outbox.models import OutboxEmail
from submissions.responses import amending, drafting
from submissions.responses.models import Answer, Attachment, Submission, Version
from submissions.responses.working_copy import working_answers
from tests.makers import (
    complete_answers,
    confirm_retention,
    make_attachment,
    make_call,
    press_submit,
    while_open,
)

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def rows(made_once):
    return made_once(make_call)


@pytest.fixture
def call(rows, db, at):
    call = deepcopy(rows)
    at(while_open(call))
    return call


@pytest.fixture
def submission(client, call):
    """A response that `client` has submitted."""
    client.post(address(call, "start/"))
    draft = Submission.objects.get()
    values = complete_answers(call, story="Before")
    drafting.save_answers(submission=draft, call=call, values=values, at=while_open(call))
    press_submit(client, call)
    draft.refresh_from_db()
    assert draft.reference
    return draft


def address(call, rest=""):
    return f"/calls/{call.slug}/{rest}"


def text_of(response):
    body = re.sub(r"<(script|style).*?</\1>", "", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def change(client, call, story="After"):
    client.post(address(call, "response/amend/"))
    posted = {"story": story, "publication": "anonymous", "quote_ok": "no", "declaration": "yes"}
    return client.post(address(call, "response/evidence/"), posted)


def test_change_and_submit_gives_a_new_receipt_under_the_same_reference(client, call, submission):
    page = text_of(client.post(address(call, "response/amend/"), follow=True))
    assert "You have changed nothing so far, and what you submitted counts." in page
    assert submission.reference in page
    assert change(client, call)["Location"] == address(call, "response/check/")
    page = text_of(client.get(address(call, "response/")))
    assert "What you submitted still counts until you submit your changes. Submit them" in page
    assert "Discard my changes" in page
    page = text_of(client.get(address(call, "response/check/")))
    assert "After" in page
    assert "You then get a new receipt. Submit your changes" in page
    response = press_submit(client, call, follow=True)
    text = text_of(response)
    second = Version.objects.get(number=2)
    assert "Your changed response has been received" in text
    assert submission.reference in text
    assert second.receipt_digest in text
    assert "Version 2. We received the first at 12:00:00pm on Tuesday 23 July 2019" in text
    assert Version.objects.get(number=1).texts["story"] == "Before"
    assert list(OutboxEmail.objects.order_by("pk").values_list("kind", flat=True)) == [
        "confirmation",
        "amended",
    ]


def test_submitting_without_a_change_says_that_receipt_and_time_stay(client, call, submission, at):
    client.post(address(call, "response/amend/"))
    at(while_open(call) + HOUR)
    kept = {"story": "Before", "_base_etags": "story:", "action": "save"}
    assert client.post(address(call, "response/evidence/"), kept).status_code == 302
    receipt = address(call, "response/submitted/")
    assert "You have changed nothing yet" in text_of(client.get(receipt))
    page = text_of(client.get(address(call, "response/")))
    assert "You have changed nothing so far, and what you submitted counts. You can" in page
    assert "Discard my changes" not in page
    assert "changed response" not in page
    assert "changes that are not" not in text_of(client.get(address(call, "response/withdraw/")))
    at(call.closes_at)
    page = text_of(client.get(address(call)))
    assert ("Read your response" in page, "your changes" in page) == (True, False)
    page = text_of(client.get(address(call, "response/")))
    assert f"You had changed nothing since you submitted response {submission.reference} ." in page
    assert "Then we delete" not in page
    assert "changed response" not in page
    assert "changes that are not" not in text_of(client.get(receipt))
    at(while_open(call) + HOUR)
    page = text_of(client.get(address(call, "response/check/")))
    assert "You have changed nothing so far, and what you submitted counts. If you submit" in page
    assert "Discard my changes" not in page
    said = (
        "You had changed nothing So your response counts as we received it at 12:00:00pm on "
        "Tuesday 23 July 2019 (UK time). Its receipt stays as it is, and we send no new email. "
        "Your response has been received"
    )
    answer = press_submit(client, call, follow=True)
    assert said in text_of(answer)
    assert "Change your response" in text_of(answer)
    assert [mail.kind for mail in OutboxEmail.objects.all()] == ["confirmation"]
    change(client, call)
    at(while_open(call) + 2 * HOUR)
    for _press in range(2):  # the second is somebody's who pressed twice
        assert press_submit(client, call)["Location"] == receipt
    assert "changed nothing" not in text_of(client.get(answer.redirect_chain[-1][0]))
    client.post(address(call, "response/amend/"))
    Question.objects.filter(key="quote_ok").update(show_if="publication = confidential")
    page = text_of(client.get(address(call, "response/check/")))  # an answer is no part any more
    assert "You then get a new receipt." in page


def test_receipt_still_shows_what_counts_while_changes_are_open(client, call, submission):
    change(client, call)
    text = text_of(client.get(address(call, "response/submitted/")))
    assert "You have changes that are not submitted" in text
    assert submission.current_version.receipt_digest in text
    submitted = client.get(address(call, "response/text/")).content.decode()
    assert submitted == submission.current_version.canonical_text
    changed = client.get(address(call, "response/text/?changes")).content.decode()
    assert "What happened?\nAfter\n" in changed


def test_discarding_asks_first_and_then_puts_back(client, call, submission):
    change(client, call)
    check = address(call, "response/check/")
    shown = re.findall(r'name="(_\w+)" value="([^"]+)"', client.get(check).content.decode())
    page = text_of(client.get(address(call, "response/amend/discard/")))
    assert "Do you want to discard your changes?" in page
    assert "12:00:00pm on Tuesday 23 July 2019 (UK time)" in page
    response = client.post(address(call, "response/amend/discard/"), follow=True)
    assert response.redirect_chain == [(address(call, "response/submitted/?discarded=1"), 302)]
    assert "Your changes are discarded." in text_of(response)
    answers = working_answers(submission, Call.objects.get(pk=call.pk))
    assert answers["story"] == "Before"
    assert change_is_refused(client, call)
    pressed = client.post(check, dict(shown))  # in a tab that has shown the changes since before
    assert pressed["Location"] == address(call, "response/submitted/")


def change_is_refused(client, call):
    """Whether a section posted now changes nothing, and what was typed is given back."""
    response = client.post(address(call, "response/evidence/"), {"story": "Sneaked in"})
    answers = Answer.objects.filter(question__key="story").values_list("value", flat=True)
    return (response.status_code, list(answers)) == (409, ["Before"]) and (
        "Sneaked in" in text_of(response)
    )


def test_changes_that_are_late_leave_what_was_submitted_and_lose_no_word(
    client, call, submission, at
):
    change(client, call)
    at(call.closes_at)
    response = press_submit(client, call)
    text = text_of(response)
    assert response.status_code == 403
    assert "Your changes were not submitted" in text
    assert f"What you submitted, response {submission.reference} , still counts." in text
    assert "After" in text
    assert Version.objects.count() == 1
    page = text_of(client.get(address(call, "response/submitted/")))
    assert "The call closed before you submitted them." in page


def test_changes_stay_readable_after_closing(client, call, submission, at):
    change(client, call)
    at(call.closes_at + HOUR)
    for rest in ["response/", "response/about/", "response/check/"]:
        page = client.get(address(call, rest))
        assert "After" in text_of(page), rest
        kept = "until midday on Tuesday 22 October 2019 (UK time). Then we delete them."
        assert f"your changes below and download them {kept} What you submitted" in text_of(page)
        assert f'href="{address(call, "response/text/?changes")}"' in page.content.decode(), rest


def test_section_saved_after_closing_while_changing_is_kept(client, call, submission, at):
    client.post(address(call, "response/amend/"))
    at(call.closes_at)
    response = client.post(address(call, "response/evidence/"), {"story": "Late words"})
    assert response.status_code == 403
    assert "Late words" in text_of(response)
    assert Version.objects.get().texts["story"] == "Before"


def test_change_after_closing_is_not_begun(client, call, submission, at):
    at(call.closes_at)
    response = client.post(address(call, "response/amend/"))
    assert response.status_code == 403
    submission.refresh_from_db()
    assert submission.amending_since is None
    assert "You cannot change your response now" in text_of(response)
    assert "Change your response" not in text_of(response)


def test_draft_is_not_opened_again(client, call):
    client.post(address(call, "start/"))
    for rest in ("response/amend/", "response/amend/discard/", "response/withdraw/"):
        for method in (client.get, client.post):
            assert method(address(call, rest))["Location"] == address(call, "response/")
    assert Submission.objects.get().state == "draft"


def test_withdrawing_asks_first(client, call, submission):
    page = text_of(client.get(address(call, "response/withdraw/")))
    assert "Do you want to withdraw your response?" in page
    submission.refresh_from_db()
    assert submission.state == "submitted"


def test_withdrawn_response_says_so_everywhere_and_takes_nothing(client, call, submission, at):
    at(while_open(call) + HOUR)
    client.post(address(call, "response/withdraw/"))
    for rest in ("", "about/", "check/", "submitted/", "withdraw/", "amend/"):
        text = text_of(client.get(address(call, f"response/{rest}"), follow=True))
        assert "Your response is withdrawn" in text
        assert "Withdrawn 1:00:00pm on Tuesday 23 July 2019 (UK time)" in text
        assert "Closes in" not in text
    assert change_is_refused(client, call)
    for rest in ("check/", "amend/", "withdraw/"):
        response = client.post(address(call, f"response/{rest}"))
        assert response["Location"] == address(call, "response/submitted/")
    kinds = OutboxEmail.objects.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["confirmation", "withdrawn"]
    text = client.get(address(call, "response/text/")).content.decode()
    assert text == submission.current_version.canonical_text


def withdraw_while_changing(client, call, at, story):
    client.post(address(call, "response/amend/"))
    at(while_open(call) + HOUR)
    client.post(address(call, "response/evidence/"), {"story": story, "action": "save"})
    client.post(address(call, "response/withdraw/"))
    return client.get(address(call, "response/submitted/")).content.decode()


def test_withdrawn_response_leads_to_the_text_and_to_the_changes_until_they_are_purged(
    client, call, submission, at
):
    page = withdraw_while_changing(client, call, at, "What I had added")
    text = address(call, "response/text/")
    assert re.findall(f'href="({text}[^"]*)"', page) == [text, f"{text}?changes"]
    assert "What I had added" not in client.get(text).content.decode()
    assert "What I had added" in client.get(f"{text}?changes").content.decode()
    confirm_retention(call)
    carry_out(at=ends_at(call, DataClass.DRAFTS))
    page = client.get(address(call, "response/submitted/")).content.decode()
    assert re.findall(f'href="({text}[^"]*)"', page) == [text]
    assert "What I had added" not in client.get(f"{text}?changes").content.decode()


def test_withdrawn_response_that_was_not_changed_leads_to_its_text_alone(
    client, call, submission, at
):
    page = withdraw_while_changing(client, call, at, submission.current_version.texts["story"])
    assert re.findall(r'href="[^"]*(/text/[^"]*)"', page) == ["/text/"]


def test_author_of_a_withdrawn_response_may_give_another(client, call, submission):
    client.post(address(call, "response/withdraw/"))
    client.post(address(call, "start/"), {"another": "1"})
    assert Submission.objects.filter(state="draft").count() == 1
    assert client.get(address(call, "response/")).status_code == 200


def test_after_closing_the_page_says_how_to_ask_for_withdrawal(client, call, submission, at):
    for text in ["", "Ring us on 0300 000 0000."]:
        Call.objects.update(withdrawal_text=text)
        at(call.closes_at)
        for response in (
            client.get(address(call, "response/withdraw/")),
            client.post(address(call, "response/withdraw/")),
        ):
            page = text_of(response)
            assert "Ask for your response to be withdrawn" in page, text
            assert call.contact_email in page, text
            assert submission.reference in page, text
            assert text in page, text
        assert "Your response was not withdrawn" in page, text
        submission.refresh_from_db()
        assert submission.state == "submitted", text


def test_submitting_what_another_tab_withdrew_shows_the_withdrawal(client, call, submission):
    client.post(address(call, "response/amend/"))
    amending.withdraw(submission=submission, at=while_open(call))
    response = press_submit(client, call, follow=True)
    assert "Your response is withdrawn" in text_of(response)


def test_file_added_while_changing_counts_once_submitted(client, call, submission):
    client.post(address(call, "response/amend/"))
    submission.refresh_from_db()
    make_attachment(submission)
    assert submission.current_version.attachments.count() == 0
    press_submit(client, call)
    assert Version.objects.get(number=2).attachments.get() == Attachment.objects.get()


def test_call_page_leads_on_with_the_changes(client, call, submission):
    client.post(address(call, "response/amend/"))
    assert "Continue your changes" in text_of(client.get(address(call)))
    assert client.post(address(call, "start/"))["Location"] == address(call, "response/")


def test_grace_lets_a_draft_be_submitted_and_says_until_when(client, call, at):
    Call.objects.update(grace_minutes=30)
    client.post(address(call, "start/"))
    values = complete_answers(call)
    draft = Submission.objects.get()
    drafting.save_answers(submission=draft, call=call, values=values, at=while_open(call))
    at(call.closes_at + timedelta(minutes=29))
    assert "Submit before 12:30pm on Wednesday 24 July 2019" in text_of(
        client.get(address(call, "response/"))
    )
    press_submit(client, call)
    assert Version.objects.get().timing == "grace"


def test_stranger_changes_and_withdraws_nothing(call, submission):
    for rest in ("amend/", "amend/discard/", "withdraw/", "leave/", "forget/", "receipt/"):
        for method in (Client().get, Client().post if rest != "receipt/" else Client().get):
            assert method(address(call, f"response/{rest}")).status_code == 404
    submission.refresh_from_db()
    assert (submission.state, submission.amending_since) == ("submitted", None)


def test_grace_lets_no_submitted_response_be_changed(client, call, submission, at):
    Call.objects.update(grace_minutes=30)
    at(call.closes_at + timedelta(minutes=5))
    page = text_of(client.get(address(call, "response/submitted/")))
    assert "You can change your response" not in page
    assert "How to ask for your response to be withdrawn" in page
    assert client.post(address(call, "response/amend/")).status_code == 403
    submission.refresh_from_db()
    assert submission.amending_since is None


def test_changes_can_be_downloaded_before_and_after_withdrawing(client, call, submission):
    withdraw = address(call, "response/withdraw/")
    assert "changes that are not submitted" not in text_of(client.get(withdraw))
    change(client, call, story="Never submitted")
    page = client.get(withdraw)
    assert "You have changes that are not submitted" in text_of(page)
    text = address(call, "response/text/?changes")
    assert f'href="{text}"' in page.content.decode()
    client.post(withdraw)
    assert "Never submitted" in client.get(text).content.decode()
    assert "Never submitted" not in client.get(address(call, "response/text/")).content.decode()
