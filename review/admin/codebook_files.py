"""The codebook of a call as a file, and the page on which staff bring one in."""

import base64
import binascii
import zlib
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from accounts.call_admin import OfOwnCalls, refuse_unless_somewhere
from accounts.current_user import current_user
from accounts.rights import calls_of
from accounts.states import Action
from core import clock
from core.admin.uk_time import uk_day
from review.admin.codebook_pages import list_address
from review.coding.codebook_files.contents import MOST_BYTES, MOST_CODES, FileBook
from review.coding.codebook_files.file_kinds import read_codebook
from review.coding.codebook_files.importing import import_codebook
from review.coding.codebook_files.plan import Plan
from review.coding.codebook_files.planning import plan
from review.coding.codebook_files.writing import as_csv, as_qdc
from review.coding.tree import tree
from review.errors import CodebookOutdated, CodingRefused
from submissions.calls.models import Call
from submissions.responses.attaching import presentable_name

FILES = {
    "csv": ("text/csv; charset=utf-8; header=present", as_csv),
    "qdc": ("application/xml", as_qdc),
}
MOST_LINES = 500
PAGE = "admin/review/code/import.html"
OUTDATED = (
    "Somebody changed the codebook since, so nothing came in. This is what would come in now."
)
CHOOSE = "Choose a file first"
AGAIN = "Choose the file again"


def urls(admin: OfOwnCalls) -> list[URLPattern]:
    def csv_file(request: HttpRequest, pk: int) -> HttpResponse:
        return download(request, pk, "csv")

    def qdc_file(request: HttpRequest, pk: int) -> HttpResponse:
        return download(request, pk, "qdc")

    def import_page(request: HttpRequest, pk: int) -> HttpResponse:
        return bring_in(request, admin, pk)

    wrap = admin.admin_site.admin_view
    return [
        path("of/<int:pk>/codebook.csv", wrap(csv_file), name="review_code_csv"),
        path("of/<int:pk>/codebook.qdc", wrap(qdc_file), name="review_code_qdc"),
        path("of/<int:pk>/import/", wrap(import_page), name="review_code_import"),
    ]


def download(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Send the codebook to somebody who reads the responses of the call."""
    refuse_unless_somewhere(request, Action.READ_RESPONSES)
    own: Call = get_object_or_404(calls_of(request.user, Action.READ_RESPONSES), pk=pk)
    content_type, write = FILES[kind]
    if not tree(own):
        messages.info(request, "There is no code to download yet.")
        return redirect(list_address(own))
    day = uk_day(clock.portal_now())
    answer = HttpResponse(write(own), content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="{own.slug}-codebook-{day}.{kind}"'
    return answer


def bring_in(request: HttpRequest, admin: OfOwnCalls, pk: int) -> HttpResponse:
    """Show what would come of a file, and do what was shown. The file goes with the page."""
    refuse_unless_somewhere(request, Action.CHANGE_CODEBOOK)
    call: Call = get_object_or_404(calls_of(request.user, Action.CHANGE_CODEBOOK), pk=pk)
    shown: dict[str, Any] = {}
    status = 200
    if request.method == "POST":
        try:
            name, content = _file_of(request)
            book = read_codebook(name, content)
            if seen := request.POST.get("seen", ""):
                made = _carried_out(request, call, book, seen)
                if made is not None:
                    messages.success(request, f"{_told(made)}.")
                    return redirect(list_address(call))
                messages.error(request, OUTDATED)
                status = 409
            shown = _dry_run(plan(call, book), book, name, content)
            if shown["run"].faults:
                status = 422
        except CodingRefused as refused:
            messages.error(request, f"{refused.message}.")
            status = 422
    context = {
        **admin.admin_site.each_context(request),
        "title": "Import a codebook",
        "opts": admin.opts,
        "call": call,
        "codebook_page": list_address(call),
        "most_codes": f"{MOST_CODES:,}",
        "most_megabytes": MOST_BYTES // 1024 // 1024,
        **shown,
    }
    return TemplateResponse(request, PAGE, context, status=status)


def _file_of(request: HttpRequest) -> tuple[str, bytes]:
    """Return the name and the bytes of the file that was chosen, or that the dry run was of."""
    file = request.FILES.get("file")
    if isinstance(file, UploadedFile):
        if (file.size or 0) > MOST_BYTES:
            raise CodingRefused(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB")
        return presentable_name(file.name or ""), file.read()
    if not request.POST.get("content"):
        raise CodingRefused(CHOOSE)
    try:
        packed = base64.b64decode(request.POST["content"], validate=True)
        content = zlib.decompressobj().decompress(packed, MOST_BYTES + 1)
    except (binascii.Error, ValueError, zlib.error):
        raise CodingRefused(AGAIN) from None
    return presentable_name(request.POST.get("name", "")), content


def _carried_out(request: HttpRequest, call: Call, book: FileBook, seen: str) -> Plan | None:
    """Do what was shown; None if it would be something else by now."""
    by, at = current_user(request), clock.portal_now()
    try:
        return import_codebook(call, book, seen=seen, by=by, at=at)
    except CodebookOutdated:
        return None


def _dry_run(run: Plan, book: FileBook, name: str, content: bytes) -> dict[str, Any]:
    changes = [(changed, word) for changed in run.changed for word in changed.words]
    return {
        "run": run,
        "book": book,
        "name": name,
        "content": base64.b64encode(zlib.compress(content)).decode(),
        "button": _button(run),
        "parts": {
            "faults": _first(run.faults),
            "notes": _first(run.notes),
            "added": _first(run.added),
            "changes": _first(changes),
        },
    }


def _first(lines: list[Any]) -> dict[str, Any]:
    return {"lines": lines[:MOST_LINES], "left": max(0, len(lines) - MOST_LINES)}


def _button(run: Plan) -> str:
    parts = []
    if run.added:
        parts.append(f"add {_codes(len(run.added))}")
    if run.changed:
        parts.append(f"change {_codes(len(run.changed))}")
    return " and ".join(parts).capitalize()


def _told(made: Plan) -> str:
    return f"{_codes(len(made.added))} added, {_codes(len(made.changed))} changed"


def _codes(number: int) -> str:
    return f"{number:,} code{'' if number == 1 else 's'}"
