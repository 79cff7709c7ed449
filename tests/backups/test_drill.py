"""A portal is backed up, lost, and restored elsewhere: evidence, files, erasures, mail."""

import json
import os
import subprocess
import tempfile
from datetime import timedelta
from types import SimpleNamespace

import pyrage
import pytest
from django.core import mail
from django.core.management import CommandError
from django.db import connection

from accounts.account_mail import enqueue
from accounts.invitations import invite
from accounts.models import AuditEvent, Invitation
from accounts.states import AccountMailKind, AuditAction, Role
from accounts.tasks import send_account_mail
from backups import drilling, reports
from backups.reports import Kind
from backups.restoring import Restored
from core import clock, working_folders
from exports import tokens
from personal_data import erasing
from submissions.mail.tasks import send_due_mail
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import MailKind, OutboxState
from submissions.responses import amending, submitting
from submissions.responses import erasing as requests
from submissions.responses.models import Attachment, Submission, Version
from submissions.responses.states import ErasureScope
from tests.backups.conftest import on_server, run
from tests.exports.api.pulling import make_token
from tests.makers import (
    complete_answers,
    make_attachment,
    make_draft,
    make_submitted,
    make_user,
    while_open,
)
from tests.submissions.respondent.test_receipts import belongs

pytestmark = pytest.mark.django_db(transaction=True)
MINUTES = b"Minutes of the meeting.\n"
HOUR = timedelta(hours=1)
EVE = "eve@example.org"
AMENDED = "2019-07-23 11:20:00.250Z INFO submissions.responses.amending [3f2a1b7c]"
RECEIPTS = "Their authors have a receipt"


@pytest.fixture
def kept(call):
    """A response with a file, whose author has a receipt."""
    draft = make_draft(call, **complete_answers(call, email="ada@example.org", story="It stays."))
    make_attachment(draft, content=MINUTES)
    return submitting.submit(submission=draft, at=while_open(call)).submission


@pytest.mark.usefixtures("served_by_owner")
def test_lost_portal_comes_back_and_what_ended_since_stays_ended(
    call, kept, folder, keys, elsewhere, at
):
    reference, digest = kept.reference, kept.current_version.sha256
    erased = make_submitted(call, email="ben@example.org", story="It goes.")
    listed, logged = make_submitted(call, email=EVE), make_submitted(call)
    decides = make_user(Role.DATA_PROTECTION)
    assert "4 responses, 4 versions, 1 file, 1 of them new." in run("backup")
    request = requests.ask(submission=erased, scope=ErasureScope.RESPONSE, at=while_open(call))
    requests.approve(request, by=decides, at=while_open(call))
    erasing.carry_out_all(at=while_open(call))
    amending.withdraw(submission=listed, at=while_open(call) + HOUR)
    # After the backup: it is in none, and nobody can bring it back.
    later = make_submitted(call).reference
    assert run("backup", "--erasures") == "Erasures listed: 1.\n"
    log = folder.path.with_name("web.log")
    log.write_text(f"web-1  | {AMENDED} response {logged} withdrawn\n")
    at(while_open(call) + 2 * HOUR)
    with elsewhere():
        said = run("restore", "--identity", keys.identity)
        assert "Erased again: 1. Erased already: 0." in said
        assert f"\nWithdrawn again: {listed}.\n" in said
        assert f"\nGone, as they came after this backup. {RECEIPTS}: {later}.\n" in said
        assert said.endswith("4 versions and 1 file checked, 0 problems.\n")
        withdrawn = Submission.objects.get(pk=listed.pk)
        assert withdrawn.withdrawn_at == while_open(call) + HOUR
        assert Submission.objects.submitted().count() == 2
        again = run("reapply_erasures", "--log", log)
        assert f"\nWithdrawn again: {logged}.\n" in again
        assert Submission.objects.submitted().get() == kept
        assert not OutboxEmail.objects.filter(to_address=EVE, kind=MailKind.WITHDRAWN).exists()
        assert belongs(call, reference, digest)
        assert Version.objects.get(submission__reference=reference).texts == {"story": "It stays."}
        with Attachment.objects.get().file.open() as file:
            assert file.read() == MINUTES
        assert Version.objects.get(submission=erased.pk).texts == {}
        assert not Submission.objects.filter(reference=later).exists()
        assert run("verify_evidence") == "4 versions and 1 file checked: no problem.\n"
        assert AuditEvent.objects.filter(action=AuditAction.RESTORED).count() == 1


