"""The notes of a response: writing one, and resolving one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from accounts.rights import may
from accounts.states import Action
from core import clock
from core.admin.uk_time import in_uk_time
from core.posted_from import led_to_its_page
from review.admin.beside import NOTES, may_have
from review.admin.listed import QUESTION, CameFrom
from review.admin.note_form import NoteForm
from review.errors import NoteRefused
from review.models import Note
from review.noting import READABLE, add_note, resolve_note
from review.redaction.readable_texts import texts_for
from submissions.responses.models import Submission


@dataclass(frozen=True)
class ShownNote:
    """`passage` is what the note marks, `about` the question, both empty for the whole response."""

    note: Note
    by: str
    when: str
    about: str
    passage: str
    resolved: str


def urls(admin: OfOwnCalls) -> list[URLPattern]:
    def write_page(request: HttpRequest, pk: int) -> HttpResponse:
        return write(request, admin, pk)

    def resolve_page(request: HttpRequest, pk: int, note: int) -> HttpResponse:
        return resolve(request, admin, pk, note)

    wrap = admin.admin_site.admin_view
    return [
        path("<int:pk>/notes/", wrap(write_page), name="submissions_submission_note"),
        path(
            "<int:pk>/notes/<int:note>/resolve/",
            wrap(resolve_page),
            name="submissions_submission_resolve",
        ),
    ]


def shown_notes(request: HttpRequest, response: Submission) -> dict[str, Any]:
    """Return the notes for the page of a response, with the form where the reader may write one."""
    version = response.current_version
    if version is None or response.state not in READABLE:
        return {}
    of_response = Note.objects.filter(submission=response)
    notes = of_response.select_related("by", "resolved_by", "question", "version", "submission")
    rows = list(notes) if may_have(response, NOTES) else []
    marking = {note.version for note in rows if note.start is not None}
    texts = texts_for(request.user, marking, response.call_id)
    may_write = may(request.user, Action.WRITE_NOTES, response.call_id)
    version.submission = response
    return {
        "notes": [_show(note, texts.get(note.version_id, {})) for note in rows],
        "note_form": NoteForm(version=version) if may_write else None,
    }


def write(request: HttpRequest, admin: OfOwnCalls, pk: int) -> HttpResponse:
    """Write a note. Where it is refused, the page has it again, with what is wrong."""
    responses = Submission.objects.filter(state__in=READABLE)
    response = admin.own_row(
        request,
        Action.WRITE_NOTES,
        responses.select_related("call", "current_version"),
        pk=pk,
    )
    version = response.submitted_version
    version.submission = response
    posted = request.POST if request.method == "POST" else None
    initial = {"question": request.GET.get(QUESTION, "")}
    form = NoteForm(posted, version=version, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            add_note(
                response,
                text=form.cleaned_data["text"],
                question=form.chosen_question,
                passage=form.cleaned_data["passage"],
                by=current_user(request),
                at=clock.portal_now(),
            )
        except NoteRefused as refused:
            form.add_error(refused.field or None, refused.message)
        else:
            messages.success(request, "Your note is kept.")
            return redirect(_page_of(request, response))
    context = {
        **admin.admin_site.each_context(request),
        "title": f"Note on {response}",
        "opts": admin.opts,
        "response": response,
        "form": form,
    }
    status = 422 if form.is_bound else 200
    page = "admin/submissions/submission/note.html"
    return TemplateResponse(request, page, context, status=status)


def resolve(request: HttpRequest, admin: OfOwnCalls, pk: int, note: int) -> HttpResponse:
    if request.method != "POST":
        return led_to_its_page(request)
    responses = Submission.objects.all()
    response = admin.own_row(request, Action.WRITE_NOTES, responses, pk=pk)
    row = get_object_or_404(Note.objects.select_related("submission"), pk=note, submission=response)
    try:
        resolve_note(row, by=current_user(request), at=clock.portal_now())
    except NoteRefused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, "The note is resolved.")
    return redirect(_page_of(request, response))


def _page_of(request: HttpRequest, response: Submission) -> str:
    page = CameFrom.of(request).page_of(response.pk).partition("#")[0]
    return f"{page}#notes"


def _show(note: Note, answers: Mapping[str, str]) -> ShownNote:
    """`answers` are those of the note's version, as the reader may see them."""
    passage = ""
    if note.question and note.start is not None:
        passage = answers.get(note.question.key, "")[note.start : note.end]
    resolved = ""
    if note.resolved_by is not None:
        resolved = f"Resolved by {note.resolved_by} at {in_uk_time(note.resolved_at)}"
    return ShownNote(
        note=note,
        by=note.by.get_username(),
        when=in_uk_time(note.at),
        about=note.question.label if note.question else "",
        passage=passage,
        resolved=resolved,
    )
