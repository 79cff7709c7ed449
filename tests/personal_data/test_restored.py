"""A restored backup is told what was erased since it was made."""

import errno
import json
import os
import sys
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command

from accounts.models import AuditEvent
from accounts.states import AuditAction, Role
from core import clock
from core.references import make_reference
from personal_data import erasing, reapplying
from submissions.outbox.models import OutboxEmail
from submissions.responses import erasing as requests
from submissions.responses.evidence_checks.weekly_check import check_evidence
from submissions.responses.models import ErasureRequest, Submission, Version
from submissions.responses.models.attachments import private_storage
from submissions.responses.states import ErasureScope
from tests.makers import make_call, make_submitted, make_user, while_open
from tests.personal_data.erasures import ask_and_approve, erase

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(at, monkeypatch, tmp_path):
    monkeypatch.setattr(private_storage(), "location", str(tmp_path))
    call = make_call()
    at(while_open(call))
    return call


@pytest.fixture
def response(call):
    return make_submitted(call, email="ada@example.org", story="Hers.")


@pytest.mark.parametrize("from_list", [False, True])
def test_restored_backup_is_told_what_was_erased(call, response, tmp_path, capsys, from_list):
    """As a restore does it: the database of before, and the tombstone of after."""
    at = while_open(call)
    listed = tmp_path / "listed.jsonl"
    approved = ask_and_approve(response, at=at)
    tombstone = erasing.as_tombstone(approved) | {"erased_at": at.isoformat()}
    requests.withdraw_request(approved, at=at)
    restored = tombstone | {"request": "6f0c2b0e-6f0e-4b60-9f0b-0c8f3c0a6c11"}
    if from_list:
        # One came and was erased after the backup, between two lists.
        again, other = "0b2b8a52-7a5e-4f7e-8a53-5d1f6d3b1c7e", make_reference("TST")
        came = {"reference": other, "version": 1, "hidden": 0}
        ended = restored | {"request": again, "response": again, "reference": other}
        listed.write_text("".join(f"{json.dumps(row)}\n" for row in (restored, came, ended)))
    else:
        private_storage().save("erasures/one.json", make_json(restored))
    arguments = [str(listed)] if from_list else []
    call_command("reapply_erasures", *arguments)
    said = (
        "Erased again: 1. Erased already: 0. "
        f"Of responses that came after this backup: {int(from_list)}.\n"
    )
    assert capsys.readouterr().out == f"{said}Withdrawn again: none.\n"
    assert Version.objects.get(submission=response).texts == {}
    assert not OutboxEmail.objects.filter(submission=response).exists()
    call_command("reapply_erasures", *arguments)
    assert capsys.readouterr().out.startswith("Erased again: 0. Erased already: 1.")
    assert check_evidence(wall_now=at)[1] == []


def test_response_is_erased_again_whose_author_was_to_be_told_of_less(call, response, capsys):
    """The backup was made after who answered was erased, before the mail of it was out."""
    at = while_open(call)
    approved = ask_and_approve(response, at=at)
    later = erasing.as_tombstone(approved) | {"erased_at": at.isoformat()}
    requests.withdraw_request(approved, at=at)
    ask_and_approve(response, at=at, scope=ErasureScope.IDENTITY)
    erasing.carry_out_all(at=at)
    later["request"] = "6f0c2b0e-6f0e-4b60-9f0b-0c8f3c0a6c11"
    private_storage().save("erasures/one.json", make_json(later))
    call_command("reapply_erasures")
    assert capsys.readouterr().out.startswith("Erased again: 1. Erased already: 1.")
    assert Version.objects.get(submission=response).texts == {}
    assert not OutboxEmail.objects.filter(submission=response).exists()
    assert not ErasureRequest.objects.open().exists()


def make_json(data):
    return ContentFile(json.dumps(data).encode())


def test_restore_that_lacks_who_decided_asks_for_somebody(call, response, capsys):
    at = while_open(call)
    request = ask_and_approve(response, at=at)
    gone = erasing.as_tombstone(request) | {"decided_by": "gone"}
    requests.withdraw_request(request, at=at)
    gone["request"] = "6f0c2b0e-6f0e-4b60-9f0b-0c8f3c0a6c11"
    private_storage().save("erasures/one.json", make_json(gone))
    with pytest.raises(CommandError, match="nobody here is called gone"):
        call_command("reapply_erasures")
    by = make_user(Role.MANAGER)
    call_command("reapply_erasures", "--by", by.username)
    assert ErasureRequest.objects.carried_out().get().decided_by == by


