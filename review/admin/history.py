"""What staff decided about a response: status, assignments and flags, out of the record."""

from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse

from accounts.models import AuditEvent, User
from accounts.rights import may
from accounts.states import Action, AuditAction
from core.admin.uk_time import in_uk_time
from core.row_keys import row_key
from review.triage import StatusChoice
from submissions.calls.models import Call
from submissions.responses.states import TriageStatus

DECISIONS = (
    AuditAction.STATUS_CHANGED,
    AuditAction.RESPONSE_ASSIGNED,
    AuditAction.RESPONSE_FLAGGED,
    AuditAction.RESPONSE_WITHDRAWN,
)


def show(request: HttpRequest, admin: ModelAdmin, object_id: str) -> HttpResponse:
    """Show the decisions, the latest first, to whoever may read the response."""
    if not admin.has_view_permission(request):
        raise PermissionDenied
    response = get_object_or_404(admin.get_queryset(request), pk=row_key(object_id))
    events = list(
        AuditEvent.objects.filter(submission=response, action__in=DECISIONS)
        .select_related("actor")
        .order_by("-at", "-pk")
    )
    assigned = [e.detail["after"] for e in events if e.action == AuditAction.RESPONSE_ASSIGNED]
    people = User.objects.filter(pk__in=[key for key in assigned if key])
    names = dict(people.values_list("pk", "username"))
    context = {
        **admin.admin_site.each_context(request),
        "title": f"What staff decided about {response}",
        "opts": admin.opts,
        "response": response,
        "decisions": [
            (
                in_uk_time(event.at),
                event.actor.get_username() if event.actor else "its author",
                _say(event, response.call, names),
            )
            for event in events
        ],
        "reads_record": may(request.user, Action.READ_RECORD, response.call_id),
    }
    return TemplateResponse(request, "admin/submissions/submission/history.html", context)


def _say(event: AuditEvent, call: Call, names: dict[int, str]) -> str:
    after = event.detail.get("after")
    if event.action == AuditAction.STATUS_CHANGED:
        status = StatusChoice(TriageStatus(str(after)), event.detail.get("reason", ""))
        return f"Status: {status.label(call)}"
    if event.action == AuditAction.RESPONSE_ASSIGNED:
        return f"Assigned to {names.get(after, 'nobody') if after else 'nobody'}"
    if event.action == AuditAction.RESPONSE_FLAGGED:
        return "Flagged" if event.detail.get("flagged") else "Flag taken away"
    return str(AuditAction(event.action).label)
