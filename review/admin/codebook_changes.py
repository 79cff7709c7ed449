"""Moving, merging, splitting and retiring codes: a page for each, which works without JavaScript.

Each page carries what it showed. Where that is another by now, nothing is done, and the page says
so.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from accounts.states import Action, AuditAction
from core import clock
from core.canonical import digest
from core.direction import isolated
from review.admin.codebook_pages import (
    chosen_code,
    code_page,
    codes_to_choose,
    list_address,
    show,
)
from review.admin.codebook_passages import passages
from review.admin.codebook_splitting import split
from review.coding.codebook import lock_codebook, merge_codes, move_code, retire_code
from review.coding.samples import seen_by
from review.errors import CodingRefused
from review.last_change import changed_last_by
from review.models import Code, Coding

LAST = 100_000  # a place after all others
TOP = "top"
ORDERING = (
    AuditAction.CODE_MOVED,
    AuditAction.CODE_ADDED,
    AuditAction.CODES_MERGED,
    AuditAction.CODE_RETIRED,
    AuditAction.CODEBOOK_IMPORTED,
)


def urls(admin: OfOwnCalls) -> list[URLPattern]:
    pages = {"move": move, "merge": merge, "split": split, "retire": retire}
    changes = Action.CHANGE_CODEBOOK
    return [
        path(
            "<int:pk>/passages/",
            code_page(admin, admin.sees, passages),
            name="review_code_passages",
        ),
        *(
            path(f"<int:pk>/{name}/", code_page(admin, changes, view), name=f"review_code_{name}")
            for name, view in pages.items()
        ),
    ]


@dataclass(frozen=True)
class Place:
    """Where a code stands: `siblings` are all that stand there, `shown` those in use and itself."""

    siblings: list[Code]
    shown: list[Code]
    index: int
    etag: str


def place_of(code: Code) -> Place:
    rows = Code.objects.filter(call=code.call, parent=code.parent_id)
    siblings = list(rows.order_by("position", "name"))
    shown = [one for one in siblings if one == code or not one.is_retired]
    keys = ",".join(str(one.pk) for one in shown)
    etag = digest(f"{code.parent_id}:{keys}")[:12]
    return Place(siblings, shown, shown.index(code), etag)


def move(request: HttpRequest, admin: OfOwnCalls, code: Code) -> HttpResponse:
    """Move the code one up or down, or under another."""
    error = ""
    if request.method == "POST":
        try:
            messages.success(request, _changed(code, lambda fresh: _move(request, fresh)))
        except CodingRefused as refused:
            error = refused.message
            code.refresh_from_db()
        else:
            return redirect(reverse("admin:review_code_move", args=[code.pk]))
    place = place_of(code)
    return show(
        request,
        admin,
        code,
        "move",
        f"Move the code “{code.name}”",
        error=error,
        place=place,
        number=place.index + 1,
        choices=codes_to_choose(code.call, but=code),
        chosen=request.POST.get("under", ""),
    )


def _move(request: HttpRequest, code: Code) -> str:
    given, place = request.POST, place_of(code)
    if given.get("base") != place.etag:
        who = changed_last_by(code.call, *ORDERING)
        raise CodingRefused(
            f"{who} changed the order of the codes here while this page was open. Nothing was "
            "moved: look at it as it is now"
        )
    parent, to = code.parent, LAST
    step = {"up": -1, "down": 1}.get(given.get("do", ""))
    if step is None:
        if given.get("under") != TOP:
            parent = chosen_code(code.call, given.get("under", ""))
            if parent is None:
                raise CodingRefused("Choose where the code moves")
        else:
            parent = None
    else:
        index = place.index + step
        if not 0 <= index < len(place.shown):
            raise CodingRefused(f"It is the {'first' if step < 0 else 'last'} already")
        rest = [one for one in place.siblings if one != code]
        to = rest.index(place.shown[index]) + (step > 0)
    moved = move_code(
        code, parent=parent, place=to, by=current_user(request), at=clock.portal_now()
    )
    place = place_of(moved)
    where = f" under “{parent.name}”" if parent else " at the top"
    return f"“{code.name}” is now number {place.index + 1} of {len(place.shown)}{where}."


def merge(request: HttpRequest, admin: OfOwnCalls, code: Code) -> HttpResponse:
    """Ask for the other code, say what would happen, and merge once that was confirmed."""
    error, into = "", None
    if request.method == "POST":
        into = chosen_code(code.call, request.POST.get("into", ""))
        try:
            if into is None:
                raise CodingRefused("Choose the other code")
            if into.is_retired:
                raise CodingRefused(f"The code “{into.name}” is retired: choose another")
            if "base" in request.POST:
                other = into
                said = _changed(code, lambda fresh: _merge(request, fresh, other))
                messages.success(request, said)
                return redirect(list_address(code.call))
        except CodingRefused as refused:
            error = refused.message
            into = None if into is None or into.is_retired else into
    return show(
        request,
        admin,
        code,
        "merge",
        f"Merge the code “{code.name}” into another",
        error=error,
        into=into,
        codings=_shown(code, request).count(),
        below=code.children.count(),
        base=_to_merge(code, into, request) if into else "",
        choices=codes_to_choose(code.call, but=code),
    )


def _shown(code: Code, request: HttpRequest) -> QuerySet[Coding]:
    """Return the code's codings but those that the reader, who codes blind, is not to know of."""
    return seen_by(code.codings.all(), current_user(request))


