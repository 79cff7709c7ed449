"""What the page of a link says of another response that this browser would put away for its own."""

from typing import Any

from submissions.calls.models import Call
from submissions.responses.addresses import address_to_come_back_by
from submissions.responses.models import Submission
from submissions.responses.working_copy import working_answers


def about_put_away(held: Submission | None, call: Call) -> dict[str, Any]:
    """Return what `portal/replaced.html` shows of the response that the browser holds now, if any.

    `is_lost` says that nothing would lead its author back to it.
    """
    if held is None or held.opened_by is not None or held.is_erased:
        return {"replaced": held, "is_lost": False}
    known = address_to_come_back_by(held, call, working_answers(held, call))
    return {"replaced": held, "is_lost": not known}
