"""How a call goes, in numbers. Nothing here reads a text."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count
from django.db.models.functions import TruncDate

from exports.disclosure_control import (
    Shown,
    TooFew,
    as_they_are,
    each_hidden,
    hidden_among,
    is_few,
    leaves_few,
)
from exports.income_bands import NCVO_BANDS, NCVO_LABELS, SMALL_AND_MEDIUM, SMALL_AND_MEDIUM_LABELS
from submissions.calls.models import Call, Question
from submissions.calls.states import MULTIPLE_KINDS, TEXT_KINDS, QuestionKind
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState

WORDS_FROM = (250, 500, 1_000, 2_000, 5_000)  # where each length after the first begins


@dataclass(frozen=True)
class DayCount:
    """`responses` is None where it is hidden: `is_few` if it is under five itself."""

    day: date
    responses: int | None
    is_closing_day: bool
    is_few: bool = False


@dataclass(frozen=True)
class OptionCount:
    """How many responses chose the option; `label` is empty where it was not answered.

    `responses` is None where it is hidden: `is_few` if it is under five itself.
    """

    key: str
    label: str
    responses: int | None
    is_few: bool = False


@dataclass(frozen=True)
class Completion:
    """How many responses answer the question; `is_conditional`: it is asked only of some.

    `answered` is None where it is hidden: `is_few` if it is under five, `leaves_few` if all but a
    few answered it, neither if it would tell a hidden number of another table.
    """

    key: str
    label: str
    answered: int | None
    is_conditional: bool
    is_few: bool = False
    leaves_few: bool = False


@dataclass(frozen=True)
class Counts:
    """Of submitted responses, each in its latest version, without drafts and withdrawn ones.

    `total` is None, and the lists are empty, where the call hides small counts and there are
    too few responses to hide any among them. A list is empty, too, if the call does not ask.
    """

    total: int | None
    median_words: int | None = None
    by_day: Sequence[DayCount] = ()
    by_role: Sequence[OptionCount] = ()
    by_income_band: Sequence[OptionCount] = ()
    by_ncvo_band: Sequence[OptionCount] = ()
    by_small_and_medium: Sequence[OptionCount] = ()
    by_area: Sequence[OptionCount] = ()
    by_service_area: Sequence[OptionCount] = ()
    by_words: Sequence[OptionCount] = ()
    completion: Sequence[Completion] = ()


def count_responses(call: Call, *, at: datetime) -> Counts:
    """Count in a fixed number of queries, four at most, whatever the call asks.

    Days are those of the call's time zone, without gaps, up to `at`.
    """
    days = dict(
        Submission.objects.submitted()
        .filter(call=call)
        .order_by()
        .annotate(day=TruncDate("submitted_at", tzinfo=ZoneInfo(call.timezone)))
        .values_list("day")
        .annotate(responses=Count("pk"))
    )
    chosen = _count_choices(call)
    total, median, answered = _count_answered(call)
    if call.hides_small_counts and is_few(total):
        return Counts(total=None)
    hide = hidden_among if call.hides_small_counts else as_they_are
    hide_each = partial(each_hidden, total=total) if call.hides_small_counts else as_they_are
    area, service_area = _question(call, "area"), _question(call, "service_area")
    band = _question(call, "income_band", QuestionKind.RADIO)
    try:
        by_income_band = _by_option(band, chosen["income_band"], hide)
        by_area = _by_option(area, chosen["area"], hide if _is_one_of(area) else hide_each)
        by_service_area = _by_option(
            service_area,
            chosen["service_area"],
            hide if _is_one_of(service_area) else hide_each,
        )
        tables = {
            "income_band": by_income_band,
            "area": by_area,
            "service_area": by_service_area,
        }
        return Counts(
            total=total,
            median_words=median,
            by_day=_days(call, days, at, hide),
            by_role=_by_option(_roles(call), chosen["roles"], hide_each),
            by_income_band=by_income_band,
            by_ncvo_band=_grouped(by_income_band, chosen, NCVO_BANDS, NCVO_LABELS),
            by_small_and_medium=_grouped(
                by_income_band, chosen, SMALL_AND_MEDIUM, SMALL_AND_MEDIUM_LABELS
            ),
            by_area=by_area,
            by_service_area=by_service_area,
            by_words=_by_words(chosen["words"], hide),
            completion=_completion(call, answered, total, tables),
        )
    except TooFew:
        return Counts(total=None)


def _roles(call: Call) -> Question | None:
    return next((q for q in call.questions_in_order if q.kind == QuestionKind.ROLES), None)


def _question(call: Call, key: str, kind: QuestionKind | None = None) -> Question | None:
    question = call.questions_by_key.get(key)
    fits = {kind} if kind else {QuestionKind.RADIO, *MULTIPLE_KINDS}
    return question if question is not None and question.kind in fits else None


def _is_one_of(question: Question | None) -> bool:
    """Whether each response is counted once, so that the counts add up to the total."""
    return question is not None and question.kind == QuestionKind.RADIO


def _count_choices(call: Call) -> dict[str, Counter[str]]:
    """Count each option, and lengths in words by the place of `WORDS_FROM`, in one scan.

    The database groups by whole answers, of which there are few, and they are taken apart here.
    An answer that was not given is counted under the empty key.
    """
    roles = _roles(call)
    keys = {
        "roles": roles.key if roles else "roles",
        "income_band": "income_band",
        "area": "area",
        "service_area": "service_area",
    }
    counted: dict[str, Counter[str]] = {name: Counter() for name in (*keys, "words")}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT CASE GROUPING(r, i, a, s, w) WHEN 15 THEN 'roles' WHEN 23 THEN 'income_band' "
            "WHEN 27 THEN 'area' WHEN 29 THEN 'service_area' ELSE 'words' END, "
            "coalesce(r, i, a, s, to_jsonb(w)), count(*) FROM (SELECT v.choices->%s AS r, "
            "v.choices->%s AS i, v.choices->%s AS a, v.choices->%s AS s, "
            "width_bucket(v.words, %s::int[])::text AS w FROM submissions_submission n "
            "JOIN submissions_version v ON v.id = n.current_version_id "
            "WHERE n.call_id = %s AND n.state = %s) AS given "
            "GROUP BY GROUPING SETS ((r), (i), (a), (s), (w))",
            [*keys.values(), list(WORDS_FROM), call.pk, SubmissionState.SUBMITTED.value],
        )
        for name, answer, responses in cursor.fetchall():
            value = json.loads(answer) if isinstance(answer, str) else answer
            for key in value if isinstance(value, list) else [value]:
                counted[name][key or ""] += responses
    return counted


def _count_answered(call: Call) -> tuple[int, int | None, Counter[str]]:
    """Return the number of responses, the median of their words, and answers by question."""
    asked = [q for q in call.questions_in_order if not q.identity and q.kind != QuestionKind.FILE]
    answered = ", ".join(
        f"count(*) FILTER (WHERE v.{'text_keys' if q.kind in TEXT_KINDS else 'choices'} ? %s)"
        for q in asked
    )
    of_the_call = (
        "FROM submissions_submission n JOIN submissions_version v ON v.id = n.current_version_id "
    )
    where = "WHERE n.call_id = %s AND n.state = %s"
    which = [call.pk, SubmissionState.SUBMITTED.value]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY v.words)"
            f"{', ' if asked else ''}{answered} {of_the_call}{where}",
            [*(q.key for q in asked), *which],
        )
        total, median, *numbers = cursor.fetchone()
        counted = Counter({q.key: n for q, n in zip(asked, numbers, strict=True)})
        if any(q.kind == QuestionKind.FILE for q in call.questions_in_order):
            cursor.execute(
                f"SELECT q.key, count(DISTINCT v.id) {of_the_call}"
                "JOIN submissions_version_attachments x ON x.version_id = v.id "
                "JOIN submissions_attachment a ON a.id = x.attachment_id "
                f"JOIN submissions_question q ON q.id = a.question_id {where} GROUP BY q.key",
                which,
            )
            counted.update(dict(cursor.fetchall()))
    return total, None if median is None else round(median), counted


Hiding = Callable[[Sequence[int]], list[Shown]]


def _days(
    call: Call, counted: Mapping[date, int], at: datetime, hide: Hiding
) -> Sequence[DayCount]:
    zone = ZoneInfo(call.timezone)
    closing_day = call.closes_at.astimezone(zone).date()
    first = min([*counted, call.opens_at.astimezone(zone).date()])
    last = max([*counted, min(closing_day, at.astimezone(zone).date())])
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    shown = hide([counted.get(day, 0) for day in days])
    return [
        DayCount(day, count.number, day == closing_day, count.is_few)
        for day, count in zip(days, shown, strict=True)
    ]


def _by_option(
    question: Question | None, counted: Counter[str], hide: Hiding
) -> Sequence[OptionCount]:
    """Every option in order, chosen or not; then those no longer offered, and no answer."""
    if question is None:
        return ()
    labels = dict(question.option_labels)
    labels |= {key: key for key in sorted(set(counted) - set(labels) - {""})}
    if counted[""]:
        labels[""] = ""
    return _listed(labels, counted, hide)


def _listed(
    labels: Mapping[str, str], counted: Counter[str], hide: Hiding
) -> Sequence[OptionCount]:
    shown = hide([counted[key] for key in labels])
    return [
        OptionCount(key, label, count.number, count.is_few)
        for (key, label), count in zip(labels.items(), shown, strict=True)
    ]


def _by_words(counted: Counter[str], hide: Hiding) -> Sequence[OptionCount]:
    labels = {"0": f"Under {WORDS_FROM[0]:,}"}
    for place, (first, beyond) in enumerate(pairwise(WORDS_FROM), 1):
        labels[str(place)] = f"{first:,} to {beyond - 1:,}"
    labels[str(len(WORDS_FROM))] = f"{WORDS_FROM[-1]:,} or more"
    return _listed(labels, counted, hide)


def _grouped(
    bands: Sequence[OptionCount],
    chosen: Mapping[str, Counter[str]],
    groups: Mapping[str, str],
    labels: Mapping[str, str],
) -> Sequence[OptionCount]:
    """Count the bands in larger groups; empty if the call asks for bands that are not known.

    A group with a hidden band in it is hidden too: less what is shown of it, it would tell.
    """
    keys = {band.key for band in bands} - {""}
    if not keys or not keys <= set(groups):
        return ()
    counted: Counter[str] = Counter()
    for key, responses in chosen["income_band"].items():
        counted[groups.get(key, "")] += responses
    shown = {key: Shown(counted[key]) for key in labels}
    if counted[""]:
        shown[""] = Shown(counted[""])
    for band in bands:
        if band.responses is None:
            group = groups.get(band.key, "")
            shown[group] = Shown(None, is_few=is_few(counted[group]))
    return [
        OptionCount(key, labels.get(key, ""), count.number, count.is_few)
        for key, count in shown.items()
    ]


def _completion(
    call: Call,
    counted: Counter[str],
    total: int,
    tables: Mapping[str, Sequence[OptionCount]],
) -> Sequence[Completion]:
    """Count the answers; not where they would tell how many of a table's hidden gave none."""
    untold = {
        key
        for key, options in tables.items()
        if any(option.key == "" and option.responses is None for option in options)
    }
    rows = []
    for question in call.questions_in_order:
        if question.identity:
            continue
        answered = counted[question.key]
        few = call.hides_small_counts and is_few(answered)
        leaves = call.hides_small_counts and leaves_few(answered, total)
        rows.append(
            Completion(
                question.key,
                question.label,
                None if few or leaves or question.key in untold else answered,
                bool(question.show_if or question.section.show_if),
                few,
                leaves,
            )
        )
    return rows
