"""What other pages of the admin say of campaigns and duplicates."""

from typing import Any

from django import template

from accounts.identity import may_see_identity
from review.admin.beside import ALIKE, may_have
from review.duplicates.counting_once import Standing, standing_of
from review.models import ClusterMember
from review.states import ClusterKind, MemberState
from submissions.calls.models import Call
from submissions.responses.models import Submission

register = template.Library()


@register.simple_tag
def counted_once(call: Call) -> Standing:
    """Return how many responses count where each campaign counts once."""
    return standing_of(call)


@register.simple_tag(takes_context=True)
def places_beside_others(context: dict[str, Any], response: Submission) -> list[ClusterMember]:
    """Return the response's places in sets of alike ones, those that the reader may see."""
    if not may_have(response, ALIKE):
        return []
    reader = context["request"].user
    members = ClusterMember.objects.filter(submission=response).exclude(state=MemberState.REJECTED)
    return [
        member
        for member in members.select_related("cluster")
        if member.cluster.kind == ClusterKind.TEXT or may_see_identity(reader, response.call_id)
    ]
