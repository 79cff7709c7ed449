"""Which response this browser holds: the session has its random public id, call by call."""

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from core.sessions import RESPONSES
from submissions.calls.models import Call
from submissions.responses.models import Submission
from submissions.responses.working_copy import find_response

SESSION_KEY = RESPONSES


def call_or_404(slug: str) -> Call:
    return get_object_or_404(Call, slug=slug)


def holds_responses(request: HttpRequest) -> bool:
    """Return whether the browser holds a response to any call; without a session, by no query."""
    return request.session.session_key is not None and SESSION_KEY in request.session


def remember(request: HttpRequest, submission: Submission, call: Call) -> None:
    """Let this browser's session open the response from now on."""
    public_ids = request.session.get(SESSION_KEY, {})
    request.session[SESSION_KEY] = public_ids | {call.slug: str(submission.public_id)}


def forget(request: HttpRequest, call: Call) -> None:
    """Remove the response from this browser's session; end a session that has nothing else."""
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
    public_id = request.session.get(SESSION_KEY, {}).get(slug)
    return None if public_id is None else find_response(public_id=public_id, slug=slug)


def response_by_slug(request: HttpRequest, slug: str) -> Submission | None:
    """Return this browser's response to the call of that slug, without the call and the answers."""
    public_id = request.session.get(SESSION_KEY, {}).get(slug)
    if public_id is None:
        return None
    return Submission.objects.filter(public_id=public_id, call__slug=slug).order_by().first()


def response_in_session(request: HttpRequest, call: Call) -> Submission | None:
    """Return this browser's response to the call, without its answers."""
    public_id = request.session.get(SESSION_KEY, {}).get(call.slug)
    if public_id is None:
        return None
    return Submission.objects.filter(public_id=public_id, call=call).first()
