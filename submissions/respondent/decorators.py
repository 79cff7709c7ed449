"""Views that need a response: the decorators hand it over, or answer in the view's place."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from submissions.respondent.browser_session import renew
from submissions.respondent.lost_edits import lost_edits_page
from submissions.respondent.response_context import (
    ResponseContext,
    closed_page,
    current_response,
    no_response_page,
)
from submissions.responses.errors import ResponseGone

View = Callable[..., HttpResponse]
Answer = TypeVar("Answer", bound=HttpResponseBase)
FOR_COLLEAGUES = {
    "response",
    "section",
    "section_page",
    "check",
    "response_text",
    "response_help",
    "leave",
    "forget",
    "people",
    "person_gone",
}


def with_response(view: View) -> View:
    """Hand the view this browser's response in place of the call's slug; say if there is none.

    One that was erased leads to the page that says so, or gives back what was posted. A draft may
    be deleted between the view's reading it and its locking it: then there is none either.
    """

    @wraps(view)
    def view_with_response(
        request: HttpRequest, slug: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        current = current_response(request, slug)
        if current is None:
            return no_response_page(request, slug)
        if request.method == "GET":
            renew(request)
        if current.submission.is_erased and not _is_for_erased(request):
            return lost_edits_page(request, current)
        if current.colleague is not None and not _is_for_colleagues(request):
            context = current.template_context()
            return render(request, "sharing/authors_alone.html", context, status=403)
        try:
            return view(request, current, *args, **kwargs)
        except ResponseGone:
            return no_response_page(request, slug)

    return view_with_response


def repeated_without_removed(view: Callable[..., Answer]) -> Callable[..., Answer]:
    """Call the view again if `load_call` removed a question while the answer to it waited.

    The second time the view reads the call as it is now. What it saved the first time stays.
    """

    @wraps(view)
    def view_repeated(request: HttpRequest, *args: Any, **kwargs: Any) -> Answer:
        try:
            return view(request, *args, **kwargs)
        except IntegrityError:
            return view(request, *args, **kwargs)

    return view_repeated


def _is_for_erased(request: HttpRequest) -> bool:
    """Return whether the page says that the response is erased, or parts this browser from it."""
    match = request.resolver_match
    return match is not None and match.url_name in {"submitted", "forget"}


def _is_for_colleagues(request: HttpRequest) -> bool:
    """Return whether the page is for a colleague, too: any other one is for the author alone."""
    match = request.resolver_match
    return match is not None and match.url_name in FOR_COLLEAGUES


def with_working_copy(view: View) -> View:
    """Hand the view a response that can be edited.

    One that was submitted or withdrawn meanwhile leads to its receipt, or gives back what was
    posted. After closing the view gets POSTs only: what was typed is still saved.
    """

    @with_response
    @wraps(view)
    def view_with_working_copy(
        request: HttpRequest, current: ResponseContext, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if not current.has_working_copy:
            return lost_edits_page(request, current)
        if request.method != "POST" and not current.is_open:
            return closed_page(request, current)
        return view(request, current, *args, **kwargs)

    return view_with_working_copy
