"""Calls: what they say and when they close. Wording is fixed once there are answers."""

from typing import Any, Protocol

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse, reverse_lazy
from django.utils.functional import lazy
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.admin.history import HistoryFromRecord
from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from accounts.identity import text_for
from accounts.record import record
from accounts.rights import may
from accounts.states import Action, AuditAction
from core import arrival, clock, clock_check
from core.admin.declared_filters import DeclaredFiltersOnly
from core.admin.edit_conflicts import ConflictCheckedAdmin
from core.admin.lists import ListedWhole
from core.spoken_numbers import say_count
from submissions.admin import page_previews
from submissions.admin.closing_time_form import ClosingTimeForm
from submissions.admin.load_page import load_page
from submissions.admin.wording_forms import CallForm
from submissions.admin.wording_inlines import QuestionInline, RoleInline, SectionInline
from submissions.calls.models import Call
from submissions.definitions.closing_times import change_closing_time
from submissions.definitions.errors import ClosingTimeRefused
from submissions.definitions.writing import written
from submissions.mail.closing_report import closing_report
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState


class WithCounts(Protocol):
    """A call with what `get_queryset` adds.

    `has_responses`: anybody has begun to answer, so that the questions may no longer change.
    """

    has_responses: bool
    number_submitted: int
    number_drafts: int


