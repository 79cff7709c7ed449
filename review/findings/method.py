"""How the evidence of a report came about, in numbers: the appendix on method."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min, Q, QuerySet

from core.disclosure_control import Shown, TooFew, as_they_are, hidden_among, is_few
from core.row_keys import row_keys
from core.spoken_time import say_day
from review.agreement.summary import agreement_of
from review.findings.finding_counts import (
    confidential_responses,
    counting_responses,
    is_open,
    left_out_once,
)
from review.models import Cluster, Coding, CodingSample, Redaction, Review
from review.states import (
    LIVE_REDACTIONS,
    ClusterState,
    MemberState,
    RedactionReason,
    ReportAudience,
)
from submissions.calls.models import Call
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState, TriageStatus

LABELS = {
    "opened": "Opening of the call",
    "closed": "Closing of the call",
    "received": "Responses received, without withdrawn and erased ones",
    "open": "Counted, not confidential",
    "first": "First response received",
    "last": "Last response received",
    "withdrawn": "Withdrawn by their authors, and counted nowhere",
    "erased": "Erased after they were received, and counted nowhere",
    "campaigns": "Campaigns",
    "coders": "People who coded",
    "coded_from": "First passage coded",
    "coded_until": "Last passage coded",
    "samples": "Samples coded by several people",
    "confidential": "Confidential: counted among those received; outside the team in no finding",
    "left_out": "Left out where each campaign counts once and duplicates do not",
}


@dataclass(frozen=True)
class Fact:
    """A number or a date of the appendix, as the report says it; `labels_of` says what it is."""

    key: str
    value: str


@dataclass(frozen=True)
class Method:
    """`hides_open`: how many responses are not confidential is hidden, too."""

    facts: list[Fact]
    hides_open: bool = False


def method_of(call: Call, *, audience: str) -> Method:
    """Return the numbers, as readers of the report may know them."""
    is_outside = audience == ReportAudience.OUTSIDE
    hides = is_outside and call.hides_small_counts
    submitted = Submission.objects.filter(call=call, state=SubmissionState.SUBMITTED)
    open_ones = counting_responses(call, ReportAudience.OUTSIDE).count()
    counted = counting_responses(call, audience)
    reasons = _set_aside(call, submitted.filter(is_open(call)) if is_outside else submitted)
    counts = [open_ones, confidential_responses(call, audience), *reasons.values()]
    shown = _shown(counts, hides=hides)
    facts = [
        Fact("opened", call.opens_in_words),
        Fact("closed", call.closes_in_words),
        *_days(call),
        Fact("received", _say_number(submitted.count(), hides=hides)),
        Fact("open", _say(shown[0])),
        Fact("confidential", _say(shown[1])),
        *(Fact(f"set_aside:{key}", _say(one)) for key, one in zip(reasons, shown[2:], strict=True)),
        *_gone(call, hides=hides),
        *_campaigns(call, counted, hides=hides, is_outside=is_outside),
        *_coding(call, counted, is_outside=is_outside),
        *_agreement(call, counted, hides=hides),
        *_redactions(counted, hides=hides),
    ]
    hides_open = hides and shown[0].number is None
    return Method(facts, hides_open)


def labels_of(call: Call, keys: Iterable[str]) -> dict[str, str]:
    """Return what the number under each key is, whether the report still has it or not."""
    parts = {key: key.partition(":") for key in keys}
    of_campaigns = row_keys([which for kind, _, which in parts.values() if kind == "campaign"])
    names = {
        str(pk): name
        for pk, name in Cluster.objects.filter(pk__in=of_campaigns).values_list("pk", "name")
    }
    return {
        key: _campaign(names.get(which, "")) if kind == "campaign" else _label(call, key)
        for key, (kind, _, which) in parts.items()
    }


def _campaign(name: str) -> str:
    return f"Responses of {f'“{name}”' if name else 'a campaign that is none any more'}"


def _label(call: Call, key: str) -> str:
    kind, _, which = key.partition(":")
    if kind == "set_aside":
        return f"Set aside: {_reason(call, which)}"
    if kind == "redacted":
        return f"Passages redacted: {RedactionReason(which).label.lower()}"
    if kind == "sample":
        return f"Agreement of the coders of sample {which}"
    if kind == "coder":
        return f"Passages coded by {which}"
    return LABELS.get(key, key)


def _shown(counts: Sequence[int], *, hides: bool) -> list[Shown]:
    if not hides:
        return as_they_are(counts)
    try:
        return hidden_among(counts)
    except TooFew:
        return [Shown(None, is_few=is_few(count)) for count in counts]


def _say(shown: Shown) -> str:
    if shown.number is not None:
        return f"{shown.number:,}"
    return "fewer than 5" if shown.is_few else "hidden, as it would tell a smaller count"


def _say_number(number: int, *, hides: bool) -> str:
    return _say(Shown(None, is_few=True) if hides and is_few(number) else Shown(number))


def _set_aside(call: Call, among: QuerySet[Submission]) -> dict[str, int]:
    """Return how many are set aside, by the key of the reason, in the call's order."""
    aside = among.filter(triage_status=TriageStatus.SET_ASIDE)
    counted = dict(
        Review.objects.filter(submission__in=aside)
        .order_by()
        .values_list("reason")
        .annotate(Count("pk"))
    )
    unsaid = aside.count() - sum(counted.values())
    if unsaid:
        counted[""] = counted.get("", 0) + unsaid
    order = [*call.set_aside_labels, ""]
    known = {key: counted[key] for key in order if key in counted}
    return known | counted


