"""Why somebody does not find a memo any more that they were changing."""

from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import AuditEvent
from accounts.rights import calls_of, may
from accounts.states import Action, AuditAction
from core.admin.edit_conflicts import SOMEBODY
from core.row_keys import row_key
from review.memos.writing import READABLE, About
from review.models import Code, Memo
from submissions.calls.models import Call
from submissions.responses.models import Submission


def why_gone(
    request: HttpRequest, object_id: str, memos: QuerySet[Memo]
) -> tuple[About, str] | None:
    """Return what the memo was about, and why it is gone in a whole sentence.

    Somebody deleted it, or the reader codes its response blind by now; `memos` are those of calls
    that they read. None if neither is so, or if they do not code in its call.
    """
    key = row_key(object_id)
    hidden = memos.select_related("call", "submission").filter(pk=key or 0).first()
    if hidden is not None and may(request.user, Action.CODE, hidden.call_id):
        return About(hidden.call, response=hidden.submission), (
            f"You code {hidden.submission} blind by now: what others wrote about it is hidden "
            "until you are done with it."
        )
    deleted = AuditEvent.objects.filter(
        action=AuditAction.MEMO_DELETED,
        detail__memo=key,
        call__in=calls_of(request.user, Action.CODE),
    )
    event = deleted.select_related("actor").first()
    if event is None:
        return None
    said = f"{event.actor or SOMEBODY} deleted this memo while this page was open."
    return _about_of_deleted(event), said


def _about_of_deleted(event: AuditEvent) -> About:
    """Return what a deleted memo was about, as its record says: of a passage its response."""
    call = Call.objects.get(pk=event.call_id or 0)
    codes = Code.objects.filter(call=call, pk=event.detail.get("code") or 0)
    readable = Submission.objects.filter(call=call, state__in=READABLE)
    response = readable.filter(pk=event.submission_id or 0).first()
    return About(call, code=codes.first(), response=response)
