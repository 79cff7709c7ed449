"""Check your answers, and submit."""

import itertools
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from submissions.calls.models import Question
from submissions.calls.states import Publication, QuestionKind
from submissions.mail.tasks import nudge_mail
from submissions.respondent.response_context import (
    ResponseContext,
    answers_by_section,
    closed_page,
    current_response,
    no_response_page,
)
from submissions.respondent.steps import question_addresses
from submissions.responses import answering, submitting
from submissions.responses.errors import (
    CallNotOpen,
    ChangedSinceSeen,
    ResponseIncomplete,
    ResponseWithdrawn,
)
from submissions.responses.etags import draft_etag

# What was on the page, posted back by it.
SEEN = "_seen"
Rows = list[dict[str, Any]]


@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, slug: str) -> HttpResponse:
    """Check your answers; a POST submits."""
    held = current_response(request, slug)
    if held is None:
        return no_response_page(request, slug)
    if request.method == "POST":
        return _submit(request, held)
    if not held.has_working_copy:
        return redirect("submitted", slug=slug)
    if not held.is_open:
        return closed_page(request, held)
    return _check_page(request, held, [])


def _submit(request: HttpRequest, held: ResponseContext) -> HttpResponse:
    try:
        submitting.submit(
            # Nobody submits what no page showed them: without a mark the page comes again.
            submission=held.submission,
            at=held.received_at,
            expected_etag=request.POST.get(SEEN, ""),
        )
        transaction.on_commit(nudge_mail, robust=True)
    except CallNotOpen as refusal:
        return closed_page(request, _as_judged(request, held, at=refusal.at), tried=True)
    except ChangedSinceSeen:
        judged = _as_judged(request, held, at=held.received_at)
        return _check_page(request, judged, [], status=409)
    except ResponseIncomplete as refusal:
        judged = _as_judged(request, held, at=held.received_at)
        return _check_page(request, judged, refusal.issues, status=422)
    except ResponseWithdrawn:
        # Another tab withdrew it meanwhile; the page says so.
        pass
    return redirect("submitted", slug=held.call.slug)


def _as_judged(request: HttpRequest, held: ResponseContext, *, at: datetime) -> ResponseContext:
    """Return the response as it stands now: the call may have changed while a lock was awaited."""
    now = current_response(request, held.call.slug) or held
    return replace(now, received_at=at)


def _check_page(
    request: HttpRequest,
    held: ResponseContext,
    standing: list[answering.ValidationIssue],
    status: int = 200,
) -> HttpResponse:
    faults = standing or held.issues()
    sections, declarations = _apart(held, answers_by_section(held))
    context = held.context(
        sections=sections,
        declarations=declarations,
        missing=_missing(held, faults),
        refused=bool(standing),
        changed=status == 409,
        unseen=status == 409 and not request.POST.get(SEEN),
        seen=draft_etag(held.answers, itertools.chain(*held.files.values())),
        publication=_say_publication(held),
        errors=[(f.message, f"answer-{f.key}") for f in standing],
    )
    return render(request, "responses/check.html", context, status=status)


def _apart(held: ResponseContext, sections: Rows) -> tuple[Rows, Rows]:
    """Return the sections with their answers, and apart from them what must be confirmed.

    A single box that must be ticked is a declaration: its words stand above the button.
    """
    answers, declarations = [], []
    for part in sections:
        apart = [row for row in part["rows"] if _is_declaration(held, row["question"])]
        declarations += apart
        rows = [row for row in part["rows"] if row not in apart]
        if rows:
            answers.append(part | {"rows": rows})
    return answers, declarations


def _is_declaration(held: ResponseContext, question: Question) -> bool:
    return question.kind == QuestionKind.CHECKBOX and answering.is_required(question, held.answers)


def _say_publication(held: ResponseContext) -> list[str]:
    """The respondent's choice in plain words; nothing where the call does not ask for it."""
    if "publication" not in held.call.questions_by_key:
        return []
    chosen = held.answers.get("publication")
    said = {
        Publication.NAMED: _(
            "You let us publish your response, or parts of it, with your name or your "
            "organisation’s name."
        ),
        Publication.ANONYMOUS: _(
            "You let us publish your response, or parts of it, without your name and your "
            "organisation’s name."
        ),
        Publication.CONFIDENTIAL: _(
            "You asked us not to publish your response. Only the project team reads it."
        ),
    }.get(chosen, _("You have not chosen yet whether we may publish your response."))
    quoting = {"yes": _("We may quote from it."), "no": _("We will not quote from it.")}
    asked = chosen not in (None, Publication.CONFIDENTIAL)
    quoted = quoting.get(held.answers.get("quote_ok")) if asked else None
    return [said, quoted] if quoted else [said]


def _missing(
    held: ResponseContext, faults: list[answering.ValidationIssue]
) -> list[dict[str, str]]:
    addresses = question_addresses(held.call)
    return [
        {
            "message": fault.message,
            "href": f"{addresses[fault.key]}?return=check#id_{fault.key}",
        }
        for fault in faults
    ]
