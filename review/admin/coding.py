"""Coding on the page of a response: putting a passage under a code, and taking it away again.

The page posts with or without JavaScript to the same address. With `fragment` it gets the answer
drawn anew and no whole page.
"""

from dataclasses import dataclass

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from core import clock
from core.posted_from import led_to_its_page
from core.row_keys import row_key
from review.admin.coding_form import CodingForm
from review.admin.coding_page import coding_page
from review.admin.coding_source import Source, latest_version, record_read, source_of
from review.admin.listed import CameFrom
from review.admin.memos.about import MEMO, address_to_write_on
from review.admin.quotes.marking import MARK, QUOTE, mark, passage_of_button, unmark
from review.coding.carrying import carry_over
from review.coding.codebook import add_code
from review.coding.codings import DONE, code_passage, remove_coding
from review.coding.places_in_text import Passage, from_utf16
from review.coding.samples import is_done_with, seen_by
from review.coding.tree import find_code
from review.errors import CodingRefused, QuoteRefused
from review.models import Code, Coding
from submissions.responses.models import Submission, Version

TEMPLATES = "admin/submissions/submission"
REFUSED = 422
UNKNOWN = "X-Code-Unknown"
CODED = "The passage is coded."


class UnknownCode(CodingRefused):
    """What was typed is the name of no code, and would be added if the coder asks for it."""


@dataclass(frozen=True)
class _Asked:
    """Which text of which response is coded, in the version that the page showed."""

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

    def carry_over_page(request: HttpRequest, pk: int) -> HttpResponse:
        return carry(request, admin, pk)

    wrap = admin.admin_site.admin_view
    return [
        path("<int:pk>/codings/", wrap(carry_over_page), name="submissions_submission_carry_over"),
        path("<int:pk>/codings/<slug:key>/", wrap(code_page), name="submissions_submission_code"),
        path(
            "<int:pk>/codings/<slug:key>/take-away/",
            wrap(take_away_page),
            name="submissions_submission_uncode",
        ),
    ]


