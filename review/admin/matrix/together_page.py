"""The page of codes that stand together: a chart, and a table that leads to their passages."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.call_admin import OfOwnCalls
from core.bar_charts import BarChart, draw_bars
from core.direction import isolated
from review.admin.matrix.choosing import query_of, selection_from
from review.admin.matrix.matrix_page import choices_of
from review.coding.tree import tree
from review.matrix.selection import Selection
from review.matrix.table import in_words
from review.matrix.together import Pair, pairs_of
from submissions.calls.models import Call

MOST = 200
MOST_DRAWN = 15


@dataclass(frozen=True)
class ShownPair:
    """The words of a pair; `address` leads to its passages, `overlapping` to those that overlap."""

    pair: Pair
    responses: str
    overlaps: str
    of_first: str
    of_second: str
    share: str
    address: str
    overlapping: str


def show(request: HttpRequest, admin: OfOwnCalls, call: Call) -> HttpResponse:
    selection = selection_from(request, call)
    pairs = pairs_of(selection, tree(call))
    context = {
        **admin.admin_site.each_context(request),
        **choices_of(selection),
        "title": f"Codes that stand together: {isolated(call.title)}",
        "opts": admin.opts,
        "number": len(pairs),
        "most": MOST,
        "drawn": MOST_DRAWN,
        "pairs": [_shown(pair, selection) for pair in pairs[:MOST]],
        "chart": chart_of_pairs(pairs[:MOST_DRAWN]),
    }
    return TemplateResponse(request, "admin/review/matrixsummary/together.html", context)


def chart_of_pairs(pairs: Sequence[Pair]) -> BarChart | None:
    """Draw how many responses have both codes, and their share of those with either."""
    rows = [
        (
            f"{pair.first.path} and {pair.second.path}",
            pair.responses.number,
            in_words(pair.responses),
            "",
        )
        for pair in pairs
    ]
    if not rows:
        return None
    drawn = draw_bars(
        "pairs",
        "Responses with both codes",
        "Codes",
        "Responses",
        rows,
        max([1, *(pair.responses.number or 0 for pair in pairs)]),
        None,
        "Bar chart of how many responses have both codes. The table has every number.",
    )
    bars = [
        replace(bar, share=pair.said_share) for bar, pair in zip(drawn.bars, pairs, strict=True)
    ]
    return replace(drawn, bars=bars)


def _shown(pair: Pair, selection: Selection) -> ShownPair:
    keys = [pair.first.code.pk, pair.second.code.pk]
    page = reverse("admin:review_matrixsummary_pair", args=keys)
    return ShownPair(
        pair=pair,
        responses=in_words(pair.responses),
        overlaps=in_words(pair.overlaps),
        of_first=in_words(pair.of_first),
        of_second=in_words(pair.of_second),
        share=pair.said_share,
        address=f"{page}?{query_of(selection)}",
        overlapping=f"{page}?{query_of(selection, overlapping='1')}",
    )
