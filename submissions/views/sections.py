"""One section: its questions, its files, and keeping what was typed."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from submissions.domain import answering, attaching, drafting
from submissions.errors import AlreadySubmitted, FileRefused
from submissions.forms.section_form import SectionForm
from submissions.models import Section
from submissions.views.held import Held, closed_page, held_by, nothing_held_page
from submissions.vocabulary import QuestionKind


@require_http_methods(["GET", "HEAD", "POST"])
def section(request: HttpRequest, slug: str, section: str) -> HttpResponse:
    """One section: a GET shows it, a POST keeps what was typed, complete or not."""
    held = held_by(request, slug)
    if held is None:
        return nothing_held_page(request, slug)
    shown = next((s for s in held.call.sections.all() if s.key == section), None)
    if shown is None:
        raise Http404
    if not held.has_working_copy:
        return redirect("submitted", slug=slug)
    if shown not in held.sections:
        return redirect("response", slug=slug)
    if request.method == "POST":
        return _save_section(request, held, shown)
    if not held.is_open:
        return closed_page(request, held)
    return _section_page(request, held, shown, _section_form(held, shown))


def _section_form(held: Held, shown: Section, request: HttpRequest | None = None) -> SectionForm:
    return SectionForm(
        call=held.call,
        section=shown,
        answers=held.answers,
        attachments=held.files,
        file_url=lambda file: reverse("own_file", args=[held.call.slug, file.public_id]),
        data=request and request.POST,
        files=request and request.FILES,
    )


def _section_page(
    request: HttpRequest, held: Held, shown: Section, form: SectionForm, status: int = 200
) -> HttpResponse:
    position = held.sections.index(shown)
    context = held.context(
        section=shown,
        form=form,
        errors=form.error_summary,
        number=position + 1,
        of=len(held.sections),
        back=_back_address(request, held, position),
        takes_files=any(q.kind == QuestionKind.FILE for q in form.questions),
    )
    return render(request, "responses/section.html", context, status=status)


def _back_address(request: HttpRequest, held: Held, position: int) -> str:
    slug = held.call.slug
    if request.GET.get("return") == "check":
        return reverse("check", args=[slug])
    if position == 0:
        return reverse("response", args=[slug])
    return reverse("section", args=[slug, held.sections[position - 1].key])


def _save_section(request: HttpRequest, held: Held, shown: Section) -> HttpResponse:
    form = _section_form(held, shown, request)
    storable = form.is_valid()
    try:
        drafting.save_answers(
            submission=held.submission, call=held.call, values=form.values, at=held.received_at
        )
        refused = _change_files(held, form)
    except AlreadySubmitted:
        # Another tab submitted meanwhile: the evidence stands, the page says what it holds.
        return redirect("submitted", slug=held.call.slug)
    saved = Held(held.call, held.submission, held.received_at)
    if not held.is_open:
        return closed_page(request, saved, just_saved=True)
    action = request.POST.get("action", "continue")
    if storable and not refused and action == "save":
        return redirect(f"{reverse('leave', args=[held.call.slug])}?saved=1")
    if storable and not refused and (action == "upload" or form.file_to_remove):
        return redirect(request.get_full_path())
    _say_what_is_wrong(form, saved, refused, completeness=action == "continue")
    routed = next(iter(_routes(saved, shown)), None)
    if routed is not None and action == "continue":
        return redirect("response_help", slug=held.call.slug, key=routed)
    if form.error_summary:
        return _section_page(request, saved, shown, form, status=422)
    return redirect(_next_address(request, saved, shown))


def _change_files(held: Held, form: SectionForm) -> dict[str, list[str]]:
    """Take the page's removals and uploads; return the sentences of refusal by question."""
    refused: dict[str, list[str]] = {}
    if form.file_to_remove:
        try:
            public_id = UUID(form.file_to_remove)
        except ValueError:
            raise Http404 from None
        attaching.detach(submission=held.submission, public_id=public_id, at=held.received_at)
    for key, uploads in form.uploads.items():
        for upload in uploads:
            try:
                attaching.attach(
                    submission=held.submission,
                    question=held.call.questions_by_key[key],
                    upload=upload,
                    at=held.received_at,
                )
            except FileRefused as refusal:
                refused.setdefault(key, []).append(refusal.message)
    return refused


def _say_what_is_wrong(
    form: SectionForm, saved: Held, refused: dict[str, list[str]], *, completeness: bool
) -> None:
    """Add to the posted form, beside the files as they are now, all that is still wrong."""
    form.attachments = saved.files
    for key, messages in refused.items():
        for message in messages:
            form.refuse(key, message)
    if completeness:
        form.add_faults()


def _routes(saved: Held, shown: Section) -> list[str]:
    """Return the keys of the section's questions whose answer leads to a page of help."""
    return [
        question.key
        for question in shown.questions.all()
        if answering.route_of(question, saved.answers.get(question.key))
    ]


def _next_address(request: HttpRequest, saved: Held, shown: Section) -> str:
    slug = saved.call.slug
    position = saved.sections.index(shown)
    if request.GET.get("return") == "check" or position + 1 == len(saved.sections):
        return reverse("check", args=[slug])
    return reverse("section", args=[slug, saved.sections[position + 1].key])
