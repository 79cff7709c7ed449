"""Passages as the pages of the matrix show them, and that they were read, on record."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from accounts.record import record
from accounts.states import AuditAction
from core import clock
from review.coding.codings import quote
from review.coding.tree import CodeInTree
from review.consent import Consent, consent_of
from review.matrix.cell_passages import CellPassages, Passage
from review.matrix.selection import Selection
from review.redaction.readable_texts import readable_quotes, sees_redacted
from submissions.responses.models import Submission


@dataclass(frozen=True)
class ShownPassage:
    """`address` leads to the answer in the response; `codes` are the names of those it is under.

    `has_hidden`: readers outside the team do not see all of its words.
    """

    response: Submission
    address: str
    question: str
    is_in_file: bool
    quote: str
    coders: str
    codes: str
    consent: Consent
    has_hidden: bool


def put_on_record(found: CellPassages, selection: Selection, **what: Any) -> None:
    """Put on record whose passages the page showed; `what` says of which cell or codes."""
    if not found.passages:
        return
    references = (str(passage.coding.version.submission) for passage in found.passages)
    record(
        by=selection.reader,
        at=clock.portal_now(),
        action=AuditAction.PASSAGES_READ,
        call=selection.call,
        **what,
        shown=list(dict.fromkeys(references)),
    )


def shown_passages(
    passages: list[Passage], selection: Selection, codes: list[CodeInTree]
) -> list[ShownPassage]:
    readable = readable_quotes(passage.coding for passage in passages)
    sees = sees_redacted(selection.reader, selection.call)
    return [
        _passage(passage, selection, codes, readable[passage.coding.pk], sees=sees)
        for passage in passages
    ]


def _passage(
    passage: Passage, selection: Selection, codes: list[CodeInTree], readable: str, *, sees: bool
) -> ShownPassage:
    coding = passage.coding
    words = quote(coding)
    response = coding.version.submission
    address = reverse("admin:submissions_submission_change", args=[response.pk])
    texts = "?texts=1" if coding.file_text_id is not None else ""
    return ShownPassage(
        response=response,
        address=f"{address}{texts}#answer-{coding.question.key}",
        question=coding.question.label,
        is_in_file=coding.file_text_id is not None,
        quote=words if sees else readable,
        has_hidden=sees and words != readable,
        coders=", ".join(passage.coders),
        codes=", ".join(one.code.name for one in codes if one.code.pk in passage.codes),
        consent=consent_of(response, selection.call),
    )
