"""Writing findings, changing them at once, agreeing with them, and dropping them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.models import AuditEvent
from accounts.states import AuditAction, Role
from review.errors import FindingOutdated, FindingRefused
from review.findings.agreeing import Voice, agree, voices_of, withdraw_agreement
from review.findings.claims import (
    Claim,
    change_finding,
    claim_of,
    etag_of,
    set_status,
    write_finding,
)
from review.findings.passages import put_passage, take_off
from review.models import Finding, FindingPassage
from review.states import FindingStatus, Stance
from tests.makers import make_call, make_code, make_user
from tests.review.findings.made import agreed, quoted

FOR_AGREEMENT = FindingStatus.FOR_AGREEMENT


def change(evidence, finding, *, base=1, by=None, **claim):
    return change_finding(
        finding,
        claim=replace(claim_of(finding), **claim),
        base=base,
        by=by or evidence.ann,
        at=evidence.at,
    )


def put(evidence, finding, status, *, by=None, base=None, reason=""):
    finding.refresh_from_db()
    by = by or evidence.ann
    base = base or etag_of(finding, by)
    return set_status(finding, status=status, base=base, reason=reason, by=by, at=evidence.at)


def test_finding_keeps_what_was_typed(evidence):
    finding = evidence.find(
        "  Partners\nare paid  late ",
        text="One.\r\nTwo.",
        questions=("story",),
        roles=("provider",),
        counts_once=True,
    )
    assert claim_of(finding) == Claim(
        title="Partners are paid late",
        text="One.\nTwo.",
        strength="most",
        codes=frozenset({evidence.code.pk}),
        questions=("story",),
        roles=("provider",),
        counts_once=True,
    )
    assert (finding.status, finding.revision, finding.written_by) == ("draft", 1, evidence.ann)
    event = AuditEvent.objects.get(action=AuditAction.FINDING_WRITTEN)
    assert (event.actor, event.detail) == (evidence.ann, {"finding": finding.pk})


def test_claim_that_cannot_be_is_refused(evidence):
    for claim, message in (
        ({"title": " \0 "}, "Enter what you claim"),
        ({"title": "x" * 201}, "The claim has 201 characters: 200 at most"),
        ({"text": "x" * 10_001}, "The text has 10,001 characters: 10,000 at most"),
        ({"strength": "nearly all"}, "The scale has no word “nearly all”: choose another"),
        ({"questions": ("colour",)}, "The call does not ask that question"),
        ({"roles": ("king",)}, "The call does not have that role"),
    ):
        with pytest.raises(FindingRefused) as refused:
            evidence.find(**claim)
        assert refused.value.message == message
    assert not Finding.objects.exists()


def test_code_of_another_call_is_refused(evidence):
    other = make_code(call=make_call(), name="Pay")
    with pytest.raises(FindingRefused, match="belong to one call"):
        evidence.find(codes=frozenset({other.pk}))


def test_change_is_on_record_without_its_words(evidence):
    finding = change(evidence, evidence.find(), title="Partners wait for money", text="Long.")
    assert (finding.title, finding.revision) == ("Partners wait for money", 2)
    event = AuditEvent.objects.get(action=AuditAction.FINDING_CHANGED)
    assert event.detail == {"finding": finding.pk, "revision": 2, "fields": ["title", "text"]}


def test_saving_the_same_again_changes_nothing(evidence):
    finding = change(evidence, evidence.find())
    assert finding.revision == 1
    assert not AuditEvent.objects.filter(action=AuditAction.FINDING_CHANGED).exists()


def test_second_of_two_who_change_a_finding_is_told_who_was_first(evidence):
    finding = evidence.find()
    change(evidence, finding, title="Ben's claim", by=evidence.ben)
    with pytest.raises(FindingOutdated) as outdated:
        change(evidence, finding, title="Ann's claim")
    assert outdated.value.message == "ben changed this finding meanwhile"
    change(evidence, finding, title="Ben's claim", by=evidence.ben)  # a second press
    finding.refresh_from_db()
    assert (finding.title, finding.revision) == ("Ben's claim", 2)


def test_changed_claim_asks_for_agreement_anew(evidence):
    finding = agreed(evidence, evidence.find())
    assert [voice for voice in voices_of(finding, evidence.ann) if voice.at] == [
        Voice("ben", evidence.at, is_current=True)
    ]
    finding = change(evidence, finding, strength="many")
    assert finding.status == FOR_AGREEMENT
    assert [voice for voice in voices_of(finding, evidence.ann) if voice.at] == [
        Voice("ben", evidence.at, is_current=False)
    ]
    with pytest.raises(FindingRefused, match="Somebody other than ann"):
        put(evidence, finding, FindingStatus.AGREED)


def test_who_agreed_is_told_of_passages_that_others_changed_since(evidence):
    finding = evidence.find()
    passage = quoted(evidence, finding, evidence.responses[0])
    agreed(evidence, finding)

    def changed(reader):
        return [voice.passages_changed for voice in voices_of(finding, reader) if voice.at]

    assert changed(evidence.ann) == [False]
    later = evidence.at + timedelta(minutes=1)
    place = FindingPassage.objects.get(pk=passage.pk)
    put_passage(finding, passage.quote, stance=Stance.CONTRARY, by=evidence.ben, at=later)
    assert changed(evidence.ann) == [False]  # ben knows
    take_off(place, by=evidence.ann, at=later)
    assert changed(evidence.ann) == [True]
    finding.refresh_from_db()
    for _ in range(2):  # and a second press
        agree(finding, base=etag_of(finding, evidence.ben), by=evidence.ben, at=later)
    assert changed(evidence.ann) == [False]
    assert AuditEvent.objects.filter(action=AuditAction.FINDING_AGREED).count() == 2


def test_team_are_those_who_may_agree(evidence):
    make_user(Role.CODER, username="cat")
    assert [voice.name for voice in voices_of(evidence.find(), evidence.ann)] == ["ann", "ben"]


def test_nobody_makes_their_own_claim_agreed_alone(evidence):
    finding = evidence.find()
    with pytest.raises(FindingRefused, match="Put it for agreement first"):
        put(evidence, finding, FindingStatus.AGREED)
    put(evidence, finding, FOR_AGREEMENT)
    finding.refresh_from_db()
    agree(finding, base=etag_of(finding, evidence.ann), by=evidence.ann, at=evidence.at)
    with pytest.raises(FindingRefused, match="Somebody other than ann, who changed it last"):
        put(evidence, finding, FindingStatus.AGREED)


def test_agreement_is_with_what_the_page_showed(evidence):
    finding = evidence.find()
    put(evidence, finding, FOR_AGREEMENT)
    finding.refresh_from_db()
    base = etag_of(finding, evidence.ben)
    change(evidence, finding, title="Another claim")
    with pytest.raises(FindingOutdated, match=r"^ann changed this finding meanwhile"):
        agree(finding, base=base, by=evidence.ben, at=evidence.at)
    assert not finding.agreements.exists()


def test_draft_takes_no_agreement(evidence):
    finding = evidence.find()
    with pytest.raises(FindingRefused, match="is not for agreement"):
        agree(finding, base=etag_of(finding, evidence.ben), by=evidence.ben, at=evidence.at)


def test_coder_does_not_agree(evidence):
    with pytest.raises(FindingRefused, match="You may not agree"):
        agree(evidence.find(), base="1-draft", by=make_user(Role.CODER), at=evidence.at)


def test_agreement_taken_back_opens_the_finding_again(evidence):
    finding = agreed(evidence, evidence.find())
    withdraw_agreement(finding, by=evidence.ben, at=evidence.at)
    finding.refresh_from_db()
    assert (finding.status, finding.agreements.count()) == (FOR_AGREEMENT, 0)
    said = AuditEvent.objects.filter(action=AuditAction.FINDING_AGREED).order_by("pk")
    detail = [event.detail for event in said]
    assert [(one["finding"], one["agrees"]) for one in detail] == [
        (finding.pk, True),
        (finding.pk, False),
    ]


def test_agreement_with_an_earlier_claim_is_taken_back_without_undoing_a_later_one(evidence):
    finding = agreed(evidence, evidence.find())
    change(evidence, finding, title="Another claim", by=evidence.ben)
    finding.refresh_from_db()
    agree(finding, base=etag_of(finding, evidence.ann), by=evidence.ann, at=evidence.at)
    put(evidence, finding, FindingStatus.AGREED)
    withdraw_agreement(finding, by=evidence.ben, at=evidence.at)
    finding.refresh_from_db()
    assert (finding.status, finding.agreements.get().person) == ("agreed", evidence.ann)


def test_finding_is_dropped_with_a_reason_and_comes_back_without(evidence):
    finding = evidence.find()
    with pytest.raises(FindingRefused, match="Say why it is dropped"):
        put(evidence, finding, FindingStatus.DROPPED, reason=" ")
    put(evidence, finding, FindingStatus.DROPPED, reason="It is another call's.")
    finding.refresh_from_db()
    assert (finding.status, finding.reason) == ("dropped", "It is another call's.")
    with pytest.raises(FindingRefused, match="make it a draft first"):
        change(evidence, finding, title="Still")
    put(evidence, finding, FindingStatus.DRAFT)
    finding.refresh_from_db()
    assert (finding.status, finding.reason) == ("draft", "")


def test_second_of_two_who_set_a_status_is_told_who_was_first(evidence):
    finding = evidence.find()
    base = etag_of(finding, evidence.ann)
    put(evidence, finding, FOR_AGREEMENT, by=evidence.ben)
    put(evidence, finding, FOR_AGREEMENT, by=evidence.ben, base=base)  # a second press
    assert AuditEvent.objects.filter(action=AuditAction.FINDING_STATUS_CHANGED).count() == 1
    with pytest.raises(FindingOutdated, match=r"^ben changed this finding meanwhile"):
        put(evidence, finding, FindingStatus.DROPPED, base=base, reason="No.")


def test_database_refuses_a_dropped_finding_without_a_reason(evidence):
    finding = evidence.find()
    with pytest.raises(IntegrityError, match="review_finding_dropped"), transaction.atomic():
        Finding.objects.filter(pk=finding.pk).update(status="dropped")


def test_database_refuses_a_base_of_no_questions(evidence):
    finding = evidence.find()
    with pytest.raises(IntegrityError, match="review_finding_questions"), transaction.atomic():
        Finding.objects.filter(pk=finding.pk).update(base="answered")


def test_reason_is_kept_without_what_the_database_cannot_hold(evidence):
    finding = put(evidence, evidence.find(), FindingStatus.DROPPED, reason=" Not\0 so. ")
    assert finding.reason == "Not so."
    with pytest.raises(FindingRefused, match="Say why"):
        put(evidence, evidence.find(), FindingStatus.DROPPED, reason="\0")


def test_claim_that_is_sent_twice_is_one_finding(evidence):
    claim = Claim(title="Trust is  gone", text="In lots.")
    first, second = (
        write_finding(call=evidence.call, claim=claim, by=evidence.ann, at=evidence.at)
        for _ in range(2)
    )
    assert first == second
    other = Claim(title="Trust is gone", text="In small lots.")
    assert write_finding(call=evidence.call, claim=other, by=evidence.ann, at=evidence.at) != first
    first.refresh_from_db()
    change(evidence, first, text="Changed.")
    again = write_finding(call=evidence.call, claim=claim, by=evidence.ann, at=evidence.at)
    assert again != first
