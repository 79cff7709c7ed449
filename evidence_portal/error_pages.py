"""Which error page somebody sees: staff at /admin/ one that leads back there, others their own."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.rights import may_enter_admin
from submissions.respondent import error_pages

SAID = {
    400: ("This address asks for something that the page does not have", "Go back and try again."),
    403: ("You may not do this", "Ask a manager of the call, or an administrator, for the right."),
    404: (
        "There is no such page",
        "It may have been of another call, or deleted, or the address is mistyped.",
    ),
}


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _for_staff(request, 400) or error_pages.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _for_staff(request, 403) or error_pages.forbidden(request, exception)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _for_staff(request, 404) or error_pages.not_found(request, exception)


def _for_staff(request: HttpRequest, status: int) -> HttpResponse | None:
    """Return the page for somebody who has a task at /admin/ and is there; else None."""
    is_there = request.path.startswith(reverse("admin:index"))
    person = getattr(request, "user", None)  # middleware may have refused before it was known
    if not is_there or person is None or not may_enter_admin(person):
        return None
    title, text = SAID[status]
    context = {"title": title, "text": text, "site_title": "Evidence portal"}
    return render(request, "admin/refused.html", context, status=status)
