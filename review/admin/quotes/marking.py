"""Marking passages as quotable on the pages for coding, and taking them out of the bank there."""

from collections.abc import Sequence

from django.db import transaction
from django.http import HttpRequest

from accounts.current_user import current_user
from core import clock
from core.direction import isolated
from core.row_keys import row_key
from review.admin.coding_source import Source
from review.admin.passage_form import PASSAGE
from review.coding.places_in_text import Passage
from review.models import Quote
from review.quotes.consent import why_not_usable
from review.quotes.marking import mark_quote, unmark_quote
from review.quotes.quote_words import seen_by, with_responses
from submissions.responses.models import Submission, Version

MARK = "mark"  # the button's name; beside a coding its value is the passage
QUOTE = "quote_key"


def passage_of_button(request: HttpRequest) -> list[Passage]:
    """Return the passage that the pressed button stands for, none for one of the whole form."""
    found = PASSAGE.fullmatch(request.POST.get(MARK, ""))
    return [Passage(int(found[1]), int(found[2]))] if found else []


def mark(
    request: HttpRequest, version: Version, source: Source, passages: Sequence[Passage]
) -> str:
    """Mark the passages; return what to tell. Raises QuoteRefused."""
    by, at = current_user(request), clock.portal_now()
    with transaction.atomic():
        marked = [
            mark_quote(
                version=version,
                question=source.question,
                file_text=source.file_text,
                start=passage.start,
                end=passage.end,
                by=by,
                at=at,
            )
            for passage in passages
        ]
    said = "It is" if len(marked) == 1 else f"{len(marked)} passages are"
    reason = why_not_usable(marked[0])
    told = f"{said} in the quote bank."
    return told if reason is None else f"{told} The bank gives no copy of it: {reason}."


def unmark(request: HttpRequest, response: Submission) -> str:
    """Take the quote that the button names out of the bank; return what to tell."""
    key = row_key(request.POST[QUOTE])
    quotes = with_responses(Quote.objects.filter(version__submission=response))
    quote = seen_by(quotes, current_user(request)).filter(pk=key).first() if key else None
    if quote is None:
        return "This quote is gone already."
    return take_out(request, quote)


def take_out(request: HttpRequest, quote: Quote) -> str:
    """Take the quote out of the bank; return what to tell. Raises QuoteRefused."""
    findings = unmark_quote(quote, by=current_user(request), at=clock.portal_now())
    told = "The passage is not in the quote bank any more."
    if not findings:
        return told
    names = ", ".join(f"“{isolated(finding.title)}”" for finding in findings)
    return f"{told} It stays in {names} as a place: no report prints its words."
