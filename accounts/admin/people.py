"""Users, for superusers only: what they may do, their memberships say."""

from contextlib import suppress
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join

from accounts import administrators, tries
from accounts.account_mail import enqueue, failed, tell
from accounts.admin.asks_again import AsksAgain
from accounts.admin.history import HistoryFromRecord
from accounts.admin.password_form import ConflictCheckedPasswordForm
from accounts.asking_again import ask_before
from accounts.current_user import current_user
from accounts.models import SignIn, User
from accounts.record import is_about, naming, record
from accounts.signed_in import sign_in_of
from accounts.states import AccountMailKind, AuditAction
from accounts.tasks import nudge_account_mail
from accounts.usernames import lock_names, whose_address
from core import clock
from core.addresses import AddressField, comparable, is_address
from core.admin.declared_filters import DeclaredFiltersOnly
from core.admin.deletion_conflicts import ConflictCheckedDeletion
from core.admin.edit_conflicts import ConflictCheckedForm
from core.admin.lists import ListedWhole
from core.admin.uk_time import in_uk_time

# What is noted to have changed; of the username from what, of the last two to what.
ON_RECORD = ("username", "email", "first_name", "last_name", "is_active", "is_superuser")


PERSONAL = "Personal info"
RIGHTS = "What they may do"
TOLD_OF_ADDRESS = (
    "If you change it, a mail tells the address that stands here now, and an account of your "
    "organisation that signs in here is linked by the new address next time."
)


