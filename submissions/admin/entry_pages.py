"""The pages on which staff enter a response: what is there, each section, and checking it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from accounts.call_admin import OfOwnCalls, refuse_unless_somewhere
from accounts.current_user import current_user
from accounts.identity import may_see_identity
from accounts.record import record
from accounts.states import Action, AuditAction
from core import clock
from submissions.admin import entry_checking, entry_files
from submissions.admin.entry_form import EntryForm
from submissions.admin.entry_page import current_of, render_entry
from submissions.calls.models import Section
from submissions.calls.states import QuestionKind
from submissions.respondent.conflicts_page import conflicts_page
from submissions.respondent.decorators import repeated_without_removed
from submissions.respondent.forms.section_form import SectionForm
from submissions.respondent.lost_edits import lost_edits
from submissions.respondent.response_context import ResponseContext
from submissions.respondent.saving import UPLOAD, SaveOutcome, save_page
from submissions.responses.entering import change_entry
from submissions.responses.errors import ChangedSinceSeen, EntryRefused, ResponseGone
from submissions.responses.models import Attachment, Entry, Submission
from submissions.responses.originals import originals_of

THEIRS = (
    "This response was begun by {}. It says who answers, so it is theirs to go on with, or "
    "somebody’s who may see who answered."
)
CAME_OTHERWISE = (
    "Somebody else changed how or when this response came while the page was open. It shows "
    "theirs: change it again if yours still holds."
)
Page = Callable[..., HttpResponseBase]


def urls(admin: OfOwnCalls) -> list[URLPattern]:
    with_answers = (_overview, _section, entry_checking.check)

    def page(view: Page) -> Page:
        @repeated_without_removed
        def guarded(request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponseBase:
            refuse_unless_somewhere(request, Action.ENTER_RESPONSES)
            if request.method == "POST" and view is entry_checking.discard and _is_gone(pk):
                messages.error(request, "This response is discarded already.")
                return redirect("admin:submissions_entry_changelist")
            entries = Entry.objects.select_related("submission__call", "begun_by")
            entry = admin.own_row(request, Action.ENTER_RESPONSES, entries, pk=pk)
            # What somebody types while a colleague submits the response comes back to them.
            is_typed = view is _section and request.method == "POST"
            is_letter = view is entry_checking.letter
            if not entry.submission.is_draft and not is_letter and not is_typed:
                return redirect("admin:submissions_submission_change", pk)
            if not is_letter and not may_go_on(entry, request):
                messages.error(request, THEIRS.format(entry.begun_by))
                return redirect("admin:submissions_entry_changelist")
            if view in with_answers and request.method != "POST":
                _put_on_record(request, entry)
            try:
                return view(request, admin, entry, **kwargs)
            except (ResponseGone, Entry.DoesNotExist):
                messages.error(request, "Somebody else has discarded this response.")
                if is_typed:
                    raise Http404 from None  # its page gives back what was typed
                return redirect("admin:submissions_entry_changelist")

        return admin.admin_site.admin_view(guarded)

    return [
        path("<int:pk>/", page(_overview), name="submissions_entry_enter"),
        path("<int:pk>/check/", page(entry_checking.check), name="submissions_entry_check"),
        path("<int:pk>/discard/", page(entry_checking.discard), name="submissions_entry_discard"),
        path(
            "<int:pk>/originals/", page(entry_files.originals), name="submissions_entry_originals"
        ),
        path("<int:pk>/files/<uuid:file>/", page(entry_files.file), name="submissions_entry_file"),
        path("<int:pk>/letter/", page(entry_checking.letter), name="submissions_entry_letter"),
        path("<int:pk>/in/<slug:section>/", page(_section), name="submissions_entry_section"),
    ]


def _is_gone(pk: int) -> bool:
    return not Submission.objects.filter(pk=pk).exists()


def may_go_on(entry: Entry, request: HttpRequest) -> bool:
    """Return whether somebody may open what is half entered: it says who answers."""
    is_theirs = entry.begun_by_id == current_user(request).pk
    return is_theirs or may_see_identity(request.user, entry.submission.call_id)


def _put_on_record(request: HttpRequest, entry: Entry) -> None:
    """Record who opens what somebody else began."""
    reader = current_user(request)
    if entry.begun_by_id != reader.pk:
        record(
            by=reader,
            at=clock.portal_now(),
            action=AuditAction.RESPONSE_OPENED,
            call=entry.submission.call,
            entry=str(entry.submission.public_id),
        )


def _overview(request: HttpRequest, admin: OfOwnCalls, entry: Entry) -> HttpResponse:
    """Show how and when it came, to correct, and its sections."""
    data = request.POST if request.method == "POST" else None
    call = entry.submission.call
    form = EntryForm(data, call=call, latest=entry.begun_at, entry=entry)
    if form.is_bound and form.is_outdated:
        messages.error(request, CAME_OTHERWISE)
        return redirect("admin:submissions_entry_enter", entry.pk)
    if form.is_bound and form.is_valid():
        try:
            change_entry(entry, form.came, by=current_user(request), at=clock.portal_now())
        except EntryRefused as refused:
            messages.error(request, f"{refused.message}.")
            return redirect("admin:submissions_entry_changelist")
        except ChangedSinceSeen:
            messages.error(request, CAME_OTHERWISE)
            return redirect("admin:submissions_entry_enter", entry.pk)
        messages.success(request, "How and when it came is saved.")
        return redirect("admin:submissions_entry_enter", entry.pk)
    current = current_of(entry)
    return render_entry(
        request,
        admin,
        "enter",
        entry,
        title="Enter a response",
        form=form,
        originals=originals_of(entry.submission),
        takes_files=any(q.kind == QuestionKind.FILE for q in call.questionnaire.questions),
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
    current = current_of(entry)
    shown = current.call.questionnaire.section(section)
    if shown is None:
        raise Http404
    if request.method != "POST":
        return _section_page(request, admin, entry, shown, _section_form(current, shown))
    action = request.POST.get("action", "")
    form = _section_form(current, shown, request)
    save = save_page(current=current, form=form, action=UPLOAD if action == UPLOAD else "")
    if save.outcome == SaveOutcome.CONFLICTS:
        return conflicts_page(request, save)
    if save.outcome == SaveOutcome.QUESTION_GONE:
        lost = lost_edits(request, save.current)
        anew = _section_form(save.current, shown)
        return _section_page(request, admin, entry, shown, anew, status=409, lost_edits=lost)
    if save.outcome == SaveOutcome.ALREADY_SUBMITTED:
        messages.error(request, "Somebody else has submitted this response.")
        typed = _section_form(current, shown, request)
        return _section_page(request, admin, entry, shown, typed, status=409)
    if form.errors or save.refused_files:
        form.show_saved(save.current.answers, save.current.files)
        return _section_page(request, admin, entry, shown, form, status=422)
    if form.cleared:
        return redirect(f"{request.path}#{form.cleared_id}")
    if action == UPLOAD or form.file_to_change:
        return redirect(request.path)
    if action == "save":
        messages.success(request, "Saved. You, or a colleague, can go on with it later.")
        return redirect("admin:submissions_entry_changelist")
    return redirect(_after(entry, save.current, shown))


def _section_form(
    current: ResponseContext, shown: Section, request: HttpRequest | None = None
) -> SectionForm:
    pk = current.submission.pk

    def file_url(file: Attachment) -> str:
        return reverse("admin:submissions_entry_file", args=[pk, file.public_id])

    return current.section_form(shown, request=request, file_url=file_url)


def _after(entry: Entry, current: ResponseContext, shown: Section) -> str:
    later = [one for one in current.sections if one.position > shown.position]
    if later:
        return reverse("admin:submissions_entry_section", args=[entry.pk, later[0].key])
    return reverse("admin:submissions_entry_check", args=[entry.pk])


def _section_page(
    request: HttpRequest,
    admin: OfOwnCalls,
    entry: Entry,
    section: Section,
    form: SectionForm,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    return render_entry(
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
        **more,
    )
