"""A respondent's pages, as a browser without JavaScript meets them."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from submissions.calls.models import Call
from submissions.outbox.models import OutboxEmail
from submissions.responses import drafting
from submissions.responses.models import Answer, Attachment, Submission, Version
from submissions.responses.working_copy import working_answers
from tests.makers import (
    complete_answers,
    make_attachment,
    make_call,
    make_submitted,
    press_submit,
    while_open,
)

pytestmark = pytest.mark.django_db
MICROSECOND = timedelta(microseconds=1)


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


def start_with(client, call, **answers):
    draft = start(client, call)
    values = complete_answers(call, **answers)
    drafting.save_answers(submission=draft, call=call, values=values, at=while_open(call))
    return draft


def answers_of(draft):
    call = Call.objects.get(pk=draft.call_id)
    return working_answers(draft, call)


def text_of(response):
    """The page's words, as they stand between its tags."""
    body = re.sub(r"<(script|style).*?</\1>", "", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def test_home_with_one_call_leads_to_it(client, call):
    assert client.get("/")["Location"] == address(call)


def test_home_with_two_calls_lists_them_by_state(client, call, at):
    make_call(title="Earlier call", closes_at=call.opens_at + timedelta(days=1))
    text = text_of(client.get("/"))
    assert text.index("Open now") < text.index(call.title)
    assert text.index("Closed") < text.index("Earlier call")


def test_call_page_says_what_who_and_when(client, call):
    text = text_of(client.get(address(call)))
    assert "midday on Wednesday 24 July 2019 (UK time)" in text
    assert all(role.label in text for role in call.roles.all())
    assert call.what_happens_next in text


def test_call_page_says_what_to_know_before_starting_until_the_call_closes(client, call, at):
    at(call.closes_at - MICROSECOND)
    assert "Before you start You do not need an account." in text_of(client.get(address(call)))
    at(call.closes_at)
    text = text_of(client.get(address(call)))
    assert "Before you start" not in text
    assert "I commission services Something else Read all the questions What happens next" in text


def test_questions_page_shows_every_question_without_a_draft(client, call):
    text = text_of(client.get(address(call, "questions/")))
    assert [q.label for q in call.questions_in_order if q.label not in text] == []
    assert Submission.objects.count() == 0


def test_start_twice_goes_on_with_the_same_draft(client, call):
    start(client, call)
    assert client.post(address(call, "start/"))["Location"] == address(call, "response/")
    assert Submission.objects.count() == 1


def test_start_after_closing_is_refused_in_words(client, call, at):
    at(call.closes_at)
    response = client.post(address(call, "start/"))
    assert response.status_code == 403
    assert "This call closed at midday on Wednesday 24 July 2019 (UK time)." in text_of(response)
    assert Submission.objects.count() == 0


def test_section_saves_an_incomplete_page_and_says_what_is_missing(client, call):
    draft = start(client, call)
    response = client.post(address(call, "response/about/"), {"email": "me@example.org"})
    assert response.status_code == 422
    assert "<title>Error: About you" in response.content.decode()
    assert "Select how old you are" in text_of(response)
    assert answers_of(draft) == {"email": "me@example.org"}


def test_save_and_come_back_later_keeps_an_incomplete_page_without_complaint(client, call):
    draft = start(client, call)
    posted = {"email": "me@example.org", "action": "save"}
    response = client.post(address(call, "response/about/"), posted, follow=True)
    assert response.redirect_chain == [(address(call, "response/leave/?saved=1"), 302)]
    assert "Your response is saved" in text_of(response)
    assert answers_of(draft) == {"email": "me@example.org"}


def test_complete_section_leads_to_the_next_one_and_the_last_to_checking(client, call):
    start(client, call)
    about = {"roles": "provider", "email": "me@example.org", "age": "adult"}
    response = client.post(address(call, "response/about/"), about)
    assert response["Location"] == address(call, "response/evidence/")
    evidence = {
        "story": "We lost the bid.",
        "publication": "anonymous",
        "quote_ok": "no",
        "declaration": "yes",
        "fairness_money": "poor",
    }
    response = client.post(address(call, "response/evidence/"), evidence)
    assert response["Location"] == address(call, "response/check/")


def test_changed_answer_returns_to_checking(client, call):
    start_with(client, call)
    posted = {"roles": "provider", "email": "new@example.org", "age": "adult"}
    response = client.post(address(call, "response/about/?return=check"), posted)
    assert response["Location"] == address(call, "response/check/")


def test_too_long_answer_is_kept_and_shown_again_in_full(client, call):
    draft = start(client, call)
    long_text = "word " * 1001 + "end"
    response = client.post(address(call, "response/evidence/"), {"story": long_text})
    assert response.status_code == 422
    assert long_text in response.content.decode()
    assert "must be 1,000 words or fewer. It has 1,002" in text_of(response)
    assert answers_of(draft)["story"] == long_text


def test_answer_that_leads_to_help_shows_it(client, call):
    start(client, call)
    posted = {"roles": "provider", "email": "me@example.org", "age": "child"}
    response = client.post(address(call, "response/about/"), posted, follow=True)
    assert response.redirect_chain == [(address(call, "response/help/age/"), 302)]
    assert "Ask an adult to help you An adult can answer." in text_of(response)


def test_check_page_shows_answers_and_what_is_missing(client, call):
    draft = start(client, call)
    values = {"story": "We lost.", "email": "me@example.org"}
    drafting.save_answers(submission=draft, call=call, values=values, at=while_open(call))
    response = client.get(address(call, "response/check/"))
    text = text_of(response)
    assert "What happened? We lost. Change" in text
    assert "Select how old you are" in text
    assert f'href="{address(call, "response/about/")}?return=check#question-age"' in (
        response.content.decode()
    )


def test_check_page_lists_what_may_be_several_and_says_the_rest_in_lines(client, call):
    start_with(
        client,
        call,
        roles=["provider", "other"],
        role_other="A trustee",
        history=["bid", "led"],
        fairness={"money": "good", "risk": "poor"},
        story="First.\nSecond.",
    )
    page = client.get(address(call, "response/check/")).content.decode()
    shown = dict(re.findall(r'id="answer-(\w+)".*?<dd dir="auto">(.*?)</dd>', page, flags=re.S))
    said = {key: shown[key] for key in ("roles", "role_other", "history", "fairness", "story")}
    assert said == {
        "roles": '<ul class="plain"><li>I provide services</li><li>Something else</li></ul>',
        "role_other": "A trustee",
        "history": '<ul class="plain"><li>Bid alone</li><li>Led a partnership</li></ul>',
        "fairness": '<ul class="plain"><li>Split of money: Good</li>'
        "<li>Split of risk: Poor</li></ul>",
        "story": "First.<br>Second.",
    }


def test_declaration_stands_in_its_words_once_right_above_the_button(client, call):
    start_with(client, call)
    page = text_of(client.get(address(call, "response/check/")))
    stands = "What you confirm You have confirmed: “I may submit this response” Change"
    assert page.count("You have confirmed:") == 1
    assert f"{stands} I may submit this response Submit your response" in page


def test_declaration_that_is_missing_is_said_to_be_so_and_leads_to_its_box(client, call):
    draft = start_with(client, call)
    Answer.objects.filter(submission=draft, question__key="declaration").delete()
    response = press_submit(client, call)
    page = response.content.decode()
    assert response.status_code == 422
    assert "You have not confirmed this yet: “I may submit this response” Confirm" in text_of(
        response
    )
    assert page.count('id="answer-declaration"') == page.count('href="#answer-declaration"') == 1
    [way] = re.findall(r'href="([^"]+)#question-declaration"', page)
    assert 'id="question-declaration"' in client.get(way).content.decode()


def test_box_that_may_stay_empty_is_an_answer_among_the_others(client, at):
    questions = [{"key": "news", "kind": "checkbox", "label": "Send me news"}]
    call = make_call(evidence_questions=questions)
    at(while_open(call))
    start_with(client, call)
    page = text_of(client.get(address(call, "response/check/")))
    assert "Your evidence Send me news Not provided Change" in page
    assert "What you confirm" not in page


def test_submitting_an_incomplete_response_is_refused_with_links(client, call):
    start(client, call)
    response = press_submit(client, call)
    assert response.status_code == 422
    assert "There is a problem" in text_of(response)
    assert Version.objects.count() == 0


def test_submitting_shows_the_receipt_and_a_reload_shows_it_again(
    client, call, django_capture_on_commit_callbacks
):
    start_with(client, call)
    response = press_submit(client, call)
    assert response["Location"] == address(call, "response/submitted/")
    version = Version.objects.get()
    for _ in range(2):
        text = text_of(client.get(address(call, "response/submitted/")))
        assert version.submission.reference in text
        assert version.receipt_digest in text
        assert "midday on Tuesday 23 July 2019" not in text
        assert "12:00:00pm on Tuesday 23 July 2019 (UK time)" in text


def seen_on(response):
    return re.search(r'name="_expected_etag" value="([^"]+)"', response.content.decode())[1]


@pytest.mark.parametrize("what", ["answer", "file"])
def test_what_changed_since_it_was_checked_is_shown_again_and_not_submitted(client, call, what):
    draft = start_with(client, call, story="As I checked it")
    check = address(call, "response/check/")
    first = seen_on(client.get(check))
    if what == "file":
        make_attachment(draft, name="from-elsewhere.txt")
    else:
        values = {"story": "from-elsewhere.txt"}
        drafting.save_answers(submission=draft, call=call, values=values, at=while_open(call))
    response = client.post(check, {"_expected_etag": first})
    assert response.status_code == 409
    assert "changed since you opened the page. Check it again." in text_of(response)
    assert "from-elsewhere.txt" in text_of(response)
    assert Version.objects.count() == 0
    for _ in range(2):
        again = client.post(check, {"_expected_etag": seen_on(response)})
        assert again["Location"] == address(call, "response/submitted/")
    assert Version.objects.count() == 1


def test_post_that_does_not_say_what_was_seen_is_answered_by_the_page_to_check(client, call):
    start_with(client, call, story="Not seen yet.")
    check = address(call, "response/check/")
    for posted in ({}, {"_expected_etag": ""}, {"_expected_etag": "0"}):
        response = client.post(check, posted)
        assert response.status_code == 409
        assert "Not seen yet." in text_of(response)
    assert (Version.objects.count(), OutboxEmail.objects.count()) == (0, 0)
    response = client.post(check)
    assert "does not say which answers you checked. Check them again here" in text_of(response)
    assert client.post(check, {"_expected_etag": seen_on(response)})["Location"].endswith(
        "/submitted/"
    )


def test_double_post_of_submit_gives_one_receipt(client, call):
    start_with(client, call)
    for _ in range(2):
        response = press_submit(client, call)
        assert response["Location"] == address(call, "response/submitted/")
    assert (Version.objects.count(), OutboxEmail.objects.count()) == (1, 1)


@pytest.mark.parametrize("rest", ["response/", "response/about/", "response/check/"])
def test_pages_of_a_submitted_response_lead_to_its_receipt(client, call, rest):
    start_with(client, call)
    press_submit(client, call)
    assert client.get(address(call, rest))["Location"] == address(call, "response/submitted/")


def test_section_posted_after_submitting_in_another_tab_changes_nothing(client, call):
    draft = start_with(client, call, story="Before")
    press_submit(client, call)
    response = client.post(address(call, "response/evidence/"), {"story": "After"})
    assert response.status_code == 409
    assert "What you typed was not saved" in text_of(response)
    assert "After</textarea>" in response.content.decode()
    assert answers_of(draft)["story"] == "Before"


def test_submitting_in_the_last_microsecond_is_taken(client, call, at):
    start_with(client, call)
    at(call.closes_at - MICROSECOND)
    press_submit(client, call)
    assert Version.objects.get().received_at == call.closes_at - MICROSECOND


def test_submitting_at_closing_is_refused_and_says_all_of_it(client, call, at):
    draft = start_with(client, call, story="All that I wrote.")
    at(call.closes_at)
    response = press_submit(client, call)
    text = text_of(response)
    assert response.status_code == 403
    assert "Your response was not submitted" in text
    assert "It reached us at 12:00:00pm on Wednesday 24 July 2019 (UK time)." in text
    assert "The call closed at midday on Wednesday 24 July 2019 (UK time)." in text
    assert call.contact_email in text
    assert "All that I wrote." in text
    assert answers_of(draft)["story"] == "All that I wrote."
    assert (Version.objects.count(), OutboxEmail.objects.count()) == (0, 0)


def test_section_posted_after_closing_keeps_the_text_and_says_so(client, call, at):
    draft = start(client, call)
    at(call.closes_at + timedelta(minutes=3))
    response = client.post(address(call, "response/evidence/"), {"story": "Just too late."})
    assert response.status_code == 403
    assert "What you typed is saved" in text_of(response)
    assert answers_of(draft) == {"story": "Just too late."}


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("story", "a\0b", "Remove the characters that cannot be shown"),
        ("story", "word " * 30_000, "It can be saved when it has 100,000 or fewer"),
        ("documents", b"not a pdf", "its type is not really PDF"),
    ],
)
def test_what_cannot_be_kept_after_closing_is_given_back_with_the_reason(
    client, call, at, key, value, why
):
    draft = start(client, call)
    at(call.closes_at + timedelta(minutes=3))
    posted = SimpleUploadedFile("plan.pdf", value) if isinstance(value, bytes) else value
    response = client.post(
        address(call, "response/evidence/"), {key: posted, "commissioner_view": "Kept."}
    )
    text = text_of(response)
    assert response.status_code == 422
    assert why in text
    assert "It closed at midday on Wednesday 24 July 2019 (UK time)." in text
    assert "What you typed is saved" not in text
    if key == "story":
        assert value.strip().replace("\0", "\ufffd") in response.content.decode()
    assert answers_of(draft) == {"commissioner_view": "Kept."}


