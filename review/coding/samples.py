"""Double coding: drawing responses for several coders, and hiding their codings meanwhile.

    drawn -> each coder codes, and says of each response when they are done -> closed

Until a blind sample is closed, a coder of it sees nobody else's codings of a response before they
say that they are done with it. From then on, what they coded stands.
"""

import secrets
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from random import Random

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from accounts.models import AuditEvent, User
from accounts.record import record
from accounts.rights import may
from accounts.states import Action, AuditAction
from core.second_press import near
from review.errors import CodingRefused
from review.models import Coding, CodingDone, CodingSample, SampledResponse
from submissions.calls.models import Call
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState, TriageStatus

FEWEST_CODERS = 2
UNSTRATIFIED = ""


def draw_sample(
    *,
    call: Call,
    size: int,
    coders: Collection[User],
    facet: str,
    is_blind: bool,
    by: User,
    at: datetime,
    seed: int | None = None,
) -> CodingSample:
    """Draw so many of the call's responses, in proportion to the strata.

    Those set aside, and those of a sample that is open, are left out. Without a seed, the same draw
    by the same person, at a second press, is the sample that there is.

    `facet` is the question whose answers are the strata, "" for none. The seed is new unless given.
    Raises CodingRefused for who may not draw, fewer than two coders, somebody who may not code, and
    for more responses than there are.
    """
    if not may(by, Action.DRAW_SAMPLES, call):
        raise CodingRefused("You may not draw samples in this call")
    people = {coder.pk: coder for coder in coders}
    if len(people) < FEWEST_CODERS:
        raise CodingRefused("Choose two coders or more")
    for coder in people.values():
        if not may(coder, Action.CODE, call):
            raise CodingRefused(f"{coder.get_username()} may not code in this call")
    if facet and facet not in {question.key for _, question in call.facet_questions}:
        raise CodingRefused("Choose one of the call's questions to count by")
    with transaction.atomic():
        # Locked, so that two draws at once do not take the same response.
        Call.objects.select_for_update(no_key=True).get(pk=call.pk)
        if seed is None:
            wanted = CodingSample(
                call=call, facet=facet, is_blind=is_blind, drawn_by=by, drawn_at=at
            )
            if (drawn := _just_drawn(wanted, size=size, coders=people.keys())) is not None:
                return drawn
            seed = secrets.randbits(62)
        strata = _strata(call, facet)
        there = sum(map(len, strata.values()))
        if not there:
            raise CodingRefused("There are no responses to draw from")
        if not 1 <= size <= there:
            raise CodingRefused(f"Choose a number from 1 to {there}, as many as there are")
        sample = CodingSample.objects.create(
            call=call, facet=facet, seed=seed, is_blind=is_blind, drawn_by=by, drawn_at=at
        )
        sample.coders.set(people.values())
        SampledResponse.objects.bulk_create(
            SampledResponse(sample=sample, submission_id=pk, stratum=stratum)
            for stratum, pk in _draw(strata, size, Random(seed))  # noqa: S311 - to be drawn again
        )
        record(
            by=by,
            at=at,
            action=AuditAction.SAMPLE_DRAWN,
            call=call,
            sample=sample.pk,
            size=size,
            coders=sorted(people),
            blind=is_blind,
        )
    return sample


def _just_drawn(wanted: CodingSample, *, size: int, coders: Collection[int]) -> CodingSample | None:
    """Return the same sample, which a first press of the button drew."""
    drawn = CodingSample.objects.filter(
        near("drawn_at", wanted.drawn_at),
        call=wanted.call,
        facet=wanted.facet,
        is_blind=wanted.is_blind,
        drawn_by=wanted.drawn_by,
        closed_at=None,
    )
    for one in drawn.annotate(size=Count("responses")).filter(size=size):
        if {*one.coders.values_list("pk", flat=True)} == {*coders}:
            return one
    return None


def close_sample(sample: CodingSample, *, by: User, at: datetime) -> None:
    """Let everybody see and change again; CodingRefused where somebody has closed it already."""
    if not may(by, Action.DRAW_SAMPLES, sample.call_id):
        raise CodingRefused("You may not close samples in this call")
    with transaction.atomic():
        locked = CodingSample.objects.select_for_update(of=("self",)).get(pk=sample.pk)
        if locked.closed_by is not None:
            raise CodingRefused(f"{locked.closed_by.get_username()} closed this sample already")
        locked.closed_by, locked.closed_at = by, at
        locked.save(update_fields=["closed_by", "closed_at"])
        record(by=by, at=at, action=AuditAction.SAMPLE_CLOSED, call=locked.call, sample=locked.pk)


