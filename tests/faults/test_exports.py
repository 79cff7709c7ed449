"""A worker is killed in the middle of an export, and nobody ever downloads half a file."""

import hashlib
import subprocess
import sys

import pytest

from accounts.models import AuditEvent
from accounts.states import Role
from core import clock
from exports import export_runs, worker
from exports.models import ExportRun
from exports.states import ExportState
from tests.faults.celery_processes import ROOT, environment
from tests.makers import make_call, make_submitted, make_user

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = [sys.executable, "-m", "tests.faults.export_worker"]


@pytest.fixture
def asked(client):
    """An export that waits, asked for by whom `client` is signed in as."""
    user = make_user(Role.STEERING_MEMBER)
    client.force_login(user)
    call = make_call(slug="the-call")
    for _ in range(2):
        make_submitted(call)
    return export_runs.enqueue(
        call=call, by=user, at=clock.portal_now(), file_format="csv", filters={}, rows_total=2
    )


@pytest.fixture
def page(client, asked):
    def get(part=""):
        return client.get(f"/steering/the-call/exports/{asked.public_id}/{part}")

    return get


def kill_a_worker_halfway():
    with subprocess.Popen(
        WORKER,
        env=environment(broker_url="redis://127.0.0.1:9/0", smtp_port=9),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as worker:
        try:
            assert worker.stdout.readline() == "halfway\n"
        finally:
            worker.kill()


def release():
    later = clock.wall_now() + export_runs.CLAIM_LASTS
    return export_runs.release_stuck(at=clock.portal_now(), wall_now=later)


def test_export_whose_worker_is_killed_halfway_is_made_again_and_whole(asked, page):
    kill_a_worker_halfway()
    run = ExportRun.objects.get()
    assert (run.state, bool(run.file)) == (ExportState.RUNNING, False)
    assert not run.file.storage.exists(f"exports/{run.public_id.hex}")
    assert page("file/").status_code == 404
    # What it may have disclosed is on record all the same.
    assert [event.action for event in AuditEvent.objects.all()] == ["export_started"]

    assert release() == 1
    assert page("progress/").json()["state"] == ExportState.WAITING
    worker.make_next(now=clock.portal_now, wall_now=clock.wall_now)
    content = b"".join(page("file/").streaming_content)
    run.refresh_from_db()
    assert (run.state, content.count(b"\r\n")) == (ExportState.DONE, 3)
    assert hashlib.sha256(content).hexdigest() == run.sha256


def test_export_that_kills_its_worker_twice_is_given_up_and_says_so(asked, page):
    for _ in range(2):
        # It dies before it writes anything, which leaves the same row as halfway.
        assert export_runs.claim_next(at=clock.portal_now(), wall_now=clock.wall_now()) == asked
        release()
    assert page("progress/").json()["state"] == ExportState.FAILED
    assert "The worker that made it stopped twice." in page().content.decode()
    assert page("file/").status_code == 404
    assert not asked.file.storage.exists(f"exports/{asked.public_id.hex}")
