"""“Files for the team”: what a team gets of its own work, and codings."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from accounts.asking_again import ask_again
from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from accounts.rights import may, narrowed
from accounts.states import Action
from core.admin.read_only import ReadOnlyAdmin
from core.disk_reserve import NoRoom
from exports.admin import from_the_list
from exports.models import TeamFiles
from exports.permissions import ExportRefused, may_export_confidential, refuse_unless_permitted
from exports.recording import LONGEST_REASON
from exports.streaming import streamed
from exports.types import Dataset
from review.coding.samples import blind_to
from submissions.calls.models import Call

REFUSED = 422


@admin.register(TeamFiles)
class TeamFilesAdmin(OfOwnCalls, ReadOnlyAdmin):
    sees = Action.CODE
    counted_as = ("call", "calls")
    call_path = "pk"
    list_display = ("title_of_call", "coded")
    list_display_links = None
    search_fields = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[TeamFiles]:
        """Return the calls whose responses the person reads and codes."""
        rows = narrowed(
            super().get_queryset(request), request.user, Action.READ_RESPONSES, path="pk"
        )
        return rows.annotate(number=Count("codes", distinct=True))

    @admin.display(description="call")
    def title_of_call(self, call: Call) -> str:
        address = reverse("admin:exports_teamfiles_page", args=[call.pk])
        return format_html('<a href="{}">{}</a>', address, call.title)

    @admin.display(description="codes")
    def coded(self, call: Any) -> int:
        return call.number

    def get_urls(self) -> list[URLPattern]:
        """Return the list, the page of a call and that of its list: nobody changes a row here."""
        names = "exports_teamfiles"
        listed = self.admin_site.admin_view(self.changelist_view)
        page = self.admin_site.admin_view(self.page)
        return [
            path("", listed, name=f"{names}_changelist"),
            path("<int:pk>/", page, name=f"{names}_page"),
            *from_the_list.urls(self),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the page of the only call; show which there are."""
        if not request.GET and self.has_view_permission(request):
            calls = self.get_queryset(request).values_list("pk", flat=True)[:2]
            if len(calls) == 1:
                return redirect("admin:exports_teamfiles_page", calls[0])
        return super().changelist_view(request, extra_context)

    def page(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Show what there is to take away; send the file that was asked for."""
        call = self.own_row(request, Action.READ_RESPONSES, Call.objects.all(), pk=pk)
        error = ""
        if request.method == "POST":
            try:
                return _file(request, call)
            except (ExportRefused, NoRoom) as refused:
                error = str(refused)
        reader = current_user(request)
        context = {
            **self.admin_site.each_context(request),
            "title": "Files for the team",
            "opts": self.opts,
            "call": call,
            "error": error,
            "has_codebook": call.codes.filter(merged_into=None).exists(),
            "may_export_confidential": may_export_confidential(reader, call),
            "writes_findings": may(reader, Action.WRITE_FINDINGS, call),
            "opens_files": may(reader, Action.OPEN_FILES, call),
            "blind": blind_to(reader).filter(sample__call=call).count(),
            "longest_reason": LONGEST_REASON,
            "given": request.POST,
        }
        status = REFUSED if error else 200
        return TemplateResponse(
            request, "admin/exports/teamfiles/page.html", context, status=status
        )


def _file(request: HttpRequest, call: Call) -> HttpResponseBase:
    """Send the file that was asked for. Raises ExportRefused."""
    by = current_user(request)
    posted = request.POST
    confidential = posted.get("confidential") == "yes"
    reason = posted.get("reason", "").replace("\0", "") if confidential else ""
    if len(reason) > LONGEST_REASON:
        raise ExportRefused(f"Give the reason in {LONGEST_REASON} characters or fewer.")
    dataset = Dataset(call, confidential=confidential, team=True)
    refuse_unless_permitted(dataset, by=by, reason=reason)
    if confidential:
        ask_again(request)
    return streamed(
        request, dataset, posted.get("format", ""), reason=reason, through="page of the team"
    )
