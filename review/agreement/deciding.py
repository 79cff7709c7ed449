"""Deciding which codes stand at a sentence that the coders of a sample coded differently.

    coded differently -> decided -> decided anew, as often as people change their minds

Each decision is a row that stays; the latest counts. `review.coding.decided` says what it does to
codings.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.record import record
from accounts.rights import may
from accounts.states import Action, AuditAction
from review.agreement.coding_differences import Difference, differences, standing_codes
from review.agreement.comparing import Comparison, compare, is_hidden_from
from review.coding.locking import lock_codes
from review.errors import CodingRefused, DecisionOutdated
from review.models import Code, Coding, CodingDecision, CodingSample, DecidedCode
from submissions.responses.models import Submission

LONGEST_REASON = 2_000


@dataclass(frozen=True)
class Decision:
    """What is decided: `codes` stand, by key, and no other that a coder gave.

    `base` is the key of the decision that the page showed, None for none.
    """

    codes: frozenset[int]
    reason: str
    base: int | None


def decide(
    sample: CodingSample, where: Difference, *, wanted: Decision, by: User, at: datetime
) -> CodingDecision:
    """Write the decision about the sentence, and code it so where no coder did.

    The response and the codes are locked, so that nobody erases, codes or merges them meanwhile.
    The same decision by the same person again is the one that there is.
    Raises CodingRefused for somebody who may not decide, without a reason, for a sentence that all
    coded alike, and while one of the sample's coders is not done with the response. The same for a
    retired code, unless a coder gave it. Raises DecisionOutdated where somebody decided meanwhile.
    """
    if not may(by, Action.DECIDE_CODINGS, sample.call_id):
        raise CodingRefused("You may not decide about codings in this call")
    if is_hidden_from(sample, by):
        raise CodingRefused("Say first that you are done with the responses that you code blind")
    reason = wanted.reason.strip()
    if not reason:
        raise CodingRefused("Say why")
    if len(reason) > LONGEST_REASON:
        raise CodingRefused(f"The reason has {len(reason)} characters: {LONGEST_REASON} at most")
    with transaction.atomic():
        response = Submission.objects.select_for_update(no_key=True).get(pk=where.text.response.pk)
        lock_codes(Code.objects.filter(call=sample.call_id))
        sample.refresh_from_db()
        comparison = compare(sample, only=response)
        here = next((one for one in differences(comparison) if one.where == where.where), None)
        is_of_file = here is not None and here.text.file_text is not None
        if is_of_file and not may(by, Action.OPEN_FILES, sample.call_id):
            raise CodingRefused("You may not open files in this call")
        if here is None:
            raise CodingRefused("The coders do not differ at this passage any more")
        if why := why_not_yet(comparison, response.pk):
            raise CodingRefused(why)
        if (latest := here.decision) is not None and latest.pk != wanted.base:
            if latest.by_id == by.pk and _says(latest, wanted.codes, reason):
                return latest
            raise DecisionOutdated(
                f"{latest.by.get_username()} decided about this passage meanwhile: {said(latest)}"
            )
        codes = _codes_of(sample, here, wanted.codes)
        decision = CodingDecision.objects.create(
            sample=sample,
            version_id=here.text.version,
            question=here.text.question,
            file_text=here.text.file_text,
            start=here.passage.start,
            end=here.passage.end,
            until=here.until,
            reason=reason,
            by=by,
            at=at,
            replaces=latest,
        )
        DecidedCode.objects.bulk_create(
            DecidedCode(decision=decision, code=code, stands=code.pk in wanted.codes)
            for code in codes
        )
        _code_what_stands(decision, wanted.codes)
        record(
            by=by,
            at=at,
            action=AuditAction.CODINGS_DECIDED,
            call=sample.call,
            submission=response,
            sample=sample.pk,
            question=here.text.question.key,
            passage=[decision.start, decision.end],
            stand=sorted(wanted.codes),
            against=sorted(code.pk for code in codes if code.pk not in wanted.codes),
        )
    return decision


def why_not_yet(comparison: Comparison, response: int) -> str:
    """Return why nobody decides yet about passages of the response; "" if they may."""
    sample = comparison.sample
    if sample.closed_at is not None:
        return ""
    done = comparison.said_done.get(response, frozenset())
    left = [one.get_username() for one in sample.coders.all() if one.pk not in done]
    names = " and ".join(sorted(left))
    return f"{names} still code{'s' * (len(left) == 1)} this response" if left else ""


def said(decision: CodingDecision) -> str:
    """Return what stands by it, in words."""
    codes = standing_codes(decision)
    if not codes:
        return "no code stands"
    names = ", ".join(f"“{code.name}”" for code in codes)
    return f"{names} stand{'s' * (len(codes) == 1)}"


def _says(decision: CodingDecision, codes: Collection[int], reason: str) -> bool:
    return {code.pk for code in standing_codes(decision)} == set(codes) and (
        decision.reason == reason
    )


def _codes_of(sample: CodingSample, here: Difference, stand: Collection[int]) -> list[Code]:
    """Return all that is decided about: codes that coders gave, earlier decisions, the chosen."""
    before = set(here.decision.codes.values_list("code", flat=True)) if here.decision else set()
    given = before | set(here.codes)
    codes = Code.objects.filter(call=sample.call_id).in_bulk({*given, *stand})
    for key in stand:
        if key not in codes:
            raise CodingRefused("Choose among the codes of this call")
        if codes[key].is_retired and key not in given:
            raise CodingRefused(f"The code “{codes[key].name}” is retired: choose another")
    return [codes[key] for key in sorted(codes)]


def _code_what_stands(decision: CodingDecision, stand: Collection[int]) -> None:
    """Code the sentence, as who decided, with each code that nobody coded it with."""
    place = {
        "version": decision.version_id,
        "question": decision.question_id,
        "file_text": decision.file_text_id,
    }
    there = Coding.objects.filter(start__lt=decision.end, end__gt=decision.start, **place)
    missing = set(stand) - set(there.values_list("code", flat=True))
    for code in sorted(missing):
        Coding.objects.create(
            code_id=code,
            version_id=decision.version_id,
            question_id=decision.question_id,
            file_text_id=decision.file_text_id,
            start=decision.start,
            end=decision.end,
            by=decision.by,
            at=decision.at,
        )
