"""Workers side by side: each mail goes to the mail server once."""

import threading
from collections import Counter
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection, transaction

from submissions.mail import sending
from submissions.mail.errors import ResendRefused
from submissions.mail.resending import send_again
from submissions.outbox import queue
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import OutboxState
from tests.makers import OPENS_AT, make_call, make_submitted, make_user
from tests.submissions.mail.mail_sink import listening

pytestmark = pytest.mark.django_db(transaction=True)
NOW = OPENS_AT + timedelta(days=1)


def enqueued(number):
    call = make_call()
    for _ in range(number):
        make_submitted(call, at=NOW)


def side_by_side(number, work):
    """Run `work` in threads that start together, each with a database connection of its own."""
    together = threading.Barrier(number)
    results = []

    def run():
        try:
            together.wait(10)
            results.append(work())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(results) == number
    return results


def test_two_workers_never_send_one_mail_twice(settings, monkeypatch):
    monkeypatch.setattr(sending, "BATCH", 3)
    enqueued(12)
    with listening() as sink:
        # So that neither is through before the other has begun.
        sink.replies["DATA", None] = 0.05
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
        reports = side_by_side(
            2, lambda: sending.send_due(portal_now=lambda: NOW, wall_now=lambda: NOW)
        )
        received = Counter(message["Message-ID"] for message in sink.messages)
    assert received == Counter(OutboxEmail.objects.values_list("message_id", flat=True))
    assert sum(report.sent for report in reports) == 12
    assert min(report.sent for report in reports) > 0
    assert set(OutboxEmail.objects.values_list("state", "attempts")) == {(OutboxState.SENT, 1)}


def test_two_who_send_a_mail_again_at_once_enqueue_one_copy():
    enqueued(1)
    OutboxEmail.objects.update(state=OutboxState.FAILED)
    mail, staff = OutboxEmail.objects.get(), make_user()

    def press():
        with suppress(ResendRefused):
            return send_again(mail, by=staff, at=NOW)

    pressed = side_by_side(4, press)
    assert OutboxEmail.objects.filter(resend_of=mail).count() == 1
    assert pressed.count(None) == 3


def test_claim_passes_over_what_another_worker_is_claiming():
    enqueued(2)
    with transaction.atomic():
        (mine,) = OutboxEmail.objects.select_for_update(no_key=True).order_by("pk")[:1]
        ((theirs,),) = side_by_side(1, lambda: queue.claim_due(wall_now=NOW, limit=5))
    assert theirs.pk != mine.pk


def test_workers_side_by_side_keep_the_rate(settings):
    settings.MAIL_PER_MINUTE = 10
    enqueued(24)
    claims = side_by_side(8, lambda: queue.claim_due(wall_now=NOW, limit=3))
    assert sum(len(claimed) for claimed in claims) == 10
