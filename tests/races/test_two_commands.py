"""Two commands at the same moment: the second waits or says so in one line, and nothing breaks."""

from datetime import timedelta
from io import StringIO
from threading import Event
from time import sleep

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import Invitation, User
from accounts.states import Role
from core import advisory_locks, database_roles
from core.management.commands import migrate
from personal_data import erasing, reapplying
from personal_data.portal_log import Told
from rehearsal import resetting, seeding
from rehearsal.seeding import SeedingRefused
from submissions.definitions import loading
from submissions.definitions.loading import load, parse
from submissions.outbox import holding
from submissions.responses import erasing as requests
from submissions.responses.etags import etag
from submissions.responses.importing import carrying_out, uploads
from submissions.responses.models import Submission
from submissions.responses.models.attachments import private_storage
from tests.makers import (
    CLOSES_AT,
    FIRST_CALL,
    make_call,
    make_draft,
    make_first_call,
    make_submitted,
    make_user,
    while_open,
)
from tests.personal_data.erasures import ask_and_approve
from tests.submissions.responses.imports import HEADING, ROW, WEEKS_LATER, looked_at, uploaded
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def sorted_by_name(results):
    return sorted(results, key=lambda result: type(result).__name__)


def test_same_seed_twice_at_once_is_refused_once():
    call = make_call()
    refused, words = sorted_by_name(
        at_once(
            [lambda: seeding.seed_responses(call=call, count=5, drafts=0, seed=1, at=CLOSES_AT)] * 2
        )
    )
    assert isinstance(refused, SeedingRefused)
    assert "seed 1 was used before" in str(refused)
    assert (len(words), Submission.objects.count()) == (5, 5)


def test_erasures_that_are_applied_twice_at_once_are_erased_once():
    call = make_call()
    at = while_open(call)
    approved = ask_and_approve(make_submitted(call, email="ada@example.org"), at=at)
    tombstone = erasing.as_tombstone(approved) | {"erased_at": at.isoformat()}
    requests.withdraw_request(approved, at=at)
    tombstone |= {"request": "6f0c2b0e-6f0e-4b60-9f0b-0c8f3c0a6c11"}
    done = at_once([lambda: reapplying.reapply([tombstone], Told(), by=None, at=at)] * 2)
    assert sorted((one.again, one.already) for one in done) == [(0, 1), (1, 0)]


def test_load_waits_for_a_row_that_is_being_imported(monkeypatch):
    call = make_first_call()
    by = make_user(Role.REVIEWER)
    of = uploaded(call, by, HEADING + ROW)
    looked_at(of)
    uploads.carry_out(of, seen=etag(of.choices), by=by, at=WEEKS_LATER)
    is_saved, load_ended, submit = Event(), Event(), carrying_out._submit

    def submit_later(*args, **options):
        is_saved.set()
        load_ended.wait(0.5)
        return submit(*args, **options)

    monkeypatch.setattr(carrying_out, "_submit", submit_later)
    text = FIRST_CALL.read_text(encoding="utf-8") + "\n# The same call\n"
    changed = text.replace('name = "', 'name = "Dear ', 1)
    assert changed != text

    def load_changed():
        is_saved.wait(timeout=20)
        try:
            return load(parse(changed, source="a.toml"), by=None, at=WEEKS_LATER).outcome
        finally:
            load_ended.set()

    imported, outcome = at_once(
        [
            lambda: carrying_out.carry_out_next(
                now=lambda: WEEKS_LATER, wall_now=lambda: WEEKS_LATER
            ),
            load_changed,
        ]
    )
    assert (imported.rows_submitted, outcome) == (1, "changed")


def test_reset_of_a_rehearsal_waits_for_a_load_and_neither_breaks(settings, tmp_path, monkeypatch):
    settings.REHEARSAL, settings.REHEARSAL_OFFSET = True, timedelta(0)
    settings.REHEARSAL_MOVED = tmp_path / "rehearsal-moved"
    call = make_first_call()
    make_draft(call)
    holds_call, reset_began, really = Event(), Event(), loading.differences

    def differences(*args, **options):
        holds_call.set()
        reset_began.wait(timeout=20)
        sleep(0.3)  # so long the reset takes what it can get
        assert Submission.objects.exists()
        return really(*args, **options)

    def reset():
        holds_call.wait(timeout=20)
        reset_began.set()
        with database_roles.as_owner():
            return resetting.reset(at=WEEKS_LATER).responses

    monkeypatch.setattr(loading, "differences", differences)
    text = FIRST_CALL.read_text(encoding="utf-8").replace('name = "', 'name = "Dear ', 1)
    loaded, removed = at_once(
        [lambda: load(parse(text, source="a.toml"), by=None, at=WEEKS_LATER).outcome, reset]
    )
    assert (loaded, removed) == ("changed", 1)


def test_address_that_is_invited_twice_at_once_has_one_link():
    words = ("invite", "ada@example.org", "--as", "administrator")
    assert at_once([lambda: call_command(*words, stdout=StringIO())] * 3) == [None] * 3
    assert Invitation.objects.filter(used_at=None).count() == 1


def test_superuser_that_is_made_twice_at_once_is_made_once():
    words = ("createsuperuser", "--noinput", "--username", "ada", "--email", "ada@example.org")
    refused, made = sorted_by_name(
        at_once([lambda: call_command(*words, stdout=StringIO(), stderr=StringIO())] * 2)
    )
    assert (made, User.objects.count()) == (None, 1)
    assert isinstance(refused, CommandError)


def test_lock_is_free_before_the_server_has_ended_the_connection(monkeypatch):
    first = connection.copy()
    end = first.close
    monkeypatch.setattr(first, "close", lambda: None)
    try:
        for copy in (first, connection.copy()):
            with advisory_locks.held(migrate.MIGRATING_LOCK, connection=copy) as is_held:
                assert is_held
    finally:
        end()


def test_migrate_beside_another_is_refused():
    with advisory_locks.held(migrate.MIGRATING_LOCK, connection=connection.copy()) as is_held:
        assert is_held
        with pytest.raises(CommandError, match=r"^Another migrate of this database is running\. "):
            call_command("migrate", stdout=StringIO())


def test_mail_that_is_held_twice_at_once_has_one_mark(tmp_path, monkeypatch):
    monkeypatch.setattr(private_storage(), "location", str(tmp_path))
    at_once([lambda: holding.hold(wall_now=CLOSES_AT)] * 8)
    assert [path.name for path in tmp_path.iterdir()] == [holding.MARK]
