"""What becomes of an export that was asked for: its page, its file, and who takes that."""

import re
import uuid
from datetime import timedelta
from pathlib import Path

import pytest

from accounts.models import AuditEvent
from accounts.states import Action, Role
from exports import export_runs
from exports.consent import Scope
from exports.models import ExportRun
from retention.carrying_out import carry_out
from tests.exports.counted_call import NOW
from tests.exports.steering.made_files import make_done
from tests.makers import make_call, make_user, withhold

PAGE = "/steering/the-call/exports/"

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nudged")]


def test_each_download_is_on_record(steering):
    run = make_done(steering.user, make_call(slug="the-call"))
    for _ in range(2):
        answer = steering.get(f"{PAGE}{run.public_id}/file/")
        assert b"".join(answer.streaming_content) == b"whole"
    assert answer["Content-Disposition"] == 'attachment; filename="the-call.csv"'
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert b"".join(steering.head(f"{PAGE}{run.public_id}/file/")) == b""  # no download
    events = AuditEvent.objects.filter(action="export_downloaded")
    assert [(e.actor, e.detail["export"], e.detail["rows"]) for e in events] == [
        (steering.user, str(run.public_id), 1)
    ] * 2
    assert "Downloaded an export: CSV" in steering.get(PAGE).content.decode()


@pytest.mark.parametrize("part", ["", "progress/", "file/", "cancel/"])
def test_exports_of_others_are_not_found(steering, part):
    run = make_done(make_user(Role.STEERING_MEMBER), make_call(slug="the-call"))
    ask = steering.post if part == "cancel/" else steering.get
    assert ask(f"{PAGE}{run.public_id}/{part}").status_code == 404
    assert ask(f"{PAGE}{uuid.uuid4()}/{part}").status_code == 404
    assert "the-call.csv" not in steering.get(PAGE).content.decode()


def test_superuser_may_take_exports_of_others(client):
    run = make_done(make_user(), make_call(slug="the-call"))
    boss = make_user(is_superuser=True)
    client.force_login(boss)
    answer = client.get(f"{PAGE}{run.public_id}/file/")
    assert b"".join(answer.streaming_content) == b"whole"
    assert AuditEvent.objects.get().actor == boss


def test_named_file_needs_the_permission_at_each_download(named_exporter):
    run = make_done(
        named_exporter.user,
        make_call(slug="the-call"),
        scope=Scope(named=True),
        reason="To write back",
    )
    assert named_exporter.get(f"{PAGE}{run.public_id}/").status_code == 200
    withhold(named_exporter.user, Action.EXPORT_NAMED)
    # The change ended the sign-in.
    assert named_exporter.get(f"{PAGE}{run.public_id}/file/").status_code == 302
    named_exporter.force_login(named_exporter.user)
    assert named_exporter.get(f"{PAGE}{run.public_id}/file/").status_code == 403
    assert not AuditEvent.objects.exists()


def test_file_is_gone_after_a_week(steering, monkeypatch):
    def listed():
        page = steering.get(PAGE).content.decode()
        number = re.search(r"Exports being made and kept: (\d+)", page)[1]
        return number, re.search(r'class="file-size">(\w+)', page)[1]

    run = make_done(steering.user, make_call(slug="the-call"))
    monkeypatch.setattr("core.clock.portal_now", lambda: NOW)
    assert listed() == ("1", "Ready")
    monkeypatch.setattr("core.clock.portal_now", lambda: NOW + timedelta(days=7))
    assert steering.get(f"{PAGE}{run.public_id}/file/").status_code == 404
    assert "is deleted now" in steering.get(f"{PAGE}{run.public_id}/").content.decode()
    assert listed() == ("0", "Deleted")
    carry_out(at=NOW + timedelta(days=7))
    assert not ExportRun.objects.get().file
    assert listed() == ("0", "Deleted")


@pytest.mark.parametrize("damage", ["changed", "cut", "deleted"])
def test_file_that_is_not_the_one_that_was_made_is_not_handed_out(steering, damage):
    run = make_done(steering.user, make_call(slug="the-call"))
    run.refresh_from_db()
    file = Path(run.file.path)
    if damage == "deleted":
        file.unlink()
        said = "The file of this export is missing. Export again."
    else:
        file.write_bytes({"changed": b"whale", "cut": b"who"}[damage])
        said = "The file of this export is damaged, so you cannot download it."
    answer = steering.get(f"{PAGE}{run.public_id}/file/")
    page = answer.content.decode()
    assert answer.status_code == 410
    assert said in page
    assert "It is ready" not in page
    assert not AuditEvent.objects.filter(action="export_downloaded").exists()


def test_cancelling_stops_it_and_the_page_says_so(steering):
    run = export_runs.enqueue(
        call=make_call(slug="the-call"),
        by=steering.user,
        at=NOW,
        file_format="pdf",
        filters={},
        rows_total=9,
    )
    answer = steering.post(f"{PAGE}{run.public_id}/cancel/", follow=True)
    assert "It was cancelled." in answer.content.decode()
    assert steering.get(f"{PAGE}{run.public_id}/progress/").json() == {
        "state": "cancelled",
        "done": 0,
        "total": 9,
        "words": "0 of 9 responses.",
    }
    assert AuditEvent.objects.get().action == "export_cancelled"
    run.refresh_from_db()
    run.rows_total = 1
    run.save()
    progress = steering.get(f"{PAGE}{run.public_id}/progress/").json()
    assert progress["words"] == "0 of 1 response."
