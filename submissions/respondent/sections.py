"""A page of a section: its questions, its files, and keeping what was typed."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core import spoken_time
from submissions.respondent.forms.conflicts import contested_answers, posted_again
from submissions.respondent.forms.pages import pages_of
from submissions.respondent.forms.section_form import SectionForm
from submissions.respondent.lost_edits import lost_edits_page
from submissions.respondent.response_context import (
    ResponseContext,
    closed_page,
    current_response,
    no_response_page,
)
from submissions.respondent.steps import Step, question_addresses, step_address
from submissions.respondent.uploading import change_files
from submissions.responses import answering, drafting
from submissions.responses.errors import AlreadySubmitted


@require_http_methods(["GET", "HEAD", "POST"])
def section(request: HttpRequest, slug: str, section: str, number: int = 1) -> HttpResponse:
    """A page of a section: a GET shows it, a POST keeps what was typed, complete or not."""
    held = current_response(request, slug)
    if held is None:
        return no_response_page(request, slug)
    shown = next((s for s in held.call.questionnaire.sections if s.key == section), None)
    if shown is None or not 1 <= number <= len(pages_of(held.call, shown)):
        raise Http404
    if not held.has_working_copy:
        return _submitted_meanwhile(request, held)
    own = [step for step in held.steps if step.section == shown]
    here = next((step for step in own if step.number == number), None)
    if not own:
        return redirect("response", slug=slug)
    if here is None:
        return redirect(_with_way_back(request, step_address(held.call, shown, own[0].number)))
    if request.method == "POST":
        return _save(request, held, here)
    if not held.is_open:
        return closed_page(request, held)
    return _page(request, held, here, _form(held, here))


def _form(held: ResponseContext, here: Step, request: HttpRequest | None = None) -> SectionForm:
    return SectionForm(
        call=held.call,
        section=here.section,
        page=here.questions,
        answers=held.answers,
        attachments=held.files,
        file_url=lambda file: reverse("own_file", args=[held.call.slug, file.public_id]),
        data=request and request.POST,
        files=request and request.FILES,
    )


def _page(
    request: HttpRequest, held: ResponseContext, here: Step, form: SectionForm, status: int = 200
) -> HttpResponse:
    context = held.context(
        form=form,
        errors=form.error_summary,
        **_place(request, held, here),
    )
    return render(request, "responses/section.html", context, status=status)


def _place(request: HttpRequest, held: ResponseContext, here: Step) -> dict[str, Any]:
    """Where the page stands among the others, and when the response was last saved."""
    begun = held.submission.saved_at != held.submission.started_at
    saved = spoken_time.say_saved(held.submission.saved_at, held.received_at, held.call.timezone)
    return {
        "section": here.section,
        "step": here,
        "number": held.sections.index(here.section) + 1,
        "of": len(held.sections),
        "back": _back_address(request, held, here),
        "last_saved": saved if begun else "",
    }


def _save(request: HttpRequest, held: ResponseContext, here: Step) -> HttpResponse:
    form = _form(held, here, request)
    valid = form.is_valid()
    try:
        kept = drafting.save_answers(
            submission=held.submission,
            call=held.call,
            values=form.values,
            at=held.received_at,
            base_etags=form.base_etags,
            pending_etags=form.pending_etags,
        )
        refused = change_files(held, form)
    except AlreadySubmitted:
        return _submitted_meanwhile(request, held)
    saved = held
    if kept.answers != held.answers or form.takes_files or form.file_to_change:
        saved = ResponseContext(held.call, held.submission, held.received_at, kept.answers)
    if kept.conflicts or form.unsettled:
        return _contested_page(request, saved, here, form, kept.conflicts, refused)
    action = request.POST.get("action", "continue")
    if not held.is_open and valid and not refused:
        if action == "upload":
            return _page(request, saved, here, _form(saved, here))
        return closed_page(request, saved, just_saved=True)
    if valid and not refused and action == "save":
        return redirect(f"{reverse('leave', args=[held.call.slug])}?saved=1")
    if valid and not refused and (action == "upload" or form.file_to_change):
        return redirect(_with_way_back(request, _address_of_files(held, here, form)))
    completeness = action == "continue" and held.is_open
    _say_what_is_wrong(form, saved, refused, completeness=completeness)
    routed = next(iter(_routes(saved, form)), None)
    if routed is not None and action == "continue":
        return redirect("response_help", slug=held.call.slug, key=routed)
    if form.error_summary:
        return _page(request, saved, here, form, status=422)
    return redirect(_next_address(request, saved, here, form))


def _submitted_meanwhile(request: HttpRequest, held: ResponseContext) -> HttpResponse:
    """Another tab or person submitted: that stands, and what was typed here is given back."""
    if request.method == "POST":
        return lost_edits_page(request, held)
    return redirect("submitted", slug=held.call.slug)


def _contested_page(
    request: HttpRequest,
    saved: ResponseContext,
    here: Step,
    form: SectionForm,
    contested: dict[str, Any],
    refused_files: dict[str, list[str]],
) -> HttpResponse:
    """Show both of each answer that was changed in two places, and say what else is not saved."""
    stored = {key: saved.answers.get(key) for key in (*form.unsettled, *contested)}
    typed = form.typed_values
    refused = [form.fields[key].question for key in form.errors if key in form.fields]
    messages = [
        f"“{form.fields[question.key].label}”: {message}"
        for question in form.questions
        for message in form.errors.get(question.key, ())
    ]
    messages += [message for several in refused_files.values() for message in several]
    not_saved = [(message, f"not-saved-{n}") for n, message in enumerate(messages, 1)]
    choose = [
        (
            _("Choose which answer to keep: “%(question)s”")
            % {"question": form.fields[key].question.label},
            f"id_keep_{key}",
        )
        for key in form.unsettled
    ]
    again = [saved.call.questions_by_key[key] for key in stored]
    context = saved.context(
        contested=contested_answers(saved.call, stored, typed, request.POST),
        again=posted_again([*again, *refused], request.POST),
        errors=not_saved + choose,
        not_saved=not_saved,
        unsettled=form.unsettled,
        **_place(request, saved, here),
    )
    return render(request, "responses/contested.html", context, status=409)


def _say_what_is_wrong(
    form: SectionForm, saved: ResponseContext, refused: dict[str, list[str]], *, completeness: bool
) -> None:
    """Add to the posted form, beside what is stored now, all that is still wrong."""
    form.answers = saved.answers
    form.attachments = saved.files
    for key, messages in refused.items():
        for message in messages:
            form.refuse(key, message)
    if completeness:
        form.add_faults()


def _routes(saved: ResponseContext, form: SectionForm) -> list[str]:
    """Return the keys of the page's questions whose answer leads to a page of help."""
    return [
        question.key
        for question in form.questions
        if answering.route_of(question, saved.answers.get(question.key))
    ]


