"""Why somebody does not find a memo any more that they were changing."""

from django.db.models import Q
from django.http import HttpRequest

from accounts.current_user import current_user
from accounts.models import AuditEvent
from accounts.rights import calls_of, may
from accounts.states import Action, AuditAction
from core.admin.edit_conflicts import SOMEBODY
from core.row_keys import row_key
from review.coding.samples import codes_blind
from review.memos.writing import READABLE, About
from review.models import Code
from submissions.calls.models import Call
from submissions.responses.models import Submission


def why_gone(request: HttpRequest, object_id: str) -> tuple[About, str] | None:
    """Return what the memo was about, as its page says, and why it is gone in a whole sentence.

    A memo that is hidden from the reader is answered like one that there never was. None without
    the page, or if they do not code in its call.
    """
    about = _about(request)
    if about is None:
        return None
    response = about.response
    if response is not None and codes_blind(current_user(request), response):
        return about, (
            f"You code {response} blind by now: what others wrote about it is hidden until you "
            "are done with it."
        )
    deleted = AuditEvent.objects.filter(
        Q(detail__code=about.code.pk) if about.code else Q(detail__code__isnull=True),
        action=AuditAction.MEMO_DELETED,
        call=about.call,
        submission=response,
        detail__memo=row_key(object_id),
    )
    if not may(request.user, Action.OPEN_FILES, about.call):
        deleted = deleted.filter(detail__file__isnull=True)
    event = deleted.select_related("actor").first()
    if event is None:
        return about, "This memo is not here any more."
    return about, f"{event.actor or SOMEBODY} deleted this memo while this page was open."


def _about(request: HttpRequest) -> About | None:
    """Return what the form carries; a code or a response that is gone leaves the whole call."""
    call, code, response = (
        row_key(request.POST.get(name, "")) or 0 for name in ("call", "code", "response")
    )
    own: Call | None = calls_of(request.user, Action.CODE).filter(pk=call).first()
    if own is None:
        return None
    readable = Submission.objects.filter(call=own, state__in=READABLE)
    return About(
        own,
        code=Code.objects.filter(call=own, pk=code).first(),
        response=readable.filter(pk=response).first(),
    )
