"""The export from the command line."""

import os
import stat
import subprocess
import sys
from hashlib import sha256
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import AuditEvent
from accounts.states import Role
from core import disk_reserve
from exports.types import Query
from exports.writers import csv_file, reading_docx
from tests.makers import make_call, make_submitted, make_user


def export(*, call="the-call", file_format="csv", output, **options):
    err = StringIO()
    options |= {"call": call, "format": file_format, "output": str(output)}
    call_command("export_responses", **options, stderr=err)
    return err.getvalue()


@pytest.mark.django_db
def test_file_is_whole_private_and_on_record(tmp_path):
    response = make_submitted(make_call(slug="the-call"))
    file = tmp_path / "out.csv"
    assert export(output=file) == f"written: {file}\n"
    lines = file.read_bytes().split(b"\r\n")
    assert lines[0].startswith(b"reference,submitted_at,")
    assert lines[1].startswith(response.reference.encode())
    assert lines[2:] == [b""]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]
    event = AuditEvent.objects.exclude(action="export_started").get()
    assert (event.action, event.actor, event.detail["through"], event.detail["rows"]) == (
        "exported",
        None,
        "command line",
        1,
    )


@pytest.mark.django_db
def test_export_without_a_row_says_so_and_why(tmp_path):
    call = make_call(slug="the-call")
    file = tmp_path / "out.csv"
    nothing = "No response to “the-call” was submitted: the export has no row."
    assert export(output=file) == f"{nothing}\nwritten: {file}\n"
    make_submitted(call)
    none_chosen = "This chooses none of the 1 submitted: the export has no row."
    said = export(output=file, statuses=["considered"])
    assert said == f"{none_chosen}\nwritten: {file}\n"
    assert len(file.read_bytes().splitlines()) == 1


@pytest.mark.django_db
def test_export_in_somebodys_name_needs_their_right_and_is_on_record_as_theirs(tmp_path):
    make_submitted(make_call(slug="the-call"))
    make_user(Role.REVIEWER, username="ann")
    bea = make_user(Role.STEERING_MEMBER, username="bea")
    file = tmp_path / "out.csv"
    with pytest.raises(CommandError, match="You do not have permission to export responses"):
        export(output=file, person="ann")
    with pytest.raises(CommandError, match="Nobody signs in as “cid”"):
        export(output=file, person="cid")
    assert list(tmp_path.iterdir()) == []
    export(output=file, person="bea")
    assert AuditEvent.objects.get(action="exported").actor == bea
    bea.is_active = False
    bea.save()
    with pytest.raises(CommandError, match="Nobody signs in as “bea”"):
        export(output=file, person="bea")


@pytest.mark.django_db
def test_dash_writes_to_the_terminal(capfdbinary):
    make_submitted(make_call(slug="the-call"))
    export(output="-")
    assert capfdbinary.readouterr().out.count(b"\r\n") == 2


@pytest.mark.django_db
def test_what_cannot_be_done_is_said_in_one_line(tmp_path):
    make_call(slug="the-call")
    for options, said in [
        ({"file_format": "xls"}, "“xls” is not a format. Formats: csv, "),
        ({"roles": ["mayor"]}, "roles: there is no “mayor”. Possible: provider, "),
        ({"facets": ["age=adult"]}, "facets: there is no “age”. Possible: roles."),
        ({"facets": ["roles"]}, "facet: “roles” is not of the form QUESTION=OPTION."),
        ({"since": "soon"}, "“soon” is not a day. Write it as 2019-07-24."),
        ({"call": "other"}, "There is no call “other”. Calls: the-call."),
        ({"output": "/nowhere/at/all.csv"}, "/nowhere/at/all.csv cannot be written"),
        ({"output": "/"}, "/ cannot be written"),
    ]:
        with pytest.raises(CommandError) as refused:
            export(**({"output": tmp_path / "out.csv"} | options))
        assert str(refused.value).startswith(said)
        assert "\n" not in str(refused.value)
        assert not AuditEvent.objects.exists(), options
        assert list(tmp_path.iterdir()) == [], options


@pytest.mark.django_db(transaction=True)
def test_what_is_no_file_is_written_to_and_stays_what_it_is(tmp_path):
    response = make_submitted(make_call(slug="the-call"))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
        export(output=pipe)
        out, _ = reader.communicate(timeout=60)
    assert out.split(b"\r\n")[1].startswith(response.reference.encode())
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert list(tmp_path.iterdir()) == [pipe]


@pytest.mark.django_db(transaction=True)
def test_link_to_a_file_stays_a_link(tmp_path):
    make_submitted(make_call(slug="the-call"))
    (tmp_path / "elsewhere").mkdir()
    file, link = tmp_path / "elsewhere" / "out.csv", tmp_path / "link.csv"
    link.symlink_to(file)
    export(output=link)
    assert link.is_symlink()
    assert file.read_bytes().count(b"\r\n") == 2
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.django_db(transaction=True)
def test_broken_database_is_said_in_one_line(tmp_path, monkeypatch):
    make_submitted(make_call(slug="the-call"))

    def broken(*_):
        return Query("SELECT 1/0", {})

    monkeypatch.setattr(csv_file, "spreadsheet_query", broken)
    with pytest.raises(CommandError) as refused:
        export(output=tmp_path / "out.csv")
    assert str(refused.value) == "The database cannot give the responses: division by zero"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.django_db
