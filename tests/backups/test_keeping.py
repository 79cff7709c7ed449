"""Which backups are kept, when the next is due, and who is told."""

import errno
import os
from datetime import UTC, datetime, time, timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.core.management import CommandError, call_command

from backups import nightly, reports
from backups.folder import kept_of, moment_of, name_at
from backups.reports import Kind
from submissions.outbox import holding
from tests.makers import make_user
from tests.monitoring.test_metrics import read

NOW = datetime(2026, 11, 28, 3, tzinfo=UTC)  # a Saturday
DAY = timedelta(days=1)
NIGHT = time(2, 30)


def of_nights(number):
    return [name_at(NOW - number_of * DAY) for number_of in range(number)]


def ages(names):
    return sorted((NOW - moment_of(name)).days for name in names)


def test_days_and_weeks_are_kept_and_nothing_beyond_a_month():
    kept = kept_of(of_nights(60), wall_now=NOW, daily=14, weekly=4)
    # Of ISO weeks, which end on Sundays.
    assert ages(kept) == [*range(14), 20]
    assert ages(kept_of(of_nights(60), wall_now=NOW, daily=60, weekly=9)) == [*range(31)]


def test_only_the_newest_of_a_day_is_kept_once_two_days_are_over():
    both = [name_at(NOW), name_at(NOW + DAY / 3)]
    assert kept_of(both, wall_now=NOW + DAY, daily=14, weekly=4) == set(both)
    assert kept_of(both, wall_now=NOW + 3 * DAY, daily=14, weekly=4) == set(both[1:])


def test_the_newest_is_kept_however_old():
    old = name_at(NOW - 90 * DAY)
    assert kept_of([old], wall_now=NOW, daily=14, weekly=4) == {old}
    assert kept_of([], wall_now=NOW, daily=14, weekly=4) == frozenset()


@pytest.fixture
def two_nights(monkeypatch):
    """Run for two days; return each command with how long after the beginning it ran.

    `off` says by how much the clock is wrong so long after the beginning.
    """

    class Stop(Exception):
        pass

    def run(off=lambda passed: timedelta(0), fails=lambda passed: False):
        ran, passed, whole = [], [timedelta(0)], [""]

        def command(*words):
            ran.append((passed[0], words))
            if "--erasures" not in words and not fails(passed[0]):
                whole.append(name_at(wall_now()))

        monkeypatch.setattr(nightly, "_command", command)

        def wait(seconds):
            passed[0] += timedelta(seconds=seconds)
            if passed[0] > 2 * DAY:
                raise Stop

        def wall_now():
            return NOW + passed[0] + off(passed[0])

        with pytest.raises(Stop):
            nightly.run(
                at=NIGHT,
                options=["--to", "b"],
                newest=lambda: whole[-1],
                wall_now=wall_now,
                wait=wait,
            )
        return ran

    return run


def test_backup_is_made_at_night_and_tried_on_sundays(two_nights):
    ran = two_nights()
    made = [(moment, words) for moment, words in ran if "--erasures" not in words]
    half = timedelta(minutes=30)
    assert made == [
        (timedelta(0), ("backup", "--drill", "--to", "b")),
        (DAY - half, ("backup", "--drill", "--to", "b")),
        (2 * DAY - half, ("backup", "--to", "b")),
    ]
    assert len(ran) - len(made) == 48


def test_backup_that_fails_is_tried_again_every_hour(two_nights):
    hour = timedelta(hours=1)
    ran = two_nights(fails=lambda passed: passed < 2 * hour or DAY - hour < passed < DAY)
    assert [(moment, "--drill" in words) for moment, words in ran if "--erasures" not in words] == [
        (timedelta(0), True),
        (hour, True),
        (2 * hour, True),
        (DAY - hour / 2, True),
        (DAY, True),
        (2 * DAY - hour / 2, False),
    ]
    assert [words for moment, words in ran if moment == hour][-1] == (
        "backup",
        "--erasures",
        "--to",
        "b",
    )


