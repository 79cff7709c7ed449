"""What a memo is about, as the address of the page to write one says it."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse

from accounts.rights import may
from accounts.states import Action
from core.row_keys import row_key
from review.admin.coding_source import Source
from review.coding.places_in_text import Passage
from review.memos.writing import READABLE, About, PassageOf
from review.models import Code, FileText, Memo
from submissions.calls.models import Call
from submissions.responses.models import Submission, Version

MEMO = "memo"  # the name of the button for it on the pages for coding


def address_to_write(call: Call | int, **about: Any) -> str:
    """Return the address of the page to write a memo; without more it is about the whole call."""
    key = call.pk if isinstance(call, Call) else call
    query = QueryDict(mutable=True)
    query.update({name: str(value) for name, value in about.items()})
    page = reverse("admin:review_memo_write", args=[key])
    return f"{page}?{query.urlencode()}" if about else page


def address_to_write_about(about: About) -> str:
    """Return the address of the page to write one on the call, a code or a response."""
    if about.code is not None:
        return address_to_write(about.call, code=about.code.pk)
    if about.response is not None:
        return address_to_write(about.call, response=about.response.pk)
    return address_to_write(about.call)


def address_to_write_on(version: Version, source: Source, passage: Passage) -> str:
    file = {"file": source.file_text.attachment.public_id} if source.file_text else {}
    return address_to_write(
        version.submission.call_id,
        response=version.submission_id,
        version=version.number,
        question=source.question.key,
        start=passage.start,
        end=passage.end,
        **file,
    )


def about_of(request: HttpRequest, call: Call) -> About:
    """Return what the address names, of this call. Raises Http404."""
    given = request.GET
    if "code" in given:
        codes = Code.objects.filter(call=call)
        return About(call, code=get_object_or_404(codes, pk=_number(given, "code")))
    if "response" not in given:
        return About(call)
    responses = Submission.objects.filter(call=call, state__in=READABLE)
    response = get_object_or_404(responses, pk=_number(given, "response"))
    if "question" not in given:
        return About(call, response=response)
    version = get_object_or_404(response.versions.all(), number=_number(given, "version"))
    version.submission = response
    question = call.questions_by_key.get(given["question"])
    if question is None:
        raise Http404
    file_text = _file(request, call, version) if "file" in given else None
    passage = PassageOf(
        version, question, _number(given, "start"), _number(given, "end"), file_text
    )
    return About(call, response=response, passage=passage)


def say_about(memo: Memo) -> tuple[str, str]:
    """Return what the memo is about in words, and the address that leads there, "" for a call."""
    if memo.code is not None:
        return f"Code: {memo.code}", reverse("admin:review_code_passages", args=[memo.code_id])
    if memo.submission is None:
        return "The whole call", ""
    address = reverse("admin:submissions_submission_change", args=[memo.submission_id])
    if memo.question is None or memo.version is None:
        return str(memo.submission), address
    texts = "&texts=1" if memo.file_text_id is not None else ""
    place = f"?version={memo.version.number}{texts}#answer-{memo.question.key}"
    said = f"A passage of {memo.submission}: {memo.question.label}"
    return said + (", in a file" if texts else ""), f"{address}{place}"


def _file(request: HttpRequest, call: Call, version: Version) -> FileText:
    if not may(request.user, Action.OPEN_FILES, call):
        raise Http404
    try:
        wanted = UUID(request.GET["file"])
    except ValueError:
        raise Http404 from None
    files = FileText.objects.filter(attachment__versions=version)
    return get_object_or_404(files.select_related("attachment"), attachment__public_id=wanted)


def _number(given: QueryDict, name: str) -> int:
    number = row_key(given.get(name, ""))
    if number is None:
        raise Http404
    return number
