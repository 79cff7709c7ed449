"""Readers who page while others commit miss nothing, whatever the order of the commits."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread

import pytest
from django.db import connection, connections, transaction
from django.test import Client

from accounts.record import record
from accounts.states import AuditAction
from exports.changes import give_numbers
from exports.models import Change
from submissions.responses.models import Submission
from tests.exports.api.pulling import lines, make_token, pull, said
from tests.makers import make_call, make_submitted, while_open
from tests.races.test_names_race import WAITING

pytestmark = pytest.mark.django_db(transaction=True)


def change(response, status="considered"):
    Submission.objects.filter(pk=response.pk).update(triage_status=status)


class SlowWriter(Thread):
    """Changes a response in a transaction that commits only when told."""

    def __init__(self, response):
        super().__init__(daemon=True)
        self.response = response
        self.has_written, self.may_commit = Event(), Event()

    def run(self):
        try:
            with transaction.atomic():
                change(self.response)
                self.has_written.set()
                self.may_commit.wait(20)
        finally:
            connections.close_all()

    def __enter__(self):
        self.start()
        assert self.has_written.wait(20)
        return self

    def __exit__(self, *_raised):
        self.may_commit.set()
        self.join(20)


def test_change_that_commits_late_comes_after_those_before_it(client):
    call = make_call()
    slow, fast = make_submitted(call), make_submitted(call)
    _token, secret = make_token(call)
    cursor = pull(client, call, secret)["Next-Cursor"]
    with SlowWriter(slow):
        change(fast)
        meanwhile = pull(client, call, secret, cursor=cursor)
        assert said(meanwhile) == [(fast.reference, "response")]
        assert lines(pull(client, call, secret, cursor=meanwhile["Next-Cursor"])) == []
    later = pull(client, call, secret, cursor=meanwhile["Next-Cursor"])
    assert said(later) == [(slow.reference, "response")]


def test_row_that_waits_for_a_number_gets_none_while_it_changes_again(client):
    """Numbered then, it would be read as it was: the second change would be under the cursor."""
    call = make_call()
    response = make_submitted(call)
    _token, secret = make_token(call)
    cursor = pull(client, call, secret)["Next-Cursor"]
    change(response, "in_review")
    with SlowWriter(response):
        meanwhile = pull(client, call, secret, cursor=cursor)
        assert lines(meanwhile) == []
    (line,) = lines(pull(client, call, secret, cursor=meanwhile["Next-Cursor"]))
    assert (line["reference"], line["status"]) == (response.reference, "considered")


def test_first_submission_that_commits_late_is_not_missed(client):
    call = make_call()
    early = make_submitted(call)
    _token, secret = make_token(call)
    may_commit, has_written = Event(), Event()

    def submit_slowly():
        try:
            with transaction.atomic():
                response = make_submitted(call)
                has_written.set()
                may_commit.wait(20)
                return response.reference
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as other:
        submitting = other.submit(submit_slowly)
        assert has_written.wait(20)
        first = pull(client, call, secret)
        assert said(first) == [(early.reference, "response")]
        may_commit.set()
        reference = submitting.result(20)
    assert said(pull(client, call, secret, cursor=first["Next-Cursor"])) == [
        (reference, "response")
    ]


def test_copy_kept_by_a_reader_is_the_call_after_many_writers(client):
    """Four writers change twelve responses again and again while a reader pages by two."""
    call = make_call()
    responses = [make_submitted(call) for _ in range(12)]
    _token, secret = make_token(call)
    statuses = ["in_review", "considered", "set_aside", "unread"]

    def write(place):
        try:
            for turn in range(12):
                with transaction.atomic():
                    for response in responses[place::4]:
                        change(response, statuses[(turn + place) % 4])
        finally:
            connections.close_all()

    copy, held = {}, {}

    def read():
        answer = pull(client, call, secret, limit=2, **held)
        copy.update({line["reference"]: line["status"] for line in lines(answer)})
        held["cursor"] = answer["Next-Cursor"]
        return "Link" in answer

    with ThreadPoolExecutor(4) as writers:
        writing = [writers.submit(write, place) for place in range(4)]
        while not all(each.done() for each in writing):
            read()
        for each in writing:
            each.result()
    while read():
        pass
    assert copy == {r.reference: r.triage_status for r in Submission.objects.filter(call=call)}


def test_two_readers_at_once_give_each_change_one_number():
    call = make_call()
    responses = [make_submitted(call) for _ in range(8)]
    _token, secret = make_token(call)
    for response in responses:
        change(response)

    def read(_reader):
        try:
            return said(pull(Client(), call, secret))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as readers:
        found = list(readers.map(read, range(4)))
    numbers = list(Change.objects.order_by("number").values_list("number", flat=True))
    assert len(set(numbers)) == 8
    assert None not in numbers
    assert all(
        {reference for reference, _change in each} <= {r.reference for r in responses}
        for each in found
    )
    assert max(len(each) for each in found) == 8


def test_numbers_that_commit_late_hold_back_the_next_ones(client):
    """A reader who got the next ones first would have read past those before them."""
    call = make_call()
    slow, fast = make_submitted(call), make_submitted(call)
    _token, secret = make_token(call)
    cursor = pull(client, call, secret)["Next-Cursor"]
    change(slow)

    def read():
        try:
            change(fast)
            return pull(Client(), call, secret, cursor=cursor)
        finally:
            ended.set()
            connections.close_all()

    ended = Event()
    with ThreadPoolExecutor(1) as other:
        with transaction.atomic(), connection.cursor() as database:
            give_numbers(call, at=while_open(call))
            reading = other.submit(read)
            for _ in range(1000):
                database.execute(WAITING)
                if database.fetchone()[0] or ended.wait(0.01):
                    break
        first = reading.result(20)
    found = said(first) + said(pull(client, call, secret, cursor=first["Next-Cursor"]))
    assert found == [(each.reference, "response") for each in (slow, fast)]


def test_database_set_back_to_an_earlier_day_is_told(client):
    call = make_call()
    for _ in range(2):
        make_submitted(call)
    _token, secret = make_token(call)
    cursor = pull(client, call, secret)["Next-Cursor"]
    with connection.cursor() as database:
        database.execute(
            "SELECT setval('exports_change_number', last_value - 1) FROM exports_change_number"
        )
    Change.objects.all().delete()
    assert pull(client, call, secret, cursor=cursor).status_code == 410


def test_cursor_of_before_a_restore_is_over_once_the_numbers_have_reached_it(client):
    call = make_call()
    for _ in range(2):
        make_submitted(call)
    _token, secret = make_token(call)
    cursor = pull(client, call, secret)["Next-Cursor"]
    assert pull(client, call, secret, cursor=cursor).status_code == 200
    record(by=None, at=while_open(call), action=AuditAction.RESTORED, backup="the last")
    assert pull(client, call, secret, cursor=cursor).status_code == 410
    assert pull(client, call, secret).status_code == 200
