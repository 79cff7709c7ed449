"""The page on which a call defines its words for strength."""

from dataclasses import dataclass, replace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from core import clock
from core.row_keys import row_key
from review.admin.findings.pages import show
from review.errors import FindingOutdated, FindingRefused
from review.findings.scale import MOST_STEPS, Step, define_scale, etag_of_scale, scale_of
from submissions.calls.models import Call

SPARE = 2  # empty rows
USUAL = "usual"  # the key of a word that is not stored yet


@dataclass(frozen=True)
class Line:
    """A row of the form, as it is or as it was typed; `key` is "" for a spare one."""

    number: int
    key: str = ""
    name: str = ""
    share: str = ""


def scale(request: HttpRequest, admin: OfOwnCalls, call: Call) -> HttpResponse:
    error, base = "", etag_of_scale(call)
    lines = [
        Line(number, str(step.pk or USUAL), step.name, str(step.smallest_share))
        for number, step in enumerate(scale_of(call))
    ]
    if request.method == "POST":
        typed = _typed(request)
        try:
            define_scale(
                call,
                steps=_steps(typed),
                base=request.POST.get("base", ""),
                by=current_user(request),
                at=clock.portal_now(),
            )
        except FindingOutdated as outdated:
            now = ", ".join(f"“{one.name}” from {one.share}%" for one in lines)
            error = (
                f"{outdated.message}. Nothing of yours was saved: it is below. The scale is {now} "
                "now. Save again to put yours in its place"
            )
            lines = typed
        except FindingRefused as refused:
            error, lines, base = refused.message, typed, request.POST.get("base", "")
        else:
            messages.success(request, "The scale is kept.")
            return redirect("admin:review_finding_scale", call.pk)
    # Numbered anew: a row that was taken out left its number free.
    lines = [replace(line, number=number) for number, line in enumerate(lines)]
    filled = len(lines)
    spare = [Line(number) for number in range(filled, min(filled + SPARE, MOST_STEPS))]
    return show(
        request,
        admin,
        "finding/scale",
        "Words for strength",
        call,
        refused=bool(error),
        error=error,
        lines=[*lines, *spare],
        base=base,
    )


def _typed(request: HttpRequest) -> list[Line]:
    """Return the rows with a word, and spare ones that have a share alone."""
    given = request.POST
    rows = [
        Line(
            number,
            given.get(f"key-{number}", ""),
            given.get(f"name-{number}", "").replace("\0", "").strip(),
            given.get(f"share-{number}", "").strip(),
        )
        for number in range(MOST_STEPS)
    ]
    return [row for row in rows if row.name or (row.share and not row.key)]


def _steps(lines: list[Line]) -> list[Step]:
    steps = []
    for line in lines:
        if not line.name:
            raise FindingRefused(f"Enter the word that begins at {line.share}%")
        share = row_key(line.share)
        if share is None:
            raise FindingRefused(f"Enter a whole number from 0 to 100 for “{line.name}”")
        steps.append(Step(line.name, share, row_key(line.key)))
    return steps
