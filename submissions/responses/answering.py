"""Which answers can be stored, which questions are asked, and what prevents submitting.

There are two thresholds. `clean_answer` refuses a value that cannot be stored at all. Everything
else is saved, however incomplete or long, and `validation_issues` says what is still to do.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.addresses import AddressRefused, clean_address, same_or_cleaned
from core.canonical import canonical_text
from core.errors import PortalError
from core.spoken_numbers import say_number
from core.words import count_words
from submissions.calls.models import Call, Question
from submissions.calls.states import MULTIPLE_KINDS, TEXT_KINDS, QuestionKind
from submissions.responses.errors import AnswerRefused

# Characters of an answer that is submitted: far more than any word limit.
LONGEST_ANSWER = 100_000
# Characters of a long answer that a draft keeps: far less than one request may carry.
LONGEST_KEPT = 1_000_000
# PostgreSQL stores no NUL in text, UTF-8 has no lone surrogates. Text pasted out of a PDF has NUL
# for letters that its font does not name.
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
UNREADABLE = "\ufffd"  # what HTML shows for a NUL, too

Answers = Mapping[str, Any]


@dataclass(frozen=True)
class ValidationIssue:
    """Why a response cannot be submitted yet: `message` is for the respondent.

    `row` is the key of a matrix's row if the issue is about one row.
    """

    key: str
    message: str
    row: str = ""


class ResponseIncomplete(PortalError):
    """The response has `issues` that prevent submitting."""

    def __init__(self, issues: list[ValidationIssue]) -> None:
        super().__init__(*(issue.key for issue in issues))
        self.issues = issues


def clean_answer(question: Question, raw: Any) -> Any:
    """Return `raw` as it is stored (shapes: `models.WorkingAnswer`), None for no answer.

    U+FFFD stands for each NUL character and lone surrogate; `warning_of` says so. Raises
    AnswerRefused for an option that does not exist, a value of another shape, or more than
    LONGEST_ANSWER characters, in a long answer LONGEST_KEPT.
    """
    if raw in (None, "", [], {}, False):
        return None
    kind = question.kind
    if kind in TEXT_KINDS:
        return _clean_text(question, raw)
    if kind == QuestionKind.CHECKBOX:
        return True
    keys = set(question.option_labels)
    if kind == QuestionKind.RADIO:
        return _known(raw, keys)
    if kind in MULTIPLE_KINDS and isinstance(raw, list | tuple | set):
        chosen = {_known(key, keys) for key in raw}
        return [option["key"] for option in question.options if option["key"] in chosen]
    if kind == QuestionKind.MATRIX and isinstance(raw, Mapping):
        given = {row: _known(key, keys) for row, key in raw.items() if key}
        rows = [row["key"] for row in question.rows]
        if not set(given) <= set(rows):
            raise AnswerRefused(_("Select one of the rows that are shown"))
        return {row: given[row] for row in rows if row in given} or None
    raise AnswerRefused(_("This answer cannot be read. Answer the question again"))


def _clean_text(question: Question, raw: Any) -> str | None:
    if not isinstance(raw, str):
        raise AnswerRefused(_("This answer cannot be read. Answer the question again"))
    text = canonical_text(with_replacements(raw))
    most = LONGEST_KEPT if question.kind == QuestionKind.LONG else LONGEST_ANSWER
    if len(text) > most:
        raise AnswerRefused(
            _(
                "Your answer has %(count)s characters. It can be saved when it has %(most)s or "
                "fewer. You could add it as a file instead"
            )
            % {"count": say_number(len(text)), "most": say_number(most)}
        )
    if question.kind != QuestionKind.LONG:
        text = " ".join(text.split())
    if question.kind == QuestionKind.EMAIL:
        text = same_or_cleaned(text)
    return text if text.strip() else None


def with_replacements(text: str) -> str:
    """Return the text with REPLACEMENT CHARACTER for what can be neither stored nor shown."""
    return UNSTORABLE.sub(UNREADABLE, text)


def _known(key: Any, keys: Collection[str]) -> str:
    if not isinstance(key, str) or key not in keys:
        raise AnswerRefused(_("Select one of the answers that are shown"))
    return key


def asked_questions(call: Call, answers: Answers) -> list[Question]:
    """Return the questions that are asked, in order: they and no others make up a version."""
    asked = call.questionnaire.asked(answers)
    return [question for question in call.questionnaire.questions if asked[question.key]]


def askable_questions(call: Call, answers: Answers) -> list[Question]:
    """Return the questions that are asked, or may be once more is answered, in order."""
    asked = call.questionnaire.asked(answers)
    return [q for q in call.questionnaire.questions if asked[q.key] is not False]


def questions_of_version(
    call: Call, answers: Answers, files: Mapping[str, Sequence[object]]
) -> list[Question]:
    """Return the questions of a version with these `answers` and `files`, in order.

    They are those that its author may have been asked, and every one that it answers: a version
    stays as it was submitted, though the call may have other conditions by now.
    """
    asked = call.questionnaire.asked(answers)
    return [
        question
        for question in call.questionnaire.questions
        if asked[question.key] is not False or question.key in answers or question.key in files
    ]


def validation_issues(
    call: Call,
    answers: Answers,
    file_counts: Mapping[str, int],
    *,
    section_key: str | None = None,
    needs_answers: bool = True,
) -> list[ValidationIssue]:
    """Return what prevents submitting, in the order of the questions.

    `file_counts` has the number of files by question key. With `section_key` only that
    section's questions are judged. Nothing is demanded by a question that is not asked: if that
    is not known yet, the issue is the answer it depends on. Without `needs_answers` no question
    must be answered, and the response still needs evidence.
    """
    asked = asked_questions(call, answers)
    required = call.questionnaire.required(answers) if needs_answers else frozenset()
    found = []
    for question in asked:
        if section_key in (None, question.section.key):
            given = file_counts.get(question.key, 0) or answers.get(question.key)
            found += issues_of(question, given, required=question.key in required)
    evidence = {q.key for q in asked if q.kind in {QuestionKind.LONG, QuestionKind.FILE}}
    # A missing answer that would be evidence says enough.
    if section_key is None and evidence.isdisjoint(issue.key for issue in found):
        order = [question.key for question in call.questionnaire.questions]
        counting = call.questionnaire.answers_that_count(answers)
        found += _evidence_issues(call, counting, file_counts)
        found.sort(key=lambda issue: order.index(issue.key))
    return found


def issues_of(question: Question, value: Any, *, required: bool) -> list[ValidationIssue]:
    """Return the issues of one asked question's stored value."""
    if not value:
        return [ValidationIssue(question.key, missing_message(question))] if required else []
    if question.kind in MULTIPLE_KINDS:
        return _exclusive_issues(question, value)
    if question.kind == QuestionKind.RADIO:
        return _route_issues(question, value)
    if question.kind == QuestionKind.MATRIX and required:
        rows = [row for row in question.rows if row["key"] not in value]
        said = _("Select an answer for “%(row)s”")
        return [
            ValidationIssue(question.key, said % {"row": row["label"]}, row["key"]) for row in rows
        ]
    if question.kind in TEXT_KINDS:
        return _text_issues(question, value)
    return []