def _to_merge(code: Code, into: Code, request: HttpRequest) -> str:
    """Return what tells the two names, the codings and the codes below from any others."""
    codings = _shown(code, request).order_by("pk").values_list("pk", flat=True)
    below = code.children.order_by("pk").values_list("pk", flat=True)
    return digest(f"{code.name}\n{into.name}\n{list(codings)}{list(below)}")[:12]


def _merge(request: HttpRequest, code: Code, into: Code) -> str:
    if request.POST["base"] != _to_merge(code, into, request):
        raise CodingRefused(
            "While this page was open, passages or codes came under this code or went, or one of "
            "the two has another name. Nothing was merged: look at them as they are now"
        )
    moved = merge_codes(code, into=into, by=current_user(request), at=clock.portal_now())
    codings = f"{moved} coding{'' if moved == 1 else 's'} moved"
    return f"“{code.name}” was merged into “{into.name}”: {codings}."


def retire(request: HttpRequest, admin: OfOwnCalls, code: Code) -> HttpResponse:
    """Let the code take no new passages, or bring it back."""
    error = ""
    if request.method == "POST":
        try:
            messages.success(request, _changed(code, lambda fresh: _retire(request, fresh)))
        except CodingRefused as refused:
            error = refused.message
            code.refresh_from_db()
        else:
            return redirect(list_address(code.call))
    name = isolated(code.name)
    title = f"Bring the code “{name}” back" if code.is_retired else f"Retire “{name}”"
    return show(
        request, admin, code, "retire", title, error=error, codings=_shown(code, request).count()
    )


def _retire(request: HttpRequest, code: Code) -> str:
    retired = {"retire": True, "bring back": False}.get(request.POST.get("do", ""))
    if retired is None:
        raise CodingRefused("Press the button")
    if code.is_retired == retired:
        who = changed_last_by(code.call, AuditAction.CODE_RETIRED, detail__code=code.pk)
        return f"“{code.name}” was {'retired' if retired else 'brought back'} already, by {who}."
    retire_code(code, by=current_user(request), at=clock.portal_now(), retired=retired)
    return f"“{code.name}” is {'retired' if retired else 'in use again'}."


def _changed(code: Code, change: Callable[[Code], str]) -> str:
    """Do the change with the code as it is once nobody else changes the codebook."""
    with transaction.atomic():
        lock_codebook(code.call)
        return change(Code.objects.select_related("call", "parent").get(pk=code.pk))
