"""The forms on a response's page: its status, who has it, and its flag."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path

from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from accounts.models import User
from accounts.states import Action
from core import clock
from core.posted_from import led_to_its_page
from review.admin.listed import CameFrom
from review.errors import ReviewOutdated, ReviewRefused
from review.members import NO_LONGER, assignable
from review.triage import (
    StatusChoice,
    assign,
    assignee_etag,
    change_status,
    chosen_status,
    flag,
    review_of,
    status_choices,
    status_etag,
)
from submissions.responses.models import Submission

UNKNOWN_STATUS = "Select one of the statuses that are shown."
UNKNOWN_PERSON = "Select one of the people who are shown."


def urls(admin: OfOwnCalls) -> list[URLPattern]:
    def page(
        view: Callable[[HttpRequest, Submission], HttpResponse],
    ) -> Callable[[HttpRequest, int], HttpResponse]:
        def posted(request: HttpRequest, pk: int) -> HttpResponse:
            if request.method != "POST":
                return led_to_its_page(request)
            responses = Submission.objects.select_related("call", "review")
            return view(request, admin.own_row(request, Action.CHANGE_STATUS, responses, pk=pk))

        return admin.admin_site.admin_view(posted)

    return [
        path("<int:pk>/status/", page(_status), name="submissions_submission_status"),
        path("<int:pk>/assign/", page(_assign), name="submissions_submission_assign"),
        path("<int:pk>/flag/", page(_flag), name="submissions_submission_flag"),
    ]


def shown_on_page(request: HttpRequest, response: Submission) -> dict[str, Any]:
    """Return what the forms show, and the etags by which they find out what changed."""
    if response.current_version is None:
        return {}
    review, chosen = review_of(response), chosen_status(response)
    choices = status_choices(response.call)
    if chosen not in [choice for choice, _ in choices]:  # the call has the reason no more
        choices.append((chosen, chosen.label(response.call)))
    people = assignable(response, by=current_user(request))
    is_nobodys = response.assignee_reviews_no_longer  # type: ignore[attr-defined]  # a column
    return {
        "statuses": [(choice.key, label) for choice, label in choices],
        "said_status": chosen.label(response.call),
        "chosen_status": request.GET.get("chosen") or chosen.key,
        "base_etag": status_etag(response),
        "assignees": [(str(one.pk), str(one)) for one in people],
        "assignee": f"{review.assignee}, {NO_LONGER}" if is_nobodys else review.assignee,
        "chosen_assignee": request.GET.get("assignee") or assignee_etag(response),
        "base_assignee": assignee_etag(response),
        "is_flagged": review.flagged,
    }


def _page_of(request: HttpRequest, response: Submission, **also: str) -> str:
    return CameFrom.of(request).page_of(response.pk, **also)


def _status(request: HttpRequest, response: Submission) -> HttpResponse:
    choice = StatusChoice.read(request.POST.get("status", ""))
    if choice is None:
        messages.error(request, UNKNOWN_STATUS)
        return redirect(_page_of(request, response))
    label = choice.label(response.call)
    try:
        change_status(
            response,
            to=choice.status,
            reason=choice.reason,
            by=current_user(request),
            at=clock.portal_now(),
            base_etag=request.POST.get("base_etag", ""),
        )
    except ReviewOutdated as outdated:
        messages.error(
            request,
            f"{outdated.message}. You chose “{label}”: it is selected below. Save the status "
            "again to put it in place.",
        )
        return redirect(_page_of(request, response, chosen=choice.key))
    except ReviewRefused as refused:
        messages.error(request, f"{refused.message}.")
        return redirect(_page_of(request, response, chosen=choice.key))
    messages.success(request, f"{response} is now: {label}.")
    return redirect(_page_of(request, response))


def _assign(request: HttpRequest, response: Submission) -> HttpResponse:
    given = request.POST.get("assignee", "")
    people: dict[str, User | None] = {
        str(one.pk): one for one in assignable(response, by=current_user(request))
    }
    people[""] = None
    if given not in people:
        messages.error(request, UNKNOWN_PERSON)
        return redirect(_page_of(request, response))
    to = people[given]
    name = to.get_username() if to else "nobody"
    try:
        assign(
            response,
            to=to,
            by=current_user(request),
            at=clock.portal_now(),
            base_etag=request.POST.get("base_assignee", "-"),
        )
    except ReviewOutdated as outdated:
        messages.error(
            request,
            f"{outdated.message}. You chose {name}: that is selected below. Save it again to put "
            "it in place.",
        )
        return redirect(_page_of(request, response, assignee=given))
    except ReviewRefused as refused:
        messages.error(request, f"{refused.message}.")
        return redirect(_page_of(request, response))
    messages.success(request, f"{response} is assigned to {name}.")
    return redirect(_page_of(request, response))


def _flag(request: HttpRequest, response: Submission) -> HttpResponse:
    flagged = request.POST.get("flagged") == "yes"
    try:
        flag(response, flagged=flagged, by=current_user(request), at=clock.portal_now())
    except ReviewRefused as refused:
        messages.error(request, f"{refused.message}.")
    else:
        said = "is flagged" if flagged else "is not flagged any more"
        messages.success(request, f"{response} {said}.")
    return redirect(_page_of(request, response))