def test_too_much_for_one_document_is_refused_in_one_line_and_no_fault_is_logged(
    tmp_path, monkeypatch, caplog
):
    make_submitted(make_call(slug="the-call"), story="Many words")
    monkeypatch.setattr(reading_docx, "MOST_WORDS", 1)
    with pytest.raises(CommandError, match="One Word file holds up to 1 words"):
        export(file_format="docx", output=tmp_path / "out.docx")
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
    event = AuditEvent.objects.exclude(action="export_started").get()
    assert (event.action, event.detail["why"]) == ("export_broken", "UnsupportedByFormat")


@pytest.mark.django_db(transaction=True)
def test_export_that_breaks_leaves_the_old_file(tmp_path, monkeypatch):
    make_submitted(make_call(slug="the-call"))
    file = tmp_path / "out.csv"
    file.write_text("as it was")

    def full(*_):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CommandError, match="No space left on device"):
        export(output=file)
    assert file.read_text() == "as it was"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.django_db(transaction=True)
def test_reader_that_goes_away_ends_it_with_one_line(request):
    make_submitted(make_call(slug="the-call"))
    command = [sys.executable, "manage.py", "export_responses", "--call", "the-call"]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*command, "--format", "csv", "--output", "-"],
        cwd=request.config.rootpath,
        stdout=writing,
        stderr=subprocess.PIPE,
        env=os.environ | {"DATABASE_URL": database_in_use()},
        timeout=60,
        check=False,
    )
    os.close(writing)
    assert done.returncode == 1
    last = done.stderr.decode().strip().splitlines()[-1]
    assert last == "CommandError: The reader of the output went away."
    assert AuditEvent.objects.exclude(action="export_started").get().action == "export_broken"


@pytest.mark.django_db
def test_format_of_any_kind_can_be_written(tmp_path):
    make_submitted(make_call(slug="the-call"), story="Words")
    for name in ("xlsx", "json", "docx-each"):
        file = tmp_path / name
        assert export(file_format=name, output=file) == f"written: {file}\n"
        assert (
            AuditEvent.objects.filter(action="exported").latest("pk").detail["sha256"]
            == sha256(file.read_bytes()).hexdigest()
        )


@pytest.mark.django_db
def test_filters_choose_and_stand_on_record(tmp_path):
    call = make_call(slug="the-call")
    make_submitted(call, roles=["provider"], story="One paid")
    make_submitted(call, roles=["commissioner"], story="Two paid")
    make_submitted(call, roles=["other"], story="Three")
    file = tmp_path / "out.csv"
    options = {"words": "paid", "until": "2019-07-24", "order": "newest"}
    export(output=file, facets=["roles=provider"], roles=["commissioner"], **options)
    lines = file.read_text().splitlines()
    assert ["Two paid" in lines[1], "One paid" in lines[2], len(lines)] == [True, True, 3]
    assert AuditEvent.objects.exclude(action="export_started").get().detail[
        "filters"
    ] == options | {"facets": {"roles": ["provider", "commissioner"]}}


@pytest.mark.django_db
def test_file_on_the_disk_of_files_leaves_its_reserve(tmp_path, monkeypatch, settings):
    make_submitted(make_call(slug="the-call"))
    settings.DISK_RESERVE_MB = 100
    monkeypatch.setattr(disk_reserve, "free_bytes", lambda: 100 * disk_reserve.MB)
    monkeypatch.setattr(disk_reserve, "is_disk_of", lambda folder: folder == tmp_path)
    file = tmp_path / "out.csv"
    with pytest.raises(CommandError, match="There is no room for it: 100 MB have to stay free"):
        export(output=file)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(disk_reserve, "is_disk_of", lambda _folder: False)
    export(output=file)
    assert [each.name for each in tmp_path.iterdir()] == ["out.csv"]


@pytest.mark.django_db
def test_named_export_needs_its_reason(tmp_path):
    make_submitted(make_call(slug="the-call"), email="jo@example.org")
    file = tmp_path / "out.csv"
    with pytest.raises(CommandError, match="Give a reason"):
        export(output=file, named=True)
    export(output=file, named=True, reason="To thank them")
    assert "jo@example.org" in file.read_text()


@pytest.mark.django_db
def test_terminal_shows_a_bar_of_responses_done(tmp_path, monkeypatch, capfd):
    call = make_call(slug="the-call")
    for _ in range(2):
        make_submitted(call)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    export(file_format="json", output=tmp_path / "out.jsonl")
    lines = capfd.readouterr().err.split("\r")
    assert [line.strip() for line in lines if line.startswith("[")] == [
        f"[{'#' * 20}{'.' * 20}] 1 of 2 responses",
        f"[{'#' * 40}] 2 of 2 responses",
    ]


def database_in_use():
    """The address of the test database, whose name is not that of DATABASE_URL."""
    url = os.environ["DATABASE_URL"]
    settings = connection.settings_dict
    return url.replace("/evidence_portal", f"/{settings['NAME']}", 1)
