"""Splitting a code: the passages that belong elsewhere go to another code, or to a new one."""

from datetime import datetime

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse

from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from accounts.models import User
from core import clock
from core.row_keys import row_keys
from review.admin.codebook_pages import chosen_code, codes_to_choose, show
from review.admin.codebook_passages import passages_of
from review.coding.codebook import add_code, lock_codebook, split_code
from review.coding.samples import seen_by
from review.errors import CodingRefused
from review.models import Code


def split(request: HttpRequest, admin: OfOwnCalls, code: Code) -> HttpResponse:
    """Show the code's passages to tick, and move the ticked ones."""
    error = ""
    if request.method == "POST":
        try:
            said = _split(code, request.POST, by=current_user(request), at=clock.portal_now())
        except CodingRefused as refused:
            error = refused.message
        else:
            messages.success(request, said)
            return redirect(reverse("admin:review_code_passages", args=[code.pk]))
    return show(
        request,
        admin,
        code,
        "split",
        f"Split the code “{code.name}”",
        error=error,
        page=passages_of(code, request),
        choices=codes_to_choose(code.call, but=code, below=True),
        ticked=row_keys(request.POST.getlist("coding")),
        chosen=request.POST.get("to", ""),
        name=request.POST.get("name", "").replace("\0", ""),
    )


def _split(code: Code, given: QueryDict, *, by: User, at: datetime) -> str:
    """Make the new code where one is asked for, and move the passages; both or neither."""
    ticked, name = set(row_keys(given.getlist("coding"))), given.get("name", "").strip()
    if not ticked:
        raise CodingRefused("Tick the passages that belong to another code")
    with transaction.atomic():
        lock_codebook(code.call)
        there = seen_by(code.codings.filter(pk__in=ticked), by)
        gone = len(ticked) - there.count()
        if gone:
            raise CodingRefused(
                f"While this page was open, {gone} of the passages that you ticked went to another "
                "code or were taken away. Nothing was moved: look at those that are here now"
            )
        if name and given.get("to"):
            raise CodingRefused("Choose another code or type the name of a new one, not both")
        if name:
            to: Code | None = add_code(call=code.call, name=name, parent=code.parent, by=by, at=at)
        else:
            to = chosen_code(code.call, given.get("to", ""))
        if to is None:
            raise CodingRefused("Choose another code, or type the name of a new one")
        moved = split_code(code, codings=ticked, to=to, by=by, at=at)
    return f"{moved} passage{' is' if moved == 1 else 's are'} under “{to.name}” now."
