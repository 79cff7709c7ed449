"""A late pass is taken up while its response is submitted or erased."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection, transaction

from submissions.responses import late_passes
from submissions.responses.models import LatePass, Submission
from tests.makers import make_draft
from tests.races.test_names_race import WAITING
from tests.submissions.responses.test_late_passes import HOUR, give, token_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_taking_up_waits_for_the_response_without_holding_the_pass():
    """An erasure has locked the response and wants the pass next: neither waits for ever."""
    draft = make_draft()
    call = draft.call
    late_pass = give(call)
    token, ended = token_of(late_pass), Event()

    def take_up():
        try:
            return late_passes.take_up(
                call=call, token=token, current=draft, at=call.closes_at + HOUR
            )
        finally:
            ended.set()
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic(), connection.cursor() as cursor:
            Submission.objects.select_for_update(no_key=True).get(pk=draft.pk)
            taking = threads.submit(take_up)
            for _ in range(1000):
                cursor.execute(WAITING)
                if cursor.fetchone()[0] or ended.wait(0.01):
                    break
            assert not ended.is_set()
            LatePass.objects.select_for_update(nowait=True).get(pk=late_pass.pk)
        assert taking.result() == draft
