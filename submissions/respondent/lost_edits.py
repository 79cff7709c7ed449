"""Shows what was typed into a page that could not be saved once more, to be copied."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from core.canonical import canonical_text
from submissions.calls.models import Question
from submissions.calls.states import TEXT_KINDS, QuestionKind
from submissions.respondent.error_pages import say_upload
from submissions.respondent.forms.conflict_choices import merged_from
from submissions.respondent.forms.fields import every_value, posted_names
from submissions.respondent.forms.presenting import shown_text
from submissions.respondent.forms.section_form import SectionForm
from submissions.respondent.response_context import ResponseContext
from submissions.responses.attaching import digest_of
from submissions.responses.transcript import say_answer


def lost_edits_page(
    request: HttpRequest, current: ResponseContext, *, has_ended: bool = True
) -> HttpResponse:
    """Say that the response has ended, or a question is gone; lead on if nothing was lost."""
    lost = lost_edits(request, current) if request.method == "POST" else []
    return page_of_lost(request, current, lost, has_ended=has_ended)


def page_of_lost(
    request: HttpRequest,
    current: ResponseContext,
    lost: Sequence[Mapping[str, Any]],
    *,
    has_ended: bool = True,
) -> HttpResponse:
    """Give back what was `lost`, as `posted_texts` returns it; lead on if nothing was."""
    if not lost:
        return redirect("submitted", slug=current.call.slug)
    context = current.template_context(
        lost_edits=lost, is_withdrawn=current.is_withdrawn, has_ended=has_ended
    )
    return render(request, "responses/lost_edits.html", context, status=409)


def lost_edits(request: HttpRequest, current: ResponseContext) -> list[dict[str, str]]:
    """Return what was posted and is not stored: texts, choices by labels, file names."""
    section = current.call.questionnaire.sections[0]  # its form takes what any page posted
    form = current.section_form(section, page=(), request=request)
    form.full_clean()
    return [{"label": "", "text": _in_words(one)} for one in form.posted_to_removed] + [
        {"label": question.label, "text": text}
        for question in form.questions
        if (text := _lost_of(current, form, question))
    ]


def _in_words(posted: str | UploadedFile) -> str:
    return shown_text(posted) if isinstance(posted, str) else say_upload(posted)


def _lost_of(current: ResponseContext, form: SectionForm, question: Question) -> str:
    if question.kind == QuestionKind.FILE:
        stored = {file.sha256 for file in current.files.get(question.key, ())}
        uploads = form.uploads.get(question.key, ())
        return "\n".join(say_upload(file) for file in uploads if digest_of(file) not in stored)
    if question.key in form.errors:
        labels = question.option_labels
        posted = [v for name in posted_names(question) for v in every_value(form.data, name)]
        return "\n".join(labels.get(value) or shown_text(value) for value in posted)
    value = form.typed_values.get(question.key)
    if value is None or value == current.answers.get(question.key):
        return ""
    if question.kind in TEXT_KINDS:
        box = merged_from(form.data, question.key) if question.key in form.unresolved else ""
        return "\n\n".join(dict.fromkeys(filter(str.strip, (value, canonical_text(box)))))
    return "\n".join(say_answer(question, value))
