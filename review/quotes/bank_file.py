"""The quote bank as a file for spreadsheets: what may be quoted now, and nothing else."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime

from django.db.models import QuerySet

from accounts.models import User
from accounts.record import record
from accounts.rights import may, may_all
from accounts.states import Action, AuditAction
from core.safe_cells import neutralise
from review.errors import QuoteRefused
from review.models import Quote
from review.quotes.citing import citation_of
from review.quotes.consent import standing_of_each
from review.quotes.quote_words import marked, seen_by, with_responses, words_of_each
from review.quotes.roles import RoleWords
from review.redaction.readable_texts import without_digest
from submissions.calls.models import Call

HEADING = (
    "reference",
    "role",
    "quote",
    "question",
    "question_key",
    "version",
    "sha256",
    "start",
    "end",
    "from",
    "marked_by",
    "marked_at",
    "guid",
)
AT_ONCE = 200


def usable_quotes(quotes: QuerySet[Quote]) -> Iterator[tuple[Quote, str]]:
    """Return each quote that may be used now, with its words; texts of a few at a time."""
    keys = list(quotes.values_list("pk", flat=True))
    for first in range(0, len(keys), AT_ONCE):
        wanted = keys[first : first + AT_ONCE]
        by_key = with_responses(quotes.filter(pk__in=wanted)).in_bulk()
        rows = [by_key[pk] for pk in wanted if pk in by_key]
        standing = standing_of_each(rows)
        usable = [one for one in rows if standing[one.pk].why_not is None]
        words = words_of_each(usable)
        yield from ((one, words[one.pk]) for one in usable)


def export_bank(call: Call, *, by: User, at: datetime) -> bytes:
    """Return one row for each quote that may be used: UTF-8 with BOM, RFC 4180, on record.

    Quotes of files are for those who may open files. A version with hidden words has no digest:
    that would tell short ones. Raises QuoteRefused for others than coders, who read responses.
    """
    if not may_all(by, (Action.CODE, Action.READ_RESPONSES), call):
        raise QuoteRefused("You may not export the quotes of this call")
    quotes = seen_by(Quote.objects.filter(call=call), by)
    if not may(by, Action.OPEN_FILES, call):
        quotes = quotes.filter(file_text=None)
    roles = RoleWords(call)
    hidden = without_digest(call)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADING)
    shown = []
    for quote, words in usable_quotes(quotes.order_by("version__submission__reference", "pk")):
        citation = citation_of(quote, words=words, roles=roles)
        marked_by, marked_at = marked(quote, by)
        shown.append(str(quote.guid))
        cells = (
            citation.reference,
            citation.role,
            citation.words,
            citation.question,
            quote.question.key,
            str(citation.version),
            "" if (citation.reference, citation.version) in hidden else quote.version.sha256,
            str(citation.start),
            str(citation.end),
            "file" if citation.is_of_file else "answer",
            marked_by.get_username(),
            marked_at.isoformat(),
            str(quote.guid),
        )
        writer.writerow(map(neutralise, cells))
    record(
        by=by,
        at=at,
        action=AuditAction.QUOTES_EXPORTED,
        call=call,
        rows=len(shown),
        quotes=shown,
    )
    return text.getvalue().encode("utf-8-sig")
