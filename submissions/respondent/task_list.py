"""The list of a response's sections, its pages of help, and its text to download."""

from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from core import spoken_time
from core.posted_from import posted_from
from core.security_headers import clear_kept_pages
from submissions.calls import conditions
from submissions.calls.models import Section
from submissions.respondent.browser_session import forget
from submissions.respondent.decorators import with_response, with_working_copy
from submissions.respondent.response_context import ResponseContext
from submissions.respondent.who_saved import last_save
from submissions.responses import answering
from submissions.responses.sharing import people_in
from submissions.responses.signposting import KEPT, delete_draft, names_somebody
from submissions.responses.transcript import draft_text


@require_safe
@with_working_copy
def task_list(request: HttpRequest, current: ResponseContext) -> HttpResponse:
    """Show the sections of a response; a draft that ends at a page of help has that page alone."""
    if current.help_address and current.submission.is_draft:
        return redirect(current.help_address)
    rows = [
        {"section": section, "state": _section_state(current, section)}
        for section in current.sections
    ]
    done = sum(row["state"] == "completed" for row in rows)
    people = people_in(current.submission)
    saver, saved_at = last_save(current) if people else ("", current.submission.saved_at)
    context = current.template_context(
        people=people,
        saver=saver,
        rows=rows,
        done=done,
        has_changes=current.is_changed,
        evidence_needed=current.evidence_needed,
        last_saved=spoken_time.say_moment(saved_at, current.call.timezone),
    )
    return render(request, "responses/task_list.html", context)


def _section_state(current: ResponseContext, section: Section) -> str:
    """Return "completed", "started", "not_started", "optional" or "depends".

    A section depends while answers are missing that decide whether it is asked.
    """
    asked = current.call.questionnaire.asked(current.answers)
    keys = [question.key for question in current.call.questionnaire.questions_of(section)]
    begun = any(asked[key] and (current.answers.get(key) or current.files.get(key)) for key in keys)
    standing = answering.validation_issues(
        current.call, current.answers, current.file_counts, section_key=section.key
    )
    if begun:
        return "started" if standing else "completed"
    if conditions.holds(section.show_if, current.answers, asked) is None:
        return "depends"
    return "not_started" if standing else "optional"


@require_safe
@with_response
def help_page(request: HttpRequest, current: ResponseContext, key: str) -> HttpResponse:
    """Show the page that an answer leads to, for instance for people under 16."""
    question = current.call.questions_by_key.get(key)
    counting = current.call.questionnaire.answers_that_count(current.answers)
    if question is None or not question.routes or counting.get(key) not in question.routes:
        raise Http404
    context = current.template_context(
        route=question.routes[counting[key]],
        question=question,
        page=current.question_addresses[key],
        may_delete=current.submission.is_draft and current.colleague is None,
        names_nobody=not names_somebody(current.submission),
        kept_hours=KEPT // timedelta(hours=1),
    )
    return render(request, "responses/help.html", context)


@posted_from("response", "slug")
@with_working_copy
def delete(request: HttpRequest, current: ResponseContext) -> HttpResponse:
    """Delete what was typed, where an answer led to a page of help."""
    if not delete_draft(submission=current.submission, call=current.call):
        return redirect("response", slug=current.call.slug)
    forget(request, current.call)
    return clear_kept_pages(redirect(f"{reverse('call', args=[current.call.slug])}?deleted=1"))


@require_safe
@with_response
def working_text(request: HttpRequest, current: ResponseContext) -> HttpResponse:
    """Return the response as a text file: the submitted version, or else the draft.

    With `?changes`, a reopened or withdrawn response comes with the changes not submitted. So it
    does for a colleague: what was submitted may have what the author took out since.
    """
    version = current.submission.current_version
    may_differ = current.is_amending or current.is_withdrawn
    wants_changes = "changes" in request.GET or current.colleague is not None
    if version is not None and not (may_differ and wants_changes):
        text, name = version.canonical_text, current.submission.reference
    else:
        text = draft_text(
            current.call,
            saved_at=current.submission.saved_at,
            questions=[
                question
                for question in answering.askable_questions(current.call, current.answers)
                if question not in current.not_counted
            ],
            not_counted=current.not_counted,
            answers=current.answers,
            files=current.files,
        )
        name = f"draft-{current.submission.reference or current.call.slug}"
    response = HttpResponse(text.encode(), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.txt"'
    return response
