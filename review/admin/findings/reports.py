"""Reports of findings: making one, the list of those that were made, and what changed since."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from accounts.call_admin import OfOwnCalls, OwnCallsFilter, WithOwnPage
from accounts.current_user import current_user
from accounts.record import record
from accounts.rights import narrowed
from accounts.states import Action, AuditAction
from core import clock
from core.admin.read_only import ReadOnlyAdmin
from core.admin.uk_time import in_uk_time
from review.admin.findings.pages import call_page, calls_with_pages, show
from review.coding.samples import to_code_blind
from review.errors import FindingRefused
from review.findings.changes_since_report import what_changed
from review.findings.making import make_report
from review.findings.outline import said_of_reports
from review.findings.report_files import CONTENT_TYPES
from review.findings.snapshot import findings_in_order
from review.models import Finding, ReportRun
from review.states import ReportAudience, ReportFormat
from submissions.calls.models import Call


class ReportForm(forms.Form):
    audience = forms.ChoiceField(
        label="For",
        choices=ReportAudience.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose for whom the report is"},
        help_text="Readers outside get only agreed findings, and only words that may be quoted. Of "
        "confidential responses they get the number, and nothing else.",
    )
    file_format = forms.ChoiceField(
        label="As",
        choices=ReportFormat.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the kind of file"},
    )


@dataclass(frozen=True)
class StoodOn:
    """What a finding of a report stood on: the places of each response by its reference."""

    title: str
    count: str
    responses: list[tuple[str, str]]


@admin.register(ReportRun)
class ReportRunAdmin(WithOwnPage, ReadOnlyAdmin):
    sees = Action.WRITE_FINDINGS
    nothing_yet = (
        "No report was made yet. A report is made of the findings of a call, as they are when "
        "you make it."
    )
    list_display = ("said_name", "call", "audience", "file_format", "made")
    list_filter = (("call", OwnCallsFilter),)
    change_list_template = "admin/review/reportrun/change_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReportRun]:
        """Only of calls whose responses the reader reads: a report says which of them counted."""
        rows = narrowed(super().get_queryset(request), request.user, Action.READ_RESPONSES)
        return rows.select_related("call", "by").defer("snapshot")

    @admin.display(description="report")
    def said_name(self, run: ReportRun) -> str:
        return str(run).capitalize()

    @admin.display(description="made (UK time)", ordering="at")
    def made(self, run: ReportRun) -> str:
        return f"{in_uk_time(run.at)} by {run.by}"

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path(
                "of/<int:pk>/make/",
                call_page(self, Action.WRITE_FINDINGS, make),
                name="review_reportrun_make",
            ),
            path("<int:pk>/changed/", wrap(self.compare), name="review_reportrun_changed"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        calls = self.calls_of_list(request, calls_with_pages(request, Action.WRITE_FINDINGS))
        return super().changelist_view(request, {**(extra_context or {}), "calls": calls})

    def show_row(self, request: HttpRequest, run: ReportRun, /) -> HttpResponse:
        return _page(request, self, run)

    def compare(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what changed since, and put on record that somebody looked."""
        if request.method not in {"GET", "HEAD"}:
            raise PermissionDenied
        rows = narrowed(ReportRun.objects.all(), request.user, Action.READ_RESPONSES)
        rows = rows.select_related("call", "by")
        run = self.own_row(request, self.sees, rows, pk=pk)
        at = clock.portal_now()
        try:
            changed = what_changed(run, reader=current_user(request), at=at)
        except FindingRefused as refused:
            return _page(request, self, run, error=refused.message)
        record(
            by=current_user(request),
            at=at,
            action=AuditAction.REPORT_COMPARED,
            call=run.call,
            report=run.pk,
            differences=len(changed),
        )
        return _page(request, self, run, changed=changed, compared=in_uk_time(at))


def make(request: HttpRequest, report_admin: OfOwnCalls, call: Call) -> HttpResponse:
    """Make a report, and send its file."""
    form = ReportForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        file_format = ReportFormat(form.cleaned_data["file_format"])
        try:
            run, content = make_report(
                call,
                audience=ReportAudience(form.cleaned_data["audience"]),
                file_format=file_format,
                by=current_user(request),
                at=clock.portal_now(),
            )
        except FindingRefused as refused:
            form.add_error(None, f"{refused.message}.")
        else:
            name = f"{call.slug}-findings-{run.pk}.{file_format.value}"
            headers = {"Content-Disposition": f'attachment; filename="{name}"'}
            return HttpResponse(content, content_type=CONTENT_TYPES[file_format], headers=headers)
    return show(
        request,
        report_admin,
        "reportrun/make",
        "Make a report",
        call,
        refused=form.is_bound,
        form=form,
        findings=said_of_reports(call),
    )


def _page(
    request: HttpRequest, report_admin: OfOwnCalls, run: ReportRun, *, error: str = "", **more: Any
) -> HttpResponse:
    reader = current_user(request)
    is_blind = to_code_blind(reader).filter(sample__call=run.call_id).exists()
    titles = {
        str(guid): title
        for guid, title in Finding.objects.filter(call=run.call_id).values_list("guid", "title")
    }
    findings = [] if is_blind else findings_in_order(run.snapshot)
    return show(
        request,
        report_admin,
        "reportrun/page",
        str(run).capitalize(),
        run.call,
        refused=bool(error),
        error=error,
        run=run,
        made=in_uk_time(run.at),
        findings=[
            _stood_on(titles.get(key, key), run.snapshot["findings"][key]) for key in findings
        ],
        is_blind=is_blind,
        **more,
    )


def _stood_on(title: str, finding: Mapping[str, Any]) -> StoodOn:
    responses = [
        (reference, "; ".join(_place(*place) for place in places))
        for reference, places in finding["counted"].items()
    ]
    return StoodOn(title, f"{finding['number']:,} of {finding['of']:,}", responses)


def _place(question: str, file: str, start: int, end: int) -> str:
    return f"{question}{', in a file,' if file else ''} {start} to {end}"
