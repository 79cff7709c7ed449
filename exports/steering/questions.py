"""The page that counts the answers to every closed question of a call."""

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.current_user import current_user
from core import clock, spoken_time
from exports.counts.response_counts import count_responses, counting_once_differs
from exports.counts.types import Counts
from exports.permissions import may_export
from exports.queries import one_snapshot
from exports.steering.access import of_call, sees_charts
from exports.steering.charts import bar_chart, remarks_on
from exports.steering.parts import Looking, Part
from submissions.calls.models import Call


@require_safe
@of_call(sees_charts)
def question_counts(request: HttpRequest, call: Call) -> HttpResponse:
    """A chart or a table of each closed question, section by section."""
    now = clock.portal_now()
    looking = Looking.of(request.GET)
    once = request.GET.get("campaigns") == "once"
    with one_snapshot():
        counts = count_responses(call, at=now, once=once)
        has_campaigns = counting_once_differs(call)
    context = {
        "call": call,
        "has_campaigns": has_campaigns,
        "once": once and not call.hides_small_counts,
        "counts": counts,
        "counted_at": spoken_time.say_moment(now, call.timezone),
        "looking": looking,
        "sections": list(_sections(call, counts, looking)) if counts.total else [],
        "may_export": may_export(current_user(request), call),
    }
    return render(request, "steering/questions.html", context)


def _sections(call: Call, counts: Counts, looking: Looking) -> Iterator[tuple[str, list[Part]]]:
    """Yield the title and the parts of each section that has closed questions."""
    for section in call.questionnaire.sections:
        parts = []
        for table in counts.questions:
            if table.of.question.section_id != section.pk:
                continue
            key = table.of.key
            chart = bar_chart(
                f"question-{key}", "", _("Option"), table.options, total=table.asked.number
            )
            if chart is not None:
                label = table.of.label
                remarks = remarks_on(table)
                parts.append(Part(key, label, label, remarks, [chart], looking.opens(key)))
        if parts:
            yield section.title, parts
