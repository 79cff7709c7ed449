"""A late pass is taken up while its response is submitted or erased, or ends."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection, transaction
from django.utils.module_loading import import_string

from retention.carrying_out import carry_out
from submissions.calls.retention import DataClass, ends_at
from submissions.responses import housekeeping, late_passes
from submissions.responses.models import Colleague, LatePass, Submission
from tests.makers import confirm_retention, make_call, make_draft, make_user
from tests.races.test_names_race import WAITING
from tests.races.test_sharing_race import let_in
from tests.submissions.responses.test_late_passes import HOUR, give, token_of

pytestmark = pytest.mark.django_db(transaction=True)


def start_taking_up(threads, token, draft, *, at):
    """Return the future of a thread that takes the pass up, once it waits for a lock or has ended.

    The caller is in a transaction.
    """
    return start(
        threads, lambda: late_passes.take_up(call=draft.call, token=token, current=draft, at=at)
    )


def start(threads, act):
    """Return the future of a thread that does it, once that waits for a lock or has ended."""
    ended = Event()

    def do():
        try:
            return act()
        finally:
            ended.set()
            connection.close()

    taking = threads.submit(do)
    with connection.cursor() as cursor:
        for _ in range(1000):
            cursor.execute(WAITING)
            if cursor.fetchone()[0] or ended.wait(0.01):
                break
    return taking


def test_pass_that_two_give_at_the_same_moment_is_one():
    call, by = make_call(), make_user()
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            first = give(call, by=by)
            second = start(threads, lambda: give(call, by=by))
            assert not second.done()
        assert second.result() == first
    assert LatePass.objects.count() == 1


def test_taking_up_waits_for_the_response_without_holding_the_pass():
    """An erasure has locked the response and wants the pass next: neither waits for ever."""
    draft = make_draft()
    call = draft.call
    late_pass = give(call)
    token = token_of(late_pass)
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            Submission.objects.select_for_update(no_key=True).get(pk=draft.pk)
            taking = start_taking_up(threads, token, draft, at=call.closes_at + HOUR)
            assert not taking.done()
            LatePass.objects.select_for_update(nowait=True).get(pk=late_pass.pk)
        assert taking.result() == draft


@pytest.mark.parametrize(
    ("data_class", "reads_passes"),
    [(DataClass.DRAFTS, "drafts.responses_kept_longer"), (DataClass.MAILS, "mails.kept_longer")],
)
def test_what_a_pass_is_taken_up_for_stays_where_its_class_ends_at_that_moment(
    monkeypatch, data_class, reads_passes
):
    """Whoever ends the class has read already which responses a pass keeps."""
    draft = make_draft(story="Nearly done.")
    call = draft.call
    confirm_retention(call)
    let_in(draft, draft.saved_at)
    Submission.objects.get(pk=draft.pk).mails.all().delete()
    due = ends_at(call, data_class)
    token = token_of(give(call, at=due - HOUR, expires_at=due + HOUR))
    name = f"submissions.responses.ending.{reads_passes}"
    read_passes, taking = import_string(name), []

    def taken_up_once_read(*args, **options):
        passes = read_passes(*args, **options)
        if connection.in_atomic_block and not taking:
            taking.append(start_taking_up(threads, token, draft, at=due))
        return passes

    monkeypatch.setattr(name, taken_up_once_read)
    with ThreadPoolExecutor(1) as threads:
        carry_out(at=due, only=data_class)
    assert taking[0].result() == draft
    assert draft.answers.exists()
    assert Colleague.objects.present().filter(submission=draft).exists()


def test_empty_draft_for_which_a_pass_is_taken_up_while_it_is_being_found_stays():
    """Neither a pass nor an address changes the row that is locked, so it is found all the same."""
    draft, _ = make_draft(), make_draft()
    late_pass = give(draft.call)

    def bind_once_found(execute, sql, *rest):
        found = execute(sql, *rest)
        if "FOR UPDATE" in sql:
            LatePass.objects.filter(pk=late_pass.pk).update(submission=draft)
        return found

    with connection.execute_wrapper(bind_once_found):
        cleared = housekeeping.clear(at=draft.saved_at + housekeeping.EMPTY_DRAFTS_KEPT)
    assert (cleared.drafts, Submission.objects.get()) == (1, draft)
