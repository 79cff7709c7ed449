from datetime import timedelta

import pytest

from review.models import Cluster, ClusterMember, Shingle, Signature
from review.states import ClusterKind, Likeness, MemberState
from submissions.responses import amending, drafting, submitting
from submissions.responses.addresses import remember_address
from tests.makers import (
    confirm_address,
    enqueue_link_mail,
    make_call,
    make_submitted,
    while_open,
)
from tests.review.duplicates.texts import (
    CAMPAIGN,
    IN_CHINESE,
    OTHER,
    PREFACE,
    PREFACE_IN_CHINESE,
    compare_all,
    found,
    send,
)
from tests.unspaced import UNSPACED

pytestmark = pytest.mark.django_db


def edited(text):
    """The text with every twelfth word another one: 8 %."""
    words = text.split()
    return " ".join("moreover" if place % 12 == 5 else word for place, word in enumerate(words))


def amend(response, **values):
    call, at = response.call, while_open(response.call) + timedelta(minutes=5)
    amending.reopen(submission=response, at=at)
    drafting.save_answers(submission=response, call=call, values=values, at=at)
    submitting.submit(submission=response, at=at)


@pytest.mark.parametrize(
    "variant",
    [
        CAMPAIGN.upper().replace(",", ""),
        PREFACE + CAMPAIGN,
        f"{OTHER}\n\n{CAMPAIGN}\n\n{PREFACE}",
        edited(CAMPAIGN),
        CAMPAIGN[: CAMPAIGN.index("Our members")] + PREFACE,
    ],
)
def test_variant_of_a_text_is_proposed_beside_it(variant):
    call = make_call()
    first, second, other = send(call, CAMPAIGN), send(call, variant), send(call, PREFACE[::-1])
    assert compare_all() == 3
    assert found() == [{first.reference, second.reference}]
    assert other.reference not in found()[0]
    states = ClusterMember.objects.values_list("state", flat=True)
    assert set(states) == {MemberState.PROPOSED}


def test_variant_is_proposed_in_a_script_without_spaces_between_words():
    call = make_call()
    variant = PREFACE_IN_CHINESE + IN_CHINESE.replace("六周", "八周")
    first, second = send(call, IN_CHINESE), send(call, variant)
    send(call, "".join(text for text, _ in UNSPACED))
    compare_all()
    assert found() == [{first.reference, second.reference}]


def test_verbatim_copy_is_said_to_be_identical_whatever_its_marks_and_capitals():
    call = make_call()
    send(call, CAMPAIGN)
    copy = send(call, CAMPAIGN.upper().replace(".", "!"))
    compare_all()
    member = ClusterMember.objects.get(submission=copy)
    assert (member.likeness, member.share) == (Likeness.IDENTICAL, 100)


def test_short_agreement_is_no_campaign():
    call = make_call()
    for _ in range(3):
        send(call, "Yes, I agree with all of it.")
    compare_all()
    assert found() == []


def test_words_of_the_questions_make_no_answers_alike():
    quoted = "What happened to your organisation when it last bid for a contract with others, and "
    quoted += "what would you tell those who decide how such contracts are written in this county?"
    call = make_call(about=quoted)
    send(call, f"{quoted} Nothing.")
    send(call, f"{quoted} We lost.")
    compare_all()
    assert found() == []


def test_same_words_in_another_call_are_no_duplicate():
    send(make_call(), CAMPAIGN)
    send(make_call(), CAMPAIGN)
    compare_all()
    assert found() == []


def test_later_arrival_joins_by_itself_and_nothing_is_compared_twice():
    call = make_call()
    first, second = send(call, CAMPAIGN), send(call, PREFACE + CAMPAIGN)
    assert (compare_all(), compare_all()) == (2, 0)
    third = send(call, edited(CAMPAIGN))
    assert compare_all() == 1
    assert found() == [{first.reference, second.reference, third.reference}]


def test_amended_response_is_compared_anew_and_let_go_of_what_it_says_no_more():
    call = make_call()
    send(call, CAMPAIGN)
    changed = send(call, CAMPAIGN)
    compare_all()
    amend(changed, story=OTHER)
    assert (compare_all(), found()) == (1, [])
    assert Cluster.objects.count() == 0


def test_amended_response_that_is_like_both_sets_brings_them_together():
    call = make_call()
    both = [send(call, CAMPAIGN) for _ in range(2)]
    other, changed = (send(call, OTHER) for _ in range(2))
    compare_all()
    amend(changed, story=f"{OTHER}\n\n{CAMPAIGN}")
    assert compare_all() == 1
    assert found() == [{each.reference for each in (*both, other, changed)}]


def test_withdrawn_response_is_let_go():
    call = make_call()
    first, second, gone = (send(call, CAMPAIGN) for _ in range(3))
    compare_all()
    amending.withdraw(submission=gone, at=while_open(call))
    compare_all()
    assert found() == [{first.reference, second.reference}]
    assert not Signature.objects.filter(submission=gone).exists()
    assert set(Shingle.objects.values_list("signature__submission", flat=True)) == {
        first.pk,
        second.pk,
    }


def test_confirmed_address_of_two_responses_makes_them_of_the_same_sender():
    call = make_call()
    at = while_open(call)
    both = [make_submitted(call, story=text) for text in (OTHER, CAMPAIGN)]
    for one, address in zip(both, ("jo@example.org", "Jo@Example.org"), strict=True):
        remember_address(submission=one, address=address, at=at)
        confirm_address(enqueue_link_mail(one, at=at, address=address))
    compare_all(at + timedelta(minutes=1))
    assert found() == [{one.reference for one in both}]
    assert Cluster.objects.get().kind == ClusterKind.SENDER
    stored = Signature.objects.values_list("sender", flat=True)
    assert len(set(stored)) == 1
    assert "@" not in stored[0]


def test_hash_of_an_address_ends_with_the_address():
    call = make_call()
    at = while_open(call)
    one = make_submitted(call, story=OTHER)
    remember_address(submission=one, address="jo@example.org", at=at)
    confirm_address(enqueue_link_mail(one, at=at))
    compare_all(at + timedelta(minutes=1))
    assert Signature.objects.exclude(sender="").count() == 1
    one.return_address.delete()
    compare_all(at + timedelta(minutes=2))
    assert Signature.objects.get().sender == ""


def test_address_that_nobody_confirmed_says_nothing_until_somebody_does():
    call = make_call()
    at = while_open(call)
    both = [make_submitted(call, story=text) for text in (OTHER, CAMPAIGN)]
    for one in both:
        remember_address(submission=one, address="jo@example.org", at=at)
    confirm_address(enqueue_link_mail(both[0], at=at, address="jo@example.org"))
    compare_all(at + timedelta(minutes=1))
    assert found() == []
    late = at + timedelta(minutes=9)
    confirm_address(enqueue_link_mail(both[1], at=late, address="jo@example.org"))
    assert compare_all(late + timedelta(minutes=1)) == 1
    assert found() == [{one.reference for one in both}]