def say_done(sampled: SampledResponse, *, version: int | None, by: User, at: datetime) -> None:
    """Note that the coder is done with the response; `version` is the number of the one they read.

    Raises CodingRefused, also where its author has submitted another version meanwhile: agreement
    would take it as read and not coded. The response is locked first, as it is by who codes it, so
    that none of the coder's own codings comes in after it.
    """
    sample = sampled.sample
    if not sample.coders.filter(pk=by.pk).exists() or not may(by, Action.CODE, sample.call_id):
        raise CodingRefused("You do not code this sample")
    with transaction.atomic():
        response = Submission.objects.select_for_update(no_key=True).get(pk=sampled.submission_id)
        if response.state != SubmissionState.SUBMITTED:
            raise CodingRefused("The response is not among those that count")
        latest = response.submitted_version.number
        if version != latest:
            raise CodingRefused(
                f"Its author has submitted version {latest}: read and code that one, "
                "then say that you are done"
            )
        # Locked as who closes it does, so that nobody is done with it after that.
        if CodingSample.objects.select_for_update().get(pk=sample.pk).closed_at is not None:
            raise CodingRefused("This sample is closed")
        _, is_new = CodingDone.objects.get_or_create(sampled=sampled, coder=by, defaults={"at": at})
        if is_new:
            record(
                by=by,
                at=at,
                action=AuditAction.SAMPLE_CODED,
                call=sample.call,
                submission=sampled.submission,
                sample=sample.pk,
            )


def to_code(coder: User) -> QuerySet[SampledResponse]:
    """Return the responses that the coder still has to code.

    One that was set aside counts for nothing, so nobody has to code it unless it comes back.
    """
    return undone_by(coder).exclude(submission__triage_status=TriageStatus.SET_ASIDE)


def undone_by(coder: User) -> QuerySet[SampledResponse]:
    """Return the responses of open samples with which the coder is not done.

    One that was withdrawn or erased is nobody's to code: it would stay undone for ever.
    """
    done = CodingDone.objects.filter(sampled=OuterRef("pk"), coder=coder)
    open_ones = SampledResponse.objects.filter(
        sample__closed_at=None, sample__coders=coder, submission__state=SubmissionState.SUBMITTED
    )
    return open_ones.filter(~Exists(done))


def blind_to(coder: User) -> QuerySet[SampledResponse]:
    """Return the responses of which the coder sees no codings of others.

    They stay hidden while the response is set aside: it may come back.
    """
    return undone_by(coder).filter(sample__is_blind=True)


def to_code_blind(coder: User) -> QuerySet[SampledResponse]:
    """Return those for which the coder does not see either what is made of all responses together.

    What is set aside is no part of that.
    """
    return to_code(coder).filter(sample__is_blind=True)


def codes_blind(coder: User, submission: Submission) -> bool:
    """Return whether what others made of the response is hidden from the coder."""
    return blind_to(coder).filter(submission=submission).exists()


def seen_by(codings: QuerySet[Coding], reader: User) -> QuerySet[Coding]:
    """Leave out the codings of others on responses that the reader codes blind."""
    hidden = Exists(blind_to(reader).filter(submission=OuterRef("version__submission")))
    return codings.filter(Q(by=reader) | ~hidden)


def events_seen_by(events: QuerySet[AuditEvent], reader: User) -> QuerySet[AuditEvent]:
    """Leave out what others did with responses that the reader codes blind."""
    hidden = Exists(blind_to(reader).filter(submission=OuterRef("submission")))
    return events.filter(Q(actor=reader) | ~hidden)


def is_done_with(coder: User, submission: Submission) -> bool:
    """Return whether the coder's codings of the response stand, until its sample is closed."""
    return CodingDone.objects.filter(
        coder=coder, sampled__submission=submission, sampled__sample__closed_at=None
    ).exists()


def _strata(call: Call, facet: str) -> dict[str, list[int]]:
    """Return the keys of the responses to draw from, by their answer to the facet's question."""
    counting = Submission.objects.filter(call=call, state=SubmissionState.SUBMITTED)
    being_coded = SampledResponse.objects.filter(submission=OuterRef("pk"), sample__closed_at=None)
    counting = counting.exclude(triage_status=TriageStatus.SET_ASIDE).exclude(Exists(being_coded))
    strata: dict[str, list[int]] = defaultdict(list)
    rows = counting.order_by("pk").values_list("pk", "current_version__choices")
    for pk, choices in rows:
        given = choices.get(facet, "") if facet else UNSTRATIFIED
        keys = given if isinstance(given, list) else [given]
        strata[", ".join(sorted(map(str, keys)))].append(pk)
    return strata


def _draw(strata: Mapping[str, Sequence[int]], size: int, random: Random) -> list[tuple[str, int]]:
    """Draw from each stratum its share, the largest remainders rounded up."""
    total = sum(map(len, strata.values()))
    shares = {stratum: size * len(keys) / total for stratum, keys in strata.items()}
    number = {stratum: int(share) for stratum, share in shares.items()}
    by_remainder = sorted(shares, key=lambda stratum: (number[stratum] - shares[stratum], stratum))
    for stratum in by_remainder[: size - sum(number.values())]:
        number[stratum] += 1
    return [
        (stratum, pk)
        for stratum in sorted(strata)
        for pk in sorted(random.sample(strata[stratum], number[stratum]))
    ]