def _back_address(request: HttpRequest, held: ResponseContext, here: Step) -> str:
    if request.GET.get("return") == "check":
        return reverse("check", args=[held.call.slug])
    walked = held.steps
    place = walked.index(here) if here in walked else 0
    if place == 0:
        return reverse("response", args=[held.call.slug])
    before = walked[place - 1]
    return step_address(held.call, before.section, before.number)


def _next_address(
    request: HttpRequest, saved: ResponseContext, here: Step, form: SectionForm
) -> str:
    walked = saved.steps
    check = reverse("check", args=[saved.call.slug])
    if request.GET.get("return") == "check" or here not in walked:
        return check
    for step in walked[walked.index(here) + 1 :]:
        posted_too = any(question.key in form.fields for question in step.questions)
        if step.section != here.section or not posted_too:
            return step_address(saved.call, step.section, step.number)
    return check


def _address_of_files(held: ResponseContext, here: Step, form: SectionForm) -> str:
    """The page of the question whose files were changed; it may not be the one that posted."""
    key = next(iter(form.uploads), None)
    if key is None:
        return step_address(held.call, here.section, here.number)
    return question_addresses(held.call)[key]


def _with_way_back(request: HttpRequest, address: str) -> str:
    query = request.META.get("QUERY_STRING", "")
    return f"{address}?{query}" if query else address
