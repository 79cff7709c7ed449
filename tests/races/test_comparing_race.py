"""The worker compares a changed response, while staff decide about the set that it is in."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from accounts.states import Role
from review.duplicates.deciding import decide
from review.models import Cluster, ClusterMember
from review.states import ClusterState, MemberState
from tests.makers import OPENS_AT, make_call, make_user
from tests.review.duplicates.test_comparing_arrivals import amend
from tests.review.duplicates.texts import CAMPAIGN, OTHER, compare_all, send
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
