"""The people to whom a response can be assigned, and responses whose reviewer is one no longer."""

from django.db.models import Exists, OuterRef, Q

from accounts.models import Membership, User
from accounts.rights import actions_of, allowing, may
from accounts.states import Action
from review.triage import review_of
from submissions.calls.models import Call
from submissions.responses.models import Submission

NO_LONGER = "no longer a reviewer"  # what pages say of an assignee whom `reviews_no_longer` finds


def reviewers_of(call: Call, *, by: User) -> list[User]:
    """Return the call's members who may change the status of its responses, by their names.

    And `by`, who asks, if they may without being a member, as an administrator.
    """
    members = Membership.objects.filter(call=call, person__is_active=True)
    people = [
        member.person
        for member in members.select_related("person").order_by("person__username")
        if Action.CHANGE_STATUS in actions_of(member)
    ]
    return people if by in people or not may(by, Action.CHANGE_STATUS, call) else [*people, by]


def reviews_no_longer() -> Q:
    """Return the condition of responses whose assignee may change their status no longer.

    They have left the call, or have another role now. Nobody would find these responses among
    what they have to do.
    """
    assignee = OuterRef("review__assignee")
    members = Membership.objects.filter(
        allowing(Action.CHANGE_STATUS),
        call=OuterRef("call"),
        person=assignee,
        person__is_active=True,
    )
    administrators = User.objects.filter(pk=assignee, is_superuser=True, is_active=True)
    return Q(review__assignee__isnull=False) & ~Exists(members) & ~Exists(administrators)


def assignable(response: Submission, *, by: User) -> list[User]:
    """Return those people, and who has the response now, if they have left the call since."""
    people, assignee = reviewers_of(response.call, by=by), review_of(response).assignee
    return people if assignee is None or assignee in people else [*people, assignee]
