"""What the portal suggests to hide in a response, one by one or all; somebody has to propose it."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from accounts.identity import may_see_identity
from accounts.record import record
from accounts.rights import may, narrowed
from accounts.states import Action, AuditAction
from core import clock
from review.admin.redaction.proposing import say_proposed
from review.errors import RedactionRefused
from review.models import FileText
from review.redaction.proposing import AlreadyThere, propose
from review.redaction.suggesting import Suggestion, suggestions
from review.searching.entries import texts_of_files
from review.states import RedactionReason
from submissions.responses.models import Submission, Version
from submissions.responses.states import SubmissionState

PAGE = "admin/review/redaction/suggest.html"
ALL = "all"
REFUSED = 422


@dataclass(frozen=True)
class Shown:
    suggestion: Suggestion
    kind: str
    where: str
    is_ticked: bool


class SuggestionPages(OfOwnCalls):
    def suggestion_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.suggest)
        return [path("suggestions/<int:pk>/", page, name="review_redaction_suggest")]

    def suggest(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the suggestions for a response, or propose those that are ticked, or all."""
        response, version = _response(request, pk)
        files = _files(request, version)
        found = suggestions(version, response.call, files=files)
        error = ""
        if request.method == "POST":
            try:
                number = _propose(request, version, found)
            except RedactionRefused as refused:
                error = f"{refused.message}."
            else:
                messages.success(request, say_proposed(number))
                return redirect("admin:review_redaction_suggest", response.pk)
        record(
            by=current_user(request),
            at=clock.portal_now(),
            action=AuditAction.PASSAGES_READ,
            call=response.call,
            redactions=True,
            shown=[str(response)],
        )
        sees_identity = may_see_identity(request.user, response.call_id)
        # In another version, the same place may have other words.
        is_same = request.POST.get("version") == str(version.number)
        ticked = request.POST.getlist("passage") if is_same else []
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": f"What to hide in {response}",
            "opts": self.opts,
            "response": response,
            "version": version,
            "error": error,
            "suggestions": [
                Shown(
                    one,
                    one.kind.said(sees_identity=sees_identity),
                    one.file_text.attachment.name if one.file_text else one.question.label,
                    is_ticked=one.key in ticked,
                )
                for one in found
            ],
            "reasons": RedactionReason.choices,
            "chosen": request.POST.get("reason", RedactionReason.THIRD_PERSON),
            "words": request.POST.get("words", ""),
        }
        return TemplateResponse(request, PAGE, context, status=REFUSED if error else 200)


def _propose(request: HttpRequest, version: Version, found: list[Suggestion]) -> int:
    """Propose those that are ticked, or all; return how many. Raises RedactionRefused."""
    ticked = set(request.POST.getlist("passage"))
    chosen = [one for one in found if ALL in request.POST or one.key in ticked]
    reason = request.POST.get("reason", "")
    words = request.POST.get("words", "").replace("\0", "")
    if reason not in RedactionReason.values:
        raise RedactionRefused("Choose a reason")
    if request.POST.get("version") != str(version.number):
        raise RedactionRefused("Its author has submitted another version: look again")
    if not chosen:
        raise RedactionRefused("Tick what to hide")
    with transaction.atomic():
        return sum(
            _proposed(request, version, one, RedactionReason(reason), words) for one in chosen
        )


def _proposed(
    request: HttpRequest, version: Version, one: Suggestion, reason: RedactionReason, words: str
) -> bool:
    try:
        propose(
            version=version,
            question=one.question,
            file_text=one.file_text,
            start=one.start,
            end=one.end,
            reason=reason,
            words=words[:200],
            by=current_user(request),
            at=clock.portal_now(),
        )
    except AlreadyThere:
        return False
    return True


def _response(request: HttpRequest, pk: int) -> tuple[Submission, Version]:
    """Return the response with its latest version, to somebody who proposes what to hide in it."""
    rows = Submission.objects.filter(state=SubmissionState.SUBMITTED)
    seen = narrowed(rows, request.user, Action.READ_RESPONSES)
    response = seen.select_related("call", "current_version").filter(pk=pk).first()
    if response is None:
        raise Http404
    for action in (Action.REDACT, Action.SEE_REDACTED):
        if not may(request.user, action, response.call_id):
            raise PermissionDenied
    version = response.submitted_version
    version.submission = response
    return response, version


def _files(request: HttpRequest, version: Version) -> list[FileText]:
    if not may(request.user, Action.OPEN_FILES, version.submission.call_id):
        return []
    return texts_of_files([version.pk])
