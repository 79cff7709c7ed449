"""Check your answers, and submit."""

import itertools
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from core import clock, clock_check, metrics
from core.direction import isolated
from core.errors import PortalError
from core.spoken_lists import in_a_row
from core.throttling import client_wait
from submissions.calls.models import Question
from submissions.calls.states import QuestionKind
from submissions.mail import caps
from submissions.mail.tasks import nudge_mail
from submissions.outbox import queue
from submissions.respondent.browser_session import response_in_session
from submissions.respondent.decorators import with_response
from submissions.respondent.forms.presenting import answer_id, first_id
from submissions.respondent.publication_words import SAID_AS_CHOSEN, as_chosen
from submissions.respondent.response_context import (
    ResponseContext,
    answers_by_section,
    closed_page,
    rows_of,
)
from submissions.respondent.wrong_clock import wrong_clock_page
from submissions.responses import submitting
from submissions.responses.addresses import known_address
from submissions.responses.answering import ResponseIncomplete, ValidationIssue
from submissions.responses.errors import (
    AccessEnded,
    CallClosed,
    CallNotOpen,
    CallNotYetOpen,
    ChangedSinceSeen,
    MayNotSubmit,
    ResponseGone,
    ResponseWithdrawn,
)
from submissions.responses.etags import draft_etag
from submissions.responses.models import Colleague

# The etag of the draft that the page showed, posted back by it.
EXPECTED_ETAG = "_expected_etag"
# The number of the version beside which the page showed no change, posted back by it.
UNCHANGED = "_unchanged"
Rows = list[dict[str, Any]]
# What /metrics/ calls each refusal of “Submit”. A draft that was deleted meanwhile is none.
REASONS: dict[type[PortalError], str] = {
    AccessEnded: "access_ended",
    CallClosed: "closed",
    CallNotYetOpen: "not_open_yet",
    ChangedSinceSeen: "changed",
    MayNotSubmit: "not_allowed",
    ResponseIncomplete: "incomplete",
    ResponseWithdrawn: "withdrawn",
}
STATUSES: dict[type[PortalError], int] = {
    ChangedSinceSeen: 409,
    MayNotSubmit: 403,
    ResponseIncomplete: 422,
}


