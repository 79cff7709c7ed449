"""Late passes: the list with who gave each and why, giving one, revoking one."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from accounts.call_admin import OfOwnCalls, OwnCallsFilter, refuse_unless_somewhere
from accounts.current_user import current_user
from accounts.identity import may_see_identity, text_for
from accounts.record import record
from accounts.rights import calls_of, is_administrator, may
from accounts.states import Action, AuditAction
from core import clock, clock_check
from core.addresses import AddressField
from core.admin.columns import column, uk_time
from core.admin.read_only import ReadOnlyAdmin
from core.references import read_reference
from core.several_lines import SeveralLines
from core.time_limits import later
from submissions.admin.local_moment_form import LocalMomentForm
from submissions.calls.models import Call
from submissions.mail.tasks import nudge_mail
from submissions.responses import late_passes
from submissions.responses.errors import LatePassRefused
from submissions.responses.models import LatePass, Submission

GIVEN = uk_time("given_at", "given")
EXPIRES = uk_time("expires_at", "expires")
SEEN_ON_RECORD = "That you saw this address is on record, with your name and the time."


class LatePassForm(LocalMomentForm):
    address = AddressField(
        label="Email address",
        required=False,
        help_text=(
            "For somebody who has not submitted. We send a link there that works once. It "
            "starts a response, or opens the draft that is open in their browser."
        ),
    )
    reference = forms.CharField(
        label="Reference",
        required=False,
        help_text=(
            "For a response that was submitted: enter its reference, and no address. The author "
            "can change it once more, in the browser where it is open, or anywhere after asking "
            "for a link. We tell them by email if they gave an address. You do not see the "
            "address, and the mail has no link that opens the response."
        ),
    )
    reason = SeveralLines(
        label="Reason",
        max_length=500,
        help_text="It goes on record with your name. Leave out names of others.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    field_order = ("address", "reference", "day", "time", "reason")

    def __init__(self, data: Mapping[str, Any] | None = None, *, call: Call) -> None:
        self.call = call
        end = later(max(call.closes_at, clock.portal_now()), timedelta(days=2))
        super().__init__(data, call=call, at_first=end.replace(second=0))
        self.fields["time"].help_text += " The pass works until just before this moment."

    def clean_reference(self) -> Submission | None:
        typed = self.cleaned_data["reference"]
        if not typed:
            return None
        reference = read_reference(typed)
        if reference is None:  # a draft has none either
            raise forms.ValidationError("This is not a reference. Check each character.")
        found = Submission.objects.filter(call=self.call, reference=reference).first()
        if found is None:
            raise forms.ValidationError("There is no response of this call with that reference.")
        return found


@admin.register(LatePass)
class LatePassAdmin(OfOwnCalls, ReadOnlyAdmin):
    sees = Action.SEE_LATE_PASSES
    nothing_yet = (
        "No late pass was given yet. A pass lets one response be submitted once after its call "
        "has closed."
    )
    list_display = ("__str__", "call", "response", "state", "given_by", GIVEN, EXPIRES)
    list_filter = (("call", OwnCallsFilter),)
    list_select_related = ("call", "submission", "given_by")
    change_list_template = "admin/submissions/latepass/change_list.html"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """The address and the reason as the reader may see them, and links that open for them."""
        gives = may(request.user, Action.GIVE_LATE_PASSES, obj and obj.call_id)
        return [
            "call",
            "response",
            column("address", "address", lambda late_pass: _address_for(request, late_pass)),
            column("reason", "reason", lambda late_pass: _reason_for(request, late_pass)),
            "given_by" if is_administrator(request.user) else "giver",
            GIVEN,
            EXPIRES,
            "state",
            uk_time("used_at", "used"),
            uk_time("revoked_at", "taken back"),
            *(["revoke_link"] if gives else []),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return self.get_fields(request, obj)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        said = {"description": SEEN_ON_RECORD} if obj and _shows_address(request, obj) else {}
        return [(None, {"fields": self.get_fields(request, obj), **said})]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        """Show the pass. Who sees its address goes on record: it may say who answered."""
        _put_on_record(request, context["original"])
        return super().render_change_form(request, context, *args, **options)

    @admin.display(description="given by")
    def giver(self, late_pass: LatePass) -> str:
        return str(late_pass.given_by)

    @admin.display(description="response")
    def response(self, late_pass: LatePass) -> str:
        return str(late_pass.submission) if late_pass.submission else "not taken up yet"

    @admin.display(description="state")
    def state(self, late_pass: LatePass) -> str:
        if late_pass.used_at:
            return "Used"
        if late_pass.revoked_at:
            return "Taken back"
        return "Open" if clock.portal_now() < late_pass.expires_at else "Expired"

    @admin.display(description="take back")
    def revoke_link(self, late_pass: LatePass) -> str:
        if self.state(late_pass) != "Open":
            return "–"
        address = reverse("admin:submissions_latepass_revoke", args=[late_pass.pk])
        return format_html('<a href="{}">Take this pass back</a>', address)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("give/<int:pk>/", view(self.give), name="submissions_latepass_give"),
            path("<int:pk>/take-back/", view(self.revoke), name="submissions_latepass_revoke"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        calls = self.calls_of_list(request, calls_of(request.user, Action.GIVE_LATE_PASSES))
        return super().changelist_view(request, {**(extra_context or {}), "calls": calls})

    def give(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Give somebody a late pass for the call. Its mail goes out at once."""
        refuse_unless_somewhere(request, Action.GIVE_LATE_PASSES)
        call = get_object_or_404(calls_of(request.user, Action.GIVE_LATE_PASSES), pk=pk)
        form = LatePassForm(request.POST or None, call=call)
        if request.method == "POST" and form.is_valid() and self._give(request, call, form):
            return redirect("admin:submissions_latepass_changelist")
        is_closed = call.has_closed_at(clock.portal_now())
        return self._form_page(
            request, "Give a late pass", call=call, form=form, is_closed=is_closed
        )

    def _give(self, request: HttpRequest, call: Call, form: LatePassForm) -> bool:
        try:
            late_pass = late_passes.give(
                call=call,
                address=form.cleaned_data["address"],
                submission=form.cleaned_data["reference"],
                reason=form.cleaned_data["reason"],
                expires_at=form.cleaned_data["moment"],
                by=current_user(request),
                at=clock_check.corrected(clock.portal_now()),
            )
        except LatePassRefused as refused:
            form.add_error(None, refused.message)
            return False
        nudge_mail()
        response = late_pass.submission
        occasion = late_passes.occasion_of(late_pass)
        told = response is None or response.mails.filter(occasion=occasion).exists()
        if told:
            messages.success(request, "The pass is on its way. The outbox shows when it is sent.")
        else:
            messages.warning(
                request,
                "The pass is given. The response has no email address: its author finds the extra "
                "time where the response is open.",
            )
        return True

    def revoke(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask whether to take the pass back, and take it back."""
        with transaction.atomic():
            # Locked while a post is judged: nobody takes the pass up meanwhile.
            passes = LatePass.objects.all()
            if request.method == "POST":
                passes = passes.select_for_update()
            late_pass = self.own_row(request, Action.GIVE_LATE_PASSES, passes, pk=pk)
            return self._revoke(request, late_pass)

    def _revoke(self, request: HttpRequest, late_pass: LatePass) -> HttpResponse:
        page = redirect("admin:submissions_latepass_change", late_pass.pk)
        if late_pass.revoked_at:
            messages.error(request, late_passes.say_revoked(late_pass))
            return page
        response = self.response(late_pass)
        base_etag = request.POST.get("base_etag")
        if request.method == "POST" and base_etag == response:
            try:
                late_passes.revoke(late_pass, by=current_user(request), at=clock.portal_now())
                messages.success(request, "The pass does not work any more.")
            except LatePassRefused as refused:
                messages.error(request, refused.message)
            return page
        if request.method == "POST":
            messages.error(
                request,
                "The response of this pass changed while this page was open: it had "
                f"“{base_etag or ''}”, and it is “{response}” now. Take the pass back again if you "
                "still want to.",
            )
        _put_on_record(request, late_pass)
        return self._form_page(
            request,
            "Take this late pass back?",
            late_pass=late_pass,
            seen_on_record=SEEN_ON_RECORD if _shows_address(request, late_pass) else "",
            address=_address_for(request, late_pass),
            reason=_reason_for(request, late_pass),
            response=response,
        )

    def _form_page(self, request: HttpRequest, title: str, **context: Any) -> HttpResponse:
        context |= {**self.admin_site.each_context(request), "title": title, "opts": self.opts}
        return TemplateResponse(request, "admin/submissions/latepass/form.html", context)


def _shows_address(request: HttpRequest, late_pass: LatePass) -> bool:
    return bool(late_pass.address) and may_see_identity(request.user, late_pass.call_id)


def _put_on_record(request: HttpRequest, late_pass: LatePass) -> None:
    """Record that the reader sees the address of the pass, if they do."""
    if _shows_address(request, late_pass):
        record(
            by=current_user(request),
            at=clock.portal_now(),
            action=AuditAction.LATE_PASS_OPENED,
            call=late_pass.call,
            submission=late_pass.submission,
            late_pass=late_pass.pk,
        )


def _address_for(request: HttpRequest, late_pass: LatePass) -> str:
    if not may_see_identity(request.user, late_pass.call_id):
        return "Only staff who may see who answered can read it."
    return late_pass.address or "–"


def _reason_for(request: HttpRequest, late_pass: LatePass) -> str:
    return text_for(request.user, late_pass.reason, late_pass.call_id)
