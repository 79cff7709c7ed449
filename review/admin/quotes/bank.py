"""The quote bank in the admin: its list, the page of a quote, and copies, each on record."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.call_admin import OwnCallsFilter, WithOwnPage, refuse_unless_somewhere
from accounts.current_user import current_user
from accounts.models import User
from accounts.rights import calls_of, is_administrator, may, narrowed, of_calls
from accounts.states import Action, AuditAction
from core import clock
from core.admin.read_only import ReadOnlyAdmin
from core.admin.reference_search import SearchedByReference
from core.admin.uk_time import in_uk_time, uk_day
from core.posted_from import led_to_its_page
from core.row_keys import row_key
from review.admin.coding_source import Source, address_of_passage
from review.admin.quotes.filters import (
    CodeFilter,
    MarkedByFilter,
    QuestionFilter,
    QuotingFilter,
    RoleFilter,
    UseFilter,
)
from review.admin.quotes.marking import mark as mark_passages
from review.admin.quotes.marking import take_out
from review.admin.response_filters import chosen_call
from review.admin.shortening import shorten
from review.admin.shown_on_record import record_shown
from review.coding import samples
from review.coding.places_in_text import Passage
from review.errors import QuoteRefused
from review.findings.visible_passages import seen_by as passages_seen_by
from review.models import Coding, Finding, FindingPassage, Quote
from review.quotes.balance import balance_of
from review.quotes.bank_file import export_bank
from review.quotes.citing import copy_quote
from review.quotes.consent import Standing, standing_of_each
from review.quotes.quote_words import (
    codings_within,
    marked,
    seen_by,
    with_responses,
    words_of_each,
)
from review.quotes.roles import RoleWords
from submissions.calls.models import Call

PAGES = "admin/review/quote"
LONGEST = 300  # characters of a quote in the list
MARKED_AT = Coalesce("own_at", "at")  # of a row of `quote_words.seen_by`


@admin.register(Quote)
class QuoteAdmin(WithOwnPage, SearchedByReference, ReadOnlyAdmin):
    sees = Action.READ_RESPONSES
    nothing_yet = (
        "No passage is marked as quotable yet. Mark one where you read its response, or beside "
        "a code."
    )
    list_display = ("said_words", "response", "role", "asked", "marked", "quoting", "copy", "call")
    list_display_links = None
    list_filter = (
        ("call", OwnCallsFilter),
        QuotingFilter,
        CodeFilter,
        RoleFilter,
        QuestionFilter,
        MarkedByFilter,
        UseFilter,
    )
    search_fields = ("version__submission__reference",)
    search_help_text = "The reference of a response"
    change_list_template = f"{PAGES}/change_list.html"

    def get_ordering(self, request: HttpRequest) -> Any:
        return (MARKED_AT.desc(), "-pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Quote]:
        quotes = seen_by(with_responses(super().get_queryset(request)), current_user(request))
        if is_administrator(request.user):
            return quotes
        return quotes.filter(Q(file_text=None) | of_calls(request.user, Action.OPEN_FILES))

    @admin.display(description="quote")
    def said_words(self, quote: Any) -> SafeString:
        address = reverse("admin:review_quote_change", args=[quote.pk])
        said = shorten(quote.said, LONGEST)
        return format_html('<a href="{}" dir="auto">{}</a>', address, said)

    @admin.display(description="response", ordering="version__submission__reference")
    def response(self, quote: Quote) -> str:
        return str(quote.version.submission)

    @admin.display(description="role")
    def role(self, quote: Any) -> str:
        return quote.role

    @admin.display(description="question", ordering="question__position")
    def asked(self, quote: Quote) -> str:
        return quote.question.label + (", in a file" if quote.file_text_id else "")

    @admin.display(description="marked (UK time)", ordering=MARKED_AT)
    def marked(self, quote: Any) -> str:
        return quote.marked

    @admin.display(description="quoting")
    def quoting(self, quote: Any) -> str:
        return say_standing(quote.standing)

    @admin.display(description="copy")
    def copy(self, quote: Any) -> str | SafeString:
        """Offer a copy of what may be quoted: a button of the list's own form."""
        if quote.standing.why_not is not None:
            return "No copy"
        return format_html(
            '<button type="submit" class="button" formaction="{}">Copy'
            '<span class="visually-hidden"> quote {} of {}</span></button>',
            reverse("admin:review_quote_copy", args=[quote.pk]),
            quote.pk,
            quote.version.submission,
        )

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("of/<int:pk>/quotes.csv", wrap(self.csv), name="review_quote_csv"),
            path("mark/<int:pk>/", wrap(self.mark), name="review_quote_mark"),
            path("<int:pk>/copy/", wrap(self.copy_page), name="review_quote_copy"),
            path("<int:pk>/take-out/", wrap(self.take_out), name="review_quote_take_out"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the quotes with their words, on record, and what is one-sided about them."""
        page = super().changelist_view(request, extra_context)
        context = getattr(page, "context_data", None)
        if not isinstance(page, TemplateResponse) or not context or "cl" not in context:
            return page
        changes = context["cl"]
        changes.result_list = rows = list(changes.result_list)
        show_each(rows, current_user(request))
        _record_reading(request, rows)
        calls = self.calls_shown(request)
        call = chosen_call(request, calls)
        context["chosen"] = call
        if call is not None:
            quotes, standing = rows, {one.pk: one.standing for one in rows}
            if len(rows) < changes.result_count:  # the list has several pages
                quotes = list(changes.queryset.order_by())
                standing = standing_of_each(quotes)
            usable = [one for one in quotes if standing[one.pk].why_not is None]
            context["balance"] = balance_of(usable, call)
            context["without_leave"] = len(quotes) - len(usable)
        context["calls_to_export"] = [
            one for one in self.calls_of_list(request, calls) if may(request.user, Action.CODE, one)
        ]
        return page

    def show_row(self, request: HttpRequest, quote: Any, /) -> HttpResponse:
        """Show the quote with all that leads back to it. Reading it goes on record."""
        reader = current_user(request)
        show_each([quote], reader)
        _record_reading(request, [quote])
        codings = samples.seen_by(codings_within(quote), reader)
        in_findings = passages_seen_by(FindingPassage.objects.filter(quote=quote), reader)
        response = quote.version.submission
        context = {
            **self.admin_site.each_context(request),
            "title": f"Quote {quote.pk} of {response}",
            "opts": self.opts,
            "quote": quote,
            "response": response,
            "address": address_of_passage(quote),
            "also": _also_marked(quote, reader),
            "said": say_standing(quote.standing),
            "codes": sorted(set(codings.values_list("code__pk", "code__name"))),
            "findings": Finding.objects.filter(passages__in=in_findings).distinct(),
            "may_take_out": may(request.user, Action.CODE, quote.call_id),
        }
        return TemplateResponse(request, f"{PAGES}/page.html", context)

    def copy_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the quote to be copied out of a field, which goes on record."""
        if request.method != "POST":
            return led_to_its_page(request)
        quote = self.own_row_if_there(request, self.sees, self.get_queryset(request), pk=pk)
        if quote is None:
            return _gone(request)
        try:
            citation = copy_quote(quote, by=current_user(request), at=clock.portal_now())
        except QuoteRefused as refused:
            messages.error(request, f"{refused.message}.")
            return redirect("admin:review_quote_change", pk)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Copy quote {pk}",
            "opts": self.opts,
            "quote": quote,
            "citation": citation,
        }
        return TemplateResponse(request, f"{PAGES}/copy.html", context)

    def mark(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Mark the passage of a coding, and lead back to the passages of its code."""
        if request.method != "POST":
            return redirect("admin:review_quote_changelist")
        refuse_unless_somewhere(request, Action.CODE)
        if not Coding.objects.filter(pk=pk).exists():
            messages.error(request, "This coding is gone already.")
            return redirect("admin:review_code_changelist")
        codings = narrowed(Coding.objects.all(), request.user, Action.CODE, path="code__call")
        coding = get_object_or_404(
            samples.seen_by(codings, current_user(request)).select_related(
                "version__submission", "question", "file_text"
            ),
            pk=pk,
        )
        try:
            said = mark_passages(
                request,
                coding.version,
                Source(coding.question, "", coding.file_text),
                [Passage(coding.start, coding.end)],
            )
        except QuoteRefused as refused:
            messages.error(request, f"{refused.message}.")
        else:
            messages.success(request, said)
        number = row_key(request.POST.get("p", "")) or 1
        passages = reverse("admin:review_code_passages", args=[coding.code_id])
        return redirect(f"{passages}?p={number}#passage-{pk}")

    def take_out(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method != "POST":
            return led_to_its_page(request)
        quote = self.own_row_if_there(request, Action.CODE, self.get_queryset(request), pk=pk)
        if quote is None:
            return _gone(request)
        try:
            said = take_out(request, quote)
        except QuoteRefused as refused:
            messages.error(request, f"{refused.message}.")
            return redirect("admin:review_quote_change", pk)
        messages.success(request, said)
        return redirect("admin:review_quote_changelist")

    def csv(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send what may be quoted of the call as CSV, on record."""
        if request.method != "GET":
            raise PermissionDenied
        refuse_unless_somewhere(request, Action.CODE)
        coded = calls_of(request.user, Action.CODE)
        readable = narrowed(coded, request.user, Action.READ_RESPONSES, path="pk")
        call: Call = get_object_or_404(readable, pk=pk)
        at = clock.portal_now()
        answer = HttpResponse(
            export_bank(call, by=current_user(request), at=at),
            content_type="text/csv; charset=utf-8; header=present",
        )
        name = f"{call.slug}-quotes-{uk_day(at)}.csv"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer


def _gone(request: HttpRequest) -> HttpResponse:
    messages.error(request, "This quote is not in the quote bank any more.")
    return redirect("admin:review_quote_changelist")


def show_each(quotes: Sequence[Any], reader: User) -> None:
    """Give each quote what the pages say of it: `said`, `role`, `marked` and `standing`."""
    standing, words = standing_of_each(quotes), words_of_each(quotes)
    roles: dict[int, RoleWords] = {}
    for one in quotes:
        of_call = roles.setdefault(one.call_id, RoleWords(one.call))
        response = one.version.submission
        one.said, one.standing = words[one.pk], standing[one.pk]
        one.role = of_call.of(response.submitted_version)
        by, at = marked(one, reader)
        one.marked = f"{in_uk_time(at)} by {by}"


def say_standing(standing: Standing) -> str:
    """Say whether it may be quoted, and what a later version made of it."""
    said = "May be quoted"
    if standing.why_not is not None:
        said = f"Cannot be quoted: {standing.why_not}"
    if (later := standing.later) is None:
        return said
    has = "has these words, too" if later.has_words else "does not have these words"
    return f"{said}. The quote is of an earlier version; version {later.number} {has}"


def _also_marked(quote: Quote, reader: User) -> list[str]:
    """Return who else marked it blind; nobody for a reader who does not see what others marked."""
    if samples.codes_blind(reader, quote.version.submission):
        return []
    return [str(one.by) for one in quote.blind_marks.select_related("by")]


def _record_reading(request: HttpRequest, quotes: Sequence[Quote]) -> None:
    responses = ((one.call, one.version.submission) for one in quotes)
    record_shown(request, AuditAction.PASSAGES_READ, responses, quotes=True)
