"""The passages that support a finding, and those that speak against it.

A finding keeps their places. One out of the quote bank can be printed in a report, as long as
consent allows it; any other passage is a place alone, to be read in the response.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from accounts.record import record
from accounts.rights import may
from accounts.states import Action, AuditAction
from review.coding.samples import codes_blind
from review.errors import FindingRefused
from review.findings.claims import lock_finding
from review.models import Coding, Finding, FindingPassage, Quote
from review.quotes.consent import why_not_usable
from review.quotes.quote_words import with_responses
from review.states import FindingStatus, Stance
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState


def put_passage(
    finding: Finding,
    passage: Quote | Coding,
    *,
    stance: Stance,
    by: User,
    at: datetime,
    seen: str | None = None,
) -> FindingPassage:
    """Put a quote, or the passage of a coding, to the finding; again with another stance, turn it.

    `seen` is the stance in which the page showed it there, "" for none; None turns any. What stands
    there so already, as at a second press, stays whoever's it is.

    Raises FindingRefused for somebody who may not write findings, may not open the file that the
    passage is in, or codes the response blind: they would turn what they do not see. Also for a
    dropped finding, a passage of another call, a response that is withdrawn, and where somebody put
    it there otherwise meanwhile. For a quote that its author does not allow, the error has the
    reason in words.
    """
    if not may(by, Action.WRITE_FINDINGS, finding.call_id):
        raise FindingRefused("You may not change findings in this call")
    if passage.file_text_id and not may(by, Action.OPEN_FILES, finding.call_id):
        raise FindingRefused("You may not open files in this call")
    with transaction.atomic():
        # Locked, so that nobody erases it meanwhile.
        rows = Submission.objects.select_related("call", "current_version")
        response = rows.select_for_update(of=("self",), no_key=True).get(
            pk=passage.version.submission_id
        )
        if response.call_id != finding.call_id:
            raise FindingRefused("The passage and the finding belong to one call")
        if response.state != SubmissionState.SUBMITTED:
            raise FindingRefused("The response is not among those that count")
        if codes_blind(by, response):
            raise FindingRefused(
                "You code this response blind: choose passages of it once you are done with it"
            )
        locked = lock_finding(finding)
        if locked.status == FindingStatus.DROPPED:
            raise FindingRefused("The finding is dropped: make it a draft first")
        # Read again, as its author may have changed what they allow.
        there: QuerySet[Any] = Coding.objects.all()
        if isinstance(passage, Quote):
            there = with_responses(Quote.objects.all())
        fresh = there.filter(pk=passage.pk).first()
        if fresh is None:
            raise FindingRefused("Somebody else has taken this passage away")
        quote = fresh if isinstance(fresh, Quote) else None
        if quote is not None and (reason := why_not_usable(quote)) is not None:
            raise FindingRefused(f"{reason}: its words cannot stand in a finding")
        given: dict[str, Any] = {"stance": stance, "by": by, "at": at}
        if quote is not None:
            given["quote"] = quote
        place: dict[str, Any] = {
            "finding": locked,
            "version": passage.version,
            "question": passage.question,
            "file_text": passage.file_text,
            "start": passage.start,
            "end": passage.end,
        }
        before = FindingPassage.objects.filter(**place).select_related("by").first()
        if before is not None and seen is not None and before.stance not in {seen, stance}:
            raise FindingRefused(
                f"{before.by} put this passage into the finding while the page was open: "
                f"“{before.get_stance_display()}”. Nothing was changed"
            )
        if before is not None and before.stance == stance and quote in {None, before.quote}:
            return before
        put, _ = FindingPassage.objects.update_or_create(**place, defaults=given)
        _record(put, response, by=by, at=at, stance=stance.value)
    return put


def take_off(passage: FindingPassage, *, by: User, at: datetime, seen: str | None = None) -> None:
    """Take the passage off its finding, and put on record where it was.

    `seen` is the stance in which the page showed it, None for any. Raises FindingRefused for who
    may not, and where somebody turned it meanwhile.
    """
    if not may(by, Action.WRITE_FINDINGS, passage.finding.call_id):
        raise FindingRefused("You may not change findings in this call")
    with transaction.atomic():
        response = Submission.objects.select_for_update(no_key=True).get(
            pk=passage.version.submission_id
        )
        lock_finding(passage.finding)
        there = FindingPassage.objects.filter(pk=passage.pk).select_related("by").first()
        if there is None:
            return
        if seen is not None and there.stance != seen:
            raise FindingRefused(
                f"{there.by} turned this passage while the page was open: "
                f"“{there.get_stance_display()}”. It was not taken off"
            )
        there.delete()
        _record(passage, response, by=by, at=at, stance="")


def _record(
    passage: FindingPassage, response: Submission, *, by: User, at: datetime, stance: str
) -> None:
    record(
        by=by,
        at=at,
        action=AuditAction.FINDING_PASSAGE_CHANGED,
        call=passage.finding.call,
        submission=response,
        finding=passage.finding_id,
        stance=stance,
        version=passage.version.number,
        question=passage.question.key,
        passage=[passage.start, passage.end],
    )
