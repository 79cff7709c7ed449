"""Loads beside each other, and beside an answer that is on its way."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event

import pytest
from django.db import connection, transaction

from accounts.models import AuditEvent
from submissions.calls.models import Call
from submissions.definitions.closing_times import change_closing_time
from submissions.definitions.errors import DefinitionRefused
from submissions.definitions.loading import load, parse
from submissions.responses import drafting
from tests.makers import OPENS_AT, SMALL, make_draft, make_user
from tests.races.test_names_race import WAITING

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = SMALL.read_text(encoding="utf-8")


def load_text(text=TEXT):
    return load(parse(text, source="small.toml"), by=None, at=OPENS_AT)


def test_two_first_loads_make_one_call():
    barrier = Barrier(2)

    def run():
        try:
            connection.ensure_connection()
            barrier.wait(timeout=20)
            return load_text().outcome
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        ends = [threads.submit(run) for _ in range(2)]
        outcomes = sorted(end.result(timeout=60) for end in ends)
    assert outcomes == ["created", "unchanged"]
    assert Call.objects.count() == 1
    assert AuditEvent.objects.count() == 1


def test_closing_time_that_staff_change_meanwhile_is_not_taken_back():
    call, ended = load_text().call, Event()

    def load_again():
        try:
            return load_text(TEXT.replace("How large?", "How large is it?"))
        except DefinitionRefused as refused:
            return refused.problems
        finally:
            ended.set()
            connection.close()

    later = call.closes_at + timedelta(days=1)
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic(), connection.cursor() as cursor:
            change_closing_time(call, to=later, reason="The post", by=make_user(), at=OPENS_AT)
            loading = threads.submit(load_again)
            for _ in range(1000):
                cursor.execute(WAITING)
                if cursor.fetchone()[0] or ended.wait(0.01):
                    break
        (problem,) = loading.result(timeout=20)
    assert problem.startswith("small.toml: call.closes: the file says ")
    assert Call.objects.get().closes_at == later


def test_answer_on_its_way_keeps_its_question():
    draft = make_draft(load_text().call)
    call = Call.objects.get()
    written, committing = Event(), Event()

    def answer():
        try:
            with transaction.atomic():
                drafting.save_answers(
                    submission=draft, call=call, values={"number": "12"}, at=OPENS_AT
                )
                written.set()
                committing.wait(timeout=20)
        finally:
            connection.close()

    def remove_question():
        try:
            block = TEXT[TEXT.index('[[sections.questions]]\nkey = "number"') :]
            load_text(TEXT.replace(block[: block.index("[[sections]]")], ""))
        except DefinitionRefused as refused:
            return refused.problems
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        answering = threads.submit(answer)
        assert written.wait(timeout=20)
        removing = threads.submit(remove_question)
        waited_for_the_answer = not removing_ends_within(removing, seconds=0.5)
        committing.set()
        answering.result(timeout=20)
        problems = removing.result(timeout=20)
    assert waited_for_the_answer
    assert problems == [
        "small.toml: sections.about_you.number: cannot be removed: 1 response answered it"
    ]


def removing_ends_within(future, *, seconds):
    try:
        future.result(timeout=seconds)
    except TimeoutError:
        return False
    return True