@admin.register(Call)
class CallAdmin(
    HistoryFromRecord, OfOwnCalls, ConflictCheckedAdmin, DeclaredFiltersOnly, ListedWhole
):
    """Calls are made from their definition files, here or by manage.py load_call."""

    sees = Action.SEE_CALL
    changes = Action.CHANGE_CALL
    call_path = "pk"
    form = CallForm
    list_display = ("title", "slug", "opens_in_words", "closes_in_words", "submitted", "drafts")
    inlines = (RoleInline, SectionInline, QuestionInline)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "title",
                    "partners_in_words",
                    "opens_in_words",
                    "closing_time",
                    "counts",
                    "more",
                    "slug",
                    "reference_prefix",
                    "timezone",
                    "language",
                ),
                "description": "The record has your name, the time and the names of the fields "
                "that you change, without their words.",
            },
        ),
        (
            "What its page says",
            {"fields": ("summary", "about", "what_happens_next"), "classes": ("collapse",)},
        ),
        (
            "Whom to ask",
            {
                "fields": (
                    "contact_name",
                    "contact_email",
                    "contact_phone",
                    "help_text",
                    "have_ready",
                ),
                "classes": ("collapse",),
            },
        ),
        (
            "By telephone and by post",
            {
                "fields": ("evidence_phone", "evidence_phone_hours", "evidence_address"),
                "description": lazy(format_html, SafeString)(
                    "What you leave empty is not offered. Its pages, reminders and question sheets "
                    "say what you enter. What comes so is entered under "
                    '<a href="{}">Entered responses</a>.',
                    reverse_lazy("admin:submissions_entry_changelist"),
                ),
                "classes": ("collapse",),
            },
        ),
        (
            "Its own statements",
            {
                "fields": (
                    "privacy_text",
                    "accessibility_text",
                    "cookies_text",
                    "withdrawal_text",
                ),
                "classes": ("collapse",),
            },
        ),
    )
    readonly_fields = (
        "slug",
        "title",
        "partners_in_words",
        "opens_in_words",
        "closing_time",
        "counts",
        "more",
        "reference_prefix",
        "timezone",
        "language",
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the parts of the page; who only reads it is led to nothing that refuses them."""
        if self.has_change_permission(request, obj):
            return self.fieldsets
        return [
            (
                title,
                {
                    "fields": [
                        "closes_in_words" if name == "closing_time" else name
                        for name in part["fields"]
                    ],
                    "classes": part.get("classes", ()),
                },
            )
            for title, part in self.fieldsets
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Call]:
        return (
            super()
            .get_queryset(request)
            .annotate(
                has_responses=Exists(Submission.objects.filter(call=OuterRef("pk"))),
                number_submitted=Count(
                    "submissions", filter=Q(submissions__state=SubmissionState.SUBMITTED)
                ),
                number_drafts=Count(
                    "submissions", filter=Q(submissions__state=SubmissionState.DRAFT)
                ),
            )
        )

    @admin.display(description="partners")
    def partners_in_words(self, call: Call) -> str:
        return ", ".join(call.partners)

    @admin.display(description="opens")
    def opens_in_words(self, call: Call) -> str:
        return call.opens_in_words

    @admin.display(description="closes")
    def closes_in_words(self, call: Call) -> str:
        return call.closes_in_words

    @admin.display(description="submitted responses")
    def submitted(self, call: WithCounts) -> int:
        return call.number_submitted

    @admin.display(description="drafts")
    def drafts(self, call: WithCounts) -> int:
        return call.number_drafts

    @admin.display(description="responses")
    def counts(self, call: WithCounts) -> str:
        return f"{call.number_submitted:,} submitted, {say_count(call.number_drafts, 'draft')}"

    @admin.display(description="closes")
    def closing_time(self, call: Call) -> str:
        address = reverse("admin:submissions_call_closing_time", args=[call.pk])
        return format_html(
            '{} <a href="{}">Change the closing time</a>', call.closes_in_words, address
        )

    @admin.display(description="more about it")
    def more(self, call: Call) -> str:
        said = {
            "closing_report": "How the call stands",
            "pages": "Its pages as respondents see them",
            "definition": "Its definition as it is now (.toml)",
        }
        links = [
            (reverse(f"admin:submissions_call_{name}", args=[call.pk]), words)
            for name, words in said.items()
        ]
        return format_html_join(" · ", '<a href="{}">{}</a>', links)

    def view_on_site(self, call: Call) -> str:
        """Return the address of the call's public page."""
        return reverse("call", args=[call.slug])

    def on_record(self, row: Call) -> Q:
        about_itself = (
            AuditAction.CALL_LOADED,
            AuditAction.CALL_CHANGED,
            AuditAction.RETENTION_CONFIRMED,
            AuditAction.DATA_ENDED,
            AuditAction.RECORD_ENDED,
        )
        return Q(call=row, action__in=about_itself)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Put the names of the changed fields on record, without their old and new values."""
        super().save_related(request, form, formsets, change)
        changed = list(form.changed_data)
        for formset in formsets:
            for row, names in formset.changed_objects:
                changed += [f"{row._meta.model_name} {row.key}: {name}" for name in names]
        if changed:
            record(
                by=current_user(request),
                at=clock.portal_now(),
                action=AuditAction.CALL_CHANGED,
                call=form.instance,
                fields=changed,
            )

    def get_urls(self) -> list[URLPattern]:
        closing = self.admin_site.admin_view(self.change_closing_time)
        report = self.admin_site.admin_view(self.closing_report)
        load = self.admin_site.admin_view(self.load)
        return [
            path("load/", load, name="submissions_call_load"),
            path(
                "<int:pk>/definition.toml",
                self.admin_site.admin_view(self.definition),
                name="submissions_call_definition",
            ),
            path("<int:pk>/closing-time/", closing, name="submissions_call_closing_time"),
            path("<int:pk>/closing-report/", report, name="submissions_call_closing_report"),
            *page_previews.urls(self),
            *super().get_urls(),
        ]

    def load(self, request: HttpRequest) -> HttpResponse:
        return load_page(request, self)

    def definition(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Return the call's definition as a file, with what staff have changed."""
        call = self.own_row(request, Action.SEE_CALL, Call.objects.all(), pk=pk)
        response = HttpResponse(written(call), content_type="application/toml; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{call.slug}.toml"'
        return response

    def closing_report(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what was received, what is unfinished, and each change of the closing time."""
        call = self.own_row(request, Action.SEE_CALL, Call.objects.all(), pk=pk)
        now = clock.portal_now()
        context = {
            **self.admin_site.each_context(request),
            "title": "Closing report",
            "opts": self.opts,
            "call": call,
            "is_closed": call.has_closed_at(now),
            "may_grow": call.closes_at <= now < call.closes_at + arrival.LONGEST,
            "report": closing_report(call, at=now),
            "reads": may(request.user, Action.READ_RESPONSES, call),
            "sees_mails": may(request.user, Action.SEE_MAILS, call),
            "changes": [
                (change, text_for(request.user, change.reason, call))
                for change in call.closing_changes.select_related("by")
            ],
        }
        template = "admin/submissions/call/closing_report.html"
        return TemplateResponse(request, template, context)

    def change_closing_time(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask for a new closing time and a reason, and set it."""
        call = self.own_row(request, Action.CHANGE_CALL, Call.objects.all(), pk=pk)
        form = ClosingTimeForm(request.POST or None, call=call)
        if request.method == "POST" and form.is_valid() and self._close_at(request, call, form):
            return redirect(reverse("admin:submissions_call_change", args=[pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": "Change the closing time",
            "opts": self.opts,
            "call": call,
            "form": form,
            "is_closed": call.has_closed_at(clock.portal_now()),
        }
        template = "admin/submissions/call/closing_time.html"
        return TemplateResponse(request, template, context)

    def _close_at(self, request: HttpRequest, call: Call, form: forms.Form) -> bool:
        try:
            changed = change_closing_time(
                call,
                to=form.cleaned_data["moment"],
                reason=form.cleaned_data["reason"],
                by=current_user(request),
                at=clock_check.corrected(clock.portal_now()),
            )
        except ClosingTimeRefused as refused:
            form.add_error(None, refused.message)
            return False
        messages.success(request, f"The call now closes at {changed.closes_in_words}.")
        return True
