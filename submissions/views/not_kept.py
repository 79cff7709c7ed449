"""What was typed into a page that could not be kept is given back, to be copied."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from submissions.forms.section_form import SectionForm
from submissions.models import Section
from submissions.views.held import Held


def not_kept_page(request: HttpRequest, held: Held) -> HttpResponse:
    """Say that the response was submitted or withdrawn meanwhile; lead on if nothing was lost."""
    lost = _lost_texts(request, held)
    if not lost:
        return redirect("submitted", slug=held.call.slug)
    context = held.context(typed=lost, is_withdrawn=held.is_withdrawn)
    return render(request, "responses/not_kept.html", context, status=409)


def _lost_texts(request: HttpRequest, held: Held) -> list[dict[str, Any]]:
    """The texts of the post that the response does not hold."""
    texts = []
    for section in held.call.sections.all():
        form = _form(request, held, section)
        texts += [
            {"label": form.fields[key].label, "text": value}
            for key, value in form.values.items()
            if isinstance(value, str)
            and key in request.POST
            and value != held.answers.get(key)
            and not form.fields[key].question.option_labels
        ]
    return texts


def _form(request: HttpRequest, held: Held, section: Section) -> SectionForm:
    return SectionForm(
        call=held.call, section=section, page=(), answers=held.answers, data=request.POST, files={}
    )
