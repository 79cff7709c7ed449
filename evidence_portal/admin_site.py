"""The admin site of those who have a task there. Others who are signed in get 403."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar, cast

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.admin.exceptions import DisallowedModelAdminToField
from django.contrib.admin.options import TO_FIELD_VAR
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import capfirst
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from accounts import account_mail
from accounts.current_user import current_user
from accounts.rights import is_administrator, may_enter_admin, may_somewhere, narrowed
from accounts.sign_in import SignIn, SignOut
from accounts.states import Action
from backups import reports
from core import clock, clock_check, disk_reserve
from core.broker import broker
from retention import not_deleted
from retention.calendar import calls_that_wait, records_overdue
from review.first_page import calls_today
from submissions.mail.mail_health import late_in_words, mail_health
from submissions.outbox import holding
from submissions.outbox.models import OutboxEmail
from submissions.respondent.typed_when_signed_out import lead_to_sign_in
from submissions.responses.evidence_checks.weekly_check import (
    in_words,
    last_check,
    overdue_in_words,
)
from submissions.responses.models import Attachment, ErasureRequest, Submission
from submissions.responses.scanning import scans_in_words

View = TypeVar("View", bound=Callable[..., HttpResponseBase])

MOST_FAILED_LISTED = 10


class PortalAdminSite(AdminSite):
    site_header = "Evidence portal: project staff"
    site_title = "Evidence portal"
    index_title = "Project staff"
    enable_nav_sidebar = False  # wide lists need its space; the first page has the same links

    def has_permission(self, request: HttpRequest) -> bool:
        return may_enter_admin(request.user)

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Answer 403 to those who are signed in but not staff. Django would ask them to sign in."""
        view_for_staff = super().admin_view(view, cacheable)

        @wraps(view)
        def staff_only(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.path == reverse("admin:logout", current_app=self.name):
                return self.logout(request)
            if request.method == "POST" and not request.user.is_authenticated:
                return lead_to_sign_in(request, at=reverse("admin:login"))
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied
            if request.GET.get(TO_FIELD_VAR) == "" or request.POST.get(TO_FIELD_VAR) == "":
                # Django looks it up, and finds no field without a name.
                raise DisallowedModelAdminToField("an empty field")
            return view_for_staff(request, *args, **kwargs)

        return cast("View", staff_only)

    def login(  # type: ignore[override]  # the stub leaves out the redirect
        self, request: HttpRequest, extra_context: Any = None
    ) -> HttpResponseBase:
        """Sign in on the portal's own page: password, then second factor."""
        if request.method == "GET" and self.has_permission(request):
            return redirect("admin:index")
        return SignIn.as_view()(request)

    def logout(  # type: ignore[override]  # the stub leaves out the redirect
        self, request: HttpRequest, extra_context: Any = None
    ) -> HttpResponseBase:
        return SignOut.as_view()(request)

    def password_change(  # type: ignore[override]  # the stub leaves out the redirect
        self, request: HttpRequest, extra_context: Any = None
    ) -> HttpResponseBase:
        """Lead to the portal's own page for it, which steering members have, too."""
        return redirect("own_password")

    def index(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        """Show the first page: what there is to do, and warnings: late mail, damaged evidence.

        Mails and files count for the reader's own calls. The rest tells of all calls at once, and
        is for administrators.
        """
        reader = request.user
        late, failed, at = "", 0, clock.portal_now()
        if may_somewhere(reader, Action.SEE_MAILS):
            mails = narrowed(OutboxEmail.objects.all(), reader, Action.SEE_MAILS)
            health = mail_health(mails, at=at)
            late, failed = late_in_words(health), health.failed
        held_back = ""
        if may_somewhere(reader, Action.OPEN_FILES):
            files = narrowed(
                Attachment.objects.all(), reader, Action.OPEN_FILES, path="submission__call"
            )
            held_back = capfirst(scans_in_words(files))
        to_erase = narrowed(
            ErasureRequest.objects.to_decide(), reader, Action.DECIDE_ERASURE
        ).exclude(entered_by=reader.pk)
        sees_all = is_administrator(reader)
        check = last_check() if sees_all else None
        shown = {
            "calls_today": calls_today(current_user(request), at=at),
            "late_mail": late,
            "failed_mails": failed,
            "held_mail": holding.held_in_words() if may_somewhere(reader, Action.SEE_MAILS) else "",
            "to_erase": to_erase.count(),
            "erase_by": to_erase.order_by("due_at").values_list("due_at", flat=True).first(),
            "clocks": _clocks_in_words(),
            "evidence_check": check,
            "evidence_words": in_words(check) if check else "",
            "evidence_overdue": overdue_in_words(check, wall_now=clock.wall_now()) if check else "",
            "files_held_back": held_back,
            "calls_to_confirm": calls_that_wait(reader, at=clock.portal_now()),
            "sees_all": sees_all,
        }
        if sees_all:
            backups = reports.problems_in_words(wall_now=clock.wall_now())
            shown["backups"] = [capfirst(line) for line in backups]
            shown["not_deleted"] = capfirst(not_deleted.in_words(at=at))
            shown["account_mails"] = account_mail.failed()[:MOST_FAILED_LISTED]
            shown |= _room_in_words() | {"records_overdue": records_overdue(at=at)}
        return super().index(request, shown | (extra_context or {}))


def _room_in_words() -> dict[str, Any]:
    """Return how many responses were begun within the hour, and how much room files have."""
    since = clock.portal_now() - timedelta(hours=1)
    begun = Submission.objects.filter(started_at__gt=since).count()
    most = settings.DRAFTS_IN_ALL_PER_HOUR
    limit = f", of {most:,} at most" if most else ""
    try:
        is_full, room = not disk_reserve.has_room_for(0), disk_reserve.in_words()
    except OSError as error:
        is_full, room = True, f"The disk of files does not answer ({error.strerror})"
    return {
        "is_full": is_full,
        "room": room,
        "begun": f"Responses begun within the last hour: {begun:,}{limit}",
    }


def _clocks_in_words() -> list[str]:
    """Return a line for each clock that is off: this web process's, the workers', beat's."""
    clocks = {"this server": clock_check.deviation()}
    try:
        with broker() as client:
            clocks |= clock_check.reports(client)
    except (OSError, KombuError, RedisError):
        pass  # /readyz/ tells of it
    said = (clock_check.in_words(off, whose=whose) for whose, off in clocks.items())
    return [capfirst(line) for line in said if line]
