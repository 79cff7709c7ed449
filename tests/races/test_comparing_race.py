"""The worker compares responses, while others decide about their sets, or erase what is in them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from django.db import connection, transaction

from accounts.states import Role
from retention.of_responses import EVIDENCE
from review.duplicates import comparing_arrivals
from review.duplicates.deciding import decide
from review.models import Cluster, ClusterMember
from review.states import ClusterState, MemberState
from submissions.outbox.models import OutboxEmail
from submissions.responses.addresses import remember_address
from submissions.responses.models import Submission
from tests.makers import (
    OPENS_AT,
    confirm_address,
    enqueue_link_mail,
    make_call,
    make_user,
    while_open,
)
from tests.review.duplicates.test_comparing_arrivals import amend
from tests.review.duplicates.texts import CAMPAIGN, OTHER, PREFACE, compare_all, send
from tests.threads import until_somebody_waits

pytestmark = pytest.mark.django_db(transaction=True)


def compare_beside():
    try:
        return compare_all()
    finally:
        connection.close()


def test_response_that_staff_confirm_while_it_is_compared_stays_in_its_set():
    call, reviewer = make_call(), make_user(Role.REVIEWER)
    changed = [send(call, CAMPAIGN) for _ in range(2)][-1]
    compare_all()
    amend(changed, story=OTHER)
    with ThreadPoolExecutor(1) as worker:
        with transaction.atomic():
            with connection.cursor() as cursor:
                # Of two that wait for each other, this one would end.
                cursor.execute("SET LOCAL lock_timeout = '500ms'")
            cluster = Cluster.objects.select_for_update().get()
            compared = worker.submit(compare_beside)
            until_somebody_waits()
            decide(
                cluster,
                to=ClusterState.CAMPAIGN,
                up_to=ClusterMember.objects.latest("pk").pk,
                base=cluster.lock_version,
                by=reviewer,
                at=OPENS_AT,
                name="Fair lots",
            )
        assert compared.result(timeout=20) == 1
    states = ClusterMember.objects.values_list("cluster", "state")
    assert list(states) == [(cluster.pk, MemberState.CONFIRMED)] * 2


def erase_by_request(response):
    Submission.objects.select_for_update(no_key=True).get(pk=response.pk)
    comparing_arrivals.let_go(response.pk)


def end_by_retention(response):
    call = response.call
    assert EVIDENCE.end_some(call, at=call.closes_at + timedelta(days=9_999), limit=1)


@pytest.mark.parametrize("erase", [erase_by_request, end_by_retention])
def test_response_in_two_sets_is_erased_while_others_are_put_into_both(erase, monkeypatch):
    call = make_call()
    sender, erased, copy = send(call, OTHER), send(call, CAMPAIGN), send(call, CAMPAIGN)
    assert compare_all() == 3
    confirm(sender, erased)
    late = while_open(call) + timedelta(hours=1)
    assert compare_all(late) == 2
    places = ClusterMember.objects.filter(submission=erased)
    assert places.count() == 2
    amend(sender, story=PREFACE)
    amend(copy, story=CAMPAIGN + PREFACE)
    send(call, CAMPAIGN)
    has_compared_one, may_go_on = Event(), Event()
    compare = comparing_arrivals.compare

    def compare_slowly(*given, **named):
        compare(*given, **named)
        has_compared_one.set()
        assert may_go_on.wait(20)

    monkeypatch.setattr(comparing_arrivals, "compare", compare_slowly)
    with ThreadPoolExecutor(2) as threads:
        compared = threads.submit(closing_after, compare_all, late)
        assert has_compared_one.wait(20)
        ended = threads.submit(closing_after, in_transaction, erase, erased)
        until_somebody_waits()
        may_go_on.set()
        assert ended.result(timeout=20) is None
        assert compared.result(timeout=20) == 3
    assert not places.exists()


def confirm(*responses):
    """They have one address in common; its mails are out."""
    for one in responses:
        at = while_open(one.call)
        remember_address(submission=one, address="jo@example.org", at=at)
        confirm_address(enqueue_link_mail(one, at=at, address="jo@example.org"))
    OutboxEmail.objects.update(state="sent", sent_at=OPENS_AT)


def in_transaction(verb, response):
    with transaction.atomic():
        verb(response)


def closing_after(verb, *given):
    try:
        return verb(*given)
    finally:
        connection.close()
