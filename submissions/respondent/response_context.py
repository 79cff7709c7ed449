"""What the pages of a response have in common: the response, its call, answers and deadline."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from core import clock, clock_check, spoken_time
from core.words import count_words, first_words
from submissions.calls.models import Call, Question, Section
from submissions.calls.retention import DataClass
from submissions.calls.states import MULTIPLE_KINDS, QuestionKind
from submissions.respondent.browser_session import (
    call_or_404,
    ended_access,
    held_what_is_gone,
    holds_access,
    response_with_answers,
)
from submissions.respondent.error_pages import posted_texts
from submissions.respondent.forms.clearing import without_cleared
from submissions.respondent.forms.presenting import FileUrl
from submissions.respondent.forms.section_form import SectionForm
from submissions.respondent.steps import Step, question_addresses, steps
from submissions.respondent.time_left import time_left_at
from submissions.responses import answering, deadlines
from submissions.responses.colleagues import locked_questions
from submissions.responses.deadlines import ApplicableDeadline
from submissions.responses.ending.late import end_of
from submissions.responses.errors import CallNotOpen
from submissions.responses.models import Attachment, Colleague, Submission
from submissions.responses.signposting import question_of_help
from submissions.responses.states import AccessEnd, SubmissionState
from submissions.responses.transcript import say_answer
from submissions.responses.versions import Content, holds_changes
from submissions.responses.working_copy import working_answers, working_files

FOLDED_FROM, OPENING = 40, 10  # words of a long answer on the page to check
SEVERAL = MULTIPLE_KINDS | {QuestionKind.MATRIX}


@dataclass
class ResponseContext:
    """A response that is open in its author's browser, as it was when the request was read.

    `answers` has the stored answers by question key; `received_at` is the aware moment at which
    the request reached us, and judges every deadline.
    """

    call: Call
    submission: Submission
    received_at: datetime
    answers: dict[str, Any]

    @cached_property
    def files(self) -> dict[str, list[Attachment]]:
        return working_files(self.submission, self.call)

    @property
    def file_counts(self) -> dict[str, int]:
        return {key: len(files) for key, files in self.files.items()}

    @cached_property
    def applicable_deadline(self) -> ApplicableDeadline | None:
        """The deadline that the response can still be submitted by; None after it."""
        try:
            return deadlines.applicable_deadline(self.call, self.submission, at=self.received_at)
        except CallNotOpen:
            return None

    @property
    def is_open(self) -> bool:
        """Whether the response can be submitted now; a grace period or a late pass counts."""
        return self.applicable_deadline is not None

    @property
    def is_early(self) -> bool:
        """Whether the call is still to open: its opening time may move once drafts are there."""
        return self.received_at < self.call.opens_at

    @property
    def submit_before(self) -> str:
        """The deadline that applies, in words."""
        deadline = (
            self.applicable_deadline.deadline if self.applicable_deadline else self.call.closes_at
        )
        return spoken_time.say_moment(deadline, self.call.timezone)

    @property
    def _time_left(self) -> dict[str, Any] | None:
        """What `time_left_at` gives until the deadline; None where there is nothing to submit."""
        if self.applicable_deadline is None or not self.has_working_copy:
            return None
        return time_left_at(self.call, self.applicable_deadline.deadline, now=self.received_at)

    @property
    def has_working_copy(self) -> bool:
        return self.submission.has_working_copy

    @property
    def is_amending(self) -> bool:
        return self.submission.amending_since is not None

    @cached_property
    def has_changes(self) -> bool:
        """Whether what is saved would make a version that says something else than the last one.

        So it would where a call's questions were changed meanwhile. Changes of a withdrawn response
        are there until they are deleted.
        """
        version = self.submission.current_version
        if version is None:
            return False
        if not self.is_amending and self.submission.saved_at < version.received_at:
            return False
        asked = answering.asked_questions(self.call, self.answers)
        content = Content(self.call, asked, self.answers, self.files)
        return holds_changes(self.submission, content)

    @property
    def is_changed(self) -> bool:
        """Whether a reopened response has changes."""
        return self.is_amending and self.has_changes

    @property
    def colleague(self) -> Colleague | None:
        """Through whose access the response is open here; None in its author's browser."""
        return self.submission.opened_by

    @property
    def is_withdrawn(self) -> bool:
        return self.submission.state == SubmissionState.WITHDRAWN

    @cached_property
    def question_of_help(self) -> Question | None:
        """The question whose answer leads to a page of help: then nothing else is asked."""
        return question_of_help(self.call, self.answers)

    @property
    def help_address(self) -> str:
        """The address of the page of help that an answer leads to; "" where none does."""
        question = self.question_of_help
        if question is None:
            return ""
        return reverse("response_help", args=[self.call.slug, question.key])

    @cached_property
    def sections(self) -> list[Section]:
        """The sections with a question that applies or may apply, in order.

        Where an answer leads to a page of help, the section of that question alone.
        """
        if self.question_of_help is not None:
            return [self.question_of_help.section]
        askable = {
            question.section_id for question in answering.askable_questions(self.call, self.answers)
        }
        return [section for section in self.call.questionnaire.sections if section.pk in askable]

    @cached_property
    def not_counted(self) -> list[Question]:
        """The questions with an answer or a file that are not asked: it is no part of a version."""
        asked = self.call.questionnaire.asked(self.answers)
        return [
            question
            for question in self.call.questionnaire.questions
            if not asked[question.key]
            and (self.answers.get(question.key) or self.files.get(question.key))
        ]

    @cached_property
    def required(self) -> frozenset[str]:
        """The keys of the questions that need an answer if they are asked."""
        return self.call.questionnaire.required(self.answers)

    @cached_property
    def steps(self) -> list[Step]:
        return steps(self.call, self.sections, self.answers)

    @cached_property
    def question_addresses(self) -> dict[str, str]:
        """The address of the page that each question is on, by the question's key."""
        return question_addresses(self.call)

    def section_form(
        self,
        section: Section,
        *,
        page: Sequence[Question] | None = None,
        request: HttpRequest | None = None,
        file_url: FileUrl | None = None,
    ) -> SectionForm:
        """Return the form of a section, or of one page of it; a `request` posts it.

        `file_url` gives the address of a file for somebody else than its author.
        """
        shown = self.call.questionnaire.questions_of(section) if page is None else page
        shows_files = request is None and any(q.kind == QuestionKind.FILE for q in shown)
        return SectionForm(
            call=self.call,
            section=section,
            page=page,
            answers=self.answers,
            attachments=self.files if shows_files else {},
            file_url=file_url or self._own_file_url,
            left_to_author=locked_questions(self.call, self.colleague),
            data=without_cleared(request.POST) if request else None,
            files=request.FILES if request else None,
        )

    def _own_file_url(self, file: Attachment) -> str:
        return reverse("own_file", args=[self.call.slug, file.public_id])

    @property
    def evidence_needed(self) -> str:
        """The least evidence that the response must have, in words; "" if it has it."""
        counting = self.call.questionnaire.answers_that_count(self.answers)
        lacks = answering.lacks_evidence(self.call, counting, self.file_counts)
        return answering.evidence_rule(self.call) if lacks else ""

    def issues(self) -> list[answering.ValidationIssue]:
        return answering.validation_issues(self.call, self.answers, self.file_counts)

    def template_context(self, **more: Any) -> dict[str, Any]:
        return {
            "call": self.call,
            "submission": self.submission,
            "is_open": self.is_open,
            "is_early": self.is_early,
            "call_is_open": self.call.is_open_at(self.received_at),
            "is_amending": self.is_amending,
            "colleague": self.colleague,
            "submit_before": self.submit_before,
            "received_at": self.received_at,
            "time_left": self._time_left,
            **more,
        }