def code(request: HttpRequest, admin: OfOwnCalls, pk: int, key: str) -> HttpResponse:
    """Show the form for one answer, put what is chosen under the code, or mark it as quotable."""
    asked = _asked(request, admin, pk, key)
    is_posted = request.method == "POST"
    form = CodingForm(
        request.POST if is_posted else None, text=asked.source.text, version=asked.version
    )
    error, is_unknown = "", False
    if is_posted:
        try:
            if MEMO in request.POST:
                return redirect(_memo_on(asked, form))
            said = _mark(asked, form) if MARK in request.POST else _code(asked, form)
        except (CodingRefused, QuoteRefused) as refused:
            error = f"{refused.message}."
            is_unknown = isinstance(refused, UnknownCode)
        else:
            if asked.wants_fragment:
                return _fragment(asked, "" if said == CODED else said)
            messages.success(request, said)
            return redirect(asked.page)
        if asked.wants_fragment:
            headers = {UNKNOWN: "yes"} if is_unknown else {}
            return HttpResponse(error, content_type="text/plain", status=REFUSED, headers=headers)
    record_read(request, asked.response, asked.source)
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
    """Take one of one's own codings of the answer away, or a quote out of the bank."""
    if request.method != "POST":
        return led_to_its_page(request)
    asked = _asked(request, admin, pk, key)
    if QUOTE in request.POST:
        said = unmark(request, asked.response)
        if asked.wants_fragment:
            return _fragment(asked, said)
        messages.success(request, said)
        return redirect(asked.page)
    of_text = Coding.objects.filter(
        version__submission=asked.response,
        question=asked.source.question,
        file_text=asked.source.file_text,
    )
    wanted = seen_by(of_text, current_user(request)).select_related(
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
        return _fragment(asked, said)
    messages.success(request, said)
    return redirect(asked.page)


def carry(request: HttpRequest, admin: OfOwnCalls, pk: int) -> HttpResponse:
    """Carry one's own codings of the earlier version over to the latest."""
    if request.method != "POST":
        return led_to_its_page(request)
    response, version = latest_version(request, admin, pk)
    try:
        if request.POST.get("version") != str(version.number):
            raise _outdated(version)
        number = carry_over(version, by=current_user(request), at=clock.portal_now())
    except CodingRefused as refused:
        messages.error(request, f"{refused.message}.")
    else:
        said = "1 coding is" if number == 1 else f"{number} codings are"
        messages.success(request, f"{said} carried over to version {version.number}.")
    return redirect(CameFrom.of(request).page_of(response.pk))


def _asked(request: HttpRequest, admin: OfOwnCalls, pk: int, key: str) -> _Asked:
    response, version = latest_version(request, admin, pk)
    source = source_of(request, admin, response, version, key)
    return _Asked(request, response, version, source)


def _outdated(version: Version) -> CodingRefused:
    return CodingRefused(
        f"While this page was open, its author submitted version {version.number}: "
        "open the response again, and code that"
    )


def _code(asked: _Asked, form: CodingForm) -> str:
    """Put each chosen passage under the code; return what to tell. Raises CodingRefused."""
    posted = asked.request.POST
    if posted.get("version") != str(asked.version.number):
        raise _outdated(asked.version)
    passages = _chosen(asked, form)
    if not form.is_valid():
        raise CodingRefused(
            "; ".join(str(e).rstrip(".") for each in form.errors.values() for e in each)
        )
    by, at = current_user(asked.request), clock.portal_now()
    if is_done_with(by, asked.response):
        raise CodingRefused(DONE)
    wanted = _wanted_code(asked, form.cleaned_data["code"], is_new=form.cleaned_data["is_new"])
    theirs = Coding.objects.filter(by=by, version=asked.version)
    before = theirs.count()
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
    if theirs.count() == before:
        return f"That was under “{wanted.name}” already. Nothing changed."
    return CODED if len(passages) == 1 else f"{len(passages)} passages are coded."


def _mark(asked: _Asked, form: CodingForm) -> str:
    """Mark each chosen passage as quotable; return what to tell. Raises what the verbs raise."""
    if asked.request.POST.get("version") != str(asked.version.number):
        raise _outdated(asked.version)
    passages = passage_of_button(asked.request) or _chosen(asked, form)
    return mark(asked.request, asked.version, asked.source, passages)


def _memo_on(asked: _Asked, form: CodingForm) -> str:
    """Return the page on which a memo on the chosen passage is written. Raises CodingRefused."""
    if asked.request.POST.get("version") != str(asked.version.number):
        raise _outdated(asked.version)
    passages = _chosen(asked, form)
    if len(passages) > 1:
        raise CodingRefused("A memo is on one passage: tick neighbours alone")
    return address_to_write_on(asked.version, asked.source, passages[0])


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
        what = "it is about" if MARK in posted or MEMO in posted else "belongs to the code"
        raise CodingRefused(f"Tick what {what}: sentences, paragraphs or the whole")
    return passages


def _wanted_code(asked: _Asked, typed: str, *, is_new: bool) -> Code:
    call = asked.response.call
    key = row_key(asked.request.POST.get("key", ""))
    found = find_code(call, typed) if key is None else call.codes.filter(pk=key).first()
    if found is not None:
        return found
    if not is_new:
        raise UnknownCode(f"There is no code “{typed}”. Choose one, or tick that it is added")
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


def _fragment(asked: _Asked, said: str) -> HttpResponse:
    """Return the text drawn anew, with what the coder chooses from; `said` is what to tell."""
    page = coding_page(asked.request, asked.response, asked.version)
    context = {
        "response": asked.response,
        "coding": page,
        "coded": page.coded(asked.source),
        "said": said,
    }
    return TemplateResponse(asked.request, f"{TEMPLATES}/reading/coded_fragment.html", context)
