"""A page of a section: a GET shows it; a POST saves it, and each outcome has its page."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from core import spoken_time
from core.public_pages import compressed
from submissions.respondent.conflicts_page import conflicts_page
from submissions.respondent.decorators import repeated_without_removed, with_working_copy
from submissions.respondent.forms.clearing import CLEARS
from submissions.respondent.forms.section_form import SectionForm
from submissions.respondent.lost_edits import lost_edits_page
from submissions.respondent.response_context import ResponseContext, closed_page, no_response_page
from submissions.respondent.saving import (
    CLEAR,
    CONTINUE,
    Save,
    SaveOutcome,
    save_page,
)
from submissions.respondent.steps import Step, pages_of
from submissions.respondent.who_saved import last_save

# In an address: the key of a question that the link leads to. What stands behind "#" no browser
# sends, and without the script a closed fold would hide the question.
UNFOLDS = "unfold"


@require_http_methods(["GET", "HEAD", "POST"])
@repeated_without_removed
@with_working_copy
def section(
    request: HttpRequest, current: ResponseContext, section: str, number: int = 1
) -> HttpResponse:
    shown = current.call.questionnaire.section(section)
    is_there = shown is not None and 1 <= number <= len(pages_of(current.call, shown))
    if not is_there and request.method != "POST":
        raise Http404
    asked = [step for step in current.steps if step.section == shown]
    step = next((step for step in asked if step.number == number), None)
    posted = request if request.method == "POST" else None
    # A page that is not asked or not there any more was when it was opened: what was typed is kept.
    of = shown or current.call.questionnaire.sections[0]
    form = current.section_form(of, page=step.questions if step else (), request=posted)
    if posted:
        # Where an answer leads to help, whoever presses a button of another page is forgotten, too.
        action = _action(request) if step or current.question_of_help else ""
        save = save_page(current=current, form=form, action=action)
        if save.outcome in PAGES_WITHOUT_STEP:
            return PAGES_WITHOUT_STEP[save.outcome](request, save)
        if step is not None:
            return PAGES[save.outcome](request, step, save)
    if not asked:
        return redirect("response", slug=current.call.slug)
    if step is None:
        return redirect(_with_query(request, asked[0].address))
    # A link of the check may lead to any question of the page.
    form.unfolded = form.fields if _leads_back(request) else request.GET.getlist(UNFOLDS)
    page = _page(request, current, step, form)
    # The address of the page stands in it, with whatever somebody put behind it.
    is_blank = not form.shows_answers and not request.META.get("QUERY_STRING")
    return compressed(request, page) if is_blank else page


def _action(request: HttpRequest) -> str:
    return CLEAR if CLEARS in request.POST else request.POST.get("action", CONTINUE)


def _page(
    request: HttpRequest,
    current: ResponseContext,
    step: Step,
    form: SectionForm,
    status: int = 200,
) -> HttpResponse:
    saved_at = current.submission.saved_at
    is_saved = saved_at != current.submission.started_at
    back = _back_address(request, current, step)
    saver, saved_at = last_save(current) if is_saved else ("", saved_at)
    context = current.template_context(
        form=form,
        errors=form.error_summary,
        section=step.section,
        step=step,
        number=sum(one.position <= step.section.position for one in current.sections),
        of=len(current.sections),
        back=back,
        is_saved=is_saved,
        last_saved=spoken_time.say_saved(saved_at, current.received_at, current.call.timezone),
        saver=saver,
        evidence_needed=current.evidence_needed if _leads_back(request) else "",
    )
    return render(request, "responses/section.html", context, status=status)


def _next_page(request: HttpRequest, step: Step, save: Save) -> HttpResponse:
    """The next step that this page did not have questions of, or the check of the answers."""
    current = save.current
    check = reverse("check", args=[current.call.slug])
    if _leads_back(request) or step not in current.steps:
        return redirect(check)
    for later in current.steps[current.steps.index(step) + 1 :]:
        posted_too = any(question.key in save.form.fields for question in later.questions)
        if later.section != step.section or not posted_too:
            return redirect(later.address)
    return redirect(check)


def _leave_page(_request: HttpRequest, _step: Step, save: Save) -> HttpResponse:
    return redirect(f"{reverse('leave', args=[save.current.call.slug])}?saved=1")


def _cleared_page(request: HttpRequest, step: Step, save: Save) -> HttpResponse:
    """The same page, at the choices that were cleared; a fold around them is open."""
    cleared = save.form.cleared
    if cleared is None:
        return redirect(_with_query(request, step.address))
    query = request.GET.copy()
    query[UNFOLDS] = cleared.key
    return redirect(f"{step.address}?{query.urlencode()}#{save.form.cleared_id}")


def _files_page(request: HttpRequest, step: Step, save: Save) -> HttpResponse:
    """The page of the question whose files were changed; it may not be the one that posted."""
    current = save.current
    if not current.is_open:
        # A redirect would show the page of a closed call, and not the file that was just added.
        form = current.section_form(step.section, page=step.questions)
        return _page(request, current, step, form)
    key = next(iter(save.form.uploads), None)
    address = step.address if key is None else current.question_addresses[key]
    return redirect(_with_query(request, address))


def _help_page(_request: HttpRequest, _step: Step, save: Save) -> HttpResponse:
    return redirect(save.current.help_address)


def _errors_page(request: HttpRequest, step: Step, save: Save) -> HttpResponse:
    return _page(request, save.current, step, save.form, status=422)


PAGES_WITHOUT_STEP: dict[SaveOutcome, Callable[[HttpRequest, Save], HttpResponse]] = {
    SaveOutcome.CONFLICTS: conflicts_page,
    SaveOutcome.CLOSED: lambda request, save: closed_page(request, save.current, just_saved=True),
    SaveOutcome.QUESTION_GONE: lambda request, save: lost_edits_page(
        request, save.current, has_ended=False
    ),
    SaveOutcome.ALREADY_SUBMITTED: lambda request, save: lost_edits_page(request, save.current),
    SaveOutcome.ACCESS_ENDED: lambda request, save: no_response_page(
        request, save.current.call.slug
    ),
}
PAGES: dict[SaveOutcome, Callable[[HttpRequest, Step, Save], HttpResponse]] = {
    SaveOutcome.SAVED: _next_page,
    SaveOutcome.LEFT: _leave_page,
    SaveOutcome.CLEARED: _cleared_page,
    SaveOutcome.FILES_CHANGED: _files_page,
    SaveOutcome.SIGNPOSTED: _help_page,
    SaveOutcome.NEEDS_CHANGES: _errors_page,
}


def _back_address(request: HttpRequest, current: ResponseContext, step: Step) -> str:
    if _leads_back(request):
        return reverse("check", args=[current.call.slug])
    place = current.steps.index(step) if step in current.steps else 0
    if place == 0:
        return reverse("response", args=[current.call.slug])
    return current.steps[place - 1].address


def _leads_back(request: HttpRequest) -> bool:
    """Return whether the page was opened from the check of the answers."""
    return request.GET.get("return") == "check"


def _with_query(request: HttpRequest, address: str) -> str:
    query = request.META.get("QUERY_STRING", "")
    return f"{address}?{query}" if query else address
