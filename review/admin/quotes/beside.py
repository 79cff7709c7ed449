"""The quotes that stand below the answer that they are of."""

from dataclasses import dataclass

from accounts.models import User
from accounts.rights import may
from accounts.states import Action
from core.admin.uk_time import in_uk_time
from review.admin.coding_source import Source
from review.admin.shortening import shorten
from review.models import Quote
from review.quotes.consent import standing_of_each
from review.quotes.quote_words import marked, seen_by, with_responses
from submissions.responses.models import Version


@dataclass(frozen=True)
class ShownQuote:
    """A passage in the quote bank; `why_not` says why it may not be quoted, if so."""

    quote: Quote
    by: str
    when: str
    why_not: str | None

    def words_in(self, text: str) -> str:
        return shorten(text[self.quote.start : self.quote.end])


def quotes_of_version(version: Version, *, reader: User) -> list[ShownQuote]:
    """Return the version's passages in the quote bank, as far as the reader may see them."""
    rows = with_responses(Quote.objects.filter(version=version))
    if not may(reader, Action.OPEN_FILES, version.submission.call_id):
        rows = rows.filter(file_text=None)
    quotes = list(seen_by(rows, reader).order_by("start", "end", "pk"))
    standing = standing_of_each(quotes)
    found = []
    for one in quotes:
        by, at = marked(one, reader)
        shown = ShownQuote(
            quote=one,
            by=by.get_username(),
            when=in_uk_time(at),
            why_not=standing[one.pk].why_not,
        )
        found.append(shown)
    return found


def of_source(quotes: list[ShownQuote], source: Source) -> list[tuple[ShownQuote, str]]:
    """Return those of the text, each with its words as the reader may see them."""
    return [(one, one.words_in(source.text)) for one in quotes if source.has(one.quote)]