def test_who_entered_a_request_does_not_stand_for_who_decided_it(call, response):
    at = while_open(call)
    manager, other = make_user(Role.MANAGER), make_user(Role.MANAGER)
    request = requests.enter(
        submission=response, scope="response", reason="By letter", asked_at=at, by=manager, at=at
    )
    approved = erasing.as_tombstone(request) | {"decided_by": "gone", "decided_at": at.isoformat()}
    private_storage().save("erasures/one.json", make_json(approved))
    with pytest.raises(CommandError, match="entered a request that somebody else decided: say who"):
        call_command("reapply_erasures", "--by", manager.username)
    call_command("reapply_erasures", "--by", other.username)
    assert ErasureRequest.objects.carried_out().get().decided_by == other


@pytest.mark.parametrize("left", [b"", b'{"call": "small", "respo', b"[]", b'{"request": "a"}'])
def test_damaged_file_of_an_erasure_keeps_no_other_from_being_erased_again(
    call, response, capsys, left
):
    approved = ask_and_approve(response, at=while_open(call))
    private_storage().save("erasures/damaged.json", ContentFile(left))
    whole = erasing.as_tombstone(approved) | {"erased_at": while_open(call).isoformat()}
    private_storage().save("erasures/whole.json", make_json(whole))
    with pytest.raises(CommandError, match=r"^Damaged, so .*: erasures/damaged\.json\. Delete"):
        call_command("reapply_erasures")
    assert capsys.readouterr().out.startswith("Erased again: 1.")


def test_half_a_file_of_an_erasure_is_written_anew(call, response):
    request = ask_and_approve(response, at=while_open(call))
    name = erasing.tombstone_name(str(request.public_id))
    private_storage().save(name, ContentFile(b'{"call": "sm'))
    erasing.carry_out_all(at=while_open(call))
    [kept] = reapplying.kept_tombstones(unread=pytest.fail)
    assert kept["request"] == str(request.public_id)


def test_list_has_what_a_restore_needs(call, response, capsys):
    erase(response, at=while_open(call))
    call_command("list_erasures")
    [line] = capsys.readouterr().out.splitlines()
    [kept] = reapplying.kept_tombstones(unread=pytest.fail)
    assert json.loads(line) == kept
    assert kept["reference"] == response.reference
    assert "ada@example.org" not in line


def test_log_tells_what_the_list_does_not_know(
    call, response, tmp_path, capsys, monkeypatch, caplog
):
    """Everything that came after the list; what a stranger wrote into an address tells nothing."""
    withdrawn, changed, erased, entered, nameless, known = (make_submitted(call) for _ in range(6))
    for one in (nameless, known):  # who answered was erased before the backup
        erase(one, at=while_open(call), scope=ErasureScope.IDENTITY)
    [logged] = [line for line in caplog.messages if f"{known}: erased from the database" in line]
    Submission.objects.filter(pk=entered.pk).update(channel="post")  # it came before it was entered
    lost, ended = make_reference("TST"), make_reference("TST")
    before, soon = (
        (while_open(call) + timedelta(hours=hours)).strftime("%Y-%m-%d %H:%M:%S.000Z")
        for hours in (-1, 1)
    )
    ours = "INFO submissions.responses."
    lines = [
        f"{soon} {ours}amending [3f2a1b7c] response {withdrawn} withdrawn",
        f"web-1  | {soon} {ours}submitting response {changed} received",
        f"web-2  | {before} {ours}submitting response {changed} received",
        f"{soon} {ours}entering response {entered} received",
        f"{soon} {ours}submitting response {ended} received",
        f"{soon} {ours}amending response {ended} withdrawn",
        json.dumps(
            {
                "time": soon.replace(" ", "T"),
                "level": "INFO",
                "logger": "submissions.responses.submitting",
                "message": f"response {lost} received",
                "request": "3f2a1b7c",
            }
        ),
        *(
            f"{soon} INFO personal_data.erasing "
            + logged.replace(str(known), str(which)).replace("identity", scope)
            for which, scope in [
                (erased, "identity"),
                (nameless, "response"),
                (known, "identity"),
                (lost, "response"),
            ]
        ),
        f"{soon} WARNING django.request [3f2a1b7c] Not Found: "
        f"/{soon} {ours}amending response {response} withdrawn",
        f"{soon} WARNING django.request [3f2a1b7c] Not Found: /response {response} withdrawn",
        *not_ours(f"response {response} withdrawn"),
    ]
    log = tmp_path / "web.log"
    log.write_bytes("\n".join(lines).encode() + b"\nWritten beside it in Latin-1: \xe9\n")
    with log.open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        with pytest.raises(CommandError, match=r"^Not all is erased that was\.$"):
            call_command("reapply_erasures", "--log", "-")
    assert capsys.readouterr().out.splitlines()[1:] == [
        f"Withdrawn again: {withdrawn}.",
        "Erased since, and only the log says so. Enter each request anew: "
        f"{', '.join(sorted([f'{erased} (who answered)', f'{nameless} (the whole response)']))}.",
        "Changed since, perhaps made confidential, which nobody can bring back. Ask the authors: "
        f"{changed}.",
        f"Gone, as they came after this backup. Their authors have a receipt: {lost}.",
    ]
    assert set(Submission.objects.submitted()) == {
        response,
        changed,
        erased,
        entered,
        nameless,
        known,
    }
    event = AuditEvent.objects.get(action=AuditAction.RESPONSE_WITHDRAWN)
    assert (event.submission, event.detail["after_restore"]) == (withdrawn, True)
    log.write_text("Something else.\n")
    with pytest.raises(CommandError, match="has no line of the portal's"):
        call_command("reapply_erasures", "--log", str(log))