def missing_message(question: Question) -> str:
    """Return the message for a required answer that is missing."""
    if question.missing:
        return question.missing
    if question.kind in TEXT_KINDS:
        return _("Enter an answer to “%(question)s”") % {"question": question.label}
    return _("Select an answer to “%(question)s”") % {"question": question.label}


def _exclusive_issues(question: Question, value: list[str]) -> list[ValidationIssue]:
    for option in question.options:
        if option.get("exclusive") and option["key"] in value and len(value) > 1:
            message = _("Select “%(choice)s” or the other answers, not both")
            return [ValidationIssue(question.key, message % {"choice": option["label"]})]
    return []


def _route_issues(question: Question, value: str) -> list[ValidationIssue]:
    route = question.routes.get(value)
    return [ValidationIssue(question.key, route["title"])] if route else []


def _text_issues(question: Question, value: str) -> list[ValidationIssue]:
    if question.kind == QuestionKind.EMAIL:
        try:
            clean_address(value)
        except AddressRefused as refused:
            return [ValidationIssue(question.key, str(refused.message))]
    words, most_characters = count_words(value), question.max_chars or LONGEST_ANSWER
    if question.max_words and words > question.max_words:
        most, count = question.max_words, words
        message = ngettext(
            "“%(question)s” must be %(most)s word or fewer. It has %(count)s. "
            "Everything that you wrote is kept",
            "“%(question)s” must be %(most)s words or fewer. It has %(count)s. "
            "Everything that you wrote is kept",
            most,
        )
    elif len(value) > most_characters:
        most, count = most_characters, len(value)
        message = ngettext(
            "“%(question)s” must be %(most)s character or fewer. It has %(count)s. "
            "Everything that you wrote is kept",
            "“%(question)s” must be %(most)s characters or fewer. It has %(count)s. "
            "Everything that you wrote is kept",
            most,
        )
    else:
        return []
    said = {"question": question.label, "most": say_number(most), "count": say_number(count)}
    return [ValidationIssue(question.key, message % said)]