@pytest.mark.parametrize("rest", ["response/", "response/about/", "response/check/"])
def test_draft_stays_readable_after_closing(client, call, at, rest):
    start_with(client, call, story="Still here.")
    at(call.closes_at + timedelta(days=30))
    text = text_of(client.get(address(call, rest)))
    assert "This call is closed" in text
    assert "Still here." in text


def test_draft_downloads_as_text_after_closing(client, call, at):
    start_with(client, call, story="Still here.")
    at(call.closes_at + timedelta(days=30))
    response = client.get(address(call, "response/text/"))
    assert response["Content-Disposition"] == f'attachment; filename="draft-{call.slug}.txt"'
    text = response.content.decode()
    assert "Draft: not submitted" in text
    assert "What happened?\nStill here.\n" in text


def test_submitted_text_is_exactly_what_was_digested(client, call):
    start_with(client, call)
    press_submit(client, call)
    response = client.get(address(call, "response/text/"))
    assert response.content.decode() == Version.objects.get().canonical_text


def test_files_are_added_downloaded_and_removed(client, call, django_capture_on_commit_callbacks):
    draft = start(client, call)
    files = {"documents": SimpleUploadedFile("notes.txt", b"Minutes"), "action": "upload"}
    response = client.post(address(call, "response/evidence/2/"), files)
    assert response["Location"] == address(call, "response/evidence/2/")
    attachment = Attachment.objects.get()
    page = client.get(address(call, "response/evidence/2/"))
    own = address(call, f"response/files/{attachment.public_id}/")
    assert f'href="{own}"' in page.content.decode()
    download = client.get(own)
    assert download.getvalue() == b"Minutes"
    assert download["Content-Disposition"] == 'attachment; filename="notes.txt"'
    assert download["X-Content-Type-Options"] == "nosniff"
    with django_capture_on_commit_callbacks(execute=True):
        client.post(address(call, "response/evidence/"), {"_remove": str(attachment.public_id)})
    assert draft.attachments.count() == 0


