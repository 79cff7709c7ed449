"""What was typed into a page that could not be kept is given back, to be copied."""

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from submissions.calls.models import Question, Section
from submissions.calls.states import TEXT_KINDS, QuestionKind
from submissions.respondent.forms.fields import every_value, posted_names
from submissions.respondent.forms.presenting import shown_text
from submissions.respondent.forms.section_form import SectionForm
from submissions.respondent.response_context import ResponseContext
from submissions.responses.attaching import digest_of, presentable_name
from submissions.responses.transcript import say_answer


def lost_edits_page(request: HttpRequest, held: ResponseContext) -> HttpResponse:
    """Say that the response was submitted or withdrawn meanwhile; lead on if nothing was lost."""
    lost = _lost(request, held)
    if not lost:
        return redirect("submitted", slug=held.call.slug)
    context = held.context(typed=lost, is_withdrawn=held.is_withdrawn)
    return render(request, "responses/not_kept.html", context, status=409)


def _lost(request: HttpRequest, held: ResponseContext) -> list[dict[str, str]]:
    """What the post has that the response does not hold: texts, choices by labels, file names."""
    lost = []
    for section in held.call.questionnaire.sections:
        form = _form(request, held, section)
        form.is_valid()
        lost += [
            {"label": question.label, "text": text}
            for question in form.questions
            if (text := _lost_of(request, held, form, question))
        ]
    return lost


def _lost_of(
    request: HttpRequest, held: ResponseContext, form: SectionForm, question: Question
) -> str:
    if question.kind == QuestionKind.FILE:
        stored = {file.sha256 for file in held.files.get(question.key, ())}
        uploads = form.uploads.get(question.key, ())
        return "\n".join(_say_upload(file) for file in uploads if digest_of(file) not in stored)
    if question.key in form.errors:
        labels = question.option_labels
        posted = [v for name in posted_names(question) for v in every_value(request.POST, name)]
        return "\n".join(labels.get(value) or shown_text(value) for value in posted)
    value = form.values.get(question.key)
    if value is None or value == held.answers.get(question.key):
        return ""
    return value if question.kind in TEXT_KINDS else "\n".join(say_answer(question, value))


def _say_upload(upload: UploadedFile) -> str:
    return _("File that was not added: %(name)s") % {"name": presentable_name(upload.name or "")}


def _form(request: HttpRequest, held: ResponseContext, section: Section) -> SectionForm:
    return SectionForm(
        call=held.call,
        section=section,
        page=(),
        answers=held.answers,
        data=request.POST,
        files=request.FILES,
    )