def test_clock_that_is_a_year_ahead_for_an_hour_keeps_no_night_from_its_backup(two_nights):
    """Nor are there 365 backups in that hour."""
    hour = timedelta(hours=1)
    ran = two_nights(lambda passed: 365 * DAY if 3 * hour <= passed < 4 * hour else timedelta(0))
    made = [moment for moment, words in ran if "--erasures" not in words]
    half = timedelta(minutes=30)
    assert made == [timedelta(0), 3 * hour, DAY - half, 2 * DAY - half]
    assert len(ran) < 100


@pytest.mark.parametrize(
    "words", [["--nightly", "25:00"], ["--keep-daily", "0"], ["--keep-weekly", "x"]]
)
def test_what_cannot_be_kept_or_timed_is_refused(words):
    with pytest.raises(CommandError, match=words[0]):
        call_command("backup", *words)


@pytest.mark.django_db
def test_old_and_failed_backups_are_told_where_the_portal_makes_some(
    client, settings, store, monkeypatch, at
):
    monkeypatch.setattr("core.clock.wall_now", lambda: NOW)
    assert "backups" not in client.get("/readyz/").content.decode()
    assert "portal_backup_failed" not in {name for name, *_ in read(client)}
    settings.BACKUP_RECIPIENTS = ["age1"]
    client.force_login(make_user(is_superuser=True))

    def told():
        [line] = [
            line
            for line in client.get("/readyz/").content.decode().splitlines()
            if line.startswith("backups: ")
        ]
        page = client.get("/admin/").content.decode()
        for part in line.removeprefix("backups: ").removeprefix("warning: ").split("; "):
            assert part == "ok" or f"{part[0].upper()}{part[1:]}." in page
        return line.removeprefix("backups: ")

    assert told() == "warning: no backup was made yet"
    reports.write(Kind.BACKUP, at=NOW - 2 * DAY, is_good=True, said="made")
    never = "no restore was tried yet: manage.py backup --drill"
    assert told() == f"warning: the last good backup is of Thursday 26 November 2026; {never}"
    reports.write(Kind.BACKUP, at=NOW, is_good=True, said="made")
    assert told() == f"warning: {never}"
    reports.write(Kind.DRILL, at=NOW, is_good=True, said="made")
    assert told() == "ok"
    reports.write(Kind.DRILL, at=NOW - 10 * DAY, is_good=True, said="made")
    assert told() == "warning: no restore was tried since Wednesday 18 November 2026"
    reports.write(Kind.DRILL, at=NOW, is_good=False, said="The disk is full")
    assert told() == "warning: the last restore to try it failed: The disk is full"
    samples = read(client)
    assert samples["portal_backup_last_good_timestamp_seconds",] == NOW.timestamp()
    assert samples["portal_backup_failed",] == 0
    assert samples["portal_drill_failed",] == 1


@pytest.mark.django_db
def test_half_a_report_is_told_and_replaced_by_the_next(client, settings, store, monkeypatch):
    monkeypatch.setattr("core.clock.wall_now", lambda: NOW)
    settings.BACKUP_RECIPIENTS = ["age1"]
    reports.write(Kind.BACKUP, at=NOW, is_good=True, said="made")
    (store / reports.FOLDER / "backup.json").write_text("")
    assert (
        "backups: warning: what became of backups is not known (backup-reports/backup.json: "
        "this report cannot be read, or only a part of it is there)\n"
        in client.get("/readyz/").content.decode()
    )
    samples = read(client)
    assert samples["portal_backup_last_good_timestamp_seconds",] == 0
    settings.BACKUP_STALE_HOURS = 12
    assert read(client)["portal_backup_stale_after_seconds",] == 12 * 3600
    reports.write(Kind.BACKUP, at=NOW, is_good=True, said="made")
    assert reports.of(Kind.BACKUP).is_good


