"""A section's pages, meetings of two authors, files one by one, and the script's saves."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from submissions.responses import drafting, submitting
from submissions.responses.etags import etag
from submissions.responses.models import Submission
from tests.makers import complete_answers, make_attachment, make_call, while_open
from tests.submissions.respondent.answering import (
    address,
    answers_of,
    start,
    start_with,
    text_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(at):
    call = make_call()
    at(while_open(call))
    return call


def shown(response):
    return re.search(r'name="_base_etags" value="([^"]*)"', response.content.decode())[1]


def keys_shown(response):
    return [part.partition(":")[0] for part in shown(response).split()]


def elsewhere(call, **values):
    """Another device saves meanwhile."""
    drafting.save_answers(
        submission=Submission.objects.latest("pk"), call=call, values=values, at=while_open(call)
    )


def autosave(client, call, section="evidence", **posted):
    return client.post(address(call, "response/save/"), {"_section": section, **posted})


def test_page_that_its_own_post_rules_out_is_shown_with_what_was_refused(client, call):
    call.sections.filter(key="evidence").update(show_if="roles contains provider")
    start_with(client, call, roles=["provider"], story="Words")
    etags = f"roles:{etag(['provider'])} story:{etag('Words')}"
    posted = {"_base_etags": etags, "roles": "other", "story": "a" * 1_000_001}
    refused = client.post(address(call, "response/evidence/"), posted)
    assert refused.status_code == 422
    assert "It can be saved when it has 1,000,000 or fewer" in text_of(refused)


def test_pages_are_walked_forwards_and_back(client, call):
    start(client, call)
    evidence = address(call, "response/evidence/")
    first = client.get(evidence)
    assert keys_shown(first) == ["history", "fairness", "story"]
    assert "Section 2 of 2, page 1 of 2" in text_of(first)
    response = client.post(evidence, {"_base_etags": shown(first), "story": "Words"})
    assert response["Location"] == f"{evidence}2/"
    second = client.get(f"{evidence}2/")
    assert keys_shown(second) == [
        "commissioner_view",
        "documents",
        "publication",
        "quote_ok",
        "declaration",
    ]
    assert f'class="back" href="{evidence}"' in second.content.decode()


def test_page_of_no_section_is_not_found(client, call):
    start(client, call)
    assert client.get(address(call, "response/evidence/4/")).status_code == 404
    assert client.get(address(call, "response/evidence/0/")).status_code == 404


def test_page_without_a_question_for_this_person_leads_to_one_that_has(client, at):
    apart = {"kind": "long", "label": "For commissioners", "show_if": "roles contains commissioner"}
    questions = [{**apart, "key": f"long_{n}"} for n in range(3)]
    questions += [{"key": "story", "kind": "long", "label": "Story"}]
    call = make_call(evidence_questions=questions)
    at(while_open(call))
    start(client, call)
    elsewhere(call, roles=["provider"])
    response = client.get(address(call, "response/evidence/?return=check"))
    assert response["Location"] == address(call, "response/evidence/2/?return=check")


def test_check_page_leads_to_the_page_of_each_question(client, call):
    start(client, call)
    page = client.get(address(call, "response/check/")).content.decode()
    assert f'href="{address(call, "response/evidence/2/")}?return=check#id_declaration"' in page
    assert f'href="{address(call, "response/evidence/2/")}?return=check#question-publi' in page


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({}, "You have not chosen yet whether we may publish your response."),
        (
            {"publication": "anonymous", "quote_ok": "no"},
            "without your name and your organisation’s name. We will not quote from it.",
        ),
        (
            {"publication": "named", "quote_ok": "yes"},
            "with your name. We may quote from it.",
        ),
        (
            {"publication": "organisation", "quote_ok": "yes"},
            "with your organisation’s name and without your own. We may quote from it.",
        ),
        (
            {"publication": "confidential", "quote_ok": "yes"},
            "You asked us not to publish your response. Only the project team reads your answers "
            "and files. Of a confidential response the steering group sees only its reference "
            "and when it came in. Change",
        ),
    ],
)
def test_check_page_says_the_choice_of_publication_in_plain_words(client, call, answers, said):
    start(client, call)
    elsewhere(call, **answers)
    assert said in text_of(client.get(address(call, "response/check/")))


def test_page_says_when_it_was_last_saved(client, call):
    start(client, call)
    assert "Nothing is saved yet" in text_of(client.get(address(call, "response/evidence/")))
    Submission.objects.update(saved_at=while_open(call).replace(hour=9, minute=42))
    page = client.get(address(call, "response/evidence/"))
    assert "Last saved at 10:42am" in text_of(page)


def test_second_to_save_is_shown_both_and_nothing_is_overwritten(client, call):
    start(client, call)
    page = client.get(address(call, "response/evidence/"))
    elsewhere(call, story="Theirs")
    posted = {"_base_etags": shown(page), "story": "Mine", "history": "bid"}
    response = client.post(address(call, "response/evidence/"), posted)
    assert response.status_code == 409
    text = text_of(response)
    assert "Saved by someone else, or in another tab Theirs" in text
    assert "What you typed Mine" in text
    assert "Your other answers on the page are saved." in text
    draft = Submission.objects.get()
    assert answers_of(draft) == {"story": "Theirs", "history": ["bid"]}


def test_page_of_errors_keeps_what_another_saved_of_an_answer_left_as_it_was(client, call):
    start(client, call)
    elsewhere(call, history=["bid"], story="Short")
    opened = shown(client.get(address(call, "response/evidence/")))
    elsewhere(call, history=["led"])
    posted = {"_base_etags": opened, "history": "bid", "story": "word " * 1001}
    errors = client.post(address(call, "response/evidence/"), posted | {"action": "continue"})
    assert errors.status_code == 422
    boxes = re.findall(r'name="history"[^>]* value="(\w+)"[^>]* checked', errors.content.decode())
    assert boxes == ["led"]
    posted = {"_base_etags": shown(errors), "history": boxes, "story": "Short again"}
    assert client.post(address(call, "response/evidence/"), posted).status_code == 302
    draft = Submission.objects.get()
    assert answers_of(draft) == {"history": ["led"], "story": "Short again"}


def test_conflicts_page_says_what_else_was_refused(client, call):
    start(client, call)
    elsewhere(call, story="Theirs")
    posted = {
        "_base_etags": "history:- story:-",
        "story": "Mine",
        "history": "nonsense",
        "documents": SimpleUploadedFile("photo.exe", b"MZ"),
    }
    response = client.post(address(call, "response/evidence/"), posted)
    assert response.status_code == 409
    text = text_of(response)
    assert "“What have you done?”: Select one of the answers that are shown “photo.exe” was" in text
    assert "What else is not saved" in text
    assert "Your other answers on the page are saved" not in text


@pytest.mark.parametrize(
    ("choice", "kept"),
    [("saved", "Theirs"), ("typed", "Mine"), ("merged", "Theirs and mine")],
)
def test_chosen_answer_is_kept(client, call, choice, kept):
    start(client, call)
    page = client.get(address(call, "response/evidence/"))
    elsewhere(call, story="Theirs")
    conflicts = client.post(
        address(call, "response/evidence/"), {"_base_etags": shown(page), "story": "Mine"}
    )
    posted = {
        "_conflicts": "story",
        "_base_etags": shown(conflicts),
        "story": "Mine",
        "_keep_story": choice,
        "_merged_story": "Theirs and mine",
    }
    response = client.post(address(call, "response/evidence/"), posted)
    assert response["Location"] == address(call, "response/evidence/2/")
    assert answers_of(Submission.objects.get()) == {"story": kept}


def test_choice_made_while_a_third_text_came_is_asked_again(client, call):
    start(client, call)
    page = client.get(address(call, "response/evidence/"))
    elsewhere(call, story="Second")
    conflicts = client.post(
        address(call, "response/evidence/"), {"_base_etags": shown(page), "story": "First"}
    )
    elsewhere(call, story="Third")
    posted = {"_conflicts": "story", "_base_etags": shown(conflicts), "story": "First"}
    response = client.post(address(call, "response/evidence/"), {**posted, "_keep_story": "typed"})
    assert "Saved by someone else, or in another tab Third" in text_of(response)
    assert answers_of(Submission.objects.get()) == {"story": "Third"}


def test_no_choice_is_asked_for_again_with_an_error(client, call):
    start(client, call)
    elsewhere(call, story="Theirs")
    posted = {"_conflicts": "story", "_base_etags": "story:-", "story": "Mine"}
    response = client.post(address(call, "response/evidence/"), posted)
    assert response.status_code == 409
    said = "There is a problem Choose which answer to keep: “What happened?”"
    assert said in text_of(response)
    assert '<fieldset class="question conflict question--error" aria-describedby="error_keep_' in (
        response.content.decode()
    )
    assert "\nTheirs\n\nMine</textarea>" in response.content.decode()
    assert answers_of(Submission.objects.get()) == {"story": "Theirs"}
    # What was typed in the box is in no other place.
    posted |= {"_base_etags": shown(response), "_merged_story": "Of\r\nboth"}
    response = client.post(address(call, "response/evidence/"), posted)
    assert "\nOf\nboth</textarea>" in response.content.decode()
    elsewhere(call, **complete_answers(call, story="Third"))
    response = client.post(address(call, "response/evidence/"), posted)
    assert "\nThird\n\nOf\nboth</textarea>" in response.content.decode()
    submitting.submit(submission=Submission.objects.get(), at=while_open(call))
    response = client.post(address(call, "response/evidence/"), posted)
    assert response.status_code == 409
    assert "Mine\n\nOf\nboth</textarea>" in response.content.decode()


def test_script_saves_and_is_told_what_is_stored(client, call):
    start(client, call)
    answer = autosave(client, call, story="As I type", _base_etags="story:-").json()
    assert answer == {
        "saved": "Saved at 12:00pm",
        "base_etags": {"story": etag("As I type")},
        "warning": "",
    }
    assert answers_of(Submission.objects.get()) == {"story": "As I type"}


def test_script_overwrites_nobody(client, call):
    start(client, call)
    elsewhere(call, story="Theirs")
    answer = autosave(client, call, story="Mine", _base_etags="story:-").json()
    assert (answer["saved"], answer["base_etags"]) == ("", {})
    assert "“What happened?”" in answer["warning"]
    assert answers_of(Submission.objects.get()) == {"story": "Theirs"}
    # Typed and taken back: the page has what it showed, and there is nothing to try again.
    before = f"story:{etag('Before')}"
    answer = autosave(client, call, story="Before", _base_etags=before).json()
    assert (answer["base_etags"], answer["warning"]) == ({"story": etag("Before")}, "")
    assert answers_of(Submission.objects.get()) == {"story": "Theirs"}


def test_script_may_go_on_from_its_own_save_whose_answer_was_lost(client, call):
    start(client, call)
    autosave(client, call, story="First", _base_etags="story:-")
    posted = {
        "story": "First, then more",
        "_base_etags": "story:-",
        "_pending_story": "story=First",
    }
    assert autosave(client, call, **posted).json()["warning"] == ""
    assert answers_of(Submission.objects.get()) == {"story": "First, then more"}


@pytest.mark.parametrize(
    ("first", "before", "second", "kept"),
    [
        (
            {"history": ["bid"]},
            {"_pending_history": ["history=bid", ""]},
            {"history": ["bid", "led"]},
            {"history": ["bid", "led"]},
        ),
        (
            {"fairness_money": "poor"},
            {"_pending_fairness": "fairness_money=poor"},
            {"fairness_money": "poor", "fairness_risk": "good"},
            {"fairness": {"money": "poor", "risk": "good"}},
        ),
    ],
)
def test_script_may_go_on_from_its_own_lost_save_of_choices(
    client, call, first, before, second, kept
):
    start(client, call)
    autosave(client, call, **first, _base_etags="history:- fairness:-")
    shown_first = " ".join(f"{key}:-" for key in kept)
    answer = autosave(client, call, **second, **before, _base_etags=shown_first).json()
    assert answer["warning"] == ""
    assert answers_of(Submission.objects.get()) == kept


def test_text_sent_before_and_not_stored_is_no_leave_to_drop_it(client, call):
    start(client, call)
    elsewhere(call, story="Theirs")
    posted = {"_base_etags": "story:-", "story": "Mine", "_pending_story": "story=Mine"}
    assert client.post(address(call, "response/evidence/"), posted).status_code == 409


def test_script_saves_that_the_last_box_was_unticked(client, call):
    start(client, call)
    elsewhere(call, history=["bid"], fairness={"money": "poor"}, declaration=True)
    page = f"history:{etag(['bid'])} declaration:{etag(True)}"
    answer = autosave(client, call, _base_etags=page).json()
    assert answer["base_etags"] == {"history": "-", "declaration": "-"}
    assert answers_of(Submission.objects.get()) == {"fairness": {"money": "poor"}}


def test_unticking_is_kept_though_another_tab_ruled_the_question_out(client, at):
    apart = {"key": "views", "kind": "checkboxes", "label": "Views"}
    apart |= {"show_if": "roles contains commissioner", "options": [{"key": "a", "label": "A"}]}
    call = make_call(evidence_questions=[apart, {"key": "story", "kind": "long", "label": "S"}])
    at(while_open(call))
    start(client, call)
    elsewhere(call, roles=["provider"], views=["a"])
    answer = autosave(client, call, _base_etags=f"views:{etag(['a'])}").json()
    assert answer["base_etags"] == {"views": "-"}
    assert answers_of(Submission.objects.get()) == {"roles": ["provider"]}


def test_script_is_told_in_words_what_cannot_be_saved(client, call, at):
    start(client, call)
    refused = autosave(client, call, story="a" * 1_000_001, _base_etags="story:-").json()
    assert "It can be saved when it has 1,000,000 or fewer" in refused["warning"]
    at(call.closes_at)
    late = autosave(client, call, story="Late", _base_etags="story:-").json()
    assert late["saved"] == "Saved at 12:00pm"
    assert "you cannot submit it" in late["warning"]
    nobody = autosave(Client(), call, story="Words")
    assert nobody.status_code == 404
    assert "no longer has your response open" in nobody.json()["warning"]


def test_save_asks_at_most_the_queries_of_a_page(client, call):
    start(client, call)
    with CaptureQueriesContext(connection) as queries:
        autosave(client, call, story="Words", _base_etags="story:-")
    statements = [one["sql"] for one in queries if "SAVEPOINT" not in one["sql"]]
    assert len(statements) <= 10


def test_post_of_a_browser_that_holds_nothing_gives_the_text_back(client, call):
    response = client.post(address(call, "response/evidence/"), {"story": "All these words"})
    assert response.status_code == 404
    assert "All these words</textarea>" in response.content.decode()


def test_what_was_typed_chosen_and_added_is_given_back_after_another_tab_submitted(client, call):
    start_with(client, call, publication="named", history=["bid"])
    submitting.submit(submission=Submission.objects.get(), at=while_open(call))
    posted = {
        "_base_etags": "",
        "story": "Words\0",
        "commissioner_view": "All my words",
        "history": ["bid", "led"],
        "fairness_money": "poor",
        "publication": "anonymous",
        "declaration": "yes",
        "documents": SimpleUploadedFile("minutes.txt", b"Minutes"),
    }
    response = client.post(address(call, "response/evidence/2/"), posted)
    assert response.status_code == 409
    given_back = re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", response.content.decode(), re.S)
    assert given_back == [
        "- Bid alone\n- Led a partnership",
        "- Split of money: Poor",
        "Words\ufffd",
        "All my words",
        "File that was not added: minutes.txt",
        "Publish without names",
    ]


def test_file_is_replaced_without_script(client, call):
    draft = start(client, call)
    old = make_attachment(draft)
    page = address(call, "response/evidence/2/")
    nothing = client.post(page, {"_base_etags": "", "_replace": str(old.public_id)})
    assert "Choose the new file" in text_of(nothing)
    new = SimpleUploadedFile("new.txt", b"New minutes")
    posted = {"_base_etags": "", "_replace": str(old.public_id), "documents": new}
    assert client.post(page, posted)["Location"] == page
    assert [file.name for file in draft.attachments.filter(removed_at=None)] == ["new.txt"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("photo.exe", b"MZ", "the file must be one of PDF, DOCX, ODT, TXT"),
        ("empty.txt", b"", "the file is empty"),
        ("large.txt", b"a" * (10 * 1024 * 1024 + 1), "the file must be 10 MB or smaller"),
        ("picture.pdf", b"\x89PNG", "“picture.pdf” was not added"),
    ],
)
def test_refused_file_is_said_beside_its_question(client, call, name, content, said):
    draft = start(client, call)
    posted = {"_base_etags": "", "documents": SimpleUploadedFile(name, content), "action": "upload"}
    response = client.post(address(call, "response/evidence/2/"), posted)
    assert response.status_code == 422
    assert said in text_of(response)
    assert draft.attachments.count() == 0


def test_file_that_comes_after_closing_is_shown_where_it_was_added(client, call, at):
    draft = start(client, call)
    at(call.closes_at)
    file = SimpleUploadedFile("late.txt", b"Late minutes")
    posted = {"_base_etags": "", "documents": file, "action": "upload"}
    response = client.post(address(call, "response/evidence/2/"), posted)
    assert response.status_code == 200
    assert 'id="question-documents"' in response.content.decode()
    text = text_of(response)
    assert "late.txt" in text
    assert "This call is closed It closed at" in text
    assert "not saved yet" not in text
    assert [one.name for one in draft.attachments.all()] == ["late.txt"]
