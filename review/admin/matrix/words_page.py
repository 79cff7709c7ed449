"""The page of words that one column of the matrix uses more than the others."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.call_admin import OfOwnCalls
from core.direction import isolated
from review.admin.matrix.choosing import coded_questions, selection_from
from review.admin.matrix.matrix_page import choices_of
from review.matrix.table import in_words
from review.reading_faster.word_list import FEWEST, MOST_SHOWN, ListedWord, word_list
from submissions.calls.models import Call
from submissions.calls.states import QuestionKind


def show(request: HttpRequest, admin: OfOwnCalls, call: Call) -> HttpResponse:
    selection = selection_from(request, call)
    found = word_list(selection)
    context = {
        **admin.admin_site.each_context(request),
        **choices_of(selection),
        "title": f"Words by {isolated(selection.across.label)}: {isolated(call.title)}",
        "opts": admin.opts,
        "questions": [one for one in coded_questions(call) if one.kind != QuestionKind.FILE],
        "found": found,
        "fewest": FEWEST,
        "most": MOST_SHOWN,
        "columns": [
            (column, [_shown(one, call) for one in column.words]) for column in found.columns
        ],
    }
    return TemplateResponse(request, "admin/review/matrixsummary/words.html", context)


def _shown(one: ListedWord, call: Call) -> tuple[str, str, int, str, str]:
    """Return the word, the address of its search, and its numbers in words."""
    search = urlencode({"call__id__exact": call.pk, "q": f'"{one.word}"'})
    address = f"{reverse('admin:submissions_submission_changelist')}?{search}"
    return one.word, address, one.here, in_words(one.elsewhere), f"{one.ratio:.1f}"