@pytest.mark.django_db
def test_half_a_mark_holds_mail_and_breaks_no_page(client, store):
    holding.hold(wall_now=NOW)
    (store / holding.MARK).write_text("")
    assert "mail: warning: Mail is held since a backup was restored: manage.py release_mail" in (
        client.get("/readyz/").content.decode()
    )


@pytest.mark.django_db
def test_held_mail_is_told_where_mail_is_looked_after(client, store):
    holding.hold(wall_now=NOW)
    said = "Mail is held since a backup was restored on Saturday 28 November 2026"
    assert (
        f"mail: warning: {said}: manage.py release_mail" in client.get("/readyz/").content.decode()
    )
    client.force_login(make_user(is_superuser=True))
    for address in ("/admin/", "/admin/submissions/outboxemail/"):
        assert f"{said}." in client.get(address).content.decode()


@pytest.mark.django_db
def test_report_of_another_account_is_told_and_replaced(client, settings, store, monkeypatch):
    settings.BACKUP_RECIPIENTS = ["age1"]
    reports.write(Kind.BACKUP, at=NOW, is_good=True, said="made")
    really = FileSystemStorage.open

    def refuse(storage, name, mode="rb"):
        if name.endswith("backup.json"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return really(storage, name, mode)

    with monkeypatch.context() as patch:
        patch.setattr(FileSystemStorage, "open", refuse)
        assert "backup.json: this report cannot be read" in client.get("/readyz/").content.decode()
        assert read(client)["portal_backup_last_good_timestamp_seconds",] == 0
        reports.write(Kind.BACKUP, at=NOW, is_good=True, said="made again")
    assert reports.of(Kind.BACKUP).said == "made again"


def test_mail_stays_held_by_a_mark_of_another_account(store, monkeypatch):
    holding.hold(wall_now=NOW)

    def refuse(*_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(FileSystemStorage, "open", refuse)
    assert holding.is_held()
    assert holding.held_in_words() == "Mail is held since a backup was restored"


def test_report_of_a_failure_keeps_when_the_last_good_one_was(store):
    reports.write(Kind.BACKUP, at=NOW - DAY, is_good=True, said="made")
    reports.write(Kind.BACKUP, at=NOW, is_good=False, said="The disk is full")
    assert reports.of(Kind.BACKUP) == reports.Report(
        at=NOW, is_good=False, said="The disk is full", last_good_at=NOW - DAY
    )
    assert [path.name for path in (store / reports.FOLDER).iterdir()] == ["backup-2.json"]
    reports.write(Kind.BACKUP, at=NOW + DAY, is_good=True, said="made")
    assert [path.name for path in (store / reports.FOLDER).iterdir()] == ["backup.json"]


def test_report_stays_until_the_next_is_whole(store, monkeypatch):
    reports.write(Kind.BACKUP, at=NOW - DAY, is_good=True, said="made")
    before = reports.of(Kind.BACKUP)
    storage = reports.private_storage()
    save = type(storage).save

    def fills_up(name, content):
        save(storage, name, ContentFile(content.read()[:20]))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as full:
        full.setattr(storage, "save", fills_up)
        reports.write(Kind.BACKUP, at=NOW, is_good=True, said="made")
    assert reports.of(Kind.BACKUP) == before
    reports.write(Kind.BACKUP, at=NOW + DAY, is_good=True, said="made")
    assert reports.of(Kind.BACKUP).at == NOW + DAY
    assert {f"{reports.FOLDER}/{path.name}" for path in (store / reports.FOLDER).iterdir()} == {
        reports.NAMES[Kind.BACKUP][1]
    }


def test_report_that_cannot_be_written_is_in_the_log_and_ends_no_backup(store, monkeypatch, caplog):
    def refuse(*_):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(reports.private_storage(), "save", refuse)
    reports.write(Kind.BACKUP, at=NOW, is_good=True, said="made")
    assert caplog.messages == ["backup, not reported (Read-only file system): made"]
