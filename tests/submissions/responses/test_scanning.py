"""Files are kept from everybody but their owner until the virus scanner has seen them."""

import csv
import html
import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.states import Role
from core import clamd
from submissions.mail.rendering import render
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import MailKind
from submissions.responses import drafting, scanning, tasks
from submissions.responses.amending import reopen, withdraw
from submissions.responses.attaching import detach
from submissions.responses.models import Attachment, FileScan, Submission
from submissions.responses.submitting import submit
from tests.exports.exporting import exported, members
from tests.makers import (
    complete_answers,
    make_attachment,
    make_call,
    make_draft,
    make_user,
    while_open,
)
from tests.scanner import NAME, SCANNERS, SIGNATURE, Double, real_clamd

FOUND = f"{NAME}.UNOFFICIAL"
AWAY = "tcp://127.0.0.1:9"


@pytest.fixture(params=SCANNERS)
def scanner(request, tmp_path, settings):
    if request.param == "clamd":
        with real_clamd(tmp_path) as url:
            settings.CLAMD_URL = url
            yield
    else:
        double = Double()
        settings.CLAMD_URL = double.url
        yield
        double.close()


@pytest.fixture
def call(db):
    return make_call()


@pytest.fixture
def staff(client):
    client.force_login(make_user(Role.MANAGER, is_staff=True))
    return client


def submitted_with(call, *contents):
    draft = make_draft(call, **complete_answers(call))
    files = [
        make_attachment(draft, name=f"file-{number}.txt", content=content)
        for number, content in enumerate(contents)
    ]
    submit(submission=draft, at=while_open(call))
    return Submission.objects.get(pk=draft.pk), files


def scan(call):
    return scanning.scan_due(now=lambda: while_open(call))


def scans():
    return list(FileScan.objects.order_by("pk").values_list("state", "detail"))


def notes_of_export(call):
    files = members(exported(call, "attachments"))
    rows = csv.DictReader(io.StringIO(files.pop("files.csv").decode(), newline=""))
    return {row["file"].rpartition("-")[2]: row["note"] for row in rows}, set(files.values())


def staff_gets(staff, response, file):
    """The file's bytes, or None if staff are told why they do not get it."""
    address = reverse("admin:submissions_submission_file", args=[response.pk, file.public_id])
    answer = staff.get(address)
    return b"".join(answer.streaming_content) if answer.status_code == 200 else None


def response_page(staff, response):
    address = reverse("admin:submissions_submission_change", args=[response.pk])
    return html.unescape(staff.get(address).content.decode())


def test_file_is_handed_out_once_the_scanner_found_nothing(call, staff, scanner):
    response, (file,) = submitted_with(call, b"Minutes")
    assert staff_gets(staff, response, file) is None
    assert "held back until it is scanned" in response_page(staff, response)
    assert notes_of_export(call) == (
        {"1.txt": "Held back: the virus scanner has not seen it yet."},
        set(),
    )
    assert "1 file waits for the virus scanner. Until" in staff.get("/admin/").content.decode()
    assert scan(call) == scanning.ScanReport(scanned=1)
    assert scans() == [("clean", "")]
    assert staff_gets(staff, response, file) == b"Minutes"
    assert "scanned, nothing found" in response_page(staff, response)
    assert notes_of_export(call) == ({"1.txt": ""}, {b"Minutes"})
    assert scanning.scans_in_words() == ""


def test_infected_file_is_handed_out_to_nobody_and_the_response_stands(call, staff, scanner):
    response, (bad, good) = submitted_with(call, b"a " + SIGNATURE, b"Minutes")
    assert scan(call) == scanning.ScanReport(scanned=2, infected=1)
    assert scans() == [("infected", FOUND), ("clean", "")]
    assert staff_gets(staff, response, bad) is None
    assert staff_gets(staff, response, good) == b"Minutes"
    assert f"infected ({FOUND}); nobody can open it" in response_page(staff, response)
    assert notes_of_export(call) == (
        {"1.txt": f"Held back: the virus scanner found {FOUND} in it.", "2.txt": ""},
        {b"Minutes"},
    )
    response.refresh_from_db()
    assert (response.state, response.current_version.attachments.count()) == ("submitted", 2)


def notices(response):
    kind = MailKind.FILE_INFECTED
    return list(OutboxEmail.objects.filter(submission=response, kind=kind).order_by("pk"))


