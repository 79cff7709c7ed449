"""Coding on the page of a response: putting a passage under a code, and taking it away again.

The page posts with or without JavaScript to the same address. With `fragment` it gets the answer
drawn anew and no whole page.
"""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from accounts.record import record
from accounts.states import Action, AuditAction
from core import clock
from core.row_keys import row_key
from review.admin.coding_form import CodingForm
from review.admin.coding_page import FILE, Source, can_be_coded, coding_page
from review.admin.listed import CameFrom
from review.coding.codebook import add_code
from review.coding.codings import code_passage, remove_coding
from review.coding.passages import Passage, from_utf16
from review.coding.tree import find_code
from review.errors import CodingRefused
from review.models import Code, Coding
from review.texts.reading import text_beside
from submissions.calls.models import Question
from submissions.calls.states import QuestionKind
from submissions.responses.models import Attachment, Submission, Version
from submissions.responses.states import SubmissionState

TEMPLATES = "admin/submissions/submission"
REFUSED = 422


@dataclass(frozen=True)
class _Asked:
    """Which text of whom is coded, in the version that the page showed."""

    request: HttpRequest
    response: Submission
    version: Version
    source: Source

    @property
    def wants_fragment(self) -> bool:
        return "fragment" in self.request.POST

    @property
    def page(self) -> str:
        texts = {"texts": "1"} if self.source.file_text else {}
        address = CameFrom.of(self.request).page_of(self.response.pk, **texts).partition("#")[0]
        return f"{address}#answer-{self.source.question.key}"


def urls(admin: OfOwnCalls) -> list[URLPattern]:
    def code_page(request: HttpRequest, pk: int, key: str) -> HttpResponse:
        return code(request, admin, pk, key)

    def take_away_page(request: HttpRequest, pk: int, key: str) -> HttpResponse:
        return take_away(request, admin, pk, key)

    wrap = admin.admin_site.admin_view
    return [
        path("<int:pk>/codings/<slug:key>/", wrap(code_page), name="submissions_submission_code"),
        path(
            "<int:pk>/codings/<slug:key>/take-away/",
            wrap(take_away_page),
            name="submissions_submission_uncode",
        ),
    ]


def code(request: HttpRequest, admin: OfOwnCalls, pk: int, key: str) -> HttpResponse:
    """Show the form for one answer, or put what is chosen under the code."""
    asked = _asked(request, admin, pk, key)
    is_posted = request.method == "POST"
    form = CodingForm(request.POST if is_posted else None, text=asked.source.text)
    error = ""
    if is_posted:
        try:
            number = _code(asked, form)
        except CodingRefused as refused:
            error = f"{refused.message}."
        else:
            if asked.wants_fragment:
                return _fragment(asked)
            said = "The passage is coded." if number == 1 else f"{number} passages are coded."
            messages.success(request, said)
            return redirect(asked.page)
        if asked.wants_fragment:
            return HttpResponse(error, content_type="text/plain", status=REFUSED)
    context = {
        **admin.admin_site.each_context(request),
        "title": f"Code an answer of {asked.response}",
        "opts": admin.opts,
        "response": asked.response,
        "source": asked.source,
        "version": asked.version,
        "form": form,
        "error": error,
        "coding": coding_page(request, asked.response, asked.version),
        "page_of_response": asked.page,
    }
    status = REFUSED if is_posted else 200
    return TemplateResponse(request, f"{TEMPLATES}/code.html", context, status=status)


def take_away(request: HttpRequest, admin: OfOwnCalls, pk: int, key: str) -> HttpResponse:
    """Take one of one's own codings of the answer away."""
    if request.method != "POST":
        raise PermissionDenied
    asked = _asked(request, admin, pk, key)
    of_text = Coding.objects.filter(
        version__submission=asked.response,
        question=asked.source.question,
        file_text=asked.source.file_text,
    )
    wanted = of_text.select_related(
        "code__call", "version__submission", "question", "by", "file_text__attachment"
    )
    key_of_coding = row_key(request.POST.get("coding", ""))
    coding = None if key_of_coding is None else wanted.filter(pk=key_of_coding).first()
    said = "This coding is gone already."
    if coding is not None:
        try:
            remove_coding(coding, by=current_user(request), at=clock.portal_now())
        except CodingRefused as refused:
            if asked.wants_fragment:
                return HttpResponse(
                    f"{refused.message}.", content_type="text/plain", status=REFUSED
                )
            messages.error(request, f"{refused.message}.")
            return redirect(asked.page)
        said = f"The passage is not under “{coding.code.name}” any more."
    if asked.wants_fragment:
        return _fragment(asked)
    messages.success(request, said)
    return redirect(asked.page)


