"""Memberships in the admin: managers keep those of their calls, everybody sees their own."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from accounts import memberships
from accounts.admin.asks_again import AsksAgain
from accounts.admin.history import HistoryFromRecord
from accounts.admin.member_form import MembershipForm
from accounts.call_admin import OfOwnCalls, OwnCallsFilter
from accounts.current_user import current_user
from accounts.models import Membership
from accounts.record import is_about
from accounts.rights import calls_of, is_administrator, may_somewhere, of_calls
from accounts.states import Action
from core import clock
from core.admin.declared_filters import DeclaredFiltersOnly
from core.admin.deletion_conflicts import ConflictCheckedDeletion
from core.admin.lists import ListedWhole

ON_RECORD = (
    "The record has your name, the time, the person's username and what you gave or took away."
)
ENDED_BY_ADMINISTRATORS = (
    "An administrator took rights away from this person here, so only an administrator ends the "
    "membership."
)


@admin.register(Membership)
class MembershipAdmin(
    HistoryFromRecord,
    AsksAgain,
    OfOwnCalls,
    ConflictCheckedDeletion,
    DeclaredFiltersOnly,
    ListedWhole,
):
    sees = Action.SEE_PEOPLE
    form = MembershipForm
    list_display = ("person", "role", "call", "wants_digest")
    list_filter = (("call", OwnCallsFilter), "role")
    list_select_related = ("person", "call")
    search_fields = ("person__username",)
    search_help_text = "Search by a username"

    def on_record(self, row: Membership) -> Q:
        return Q(call=row.call_id) & is_about(row.person)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        """Return the memberships of the reader's calls, and the reader's own."""
        rows = Membership.objects.select_related("person", "call")
        ordered = rows.order_by("call", "person__username")
        if is_administrator(request.user):
            return ordered
        own = Q(person=current_user(request))
        return ordered.filter(of_calls(request.user, self.sees) | own)

    def calls_shown(self, request: HttpRequest) -> QuerySet[Any]:
        calls = super().calls_shown(request)
        return (
            calls
            if is_administrator(request.user)
            else calls.model._default_manager.filter(
                Q(pk__in=calls) | Q(members__person=current_user(request))
            ).distinct()
        )

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_own = obj is None or obj.person_id == request.user.pk
        return is_own or super().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may_somewhere(request.user, Action.MANAGE_PEOPLE)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let people choose their own digest, and managers change what others are."""
        if obj is None or obj.person_id == request.user.pk:
            return True
        return self._may_manage(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is None:
            return may_somewhere(request.user, Action.MANAGE_PEOPLE)
        return memberships.may_end(obj, by=current_user(request))

    def asks_for(self, request: HttpRequest, object_id: str | None) -> bool:
        """Ask before anything but a choice about one's own digest."""
        if object_id is None:
            return self.has_add_permission(request)
        member = self.get_object(request, unquote(object_id))
        return member is not None and self._may_manage(request, member)

    def _may_manage(self, request: HttpRequest, member: Membership) -> bool:
        return memberships.may_manage(
            current_user(request), person=member.person, call=member.call_id
        )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        who = (self._person(request), "call") if obj else ("typed_person", "call")
        beyond = ("may_also", "may_not") if obj else ()
        if is_administrator(request.user):
            beyond = ("also", "without")
        fields = (*who, "role", "wants_digest", *beyond)
        is_managed = obj is not None and self._may_manage(request, obj)
        stays = is_managed and not self.has_delete_permission(request, obj)
        said = f"{ON_RECORD} {ENDED_BY_ADMINISTRATORS}" if stays else ON_RECORD
        return [(None, {"fields": fields, "description": said})]

    @admin.display(description="person")
    def member(self, membership: Membership) -> str:
        return str(membership.person)

    @admin.display(description="may also")
    def may_also(self, membership: Membership) -> str:
        return self._said(membership.also)

    @admin.display(description="may not")
    def may_not(self, membership: Membership) -> str:
        return self._said(membership.without)

    def _said(self, actions: list[str]) -> str:
        """Return the rights in words, one to a line."""
        return "\n".join(Action(one).label for one in actions) or self.get_empty_value_display()

    def _person(self, request: HttpRequest) -> str:
        """Return the field that leads to the person's page, for those who may open it."""
        return "person" if is_administrator(request.user) else "member"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        beyond: tuple[str, ...] = ("also", "without", "may_also", "may_not")
        if is_administrator(request.user):
            beyond = ()
        if obj is None:
            return beyond
        is_managed = self._may_manage(request, obj)
        return (self._person(request), "call", *(() if is_managed else ("role",)), *beyond)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any
    ) -> type[forms.ModelForm]:
        """Return the form for what this reader may set, with the calls that they manage."""
        made: Any = super().get_form(request, obj, change=change, **options)
        calls = calls_of(request.user, Action.MANAGE_PEOPLE)
        return type("OwnMembershipForm", (made,), {"by": current_user(request), "calls": calls})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        by, at = current_user(request), clock.portal_now()
        set_here = {
            name: form.cleaned_data[name]
            for name in ("role", "also", "without", "wants_digest")
            if name in form.cleaned_data
        }
        if change:
            memberships.change(obj, by=by, at=at, **set_here)
            return
        made = memberships.give(person=obj.person, call=obj.call, by=by, at=at, **set_here)
        obj.pk = made.pk

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        memberships.end(obj, by=current_user(request), at=clock.portal_now())