def test_author_is_told_once_by_mail_of_infected_files_in_what_they_submitted(call, scanner):
    response, _ = submitted_with(call, b"a " + SIGNATURE, b"b " + SIGNATURE, b"Minutes")
    other, _ = submitted_with(call, b"c " + SIGNATURE)
    assert notices(response) == []
    scan(call)
    assert len(notices(other)) == 1
    (notice,) = notices(response)
    assert (notice.to_address, notice.version_id) == (
        complete_answers(call)["email"],
        response.current_version_id,
    )
    body = render(notice, at=while_open(call)).message.body
    assert "something harmful in at least one file of your response" in body
    assert "file-0" not in body
    assert "/return/" in body


def infect(file, call):
    FileScan.objects.create(
        attachment=file, state="infected", detail=FOUND, scanned_at=while_open(call)
    )


def test_author_is_told_of_a_file_that_was_infected_before_it_was_submitted(call, settings):
    settings.CLAMD_URL = ""
    draft = make_draft(call, **complete_answers(call))
    infect(make_attachment(draft, content=b"a"), call)
    assert notices(draft) == []
    submit(submission=draft, at=while_open(call))
    assert len(notices(draft)) == 1


def test_nobody_is_told_of_an_infected_file_in_what_does_not_count(call, scanner):
    draft = make_draft(call, **complete_answers(call))
    make_attachment(draft, content=b"a " + SIGNATURE)
    withdrawn, _ = submitted_with(call, b"b " + SIGNATURE)
    withdraw(submission=withdrawn, at=while_open(call))
    changed, (file,) = submitted_with(call, b"c " + SIGNATURE)
    reopen(submission=changed, at=while_open(call))
    detach(submission=changed, public_id=file.public_id, at=while_open(call))
    submit(submission=changed, at=while_open(call))
    assert scan(call).infected == 3
    assert [notices(one) for one in (draft, withdrawn, changed)] == [[], [], []]


def test_infected_file_stays_held_back_without_a_scanner(call, staff, settings):
    settings.CLAMD_URL = ""
    response, (file,) = submitted_with(call, b"x")
    FileScan.objects.create(
        attachment=file, state="infected", detail=FOUND, scanned_at=while_open(call)
    )
    assert staff_gets(staff, response, file) is None


def test_file_waits_while_the_scanner_is_away_and_is_scanned_when_it_is_back(call, staff, settings):
    settings.CLAMD_URL = AWAY
    response, (file,) = submitted_with(call, b"Minutes")
    assert scan(call) == scanning.ScanReport(scanner_away=True)
    assert scans() == []
    assert scanning.scans_in_words() == "1 file waits for the virus scanner"
    assert staff_gets(staff, response, file) is None
    double = Double()
    settings.CLAMD_URL = double.url
    assert scan(call) == scanning.ScanReport(scanned=1)
    double.close()
    assert staff_gets(staff, response, file) == b"Minutes"


def test_file_that_the_scanner_cannot_tell_about_is_held_back_and_tried_again(
    call, staff, settings
):
    double = Double(longest=5)
    settings.CLAMD_URL = double.url
    response, (file,) = submitted_with(call, b"Minutes")
    assert scan(call) == scanning.ScanReport(scanned=1, failed=1)
    assert scans() == [("failed", "INSTREAM size limit exceeded")]
    assert staff_gets(staff, response, file) is None
    assert scanning.scans_in_words() == "the virus scanner could not tell about 1 file"
    double.longest = 100
    assert scan(call) == scanning.ScanReport()
    hour_later = while_open(call) + scanning.ASKED_AGAIN_AFTER
    assert scanning.scan_due(now=lambda: hour_later) == scanning.ScanReport(scanned=1)
    assert scans() == [("clean", "")]
    double.close()


def test_file_that_another_worker_found_infected_meanwhile_stays_infected(
    call, settings, monkeypatch
):
    settings.CLAMD_URL = AWAY
    _, (file,) = submitted_with(call, b"Minutes")

    def infected_meanwhile(*_asked):
        infect(file, call)
        return clamd.Verdict()

    monkeypatch.setattr(clamd, "scan", infected_meanwhile)
    scan(call)
    assert scans() == [("infected", FOUND)]


def test_file_that_its_author_takes_out_while_it_is_scanned_leaves_nothing(
    call, settings, monkeypatch, django_capture_on_commit_callbacks
):
    settings.CLAMD_URL = AWAY
    draft = make_draft(call)
    file = make_attachment(draft)

    def taken_out_meanwhile(*_asked):
        with django_capture_on_commit_callbacks(execute=True):
            detach(submission=draft, public_id=file.public_id, at=while_open(call))
        return clamd.Verdict()

    monkeypatch.setattr(clamd, "scan", taken_out_meanwhile)
    assert scan(call) == scanning.ScanReport(scanned=1)
    assert (scans(), Attachment.objects.count()) == ([], 0)


