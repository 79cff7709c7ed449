"""Which response this browser holds: the session keeps its random identity, call by call."""

from django.http import Http404, HttpRequest

from submissions.calls.models import Call, call_at
from submissions.responses.drafting import WorkingCopy, working_copy
from submissions.responses.models import Submission

SESSION_KEY = "responses"


def call_or_404(slug: str) -> Call:
    """Return the call as it stands; nobody may change the object."""
    try:
        return call_at(slug)
    except Call.DoesNotExist:
        raise Http404 from None


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


def draft_in_session(request: HttpRequest, slug: str) -> WorkingCopy | None:
    """Return the response to that call that this browser holds, with its answers as they stand."""
    public_id = request.session.get(SESSION_KEY, {}).get(slug)
    return None if public_id is None else working_copy(public_id, slug)


def response_in_session(request: HttpRequest, call: Call) -> Submission | None:
    """Return the response of `call` that this browser holds."""
    held = draft_in_session(request, call.slug)
    return held and held.submission
