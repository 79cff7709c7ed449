"""Which response this browser holds: the session keeps its random identity, call by call."""

from django.http import HttpRequest

from submissions.models import Call, Submission

HELD = "responses"


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


def held_response(request: HttpRequest, call: Call) -> Submission | None:
    """Return the response of `call` that this browser holds, with its current version."""
    public_id = request.session.get(HELD, {}).get(call.slug)
    if public_id is None:
        return None
    return (
        Submission.objects.filter(public_id=public_id, call=call)
        .select_related("current_version")
        .first()
    )