@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the answers to check; a POST submits them, or shows why it cannot."""
    refusal: PortalError | None = None
    if request.method == "POST":
        try:
            return _submit(request, slug)
        except ResponseGone:
            pass  # the page says that there is none
        except tuple(REASONS) as refused:
            metrics.REFUSALS.labels(REASONS[type(refused)]).inc()
            refusal = refused
    return _show(request, slug, refusal)


def _submit(request: HttpRequest, slug: str) -> HttpResponse:
    """Submit the answers that the page showed, and lead to the receipt.

    Everything but the response's key is read by the transaction, and not here before it: in the
    last minute of a call very many press. Raises ResponseGone where this browser has no response,
    and what `submitting.submit` raises.
    """
    at = clock_check.received(request)
    submission = response_in_session(request, slug)
    if submission is None:
        raise ResponseGone
    if clock_check.is_wrong():
        metrics.REFUSALS.labels("wrong_clock").inc()
        return wrong_clock_page(request, submission.call, submission)
    version = submitting.submit(
        submission=submission,
        at=at,
        # Without an etag, no page has shown these answers: the page comes first.
        expected_etag=request.POST.get(EXPECTED_ETAG, ""),
    )
    # The response is submitted; its receipt waits where the client caused many mails.
    wait = client_wait(request, "mail", most=settings.MAIL_OF_CLIENT_PER_HOUR)
    if wait:
        until = clock.wall_now() + wait
        queue.hold_back_unclaimed(version=version, until=until, reason=caps.FROM_ONE_PLACE)
    nudge_mail()
    submitted = reverse("submitted", args=[slug])
    if request.POST.get(UNCHANGED) == str(version.number):
        return redirect(f"{submitted}?unchanged={version.number}")
    return redirect(submitted)


@with_response
def _show(
    request: HttpRequest, current: ResponseContext, refusal: PortalError | None
) -> HttpResponse:
    """Show the response as it is now: the call may have changed while a POST waited for a lock."""
    if not current.has_working_copy:
        return redirect("submitted", slug=current.call.slug)
    if isinstance(refusal, CallNotOpen):
        at_refusal = replace(current, received_at=refusal.at)
        return closed_page(request, at_refusal, tried=True)
    if not current.is_open:
        return closed_page(request, current, tried=request.method == "POST")
    if current.help_address and current.submission.is_draft:
        # There is nothing to submit, so nothing is asked for.
        return redirect(current.help_address)
    context = _page_context(current, refusal, seen=bool(request.POST.get(EXPECTED_ETAG)))
    status = STATUSES[type(refusal)] if refusal else 200
    return render(request, "responses/check.html", context, status=status)


def _page_context(
    current: ResponseContext, refusal: PortalError | None, *, seen: bool
) -> dict[str, Any]:
    """Return what the page to check shows; `seen` says whether one was seen before the POST."""
    standing = refusal.issues if isinstance(refusal, ResponseIncomplete) else []
    issues = standing or current.issues()
    unfinished = {issue.key for issue in issues}
    publication = as_chosen(
        current.call, current.call.questionnaire.answers_that_count(current.answers)
    )
    sections, declarations, chosen = _apart(current, answers_by_section(current), unfinished)
    sections, left_open = _folded(current, sections, unfinished)
    return current.template_context(
        sections=[
            part | {"pages": _by_page(current, part["rows"], unfinished)} for part in sections
        ],
        left_open=left_open,
        declarations=declarations,
        not_counted=rows_of(current, current.not_counted),
        missing=_missing(current, issues),
        refused=bool(standing),
        changed=isinstance(refusal, ChangedSinceSeen),
        unchecked=isinstance(refusal, ChangedSinceSeen) and not seen,
        may_submit=current.colleague is None or current.colleague.may_submit,
        not_allowed=isinstance(refusal, MayNotSubmit),
        submitters=_others_who_may_submit(current),
        draft_etag=draft_etag(current.answers, current.files),
        publication=publication,
        publication_href=chosen[0]["href"] if chosen else "",
        has_changes=current.is_changed,
        gets_mail=bool(known_address(current.submission, current.call, current.answers)),
        errors=[(issue.message, f"answer-{issue.key}") for issue in standing],
    )


def _others_who_may_submit(current: ResponseContext) -> str:
    """Return the names of the colleagues whom the author allows to submit, for one who may not."""
    if current.colleague is None or current.colleague.may_submit:
        return ""
    allowed = Colleague.objects.joined().filter(submission=current.submission, may_submit=True)
    return in_a_row(isolated(name) for name in allowed.values_list("name", flat=True))


def _apart(
    current: ResponseContext, sections: Rows, unfinished: Collection[str]
) -> tuple[Rows, Rows, Rows]:
    """Return the sections with the other rows, the declarations, and the choices of publication.

    A declaration is a single box that must be ticked. The page says both above the button: the
    choices as what follows from them. One that is `unfinished` stays in its place.
    """
    answers, declarations, chosen = [], [], []
    for part in sections:
        rows = []
        for row in part["rows"]:
            question = row["question"]
            if _is_declaration(current, question):
                declarations.append(row)
            elif question.key in SAID_AS_CHOSEN and row["given"] and question.key not in unfinished:
                chosen.append(row)
            else:
                rows.append(row)
        if rows:
            answers.append(part | {"rows": rows})
    return answers, declarations, chosen


def _folded(
    current: ResponseContext, sections: Rows, unfinished: Collection[str]
) -> tuple[Rows, Rows]:
    """Return the sections without optional questions that have no answer, and the rows of these.

    What is `unfinished` stays in its place: its message leads there.
    """
    left_open: Rows = []
    shown: Rows = []
    for part in sections:
        folded = [
            row
            for row in part["rows"]
            if not row["given"]
            and row["question"].key not in unfinished
            and row["question"].key not in current.required
        ]
        left_open += folded
        rows = [row for row in part["rows"] if row not in folded]
        if rows:
            shown.append(part | {"rows": rows})
    return shown, left_open


def _by_page(current: ResponseContext, rows: Rows, unfinished: Collection[str]) -> Rows:
    """Return the rows of a section page by page, each page with the address to change it at.

    A row that is `unfinished` has a link of its own: the message about it leads there.
    """
    addresses = current.question_addresses
    marked = [row | {"is_unfinished": row["question"].key in unfinished} for row in rows]
    pages = itertools.groupby(marked, key=lambda row: addresses[row["question"].key])
    return [{"href": f"{address}?return=check", "rows": list(found)} for address, found in pages]


def _is_declaration(current: ResponseContext, question: Question) -> bool:
    return question.kind == QuestionKind.CHECKBOX and question.key in current.required


def _missing(current: ResponseContext, issues: Sequence[ValidationIssue]) -> list[dict[str, str]]:
    found = []
    for issue in issues:
        question = current.call.questions_by_key[issue.key]
        place = answer_id(question, issue.row) if issue.row else first_id(question)
        address = current.question_addresses[issue.key]
        found.append({"message": issue.message, "href": f"{address}?return=check#{place}"})
    return found