def _asked(request: HttpRequest, admin: OfOwnCalls, pk: int, key: str) -> _Asked:
    counting = Submission.objects.filter(state=SubmissionState.SUBMITTED)
    rows = counting.select_related("call", "current_version")
    response = admin.own_row(request, Action.CODE, rows, pk=pk)
    version = response.submitted_version
    version.submission = response
    question = response.call.questions_by_key.get(key)
    if question is None:
        raise Http404
    if question.kind == QuestionKind.FILE:
        source = _file_source(request, admin, response, question)
    elif can_be_coded(question, version):
        source = Source(question, version.texts[key])
    else:
        raise Http404
    return _Asked(request, response, version, source)


def _file_source(
    request: HttpRequest, admin: OfOwnCalls, response: Submission, question: Question
) -> Source:
    """Return the file that the address names. Showing its text goes on record."""
    admin.own_row(request, Action.OPEN_FILES, Submission.objects.all(), pk=response.pk)
    files = Attachment.objects.filter(versions=response.submitted_version, question=question)
    files = files.select_related("scan", "extracted", "question", "submission")
    try:
        wanted = UUID(request.GET.get(FILE, ""))
    except ValueError:
        raise Http404 from None
    attachment = get_object_or_404(files, public_id=wanted)
    found = text_beside(attachment)
    if found is None or not found.text:
        raise Http404
    if request.method == "GET":
        record(
            by=current_user(request),
            at=clock.portal_now(),
            action=AuditAction.FILE_OPENED,
            call=response.call,
            submission=response,
            file=str(attachment.public_id),
            sha256=attachment.sha256,
            text=True,
        )
    return Source(question, found.text, found)


def _code(asked: _Asked, form: CodingForm) -> int:
    """Put each chosen passage under the code; return how many. Raises CodingRefused."""
    posted = asked.request.POST
    if posted.get("version") != str(asked.version.number):
        raise CodingRefused(
            f"While this page was open, its author submitted version {asked.version.number}: "
            "open the response again, and code that"
        )
    passages = _chosen(asked, form)
    if not form.is_valid():
        raise CodingRefused(
            "; ".join(str(e).rstrip(".") for each in form.errors.values() for e in each)
        )
    by, at = current_user(asked.request), clock.portal_now()
    wanted = _wanted_code(asked, form.cleaned_data["code"], is_new=form.cleaned_data["is_new"])
    with transaction.atomic():
        for passage in passages:
            code_passage(
                code=wanted,
                version=asked.version,
                question=asked.source.question,
                file_text=asked.source.file_text,
                start=passage.start,
                end=passage.end,
                by=by,
                at=at,
            )
    return len(passages)


def _chosen(asked: _Asked, form: CodingForm) -> list[Passage]:
    posted = asked.request.POST
    if "quote" in posted:
        start, end = (row_key(posted.get(name, "")) for name in ("start", "end"))
        return [
            from_utf16(
                form.text,
                -1 if start is None else start,
                -1 if end is None else end,
                quote=posted["quote"],
            )
        ]
    passages = form.chosen()
    if not passages:
        raise CodingRefused("Tick what belongs to the code: sentences, paragraphs or the whole")
    return passages


def _wanted_code(asked: _Asked, typed: str, *, is_new: bool) -> Code:
    call = asked.response.call
    found = find_code(call, typed)
    if found is not None:
        return found
    if not is_new:
        raise CodingRefused(f"There is no code “{typed}”. Choose one, or tick that it is added")
    parent, _, name = typed.rpartition(">")
    above = find_code(call, parent) if parent.strip() else None
    if parent.strip() and above is None:
        raise CodingRefused(f"There is no code “{parent.strip()}” to put “{name.strip()}” below")
    by, at = current_user(asked.request), clock.portal_now()
    try:
        return add_code(call=call, name=name, parent=above, by=by, at=at)
    except CodingRefused:
        # Somebody else may have added it meanwhile.
        if (found := find_code(call, typed)) is not None:
            return found
        raise


def _fragment(asked: _Asked) -> HttpResponse:
    page = coding_page(asked.request, asked.response, asked.version)
    context = {
        "response": asked.response,
        "coding": page,
        "coded": page.coded(asked.source),
    }
    return TemplateResponse(asked.request, f"{TEMPLATES}/reading/coded_fragment.html", context)
