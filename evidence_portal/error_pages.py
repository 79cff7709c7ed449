"""Which error page somebody sees: staff at /admin/ and members at /steering/ one that leads back
there and says what helps them, others that of respondents.

Programs below /api/ get problem details, whatever went wrong.
"""

import sys

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.rights import AT_STEERING, may_enter_admin, may_somewhere
from core import outages
from exports.api import problems
from submissions.respondent import error_pages, outage_page
from submissions.respondent.typed_when_signed_out import typed_texts

BAD_REQUEST = 400  # what was posted may be what cannot be read
SAID = {
    BAD_REQUEST: (
        "This address asks for something that the page does not have",
        "Go back and try again.",
    ),
    403: ("You may not do this", "Ask a manager of the call, or an administrator, for the right."),
    404: (
        "There is no such page",
        "While you worked, a response may have been withdrawn, or somebody may have deleted what "
        "the page was about. Or the page is of another call, or its address is mistyped.",
    ),
}


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if is_for_programs(request):
        return problems.misunderstood().answer()
    if error_pages.has_nul(request.GET):  # of a search; the page leads on without it
        return error_pages.bad_request(request, exception, first_page=_first_page(request))
    return _for_staff(request, 400) or error_pages.bad_request(
        request, exception, first_page=_page_of_member(request)
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Give back what was typed. Pages of members have fields, too, that nobody typed into."""
    is_for_members = request.path.startswith(_for_members())
    return error_pages.csrf_failure(request, typed_texts(request) if is_for_members else None)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _for_staff(request, 403) or error_pages.forbidden(
        request,
        exception,
        lost_edits=_typed_by_member(request),
        first_page=_page_of_member(request),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if is_for_programs(request):
        return problems.nothing_there().answer()
    return _for_staff(request, 404) or error_pages.not_found(
        request,
        exception,
        lost_edits=_typed_by_member(request),
        first_page=_page_of_member(request),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 503 to an outage, and 500 to a fault of the portal's own.

    Django calls this while it handles the exception.
    """
    if not is_for_programs(request):
        return error_pages.server_error(request, first_page=_first_page(request))
    outage = outages.outage_of(sys.exc_info()[1])
    if outage is None:
        return problems.fault().answer()
    answer = problems.outage().answer()
    outage_page.log(request, outage, answer)
    return answer


def is_for_programs(request: HttpRequest) -> bool:
    return request.path.startswith(problems.BELOW)


def _typed_by_member(request: HttpRequest) -> list[dict[str, str]]:
    """Return what somebody typed whose membership ended meanwhile, and who is signed in still."""
    if request.method != "POST" or not request.path.startswith(_for_members()):
        return []
    person = getattr(request, "user", None)
    return typed_texts(request) if person is not None and person.is_authenticated else []


def _first_page(request: HttpRequest) -> str:
    """Return the first page of staff or of members for an address below it, "" for any other."""
    return next((page for page in _for_members() if request.path.startswith(page)), "")


def _page_of_member(request: HttpRequest) -> str:
    """Return the first page of members to one of them who is there, "" to anybody else."""
    page, person = reverse("steering"), getattr(request, "user", None)
    if person is None or not request.path.startswith(page):
        return ""
    return page if any(may_somewhere(person, one) for one in AT_STEERING) else ""


def _for_members() -> tuple[str, ...]:
    return reverse("admin:index"), reverse("steering")


def _for_staff(request: HttpRequest, status: int) -> HttpResponse | None:
    """Return the page for somebody who has a task at /admin/ and is there; else None."""
    is_there = request.path.startswith(reverse("admin:index"))
    person = getattr(request, "user", None)  # middleware may have refused before it was known
    if not is_there or person is None or not may_enter_admin(person):
        return None
    title, text = SAID[status]
    context = {
        "title": title,
        "text": text,
        "site_title": "Evidence portal",
        # They may have lost the right, or the call, while they typed.
        "lost_edits": [] if status == BAD_REQUEST else typed_texts(request),
    }
    return render(request, "admin/refused.html", context, status=status)