@pytest.mark.parametrize("damage", ["changed", "deleted"])
def test_own_file_that_is_not_the_one_given_is_not_handed_out(client, call, damage):
    draft = start(client, call)
    file = make_attachment(draft, content=b"Minutes")
    if damage == "changed":
        Path(file.file.path).write_bytes(b"Minutez")
    else:
        Path(file.file.path).unlink()
    answer = client.get(address(call, f"response/files/{file.public_id}/"))
    assert answer.status_code == 410
    assert "Our copy of “notes.txt” is missing or damaged." in text_of(answer)


def test_refused_file_keeps_the_rest_of_the_page(client, call):
    draft = start(client, call)
    posted = {
        "story": "Kept.",
        "documents": [
            SimpleUploadedFile("picture.pdf", b"\x89PNG"),
            SimpleUploadedFile("notes.txt", b"Minutes"),
        ],
    }
    response = client.post(address(call, "response/evidence/"), posted)
    assert response.status_code == 422
    assert "“picture.pdf” was not added" in text_of(response)
    assert answers_of(draft) == {"story": "Kept."}
    assert [file.name for file in draft.attachments.all()] == ["notes.txt"]


def test_somebody_elses_file_is_not_found(client, call):
    other = make_submitted(call)
    attachment = Attachment(
        submission=other,
        question=call.questions_by_key["documents"],
        name="theirs.txt",
        file_type="txt",
        size=1,
        sha256="0" * 64,
        uploaded_at=other.submitted_at,
    )
    attachment.save()
    start(client, call)
    assert client.get(address(call, f"response/files/{attachment.public_id}/")).status_code == 404
    client.post(address(call, "response/evidence/"), {"_remove": str(attachment.public_id)})
    assert other.attachments.count() == 1


