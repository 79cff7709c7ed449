"""Which files are read, and where their text is seen."""

import errno
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile

from accounts.models import AuditEvent
from accounts.states import Role
from core.clock import wall_now
from review import tasks
from review.findings.claims import Claim, write_finding
from review.models import (
    CodingDecision,
    CodingSample,
    FileText,
    FindingPassage,
    Memo,
    Quote,
    SearchEntry,
)
from review.searching.entries import write_due
from review.texts import reading_due_files
from submissions.responses.models import FileScan
from submissions.responses.submitting import submit
from tests.makers import (
    complete_answers,
    make_attachment,
    make_call,
    make_draft,
    make_user,
    while_open,
)
from tests.review.response_pages import page_of

pytestmark = pytest.mark.django_db
COUNTS = "Extracted by the portal; the file itself counts."


def given(content=b"Minutes of the board.", name="notes.txt"):
    """A submitted response with this file."""
    call = make_call()
    draft = make_draft(call, **complete_answers(call))
    file = make_attachment(draft, name=name, content=content)
    return submit(submission=draft, at=while_open(call)).submission, file


def read():
    return reading_due_files.read_due(now=wall_now, until=lambda: False)


def read_after(*, minutes):
    now = wall_now() + timedelta(minutes=minutes)
    return reading_due_files.read_due(now=lambda: now, until=lambda: False)


def texts():
    return list(FileText.objects.order_by("pk").values_list("state", "reason", "text", "tries"))


def test_beat_has_submitted_files_read_once_and_no_drafts():
    given()
    call = make_call()
    make_attachment(make_draft(call, **complete_answers(call)), content=b"Of a draft.")
    tasks.read_files()
    tasks.read_files()
    assert texts() == [("read", "", "Minutes of the board.", 1)]


def test_file_without_a_text_says_why_and_is_not_read_again():
    given(content=b"\0\1\2\3" * 20)
    assert (read(), read()) == (1, 0)
    assert texts() == [("none", "damaged", "", 1)]


def test_file_that_the_portal_lost_says_so():
    _response, file = given()
    storage, name = file.file.storage, file.file.name
    with storage.open(name) as stored:
        content = stored.read()
    storage.delete(name)
    assert (read(), texts()) == (1, [("none", "lost", "", 1)])
    storage.save(name, ContentFile(content))  # out of a backup, or its disk was away
    assert read_after(minutes=60) == 0
    assert (read_after(minutes=60 * 25), read_after(minutes=60 * 50)) == (1, 0)
    assert texts() == [("read", "", "Minutes of the board.", 1)]


def test_disk_without_room_is_not_taken_for_the_file(monkeypatch):
    given()

    def fill(*_of_what):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(reading_due_files, "extract", fill)
        for number in range(4):
            with pytest.raises(OSError, match="No space"):
                read_after(minutes=10 * number)
    assert texts() == []
    assert (read_after(minutes=40), texts()) == (1, [("read", "", "Minutes of the board.", 1)])


def test_file_is_read_once_the_scanner_found_nothing_in_it(settings):
    settings.CLAMD_URL = "tcp://127.0.0.1:1"
    response, file = given()
    assert read() == 0
    scan = FileScan.objects.create(
        attachment=file, state="failed", detail="?", scanned_at=response.submitted_at
    )
    assert read() == 0
    FileScan.objects.filter(pk=scan.pk).update(state="clean", detail="")
    assert read() == 1
    FileScan.objects.filter(pk=scan.pk).update(state="infected", detail="Eicar")
    assert (read(), texts()) == (0, [])


def test_worker_that_dies_three_times_leaves_the_file(monkeypatch):
    given()

    def die(*_of_what):
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(reading_due_files, "extract", die)
        for number in range(3):
            with pytest.raises(SystemExit):
                read_after(minutes=10 * number)
            assert read_after(minutes=10 * number + 4) == 0
    assert texts() == [("begun", "", "", 3)]
    assert read_after(minutes=60) == 1
    assert texts() == [("none", "broken_off", "", 4)]


