"""A page of a section as a form."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.functional import cached_property

from submissions.calls.models import Call, Question, Section
from submissions.calls.states import QuestionKind
from submissions.respondent.forms.condition_words import Applies, applies, is_ruled_out
from submissions.respondent.forms.conflicts import CONTESTED, Keep, choice_of, merged_from
from submissions.respondent.forms.fields import AnswerField, Posted, every_value, posted_names
from submissions.respondent.forms.layout import section_helper
from submissions.respondent.forms.presenting import FileUrl, answer_id, first_id, present
from submissions.responses.answering import clean_answer, validation_issues
from submissions.responses.errors import AnswerRefused
from submissions.responses.etags import etag
from submissions.responses.models import Attachment

# Question keys begin with a letter, so neither name can be one's.
SHOWN = "_shown"
REMOVE = "_remove"
REPLACE = "_replace"
BEFORE = "_before_"


class SectionForm(forms.Form):
    """The questions of `section`, or of one `page` of it, that apply or may apply.

    `answers` are the stored ones of the whole response by question key (`working_answers`),
    `attachments` the files in the working copy by question key, `file_url` gives a file's
    address. The page posts, beside the answers, `key:fingerprint` of each answer that it showed
    as `_shown`, the public id of a file to take out as `_remove` or to put another in the
    place of as `_replace`, and `action` = `upload` from the button beside a file question.
    The script adds as `_before_<key>`, each URL-encoded, what it sent of an answer and had no
    word of. What was posted or shown of the section's other questions is taken as well.
    """

    def __init__(
        self,
        *,
        call: Call,
        section: Section,
        page: Sequence[Question] | None = None,
        answers: Mapping[str, Any],
        attachments: Mapping[str, Sequence[Attachment]] | None = None,
        data: Posted | None = None,
        files: Posted | None = None,
        file_url: FileUrl | None = None,
    ) -> None:
        super().__init__(data=data, files=files, label_suffix="")  # labels are drawn elsewhere
        self.call = call
        self.section = section
        self.answers = answers
        self.attachments = attachments or {}
        self.file_url = file_url
        self.row_errors: dict[str, dict[str, list[str]]] = {}
        self.unsettled: list[str] = []
        self._settled: dict[str, Any] = {}
        whole = call.questionnaire.questions_of(section)
        on_page = {question.key for question in (whole if page is None else page)}
        self._terms = call.questionnaire.terms
        self.questions = [
            question
            for question in whole
            if self._was_posted(question)
            or question.key in self._posted_as_shown
            or (
                question.key in on_page
                and not is_ruled_out(self._terms[question.key], answers, on_page)
            )
        ]
        self.fields = {question.key: AnswerField(question) for question in self.questions}

    @cached_property
    def helper(self) -> FormHelper:
        return section_helper(self)

    def clean(self) -> dict[str, Any]:
        """Take the choices made on the page of contested answers, where this comes from it."""
        for key in str(self.data.get(CONTESTED, "")).split():
            if key not in self.fields:
                continue
            keep = choice_of(self.data, key)
            if keep == Keep.SAVED:
                self.cleaned_data.pop(key, None)
                self._settled[key] = self.answers.get(key)
            elif keep == Keep.MERGED:
                self._settled[key] = merged_from(self.data, key)
                self._clean_merged(key)
            elif keep is None:
                self.cleaned_data.pop(key, None)
                self.unsettled.append(key)
        return self.cleaned_data

    def _clean_merged(self, key: str) -> None:
        try:
            self.cleaned_data[key] = clean_answer(self.fields[key].question, self._settled[key])
        except AnswerRefused as refusal:
            self.add_error(key, refusal.message)

    @cached_property
    def values(self) -> dict[str, Any]:
        """Every answer on the page that can be stored, by key; None where it was emptied.

        Files are not among them. A question that the page did not show is left as it is.
        """
        if not self.is_bound or self.errors is None:
            return {}
        return {
            question.key: self.cleaned_data[question.key]
            for question in self.questions
            if question.kind != QuestionKind.FILE
            and question.key in self.cleaned_data
            and self._was_answered_or_left(question)
        }

    @cached_property
    def uploads(self) -> dict[str, list[UploadedFile]]:
        """The files that came with this post, by key; nothing is known of them yet."""
        if not self.is_bound or self.errors is None:
            return {}
        return {
            question.key: self.cleaned_data[question.key]
            for question in self.questions
            if question.kind == QuestionKind.FILE and self.cleaned_data.get(question.key)
        }

    @property
    def file_to_remove(self) -> str:
        """The public id posted by a file's remove button, or ""."""
        return str(self.data.get(REMOVE, "")) if self.is_bound else ""

    @property
    def file_to_replace(self) -> str:
        """The public id posted by a file's replace button, or ""."""
        return str(self.data.get(REPLACE, "")) if self.is_bound else ""

    @property
    def file_to_change(self) -> str:
        return self.file_to_remove or self.file_to_replace

    @cached_property
    def typed_values(self) -> dict[str, Any]:
        """What was posted, in the stored shape, also where the author chose or has yet to."""
        typed = dict(self.cleaned_data)
        for key in self.unsettled:
            typed[key] = self.fields[key].clean(self[key].data)
        return typed

    @cached_property
    def base_etags(self) -> dict[str, set[str]]:
        """The etags of what the page showed, by key."""
        return {key: {mark} for key, mark in self._posted_as_shown.items() if mark}

    @cached_property
    def pending_etags(self) -> dict[str, set[str]]:
        """The etags of what the script sent before and had no answer to, by key."""
        return {key: self._sent_before(key) for key in self.base_etags}

    def _sent_before(self, key: str) -> set[str]:
        """The script's own earlier save may have come meanwhile: that is no other's edit."""
        if key not in self.fields:
            return set()
        field = self.fields[key]
        marks = set()
        for text in every_value(self.data, f"{BEFORE}{key}"):
            sent = field.widget.value_from_datadict(QueryDict(text), {}, key)
            with suppress(AnswerRefused):
                marks.add(etag(clean_answer(field.question, sent)))
        return marks

    def refuse(self, key: str, message: str, *, row: str = "") -> None:
        """Say `message` beside the question, or beside a matrix's row; bound or not."""
        self.errors.setdefault(key, self.error_class(renderer=self.renderer)).append(message)
        if row:
            self.row_errors.setdefault(key, {}).setdefault(row, []).append(message)

    def add_faults(self) -> None:
        """Say beside each question what stands in the way of submitting, by what is on the page.

        A question whose answer was refused already says that and no more. Files count as they
        stand in `attachments`, so set it anew once uploads are taken.
        """
        refused = set(self.errors)
        counts = {key: len(files) for key, files in self.attachments.items()}
        answers = {**self.answers, **self.values}
        for fault in validation_issues(self.call, answers, counts, section_key=self.section.key):
            if fault.key in self.fields and fault.key not in refused:
                self.refuse(fault.key, fault.message, row=fault.row)

    @property
    def has_errors(self) -> bool:
        return bool(self.errors)

    @property
    def error_summary(self) -> list[tuple[str, str]]:
        """Each message with the id of the element that it is about, in the page's order."""
        summary = []
        for question in self.questions:
            rows = self.row_errors.get(question.key, {})
            for row in question.rows if rows else ():
                target = answer_id(question, row["key"])
                summary += [(message, target) for message in rows.get(row["key"], ())]
            summary += [(message, first_id(question)) for message in self._own_errors(question)]
        return summary

    @property
    def shown(self) -> str:
        """What the page posts back as `_shown`."""
        return " ".join(f"{key}:{etag(self.answers.get(key))}" for key in self.fields)

    @property
    def takes_files(self) -> bool:
        return any(question.kind == QuestionKind.FILE for question in self.questions)

    def presented(self, key: str) -> dict[str, Any]:
        """Return the context of the question's template."""
        question = self.fields[key].question
        return present(
            question,
            value=self._value_shown(question),
            waits=self.waits(question),
            applies=self.applies(question),
            errors=self._own_errors(question),
            row_errors=self.row_errors.get(key),
            attachments=self.attachments.get(key, ()),
            file_url=self.file_url,
        )

    def applies(self, question: Question) -> Applies:
        terms = self._terms[question.key]
        return applies(self.call, question, terms, self.answers, self.questions)

    def waits(self, question: Question) -> bool:
        """Whether the page as it is drawn does not ask the question (the script's own rule)."""
        on_page = {other.key: other for other in self.questions}
        results = [
            term.holds({term.key: self._value_shown(on_page[term.key])})
            for term in self._terms[question.key]
            if term.key in on_page
        ]
        return False in results or (None in results and question.key not in self.errors)

    def _value_shown(self, question: Question) -> Any:
        if question.key in self._settled:
            return self._settled[question.key]
        if self.is_bound and self._was_answered_or_left(question):
            return self[question.key].data
        return self.answers.get(question.key)

    def _own_errors(self, question: Question) -> list[str]:
        """The question's errors that are not one row's."""
        rows = self.row_errors.get(question.key, {})
        of_rows = [message for messages in rows.values() for message in messages]
        return [message for message in self.errors.get(question.key, ()) if message not in of_rows]

    def _was_posted(self, question: Question) -> bool:
        """Whether an answer came, even though another page's answer rules the question out now."""
        return self.is_bound and any(
            name in self.data or name in self.files for name in posted_names(question)
        )

    def _was_answered_or_left(self, question: Question) -> bool:
        """Whether the page showed the question: only then does an absent answer mean none."""
        if self._was_posted(question):
            return True
        if self.fields[question.key].widget.value_omitted_from_data(
            self.data, self.files, question.key
        ):
            return False
        return SHOWN not in self.data or question.key in self._posted_as_shown

    @cached_property
    def _posted_as_shown(self) -> dict[str, str]:
        if not self.is_bound:
            return {}
        shown = [part for value in every_value(self.data, SHOWN) for part in str(value).split()]
        return {key: mark for key, _, mark in (part.partition(":") for part in shown)}
