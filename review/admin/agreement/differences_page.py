"""The sentences that the coders of a sample coded differently, and the record of who read them."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse

from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from accounts.record import record
from accounts.rights import Person, may
from accounts.states import Action, AuditAction
from core import clock
from core.admin.uk_time import in_uk_time
from core.direction import isolated
from core.row_keys import row_key
from review.admin.agreement.sample_pages import sample_page, show
from review.agreement.coding_differences import Difference, differences
from review.agreement.comparing import Comparison, compare
from review.agreement.deciding import said
from review.models import Code, CodingDecision, CodingSample
from review.redaction.readable_texts import (
    readable_file_texts,
    redacted_answers,
    sees_redacted,
)

ON_A_PAGE = 25
UNDECIDED, DECIDED = "undecided", "decided"


@dataclass(frozen=True)
class ShownCoder:
    """What one of the coders coded the sentence with."""

    name: str
    codes: list[Code]


@dataclass(frozen=True)
class ShownDecision:
    said: str
    reason: str
    by: str
    at: str


@dataclass(frozen=True)
class ShownDifference:
    """`before` and `after` are the sentences around it; `address` is where to decide.

    `differing` are the codes about which the coders differ. `has_hidden`: readers outside the team
    do not see all of these words.
    """

    response: str
    response_address: str
    question: str
    file: str
    quote: str
    before: str
    after: str
    has_hidden: bool
    coders: list[ShownCoder]
    differing: list[str]
    decision: ShownDecision | None
    address: str


def urls(admin: OfOwnCalls) -> list[URLPattern]:
    return [
        path(
            "<int:pk>/differences/",
            sample_page(admin, Action.READ_RESPONSES, page),
            name="review_codingsample_differences",
        )
    ]


def page(request: HttpRequest, admin: OfOwnCalls, sample: CodingSample) -> HttpResponse:
    """Show a page of them, all or of one code, and put on record which responses it shows."""
    if request.method not in {"GET", "HEAD"}:
        raise PermissionDenied
    comparison = compare(sample)
    found = differences(comparison)
    there = [one for one in found if may_read(request, one)]
    key = row_key(request.GET.get("code", ""))
    code = comparison.codes.get(key) if key is not None else None
    if code is not None:
        there = [one for one in there if code.pk in one.differing]
    state = request.GET.get("state", "")
    if state in {UNDECIDED, DECIDED}:
        there = [one for one in there if (one.decision is None) == (state == UNDECIDED)]
    shown: Page = Paginator(there, ON_A_PAGE).get_page(request.GET.get("p", "1"))
    record_reading(request, sample, list(shown))
    return show(
        request,
        admin,
        sample,
        "differences",
        f"Where coders of {isolated(str(sample))} differ",
        page=shown,
        differences=as_shown(list(shown), comparison, request.user),
        in_files=sum(not may_read(request, one) for one in found),
        codes=sorted(comparison.codes.values(), key=lambda one: one.name.casefold()),
        code=code,
        state=state,
    )


def may_read(request: HttpRequest, difference: Difference) -> bool:
    """Return whether the reader may read the passage: of files, who may open them."""
    call = difference.text.response.call_id
    return difference.text.file_text is None or may(request.user, Action.OPEN_FILES, call)


def record_reading(request: HttpRequest, sample: CodingSample, shown: list[Difference]) -> None:
    if not shown:
        return
    record(
        by=current_user(request),
        at=clock.portal_now(),
        action=AuditAction.DIFFERENCES_READ,
        call=sample.call,
        sample=sample.pk,
        shown=list(dict.fromkeys(str(one.text.response) for one in shown)),
    )


def as_shown(
    found: Sequence[Difference], comparison: Comparison, reader: Person
) -> list[ShownDifference]:
    sees = sees_redacted(reader, comparison.sample.call_id)
    answers = redacted_answers({one.text.version for one in found})
    files = readable_file_texts(
        {one.text.file_text for one in found if one.text.file_text is not None}
    )
    shown = []
    for one in found:
        text = one.text
        if text.file_text is not None:
            readable = files[text.file_text.pk]
        else:
            readable = answers.get(text.version, {}).get(text.question.key, text.text)
        shown.append(_shown(one, comparison, readable, sees=sees))
    return shown


def _shown(
    difference: Difference, comparison: Comparison, readable: str, *, sees: bool
) -> ShownDifference:
    text = difference.text
    words = text.text if sees else readable
    before, after = difference.around_in(words)
    address = reverse("admin:submissions_submission_change", args=[text.response.pk])
    # Its author may have amended the response since.
    texts = "&texts=1" if text.file_text is not None else ""
    codes = comparison.codes
    return ShownDifference(
        response=str(text.response),
        response_address=f"{address}?version={text.number}{texts}#answer-{text.question.key}",
        question=text.question.label,
        file=text.file_text.attachment.name if text.file_text else "",
        quote=difference.passage.quote(words),
        before=before,
        after=after,
        has_hidden=sees and _words(difference, text.text) != _words(difference, readable),
        coders=[
            ShownCoder(
                comparison.coders[coder].get_username(),
                _by_name([codes[key] for key in difference.codes_of(coder)]),
            )
            for coder in sorted(text.coders, key=lambda key: comparison.coders[key].get_username())
        ],
        differing=[one.name for one in _by_name([codes[key] for key in difference.differing])],
        decision=shown_decision(difference.decision) if difference.decision else None,
        address=reverse(
            "admin:review_codingsample_decide", args=[comparison.sample.pk, name_of(difference)]
        ),
    )


def _words(difference: Difference, text: str) -> tuple[str, ...]:
    return difference.passage.quote(text), *difference.around_in(text)


def shown_decision(decision: CodingDecision) -> ShownDecision:
    return ShownDecision(
        said=said(decision),
        reason=decision.reason,
        by=decision.by.get_username(),
        at=in_uk_time(decision.at),
    )


def name_of(difference: Difference) -> str:
    """Return what names the passage in an address."""
    version, question, file, start, end = difference.where
    return f"{version}-{question}-{file or 0}-{start}-{end}"


def _by_name(codes: list[Code]) -> list[Code]:
    return sorted(codes, key=lambda code: code.name.casefold())
