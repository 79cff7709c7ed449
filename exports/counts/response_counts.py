"""Counts the submitted responses of a call. It reads no text of an answer.

A confidential response counts in the total and on its day only: no other count tells what it
answers.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from core.disclosure_control import (
    Shown,
    TooFew,
    as_they_are,
    hidden_among,
    is_few,
    leaves_few,
)
from core.time_limits import in_calendar
from exports.campaign_sql import PARAMETERS as CAMPAIGN_PARAMETERS
from exports.campaign_sql import counted_once_sql
from exports.consent import PSEUDONYMISED, confidential_sql
from exports.consent import parameters as consent_parameters
from exports.counts.answers import WORDS_FROM, CountedAnswers, count_answers
from exports.counts.closed import LEFT, Dependencies
from exports.counts.facets import facet_counts
from exports.counts.tables import hidden_options, question_tables
from exports.counts.types import Completion, Counts, DayCount, OptionCount, QuestionCounts
from exports.filters import ExportFilter
from exports.queries import one_snapshot
from exports.types import Dataset
from submissions.calls.models import Call
from submissions.calls.states import TEXT_KINDS, QuestionKind
from submissions.responses.states import SubmissionState


def count_responses(call: Call, *, at: datetime, once: bool = False) -> Counts:
    """Count one moment of the database in a fixed number of queries, whatever the call asks.

    Days are those of the call's time zone, without gaps, up to `at`. `once`: each campaign counts
    once and duplicates not at all, unless the call hides small counts: what two counts differ by
    would tell small ones.
    """
    once = once and not call.hides_small_counts
    with one_snapshot():
        days = _count_days(call, once)
        answers = count_answers(Dataset(call, ExportFilter(campaigns="once" if once else "")))
        total, confidential, median, answered = _count_answered(call, once)
    if call.hides_small_counts and (is_few(total) or is_few(total - confidential)):
        return Counts(total=None)
    hide = hidden_among if call.hides_small_counts else as_they_are
    hide_open = partial(hidden_among, apart=confidential) if call.hides_small_counts else hide
    try:
        facets = frozenset(question.key for _facet, question in call.facet_questions)
        tables = question_tables(answers, strict=facets)
        return Counts(
            total=total,
            readable=None if call.hides_small_counts else total - confidential,
            has_confidential=confidential > 0,
            median_words=median,
            by_day=_days(call, days, at, hide),
            by_facet=facet_counts(call, tables, answers.chosen),
            by_words=_by_words(answers.lengths, hide_open),
            completion=_completion(call, answered, total, answers, tables),
            questions=list(tables.values()),
        )
    except TooFew:
        return Counts(total=None)


def counting_once_differs(call: Call) -> bool:
    """Return whether counting each campaign once leaves out a response that is not confidential."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM submissions_submission AS submission "  # noqa: S608 - no values
            "WHERE submission.call_id = %(call)s AND submission.state = %(submitted)s "
            f"AND NOT {counted_once_sql(call, PSEUDONYMISED)})",
            _parameters(call),
        )
        return bool(cursor.fetchone()[0])


def _count_days(call: Call, once: bool) -> dict[date, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (submission.submitted_at AT TIME ZONE %(zone)s)::date, count(*) "  # noqa: S608 - no values
            "FROM submissions_submission AS submission WHERE submission.call_id = %(call)s "
            f"AND submission.state = %(submitted)s{_only_once(call, once)} GROUP BY 1",
            _parameters(call) | {"zone": call.timezone},
        )
        return dict(cursor.fetchall())


def _parameters(call: Call) -> dict[str, Any]:
    submitted = {"call": call.pk, "submitted": SubmissionState.SUBMITTED.value}
    return consent_parameters(call, PSEUDONYMISED) | CAMPAIGN_PARAMETERS | submitted


def _only_once(call: Call, once: bool) -> str:
    return f" AND {counted_once_sql(call, PSEUDONYMISED)}" if once else ""


