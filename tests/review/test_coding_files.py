"""Coding what the portal read of a file."""

import json

import pytest

from accounts.models import AuditEvent
from accounts.states import Role
from core.clock import wall_now
from review.coding.codings import quote
from review.models import Coding
from review.texts import reading_due_files
from submissions.responses.states import ErasureScope
from submissions.responses.submitting import submit
from tests.exports.exporting import exported, json_lines
from tests.makers import (
    complete_answers,
    make_attachment,
    make_call,
    make_code,
    make_draft,
    while_open,
)
from tests.personal_data.erasures import erase
from tests.review.coding_pages import coder, page, signed_in

TEXT = "Fair pay 😎.\nRivals share."


def make_rows():
    call = make_call()
    draft = make_draft(call, **complete_answers(call))
    make_attachment(draft, name="notes.txt", content=TEXT.encode())
    response = submit(submission=draft, at=while_open(call)).submission
    reading_due_files.read_due(now=wall_now, until=lambda: False)
    make_code(call=call, name="Pay")
    return {"call": call, "response": response, "ann": coder(call, "ann", Role.REVIEWER)}


@pytest.fixture
def client(made):
    return signed_in(made["ann"])


def address(response):
    file = response.current_version.attachments.get()
    key, public_id = file.question.key, file.public_id
    return f"/admin/submissions/submission/{response.pk}/codings/{key}/?file={public_id}"


def code(client, response, **given):
    return client.post(address(response), {"version": "1", "code": "Pay"} | given)


def test_sentence_of_a_file_is_coded_and_drawn_beside_it(client, response):
    form = client.get(address(response)).content.decode()
    assert 'value="12-25"' in form
    answer = code(client, response, passage="12-25")
    assert answer.url.endswith(f"?texts=1#answer-{Coding.objects.get().question.key}")
    assert [quote(coding) for coding in Coding.objects.all()] == ["Rivals share."]
    shown = page(client, response, "?texts=1")
    assert 'line-1">Rivals share.</span>' in shown
    assert "1 coded passage, 1 code" in shown
    opened = AuditEvent.objects.filter(action="file_opened", detail__text=True)
    assert opened.count() == 2


def test_selection_counts_what_the_browser_shows_of_the_file(client, response):
    words = {"start": "9", "end": "12", "quote": "😎.", "fragment": "1"}
    assert code(client, response, **words).status_code == 200
    assert [quote(coding) for coding in Coding.objects.all()] == ["😎."]


def test_same_place_of_an_answer_and_of_two_files_are_three_codings(call, client):
    draft = make_draft(call, **complete_answers(call, story=TEXT))
    for name in ("one.txt", "two.txt"):
        make_attachment(draft, name=name, content=TEXT.encode())
    response = submit(submission=draft, at=while_open(call)).submission
    reading_due_files.read_due(now=wall_now, until=lambda: False)
    of_response = f"/admin/submissions/submission/{response.pk}/codings"
    files = response.current_version.attachments.all()
    pages = [f"{of_response}/{f.question.key}/?file={f.public_id}" for f in files]
    for where in (f"{of_response}/story/", *pages, pages[0]):
        client.post(where, {"version": "1", "code": "Pay", "passage": "0-4"})
    assert Coding.objects.count() == 3


def test_who_may_not_open_files_codes_none_and_sees_none_coded(call, client, response):
    code(client, response, passage="0-4")
    ada = signed_in(coder(call, "ada"))
    assert ada.get(address(response)).status_code == 403
    assert code(ada, response, passage="0-4").status_code == 403
    assert "coded passage" not in page(ada, response, "?layer=all&texts=1")


def test_file_that_there_is_not_is_not_found(client, response):
    for file in ("", "x", "00000000-0000-0000-0000-000000000000"):
        where = f"{address(response).partition('=')[0]}={file}"
        assert client.get(where).status_code == 404
        assert client.post(where, {"version": "1", "code": "Pay"}).status_code == 404


def test_codings_of_files_end_with_the_files(client, response):
    code(client, response, passage="0-4")
    erase(response, at=while_open(response.call), scope=ErasureScope.FILES)
    assert not Coding.objects.exists()


def test_no_export_has_what_is_coded_in_files(call, client, response):
    code(client, response, passage="0-4")
    (line,) = json_lines(exported(call, "json"))
    assert line["codings"] == []
    assert "Pay" not in json.dumps(line)


def test_coded_text_is_not_read_anew_by_other_rules(client, response, monkeypatch):
    monkeypatch.setattr(reading_due_files, "RULES", reading_due_files.RULES + 1)
    assert reading_due_files.due(wall_now()).count() == 1
    code(client, response, passage="0-4")
    assert reading_due_files.due(wall_now()).count() == 0
