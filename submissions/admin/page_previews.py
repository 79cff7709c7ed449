"""A preview of a call's pages: staff see them as respondents do, also before the call opens.

No response begins and nothing is stored. What was chosen so far stands in the address, so that
conditions work and a colleague can be shown the same page. Texts and files are checked and dropped.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import translation

from accounts.call_admin import OfOwnCalls
from accounts.states import Action
from core import clock
from submissions.calls.models import Call, Question
from submissions.calls.states import MULTIPLE_KINDS, QuestionKind
from submissions.respondent.forms.clearing import CLEARS
from submissions.respondent.forms.condition_words import sections_only_if
from submissions.respondent.forms.section_form import SectionForm
from submissions.respondent.response_context import ResponseContext
from submissions.respondent.saving import CONTINUE, LEAVE
from submissions.respondent.steps import Step, pages_of
from submissions.responses.answering import clean_answer
from submissions.responses.attaching import (
    presentable_name,
    refuse_one_too_many,
    refuse_unless_of,
)
from submissions.responses.errors import AnswerRefused, FileRefused
from submissions.responses.models import Attachment, Submission
from submissions.responses.transcript import say_answer

# The kinds that conditions and pages of help depend on: keys of options, and nobody's words.
IN_ADDRESS = MULTIPLE_KINDS | {QuestionKind.RADIO}


@dataclass
class Previewed(ResponseContext):
    """A response that nobody gives, of a call as if it were open."""

    applicable_deadline = None
    is_open = True
    is_early = False

    @cached_property
    def files(self) -> dict[str, list[Attachment]]:
        return {}

    def address(self, step: Step) -> str:
        """Return the address of the step's preview, with what was chosen so far."""
        return self._with_choices("page", step.section.key, step.number)

    @property
    def address_of_list(self) -> str:
        return self._with_choices("pages")

    def answered(self, answers: dict[str, Any]) -> "Previewed":
        """Return the same response with these answers, too; None takes one back."""
        known = self.answers | answers
        return replace(self, answers={key: value for key, value in known.items() if value})

    def address_of_help(self, question: Question, option: str) -> str:
        """Return the address of the page of help that the option leads to.

        "" if the question is not asked, or not known to be, after the other choices. Those that
        lead to help themselves do not count.
        """
        others: dict[str, Any] = {
            other.key: None
            for other in self.call.questionnaire.questions
            if other.routes and self.answers.get(other.key) in other.routes
        }
        led = self.answered(others | {question.key: option})
        is_asked = led.question_of_help == question
        return led.address(led.step_of(question)) if is_asked else ""

    def step_of(self, question: Question) -> Step:
        return next(step for step in self.steps if question in step.questions)

    def _with_choices(self, name: str, *args: object) -> str:
        address = reverse(f"admin:submissions_call_{name}", args=[self.call.pk, *args])
        query = QueryDict(mutable=True)
        for question in self.chosen:
            answer = self.answers[question.key]
            query.setlist(question.key, answer if isinstance(answer, list) else [answer])
        return f"{address}?{query.urlencode()}" if query else address

    @property
    def chosen(self) -> list[Question]:
        """The questions whose answers stand in the address."""
        return [
            question
            for question in self.call.questionnaire.questions
            if question.kind in IN_ADDRESS and question.key in self.answers
        ]


def urls(admin: OfOwnCalls) -> list[URLPattern]:
    def guarded(view: Any) -> Any:
        def of_own_call(request: HttpRequest, pk: int, **more: Any) -> HttpResponse:
            call = admin.own_row(request, Action.SEE_CALL, Call.objects.all(), pk=pk)
            return view(request, admin, _previewed(call, request.GET), **more)

        return admin.admin_site.admin_view(of_own_call)

    return [
        path("<int:pk>/pages/", guarded(all_pages), name="submissions_call_pages"),
        path(
            "<int:pk>/pages/<slug:section>/<int:number>/",
            guarded(page),
            name="submissions_call_page",
        ),
    ]


def _previewed(call: Call, chosen: QueryDict) -> Previewed:
    """Return a response with the choices of the address; what is no choice is passed over."""
    answers = {}
    for question in call.questionnaire.questions:
        if question.kind in IN_ADDRESS and question.key in chosen:
            given = chosen.getlist(question.key)
            with suppress(AnswerRefused):
                answers[question.key] = clean_answer(
                    question, given if question.kind in MULTIPLE_KINDS else given[-1]
                )
    blank = Previewed(call, Submission(call=call), clock.portal_now(), {})
    return blank.answered(answers)


