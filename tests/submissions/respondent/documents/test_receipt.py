"""The receipt as a PDF, read back."""

import io
import re

import pytest
from django.utils import translation
from pypdf import PdfReader

from submissions.calls.models import Call
from submissions.respondent.documents.receipt import receipt_data, receipt_pdf
from submissions.responses import submitting
from tests.laid_out import LONG, widest_line
from tests.makers import (
    complete_answers,
    make_attachment,
    make_call,
    make_draft,
    make_submitted,
    while_open,
)

pytestmark = pytest.mark.django_db


def read(content):
    return PdfReader(io.BytesIO(content))


def words_of(reader):
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in reader.pages))


def with_questions(call):
    return Call.objects.get(pk=call.pk)


def pdf_of(submission):
    return read(receipt_pdf(submission.current_version, with_questions(submission.call)))


def test_receipt_holds_proof_and_what_was_answered():
    submission = make_submitted(
        story="One line.\n\nAnother *line* with #set text(red) and $x$.",
        email="jo.bloggs@example.org",
        fairness={"money": "poor"},
    )
    version = submission.current_version
    words = words_of(pdf_of(submission))
    assert f"Reference: {submission.reference}" in words
    assert "Received: 12:00:00pm on Tuesday 23 July 2019 (UK time)" in words
    assert f"Fingerprint: {version.receipt_digest}" in words
    assert version.sha256 in words.replace(" ", "")
    assert "Another *line* with #set text(red) and $x$." in words
    assert "Split of money: Poor" in words
    assert "Not provided" not in words
    assert "What do you see as a commissioner?" not in words
    assert "jo.bloggs" not in words


def test_receipt_says_who_answered_and_for_whom_but_no_address():
    name = {"key": "name", "kind": "short", "label": "Your name", "identity": True}
    email = {"key": "email", "kind": "email", "label": "Email", "identity": True}
    org = {"key": "org_name", "kind": "short", "label": "For whom do you answer?", "identity": True}
    call = make_call(about_questions=[name, email, org])
    given = {"name": "Jo Bloggs", "email": "jo@example.org", "org_name": "Brim Trust"}
    words = words_of(pdf_of(make_submitted(call, **given)))
    assert "Your name: Jo Bloggs" in words
    assert "For whom do you answer? Brim Trust" in words
    assert "jo@example.org" not in words


def test_receipt_is_tagged_and_tells_its_title_and_language():
    reader = pdf_of(make_submitted())
    catalogue = reader.trailer["/Root"]
    assert catalogue["/MarkInfo"]["/Marked"].value is True
    assert "/StructTreeRoot" in catalogue
    assert catalogue["/Lang"] == "en-GB"
    assert catalogue["/ViewerPreferences"]["/DisplayDocTitle"].value is True
    assert reader.metadata.title == "Receipt for your response"
    assert b"pdfuaid:part" in catalogue["/Metadata"].get_data()


def test_receipt_keeps_what_is_long_within_the_page():
    reader = pdf_of(make_submitted(story="\n".join(LONG)))
    assert widest_line(reader, size=11) <= (210 - 2 * 22) * 72 / 25.4
    words = words_of(reader).replace(" ", "")
    assert [text for text in LONG if text not in words] == []


def test_receipt_names_files_with_their_digests():
    call = make_call()
    draft = make_draft(call, **complete_answers(call))
    file = make_attachment(draft, name="minutes.txt")
    submission = submitting.submit(submission=draft, at=while_open(call)).submission
    data = receipt_data(submission.current_version, with_questions(call))
    rows = {row["label"]: row["lines"] for part in data["sections"] for row in part["rows"]}
    assert rows["Add files"] == [f"minutes.txt (SHA-256 {file.sha256})"]


def test_receipt_quotes_a_title_that_has_an_end_of_its_own():
    version = make_submitted(make_call(title="Who is cold?")).current_version
    assert receipt_data(version, with_questions(version.submission.call))["intro"] == [
        "A response to “Who is cold?”, a call for evidence by Example Trust and Sample Foundation."
    ]


def test_receipt_has_the_line_ends_of_word_as_line_ends():
    version = make_submitted(story="One\vtwo\x85three").current_version
    data = receipt_data(version, with_questions(version.submission.call))
    assert ["One", "two", "three"] in [row["lines"] for p in data["sections"] for row in p["rows"]]


def test_receipt_shows_the_version_and_not_the_working_copy():
    submission = make_submitted(story="Submitted")
    submission.answers.filter(question__key="story").update(value="Changed since")
    words = words_of(pdf_of(submission))
    assert "Submitted" in words
    assert "Changed since" not in words


def test_rehearsals_receipt_says_so(settings):
    submission = make_submitted()
    assert "rehearsal" not in words_of(pdf_of(submission))
    settings.REHEARSAL = True
    assert "This is a rehearsal: nothing here is real evidence." in words_of(pdf_of(submission))


def test_receipt_is_made_in_a_language_that_is_named_with_its_script():
    submission = make_submitted()
    with translation.override("zh-hans"):
        assert pdf_of(submission).trailer["/Root"]["/Lang"] == "zh-CN"
