"""Which response this browser holds: the session has its random public id, call by call.

A colleague's browser has the public id of their access in its place, so that each request finds
the response through the access, and none without it.
"""

from django.conf import settings
from django.http import HttpRequest
from django.middleware.csrf import rotate_token
from django.shortcuts import get_object_or_404

from core.sessions import RESPONSES, SessionStore
from submissions.calls.models import Call
from submissions.responses.models import Colleague, Submission
from submissions.responses.working_copy import find_response, find_response_of

SESSION_KEY = RESPONSES
THROUGH_ACCESS = "colleague:"  # before the public id of an access
HELD_DAYS = settings.SESSION_COOKIE_AGE // (24 * 60 * 60)  # after it was opened last


def call_or_404(slug: str) -> Call:
    return get_object_or_404(Call, slug=slug)


def holds_responses(request: HttpRequest) -> bool:
    """Return whether the browser holds a response to any call; without a session, by no query."""
    return request.session.session_key is not None and SESSION_KEY in request.session


def remember(request: HttpRequest, submission: Submission, call: Call) -> None:
    """Let this browser's session open the response from now on."""
    _hold(request, call, str(submission.public_id))


def remember_access(request: HttpRequest, colleague: Colleague, call: Call) -> None:
    """Let this browser's session open the response through the colleague's access from now on."""
    _hold(request, call, f"{THROUGH_ACCESS}{colleague.public_id}")


def _hold(request: HttpRequest, call: Call, what: str) -> None:
    """Hold `what` in place of what the browser held of the call.

    A page of another response that is still open, in another tab, would be saved into this one. So
    its form expires, and what was typed there is given back.
    """
    held = request.session.get(SESSION_KEY, {})
    if held.get(call.slug, what) != what:
        rotate_token(request)
    request.session[SESSION_KEY] = held | {call.slug: what}


def renew(request: HttpRequest) -> None:
    """Let this browser keep its response for the whole period from now on: somebody opened it."""
    if isinstance(request.session, SessionStore):
        request.session.renew()


def forget(request: HttpRequest, call: Call) -> None:
    """Remove the response from this browser's session; end a session that has nothing else.

    The forms of its pages that are still open expire, as in `_hold`.
    """
    rotate_token(request)
    public_ids = {
        slug: public_id
        for slug, public_id in request.session.get(SESSION_KEY, {}).items()
        if slug != call.slug
    }
    if public_ids:
        request.session[SESSION_KEY] = public_ids
    else:
        request.session.pop(SESSION_KEY, None)
    if request.session.keys():
        request.session.cycle_key()
    else:
        request.session.flush()


def response_with_answers(request: HttpRequest, slug: str) -> Submission | None:
    """Return this browser's response to the call, with the call."""
    public_id, access = _held(request, slug)
    if access:
        return find_response_of(access=access, slug=slug)
    return find_response(public_id=public_id, slug=slug) if public_id else None


def response_in_session(request: HttpRequest, slug: str) -> Submission | None:
    """Return this browser's response to the call of that slug, without the call and the answers."""
    public_id, access = _held(request, slug)
    if access:
        found = Colleague.objects.joined().filter(public_id=access, submission__call__slug=slug)
        colleague = found.select_related("submission").order_by().first()
        if colleague is None:
            return None
        colleague.submission.opened_by = colleague
        return colleague.submission
    if not public_id:
        return None
    return Submission.objects.filter(public_id=public_id, call__slug=slug).order_by().first()


def holds_access(request: HttpRequest, slug: str) -> bool:
    """Return whether this browser holds a response as a colleague's, ended or not."""
    return bool(_held(request, slug)[1])


def held_what_is_gone(request: HttpRequest, slug: str) -> bool:
    """Return whether this browser, as its author's, holds a response that was deleted."""
    public_id = _held(request, slug)[0]
    return bool(public_id) and not Submission.objects.filter(public_id=public_id).exists()


def ended_access(request: HttpRequest, slug: str) -> Colleague | None:
    """Return the access of this browser's colleague that has ended, with the response."""
    access = _held(request, slug)[1]
    if not access:
        return None
    ended = Colleague.objects.filter(public_id=access, submission__call__slug=slug)
    return ended.exclude(ended_at=None).select_related("submission").first()


def _held(request: HttpRequest, slug: str) -> tuple[str, str]:
    """Return the public id of the response, or that of an access; "" for what it does not hold."""
    held = request.session.get(SESSION_KEY, {}).get(slug) or ""
    access = held.removeprefix(THROUGH_ACCESS)
    return ("", access) if access != held else (held, "")
