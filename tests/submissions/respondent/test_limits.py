"""How many responses and mails one client may cause, and what the pages say beyond that."""

import errno
import os
import re
from datetime import timedelta
from secrets import token_hex

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from core import disk_reserve, throttling
from submissions.outbox.models import OutboxEmail
from submissions.respondent.waiting import minutes_of
from submissions.responses import drafting
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState
from submissions.responses.working_copy import working_answers
from tests.makers import complete_answers, make_call, make_user, press_submit, while_open

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_tries_before(settings):
    """Tries are counted under the secret key, and other tests run beside this one."""
    settings.SECRET_KEY = token_hex()


@pytest.fixture
def call(at):
    call = make_call()
    at(while_open(call))
    return call


def start(call, client=None, **extra):
    return (client or Client()).post(f"/calls/{call.slug}/start/", **extra)


def submit(call, client):
    """Start, answer and submit as somebody new."""
    start(call, client)
    values = complete_answers(call)
    draft = Submission.objects.latest("pk")
    drafting.save_answers(submission=draft, call=call, values=values, at=while_open(call))
    return press_submit(client, call)


def words_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_client_that_started_many_responses_is_told_when_to_try_again(call, settings):
    settings.DRAFTS_OF_CLIENT_PER_HOUR = 2
    assert [start(call).status_code for _ in range(2)] == [302, 302]
    refused = start(call)
    assert (refused.status_code, refused["Retry-After"]) == (429, "3600")
    assert "Try again in 60 minutes." in words_of(refused)
    assert Submission.objects.count() == 2
    assert start(call, REMOTE_ADDR="192.0.2.9").status_code == 302


def test_responses_that_all_may_start_have_a_limit(call, settings):
    settings.DRAFTS_IN_ALL_PER_HOUR = 1
    assert start(call).status_code == 302
    assert start(call, REMOTE_ADDR="192.0.2.9").status_code == 429


def test_going_on_with_a_response_counts_as_no_start(call, settings, client):
    settings.DRAFTS_OF_CLIENT_PER_HOUR = 1
    assert [start(call, client).status_code for _ in range(3)] == [302] * 3
    assert Submission.objects.count() == 1


def test_nobody_is_refused_while_the_broker_is_away(call, settings, monkeypatch):
    def away():
        raise ConnectionRefusedError

    monkeypatch.setattr(throttling, "broker", away)
    settings.DRAFTS_OF_CLIENT_PER_HOUR = 1
    assert [start(call).status_code for _ in range(2)] == [302, 302]


def test_minutes_are_rounded_up():
    waits = [timedelta(seconds=61), timedelta(minutes=1), timedelta(microseconds=1)]
    assert [minutes_of(wait) for wait in waits] == [2, 1, 1]


def test_submission_is_taken_where_its_mail_has_to_wait(call, settings):
    settings.MAIL_OF_CLIENT_PER_HOUR = 1
    clients = [Client(), Client()]
    assert [submit(call, client).status_code for client in clients] == [302, 302]
    assert Submission.objects.filter(state=SubmissionState.SUBMITTED).count() == 2
    first, second = OutboxEmail.objects.order_by("pk")
    assert (first.next_attempt_at, first.last_error) == (None, "")
    assert second.next_attempt_at is not None
    assert second.last_error == "It waits: very many mails were caused from one place."
    said = [words_of(each.get(f"/calls/{call.slug}/response/submitted/")) for each in clients]
    assert "It can take a few minutes." in said[0]
    assert "in 60 minutes at the earliest." in said[1]


def test_staff_see_how_much_room_there_is(client, monkeypatch, settings):
    settings.DISK_RESERVE_MB = 1_024
    settings.DRAFTS_IN_ALL_PER_HOUR = 3_000
    monkeypatch.setattr(disk_reserve, "free_bytes", lambda: 1_023 * 1024 * 1024)
    client.force_login(make_user(is_staff=True, is_superuser=True))
    page = client.get("/admin/")
    assert (
        "1,023 MB are free for files; below 1,024 MB, uploads and exports are refused"
        in words_of(page)
    )
    assert "Responses begun within the last hour: 0, of 3,000 at most." in words_of(page)
    assert page.context["is_full"] is True


def no_file_is_made(_self, _name, _content):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(
    ("of", "name", "full"),
    [
        (disk_reserve, "free_bytes", lambda: 0),
        # Without inodes, over a quota, or full since it was looked at.
        (FileSystemStorage, "_save", no_file_is_made),
    ],
)
def test_what_was_typed_is_saved_where_a_file_finds_no_room(
    call, client, monkeypatch, of, name, full
):
    start(call, client)
    monkeypatch.setattr(of, name, full)
    file = SimpleUploadedFile("notes.txt", b"Minutes.")
    page = f"/calls/{call.slug}/response/evidence/"
    refused = client.post(page, {"story": "Typed.", "documents": [file], "action": "continue"})
    assert refused.status_code == 422
    assert "“notes.txt” was not added: there is no room for files at the moment." in words_of(
        refused
    )
    draft = Submission.objects.get()
    assert working_answers(draft, call) == {"story": "Typed."}
    assert draft.attachments.count() == 0