def test_manifest_names_what_to_keep_and_holds_no_value_and_no_person(
    call, kept, folder, keys, elsewhere, settings
):
    run("backup")
    [path] = folder.path.glob("*/manifest.json.age")
    identity = pyrage.x25519.Identity.from_str(keys.identity.read_text().splitlines()[1])
    text = pyrage.decrypt(path.read_bytes(), [identity]).decode()
    manifest = json.loads(text)
    assert {"SECRET_KEY", "DATABASE_URL"} <= set(manifest["settings"])
    assert manifest["counts"] == {"responses": 1, "versions": 1, "files": 1, "erasures": 0}
    for value in (settings.SECRET_KEY, str(settings.DATABASES["default"]["HOST"]), "ada@"):
        assert value not in text
    before, settings.SECRET_KEY = settings.SECRET_KEY, "another"
    with elsewhere():
        said = run("restore", "--identity", keys.identity)
    assert "SECRET_KEY is not the one of this backup" in said
    settings.SECRET_KEY_FALLBACKS = [before]
    assert not Restored(path.parent.name, manifest).has_other_key


def test_restored_portal_sends_nothing_until_somebody_lets_it(call, kept, folder, keys, elsewhere):
    run("backup")
    with elsewhere():
        run("restore", "--identity", keys.identity)
        [receipt] = OutboxEmail.objects.all()
        assert receipt.state == OutboxState.FAILED
        make_submitted(call, email="cleo@example.org")
        send_due_mail()
        assert mail.outbox == []
        run("release_mail")
        send_due_mail()
        assert [sent.to for sent in mail.outbox] == [["cleo@example.org"]]
        assert run("release_mail") == "Mail is not held.\n"
        # As after a restore by another program.
        waiting = make_submitted(call, email="dan@example.org")
        assert "Mail is held. Of those that waited, 1 mail" in run("after_restore")
        send_due_mail()
        assert OutboxEmail.objects.get(submission=waiting).state == OutboxState.FAILED
        assert len(mail.outbox) == 1


def test_tokens_invitations_and_mails_of_the_time_of_the_backup_end(call):
    token, secret = make_token(call)
    now = clock.wall_now()
    invite(
        email="eve@example.org",
        call=call,
        role=Role.CODER,
        by=None,
        at=while_open(call),
        wall_now=now,
    )
    enqueue(AccountMailKind.NEW_PASSWORD, to=token.person.email, at=now)
    said = run("after_restore")
    assert "Ended: 1 invitation, 1 token of programs" in said
    assert "run manage.py reapply_erasures --log FILE with the log of web" in said
    assert tokens.find(secret, wall_now=now) is None
    assert not Invitation.objects.exists()
    send_account_mail()
    assert mail.outbox == []


def test_drill_with_the_identity_restores_the_files_too(
    call, kept, folder, keys, databases, monkeypatch
):
    before = databases()
    run("backup")
    said = run("restore", "--drill", "--identity", keys.identity)
    assert said.endswith(": 1 version and 1 file checked, 0 problems.\n")
    failed = SimpleNamespace(returncode=1, stdout="", stderr="CommandError: It was changed.\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(CommandError, match=r"^The drill with \S+ failed: It was changed\.$"):
        run("restore", "--drill", "--identity", keys.identity)
    assert not reports.of(Kind.DRILL).is_good
    assert databases() == before


def test_scratch_database_that_a_killed_drill_left_goes_with_the_next(databases):
    before = databases()
    on_server("CREATE DATABASE {}", f"{connection.settings_dict['NAME'][:40]}_drill_0a1b2c3d")
    with drilling.scratch_database():
        assert len(databases()) == len(before) + 1
        with drilling.scratch_database():
            assert len(databases()) == len(before) + 2
        assert len(databases()) == len(before) + 1
    assert databases() == before


def test_files_of_a_drill_are_in_a_working_folder_that_its_process_keeps(
    folder, tmp_path, monkeypatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def restored(command, *, env, pass_fds, **_options):
        [path] = tmp_path.glob(f"{working_folders.PREFIX}*")
        assert env["PORTAL_MEDIA"] == str(path / "files")
        assert os.path.samestat(os.fstat(pass_fds[0]), (path / working_folders.LOCK).stat())
        return SimpleNamespace(returncode=0, stdout="restored\n")

    monkeypatch.setattr(subprocess, "run", restored)
    assert drilling.drill(folder.path, name="any", identity="", with_files=True) == "restored"
    assert list(tmp_path.glob(f"{working_folders.PREFIX}*")) == []
