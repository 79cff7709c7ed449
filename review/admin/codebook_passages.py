"""The passages of a code, and the record of who read them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import F
from django.db.models.functions import Substr
from django.http import HttpRequest, HttpResponse

from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from accounts.models import User
from accounts.record import record
from accounts.rights import may
from accounts.states import Action, AuditAction
from core import clock
from core.admin.uk_time import in_uk_time
from core.direction import isolated
from review.admin.codebook_list import shown_codings
from review.admin.codebook_pages import show
from review.admin.coding_source import address_of_passage
from review.admin.memos.beside import memos_of_code, memos_on
from review.admin.reading_faster.links import of_passage, similar_address
from review.coding.codings import quote
from review.coding.decided import standing_codings
from review.coding.places_in_text import Passage
from review.coding.samples import blind_to, seen_by
from review.coding.tree import tree
from review.consent import Consent, consent_of
from review.models import Code, Coding, Memo, Quote
from review.quotes import quote_words
from review.redaction.readable_texts import readable_quotes, sees_redacted
from submissions.responses.models import Submission

ON_A_PAGE = 50
IN_ORDER = ("version__submission__submitted_at", "version", "question", "start", "pk")


@dataclass(frozen=True)
class ShownPassage:
    """`address` leads to the answer; `is_earlier` says that its author has amended it since.

    `has_hidden`: readers outside the team do not see all of its words.
    `is_decided_against`: somebody decided that the code does not stand there.
    `quoted` is the key of the quote that is this passage, if it is in the quote bank.
    """

    coding: Coding
    response: Submission
    address: str
    similar_address: str
    quote: str
    at: str
    consent: Consent
    is_earlier: bool
    has_hidden: bool
    is_decided_against: bool
    quoted: int | None
    memos: list[Memo]


@dataclass(frozen=True)
class PassagesPage:
    """`hidden` and `in_files` are the numbers of passages that nobody, and the reader, may see."""

    passages: list[ShownPassage]
    page: Page
    hidden: int
    in_files: int

    @property
    def total(self) -> int:
        return self.page.paginator.count


def passages_of(code: Code, request: HttpRequest) -> PassagesPage:
    """Return a page of the code's passages, and put on record which responses it shows.

    Those of responses that are withdrawn or erased are for nobody, and those of files for readers
    who may open files.
    """
    codings, in_files = seen_by(code.codings.all(), current_user(request)), 0
    if not may(request.user, Action.OPEN_FILES, code.call_id):
        in_files = shown_codings(codings.exclude(file_text=None)).count()
        codings = codings.filter(file_text=None)
    rows = shown_codings(codings).select_related(
        "version__submission__current_version", "question", "by", "file_text__attachment"
    )
    length = F("end") - F("start")
    rows = rows.annotate(of_file=Substr("file_text__text", F("start") + 1, length)).defer(
        "file_text__text",
        "version__canonical_text",
        "version__submission__current_version__canonical_text",
        "version__submission__current_version__texts",
    )
    ordered = rows.order_by(*IN_ORDER)
    page = Paginator(ordered, ON_A_PAGE).get_page(request.GET.get("p", "1"))
    readable = readable_quotes(page)
    sees = sees_redacted(request.user, code.call)
    quoted = _quoted(page.object_list, current_user(request))
    memos = memos_on(request, page.object_list)
    against = _decided_against(page.object_list, current_user(request))
    shown = [
        _shown(
            coding,
            code,
            readable=readable[coding.pk],
            sees=sees,
            quoted=quoted.get(_place(coding)),
            memos=memos[coding.pk],
            is_decided_against=coding.pk in against,
        )
        for coding in page
    ]
    if shown:
        record(
            by=current_user(request),
            at=clock.portal_now(),
            action=AuditAction.PASSAGES_READ,
            call=code.call,
            code=code.pk,
            shown=list(dict.fromkeys(str(one.response) for one in shown)),
        )
    return PassagesPage(shown, page, codings.count() - page.paginator.count, in_files)


def passages(request: HttpRequest, admin: OfOwnCalls, code: Code) -> HttpResponse:
    """Show what the code means, and its passages."""
    if request.method not in {"GET", "HEAD"}:
        raise PermissionDenied
    more: dict[str, Any] = {
        "path": next(one.path for one in tree(code.call) if one.code.pk == code.pk),
        "page": passages_of(code, request),
        **memos_of_code(request, code),
    }
    return show(request, admin, code, "passages", f"Code: {isolated(code.name)}", **more)


def _decided_against(codings: Iterable[Coding], reader: User) -> set[int]:
    """Return the keys of those that do not stand; of none that the reader codes blind."""
    keys = [coding.pk for coding in codings]
    open_ones = Coding.objects.filter(pk__in=keys).exclude(
        version__submission__in=blind_to(reader).values("submission")
    )
    standing = standing_codings(open_ones).values_list("pk", flat=True)
    return {*open_ones.values_list("pk", flat=True)} - {*standing}


def _quoted(codings: Iterable[Coding], reader: User) -> dict[tuple[int | None, ...], int]:
    """Return the quotes that the reader may see of these versions, by their places."""
    quotes = Quote.objects.filter(version__in={coding.version_id for coding in codings})
    return {_place(one): one.pk for one in quote_words.seen_by(quotes, reader)}


def _place(one: Coding | Quote) -> tuple[int | None, ...]:
    return one.version_id, one.question_id, one.file_text_id, one.start, one.end


def _shown(
    coding: Any,
    code: Code,
    *,
    readable: str,
    sees: bool,
    quoted: int | None,
    memos: list[Memo],
    is_decided_against: bool,
) -> ShownPassage:
    words = quote(coding) if coding.file_text_id is None else coding.of_file
    response = coding.version.submission
    return ShownPassage(
        coding=coding,
        response=response,
        address=address_of_passage(coding),
        quote=words if sees else readable,
        similar_address=_similar(coding, response),
        at=in_uk_time(coding.at),
        consent=consent_of(response, code.call),
        is_earlier=coding.version_id != response.current_version_id,
        has_hidden=sees and words != readable,
        is_decided_against=is_decided_against,
        quoted=quoted,
        memos=memos,
    )


def _similar(coding: Coding, response: Submission) -> str:
    address = similar_address(
        response,
        coding.question.key,
        version=coding.version.number,
        file_text=coding.file_text,
    )
    return of_passage(address, Passage(coding.start, coding.end))