def _evidence_issues(
    call: Call, answers: Answers, file_counts: Mapping[str, int]
) -> list[ValidationIssue]:
    """Most calls need evidence: at least one long answer or one file.

    If no long question is asked yet but one may be, the issue is the answer that decides.
    """
    if not lacks_evidence(call, answers, file_counts):
        return []
    long_ones = [q for q in asked_questions(call, answers) if q.kind == QuestionKind.LONG]
    askable = [q for q in askable_questions(call, answers) if q.kind == QuestionKind.LONG]
    if not askable:
        return []
    where = long_ones[0] if long_ones else _deciding_question(call, askable[0], answers)
    return [ValidationIssue(where.key, evidence_rule(call))]


def lacks_evidence(call: Call, answers: Answers, file_counts: Mapping[str, int]) -> bool:
    """Return whether the call needs evidence, and no long answer or file that counts is there."""
    asked = asked_questions(call, answers)
    given = any(
        file_counts.get(q.key) or (q.kind == QuestionKind.LONG and answers.get(q.key))
        for q in asked
    )
    return call.needs_evidence and not given


def evidence_rule(call: Call) -> str:
    """Return the least evidence that a response must have, in words; "" if the call needs none."""
    kinds = {question.kind for question in call.questionnaire.questions}
    if not call.needs_evidence or QuestionKind.LONG not in kinds:
        return ""
    if QuestionKind.FILE in kinds:
        return _("Give at least one answer in your own words, or add at least one file")
    return _("Give at least one answer in your own words")


def _deciding_question(call: Call, question: Question, answers: Answers) -> Question:
    """Return the asked question without an answer on which it depends whether this is asked."""
    questionnaire = call.questionnaire
    asked = questionnaire.asked(answers)
    while asked[question.key] is None:
        terms = questionnaire.conditions[question.key].terms
        undecided = next(term for term in terms if term.holds(answers, asked) is None)
        question = questionnaire.questions_by_key[undecided.key]
    return question


def warning_of(question: Question, value: Any) -> str:
    """Return a warning if the answer looks odd; it never prevents submitting.

    It is the question's own, unless a character of the text could not be stored.
    """
    if question.kind in TEXT_KINDS and UNREADABLE in (value or ""):
        return _(
            "“%(sign)s” stands for a character that could not be read, perhaps from a PDF. "
            "Check your answer, and type it there."
        ) % {"sign": UNREADABLE}
    if question.warn_unless and value and not re.fullmatch(question.warn_unless, value):
        return question.warning
    return ""
