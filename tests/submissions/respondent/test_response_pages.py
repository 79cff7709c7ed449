"""A respondent's pages, as a browser without JavaScript meets them."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from submissions.calls.models import Question, Section
from submissions.outbox.models import OutboxEmail
from submissions.responses.etags import etag
from submissions.responses.models import Attachment, Version
from tests.catalogues import speak_one_language
from tests.makers import make_attachment, make_call, make_submitted, press_submit, while_open
from tests.submissions.respondent.answering import address, answers_of, start, start_with, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(at):
    call = make_call()
    at(while_open(call))
    return call


def test_section_saves_an_incomplete_page_and_says_what_is_missing(client, call):
    draft = start(client, call)
    response = client.post(address(call, "response/about/"), {"email": "me@example.org"})
    assert response.status_code == 422
    assert "<title>Error: About you" in response.content.decode()
    assert "Select how old you are" in text_of(response)
    assert answers_of(draft) == {"email": "me@example.org"}


def test_what_was_typed_before_its_question_moved_is_saved_all_the_same(client, call):
    draft = start(client, call)
    Section.objects.filter(call=call, key="about").update(key="you")
    Question.objects.filter(call=call, key="story").update(
        section=Section.objects.get(call=call, key="you"), position=99
    )
    for page, text in (("evidence", "One."), ("evidence/9", "Two."), ("about", "Three.")):
        client.post(address(call, f"response/{page}/"), {"story": text})
        assert answers_of(draft) == {"story": text}
        saved = client.post(
            address(call, "response/save/"), {"_section": page, "story": f"{text} And on."}
        )
        assert saved.json()["base_etags"] == {"story": etag(f"{text} And on.")}
    assert client.post(address(call, "response/about/"), {})["Location"] == address(
        call, "response/"
    )
    for page in ("evidence/9", "about"):
        assert client.get(address(call, f"response/{page}/")).status_code == 404


def test_what_was_typed_into_a_question_that_was_removed_is_shown_to_be_copied(client, call):
    draft = start(client, call)
    Question.objects.filter(call=call, key="story").delete()
    posted = {"_base_etags": "story: age:", "story": "What we saw.", "age": "No idea"}
    page = client.post(address(call, "response/evidence/"), posted)
    assert (page.status_code, answers_of(draft)) == (409, {})
    said = text_of(page)
    assert "A question that was on your page was taken out of this call" in said
    assert [said.count(typed) for typed in ("What we saw.", "No idea")] == [1, 1]
    assert f'href="{address(call, "response/")}"' in page.content.decode()
    saved = client.post(address(call, "response/save/"), posted).json()
    assert saved["warning"].startswith("A question of this page was taken out of the call")
    one_word = posted | {"story": "leeds", "age": "adult"}
    page = client.post(address(call, "response/evidence/"), one_word)
    assert (page.status_code, answers_of(draft)) == (409, {"age": "adult"})
    assert "leeds" in text_of(page)
    left_open = posted | {"story": " ", "age": "adult"}
    assert client.post(address(call, "response/evidence/"), left_open).status_code == 302
    Question.objects.filter(call=call, key="fairness").delete()
    chosen = {"_base_etags": "fairness:-", "fairness_money": "poor", "role_other": "Mine"}
    page = client.post(address(call, "response/evidence/"), chosen)
    assert re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", page.content.decode()) == ["poor"]


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


def test_browser_that_holds_nothing_is_told_what_it_can_do(client, call):
    make_submitted(call)
    for rest in [
        "response/",
        "response/about/",
        "response/check/",
        "response/submitted/",
        "response/text/",
    ]:
        response = client.get(address(call, rest))
        assert response.status_code == 404, rest
        assert "There is no response on this device" in text_of(response), rest


def test_pages_ask_the_same_queries_for_one_question_and_for_forty(settings, client, at):
    speak_one_language(settings)
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
    assert counts == {
        "": [3, 3],
        "questions/": [3, 3],
        "response/": [5, 5],
        "response/evidence/": [3, 3],  # no files are asked for there
        "response/check/": [5, 5],
    }


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


def test_browser_without_a_response_learns_when_the_call_opens(client, call, at):
    at(call.opens_at - timedelta(days=1))
    shown = text_of(client.get(address(call, "response/")))
    assert "This call opens at 9am on Wednesday 29 May 2019 (UK time)." in shown
    assert "It closed at" not in shown