def test_file_at_which_the_scanner_dies_stops_no_other(call, settings):
    double = Double(dies_at=b"Poison")
    settings.CLAMD_URL = double.url
    submitted_with(call, b"Poison", b"Minutes")
    assert scan(call) == scanning.ScanReport(scanned=2, failed=1)
    assert [state for state, _ in scans()] == ["failed", "clean"]
    assert scanning.scans_in_words() == "the virus scanner could not tell about 1 file"
    double.close()


def test_lost_file_stops_no_other(call, scanner):
    _, (lost, _) = submitted_with(call, b"Lost", b"Kept")
    lost.file.storage.delete(lost.file.name)
    assert scan(call) == scanning.ScanReport(scanned=2, failed=1)
    assert scans() == [("failed", "the portal no longer has this file"), ("clean", "")]


def test_file_is_not_scanned_and_staff_see_it_without_a_scanner(call, staff, settings):
    settings.CLAMD_URL = ""
    response, (file,) = submitted_with(call, b"Minutes")
    assert scan(call) == scanning.ScanReport()
    assert staff_gets(staff, response, file) == b"Minutes"
    assert "(txt, 7\xa0bytes, not scanned)" in response_page(staff, response)
    assert notes_of_export(call) == ({"1.txt": ""}, {b"Minutes"})
    assert scanning.scans_in_words() == ""


def begin_with_file(client, call, at, content):
    at(while_open(call))
    client.post(f"/calls/{call.slug}/start/")
    draft = Submission.objects.get(call=call)
    return draft, make_attachment(draft, content=content, at=while_open(call))


def own(client, call, file):
    answer = client.get(f"/calls/{call.slug}/response/files/{file.public_id}/")
    return b"".join(answer.streaming_content) if answer.status_code == 200 else None


def test_owner_opens_a_file_before_it_is_scanned_and_not_once_it_is_infected(
    client, call, at, scanner
):
    _, file = begin_with_file(client, call, at, b"a " + SIGNATURE)
    page = f"/calls/{call.slug}/response/check/"
    words = "A virus scanner found something harmful in this file, so nobody can open it."
    assert own(client, call, file) == b"a " + SIGNATURE
    assert words not in client.get(page).content.decode()
    scan(call)
    assert own(client, call, file) is None
    assert words in client.get(page).content.decode()
    section = client.get(f"/calls/{call.slug}/response/evidence/2/")
    assert f"{words} Remove it, and add a clean copy." in section.content.decode()


@pytest.mark.parametrize(
    ("later", "remedy"),
    [
        (timedelta(0), "To add a clean copy, change your response."),
        (timedelta(days=9), "Ask us if you want to send a clean copy."),
    ],
)
def test_author_is_told_on_the_page_of_the_receipt(client, call, at, settings, later, remedy):
    settings.CLAMD_URL = ""
    draft, file = begin_with_file(client, call, at, b"a")
    drafting.save_answers(
        submission=draft, call=call, values=complete_answers(call), at=while_open(call)
    )
    submit(submission=draft, at=while_open(call))
    address = f"/calls/{call.slug}/response/submitted/"
    at(while_open(call) + later)
    heading = "A virus scanner found something harmful in a file"
    assert heading not in client.get(address).content.decode()
    FileScan.objects.create(
        attachment=file, state="infected", detail=FOUND, scanned_at=while_open(call)
    )
    page = client.get(address).content.decode()
    assert heading in page
    assert remedy in page
    assert f"<li><bdi>{file.name}</bdi></li>" in page


@pytest.mark.django_db
def test_upload_has_the_scanner_nudged_only_where_there_is_one(
    client, call, at, settings, monkeypatch
):
    nudged = []
    monkeypatch.setattr(tasks, "nudge", lambda task, **_: nudged.append(task.name))
    at(while_open(call))
    client.post(f"/calls/{call.slug}/start/")
    page = client.get(f"/calls/{call.slug}/response/evidence/", follow=True).request["PATH_INFO"]
    for url, expected in (("", []), (AWAY, ["submissions.scan_files"])):
        settings.CLAMD_URL = url
        file = SimpleUploadedFile(f"notes-{len(url)}.txt", f"Words {len(url)}".encode())
        client.post(page, {"documents": file, "action": "upload"})
        assert nudged == expected
    assert Attachment.objects.count() == 2


@pytest.mark.django_db
def test_worker_scans_one_run_at_a_time(call, settings):
    double = Double()
    settings.CLAMD_URL = double.url
    submitted_with(call, b"Minutes")
    with tasks.broker() as client:
        client.set(tasks.RUNNING, "1")
        tasks.scan_files()
        assert scans() == []
        client.delete(tasks.RUNNING)
        tasks.scan_files()
        assert client.get(tasks.RUNNING) is None
    double.close()
    assert scans() == [("clean", "")]
