"""Moving files into a bucket and back: whole, once, while the portal runs, whoever dies."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import CommandError, call_command

from backups import reports
from core import disk_reserve, moving_files
from core.moving_files import one_at_a_time
from core.stores import DISK, PRIVATE, S3
from personal_data import stored_files
from personal_data.stored_files import fields
from submissions.outbox import holding
from submissions.responses.evidence_checks.weekly_check import check_evidence
from submissions.responses.models import Attachment
from submissions.responses.submitting import submit
from tests.exports.exporting import exported, members
from tests.faults.celery_processes import environment
from tests.makers import (
    OPENS_AT,
    complete_answers,
    make_attachment,
    make_call,
    make_draft,
    while_open,
)
from tests.personal_data.erasures import erase
from tests.stores.s3_server import KEY, SECRET, refusal

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def call(at):
    call = make_call()
    at(while_open(call))
    return call


def submitted_with(call, *contents):
    draft = make_draft(call, **complete_answers(call))
    for number, content in enumerate(contents):
        make_attachment(draft, name=f"{number}.txt", content=content)

    return submit(submission=draft, at=while_open(call)).submission


def on_disk(settings):
    root = settings.MEDIA_ROOT
    found = (str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    return sorted(name for name in found if name != "move_files.last")


def moved(to, capsys):
    call_command("move_files", to=to)
    return capsys.readouterr().out


def names():
    return sorted(Attachment.objects.values_list("file", flat=True))


def test_reports_of_backups_are_known_by_their_names():
    names = [name for kind in reports.Kind for name in reports.NAMES[kind]]
    assert names == [*stored_files.REPORTS]


def test_small_files_that_no_row_has_go_along(bucket, keep_files, settings, capsys):
    keep_files(bucket, first=DISK)
    reports.write(reports.Kind.BACKUP, at=OPENS_AT, is_good=True, said="Fine.")
    holding.hold(wall_now=OPENS_AT)
    keep_files(bucket, first=S3)
    assert holding.is_held()
    moved("s3", capsys)
    assert on_disk(settings) == []
    assert len(bucket.names()) == 2
    assert holding.held_in_words().startswith("Mail is held since a backup was restored")
    assert holding.release()
    assert holding.is_held() is False


def test_every_model_that_has_files_says_their_digest():
    found = fields()
    assert {model._meta.label for model, _ in found} == {
        "submissions.Attachment",
        "submissions.ResponseImport",
        "exports.ExportRun",
    }
    assert [model for model, _ in found if not model._meta.get_field("sha256")] == []


def test_there_and_back_again(call, bucket, keep_files, settings, capsys):
    keep_files(bucket, first=DISK)
    submitted_with(call, b"One.\n", b"Two.\n")
    request = erase(submitted_with(call, b"Erased.\n"), at=while_open(call))
    all_names = sorted([*names(), f"erasures/{request.public_id.hex}.json"])
    assert (on_disk(settings), bucket.names()) == (all_names, [])
    keep_files(bucket, first=S3)
    assert moved("s3", capsys) == (
        "3 moved (0.0 MB), 0 were there, 0 ended meanwhile, 0 with a problem.\n"
    )
    assert (on_disk(settings), sorted(bucket.names())) == ([], all_names)
    assert check_evidence(wall_now=while_open(call))[1] == []
    assert moved("s3", capsys).startswith("0 moved (0.0 MB), 3 were there, ")
    keep_files(bucket, first=DISK)
    assert moved("disk", capsys).startswith("3 moved (0.0 MB), 0 were there, ")
    assert (on_disk(settings), bucket.names()) == (all_names, [])
    assert check_evidence(wall_now=while_open(call))[1] == []
    for file in Attachment.objects.all():
        assert Path(storages[DISK].path(file.file.name)).stat().st_mode & 0o777 == 0o600


def test_back_without_a_right_to_list(call, bucket, keep_files, settings, s3, capsys):
    keep_files(bucket)
    submitted_with(call, b"One.\n")
    request = erase(submitted_with(call, b"Erased.\n"), at=while_open(call))
    s3.front.may_list = False
    keep_files(bucket, first=DISK)
    assert moved("disk", capsys).startswith("2 moved ")
    assert bucket.names() == []
    assert on_disk(settings) == sorted([*names(), f"erasures/{request.public_id.hex}.json"])


def test_files_are_found_wherever_they_are_meanwhile(call, bucket, keep_files):
    keep_files(bucket, first=DISK)
    submitted_with(call, b"Before.\n")
    keep_files(bucket, first=S3)
    submitted_with(call, b"After.\n")
    assert len(bucket.names()) == 1
    found = members(exported(call, "attachments"))
    found.pop("files.csv")
    assert sorted(found.values()) == [b"After.\n", b"Before.\n"]
    assert check_evidence(wall_now=while_open(call))[1] == []


def test_file_that_is_moved_while_somebody_looks_for_it_is_found(bucket, keep_files, monkeypatch):
    private = keep_files(bucket)
    storages[DISK].save("attachments/ab/one", ContentFile(b"One.\n"))
    disk_open = storages[DISK].open

    def moved_just_now(name, mode="rb"):
        storages[S3].save(name, ContentFile(b"One.\n"))
        storages[DISK].delete(name)
        return disk_open(name, mode)

    monkeypatch.setattr(storages[DISK], "open", moved_just_now)
    with private.open("attachments/ab/one") as file:
        assert file.read() == b"One.\n"


@pytest.mark.parametrize("to", ["s3", "disk"])
def test_damaged_and_missing_files_are_named_and_the_others_go(
    call, bucket, keep_files, settings, capsys, to
):
    keep_files(bucket, first=DISK if to == "s3" else S3)
    submitted_with(call, b"One.\n", b"Two.\n", b"Three.\n")
    damaged, missing, whole = names()
    source = storages[DISK if to == "s3" else S3]
    source.delete(damaged)
    source.save(damaged, ContentFile(b"Another.\n"))
    source.delete(missing)
    keep_files(bucket, first=to)
    with pytest.raises(CommandError, match="2 files stay as named above"):
        call_command("move_files", to=to)
    out = capsys.readouterr().out.splitlines()
    assert sorted(out[:2]) == sorted(
        [f"{damaged}: damaged, it is not the file that was given", f"{missing}: missing"]
    )
    assert out[2].startswith("1 moved ")
    at_last = storages[to]
    assert [name for name in (damaged, missing, whole) if at_last.exists(name)] == [whole]
    assert source.exists(damaged)


@pytest.mark.parametrize("to", ["s3", "disk"])
def test_another_file_of_that_name_is_kept_and_named(call, bucket, keep_files, capsys, to):
    keep_files(bucket, first=DISK if to == "s3" else S3)
    submitted_with(call, b"One.\n")
    (name,) = names()
    storages[to].save(name, ContentFile(b"Another.\n"))
    keep_files(bucket, first=to)
    with pytest.raises(CommandError, match="1 file stays"):
        call_command("move_files", to=to)
    assert f"{name}: another file has its name where it was to go" in capsys.readouterr().out
    with storages[DISK if to == "s3" else S3].open(name) as file:
        assert file.read() == b"One.\n"


@pytest.mark.parametrize("when", ["before the copy", "after it"])
@pytest.mark.parametrize("to", ["s3", "disk"])
def test_file_that_is_erased_while_it_is_copied_comes_back_nowhere(
    call, bucket, keep_files, monkeypatch, capsys, to, settings, when
):
    keep_files(bucket, first=DISK if to == "s3" else S3)
    submitted_with(call, b"One.\n")
    (name,) = names()
    private = keep_files(bucket, first=to)
    copy = moving_files._copy

    def erased_meanwhile(*given):
        if when == "before the copy":
            private.delete(name)
        copy(*given)
        if when == "after it":
            private.delete(name)

    monkeypatch.setattr(moving_files, "_copy", erased_meanwhile)
    assert "1 ended meanwhile" in moved(to, capsys)
    assert (on_disk(settings), bucket.names()) == ([], [])


def test_copy_that_a_killed_run_left_of_an_erased_file_is_taken_back(
    bucket, keep_files, settings, capsys
):
    keep_files(bucket)
    bucket.put("attachments/ab/erased", b"Erased.\n")
    (disk_reserve.folder() / "move_files.last").write_text("attachments/ab/erased")
    moved("s3", capsys)
    assert bucket.names() == []


def test_dead_server_stops_it_with_one_line(call, bucket, keep_files, s3):
    keep_files(bucket, first=DISK)
    submitted_with(call, b"One.\n")
    keep_files(bucket)
    said = "Stopped: .*no answer.*No file is lost; run it again to go on"
    with s3.dead(), pytest.raises(CommandError, match=said):
        call_command("move_files", to="s3")
    call_command("move_files", to="s3")
    assert bucket.names() == names()


def test_it_refuses_before_new_files_go_there(bucket, keep_files):
    with pytest.raises(CommandError, match="one place for files, the disk"):
        call_command("move_files", to="s3")
    keep_files(bucket, first=DISK)
    with pytest.raises(CommandError, match="Set PORTAL_FILES=s3 and restart web"):
        call_command("move_files", to="s3")


def test_two_do_not_move_at_once(bucket, keep_files):
    keep_files(bucket)
    held, done = threading.Event(), threading.Event()

    def hold():
        with one_at_a_time():
            held.set()
            done.wait(60)

    other = threading.Thread(target=hold)
    other.start()
    held.wait(60)
    try:
        with pytest.raises(CommandError, match="Another move_files runs"):
            call_command("move_files", to="s3")
    finally:
        done.set()
        other.join()
    call_command("move_files", to="s3")


def process(bucket, settings, to, *wrapper):
    """The command as the operators run it, on this run's database."""
    variables = environment(broker_url=os.environ["BROKER_URL"], smtp_port=9) | {
        "PORTAL_FILES": to,
        "PORTAL_FILES_S3_BUCKET": bucket.name,
        "PORTAL_FILES_S3_ENDPOINT": bucket.server.url,
        "PORTAL_FILES_S3_KEY_ID": KEY,
        "PORTAL_FILES_S3_SECRET": SECRET,
        "PORTAL_MEDIA": str(settings.MEDIA_ROOT),
    }
    command = [sys.executable, *wrapper, "manage.py", "move_files", "--to", to]
    return subprocess.Popen(
        command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def ended(child):
    out, errors = child.communicate(timeout=120)
    assert (child.returncode, errors) == (0, "")
    return out


def test_killed_process_is_followed_by_one_that_goes_on(
    call, bucket, keep_files, settings, s3, capsys
):
    keep_files(bucket, first=DISK)
    submitted_with(call, *(f"{number}.\n".encode() for number in range(6)))
    all_names = names()
    keep_files(bucket, first=S3)
    reached, go_on = threading.Event(), threading.Event()
    seen = []

    def hold_the_third(asked):
        if asked.method == "PUT":
            seen.append(asked.key)
        if len(seen) == 3 and not go_on.is_set():
            reached.set()
            go_on.wait(60)
            return refusal(503, "SlowDown")
        return None

    s3.front.breaks = hold_the_third
    child = process(bucket, settings, "s3")
    assert reached.wait(60), child.communicate(timeout=10)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    go_on.set()
    s3.front.breaks = None
    # At each moment every file is in one of the two, or in both.
    assert sorted([*on_disk(settings), *bucket.names()]) == all_names
    assert len(bucket.names()) == 2
    assert moved("s3", capsys).startswith("4 moved (0.0 MB), 2 were there, 0 ended ")
    assert (on_disk(settings), bucket.names()) == ([], all_names)
    assert check_evidence(wall_now=while_open(call))[1] == []


def test_run_that_ends_before_a_deletion_is_followed_by_one_that_deletes(
    call, bucket, keep_files, settings, capsys, monkeypatch
):
    keep_files(bucket, first=S3)
    submitted_with(call, *(f"{number}.\n".encode() for number in range(3)))
    all_names = names()
    keep_files(bucket, first=DISK)
    delete, asked = storages[S3].delete, []

    def die_at_the_second(name):
        asked.append(name)
        if len(asked) == 2:
            raise SystemExit
        delete(name)

    with monkeypatch.context() as patch:
        patch.setattr(storages[S3], "delete", die_at_the_second)
        with pytest.raises(SystemExit):
            moved("disk", capsys)
    assert {*on_disk(settings), *bucket.names()} == {*all_names}
    assert len(on_disk(settings)) + len(bucket.names()) == 4
    assert moved("disk", capsys).startswith("2 moved (0.0 MB), 1 were there, 0 ended ")
    assert (on_disk(settings), bucket.names()) == (all_names, [])
    assert check_evidence(wall_now=while_open(call))[1] == []


# The command into the bucket, and then back in the same process.
PEAKS = """
import pathlib, runpy, sys
from core import moving_files
move = moving_files._move

def noted(*given):
    move(*given)
    status = pathlib.Path("/proc/self/status").read_text()
    print(status.partition("VmHWM:")[2].split()[0])

moving_files._move = noted
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
from django.conf import settings
from django.core.management import call_command
settings.FILES_ON_S3 = False
call_command("move_files", to="disk")
"""


def test_large_file_is_never_whole_in_memory(call, bucket, keep_files, settings):
    keep_files(bucket, first=DISK)
    draft = make_draft(call, **complete_answers(call))
    for size in (2, 32):  # MB
        make_attachment(draft, content=b"x" * size * 1024 * 1024)
    keep_files(bucket, first=S3)
    said = ended(process(bucket, settings, "s3", "-c", PEAKS)).splitlines()
    assert [said[2], said[5]] == [
        "2 moved (34.0 MB), 0 were there, 0 ended meanwhile, 0 with a problem."
    ] * 2
    for of_small, of_large in (said[:2], said[3:5]):  # kB
        assert int(of_large) - int(of_small) < 12 * 1024


def test_private_store_is_read_in_both_places(bucket, keep_files):
    private = keep_files(bucket)
    assert private is storages[PRIVATE]
    storages[DISK].save("exports/one", ContentFile(b"1"))
    storages[S3].save("exports/two", ContentFile(b"22"))
    assert private.listdir("exports") == ([], ["one", "two"])
    assert (private.size("exports/one"), private.size("exports/two")) == (1, 2)
    assert [private.exists(f"exports/{name}") for name in ("one", "two", "no")] == [
        True,
        True,
        False,
    ]
    private.delete("exports/one")
    private.delete("exports/two")
    assert (storages[DISK].listdir("exports")[1], bucket.names()) == ([], [])
    with pytest.raises(NotImplementedError):
        private.url("exports/one")
