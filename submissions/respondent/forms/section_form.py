"""A page of a section as a form."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.functional import cached_property

from submissions.calls.conditions import Condition, decide
from submissions.calls.models import Call, Question, Section
from submissions.calls.states import QuestionKind
from submissions.respondent.forms.clearing import CLEARS
from submissions.respondent.forms.condition_words import Applies, applies
from submissions.respondent.forms.conflict_choices import (
    CONFLICTS,
    ConflictChoice,
    choice_of,
    merged_from,
)
from submissions.respondent.forms.fields import (
    AnswerField,
    every_value,
    posted_names,
    row_names,
)
from submissions.respondent.forms.layout import section_helper
from submissions.respondent.forms.posted_etags import BASE_ETAGS, pending_etags, posted_etags
from submissions.respondent.forms.presenting import FileUrl, answer_id, first_id, present
from submissions.responses.answering import clean_answer, validation_issues
from submissions.responses.errors import AnswerRefused
from submissions.responses.etags import etag
from submissions.responses.models import Attachment
from submissions.responses.transcript import say_answer

# Question keys begin with a letter, so no name here can be a question's.
REMOVE = "_remove"
REPLACE = "_replace"
LEFT_TO_AUTHOR = "portal/questions/left_to_author.html"


class SectionForm(forms.Form):
    """The questions of `section`, or of one `page` of it, that apply or may apply.

    `answers` has the stored answers of the whole response by question key (`working_answers`),
    `attachments` the files of the working copy by question key; `file_url` gives a file's address.
    Beside the answers the page posts `_base_etags`, which has `key:etag` of each answer that it
    showed; `_remove` or `_replace`, the public id of a file to take out or to replace; `action`,
    which is `upload` from the button beside a file question; and `_clear`, the name of the radios
    that are to be posted as none chosen. The script adds `_pending_<key>`: what it sent of an
    answer, URL-encoded, each time that it got no reply.
    `left_to_author` are the keys of questions that this person reads and does not answer.
    `unfolded` are the keys of questions that a link leads to: they are open without an answer, too.
    The form also takes what the page posted or showed of the call's other questions: they may have
    moved to another page or section since.
    """

    def __init__(
        self,
        *,
        call: Call,
        section: Section,
        page: Sequence[Question] | None = None,
        answers: Mapping[str, Any],
        attachments: Mapping[str, Sequence[Attachment]] | None = None,
        data: QueryDict | None = None,
        files: MultiValueDict[str, UploadedFile] | None = None,
        file_url: FileUrl | None = None,
        left_to_author: Collection[str] = (),
    ) -> None:
        super().__init__(data=data, files=files, label_suffix="")
        self.call = call
        self.section = section
        self.answers = answers
        self.attachments = attachments or {}
        self.file_url = file_url
        self.left_to_author = left_to_author
        self.unfolded: Collection[str] = ()
        self.row_errors: dict[str, dict[str, list[str]]] = {}
        self.unresolved: list[str] = []
        self._resolved: dict[str, Any] = {}
        self._shows_saved = False
        whole = call.questionnaire.questions_of(section)
        on_page = {question.key for question in (whole if page is None else page)}
        asked = call.questionnaire.asked_on_page(answers, on_page)
        self.questions = [
            question
            for question in call.questionnaire.questions
            if self._was_posted(question)
            or question.key in self._posted_etags
            or (question.key in on_page and asked[question.key] is not False)
        ]
        self.fields = {question.key: AnswerField(question) for question in self.questions}

    @cached_property
    def helper(self) -> FormHelper:
        return section_helper(self)

    def clean(self) -> dict[str, Any]:
        """Take the choices made on the page of conflicts, where the post comes from it."""
        for key in str(self.data.get(CONFLICTS, "")).split():
            if key not in self.fields:
                continue
            choice = choice_of(self.data, key)
            if choice == ConflictChoice.SAVED:
                self.cleaned_data.pop(key, None)
                self._resolved[key] = self.answers.get(key)
            elif choice == ConflictChoice.MERGED:
                self._resolved[key] = merged_from(self.data, key)
                self._clean_merged(key)
            elif choice is None:
                self.cleaned_data.pop(key, None)
                self.unresolved.append(key)
        return self.cleaned_data

    def _clean_merged(self, key: str) -> None:
        try:
            self.cleaned_data[key] = clean_answer(
                self.call.questions_by_key[key], self._resolved[key]
            )
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
            and question.key not in self.left_to_author
            and question.key in self.cleaned_data
            and self._was_answered_or_left(question)
        }

    @cached_property
    def uploads(self) -> dict[str, list[UploadedFile]]:
        """The files that were posted, by key; not checked yet."""
        if not self.is_bound or self.errors is None:
            return {}
        return {
            question.key: self.cleaned_data[question.key]
            for question in self.questions
            if question.kind == QuestionKind.FILE and self.cleaned_data.get(question.key)
        }

    @cached_property
    def posted_to_removed(self) -> list[str | UploadedFile]:
        """What was typed, chosen or added under questions that the call no longer has.

        Choices are among them as the keys of options: what was typed may look like one.
        """
        gone = [key for key in self._posted_etags if key not in self.call.questions_by_key]
        if not gone:
            return []
        known = {name for q in self.call.questionnaire.questions for name in posted_names(q)}
        # The radios of a matrix are called by its key and the row's.
        names = [
            name
            for name in self.data
            if name not in known and any(f"{name}_".startswith(f"{key}_") for key in gone)
        ]
        posted = [text for name in names for text in every_value(self.data, name) if text.strip()]
        return posted + [file for key in gone for file in every_value(self.files, key)]

    @property
    def file_to_remove(self) -> str:
        """The public id posted by a file's remove button, or ""."""
        return str(self.data.get(REMOVE, "")) if self.is_bound else ""

    @property
    def file_to_replace(self) -> str:
        """The public id posted by a file's replace button, or ""."""
        return str(self.data.get(REPLACE, "")) if self.is_bound else ""

    @property
    def cleared(self) -> Question | None:
        """The question whose answer, or the choice in a row of it, was to be cleared."""
        name = self.data.get(CLEARS, "") if self.is_bound else ""
        return next((q for q in self.questions if name in posted_names(q)), None)

    @property
    def cleared_id(self) -> str:
        """The id of the first of the choices that were to be cleared; "" for none."""
        question = self.cleared
        if question is None:
            return ""
        name = self.data[CLEARS]
        rows = (key for key, of_row in row_names(question).items() if of_row == name)
        return answer_id(question, next(rows, ""))

    @property
    def file_to_change(self) -> str:
        return self.file_to_remove or self.file_to_replace

    @cached_property
    def typed_values(self) -> dict[str, Any]:
        """What was posted, in the stored shape, conflicts included."""
        typed = dict(self.cleaned_data)
        for key in self.unresolved:
            typed[key] = self.fields[key].clean(self[key].data)
        return typed

    @cached_property
    def base_etags(self) -> dict[str, set[str]]:
        """The etags of what the page showed, by key."""
        return {key: {etag} for key, etag in self._posted_etags.items() if etag}

    @cached_property
    def pending_etags(self) -> dict[str, set[str]]:
        """The etags of what the script sent before and had no answer to, by key."""
        return {
            key: pending_etags(self.data, self.call.questions_by_key[key], self.fields[key].widget)
            for key in self.base_etags
            if key in self.fields
        }

    def show_saved(
        self, answers: Mapping[str, Any], attachments: Mapping[str, Sequence[Attachment]]
    ) -> None:
        """Show what is stored now, but for what was refused.

        What another author saved meanwhile stands where this one changed nothing. The page posts
        the etags of what is stored: with what was posted beside them, it would be overwritten.
        """
        self.answers = answers
        self.attachments = attachments
        self._shows_saved = True

    def refuse_files(self, refused: Mapping[str, Sequence[str]]) -> None:
        for key, messages in refused.items():
            for message in messages:
                self.refuse(key, message)

    def refuse(self, key: str, message: str, *, row: str = "") -> None:
        """Show `message` beside the question, or beside a row of a matrix."""
        self.errors.setdefault(key, self.error_class(renderer=self.renderer)).append(message)
        if row:
            self.row_errors.setdefault(key, {}).setdefault(row, []).append(message)

    def add_issues(self, file_counts: Mapping[str, int] | None = None) -> None:
        """Show beside each question of the page what stands in the way of submitting.

        A question whose answer was refused already says that and no more. Answers and files count
        as they are stored: call `show_saved` first. `file_counts` has the number of files by
        question key where none is stored.
        """
        refused = {*self.errors, *self.left_to_author}
        counts = file_counts or {key: len(files) for key, files in self.attachments.items()}
        section = self.section.key
        for issue in validation_issues(self.call, self.answers, counts, section_key=section):
            if issue.key in self.fields and issue.key not in refused:
                self.refuse(issue.key, issue.message, row=issue.row)

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
    def etags(self) -> str:
        """What the page posts back as `_base_etags`."""
        return " ".join(
            f"{key}:{etag(self.answers.get(key))}"
            for key in self.fields
            if key not in self.left_to_author
        )

    @property
    def page_etag(self) -> str:
        """What tells a page from the same one with other answers.

        It names a hidden field for browsers that run no script. Chromium and Safari fill in again
        what was typed only into a form that begins with the same two names. With other answers they
        would overwrite unseen what was saved since: the etags of what is shown now stand beside it.
        """
        return etag(self.etags)

    @property
    def shows_answers(self) -> bool:
        """Whether an answer or a file of the response is on the page."""
        return any(self.answers.get(key) or self.attachments.get(key) for key in self.fields)

    @property
    def takes_files(self) -> bool:
        return any(question.kind == QuestionKind.FILE for question in self.questions)

    def presented(self, key: str) -> dict[str, Any]:
        """Return the context of the question's template."""
        question = self.call.questions_by_key[key]
        shown = present(
            question,
            value=self._value_shown(question),
            waits=self.waits(question),
            is_further_address=key in self.call.questionnaire.further_addresses,
            applies=self.applies(question),
            errors=self._own_errors(question),
            row_errors=self.row_errors.get(key),
            attachments=self.attachments.get(key, ()),
            file_url=self.file_url,
        )
        shown["open"] = shown.get("open") or key in self.unfolded
        if key in self.left_to_author:
            lines = say_answer(question, self.answers.get(key))
            shown |= {"template": LEFT_TO_AUTHOR, "named_by": "itself", "lines": lines}
            shown["folded"] = False  # there is nothing to choose from
        return shown | {"call": self.call}

    def applies(self, question: Question) -> Applies:
        return applies(self.call, question, self.answers, self.questions)

    def waits(self, question: Question) -> bool:
        """Whether the script will hide the question: it knows the answers of this page only."""
        if not self._terms_on_page(question.key).terms:
            return False
        on_page = {other.key: self._value_shown(other) for other in self.questions}
        asked = decide(((key, self._terms_on_page(key)) for key in on_page), on_page)
        open_too = question.key in self.errors
        return asked[question.key] is False or (asked[question.key] is None and not open_too)

    def _terms_on_page(self, key: str) -> Condition:
        terms = self.call.questionnaire.terms[key]
        return Condition(tuple(term for term in terms if term.key in self.fields))

    def _value_shown(self, question: Question) -> Any:
        if self._shows_saved and question.key in self.values:
            return self.answers.get(question.key)
        if question.key in self._resolved:
            return self._resolved[question.key]
        if self.is_bound and self._was_answered_or_left(question):
            return self[question.key].data
        return self.answers.get(question.key)

    def _own_errors(self, question: Question) -> list[str]:
        """The question's errors that are not one row's."""
        rows = self.row_errors.get(question.key, {})
        of_rows = [message for messages in rows.values() for message in messages]
        messages = [str(message) for message in self.errors.get(question.key, ())]
        return [message for message in messages if message not in of_rows]

    def _was_posted(self, question: Question) -> bool:
        """Whether an answer was posted, even to a question that another page rules out now."""
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
        return BASE_ETAGS not in self.data or question.key in self._posted_etags

    @cached_property
    def _posted_etags(self) -> dict[str, str]:
        return posted_etags(self.data) if self.is_bound else {}
