"""A quote as it leaves the portal: its words, and all by which somebody finds them again."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.record import record
from accounts.rights import may
from accounts.states import Action, AuditAction
from core.direction import isolated, leading
from review.errors import QuoteRefused
from review.models import Quote
from review.quotes.consent import why_not_usable
from review.quotes.marking import place_on_record
from review.quotes.quote_words import with_responses, words_of
from review.quotes.roles import RoleWords
from submissions.responses.models import Submission


@dataclass(frozen=True)
class Citation:
    """`start` and `end` count codepoints of the answer, or of what was read of the file."""

    words: str
    reference: str
    role: str
    version: int
    question: str
    start: int
    end: int
    is_of_file: bool

    def __str__(self) -> str:
        return f"“{self.words}”\n({self.source})"

    @property
    def source(self) -> str:
        of = "text of a file given for" if self.is_of_file else "answer to"
        return (
            f"{leading(self.role)}, {self.reference}, version {self.version}, "
            f"{of} “{isolated(self.question)}”, characters {self.start} to {self.end}"
        )


def citation_of(quote: Quote, *, words: str, roles: RoleWords) -> Citation:
    """Return the citation. The name of a file is left out, as it may say who answered."""
    response = quote.version.submission
    return Citation(
        words=words,
        reference=str(response),
        role=roles.of(response.submitted_version),
        version=quote.version.number,
        question=quote.question.label,
        start=quote.start,
        end=quote.end,
        is_of_file=quote.file_text_id is not None,
    )


def copy_quote(quote: Quote, *, by: User, at: datetime) -> Citation:
    """Return the quote to be copied, and put on record that it was.

    Raises QuoteRefused where it may not be quoted now, or the person may not read it.
    """
    call = quote.call
    if not may(by, Action.READ_RESPONSES, call):
        raise QuoteRefused("You may not read responses of this call")
    if quote.file_text_id is not None and not may(by, Action.OPEN_FILES, call):
        raise QuoteRefused("You may not open files in this call")
    with transaction.atomic():
        # Locked, so that its author changes nothing between the check and the record.
        Submission.objects.select_for_update(no_key=True).get(pk=quote.version.submission_id)
        found = with_responses(Quote.objects.filter(pk=quote.pk)).first()
        if found is None:
            raise QuoteRefused("This quote is not in the bank any more")
        if (reason := why_not_usable(found)) is not None:
            raise QuoteRefused(f"This cannot be quoted. {reason}")
        citation = citation_of(found, words=words_of(found), roles=RoleWords(call))
        record(
            by=by,
            at=at,
            action=AuditAction.QUOTE_COPIED,
            call=call,
            submission=found.version.submission,
            **place_on_record(found),
        )
    return citation