def test_files_of_other_rules_are_read_again(monkeypatch):
    given()
    read()
    FileText.objects.update(text="As it was read before.")
    monkeypatch.setattr(reading_due_files, "RULES", reading_due_files.RULES + 1)
    assert (read(), read()) == (1, 0)
    assert texts() == [("read", "", "Minutes of the board.", 1)]


def test_text_stays_once_a_passage_of_it_is_marked_while_it_waits_to_be_read_again(monkeypatch):
    response, file = given()
    read()
    monkeypatch.setattr(reading_due_files, "RULES", reading_due_files.RULES + 1)
    call, by = response.call, make_user(Role.REVIEWER)
    place = {
        "version": response.current_version,
        "question": call.questions.get(key="documents"),
        "file_text": FileText.objects.get(),
        "start": 0,
        "end": 7,
        "by": by,
        "at": while_open(call),
    }
    claim = Claim(title="Boards meet")
    finding = write_finding(call=call, claim=claim, by=by, at=place["at"])
    sample = CodingSample.objects.create(call=call, seed=1, drawn_by=by, drawn_at=place["at"])
    for mark in (
        Quote(call=call, **place),
        Memo(call=call, submission=response, title="Board", text="Who was there?", **place),
        FindingPassage(finding=finding, stance="supports", **place),
        CodingDecision(sample=sample, until=8, reason="It is so.", **place),
    ):
        mark.save()
        assert not reading_due_files.read(file, now=wall_now), type(mark)
        mark.delete()
    assert texts() == [("read", "", "Minutes of the board.", 1)]
    assert reading_due_files.read(file, now=wall_now)


def test_text_of_a_file_that_was_erased_meanwhile_is_not_kept(monkeypatch):
    response, _file = given()
    extract = reading_due_files.extract

    def erase_meanwhile(*of_what):
        found = extract(*of_what)
        reading_due_files.forget_of(response)
        return found

    monkeypatch.setattr(reading_due_files, "extract", erase_meanwhile)
    assert (read(), texts()) == (0, [])


def test_text_stands_beside_the_file_when_asked_for_and_goes_on_record(client):
    response, file = given()
    client.force_login(make_user(Role.MANAGER))
    assert "Show the text here" not in client.get(page_of(response)).content.decode()
    read()
    page = client.get(page_of(response)).content.decode()
    assert ("Show the text here" in page, COUNTS in page, "Minutes" in page) == (True, False, False)
    assert not AuditEvent.objects.filter(action="file_opened").exists()
    page = client.get(page_of(response), {"texts": 1}).content.decode()
    assert (COUNTS in page, "Minutes of the board." in page) == (True, True)
    events = AuditEvent.objects.filter(action="file_opened")
    assert [(event.submission, event.detail) for event in events] == [
        (response, {"file": str(file.public_id), "sha256": file.sha256, "text": True})
    ]


def test_who_may_not_open_files_sees_no_text(client):
    response, _file = given()
    read()
    client.force_login(make_user(Role.CODER))
    page = client.get(page_of(response), {"texts": 1}).content.decode()
    assert ("Minutes" in page, "Show the text" in page) == (False, False)
    assert not AuditEvent.objects.filter(action="file_opened").exists()


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("protected", "it is protected by a password. Open the file to read it."),
        (
            "lost",
            "the portal does not have the file as it was submitted. Tell an administrator.",
        ),
    ],
)
def test_page_says_why_there_is_no_text_and_what_to_do(client, reason, said):
    response, file = given()
    FileText.objects.create(
        attachment=file, state="none", reason=reason, rules=reading_due_files.RULES, at=wall_now()
    )
    client.force_login(make_user(Role.MANAGER))
    page = client.get(page_of(response)).content.decode()
    assert f"The text of this file could not be read: {said}" in page


def test_text_that_was_read_has_the_words_of_the_search_made_anew(monkeypatch):
    response, file = given()
    for more in (1, 2):
        write_due(until=lambda: False)
        assert SearchEntry.objects.get(submission=response).is_stale is False
        assert read() == 1
        assert SearchEntry.objects.get(submission=response).is_stale is True, more
        monkeypatch.setattr(reading_due_files, "RULES", reading_due_files.RULES + 1)
        file.file.storage.delete(file.file.name)
    assert texts() == [("none", "lost", "", 1)]
