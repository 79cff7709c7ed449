"""Tokens for programs: managers see those of their call, and revoke any."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.call_admin import OfOwnCalls, OwnCallsFilter
from accounts.current_user import current_user
from accounts.identity import text_for
from accounts.rights import is_administrator
from accounts.states import Action
from core import clock
from core.admin.columns import column, uk_time
from core.admin.read_only import ReadOnlyAdmin
from exports import tokens
from exports.models import ApiToken

TIMES = {
    "made_at": uk_time("made_at", "made"),
    "last_used_at": uk_time("last_used_at", "last used"),
    "expires_at": uk_time("expires_at", "ends"),
    "revoked_at": uk_time("revoked_at", "revoked"),
}


@admin.register(ApiToken)
class ApiTokenAdmin(OfOwnCalls, ReadOnlyAdmin):
    sees = Action.MANAGE_PEOPLE
    nothing_yet = (
        "No program reads responses. Whoever exports responses makes a token there, for a "
        "program that fetches them."
    )
    list_display = (
        "hint",
        "call",
        "person",
        "name",
        "named",
        "confidential",
        *TIMES.values(),
    )
    list_filter = (("call", OwnCallsFilter),)
    list_select_related = ("call", "person")
    search_fields = ()
    exclude = ("digest", "warned_at")
    actions = ("revoke",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Lead to the person's page where the reader is an administrator, who alone opens it.

        A reason is typed by people, and may have an address in it.
        """
        said = TIMES | {
            "reason": column(
                "reason",
                "reason",
                lambda token: text_for(request.user, token.reason, token.call_id),
            )
        }
        fields = [said.get(str(name), name) for name in super().get_fields(request, obj)]
        leads = is_administrator(request.user)
        return ["whose" if name == "person" and not leads else name for name in fields]

    @admin.display(description="person")
    def whose(self, token: ApiToken) -> str:
        return str(token.person)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @admin.action(description="Revoke the chosen tokens", permissions=["revoke"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[ApiToken]) -> None:
        """End them at once: programs that hold them get nothing from now on."""
        by = current_user(request)
        revoked = sum(
            tokens.revoke(token, by=by, at=clock.portal_now(), wall_now=clock.wall_now())
            for token in chosen
        )
        messages.success(request, f"Revoked: {revoked}.")
