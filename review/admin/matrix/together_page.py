"""The page of codes that stand together."""

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.call_admin import OfOwnCalls
from review.admin.matrix.choosing import selection_from
from review.admin.matrix.matrix_page import choices_of
from review.coding.tree import tree
from review.matrix.table import in_words
from review.matrix.together import pairs_of
from submissions.calls.models import Call

MOST = 200


def show(request: HttpRequest, admin: OfOwnCalls, call: Call) -> HttpResponse:
    selection = selection_from(request, call)
    pairs = pairs_of(selection, tree(call))
    context = {
        **admin.admin_site.each_context(request),
        **choices_of(selection),
        "title": f"Codes that stand together: {call.title}",
        "opts": admin.opts,
        "number": len(pairs),
        "most": MOST,
        "pairs": [
            (
                pair.first.path,
                pair.second.path,
                *map(in_words, (pair.responses, pair.overlaps, pair.of_first, pair.of_second)),
            )
            for pair in pairs[:MOST]
        ],
    }
    return TemplateResponse(request, "admin/review/matrixsummary/together.html", context)