def all_pages(request: HttpRequest, admin: OfOwnCalls, current: Previewed) -> HttpResponse:
    """List every page, and say which are not asked after these choices."""
    call = current.call
    context = {
        **admin.admin_site.each_context(request),
        "title": "The pages of a response",
        "opts": admin.opts,
        "call": call,
        "chosen": [
            (question.label, say_answer(question, current.answers[question.key]))
            for question in current.chosen
        ],
        "sections": [
            {
                "title": section.title,
                "only_if": sections_only_if(call, section),
                "pages": [
                    (step.place, current.address(step))
                    for step in current.steps
                    if step.section == section
                ],
            }
            for section in call.questionnaire.sections
            if pages_of(call, section)
        ],
        "helps": [
            {
                "question": question.label,
                "option": question.option_labels[option],
                "title": route["title"],
                "address": current.address_of_help(question, option),
            }
            for question in call.questionnaire.questions
            for option, route in question.routes.items()
        ],
    }
    return TemplateResponse(request, "admin/submissions/call/pages.html", context)


def page(
    request: HttpRequest, _admin: OfOwnCalls, current: Previewed, section: str, number: int
) -> HttpResponse:
    """Show a page, or the page of help that a choice leads to.

    A POST says what is wrong with the answers, or goes on to the next page.
    """
    call = current.call
    shown = call.questionnaire.section(section)
    if shown is None or not 1 <= number <= len(pages_of(call, shown)):
        raise Http404
    here = (shown, number)
    step = next((one for one in current.steps if (one.section, one.number) == here), None)
    if step is None:
        messages.info(request, "That page is not asked after these choices.")
        return redirect(current.address_of_list)
    with translation.override(call.spoken_language):
        if request.method != "POST":
            if current.question_of_help is not None:
                return _help_shown(request, current, current.question_of_help)
            return _shown(request, current, step, current.section_form(shown, page=step.questions))
        return _posted(request, current, step)


def _posted(request: HttpRequest, current: Previewed, step: Step) -> HttpResponse:
    form = current.section_form(step.section, page=step.questions, request=request)
    form.full_clean()
    current = current.answered(form.values)
    if current.question_of_help is not None:
        return redirect(current.address(current.step_of(current.question_of_help)))
    form.show_saved(current.answers, {})
    _check_files(form)
    action = "" if CLEARS in request.POST else request.POST.get("action", CONTINUE)
    if action == LEAVE and not form.has_errors:
        return redirect(current.address_of_list)
    if action == CONTINUE:
        form.add_issues({key: len(files) for key, files in form.uploads.items()})
        if not form.has_errors:
            return _next_page(request, current, step)
    return _shown(request, current, step, form)


def _check_files(form: SectionForm) -> None:
    """Refuse what respondents could not add; nothing is kept."""
    for key, uploads in form.uploads.items():
        question = form.call.questions_by_key[key]
        taken = 0
        for upload in uploads:
            name = presentable_name(upload.name or "")
            try:
                refuse_unless_of(question.file_types, question.max_mb, name, upload)
                refuse_one_too_many(question, name, taken)
                taken += 1
            except FileRefused as refused:
                form.refuse(key, refused.message)


def _next_page(request: HttpRequest, current: Previewed, step: Step) -> HttpResponse:
    places = [(one.section.position, one.number) for one in current.steps]
    here = (step.section.position, step.number)
    later = [one for one, place in zip(current.steps, places, strict=True) if place > here]
    if later:
        return redirect(current.address(later[0]))
    messages.info(request, "That was the last page. Respondents check their answers next.")
    return redirect(current.address_of_list)


def _shown(request: HttpRequest, current: Previewed, step: Step, form: SectionForm) -> HttpResponse:
    place = current.steps.index(step) if step in current.steps else 0
    context = current.template_context(
        form=form,
        errors=form.error_summary,
        section=step.section,
        step=step,
        number=sum(one.position <= step.section.position for one in current.sections),
        of=len(current.sections),
        back=current.address(current.steps[place - 1]) if place else current.address_of_list,
        pages=current.address_of_list,
    )
    status = 422 if form.has_errors else 200
    return render(request, "admin/submissions/call/page.html", context, status=status)


def _help_shown(request: HttpRequest, current: Previewed, question: Question) -> HttpResponse:
    unanswered = current.answered({question.key: None})
    context = current.template_context(
        route=question.routes[current.answers[question.key]],
        question=question,
        page=unanswered.address(current.step_of(question)),
        pages=current.address_of_list,
    )
    return render(request, "admin/submissions/call/page_of_help.html", context)
