"""What is left of a comparison after a response, or who gave it, is erased."""

from datetime import timedelta

import pytest

from personal_data import erasing
from review.duplicates.deciding import decide
from review.models import Cluster, ClusterMember, Shingle, Signature
from review.states import ClusterKind, ClusterState
from submissions.responses import erasing as requests
from submissions.responses.addresses import remember_address
from submissions.responses.states import ErasureScope
from tests.makers import confirm_address, enqueue_link_mail, make_call, make_user, while_open
from tests.review.duplicates.texts import CAMPAIGN, compare_all, found, send

pytestmark = pytest.mark.django_db


def erase(response, scope):
    """Carry out an erasure that a rule of retention asks for."""
    at = while_open(response.call) + timedelta(minutes=5)
    request = requests.end_by_retention(
        submission=response, scope=scope, rule="Test", by=None, at=at
    )
    erasing.erase_from_database(request, at=at)


def test_erased_response_leaves_its_campaign_and_takes_the_text_with_it():
    call = make_call()
    first, second, third = (send(call, CAMPAIGN) for _ in range(3))
    compare_all()
    decide(
        Cluster.objects.get(),
        to=ClusterState.CAMPAIGN,
        up_to=10**9,
        base=0,
        by=make_user(is_superuser=True),
        at=while_open(call),
        name="Fair lots",
        text=CAMPAIGN,
    )
    erase(first, ErasureScope.RESPONSE)
    cluster = Cluster.objects.get()
    assert (cluster.name, cluster.text, cluster.text_from) == ("Fair lots", "", None)
    assert cluster.standing is None
    assert found() == [{second.reference, third.reference}]
    assert not Signature.objects.filter(submission=first).exists()
    assert not Shingle.objects.filter(signature__submission=first).exists()


def test_erased_sender_is_the_same_as_nobody():
    call = make_call()
    at = while_open(call)
    first, second = send(call, CAMPAIGN), send(call, CAMPAIGN)
    for one in (first, second):
        remember_address(submission=one, address="jo@example.org", at=at)
        confirm_address(enqueue_link_mail(one, at=at))
    compare_all(at + timedelta(minutes=1))
    kinds = ClusterMember.objects.filter(submission=first).values_list("kind", flat=True)
    assert set(kinds) == {ClusterKind.TEXT, ClusterKind.SENDER}
    erase(first, ErasureScope.IDENTITY)
    assert Signature.objects.get(submission=first).sender == ""
    assert Cluster.objects.get().kind == ClusterKind.TEXT
    assert compare_all(at + timedelta(minutes=9)) == 0
