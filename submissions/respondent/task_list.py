"""The home of a response, and the ways out of it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from core import spoken_time
from submissions.calls import conditions
from submissions.calls.models import Section
from submissions.respondent.response_context import (
    ResponseContext,
    closed_page,
    current_response,
    no_response_page,
)
from submissions.responses import answering
from submissions.responses.transcript import draft_text


@require_safe
def task_list(request: HttpRequest, slug: str) -> HttpResponse:
    held = current_response(request, slug)
    if held is None:
        return no_response_page(request, slug)
    if not held.has_working_copy:
        return redirect("submitted", slug=slug)
    if not held.is_open:
        return closed_page(request, held)
    rows = [
        {"section": section, "state": _section_state(held, section)} for section in held.sections
    ]
    done = sum(row["state"] == "completed" for row in rows)
    context = held.context(
        rows=rows,
        done=done,
        saved=request.GET.get("saved") == "1",
        last_saved=spoken_time.say_moment(held.submission.saved_at, held.call.timezone),
    )
    return render(request, "responses/task_list.html", context)


def _section_state(held: ResponseContext, section: Section) -> str:
    """Return "completed", "started", "not_started", "optional" or "depends".

    A section depends while the answers that decide whether it is asked are missing.
    """
    keys = [question.key for question in held.call.questionnaire.questions_of(section)]
    begun = any(held.answers.get(key) or held.files.get(key) for key in keys)
    standing = answering.validation_issues(
        held.call, held.answers, held.file_counts, section_key=section.key
    )
    if begun:
        return "started" if standing else "completed"
    if conditions.holds(section.show_if, held.answers) is None:
        return "depends"
    return "not_started" if standing else "optional"


@require_safe
def help_page(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    """The page that an answer leads to, for instance for people under 16."""
    held = current_response(request, slug)
    if held is None:
        return no_response_page(request, slug)
    question = held.call.questions_by_key.get(key)
    route = question and answering.route_of(question, held.answers.get(key))
    if not route:
        raise Http404
    context = held.context(route=route, question=question)
    return render(request, "responses/help.html", context)


@require_safe
def working_text(request: HttpRequest, slug: str) -> HttpResponse:
    """The response as a text file: the version as it was digested, or the draft.

    With `?changes`, a response that was opened again, or withdrawn, comes as it stands now.
    """
    held = current_response(request, slug)
    if held is None:
        return no_response_page(request, slug)
    version = held.submission.current_version
    may_differ = held.is_amending or held.is_withdrawn
    if version is not None and not (may_differ and "changes" in request.GET):
        text, name = version.canonical_text, held.submission.reference
    else:
        text = draft_text(
            held.call,
            saved_at=held.submission.saved_at,
            questions=answering.asked_questions(held.call, held.answers),
            answers=held.answers,
            files=held.files,
        )
        name = f"draft-{held.submission.reference or held.call.slug}"
    response = HttpResponse(text.encode(), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.txt"'
    return response
