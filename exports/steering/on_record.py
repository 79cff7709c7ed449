"""The record of a call's exports in words for people. It never shows what an export contains."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts.identity import text_for
from accounts.models import AuditEvent, User
from accounts.rights import may
from accounts.states import Action, AuditAction
from core.bar_charts import in_words
from core.disclosure_control import is_few, leaves_few
from exports.filters import CAMPAIGNS, CHOICES, SEVERAL, consent_options
from exports.formats import label_of
from exports.permissions import may_export, may_export_confidential, may_export_named
from exports.queries import used_codes
from exports.recording import THROUGH_API, read_by, say_left_out, say_lost_files
from exports.types import Dataset
from submissions.calls.models import Call
from submissions.responses.models import Submission
from submissions.responses.states import Timing, TriageStatus

ENDED = (AuditAction.EXPORTED, AuditAction.EXPORT_BROKEN)
ON_RECORD = (
    AuditAction.EXPORT_STARTED,
    *ENDED,
    AuditAction.EXPORT_CANCELLED,
    AuditAction.EXPORT_DOWNLOADED,
)


@dataclass(frozen=True)
class RecordedEvent:
    """One event in words: what was exported, which responses were chosen and why, how many."""

    at: datetime
    who: str
    event: str
    what: str
    chosen: Sequence[tuple[str, str]]
    rows: str
    digest: str


def latest_on_record(call: Call, number: int, *, reader: User) -> Sequence[RecordedEvent]:
    """Return the latest `number` events about exports of the call, in a fixed number of queries.

    What people typed, as a reason or to search for, is as `reader` may see it: it may have an
    address in it. For an export with confidential responses, which ones were chosen, why and how
    many would tell what these say, and so would the name of a code, or a digest with which to try
    guesses. Only a `reader` who may make such an export sees that. A `reader` who may not export at
    all sees no more than who exported, when, and in which format.

    What programs fetch is not among them: `pulls_on_record` has it.

    An export that has ended appears once, by its end. The end comes after the start, so twice as
    many events hold the end of each start among them, and enough to show.
    """
    events = AuditEvent.objects.filter(call=call, action__in=ON_RECORD)
    events = events.exclude(detail__contains={"through": THROUGH_API}).select_related("actor")
    latest = list(events[: 2 * number])
    ended = {event.detail.get("attempt") for event in latest if event.action in ENDED}
    counted = [
        event
        for event in latest
        if event.action != AuditAction.EXPORT_STARTED or event.detail["attempt"] not in ended
    ]
    total = total_behind_remainders(call)
    sees_all = may_export_confidential(reader, call)
    whole = read_by(Dataset(call, confidential=sees_all), reader)
    codes = {code.name for code in used_codes(whole)}
    return [_event_in_words(event, call, total, reader, codes) for event in counted[:number]]


def _event_in_words(
    event: AuditEvent, call: Call, total: int, reader: User, codes: Collection[str]
) -> RecordedEvent:
    detail = event.detail
    what = label_of(detail.get("format", ""))
    if detail.get("dataset") == "named":
        what = _("%(format)s, with who answered") % {"format": what}
    if detail.get("includes_unnamed"):
        what = _("%(what)s, of all") % {"what": what}
    if detail.get("confidential"):
        what = _("%(what)s, with confidential responses") % {"what": what}
    if detail.get("team"):
        what = _("%(what)s, for the project team") % {"what": what}
    takes_part = may_export(reader, call)
    of_team = bool(detail.get("confidential")) and not may_export_confidential(reader, call)
    is_bare = of_team or not takes_part
    # Whoever holds the same without the names could try names until the digest is right.
    hides_names = detail.get("dataset") == "named" and not may_export_named(reader, call)
    chosen: list[tuple[str, str]] = []
    if not is_bare:
        filters = dict(detail.get("filters", {}))
        if "codes" in filters:
            filters["codes"] = [
                name if name in codes else _("not shown") for name in filters["codes"]
            ]
        if "listed" in filters and not may(reader, Action.READ_RESPONSES, call):
            filters["listed"] = []
        chosen += chosen_in_words(call, filters)
        if detail.get("reason"):
            chosen.append((_("Reason"), detail["reason"]))
        if detail.get("lost_files"):
            chosen.append((_("Warning"), say_lost_files(detail["lost_files"])))
        for left_out in detail.get("left_out", {}).items():
            chosen.append((_("Warning"), say_left_out(*left_out)))
    return RecordedEvent(
        at=event.at,
        who=event.actor.get_username() if event.actor else detail.get("through", ""),
        event=event.get_action_display(),
        what=what,
        chosen=[(name, text_for(reader, value, call)) for name, value in chosen],
        rows=""
        if is_bare or "rows" not in detail
        else number_in_words(call, detail["rows"], of=total),
        digest="" if is_bare or hides_names else detail.get("sha256", ""),
    )


def total_behind_remainders(call: Call) -> int:
    """Return the call's number of responses, from which people could work out a remainder.

    0 where the call lets small counts be seen.
    """
    if not call.hides_small_counts:
        return 0
    return Submission.objects.submitted().filter(call=call).count()


def number_in_words(call: Call, responses: int, *, of: int) -> str:
    """Return how many responses; only “fewer than 5” or the like where the call hides small counts.

    `of` is the total, from which people could work out a small remainder.
    """
    if hides(call, responses, of=of) and not is_few(responses):
        return _("all but a few")
    hidden = hides(call, responses, of=of)
    return in_words(None if hidden else responses, is_few=hidden)


def hides(call: Call, responses: int, *, of: int) -> bool:
    """Return whether the call hides the number, as it is small or leaves a small one `of` all."""
    return call.hides_small_counts and (is_few(responses) or leaves_few(responses, of))


def chosen_in_words(call: Call, filters: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """Return what `ExportFilter.filters()` holds as names and values for people.

    A facet that the call no longer has appears by its keys. How a list was narrowed stands there
    in words, which the filter of an export run has beside its rows.
    """
    labels: dict[str, Mapping[str, str]] = {
        "timings": dict(Timing.choices),
        "statuses": dict(TriageStatus.choices),
        "campaigns": CAMPAIGNS,
        "choices": CHOICES,
        "several": SEVERAL,
        **consent_options(call),
    }
    names = field_names()
    facets = {question.key: (facet, question) for facet, question in call.facet_questions}
    chosen = []
    for key, value in filters.get("facets", {}).items():
        if key in facets:
            facet, question = facets[key]
            chosen.append((capfirst(facet["label"]), _in_words(value, question.option_labels)))
        else:
            chosen.append((key, _in_words(value, {})))
    if "listed" in filters:
        listed = filters["listed"]
        narrowed = listed["chosen"] if isinstance(listed, Mapping) else listed
        chosen.append((_("Chosen"), "; ".join([_("on the list of responses"), *narrowed])))
    return chosen + [
        (names.get(field, field), _in_words(value, labels.get(field, {})))
        for field, value in filters.items()
        if field not in {"facets", "listed"}
    ]


def _in_words(value: Any, labels: Mapping[str, str]) -> str:
    if isinstance(value, list):
        return " or ".join(str(labels.get(key, key)) for key in value)
    return _("yes") if value is True else str(labels.get(value, value))


def field_names() -> dict[str, str]:
    return {
        "timings": _("Timing"),
        "statuses": _("Status"),
        "codes": _("Code"),
        "publications": _("Publication"),
        "org_name_listed": _("Organisation may be listed"),
        "quote_ok": _("Quoting"),
        "words": _("Words"),
        "since": _("Received from"),
        "until": _("Received until"),
        "quotable": _("Only what may be quoted"),
        "campaigns": _("Campaigns and duplicates"),
        "order": _("Order"),
        "choices": _("Choices"),
        "several": _("Several choices"),
    }
