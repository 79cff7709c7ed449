"""Which response this browser holds: the session keeps its random identity, call by call."""

from django.http import Http404, HttpRequest

from submissions.domain.drafting import WorkingCopy, working_copy
from submissions.models import Call, Submission, call_at

HELD = "responses"


def call_or_404(slug: str) -> Call:
    """Return the call as it stands; nobody may change the object."""
    try:
        return call_at(slug)
    except Call.DoesNotExist:
        raise Http404 from None


def hold(request: HttpRequest, submission: Submission, call: Call) -> None:
    """Let this browser's session open the response from now on."""
    held = request.session.get(HELD, {})
    request.session[HELD] = held | {call.slug: str(submission.public_id)}


def forget(request: HttpRequest, call: Call) -> None:
    """Part this browser's session from the response; a session that holds nothing more ends."""
    held = {slug: one for slug, one in request.session.get(HELD, {}).items() if slug != call.slug}
    if held:
        request.session[HELD] = held
    else:
        request.session.pop(HELD, None)
    if request.session.keys():
        request.session.cycle_key()
    else:
        request.session.flush()


def held_copy(request: HttpRequest, slug: str) -> WorkingCopy | None:
    """Return the response to that call that this browser holds, with its answers as they stand."""
    public_id = request.session.get(HELD, {}).get(slug)
    return None if public_id is None else working_copy(public_id, slug)


def held_response(request: HttpRequest, call: Call) -> Submission | None:
    """Return the response of `call` that this browser holds."""
    held = held_copy(request, call.slug)
    return held and held.submission
