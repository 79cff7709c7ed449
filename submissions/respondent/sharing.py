"""Who works on a response: inviting somebody, letting them in, and ending that."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core import clock_check, spoken_time
from core.addresses import comparable
from core.posted_from import posted_from
from core.security_headers import clear_kept_pages
from core.throttling import TRIES_OF_A_CLIENT, client_wait, wait_before
from submissions.calls.models import Call
from submissions.mail.tasks import nudge_mail
from submissions.respondent import browser_session
from submissions.respondent.browser_session import call_or_404, response_in_session
from submissions.respondent.decorators import View, with_response
from submissions.respondent.error_pages import posted_texts
from submissions.respondent.forms.sharing_forms import InvitationForm, NameForm
from submissions.respondent.lost_edits import page_of_lost
from submissions.respondent.put_away import about_put_away
from submissions.respondent.response_context import ResponseContext
from submissions.respondent.waiting import retry_after, say_when
from submissions.responses import sharing
from submissions.responses.colleagues import last_changes
from submissions.responses.errors import (
    AccessEnded,
    AlreadySubmitted,
    CallNotOpen,
    LinkDead,
    SharingRefused,
)
from submissions.responses.models import Colleague
from submissions.responses.returning import INVITATION_LASTS

INVITATIONS_TO_AN_ADDRESS = 5  # an hour
LINK_IS_NEW = timedelta(hours=1)


def while_it_can_change(view: View) -> View:
    """Hand the view a response with a working copy, after closing too: access can still end."""

    @with_response
    @wraps(view)
    def view_of_working_copy(
        request: HttpRequest, current: ResponseContext, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if not current.has_working_copy:
            return page_of_lost(request, current, posted_texts(request))
        return view(request, current, *args, **kwargs)

    return view_of_working_copy


@require_http_methods(["GET", "HEAD", "POST"])
@while_it_can_change
def people(request: HttpRequest, current: ResponseContext) -> HttpResponse:
    """Show who is in the response; a POST of its author invites somebody."""
    if request.method == "POST" and current.colleague is not None:
        return _people_page(request, current, InvitationForm(), status=403)
    form = InvitationForm(request.POST if request.method == "POST" else None)
    if not form.is_bound:
        return _people_page(request, current, form)
    wait = _invite(request, current, form) if form.is_valid() else timedelta(0)
    if form.is_valid():
        return redirect(f"{reverse('people', args=[current.call.slug])}?done=invited")
    page = _people_page(request, current, form, status=429 if wait else 422)
    return retry_after(page, wait) if wait else page


def _invite(request: HttpRequest, current: ResponseContext, form: InvitationForm) -> timedelta:
    """Invite the address, or add the refusal to the form; return how long to wait, if at all."""
    address = form.cleaned_data["email"]
    wait = _wait_before_invitation(request, address)
    if wait:
        form.add_error("email", _say_many(wait))
        return wait
    try:
        with transaction.atomic():
            sharing.invite(submission=current.submission, address=address, at=current.received_at)
            nudge_mail()
    except SharingRefused as refusal:
        form.add_error("email", refusal.message)
    except AlreadySubmitted:
        form.add_error("email", _("This response was submitted or withdrawn meanwhile"))
    return timedelta(0)


def _wait_before_invitation(request: HttpRequest, address: str) -> timedelta:
    """Count an invitation; return how long it has to wait. Which limit that was is not told."""
    return client_wait(request, "invite", most=TRIES_OF_A_CLIENT) or wait_before(
        "invitation-to", comparable(address), most=INVITATIONS_TO_AN_ADDRESS
    )


def _say_many(wait: timedelta) -> str:
    return _("Several invitations have been sent. %(when)s") % {"when": say_when(wait)}


@posted_from("people", "slug")
@while_it_can_change
def send_again(request: HttpRequest, current: ResponseContext, number: int) -> HttpResponse:
    """Send somebody a fresh link: their invitation, or their way in on another device."""
    found = [one for one in sharing.people_in(current.submission) if one.number == number]
    if not found:
        return _back(current, "was_gone")
    wait = _wait_before_invitation(request, found[0].address)
    form = InvitationForm()
    if wait:
        page = _people_page(request, current, form, status=429, problem=_say_many(wait))
        return retry_after(page, wait)
    try:
        with transaction.atomic():
            sharing.send_again(submission=current.submission, number=number, at=current.received_at)
            nudge_mail()
    except SharingRefused as refusal:
        return _people_page(request, current, form, status=422, problem=refusal.message)
    except (AccessEnded, AlreadySubmitted):
        return _back(current, "was_gone")
    return _back(current, "sent")


@posted_from("people", "slug")
@while_it_can_change
def person(request: HttpRequest, current: ResponseContext, number: int) -> HttpResponse:
    """Allow somebody to submit, or do so no longer."""
    allowed = "may_submit" in request.POST
    try:
        sharing.allow_to_submit(
            submission=current.submission, number=number, allowed=allowed, at=current.received_at
        )
    except (AccessEnded, AlreadySubmitted):
        return _back(current, "was_gone")
    return _back(current, "allowed" if allowed else "not_allowed")


@require_http_methods(["GET", "HEAD", "POST"])
@while_it_can_change
def person_gone(request: HttpRequest, current: ResponseContext, number: int) -> HttpResponse:
    """Ask for confirmation, then end somebody's access: its author, or they themselves."""
    is_own = current.colleague is not None and current.colleague.number == number
    found = [one for one in sharing.people_in(current.submission) if one.number == number]
    if not found or (current.colleague is not None and not is_own):
        return _back(current, "was_gone")
    if request.method != "POST":
        context = current.template_context(person=found[0], is_own=is_own)
        return render(request, "sharing/person_gone.html", context)
    try:
        sharing.take_away(submission=current.submission, number=number, at=current.received_at)
    except (AccessEnded, AlreadySubmitted):
        return _back(current, "was_gone")
    if is_own:
        browser_session.forget(request, current.call)
        parted = redirect(f"{reverse('call', args=[current.call.slug])}?left=1")
        return clear_kept_pages(parted)
    return _back(current, "gone")


