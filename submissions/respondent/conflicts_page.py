"""The page on which an author chooses between two values of an answer, neither overwritten."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from core.canonical import canonical_text
from submissions.calls.models import Question
from submissions.calls.states import TEXT_KINDS, QuestionKind
from submissions.respondent.forms.conflict_choices import ConflictChoice, choice_of, merged_from
from submissions.respondent.forms.fields import Posted, every_value, posted_names
from submissions.respondent.forms.posted_etags import posted_etags
from submissions.respondent.forms.presenting import shown_text
from submissions.respondent.saving import Save
from submissions.respondent.who_saved import signs_of
from submissions.responses.etags import etag
from submissions.responses.transcript import say_answer


def conflicts_page(request: HttpRequest, save: Save) -> HttpResponse:
    """Show both values of each answer in conflict, and say what else is not saved."""
    current, form = save.current, save.form
    in_conflict = [
        current.call.questions_by_key[key]
        for key in dict.fromkeys((*form.unresolved, *save.conflicts))
    ]
    refused = [question for question in form.questions if question.key in form.errors]
    not_saved = [(message, f"not-saved-{n}") for n, message in enumerate(_refusals(save), 1)]
    ask_to_choose = _("Choose which answer to keep: “%(question)s”")
    choose = [
        (ask_to_choose % {"question": current.call.questions_by_key[key].label}, f"id_keep_{key}")
        for key in form.unresolved
    ]
    saved_by = signs_of(in_conflict, current)
    context = current.template_context(
        conflicts=[
            _conflict(
                question,
                saved=current.answers.get(question.key),
                typed=form.typed_values.get(question.key),
                posted=request.POST,
                saved_by=saved_by.get(question.key, ""),
            )
            for question in in_conflict
        ],
        posted_again=_posted_again([*in_conflict, *refused], request.POST),
        errors=not_saved + choose,
        not_saved=not_saved,
        unresolved=form.unresolved,
    )
    return render(request, "responses/conflicts.html", context, status=409)


def _refusals(save: Save) -> list[str]:
    """Return why answers and files of the page were refused."""
    form = save.form
    answers = [
        f"“{question.label}”: {message}"
        for question in form.questions
        for message in form.errors.get(question.key, ())
    ]
    return answers + [m for messages in save.refused_files.values() for m in messages]


def _conflict(
    question: Question, *, saved: Any, typed: Any, posted: Posted, saved_by: str
) -> dict[str, Any]:
    """Return what the page shows of one conflict; `saved` and `typed` are as they are stored."""
    key = question.key
    chosen = choice_of(posted, key)
    return {
        "key": key,
        "label": question.label,
        "saved_by": saved_by,
        "saved": say_answer(question, saved),
        "typed": say_answer(question, typed),
        "etag": etag(saved),
        "chosen": str(chosen or ""),
        "can_merge": question.kind in TEXT_KINDS,
        "is_long": question.kind == QuestionKind.LONG,
        "merged": _merged(question, saved, typed, posted),
    }


def _merged(question: Question, saved: Any, typed: Any, posted: Posted) -> str:
    """Return the text made from both; what was typed in its box stays, whatever was chosen."""
    box = canonical_text(merged_from(posted, question.key))
    is_of_saved = posted_etags(posted).get(question.key) == etag(saved)
    if choice_of(posted, question.key) == ConflictChoice.MERGED or (box.strip() and is_of_saved):
        return box
    return _both(question, saved, box if box.strip() else typed)


def _both(question: Question, saved: Any, typed: Any) -> str:
    """Return the two texts one after the other, or one where it has all or there is one line."""
    texts = [text for text in (saved, typed) if isinstance(text, str) and text]
    if len(texts) < 2 or question.kind != QuestionKind.LONG or texts[0] in texts[1]:
        return "".join(texts[-1:])
    return texts[0] if texts[1] in texts[0] else "\n\n".join(texts)


def _posted_again(questions: Iterable[Question], posted: Posted) -> list[tuple[str, str]]:
    """Return names and values of hidden fields that post the questions' answers once more."""
    return [
        (name, shown_text(value))
        for question in questions
        for name in posted_names(question)
        for value in every_value(posted, name)
    ]
