"""The page on which the author of a response answers a question of the team, by the mail's link."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core import clock, clock_check, spoken_time
from submissions.calls.models import Call
from submissions.mail.tasks import nudge_mail
from submissions.respondent.browser_session import call_or_404
from submissions.respondent.forms.follow_up_form import FollowUpForm
from submissions.responses import replying
from submissions.responses.asking import last_day_of
from submissions.responses.errors import AnswerNotTaken, AnswerRefused, LinkDead
from submissions.responses.models import FollowUp


@require_http_methods(["GET", "HEAD", "POST"])
def follow_up(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Show the question, and keep an answer. Mail scanners follow links: a GET changes nothing."""
    # Read once the body is: an answer that waited for a worker is as early as it came.
    posted = request.POST if request.method == "POST" else None
    at = clock_check.received(request)
    call = call_or_404(slug)
    try:
        found = replying.look_up(call=call, token=token)
    except LinkDead:
        return _dead_page(request, call)
    if why := replying.why_closed(found, at=at):
        return _closed_page(request, call, found, why)
    latest = replying.latest_reply(found)
    form = FollowUpForm(posted, initial={"answer": latest.text if latest else ""})
    if form.is_bound and form.is_valid():
        try:
            replying.answer(call=call, token=token, text=form.cleaned_data["answer"], at=at)
        except LinkDead:  # the author gave another address meanwhile
            return _dead_page(request, call)
        except AnswerNotTaken as closed:
            return _closed_page(request, call, found, closed.why)
        except AnswerRefused as refused:
            form.add_error("answer", refused.message)
        else:
            nudge_mail()
            return redirect("follow_up_answered", slug=slug, token=token)
    form.fields["answer"].widget.attrs |= _described(form)
    context = {
        **_context(call, found, token),
        "form": form,
        "errors": form.error_summary,
        "answered": latest and spoken_time.say_exactly(latest.received_at, call.timezone),
    }
    return render(
        request, "follow_ups/question.html", context, status=422 if form.is_bound else 200
    )


@require_safe
def answered(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Say that the answer is here, also after a reload and from a bookmark."""
    at = clock_check.corrected(clock.portal_now())
    call = call_or_404(slug)
    try:
        found = replying.look_up(call=call, token=token)
    except LinkDead:
        return _dead_page(request, call)
    latest = replying.latest_reply(found)
    if latest is None or replying.why_closed(found, at=at) not in {"", replying.LATE}:
        return redirect("follow_up", slug=slug, token=token)
    context = {
        **_context(call, found, token),
        "reply": latest,
        "received": spoken_time.say_exactly(latest.received_at, call.timezone),
        "can_change": not replying.why_closed(found, at=at),
        "mail": replying.state_of_confirmation(found, latest),
    }
    return render(request, "follow_ups/answered.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def no_more(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Ask whether the team is to ask nothing more about the response, and note it."""
    call, at = call_or_404(slug), clock.portal_now()
    refused = "again" not in request.POST
    try:
        found = replying.look_up(call=call, token=token)
        why = replying.why_closed(found, at=at)
        if request.method == "POST" and why in {"", replying.LATE}:
            replying.refuse_questions(call=call, token=token, refused=refused, at=at)
            page = reverse("follow_up_no_more", args=[slug, token])
            return redirect(page if refused else f"{page}?allowed=1")
    except (LinkDead, AnswerNotTaken):  # the latter where it was withdrawn or erased just now
        return _dead_page(request, call)
    if why not in {"", replying.LATE}:
        return _closed_page(request, call, found, why)
    context = _context(call, found, token) | {"why": why, "allowed": "allowed" in request.GET}
    return render(request, "follow_ups/no_more.html", context)


def _context(call: Call, found: FollowUp, token: str) -> dict[str, Any]:
    return {
        "call": call,
        "asked": found,
        "reference": found.submission.reference,
        "token": token,
        "last_day": last_day_of(found, call),
        "refused": replying.has_refused(found),
    }


def _described(form: FollowUpForm) -> dict[str, str]:
    """Return the attributes of a field whose error came after the form was made."""
    if not form.errors:
        return {}
    parts = ("id_answer_helptext", "id_answer_error")
    return {"aria-describedby": " ".join(parts), "aria-invalid": "true"}


def _closed_page(request: HttpRequest, call: Call, found: FollowUp, why: str) -> HttpResponse:
    """Say why no answer is taken, and that an earlier one is kept; give back what was typed."""
    latest = replying.latest_reply(found)
    context = {
        "call": call,
        "why": why,
        "answered": latest and spoken_time.say_exactly(latest.received_at, call.timezone),
        "reference": found.submission.reference,
        "last_day": last_day_of(found, call),
        "lost_edits": _typed(request),
    }
    return render(request, "follow_ups/closed.html", context, status=410)


def _typed(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the answer that cannot be kept, as `responses/lost_edits_list.html` shows it."""
    text = request.POST.get("answer", "")
    return [{"label": _("Your answer"), "text": text, "cut": False}] if text.strip() else []


def _dead_page(request: HttpRequest, call: Call) -> HttpResponse:
    context = {"call": call, "why": "", "lost_edits": _typed(request)}
    return render(request, "follow_ups/closed.html", context, status=410)