def _back(current: ResponseContext, done: str) -> HttpResponse:
    return redirect(f"{reverse('people', args=[current.call.slug])}?done={done}")


def _people_page(
    request: HttpRequest,
    current: ResponseContext,
    form: InvitationForm,
    status: int = 200,
    problem: str = "",
) -> HttpResponse:
    zone = current.call.timezone
    here = sharing.people_in(current.submission)
    deadline = current.applicable_deadline
    changes = last_changes(current.submission) if here else {}
    context = current.template_context(
        form=form,
        errors=form.error_summary,
        problem=problem,
        done=_still_true(request.GET.get("done", ""), here, current.received_at),
        people=[_row(one, changes, current.colleague, zone) for one in here],
        author_saved=_say(changes.get(None), zone),
        days=INVITATION_LASTS.days,
        ends_sooner=deadline and deadline.deadline < current.received_at + INVITATION_LASTS,
        is_helped=current.question_of_help is not None,
        most=sharing.MOST_AT_ONCE,
    )
    return render(request, "sharing/people.html", context, status=status)


def _still_true(done: str, here: Sequence[Colleague], at: datetime) -> str:
    """Return what was done, "" if that is not so any more: a page may be loaded again later."""
    holds = {
        "invited": any(at - one.link_sent_at < LINK_IS_NEW for one in here),
        "sent": any(at - one.link_sent_at < LINK_IS_NEW for one in here),
        "allowed": any(one.may_submit for one in here),
        "not_allowed": any(not one.may_submit for one in here),
    }
    return done if holds.get(done, True) else ""


def _row(
    one: Colleague, changes: dict[int | None, datetime], reader: Colleague | None, zone: str
) -> dict[str, Any]:
    """Return what the page shows of one person; nobody but the author sees an address."""
    return {
        "number": one.number,
        "name": one.name,
        "address": "" if reader is not None else one.address,
        "is_in": one.is_in,
        "is_own": reader is not None and reader.number == one.number,
        "may_submit": one.may_submit,
        "invited": spoken_time.say_moment(one.link_sent_at, zone),
        "saved": _say(changes.get(one.number), zone),
    }


def _say(moment: datetime | None, zone: str) -> str:
    return spoken_time.say_moment(moment, zone) if moment is not None else ""


@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Ask for a name; a POST lets this browser into the response. A GET uses nothing up."""
    at = clock_check.received(request)
    call = call_or_404(slug)
    form = NameForm(request.POST if request.method == "POST" else None)
    try:
        colleague = sharing.look_up_invitation(call=call, token=token, at=at)
        if _holds_it_as_author(request, colleague):
            return _join_page(request, call, colleague, form)
        if form.is_bound and form.is_valid():
            try:
                colleague = sharing.join(
                    call=call, token=token, name=form.cleaned_data["name"], at=at
                )
            except SharingRefused as refusal:
                form.add_error("name", refusal.message)
            else:
                request.session.cycle_key()
                browser_session.remember_access(request, colleague, call)
                return redirect("response", slug=slug)
    except (LinkDead, AccessEnded, CallNotOpen) as refusal:
        return _dead_page(request, call, refusal)
    return _join_page(request, call, colleague, form)


def _join_page(
    request: HttpRequest, call: Call, colleague: Colleague, form: NameForm
) -> HttpResponse:
    held = response_in_session(request, call.slug)
    is_another = held is not None and held.pk != colleague.submission_id
    if not form.is_bound and colleague.name:
        form.initial["name"] = colleague.name
    context = {
        "call": call,
        "form": form,
        "errors": form.error_summary,
        "is_authors": _holds_it_as_author(request, colleague),
        **about_put_away(held if is_another else None, call),
        "may_submit": colleague.may_submit,
        "days": browser_session.HELD_DAYS,
    }
    return render(request, "sharing/join.html", context, status=422 if form.is_bound else 200)


def _holds_it_as_author(request: HttpRequest, colleague: Colleague) -> bool:
    """Return whether the browser would give the response itself up for a colleague's access."""
    here = response_in_session(request, colleague.submission.call.slug)
    return here is not None and here.pk == colleague.submission_id and here.opened_by is None


def _dead_page(
    request: HttpRequest, call: Call, refusal: LinkDead | AccessEnded | CallNotOpen
) -> HttpResponse:
    context = {
        "call": call,
        "is_closed": isinstance(refusal, CallNotOpen),
        "is_over": isinstance(refusal, AccessEnded),
        "is_in": response_in_session(request, call.slug) is not None,
    }
    return render(request, "sharing/dead.html", context, status=410)
