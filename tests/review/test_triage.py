"""A response's status, who has it, and its flag: one place changes each, on record."""

import pytest

from accounts.models import AuditEvent
from accounts.states import Role
from review.errors import ReviewOutdated, ReviewRefused
from review.models import Review
from review.triage import (
    StatusChoice,
    assign,
    assignee_etag,
    change_status,
    flag,
    status_choices,
    status_etag,
)
from submissions.responses.models import Submission
from submissions.responses.states import TriageStatus
from tests.makers import CLOSES_AT, let_members_in, make_call, make_draft, make_submitted, make_user

pytestmark = pytest.mark.django_db
AT = CLOSES_AT


@pytest.fixture
def ann():
    return make_user(Role.REVIEWER, username="ann")


@pytest.fixture
def ben():
    return make_user(Role.REVIEWER, username="ben")


def events(action):
    return list(
        AuditEvent.objects.filter(action=action)
        .order_by("pk")
        .values_list("actor__username", "detail")
    )


def test_status_choices_are_the_statuses_and_the_usual_reasons():
    assert [(choice.key, label) for choice, label in status_choices(make_call())] == [
        ("unread", "New"),
        ("in_review", "In review"),
        ("considered", "Considered"),
        ("set_aside.duplicate", "Set aside: A duplicate of another response"),
        ("set_aside.out_of_scope", "Set aside: Not about what the call asks"),
        ("set_aside.no_evidence", "Set aside: Nothing in it to consider"),
        ("set_aside.test", "Set aside: Sent as a test"),
        ("set_aside.abusive", "Set aside: Abusive or spam"),
    ]


def test_reasons_of_the_call_replace_the_usual_ones(ann):
    call = make_call(set_aside_reasons=[{"key": "late", "label": "Came too late"}])
    response = make_submitted(call)
    with pytest.raises(ReviewRefused):
        change_status(response, to=TriageStatus.SET_ASIDE, reason="test", by=ann, at=AT)
    assert change_status(response, to=TriageStatus.SET_ASIDE, reason="late", by=ann, at=AT)
    assert StatusChoice(TriageStatus.SET_ASIDE, "late").label(call) == "Set aside: Came too late"
    call.set_aside_reasons = [{"key": "other", "label": "Other"}]
    assert StatusChoice(TriageStatus.SET_ASIDE, "late").label(call) == "Set aside: late"


def test_reason_goes_with_set_aside_and_with_nothing_else(ann):
    response = make_submitted()
    with pytest.raises(ReviewRefused):
        change_status(response, to=TriageStatus.SET_ASIDE, by=ann, at=AT)
    with pytest.raises(ReviewRefused):
        change_status(response, to=TriageStatus.CONSIDERED, reason="test", by=ann, at=AT)
    change_status(response, to=TriageStatus.SET_ASIDE, reason="test", by=ann, at=AT)
    change_status(response, to=TriageStatus.SET_ASIDE, reason="duplicate", by=ann, at=AT)
    assert not change_status(response, to=TriageStatus.SET_ASIDE, reason="duplicate", by=ann, at=AT)
    assert Review.objects.get().reason == "duplicate"
    change_status(response, to=TriageStatus.CONSIDERED, by=ann, at=AT)
    review = Review.objects.get()
    assert (review.reason, review.decided_by, review.decided_at) == ("", ann, AT)
    assert events("status_changed") == [
        ("ann", {"before": "unread", "after": "set_aside", "reason": "test"}),
        ("ann", {"before": "set_aside", "after": "set_aside", "reason": "duplicate"}),
        ("ann", {"before": "set_aside", "after": "considered"}),
    ]


def test_another_reason_meanwhile_is_refused_with_the_name(ann, ben):
    response = make_submitted()
    change_status(response, to=TriageStatus.SET_ASIDE, reason="test", by=ann, at=AT)
    seen = status_etag(response)
    change_status(response, to=TriageStatus.SET_ASIDE, reason="abusive", by=ann, at=AT)
    with pytest.raises(ReviewOutdated) as outdated:
        change_status(response, to=TriageStatus.CONSIDERED, by=ben, at=AT, base_etag=seen)
    assert outdated.value.message == (
        "While this page was open, ann changed the status to “Set aside: Abusive or spam”"
    )
    again = {"to": TriageStatus.SET_ASIDE, "reason": "abusive", "base_etag": seen}
    assert not change_status(response, **again, by=ann, at=AT)  # a second press


def test_response_is_assigned_once_and_on_record(ann, ben):
    response = make_submitted()
    assert assign(response, to=ben, by=ann, at=AT, base_etag="")
    assert not assign(response, to=ben, by=ann, at=AT, base_etag="")
    assert assignee_etag(Submission.objects.get()) == str(ben.pk)
    assert assign(response, to=None, by=ben, at=AT)
    assert Review.objects.get().assignee is None
    assert events("response_assigned") == [
        ("ann", {"before": None, "after": ben.pk}),
        ("ben", {"before": ben.pk, "after": None}),
    ]


def test_assignment_meanwhile_is_refused_with_the_name(ann, ben):
    response = make_submitted()
    assign(response, to=ben, by=ann, at=AT)
    # What somebody else did since, to another one and to this one, is no assignment of it.
    assign(make_submitted(response.call), to=ann, by=ben, at=AT)
    flag(response, flagged=True, by=ben, at=AT)
    with pytest.raises(ReviewOutdated) as outdated:
        assign(response, to=ann, by=ben, at=AT, base_etag="")
    assert outdated.value.message == "While this page was open, ann assigned it to ben"
    assert Review.objects.get(submission=response).assignee == ben


def test_response_goes_to_nobody_who_may_not_change_its_status(ann):
    response = make_submitted()
    coder = make_user(Role.CODER, username="cory")
    let_members_in(response.call)
    with pytest.raises(ReviewRefused):
        assign(response, to=coder, by=ann, at=AT)
    assert not Review.objects.exists()


def test_flag_is_put_and_taken_away_on_record(ann):
    response = make_submitted()
    assert flag(response, flagged=True, by=ann, at=AT)
    assert not flag(response, flagged=True, by=ann, at=AT)
    assert Review.objects.get().flagged
    assert flag(response, flagged=False, by=ann, at=AT)
    assert events("response_flagged") == [("ann", {"flagged": True}), ("ann", {"flagged": False})]


def test_draft_has_no_status_assignee_or_flag(ann):
    draft = make_draft()
    for change in (
        lambda: change_status(draft, to=TriageStatus.CONSIDERED, by=ann, at=AT),
        lambda: assign(draft, to=ann, by=ann, at=AT),
        lambda: flag(draft, flagged=True, by=ann, at=AT),
    ):
        with pytest.raises(ReviewRefused):
            change()
    assert not Review.objects.exists()