def current_response(request: HttpRequest, slug: str) -> ResponseContext | None:
    """Return this browser's response to the call."""
    at = clock_check.received(request)
    found = response_with_answers(request, slug)
    if found is None:
        return None
    return ResponseContext(found.call, found, at, working_answers(found, found.call))


def no_response_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Say that this browser has no response, and what to do; give back what was typed."""
    call = call_or_404(slug)
    at = clock_check.corrected(clock.portal_now())
    context = {
        "call": call,
        "is_open": call.is_open_at(at),
        "is_early": at < call.opens_at,
        "lost_edits": posted_texts(request),
    }
    if holds_access(request, slug):
        ended = ended_access(request, slug)
        context["ended"] = ended
        was_submitted = ended is not None and ended.ended_by == AccessEnd.SUBMITTED
        status = 200 if was_submitted and request.method != "POST" else 410
        return render(request, "sharing/ended.html", context, status=status)
    context["was_deleted"] = held_what_is_gone(request, slug)
    return render(request, "responses/no_response.html", context, status=404)


def answers_by_section(current: ResponseContext) -> list[dict[str, Any]]:
    """Return each section with a row per question that is asked."""
    rows = rows_of(current, answering.asked_questions(current.call, current.answers))
    parts = [
        {
            "section": section,
            "rows": [row for row in rows if row["question"].section_id == section.pk],
        }
        for section in current.sections
    ]
    return [part for part in parts if part["rows"]]


def rows_of(current: ResponseContext, questions: Sequence[Question]) -> list[dict[str, Any]]:
    """Return a row for each of the questions: its address, its answer in lines, its files."""
    addresses = current.question_addresses
    return [
        {
            "question": question,
            "href": f"{addresses[question.key]}?return=check#question-{question.key}",
            "given": bool(current.answers.get(question.key) or current.files.get(question.key)),
            "is_list": question.kind in SEVERAL,
            "lines": say_answer(question, current.answers.get(question.key)),
            **_folded(question, current.answers.get(question.key)),
            "warning": answering.warning_of(question, current.answers.get(question.key)),
            "files": current.files.get(question.key, []),
        }
        for question in questions
    ]


def _folded(question: Question, answer: Any) -> dict[str, Any]:
    """Return the opening of a long answer, and how many words it has; "" of a shorter one."""
    words = count_words(answer) if question.kind == QuestionKind.LONG and answer else 0
    if words <= FOLDED_FROM:
        return {"opening": "", "words": 0}
    return {"opening": first_words(answer, OPENING), "words": words}


def closed_page(
    request: HttpRequest, current: ResponseContext, *, just_saved: bool = False, tried: bool = False
) -> HttpResponse:
    """Say that the response cannot be submitted now, and show it to read and to download.

    A draft that ends at a page of help has that page alone, as before closing.
    """
    call = current.call
    if current.help_address and current.submission.is_draft and not tried:
        return redirect(current.help_address)
    ended = deadlines.extra_time_ended(call, current.submission, at=current.received_at)
    context = current.template_context(
        extra_time_ended=ended and spoken_time.say_moment(ended, call.timezone),
        # The row of a draft that the record names stays when what was in it is deleted.
        is_empty=current.submission.is_draft and not (current.answers or current.files),
        sections=answers_by_section(current),
        not_counted=rows_of(current, current.not_counted),
        has_changes=current.is_changed,
        kept_until=_kept_until(current),
        just_saved=just_saved,
        tried=tried,
        received=spoken_time.say_exactly(current.received_at, call.timezone),
    )
    status = 403 if request.method == "POST" else 200
    return render(request, "responses/closed.html", context, status=status)


def _kept_until(current: ResponseContext) -> str:
    """Return until when its author can read what is not submitted; "" if nothing is, or unknown.

    A colleague's access may end sooner, and so does a draft that ends at a page of help.
    """
    is_there = current.has_changes if current.is_amending else current.answers or current.files
    ends_sooner = current.colleague is not None or (
        current.help_address and not current.is_amending
    )
    if ends_sooner or current.is_early or not is_there:
        return ""
    end = end_of(current.call, DataClass.DRAFTS, submissions=[current.submission.pk])
    is_to_come = end > current.received_at
    return spoken_time.say_moment(end, current.call.timezone) if is_to_come else ""
