"""What the reader of the matrix chose, out of the address, and back into it."""

from collections.abc import Collection
from urllib.parse import urlencode

from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse

from accounts.current_user import current_user
from accounts.models import User
from core.row_keys import row_keys
from review.coding.samples import seen_by
from review.matrix.columns import choices_across
from review.matrix.selection import Selection
from review.models import Coding
from submissions.calls.models import Call, Question
from submissions.calls.states import TEXT_KINDS, QuestionKind

ACROSS, CAMPAIGNS, CODER, QUESTION, CODES = "across", "campaigns", "coder", "question", "codes"
ONCE, OWN = "once", "own"
CHOICES = {ACROSS, CAMPAIGNS, CODER, QUESTION, CODES}


def selection_from(request: HttpRequest, call: Call, *, also: Collection[str] = ()) -> Selection:
    """Return what the address chooses. Raises Http404 for what the call has not."""
    if set(request.GET) - CHOICES - {*also}:
        raise DisallowedModelAdminLookup("the matrix has its own choices alone")
    choices = choices_across(call)
    key = request.GET.get(ACROSS)
    if key is None:
        key = next(iter(choices))
    if key not in choices:
        raise Http404
    return Selection(
        call=call,
        across=choices[key],
        reader=current_user(request),
        once=request.GET.get(CAMPAIGNS) == ONCE,
        coder=_chosen_coder(request.GET.get(CODER, ""), call, current_user(request)),
        question=_chosen_question(request.GET.get(QUESTION, ""), call),
        with_below=request.GET.get(CODES) != OWN,
    )


def coders_of(call: Call, reader: User) -> QuerySet[User]:
    """Return who coded anything in the call that the reader sees."""
    coded = seen_by(Coding.objects.filter(code__call=call), reader).order_by().values("by")
    return User.objects.filter(pk__in=coded).order_by("username")


def coded_questions(call: Call) -> list[Question]:
    """Return the questions whose answers can be coded: those for words, and for files."""
    return [
        question
        for question in call.questions_in_order
        if not question.identity and question.kind in {*TEXT_KINDS, QuestionKind.FILE}
    ]


def query_of(selection: Selection, **more: str) -> str:
    """Return the choices as the query of an address, `more` in place of what is chosen."""
    chosen = {
        ACROSS: selection.across.key,
        CAMPAIGNS: ONCE if selection.once else "",
        CODER: str(selection.coder.pk) if selection.coder else "",
        QUESTION: selection.question.key if selection.question else "",
        CODES: "" if selection.with_below else OWN,
    }
    kept = {name: value for name, value in chosen.items() if value or name == ACROSS}
    return urlencode(kept | more)


def matrix_address(selection: Selection) -> str:
    return _address_of("matrix", selection)


def together_address(selection: Selection) -> str:
    return _address_of("together", selection)


def _address_of(page: str, selection: Selection) -> str:
    address = reverse(f"admin:review_matrixsummary_{page}", args=[selection.call.pk])
    return f"{address}?{query_of(selection)}"


def _chosen_coder(written: str, call: Call, reader: User) -> User | None:
    if not written:
        return None
    return get_object_or_404(coders_of(call, reader), pk__in=row_keys([written]))


def _chosen_question(written: str, call: Call) -> Question | None:
    if not written:
        return None
    for question in coded_questions(call):
        if question.key == written:
            return question
    raise Http404
