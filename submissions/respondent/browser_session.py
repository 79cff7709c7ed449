"""Which response this browser holds: the session keeps its random identity, call by call."""

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from submissions.calls.models import Call
from submissions.responses.models import Submission
from submissions.responses.working_copy import find_response

SESSION_KEY = "responses"


def call_or_404(slug: str) -> Call:
    """Return the call of that slug."""
    return get_object_or_404(Call, slug=slug)


def hold(request: HttpRequest, submission: Submission, call: Call) -> None:
    """Let this browser's session open the response from now on."""
    held = request.session.get(SESSION_KEY, {})
    request.session[SESSION_KEY] = held | {call.slug: str(submission.public_id)}


def forget(request: HttpRequest, call: Call) -> None:
    """Part this browser's session from the response; a session that holds nothing more ends."""
    held = {
        slug: one for slug, one in request.session.get(SESSION_KEY, {}).items() if slug != call.slug
    }
    if held:
        request.session[SESSION_KEY] = held
    else:
        request.session.pop(SESSION_KEY, None)
    if request.session.keys():
        request.session.cycle_key()
    else:
        request.session.flush()


def draft_in_session(request: HttpRequest, slug: str) -> Submission | None:
    """Return the response to that call that this browser holds, with its call and answers."""
    public_id = request.session.get(SESSION_KEY, {}).get(slug)
    return None if public_id is None else find_response(public_id=public_id, slug=slug)


def response_in_session(request: HttpRequest, call: Call) -> Submission | None:
    """Return the response of `call` that this browser holds, without its answers."""
    public_id = request.session.get(SESSION_KEY, {}).get(call.slug)
    if public_id is None:
        return None
    return Submission.objects.filter(public_id=public_id, call=call).first()