@pytest.mark.parametrize(
    "rest",
    ["response/", "response/about/", "response/check/", "response/submitted/", "response/text/"],
)
def test_browser_that_holds_nothing_is_told_what_it_can_do(client, call, rest):
    make_submitted(call)
    response = client.get(address(call, rest))
    assert response.status_code == 404
    assert "There is no response on this device" in text_of(response)


def test_second_response_is_a_new_one(client, call):
    first = start_with(client, call)
    press_submit(client, call)
    assert client.post(address(call, "start/"))["Location"] == address(call, "response/submitted/")
    client.post(address(call, "start/"), {"another": "1"})
    assert Submission.objects.latest("pk") != first
    assert client.get(address(call, "response/")).status_code == 200


def test_pages_ask_the_same_queries_for_one_question_and_for_forty(client, at):
    counts = {}
    for number in (1, 40):
        questions = [
            {"key": f"question_{n}", "kind": "long", "label": f"Question {n}"}
            for n in range(number)
        ]
        call = make_call(evidence_questions=questions)
        at(while_open(call))
        start(client, call)
        for rest in ("", "questions/", "response/", "response/evidence/", "response/check/"):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address(call, rest)).status_code == 200
            counts.setdefault(rest, []).append(len(queries))
    assert [one for one, forty in counts.values()] == [forty for one, forty in counts.values()]
    assert max(max(pair) for pair in counts.values()) <= 8


