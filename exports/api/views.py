"""`/api/v1/`: the responses of a call for programs, and the document that describes it."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlencode

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.crypto import salted_hmac
from django.utils.encoding import iri_to_uri
from django.utils.http import parse_etags
from django.views.decorators.csrf import csrf_exempt

from core import clock
from core.release import VERSION
from exports.api import page_request
from exports.api.access import token_of
from exports.api.lines import csv_format, csv_header, json_format
from exports.api.page_request import PageRequest
from exports.api.problems import Problem, nothing_there, too_long
from exports.changes import Page, give_numbers, page_of
from exports.models import ApiToken
from exports.permissions import ExportRefused
from exports.recording import THROUGH_API, recorded_chunks
from exports.streaming import Begun

DOCUMENT = (Path(__file__).parent / "openapi.json").read_bytes()
# Characters of path and query: gunicorn refuses a request line of more than 4,094 before the portal
# hears of it.
LONGEST_ADDRESS = 4_000
View = Callable[..., HttpResponseBase]


def answers_problems(view: View) -> View:
    @csrf_exempt  # no cookie counts here, and nothing is posted: it is told so as a problem
    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        answer: HttpResponseBase
        try:
            if request.method not in {"GET", "HEAD"}:
                raise Problem(405, "Ask with GET.", Allow="GET, HEAD")
            if not _is_utf8(request.META.get("QUERY_STRING", "")):
                raise Problem(400, "The address has bytes that are not UTF-8.")
            answer = view(request, *args, **kwargs)
        except Problem as problem:
            answer = problem.answer()
        answer["Vary"] = "Authorization"
        return answer

    return answered


@answers_problems
def nothing_here(request: HttpRequest, rest: str) -> HttpResponseBase:
    raise nothing_there()


@answers_problems
def openapi(request: HttpRequest) -> HttpResponse:
    """The document that describes the API: it is public, and names no call."""
    answer = HttpResponse(DOCUMENT, content_type="application/vnd.oai.openapi+json;version=3.1")
    answer["Cache-Control"] = "public, max-age=3600"
    return answer


@answers_problems
def responses(request: HttpRequest, slug: str) -> HttpResponseBase:
    """A page of what changed of a call's responses, each pull that hands out anything on record."""
    token = token_of(request, slug)
    asked = page_request.read(request.GET, token)
    give_numbers(token.call, at=clock.portal_now())
    page = page_of(token.call, token.scope, after=asked.after, limit=asked.limit)
    if page.is_lost:
        raise Problem(
            410,
            "The portal was set back to an earlier day since. Delete what you hold, and begin "
            "again without a cursor.",
        )
    first_upto = page.latest if asked.first_upto is None else asked.first_upto
    cursor = asked.cursor(upto=page.upto, first_upto=first_upto)
    next_address = _next_address(request, cursor)
    if len(next_address) > LONGEST_ADDRESS:
        raise too_long(LONGEST_ADDRESS)
    etag = _etag(asked, page, first_upto)
    known = parse_etags(request.headers.get("If-None-Match", ""))
    answer: HttpResponseBase
    if known and (etag in known or "*" in known or etag.removeprefix("W/") in known):
        answer = _without_body(304)
    else:
        answer = _file(request, token, asked, page, first_upto)
    answer["ETag"] = etag
    answer["Cache-Control"] = "private, no-cache"
    answer["Portal-Token-Ends"] = token.expires_at.isoformat(timespec="seconds")
    answer["Next-Cursor"] = cursor
    if page.has_more:
        answer["Link"] = f'<{request.build_absolute_uri(next_address)}>; rel="next"'
    return answer


def _file(
    request: HttpRequest, token: ApiToken, asked: PageRequest, page: Page, first_upto: int
) -> HttpResponseBase:
    make = csv_format if asked.file_format == "csv" else json_format
    file_format = make(first_upto=first_upto)
    if request.method == "HEAD":
        return _without_body(200, file_format.content_type)
    if not page.size:
        nothing = csv_header(asked.dataset) if asked.file_format == "csv" else b""
        return HttpResponse(nothing, content_type=file_format.content_type)
    changes = (page.after, page.upto)
    try:
        chunks = recorded_chunks(
            page_request.of_changes(asked.dataset, changes),
            file_format,
            by=token.person,
            at=clock.portal_now(),
            reason=token.reason,
            through=THROUGH_API,
            token=token.hint,
            changes=list(changes),
        )
    except ExportRefused as error:
        raise Problem(403, str(error)) from None
    return StreamingHttpResponse(Begun(chunks), content_type=file_format.content_type)


def _without_body(status: int, content_type: str = "") -> StreamingHttpResponse:
    """Return an answer without a body, for which Django writes no `Content-Length: 0`.

    RFC 9110, 8.6: such a Content-Length would be of the page that GET with status 200 gives.
    """
    answer = StreamingHttpResponse((), status=status, content_type=content_type or None)
    if not content_type:
        del answer["Content-Type"]
    return answer


def _is_utf8(query: str) -> bool:
    """Return whether the query string is UTF-8: Django would put U+FFFD for what is not."""
    try:
        unquote_to_bytes(query).decode()
    except UnicodeDecodeError:
        return False
    return True


def _etag(asked: PageRequest, page: Page, first_upto: int) -> str:
    """Return what stays the same while the page does: each change takes a row's number away.

    `first_upto` is in it as it is in the cursor: after the pages that follow, somebody who keeps
    this one would not be told of what has left since.
    """
    held = (
        VERSION,
        asked.file_format,
        asked.filter_digest,
        asked.rules_digest,
        first_upto,
        page.after,
        page.upto,
        page.size,
        page.has_more,
    )
    # With a key, as nobody is to guess the numbers.
    digest = salted_hmac("exports.api.etag", repr(held), algorithm="sha256").hexdigest()
    return f'W/"{digest[:32]}"'


def _next_address(request: HttpRequest, cursor: str) -> str:
    given = [
        (name, value)
        for name, values in request.GET.lists()
        if name not in {"cursor", "since"}
        for value in values
    ]
    return iri_to_uri(f"{request.path}?{urlencode([*given, ('cursor', cursor)])}")
