"""Marking passages as quotable, and taking them out of the quote bank again."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.record import record
from accounts.rights import may
from accounts.states import Action, AuditAction
from review.coding.codings import stored_text
from review.coding.samples import codes_blind
from review.errors import QuoteRefused
from review.models import BlindMark, FileText, Finding, FindingPassage, Quote
from submissions.calls.models import Question
from submissions.responses.models import Submission, Version
from submissions.responses.states import SubmissionState


def mark_quote(
    *,
    version: Version,
    question: Question,
    start: int,
    end: int,
    by: User,
    at: datetime,
    file_text: FileText | None = None,
) -> Quote:
    """Put `[start, end)`, in codepoints of the version's stored answer, into the quote bank.

    With `file_text` it counts the text that was read of that file, which answers the question.
    The team marks what speaks for others, whatever its author allows: `why_not_usable` says then
    why it is not quoted. Doing it again returns the same quote, whoever marked it first;
    who codes the response blind has it as theirs then.
    Raises QuoteRefused for a person who may not code in the call, a passage outside the answer, an
    empty one, or a response that is withdrawn.
    """
    call = version.submission.call_id
    if not may(by, Action.CODE, call):
        raise QuoteRefused("You may not mark quotes in this call")
    if file_text is not None and not may(by, Action.OPEN_FILES, call):
        raise QuoteRefused("You may not open files in this call")
    with transaction.atomic():
        # Locked, so that nobody erases it meanwhile.
        submission = Submission.objects.select_for_update(no_key=True).get(pk=version.submission_id)
        if question.call_id != submission.call_id:
            raise QuoteRefused("The question and the response belong to one call")
        if submission.state != SubmissionState.SUBMITTED:
            raise QuoteRefused("The response is not among those that count")
        if not 0 <= start < end <= len(stored_text(version, question, file_text)):
            raise QuoteRefused("The passage is not within the answer")
        quote, is_new = Quote.objects.get_or_create(
            version=version,
            question=question,
            file_text=file_text,
            start=start,
            end=end,
            defaults={"call": submission.call, "by": by, "at": at},
        )
        if not is_new and quote.by_id != by.pk and codes_blind(by, submission):
            BlindMark.objects.get_or_create(quote=quote, by=by, defaults={"at": at})
    return quote


def unmark_quote(quote: Quote, *, by: User, at: datetime) -> list[Finding]:
    """Take the passage out of the quote bank, and put on record where it was and who marked it.

    The bank is the team's: whoever may mark may take out. Of who codes the response blind only
    their own mark goes, and the quote stays if others marked it, too. Return the findings that
    keep its place without its words; none to who codes blind. Raises QuoteRefused for others.
    """
    if not may(by, Action.CODE, quote.call_id):
        raise QuoteRefused("You may not take quotes out of the bank in this call")
    with transaction.atomic():
        submissions = Submission.objects.select_for_update(no_key=True)
        submission = submissions.get(pk=quote.version.submission_id)
        locked = Quote.objects.select_for_update(of=("self",)).filter(pk=quote.pk).first()
        if locked is None:
            return []
        rows = FindingPassage.objects.filter(quote=locked).select_related("finding")
        passages = list(rows.order_by("finding__title", "pk"))
        marked_by, is_blind = locked.by_id, codes_blind(by, submission)
        if is_blind:
            marked_by = by.pk
            if not _take_own_mark(locked, by=by):
                return []
        else:
            locked.delete()
        record(
            by=by,
            at=at,
            action=AuditAction.QUOTE_UNMARKED,
            call=quote.call,
            submission=submission,
            marked_by=marked_by,
            **place_on_record(quote),
        )
        if Quote.objects.filter(pk=quote.pk).exists():
            return []
        for passage in passages:
            record(
                by=by,
                at=at,
                action=AuditAction.FINDING_PASSAGE_CHANGED,
                call=quote.call,
                submission=submission,
                finding=passage.finding_id,
                stance=passage.stance,
                in_bank=False,
                **place_on_record(quote),
            )
    return [] if is_blind else [passage.finding for passage in passages]


def _take_own_mark(quote: Quote, *, by: User) -> bool:
    """Take one person's mark away; the quote goes with the last one. False if they have none."""
    others = quote.blind_marks.exclude(by=by)
    if quote.by_id != by.pk:
        return quote.blind_marks.filter(by=by).delete()[0] > 0
    if (next_one := others.first()) is not None:
        Quote.objects.filter(pk=quote.pk).update(by=next_one.by_id, at=next_one.at)
        next_one.delete()
    else:
        quote.delete()
    return True


def place_on_record(quote: Quote) -> dict[str, object]:
    """Return where the passage is, for an event; none of its words."""
    place: dict[str, object] = {
        "quote": str(quote.guid),
        "version": quote.version.number,
        "question": quote.question.key,
        "passage": [quote.start, quote.end],
    }
    if quote.file_text is not None:
        place["file"] = str(quote.file_text.attachment.public_id)
    return place