def _reason(call: Call, key: str) -> str:
    return call.set_aside_labels.get(key, key or "no reason given").lower()


def _days(call: Call) -> list[Fact]:
    span = Submission.objects.filter(call=call, state=SubmissionState.SUBMITTED).aggregate(
        first=Min("submitted_at"), last=Max("submitted_at")
    )
    if span["first"] is None:
        return []
    return [
        Fact("first", _day(span["first"], call)),
        Fact("last", _day(span["last"], call)),
    ]


def _gone(call: Call, *, hides: bool) -> list[Fact]:
    """Count what was received and is withdrawn, and what was erased, if anything was."""
    received = Submission.objects.filter(call=call).exclude(submitted_at=None)
    withdrawn = received.filter(state=SubmissionState.WITHDRAWN).count()
    erased = received.filter(state=SubmissionState.ERASED).count()
    facts = [Fact("withdrawn", _say_number(withdrawn, hides=hides))]
    return [*facts, Fact("erased", _say_number(erased, hides=hides))] if erased else facts


def _campaigns(
    call: Call, counted: QuerySet[Submission], *, hides: bool, is_outside: bool
) -> list[Fact]:
    """Count the responses of campaigns, and those left out, among the responses that count.

    For readers outside without campaigns of one: the others of them are confidential.
    """
    rows = (
        Cluster.objects.filter(
            call=call,
            state=ClusterState.CAMPAIGN,
            members__state=MemberState.CONFIRMED,
            members__submission__in=counted,
        )
        .annotate(responses=Count("members"))
        .order_by("name")
    )
    if is_outside:
        rows = rows.filter(responses__gt=1)
    facts = [Fact("campaigns", str(len(rows)))]
    for cluster in rows:
        number = _say_number(cluster.responses, hides=hides)
        facts.append(Fact(f"campaign:{cluster.pk}", number))
    if not hides:
        left_out = left_out_once(call, list(counted.values_list("pk", flat=True)))
        facts.append(Fact("left_out", f"{len(left_out):,}"))
    return facts


def _coding(call: Call, counted: QuerySet[Submission], *, is_outside: bool) -> list[Fact]:
    codings = Coding.objects.filter(version__submission__in=counted)
    rows = codings.order_by().values_list("by__username").annotate(Count("pk"))
    coders = dict(sorted(rows))
    facts = [Fact("coders", str(len(coders)))]
    if not is_outside:
        facts += [Fact(f"coder:{name}", f"{number:,}") for name, number in coders.items()]
    span = codings.aggregate(first=Min("at"), last=Max("at"))
    if span["first"] is not None:
        facts += [
            Fact("coded_from", _day(span["first"], call)),
            Fact("coded_until", _day(span["last"], call)),
        ]
    return facts


def _redactions(counted: QuerySet[Submission], *, hides: bool) -> list[Fact]:
    """Count what is hidden in the responses that count, by its reason."""
    current = counted.values("current_version")
    # One in a file belongs to the version that it was made on, and hides words as long as a later
    # version has the file.
    rows = Redaction.objects.filter(
        Q(version__in=current, file_text=None) | Q(file_text__attachment__versions__in=current),
        state__in=LIVE_REDACTIONS,
    )
    numbers = dict(rows.order_by().values_list("reason").annotate(Count("pk", distinct=True)))
    return [
        Fact(f"redacted:{reason.value}", _say_number(numbers[reason], hides=hides))
        for reason in RedactionReason
        if reason in numbers
    ]


def _agreement(call: Call, counted: QuerySet[Submission], *, hides: bool) -> list[Fact]:
    """Say of each sample how far its coders agree, over the responses that count."""
    facts = [Fact("samples", str(CodingSample.objects.filter(call=call).count()))]
    for agreement in agreement_of(call, reader=None, among=counted):
        by_sentence, by_answer = agreement.by_sentence, agreement.by_answer
        compared = _say_number(agreement.comparison.responses, hides=hides)
        facts.append(
            Fact(
                f"sample:{agreement.sample.pk}",
                f"{compared} compared; Krippendorff’s alpha "
                f"{by_sentence.alpha.said} by sentence, {by_answer.alpha.said} by answer; "
                f"{by_sentence.share.per_cent} of the sentences alike; of "
                f"{agreement.differing:,} that differ {agreement.decided:,} decided",
            )
        )
    return facts


def _day(moment: datetime, call: Call) -> str:
    return say_day(moment, call.timezone)