def test_answer_that_looks_odd_is_warned_of_when_checking_and_still_taken(client, call):
    question = call.questions.get(key="role_other")
    question.warn_unless, question.warning = "[A-Z].*", "This does not look like a role."
    question.save()
    start_with(client, call, roles=["other"], role_other="banana")
    assert "banana This does not look like a role." in text_of(
        client.get(address(call, "response/check/"))
    )
    assert press_submit(client, call)["Location"].endswith("/submitted/")


def test_receipt_says_how_the_mail_stands(client, call):
    start_with(client, call)
    press_submit(client, call)
    receipt = address(call, "response/submitted/")
    assert "We are sending a confirmation" in text_of(client.get(receipt))
    OutboxEmail.objects.update(state="sent", sent_at=while_open(call))
    assert "We sent a confirmation" in text_of(client.get(receipt))
    OutboxEmail.objects.update(state="failed", sent_at=None)
    assert "We could not send a confirmation" in text_of(client.get(receipt))


def test_text_of_a_version_has_its_time_as_people_say_it_and_in_utc(client, call):
    start_with(client, call)
    press_submit(client, call)
    text = client.get(address(call, "response/text/")).content.decode()
    assert (
        "Received: 12:00:00pm on Tuesday 23 July 2019 (UK time), "
        "which is 2019-07-23T11:00:00.000000+00:00 in UTC\n"
    ) in text
