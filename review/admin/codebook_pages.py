"""What the pages of a code have in common."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.call_admin import OfOwnCalls
from accounts.rights import may
from accounts.states import Action
from core.row_keys import row_keys
from review.admin.shortening import you_wrote
from review.coding.tree import CodeInTree, tree
from review.models import Code
from submissions.calls.models import Call

View = Callable[[HttpRequest, OfOwnCalls, Code], HttpResponse]


def code_page(admin: OfOwnCalls, action: Action, view: View) -> Callable[..., HttpResponseBase]:
    """Return the view of a code that the reader may do this with.

    A code that was merged into another has no pages any more: the list says where it is.
    """

    def page(request: HttpRequest, pk: int) -> HttpResponse:
        rows = Code.objects.select_related("call", "parent", "merged_into")
        code = admin.own_row(request, action, rows, pk=pk)
        return _led_away(request, code) or view(request, admin, code)

    return admin.admin_site.admin_view(page)


def _led_away(request: HttpRequest, code: Code) -> HttpResponse | None:
    if code.merged_into is None:
        return None
    said = f"“{code.name}” was merged into “{code.merged_into.name}”."
    typed = you_wrote(request.POST.get("name", ""))  # of a new code, to split this one
    messages.error(request, said + typed)
    return redirect(list_address(code.call))


def list_address(call: Call) -> str:
    return f"{reverse('admin:review_code_changelist')}?call__id__exact={call.pk}"


def show(
    request: HttpRequest, admin: OfOwnCalls, code: Code, template: str, title: str, **more: Any
) -> HttpResponse:
    """Show a page of the code; with an error in it, as one that was refused."""
    context = {
        **admin.admin_site.each_context(request),
        "title": title,
        "opts": admin.opts,
        "code": code,
        "call": code.call,
        "list_address": list_address(code.call),
        "may_add": may(request.user, Action.CODE, code.call_id),
        "may_change": may(request.user, Action.CHANGE_CODEBOOK, code.call_id),
        "reads_record": may(request.user, Action.READ_RECORD, code.call_id),
        **more,
    }
    status = 422 if more.get("error") else 200
    return TemplateResponse(request, f"admin/review/code/{template}.html", context, status=status)


def codes_to_choose(call: Call, *, but: Code | None = None, below: bool = False) -> list[Any]:
    """Return the codes in use as choices, each by its names from the top down.

    `but` is left out, and what stands below it, unless `below`.
    """
    return [(str(one.code.pk), one.path) for one in _others(tree(call), but, below=below)]


def _others(codes: list[CodeInTree], but: Code | None, *, below: bool) -> list[CodeInTree]:
    found, within = [], 0
    for one in codes:
        if within and one.level <= within:
            within = 0
        if but is not None and one.code.pk == but.pk:
            within = one.level
        is_left_out = bool(within) and (not below or one.level == within)
        if not one.code.is_retired and not is_left_out:
            found.append(one)
    return found


def chosen_code(call: Call, posted: str) -> Code | None:
    """Return the code of the call with this key, retired or not."""
    return Code.objects.filter(call=call, pk__in=row_keys([posted])).first()
