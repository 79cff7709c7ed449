"""The pages on which staff enter a response: what is there, each section, and checking it."""

import itertools
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from accounts.states import Action
from core import clock, spoken_time
from submissions.admin.entry_form import EntryForm
from submissions.calls.models import Section
from submissions.calls.states import PublicationPolicy
from submissions.mail.tasks import nudge_mail
from submissions.respondent.conflicts import conflicts_page
from submissions.respondent.forms.section_form import SectionForm
from submissions.respondent.response_context import ResponseContext
from submissions.respondent.saving import UPLOAD, SaveOutcome, save_page
from submissions.responses.answering import ValidationIssue, askable_questions
from submissions.responses.entering import change_entry, discard_entry, submit_entry
from submissions.responses.errors import (
    CallNotOpen,
    ChangedSinceSeen,
    EntryRefused,
    ResponseIncomplete,
)
from submissions.responses.etags import draft_etag
from submissions.responses.models import Entry
from submissions.responses.states import Acknowledgement, Channel
from submissions.responses.transcript import say_answer
from submissions.responses.working_copy import working_answers

CHANGED = (
    "Somebody else changed this response while the page was open. Check it again, then submit."
)
LEFT_OPEN = (
    "What its author allows to be published is not known, so the response will be confidential: "
    "only the project team reads it."
)
Page = Callable[..., HttpResponse]


