"""Inviting people: for administrators only."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts import invitations
from accounts.admin.asks_again import AsksAgain
from accounts.admin.history import HistoryFromRecord
from accounts.admin.people import SuperusersOnly
from accounts.current_user import current_user
from accounts.errors import AlreadyHere
from accounts.models import Invitation
from accounts.states import AccountMailState, Role
from accounts.tasks import nudge_account_mail
from accounts.usernames import lock_names
from core import clock
from core.admin.columns import uk_time
from core.admin.declared_filters import DeclaredFiltersOnly
from core.admin.lists import ListedWhole

TIMES = (
    uk_time("at", "invited"),
    uk_time("expires_at", "expires"),
    uk_time("used_at", "used"),
)


class InvitationForm(forms.ModelForm):
    class Meta:
        model = Invitation
        fields = ("email", "call", "role", "is_administrator")

    def clean_email(self) -> str:
        address: str = self.cleaned_data["email"]
        lock_names()  # until the invitation is saved
        try:
            invitations.refuse_if_here(address)
        except AlreadyHere as error:
            raise forms.ValidationError(str(error)) from None
        return address

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        given = bool(cleaned.get("call")), bool(cleaned.get("role"))
        if any(given) if cleaned.get("is_administrator") else not all(given):
            # Beside the field, or the database's own rule would be named as well.
            self.add_error(
                "role",
                "Choose a call and a role in it, or tick “Administrator” and choose neither.",
            )
        return cleaned


@admin.register(Invitation)
class InvitationAdmin(
    SuperusersOnly, HistoryFromRecord, AsksAgain, DeclaredFiltersOnly, ListedWhole
):
    """An invitation is sent, or taken back by deleting it. To send another, invite again."""

    form = InvitationForm
    list_display = (
        "email",
        "call",
        "role",
        "invited_by",
        *TIMES,
        "mail",
    )
    list_select_related = ("invited_by", "call")
    list_filter = ()

    @admin.display(description="mail")
    def mail(self, invitation: Invitation) -> str:
        """Say what became of the mail; its row is deleted once it is sent."""
        waiting = list(invitation.mails.all())
        if not waiting:
            return "Sent"
        if waiting[0].state == AccountMailState.FAILED:
            return f"Did not arrive. {waiting[0].last_error}"
        return "Waits to be sent"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invitation]:
        return super().get_queryset(request).prefetch_related("mails")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["invited_by", *TIMES, "mail"] if obj else []

    def on_record(self, row: Invitation) -> Q:
        return Q(detail__invitation=row.pk)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        chosen, wall_now = form.cleaned_data, clock.wall_now()
        email, call = chosen["email"], chosen["call"]
        if ends := invitations.say_what_ends(email, call=call, wall_now=wall_now):
            messages.warning(request, ends)
        made = invitations.invite(
            email=email,
            call=call,
            role=Role(chosen["role"]) if chosen["role"] else None,
            by=current_user(request),
            at=clock.portal_now(),
            wall_now=wall_now,
        )
        obj.__dict__.update(made.__dict__)
        nudge_account_mail()

    def response_add(
        self, request: HttpRequest, obj: Invitation, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Say who is invited: its name is its number, and several may be open."""
        messages.success(
            request,
            f"Invited {obj.email}. The list of invitations says whether the mail was sent.",
        )
        if "_addanother" in request.POST:
            return redirect(request.path)
        return redirect("admin:accounts_invitation_changelist")

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """List the address of the invitation that is about to be taken back."""
        _listed, *rest = super().get_deleted_objects(objs, request)
        return [f"Invitation: {one.email or one}" for one in objs], *rest

    def delete_model(self, request: HttpRequest, obj: Invitation) -> None:
        whose = obj.email or str(obj)
        if invitations.revoke(obj, by=current_user(request), at=clock.portal_now()):
            messages.success(request, f"The invitation is taken back: {whose}.")
        else:
            messages.error(
                request,
                f"{whose} made an account by this invitation: it cannot be taken back. To keep "
                "them out, untick “Active” at their user.",
            )

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: Any) -> HttpResponse:
        return redirect("admin:accounts_invitation_changelist")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}
