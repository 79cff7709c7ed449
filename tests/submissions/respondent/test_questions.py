import io
import re
from datetime import timedelta

import pytest
from docx import Document

from submissions.responses.models import Submission
from tests.makers import make_call, while_open

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(at):
    call = make_call()
    at(while_open(call))
    return call


def test_questions_are_downloaded_without_starting(client, call):
    page = client.get(f"/calls/{call.slug}/questions/").content.decode()
    for name, content_type, begins in [
        ("pdf", "application/pdf", b"%PDF-"),
        (
            "docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            b"PK\x03\x04",
        ),
    ]:
        path = f"/calls/{call.slug}/questions.{name}"
        assert re.search(f'href="{re.escape(path)}"', page), name
        response = client.get(path)
        assert response["Content-Type"] == content_type, name
        assert response["Content-Disposition"] == f'attachment; filename="{call.slug}.{name}"', name
        assert response.content.startswith(begins), name
        assert Submission.objects.count() == 0, name
    assert 'Led a partnership<br><span class="hint">Of two or more.</span>' in page


def test_questions_fetched_after_closing_ask_nobody_to_answer(client, call, at):
    said = []
    for moment in (while_open(call), call.closes_at):
        at(moment)
        page = client.get(f"/calls/{call.slug}/questions/").content.decode()
        word = Document(io.BytesIO(client.get(f"/calls/{call.slug}/questions.docx").content))
        intro = "".join(one.text for one in word.paragraphs[1:3])
        said.append(["prepare" in page, "Answer online" in intro, "This call closed at" in intro])
    assert said == [[True, True, False], [False, False, True]]


def test_how_to_answer_is_told_once(client, at):
    options = [{"key": "yes", "label": "Yes"}, {"key": "no", "label": "No"}]
    question = {"kind": "checkboxes", "options": options}
    call = make_call(
        evidence_questions=[
            question | {"key": "with_hint", "label": "One?", "hint": "Select all that apply."},
            question | {"key": "without", "label": "Two?"},
        ]
    )
    at(while_open(call))
    client.post(f"/calls/{call.slug}/start/")
    for path in ("questions/", "response/evidence/"):
        page = client.get(f"/calls/{call.slug}/{path}").content.decode()
        said = re.findall(r"One\?.*", page, flags=re.DOTALL)[0]
        assert re.findall(r"(?:Select|Tick) all that apply\.", said) == [
            "Select all that apply.",
            "Tick all that apply.",
        ]
        assert '<p class="hint"></p>' not in page
    [described] = re.findall(r'<fieldset aria-describedby="(hint_without)">', page)
    assert f'<p class="hint" id="{described}">Tick all that apply.</p>' in page


def test_questions_say_when_a_call_that_is_not_open_yet_opens(client, call, at):
    said = []
    for moment in (call.opens_at - timedelta(seconds=1), call.opens_at, call.closes_at):
        at(moment)
        page = client.get(f"/calls/{call.slug}/questions/").content.decode()
        said.append(f"This call opens at {call.opens_in_words}. This call closes at" in page)
    assert said == [True, False, False]


def test_one_choice_looks_other_than_several(client, at):
    options = [{"key": "yes", "label": "Yes"}, {"key": "no", "label": "No"}]
    call = make_call(
        evidence_questions=[
            {"key": "one", "kind": "radio", "label": "One of these?", "options": options},
            {"key": "some", "kind": "checkboxes", "label": "Some of these?", "options": options},
        ]
    )
    at(while_open(call))
    page = client.get(f"/calls/{call.slug}/questions/").content.decode()
    drawn = re.findall(
        r'(One of these|Some of these)\?.*?<ul class="([^"]*)">', page, flags=re.DOTALL
    )
    assert drawn == [("One of these", "options options--one"), ("Some of these", "options")]