class SuperusersOnly:
    """Pages that open to superusers only, whatever permissions somebody was given."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser


class PortalUserForm(ConflictCheckedForm, UserChangeForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Those of a rehearsal's sign-ins are of a domain that no mail reaches.
        email = self.fields.get("email")
        if isinstance(email, AddressField):
            email.stands = self.instance.email
            email.help_text = TOLD_OF_ADDRESS

    def clean_username(self) -> str:
        """Refuse a name that differs from another in capitals only, as when a user is added."""
        username: str = self.cleaned_data["username"]
        others = User.objects.exclude(pk=self.instance.pk)
        if "username" in self.changed_data and others.filter(username__iexact=username).exists():
            raise self.instance.unique_error_message(User, ["username"])
        return username

    def clean(self) -> dict[str, Any] | None:
        """Keep the last administrator, and each address one person's.

        `PortalUserAdmin` has locked all administrators: of two at once, one waits here.
        """
        cleaned = super().clean()
        email = self.cleaned_data.get("email")  # None if it was refused
        if self.instance.pk is not None and administrators.is_last(self.instance):
            for name in ("is_active", "is_superuser"):
                if name in self.changed_data:
                    self.add_error(name, administrators.LAST_ONE)
            # Without a password, the address is what a provider knows them by.
            is_emptied = email == "" and "email" in self.changed_data
            if is_emptied and not self.instance.has_usable_password():
                self.add_error("email", administrators.LAST_ONE)
        self._refuse_address_of_another(email)
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        """Leave a username that stands as it is: of an invitation it is any address."""
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]  # no stub
        return excluded if "username" in self.changed_data else excluded | {"username"}

    def _refuse_address_of_another(self, email: str | None) -> None:
        """Refuse an address that somebody has, unless both had it before: 1.0.0 took it."""
        is_back = "is_active" in self.changed_data and self.cleaned_data.get("is_active")
        if not email or not ("email" in self.changed_data or is_back):
            return
        other = whose_address(email, except_of=self.instance)
        if other is not None:
            self.add_error(
                "email",
                f"{other.get_username()} has this address. An address leads to one person: change "
                "it there first.",
            )


class PortalUserAdmin(
    SuperusersOnly,
    HistoryFromRecord,
    AsksAgain,
    ConflictCheckedDeletion,
    DeclaredFiltersOnly,
    ListedWhole,
    UserAdmin,
):
    form = PortalUserForm
    change_password_form = ConflictCheckedPasswordForm
    change_user_password_template = "admin/accounts/user/set_password.html"  # noqa: S105 - a path
    readonly_fields = ("signed_in", "joined")
    list_display = ("username", "email", "is_active", "is_superuser", "signed_in")
    list_filter = ("is_superuser", "is_active")
    filter_horizontal = ()
    # Neither Django's groups and permissions nor its “staff status” give a right here.
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (PERSONAL, {"fields": ("first_name", "last_name", "email")}),
        (
            RIGHTS,
            {
                "fields": ("is_active", "is_superuser"),
                "description": "A superuser is an administrator of the portal and may do "
                "everything in every call. Anyone else needs a membership of each call.",
            },
        ),
        ("Important dates", {"fields": ("signed_in", "joined")}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Say beside the address that a mail did not arrive, and why the last one keeps rights."""
        said: dict[Any, str] = {}
        if obj is not None:
            said = {PERSONAL: _undelivered(obj), RIGHTS: _why_kept(obj)}
        return [
            (title, {**options, "description": said[title]} if said.get(title) else options)
            for title, options in super().get_fieldsets(request, obj)
        ]

    @admin.display(description="last signed in (UK time)", ordering="last_login")
    def signed_in(self, user: User) -> str:
        return in_uk_time(user.last_login)

    @admin.display(description="account made (UK time)", ordering="date_joined")
    def joined(self, user: User) -> str:
        return in_uk_time(user.date_joined)

    def on_record(self, row: User) -> Q:
        """What others did to this user, and what its person changed about signing in."""
        own = (
            AuditAction.PASSWORD_CHANGED,
            AuditAction.SECOND_FACTOR_SET_UP,
            AuditAction.SECOND_FACTOR_REMOVED,
            AuditAction.INVITATION_ACCEPTED,
        )
        return is_about(row) | Q(actor=row, action__in=own)

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        asks = ask_before(request) if request.user.is_superuser else None
        return super().add_view(request, *args, **kwargs) if asks is None else asks

    def _lock(self, object_id: str | None) -> None:
        """Lock names and the administrators as well, in one order.

        Two may take each other's rights, or give one name or address to two people.
        """
        lock_names()
        if object_id is None:
            return
        with suppress(ValidationError):
            administrators.lock(with_user=User._meta.pk.to_python(unquote(object_id)))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_allowed = super().has_delete_permission(request, obj)
        return is_allowed and (obj is None or not administrators.is_last(obj))

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        _refuse_unless_still_administrator(request)
        before = User.objects.filter(pk=obj.pk).values(*ON_RECORD).first() or {}
        super().save_model(request, obj, form, change)
        changed = [name for name in ON_RECORD if before.get(name) != getattr(obj, name)]
        said = {name: getattr(obj, name) for name in changed if name.startswith("is_")}
        if change and "username" in changed:
            said["before"] = before["username"]
        if change and comparable(before["email"]) != comparable(obj.email):
            said |= self._follow_address(request, obj, before=before["email"])
        _record(request, AuditAction.PERSON_CHANGED, obj, changed=changed, **said)

    def _follow_address(self, request: HttpRequest, user: User, *, before: str) -> dict[str, Any]:
        """Do what a changed address calls for; return what of it goes on record.

        The old address is told. What an organisation's account was linked by is gone, so that the
        link ends, and with it the sign-ins that it may have made.
        """
        failed().filter(to_address__iexact=before).delete()
        if before:
            enqueue(AccountMailKind.ADDRESS_CHANGED, to=before, at=clock.wall_now())
            nudge_account_mail()
        if is_address(before):
            messages.info(request, f"A mail tells {before} that the address changed.")
        if not SocialAccount.objects.filter(user=user).delete()[0]:
            return {}
        mine = sign_in_of(request)
        SignIn.objects.filter(user=user).exclude(pk=mine.pk if mine else 0).delete()
        messages.info(
            request,
            "The account of their organisation is no longer linked. It is again once they sign in "
            "with it under the new address.",
        )
        return {"unlinked": True}

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        _refuse_unless_still_administrator(request)
        _record(request, AuditAction.PERSON_CHANGED, obj, deleted=True)
        super().delete_model(request, obj)

    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002 - Django's name
        form_url: str = "",
    ) -> HttpResponse:
        """Set a password, unless somebody set another while the page was open; tell its person.

        The row is locked, as the whole row is written: no other change of it is taken back. Django
        also leads on where it saved nothing: of two presses that contradict each other.
        """
        asks = ask_before(request) if request.user.is_superuser else None
        if asks is not None:
            return asks
        with transaction.atomic():
            if request.method == "POST":
                self._lock(id)
                _refuse_unless_still_administrator(request)
            before = self.get_object(request, unquote(id))
            answer = super().user_change_password(request, id, form_url)
            person = self.get_object(request, unquote(id))
            if before and person and person.password != before.password:
                _record(request, AuditAction.PASSWORD_CHANGED, person)
                # Wrong tries of the password before keep nobody waiting with this one.
                tries.went_right(account=tries.of_account("password", person.get_username()))
                tell(person, AccountMailKind.PASSWORD_CHANGED, at=clock.wall_now())
                nudge_account_mail()
            return answer


def _refuse_unless_still_administrator(request: HttpRequest) -> None:
    """Raise PermissionDenied for whose rights another took while this request waited."""
    if not administrators.is_still_one(current_user(request)):
        raise PermissionDenied


def _record(request: HttpRequest, action: AuditAction, person: User, **detail: Any) -> None:
    record(
        by=current_user(request),
        at=clock.portal_now(),
        action=action,
        **naming(person),
        **detail,
    )


def _undelivered(user: User) -> str:
    """Return which mails did not arrive at the user's address lately, as HTML."""
    mails = failed().filter(to_address__iexact=user.email) if user.email else []
    return format_html_join(
        " ", "{}: it did not arrive. {}", ((m.get_kind_display(), m.last_error) for m in mails)
    )


def _why_kept(user: User) -> str:
    return administrators.THE_ONLY_ONE if administrators.is_last(user) else ""


admin.site.unregister(Group)
admin.site.register(User, PortalUserAdmin)
