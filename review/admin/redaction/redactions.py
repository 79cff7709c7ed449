"""The list of redactions, and the page of one: approving, refusing, asking back, taking back."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.call_admin import OwnCallsFilter, WithOwnPage
from accounts.current_user import current_user
from accounts.models import User
from accounts.rights import narrowed
from accounts.states import Action, AuditAction
from core import clock
from core.admin.read_only import ReadOnlyAdmin
from core.admin.uk_time import in_uk_time
from core.broker import nudge
from core.posted_from import led_to_its_page
from review.admin.redaction.showing import (
    address_of_text,
    in_context,
    say_state,
    say_why,
    steps,
    what_may_be_done,
)
from review.admin.redaction.suggesting import SuggestionPages
from review.admin.shortening import you_wrote
from review.admin.shown_on_record import record_shown
from review.errors import RedactionRefused
from review.models import Redaction
from review.redaction.proposing import withdraw
from review.redaction.readable_texts import sees_redacted
from review.redaction.redacting import (
    approve,
    ask_back,
    keep_hidden,
    refuse,
    show_again,
    waiting_for,
)
from review.states import LIVE_REDACTIONS, RedactionState
from review.tasks import write_search_entries

PAGE = "admin/review/redaction/page.html"
NUDGED_WITHIN = 10.0  # seconds; beat does it anyway
WITH_ALL = (
    *("call", "version__submission", "question", "file_text", "proposed_by", "decided_by"),
    *("back_asked_by", "taken_back_by", "carried_from__version", "carried_from__question"),
    *("carried_from__file_text", "carried_from__carried_from"),
)
Verb = Callable[[Redaction, User, str], None]


def _nothing(redaction: Redaction, by: User, words: str) -> None:
    raise RedactionRefused("Choose what to do")


def _approve(redaction: Redaction, by: User, words: str) -> None:
    approve(redaction, by=by, at=clock.portal_now())


def _refuse(redaction: Redaction, by: User, words: str) -> None:
    refuse(redaction, words=words, by=by, at=clock.portal_now())


def _withdraw(redaction: Redaction, by: User, words: str) -> None:
    withdraw(redaction, by=by, at=clock.portal_now())


def _ask_back(redaction: Redaction, by: User, words: str) -> None:
    ask_back(redaction, words=words, by=by, at=clock.portal_now())


def _show_again(redaction: Redaction, by: User, words: str) -> None:
    show_again(redaction, by=by, at=clock.portal_now())


def _keep(redaction: Redaction, by: User, words: str) -> None:
    keep_hidden(redaction, by=by, at=clock.portal_now())


@dataclass(frozen=True)
class Step:
    """What the page posts: who may, what is done, and what is said then."""

    needs: Action
    does: Verb
    said: str


NOTHING = Step(Action.REDACT, _nothing, "")
STEPS = {
    "approve": Step(
        Action.APPROVE_REDACTION, _approve, "The words are hidden from readers outside the team."
    ),
    "refuse": Step(
        Action.APPROVE_REDACTION, _refuse, "The proposal is refused: nothing is hidden."
    ),
    "withdraw": Step(Action.REDACT, _withdraw, "You withdrew your proposal."),
    "ask_back": Step(
        Action.REDACT, _ask_back, "Somebody else has to agree before the words are shown again."
    ),
    "show_again": Step(Action.APPROVE_REDACTION, _show_again, "The words are shown again."),
    "keep": Step(Action.APPROVE_REDACTION, _keep, "The words stay hidden."),
}


class WaitingFilter(admin.SimpleListFilter):
    """What somebody has to decide."""

    title = "what waits"
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        self.reader = current_user(request)
        return [
            ("me", "For you to decide"),
            ("proposed", "For approval"),
            ("lost", "To check: the answer has changed"),
            ("back", "To be shown again"),
        ]

    def queryset(self, request: HttpRequest, rows: QuerySet[Redaction]) -> QuerySet[Redaction]:
        waiting = {
            None: Q(),
            "me": Q(pk__in=waiting_for(self.reader)),
            "proposed": Q(state=RedactionState.PROPOSED),
            "lost": Q(state=RedactionState.LOST),
            "back": Q(state__in=LIVE_REDACTIONS, back_asked_by__isnull=False),
        }
        return rows.filter(waiting.get(self.value(), Q(pk__in=())))


@admin.register(Redaction)
class RedactionAdmin(SuggestionPages, WithOwnPage, ReadOnlyAdmin):
    sees = Action.READ_RESPONSES
    nothing_yet = "Nothing is hidden or proposed to be hidden."
    list_display = ("response", "call", "where", "passage", "why", "said_state", "proposed")
    list_filter = (("call", OwnCallsFilter), WaitingFilter, "state", "reason")
    list_per_page = 20

    def get_queryset(self, request: HttpRequest) -> QuerySet[Redaction]:
        """Only of calls in which the reader sees hidden words."""
        rows = narrowed(super().get_queryset(request), request.user, Action.SEE_REDACTED)
        return rows.select_related(*WITH_ALL).defer(
            "version__canonical_text", "carried_from__version__canonical_text"
        )

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        sees = self._may(request, Action.SEE_REDACTED, obj)
        return sees and super().has_view_permission(request, obj)

    @admin.display(description="response", ordering="version__submission__reference")
    def response(self, redaction: Redaction) -> str:
        return str(redaction.version.submission)

    @admin.display(description="question")
    def where(self, redaction: Redaction) -> str:
        return redaction.question.label

    @admin.display(description="passage")
    def passage(self, redaction: Any) -> SafeString:
        shown = redaction.shown
        return format_html(
            '<span dir="auto">{}<mark>{}</mark>{}</span>', shown.before, shown.words, shown.after
        )

    @admin.display(description="why", ordering="reason")
    def why(self, redaction: Redaction) -> str:
        return say_why(redaction)

    @admin.display(description="state", ordering="state")
    def said_state(self, redaction: Redaction) -> str:
        return say_state(redaction)

    @admin.display(description="proposed (UK time)", ordering="proposed_at")
    def proposed(self, redaction: Redaction) -> str:
        return f"{in_uk_time(redaction.proposed_at)} by {redaction.proposed_by}"

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/decide/", wrap(self.decide), name="review_redaction_decide"),
            *self.suggestion_urls(),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list. Which responses it shows goes on record."""
        page = super().changelist_view(request, extra_context)
        context = getattr(page, "context_data", None)
        changes = context and context.get("cl")
        if changes:
            changes.result_list = list(changes.result_list)
            for row in changes.result_list:
                row.shown = in_context(row, current_user(request))
            _record(request, changes.result_list)
        return page

    def show_row(self, request: HttpRequest, redaction: Redaction, /) -> HttpResponse:
        _record(request, [redaction])
        reader = current_user(request)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Redaction in {redaction.version.submission}",
            "opts": self.opts,
            "redaction": redaction,
            "is_lost": redaction.state == RedactionState.LOST,
            "shown": in_context(redaction, reader),
            "why": say_why(redaction),
            "state": say_state(redaction),
            "steps": steps(redaction),
            "address": address_of_text(redaction),
            **what_may_be_done(redaction, reader),
        }
        return TemplateResponse(request, PAGE, context)

    def decide(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Do what the page's form asks; what somebody else did meanwhile is said, and stands."""
        if request.method != "POST":
            return led_to_its_page(request)
        rows = Redaction.objects.select_related("version__submission", "call", "question")
        step = STEPS.get(request.POST.get("do", ""), NOTHING)
        redaction = self.own_row(request, step.needs, rows, pk=pk)
        if not sees_redacted(request.user, redaction.call_id):
            raise PermissionDenied
        words = request.POST.get("words", "").replace("\0", "")
        try:
            step.does(redaction, current_user(request), words)
        except RedactionRefused as refused:
            messages.error(request, f"{refused.message}.{you_wrote(words)}")
        else:
            nudge(write_search_entries, expires=NUDGED_WITHIN)
            messages.success(request, step.said)
        return redirect("admin:review_redaction_change", pk)


def _record(request: HttpRequest, shown: Iterable[Redaction]) -> None:
    responses = ((one.call, one.version.submission) for one in shown)
    record_shown(request, AuditAction.PASSAGES_READ, responses, redactions=True)
