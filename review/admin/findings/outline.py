"""The outline of a report: headings and findings in their order, moved one by one."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from core import clock
from review.admin.findings.pages import show
from review.errors import FindingOutdated, FindingRefused
from review.findings.finding_counts import stands_of, why_nothing_counts
from review.findings.outline import (
    DOWN,
    UP,
    Item,
    add_heading,
    etag_of_outline,
    key_of,
    move,
    outline_of,
    remove_heading,
    rename_heading,
)
from review.findings.scale import scale_of, why_not_fitting
from review.models import Finding
from submissions.calls.models import Call


@dataclass(frozen=True)
class ShownItem:
    """`typed` is what stands in the field of a heading: its title, or what is not saved."""

    key: str
    title: str
    typed: str
    finding: Finding | None
    count: str
    warning: str
    is_first: bool
    is_last: bool


def outline(request: HttpRequest, admin: OfOwnCalls, call: Call) -> HttpResponse:
    error, typed, title, base = "", _typed(request), request.POST.get("title", ""), ""
    if request.method == "POST":
        do, _, key = request.POST.get("do", "").partition(" ")
        try:
            _change(request, call)
        except FindingRefused as refused:
            error, base = refused.message, request.POST.get("base", "")
        except FindingOutdated as outdated:
            error = (
                f"{outdated.message}. Nothing of yours was saved: what you typed is below, in the "
                "outline as it is now"
            )
        else:
            messages.success(request, "The outline is changed.")
            title = "" if do == "add" else title
            if do in {"rename", "remove"}:
                typed.pop(key, None)
            if not typed and not title.strip():
                return redirect("admin:review_finding_outline", call.pk)
            messages.warning(request, "What you typed elsewhere on the page is not saved yet.")
    items = outline_of(call)
    keys = {key_of(item) for item in items}
    return show(
        request,
        admin,
        "finding/outline",
        "Outline of the report",
        call,
        refused=bool(error),
        error=error,
        items=_shown(request, call, items, typed=typed),
        for_gone=[words for key, words in typed.items() if key not in keys],
        etag=base or etag_of_outline(items),
        typed=title,
    )


def _change(request: HttpRequest, call: Call) -> None:
    given = request.POST
    do, _, key = given.get("do", "").partition(" ")
    base, by, at = given.get("base", ""), current_user(request), clock.portal_now()
    if do in {"up", "down"}:
        move(call, key, step=UP if do == "up" else DOWN, base=base, by=by, at=at)
    elif do == "add":
        add_heading(call, given.get("title", ""), base=base, by=by, at=at)
    elif do == "rename":
        rename_heading(call, key, given.get(f"title-{key}", ""), base=base, by=by, at=at)
    elif do == "remove":
        remove_heading(call, key, base=base, by=by, at=at)
    else:
        raise FindingRefused("Press one of the buttons")


def _typed(request: HttpRequest) -> dict[str, str]:
    """Return the titles that were typed for headings, by their keys: not those left as they were.

    `was` has what the field held when the page was made.
    """
    given = request.POST
    return {
        name.removeprefix("title-"): str(given[name])
        for name in given
        if name.startswith("title-")
        and given[name] != given.get(f"was-{name.removeprefix('title-')}")
    }


def _shown(
    request: HttpRequest, call: Call, items: list[Item], *, typed: Mapping[str, str]
) -> list[ShownItem]:
    findings = [item for item in items if isinstance(item, Finding)]
    stands = stands_of(call, findings, reader=current_user(request))
    scale = scale_of(call)
    shown = []
    for place, item in enumerate(items):
        finding = item if isinstance(item, Finding) else None
        count, warning = "", ""
        if finding is not None:
            stood = stands[finding.pk]
            count = f"{stood.number:,} of {stood.of:,}"
            warning = why_nothing_counts(finding, call) or why_not_fitting(
                scale, finding.strength, number=stood.number, of=stood.of
            )
        shown.append(
            ShownItem(
                key=key_of(item),
                title=item.title,
                typed=typed.get(key_of(item), item.title),
                finding=finding,
                count=count,
                warning=warning,
                is_first=place == 0,
                is_last=place == len(items) - 1,
            )
        )
    return shown