def _count_answered(call: Call, once: bool) -> tuple[int, int, int | None, Counter[str]]:
    """Return the number of responses and of confidential ones among them.

    Of the others, the median of their words, and answers by question.
    """
    asked = [q for q in call.questions_in_order if not q.identity and q.kind != QuestionKind.FILE]
    is_open = f"NOT {confidential_sql(call)}"
    answered = ", ".join(
        "count(*) FILTER (WHERE is_open AND "
        f"{'text_keys' if q.kind in TEXT_KINDS else 'choices'} ? %(question_{place})s)"
        for place, q in enumerate(asked)
    )
    of_the_call = (
        "FROM submissions_submission AS submission "
        "JOIN submissions_version AS version ON version.id = submission.current_version_id "
    )
    where = (
        "WHERE submission.call_id = %(call)s AND submission.state = %(submitted)s"
        f"{_only_once(call, once)}"
    )
    which = _parameters(call)
    # For all counts at once PostgreSQL judges a response, and fetches its choices (`texts_sql`).
    judged = (
        f"SELECT version.words, version.text_keys, version.choices - '{{}}'::text[] AS choices, "
        f"{is_open} AS is_open {of_the_call}{where} OFFSET 0"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE NOT is_open), "  # noqa: S608 - no values
            "percentile_cont(0.5) WITHIN GROUP (ORDER BY words) FILTER (WHERE is_open)"
            f"{', ' if asked else ''}{answered} FROM ({judged}) AS response",
            which | {f"question_{place}": q.key for place, q in enumerate(asked)},
        )
        total, confidential, median, *numbers = cursor.fetchone()
        counted = Counter({q.key: n for q, n in zip(asked, numbers, strict=True)})
        if any(q.kind == QuestionKind.FILE for q in call.questions_in_order):
            cursor.execute(
                f"SELECT question.key, count(DISTINCT version.id) {of_the_call}"
                "JOIN submissions_version_attachments AS attached "
                "ON attached.version_id = version.id "
                "JOIN submissions_attachment AS attachment "
                "ON attachment.id = attached.attachment_id "
                "JOIN submissions_question AS question ON question.id = attachment.question_id "
                f"{where} AND {is_open} GROUP BY question.key",
                which,
            )
            counted.update(dict(cursor.fetchall()))
    return total, confidential, None if median is None else round(median), counted


Hiding = Callable[[Sequence[int]], list[Shown]]


def _days(
    call: Call, counted: Mapping[date, int], at: datetime, hide: Hiding
) -> Sequence[DayCount]:
    zone = ZoneInfo(call.timezone)
    closing_day = in_calendar(call.closes_at).astimezone(zone).date()
    first = min([*counted, in_calendar(call.opens_at).astimezone(zone).date()])
    last = max([*counted, min(closing_day, at.astimezone(zone).date())])
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    shown = hide([counted.get(day, 0) for day in days])
    return [
        DayCount(day, count.number, day == closing_day, count.is_few)
        for day, count in zip(days, shown, strict=True)
    ]


def _by_words(counted: Counter[str], hide: Hiding) -> Sequence[OptionCount]:
    labels = {"0": f"Under {WORDS_FROM[0]:,}"}
    for place, (first, beyond) in enumerate(pairwise(WORDS_FROM), 1):
        labels[str(place)] = f"{first:,} to {beyond - 1:,}"
    labels[str(len(WORDS_FROM))] = f"{WORDS_FROM[-1]:,} or more"
    shown = hide([counted[place] for place in labels])
    return [
        OptionCount(place, label, count.number, count.is_few)
        for (place, label), count in zip(labels.items(), shown, strict=True)
    ]


def _completion(
    call: Call,
    counted: Counter[str],
    total: int,
    answers: CountedAnswers,
    tables: Mapping[str, QuestionCounts],
) -> Sequence[Completion]:
    """Count the answers; not where they would tell a hidden number of a question's table."""
    depends = Dependencies(call)
    hidden = hidden_options(tables)
    rows = []
    for question in call.questions_in_order:
        if question.identity:
            continue
        answered = counted[question.key]
        left_hidden = not hidden.get(question.key, set()).isdisjoint(LEFT)
        # Even that few answered may tell a hidden number without an answer: of 8, the other 4.
        says_why = call.hides_small_counts and not left_hidden
        few = says_why and is_few(answered)
        leaves = says_why and (
            leaves_few(answered, total) or leaves_few(answered, answers.readable)
        )
        # How many were asked, the table of another question tells.
        leaves_silent = leaves_few(answered, answers.asked.get(question.key, answered))
        tells = call.hides_small_counts and (
            left_hidden or leaves_silent or depends.on_hidden(question.key, hidden)
        )
        rows.append(
            Completion(
                question.key,
                question.label,
                None if few or leaves or tells else answered,
                bool(call.questionnaire.conditions[question.key].terms),
                few,
                leaves,
            )
        )
    return rows
