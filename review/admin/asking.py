"""Asking the author of a response: writing the question, reading it as it goes out, sending it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from accounts.rights import may
from accounts.states import Action
from core import clock
from core.addresses import AddressRefused
from core.admin.uk_time import in_uk_time
from core.row_keys import row_key
from review.admin.asking_form import QuestionForm
from review.admin.beside import ASKED, may_have
from review.admin.listed import CameFrom
from submissions.mail.question_preview import preview
from submissions.mail.sending import CONTACT_REFUSED
from submissions.mail.tasks import nudge_mail
from submissions.outbox.states import OutboxState
from submissions.responses.asking import (
    ask,
    asked_meanwhile,
    has_confirmed_address,
    last_day_of,
    why_not,
)
from submissions.responses.errors import QuestionRefused
from submissions.responses.models import FollowUp, Reply, Submission


@dataclass(frozen=True)
class ShownQuestion:
    """`state` says whether it has an answer or may get one, and how its mail fares."""

    asked: FollowUp
    by: str
    when: str
    state: str
    replies: list[tuple[Reply, str]]


def urls(admin: OfOwnCalls) -> list[URLPattern]:
    def page(request: HttpRequest, pk: int) -> HttpResponse:
        return write(request, admin, pk)

    guarded = admin.admin_site.admin_view(page)
    return [path("<int:pk>/ask/", guarded, name="submissions_submission_ask")]


def shown_questions(request: HttpRequest, response: Submission) -> dict[str, Any]:
    """Return the questions for the page of a response, and why its author cannot be asked more."""
    if response.current_version is None or response.is_erased:
        return {}
    at = clock.portal_now()
    may_ask = may(request.user, Action.ASK_AUTHOR, response.call_id)
    return {
        "questions": _asked(response, at),
        "may_ask": may_ask,
        "why_not_asked": why_not(response, at=at) if may_ask else "",
    }


def write(request: HttpRequest, admin: OfOwnCalls, pk: int) -> HttpResponse:
    """Write a question, show it as it goes out, and send it.

    Where it is refused, the page has it again, with what is wrong.
    """
    if not admin.has_view_permission(request):
        raise PermissionDenied
    responses = Submission.objects.exclude(current_version=None)
    response = admin.own_row(
        request, Action.ASK_AUTHOR, responses.select_related("call", "current_version"), pk=pk
    )
    at = clock.portal_now()
    posted = request.POST if request.method == "POST" else None
    form = QuestionForm(posted, call=response.call, at=at)
    refused, shown = why_not(response, at=at), None
    seen = row_key(request.POST.get("asked", ""))
    if form.is_bound and not refused and seen is not None and "send" not in request.POST:
        refused = asked_meanwhile(response, seen=seen)
    if form.is_bound and not refused and form.is_valid():
        given = form.cleaned_data
        try:
            mail = preview(response, text=given["text"], last_day=given["last_day"], at=at)
        except AddressRefused:
            refused = CONTACT_REFUSED
        else:
            if "send" in request.POST:
                refused = _send(request, response, form, at, seen=seen)
                if not refused:
                    return redirect(_page_of(request, response))
            elif "change" not in request.POST:
                shown = mail
    context = {
        **admin.admin_site.each_context(request),
        "title": f"Ask the author of {response}",
        "opts": admin.opts,
        "response": response,
        "form": form,
        "refused": refused,
        "preview": shown,
        "is_confirmed": not refused and has_confirmed_address(response),
        "came_from": CameFrom.of(request),
        "questions": _asked(response, at),
    }
    status = 422 if form.is_bound and (refused or form.errors) else 200
    page = "admin/submissions/submission/ask.html"
    return TemplateResponse(request, page, context, status=status)


def _asked(response: Submission, at: datetime) -> list[ShownQuestion]:
    if not may_have(response, ASKED):
        return []
    replies = Prefetch("replies", Reply.objects.order_by("-number"))
    asked = FollowUp.objects.filter(submission=response).select_related("asked_by", "mail")
    return [_show(one, response, at) for one in asked.prefetch_related(replies)]


def _send(
    request: HttpRequest,
    response: Submission,
    form: QuestionForm,
    at: datetime,
    *,
    seen: int | None,
) -> str:
    """Ask, and return why not, "" where the question is on its way."""
    given = form.cleaned_data
    try:
        ask(
            response,
            text=given["text"],
            last_day=given["last_day"],
            by=current_user(request),
            at=at,
            seen=seen,
        )
    except QuestionRefused as refused:
        return refused.message
    nudge_mail()
    messages.success(request, "Your question is on its way to the author.")
    return ""


def _page_of(request: HttpRequest, response: Submission) -> str:
    page = CameFrom.of(request).page_of(response.pk).partition("#")[0]
    return f"{page}#questions"


def _show(asked: FollowUp, response: Submission, at: datetime) -> ShownQuestion:
    replies = list(asked.replies.all())
    return ShownQuestion(
        asked,
        by=asked.asked_by.get_username(),
        when=in_uk_time(asked.asked_at),
        state=_say(asked, replies, response, at),
        replies=[(reply, in_uk_time(reply.received_at)) for reply in replies],
    )


def _say(asked: FollowUp, replies: list[Reply], response: Submission, at: datetime) -> str:
    last_day = last_day_of(asked, response.call)
    is_open = at < asked.answer_until and asked.ended_at is None
    if asked.ended_at is not None:
        said = "It ended when who answered was erased."
    elif replies and is_open:
        said = f"Answered; its author can change the answer until the end of {last_day}."
    elif replies:
        said = "Answered."
    elif is_open:
        said = f"Waiting for an answer until the end of {last_day}."
    else:
        said = f"No answer came by the end of {last_day}."
    if asked.refused_at is not None:
        said += " Its author stopped questions about this response."
    mail = asked.mail
    if mail is not None and mail.state == OutboxState.FAILED:
        return f"{said} The mail could not be delivered."
    if mail is not None and mail.state != OutboxState.SENT:
        return f"{said} The mail is not sent yet."
    return said
