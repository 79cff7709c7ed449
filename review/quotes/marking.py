"""Marking passages as quotable, and taking them out of the quote bank again."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.record import record
from accounts.rights import may
from accounts.states import Action, AuditAction
from review.coding.codings import stored_text
from review.errors import QuoteRefused
from review.models import FileText, Quote
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
    why it is not quoted. Doing it again returns the same quote, whoever marked it first.
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
        quote, _ = Quote.objects.get_or_create(
            version=version,
            question=question,
            file_text=file_text,
            start=start,
            end=end,
            defaults={"call": submission.call, "by": by, "at": at},
        )
    return quote


def unmark_quote(quote: Quote, *, by: User, at: datetime) -> None:
    """Take the passage out of the quote bank, and put on record where it was and who marked it.

    The bank is the team's: whoever may mark may take out. Raises QuoteRefused for others.
    """
    if not may(by, Action.CODE, quote.call_id):
        raise QuoteRefused("You may not take quotes out of the bank in this call")
    with transaction.atomic():
        submissions = Submission.objects.select_for_update(no_key=True)
        submission = submissions.get(pk=quote.version.submission_id)
        if not Quote.objects.filter(pk=quote.pk).delete()[0]:
            return
        record(
            by=by,
            at=at,
            action=AuditAction.QUOTE_UNMARKED,
            call=quote.call,
            submission=submission,
            marked_by=quote.by_id,
            **place_on_record(quote),
        )


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