def not_ours(message):
    """Lines that look a little like the portal's: with no offset, no such day, no words, no end."""
    ours = {"time": "2019-07-23T10:00:00", "logger": "submissions.responses.amending"}
    return [
        json.dumps(ours | {"message": message}),
        json.dumps(ours | {"time": "2019-07-23T10:00:00Z", "message": 5}),
        f"2019-13-45 10:00:00.000Z INFO submissions.responses.amending {message}",
        '{"a":' + "[" * 5_000,
    ]


def test_log_of_a_rehearsal_is_of_another_clock(call, response, tmp_path, capsys, monkeypatch):
    withdrawn = make_submitted(call)
    years_later = "2026-11-30 12:00:00.000Z INFO submissions.responses."
    log = tmp_path / "web.log"
    log.write_text(
        f"{years_later}amending response {withdrawn} withdrawn\n"
        f"{years_later}submitting response {response} received\n"
    )
    monkeypatch.setattr(clock, "is_rehearsal", lambda: True)
    call_command("reapply_erasures", "--log", str(log))
    assert capsys.readouterr().out.splitlines()[1:] == [f"Withdrawn again: {withdrawn}."]
    withdrawn.refresh_from_db()
    assert withdrawn.withdrawn_at == while_open(call)


def test_list_tells_of_versions_and_hidden_words_that_the_backup_lacks(call, tmp_path, capsys):
    """The newest holds of each response, whichever list is named last."""
    changed, hidden, withdrawn = (make_submitted(call) for _ in range(3))
    call_command("list_erasures")
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows[0] == {"reference": str(changed), "version": 1, "hidden": 0}
    older = tmp_path / "older.jsonl"
    older.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    rows[0]["version"] = 2
    rows[1]["hidden"] = 1
    rows[2] = {"reference": str(withdrawn), "withdrawn_at": while_open(call).isoformat()}
    listed = tmp_path / "listed.jsonl"
    listed.write_text("".join(f"{json.dumps(row)}\n" for row in (rows[0], rows[2])))
    hides = tmp_path / "hides.jsonl"
    hides.write_text(f"{json.dumps(rows[1])}\n")
    call_command("reapply_erasures", str(listed), str(older), str(hides))
    assert capsys.readouterr().out.splitlines()[1:] == [
        f"Withdrawn again: {withdrawn}.",
        "Changed since, perhaps made confidential, which nobody can bring back. Ask the authors: "
        f"{changed}.",
        f"Words were hidden since. Hide them again: {hidden}.",
    ]


def test_list_that_cannot_be_written_is_refused_in_one_line(tmp_path):
    where = tmp_path / "nowhere" / "list"
    with pytest.raises(CommandError, match=r"list cannot be written: No such file or directory\."):
        call_command("list_erasures", "--output", str(where))


@pytest.mark.parametrize(
    "text", ['{"format": 1, "files": []}', '{"request": "a", "response": "b"}', "[1]", "1", "half"]
)
def test_file_that_lists_no_erasures_is_refused_in_one_line(tmp_path, text):
    wrong = tmp_path / "manifest.json"
    wrong.write_text(f"{text}\n")
    with pytest.raises(CommandError) as refused:
        call_command("reapply_erasures", str(wrong))
    assert str(refused.value) == (
        f"{wrong} is no list of erasures, which list_erasures or backup writes."
    )


def test_list_that_is_not_there_is_refused_in_one_line(tmp_path):
    with pytest.raises(
        CommandError, match=r"/nowhere cannot be read: No such file or directory\.$"
    ):
        call_command("reapply_erasures", str(tmp_path / "nowhere"))


def test_list_is_what_it_was_before_where_the_disk_is_full(call, response, tmp_path, monkeypatch):
    erase(response, at=while_open(call))
    listed = tmp_path / "listed.jsonl"
    call_command("list_erasures", "--output", str(listed))
    before = listed.read_text()
    assert json.loads(before)["reference"] == response.reference

    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CommandError, match=r"listed\.jsonl cannot be written: No space left"):
        call_command("list_erasures", "--output", str(listed))
    assert listed.read_text() == before
    assert [path.name for path in tmp_path.glob("*listed*")] == ["listed.jsonl"]
