"""The steering group's first page: how the call goes, with links to the exports."""

from collections.abc import Sequence

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.current_user import current_user
from accounts.rights import calls_of, may_somewhere
from accounts.states import Action
from core import clock, spoken_time
from core.bar_charts import BarChart, in_words
from core.spoken_numbers import say_number
from exports.counts.response_counts import count_responses, counting_once_differs
from exports.counts.types import Counts, QuestionCounts
from exports.permissions import may_export
from exports.queries import erased_references, one_snapshot
from exports.steering.access import of_call, sees_charts
from exports.steering.charts import bar_chart, completion_chart, day_chart, remarks_on
from exports.steering.on_record import latest_on_record
from exports.steering.parts import BY_DAY, Looking, Part
from exports.types import Dataset
from exports.writers.dictionary import rules
from submissions.calls.facets import Facet
from submissions.calls.models import Call

SHOWN_ON_RECORD = 5


@require_safe
@login_required
def calls(request: HttpRequest) -> HttpResponseBase:
    """Charts of the reader's only call; with several, a choice of one first."""
    reader = current_user(request)
    if not may_somewhere(reader, Action.SEE_STEERING):
        raise PermissionDenied
    own = list(calls_of(reader, Action.SEE_STEERING))
    if len(own) != 1:
        return render(request, "steering/calls.html", {"calls": own})
    return overview(request, own[0].slug)


@require_safe
@of_call(sees_charts)
def overview(request: HttpRequest, call: Call) -> HttpResponse:
    """Charts of how the call goes."""
    reader = current_user(request)
    now = clock.portal_now()
    looking = Looking.of(request.GET)
    once = request.GET.get("campaigns") == "once"
    with one_snapshot():
        counts = count_responses(call, at=now, once=once)
        beside = {
            "has_campaigns": counting_once_differs(call),
            "record": latest_on_record(call, SHOWN_ON_RECORD + 1, reader=reader),
            "shown_on_record": SHOWN_ON_RECORD,
            "erased": bool(erased_references(call)),
        }
    context = beside | {
        "call": call,
        "once": once and not call.hides_small_counts,
        "counts": counts,
        "total": in_words(counts.total, is_few=True),
        "median_words": in_words(counts.median_words, is_few=False),
        "counted_at": spoken_time.say_moment(now, call.timezone),
        "has_closed": call.has_closed_at(now),
        "left": spoken_time.say_left(call.closes_at - now),
        "has_other_calls": calls_of(reader, Action.SEE_STEERING).count() > 1,
        "may_export": may_export(reader, call),
        "looking": looking,
        "by_day": day_chart(call, counts.by_day) if counts.total else None,
        "opens_days": looking.opens(BY_DAY) or not looking.shows_tables,
        "days": [(day, in_words(day.responses, is_few=day.is_few)) for day in counts.by_day],
        "parts": _parts(call, counts, looking),
        "rules": rules(Dataset(call)),
    }
    return render(request, "steering/overview.html", context)


def _parts(call: Call, counts: Counts, looking: Looking) -> Sequence[Part]:
    """Return each facet, the lengths and the completion, where there is anything to draw."""
    if not counts.total:
        return []
    base = counts.total if counts.readable is None else counts.readable
    tables = {table.of.key: table for table in counts.questions}
    drawn = [
        (
            question.key,
            capfirst(facet["label"]),
            _("Responses by %(facet)s") % {"facet": facet["label"]},
            remarks_on(tables[question.key]),
            _facet_charts(call, facet, tables[question.key], counts),
        )
        for facet, question in call.facet_questions
    ]
    drawn += [
        (
            "length",
            _("Length"),
            _("Length of responses"),
            [_("Words in all text answers together."), *_left_out(counts)],
            [bar_chart("words", "", _("Words"), counts.by_words if base else [], total=base)],
        ),
        (
            "completion",
            _("Completion"),
            _("Completion of each question"),
            [*_left_out(counts), *_asked_of_some(counts)],
            [completion_chart("completion", "", counts.completion, total=base)],
        ),
    ]
    return [
        Part(key, name, heading, remarks, found, looking.opens(key))
        for key, name, heading, remarks, charts in drawn
        if (found := [chart for chart in charts if chart is not None])
    ]


def _left_out(counts: Counts) -> list[str]:
    """Say of what the shares are."""
    if not counts.has_confidential:
        return [_("Out of all responses.")]
    if counts.readable is None:
        return [_("Out of all responses, without the words of confidential ones.")]
    of = {"number": say_number(counts.readable)}
    return [
        ngettext(
            "Out of the %(number)s response that is not confidential.",
            "Out of the %(number)s responses that are not confidential.",
            counts.readable,
        )
        % of
    ]


def _asked_of_some(counts: Counts) -> list[str]:
    asks_some = any(row.is_conditional for row in counts.completion)
    return [_("Some questions are asked only of some people.")] if asks_some else []


def _facet_charts(
    call: Call, facet: Facet, table: QuestionCounts, counts: Counts
) -> list[BarChart | None]:
    """Return the chart of the facet, and one for each division of it into bands."""
    question = table.of.question
    derived_facets = call.derived_from(question)
    titles = {question.key: _("As the call asks") if derived_facets else ""}
    titles |= {derived["key"]: derived["label"] for derived in derived_facets}
    notes = {
        derived["key"]: {band["key"]: band.get("note", "") for band in derived["bands"]}
        for derived in derived_facets
    }
    return [
        bar_chart(
            f"facet-{key}",
            title,
            capfirst(facet["label"]),
            counts.by_facet.get(key, ()),
            total=table.asked.number,
            notes=notes.get(key),
        )
        for key, title in titles.items()
    ]