def urls(admin: OfOwnCalls) -> list[URLPattern]:
    def page(view: Page) -> Page:
        def guarded(request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponse:
            entries = Entry.objects.select_related("submission__call")
            entry = admin.own_row(request, Action.ENTER_RESPONSES, entries, pk=pk)
            if not entry.submission.is_draft and view is not _letter:
                return redirect("admin:submissions_submission_change", pk)
            return view(request, admin, entry, **kwargs)

        return admin.admin_site.admin_view(guarded)

    return [
        path("<int:pk>/", page(_overview), name="submissions_entry_enter"),
        path("<int:pk>/check/", page(_check), name="submissions_entry_check"),
        path("<int:pk>/discard/", page(_discard), name="submissions_entry_discard"),
        path("<int:pk>/letter/", page(_letter), name="submissions_entry_letter"),
        path("<int:pk>/in/<slug:section>/", page(_section), name="submissions_entry_section"),
    ]


def _current(entry: Entry) -> ResponseContext:
    submission = entry.submission
    answers = working_answers(submission, submission.call)
    return ResponseContext(submission.call, submission, clock.portal_now(), answers)


def _render(
    request: HttpRequest,
    admin: OfOwnCalls,
    template: str,
    entry: Entry,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "entry": entry,
        "call": entry.submission.call,
        "came_by": entry.submission.get_channel_display(),
        "received": spoken_time.say_exactly(entry.received_at, entry.submission.call.timezone),
        **more,
    }
    return TemplateResponse(
        request, f"admin/submissions/entry/{template}.html", context, status=status
    )


def _overview(request: HttpRequest, admin: OfOwnCalls, entry: Entry) -> HttpResponse:
    """Show how and when it came, to correct, and its sections."""
    data = request.POST if request.method == "POST" else None
    call = entry.submission.call
    form = EntryForm(data, call=call, latest=entry.begun_at, entry=entry)
    if form.is_bound and form.is_outdated:
        messages.error(
            request,
            "Somebody else changed how or when this response came while the page was open. It "
            "shows theirs: change it again if yours still holds.",
        )
        return redirect("admin:submissions_entry_enter", entry.pk)
    if form.is_bound and form.is_valid():
        try:
            change_entry(
                entry,
                channel=Channel(form.cleaned_data["channel"]),
                received_at=form.cleaned_data["moment"],
                acknowledgement=Acknowledgement(form.cleaned_data["acknowledgement"]),
                by=current_user(request),
                at=clock.portal_now(),
            )
        except EntryRefused as refused:
            messages.error(request, f"{refused.message}.")
            return redirect("admin:submissions_entry_changelist")
        messages.success(request, "How and when it came is saved.")
        return redirect("admin:submissions_entry_enter", entry.pk)
    current = _current(entry)
    return _render(
        request,
        admin,
        "enter",
        entry,
        title="Enter a response",
        form=form,
        sections=[
            {
                "section": section,
                "given": sum(
                    bool(current.answers.get(q.key) or current.files.get(q.key))
                    for q in call.questionnaire.questions_of(section)
                ),
            }
            for section in current.sections
        ],
    )


def _section(request: HttpRequest, admin: OfOwnCalls, entry: Entry, section: str) -> HttpResponse:
    """A section's questions; a POST saves them, with the respondents' form and rules."""
    current = _current(entry)
    shown = current.call.questionnaire.section(section)
    if shown is None:
        raise Http404
    if request.method != "POST":
        return _section_page(request, admin, entry, current, shown, current.section_form(shown))
    action = request.POST.get("action", "")
    form = current.section_form(shown, request=request)
    save = save_page(current=current, form=form, action=UPLOAD if action == UPLOAD else "")
    if save.outcome == SaveOutcome.CONFLICTS:
        return conflicts_page(request, save)
    if save.outcome == SaveOutcome.ALREADY_SUBMITTED:
        messages.error(request, "Somebody else submitted this response meanwhile.")
        typed = current.section_form(shown, request=request)
        return _section_page(request, admin, entry, current, shown, typed, status=409)
    if form.errors or save.refused_files:
        form.show_saved(save.current.answers, save.current.files)
        return _section_page(request, admin, entry, save.current, shown, form, status=422)
    if action == UPLOAD or form.file_to_change:
        return redirect(request.path)
    if action == "save":
        messages.success(request, "Saved. You, or a colleague, can go on with it later.")
        return redirect("admin:submissions_entry_changelist")
    return redirect(_after(entry, save.current, shown))


def _after(entry: Entry, current: ResponseContext, shown: Section) -> str:
    later = [one for one in current.sections if one.position > shown.position]
    if later:
        return reverse("admin:submissions_entry_section", args=[entry.pk, later[0].key])
    return reverse("admin:submissions_entry_check", args=[entry.pk])


def _section_page(
    request: HttpRequest,
    admin: OfOwnCalls,
    entry: Entry,
    current: ResponseContext,
    section: Section,
    form: SectionForm,
    status: int = 200,
) -> HttpResponse:
    return _render(
        request,
        admin,
        "section",
        entry,
        status,
        title=section.title,
        section=section,
        form=form,
        errors=form.error_summary,
        asks_publication="publication" in form.fields,
    )


def _check(request: HttpRequest, admin: OfOwnCalls, entry: Entry) -> HttpResponse:
    """Show all that is entered; a POST submits it."""
    current = _current(entry)
    issues: list[ValidationIssue] = []
    status = 200
    if request.method == "POST":
        try:
            version = submit_entry(
                entry,
                by=current_user(request),
                at=current.received_at,
                expected_etag=request.POST.get("base_etag", ""),
            )
        except ChangedSinceSeen:
            messages.error(request, CHANGED)
            status = 409
        except CallNotOpen as refused:
            closes = spoken_time.say_exactly(refused.closes_at, current.call.timezone)
            messages.error(
                request,
                "The response was not submitted: it came outside the time of the call, which "
                f"closed at {closes}, and no late pass was given to its author’s address before "
                "it came. It is kept here.",
            )
            status = 409
        except ResponseIncomplete as refused:
            issues, status = refused.issues, 422
        else:
            nudge_mail()
            messages.success(request, f"Response {version.submission.reference} is entered.")
            if entry.acknowledgement == Acknowledgement.LETTER:
                return redirect("admin:submissions_entry_letter", entry.pk)
            return redirect("admin:submissions_submission_change", entry.pk)
        current = _current(Entry.objects.select_related("submission__call").get(pk=entry.pk))
    asks = current.call.publication == PublicationPolicy.ASKED
    rows = [
        {
            "question": question,
            "lines": say_answer(question, current.answers.get(question.key)),
            "files": current.files.get(question.key, []),
        }
        for question in askable_questions(current.call, current.answers)
        if current.answers.get(question.key) or current.files.get(question.key)
    ]
    return _render(
        request,
        admin,
        "check",
        entry,
        status,
        title="Check what you entered",
        rows=rows,
        issues=issues,
        left_open=LEFT_OPEN if asks and not current.answers.get("publication") else "",
        etag=draft_etag(current.answers, itertools.chain(*current.files.values())),
    )


def _discard(request: HttpRequest, admin: OfOwnCalls, entry: Entry) -> HttpResponse:
    """Ask whether to discard what is entered, and discard it."""
    if request.method == "POST":
        try:
            discard_entry(entry, by=current_user(request), at=clock.portal_now())
            messages.success(request, "The half-entered response is discarded.")
        except EntryRefused as refused:
            messages.error(request, f"{refused.message}.")
        return redirect("admin:submissions_entry_changelist")
    return _render(request, admin, "discard", entry, title="Discard this response?")


def _letter(request: HttpRequest, admin: OfOwnCalls, entry: Entry) -> HttpResponse:
    """A letter to print: the reference, when the response came, what happens next."""
    version = entry.submission.current_version
    if version is None:
        raise Http404
    title = f"Acknowledgement of {entry.submission}"
    return _render(request, admin, "letter", entry, title=title, version=version)
