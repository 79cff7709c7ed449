"""Reading one response: its page, and marking it as considered on the way to the next."""

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html

from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from accounts.record import record
from accounts.states import Action, AuditAction
from core import clock
from core.posted_from import led_to_its_page
from review.admin import asking, noting, triage
from review.admin.coding_page import shown_codings
from review.admin.keys import has_keys
from review.admin.listed import CameFrom, Listed
from review.admin.memos.beside import shown_memos
from review.admin.response_files import record_opened
from review.admin.response_page import (
    ResponsePage,
    response_page,
    rights_on,
    said_of_erasure,
)
from review.errors import ReviewOutdated, ReviewRefused
from review.triage import change_status
from submissions.responses.models import Attachment, Submission
from submissions.responses.states import TriageStatus


def urls(admin: OfOwnCalls) -> list[URLPattern]:
    def page(request: HttpRequest, pk: int) -> HttpResponse:
        return consider(request, admin, pk)

    guarded = admin.admin_site.admin_view(page)
    return [path("<int:pk>/considered/", guarded, name="submissions_submission_considered")]


def show(request: HttpRequest, admin: ModelAdmin, response: Submission) -> HttpResponse:
    """Show the response to read. Opening it goes on record."""
    came_from = CameFrom.of(request)
    page = response_page(
        response,
        wanted=request.GET.get("version", ""),
        since=request.GET.get("since", ""),
        reader=request.user,
    )
    listed = Listed(admin, request, response)
    place = listed.place  # before the record, by which a filter may leave out what was opened
    if page.version is not None:
        since = {"since": page.since.number} if page.since else {}
        record(
            by=current_user(request),
            at=clock.portal_now(),
            action=AuditAction.RESPONSE_OPENED,
            call=response.call,
            submission=response,
            version=page.version.number,
            identity=page.identity is not None,
            **since,
        )
    rights = rights_on(response, reader=request.user)
    with_texts = request.GET.get("texts") == "1" and rights["may_open_files"]
    for file in _files_with_text(page) if with_texts else ():
        record_opened(request, response, file, text=True)
    context = {
        **admin.admin_site.each_context(request),
        "title": str(response),
        "opts": admin.opts,
        "response": response,
        "page": page,
        "has_keys": has_keys(current_user(request)),
        "with_pictures": request.GET.get("pictures") == "1",
        "with_texts": with_texts,
        "listed": listed,
        "place": place,
        "came_from": came_from,
        "question_query": came_from.question_query(at=str(response.pk)),
        "list_address": came_from.list_address(),
        **said_of_erasure(response),
        **triage.shown_on_page(request, response),
        **noting.shown_notes(request, response),
        **shown_memos(request, response),
        **asking.shown_questions(request, response),
        **shown_codings(request, response, page.version, is_compared=page.since is not None),
        **rights,
    }
    return TemplateResponse(request, "admin/submissions/submission/page.html", context)


def consider(request: HttpRequest, admin: OfOwnCalls, pk: int) -> HttpResponse:
    """Mark the response as considered and lead to the next one of the list.

    What somebody else changed meanwhile is not overwritten: the page stays, and says what it was.
    """
    if request.method != "POST":
        return led_to_its_page(request)
    responses = Submission.objects.select_related("call", "review")
    response = admin.own_row(request, Action.CHANGE_STATUS, responses, pk=pk)
    came_from = CameFrom.of(request)
    # Before the change, which may move the response within the list.
    listed = Listed(admin, request, response)
    following = listed.next or listed.back
    try:
        change_status(
            response,
            to=TriageStatus.CONSIDERED,
            by=current_user(request),
            at=clock.portal_now(),
            base_etag=request.POST.get("base_etag", ""),
        )
    except ReviewOutdated as outdated:
        messages.error(
            request,
            f"{outdated.message}. Your “considered” is not saved. Choose “Considered, and next” "
            "again to put it in place, or go on to the next response.",
        )
        return redirect(came_from.page_of(pk, chosen=TriageStatus.CONSIDERED))
    except ReviewRefused as refused:
        messages.error(request, f"{refused.message}.")
        return redirect(came_from.page_of(pk))
    said = "{} is now: Considered." if listed.next else "{} is now: Considered. It was the last."
    link = format_html('<a href="{}">{}</a>', came_from.page_of(pk), response)
    messages.success(request, format_html(said, link))
    return redirect(following)


def _files_with_text(page: ResponsePage) -> list[Attachment]:
    """Return the files on the page whose text the portal could read."""
    return [
        file.attachment
        for section in page.sections
        for answer in section.answers
        for file in answer.files
        if file.read and not file.read.reason
    ]
