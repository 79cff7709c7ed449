"""The outbox: the state of each mail, its text as it was sent, and sending it again."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from accounts.call_admin import OfOwnCalls, OwnCallsFilter
from accounts.current_user import current_user
from accounts.identity import may_see_identity, text_for
from accounts.record import record
from accounts.rights import may, may_somewhere, narrowed
from accounts.states import Action, AuditAction
from core import clock
from core.admin.columns import column
from core.admin.read_only import ReadOnlyAdmin
from core.admin.reference_search import SearchedByReference
from core.admin.uk_time import in_uk_time
from core.posted_from import led_to_its_page
from submissions.admin import mail_previews
from submissions.admin.mail_conflicts import (
    lock,
    mail_etag,
    say_conflict,
    say_conflict_in_a_list,
    with_copies,
)
from submissions.mail.errors import ResendRefused
from submissions.mail.mail_health import late_in_words, mail_health
from submissions.mail.resending import (
    may_go_elsewhere,
    send_again,
    send_to_corrected,
)
from submissions.mail.tasks import nudge_mail
from submissions.outbox import holding
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import FINISHED, OutboxState

MOST_SAID = 10  # mails of which the page says one by one that they changed


@admin.register(OutboxEmail)
class OutboxAdmin(OfOwnCalls, SearchedByReference, ReadOnlyAdmin):
    sees = Action.SEE_MAILS
    counted_as = ("mail", "mails")
    list_display = (
        "kind",
        "submission",
        "call",
        "state",
        "attempts",
        "written",
        "next_attempt",
        "sent",
    )
    list_filter = ("state", "kind", ("call", OwnCallsFilter))
    list_select_related = ("submission", "call")
    search_fields = ("submission__reference",)
    search_help_text = "Search by a response's reference"
    ordering = ("-created_at", "-pk")
    actions = ("send_chosen_again",)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Put in the last error, which may quote an address, as the reader may see it."""
        error = column(
            "last_error",
            "last error",
            lambda mail: text_for(request.user, mail.last_error, mail.call_id),
        )
        shown = list(super().get_list_display(request))
        place = shown.index("attempts") + 1
        return [*shown[:place], error, *shown[place:]]

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutboxEmail]:
        return with_copies(super().get_queryset(request)).defer("body")

    @admin.display(description=mark_safe('<input type="checkbox" id="action-toggle">'))
    def action_checkbox(self, mail: OutboxEmail) -> SafeString:
        """The box that chooses the mail, and what the list shows of it."""
        base_etag = format_html(
            '<input type="hidden" name="base_etag_{}" value="{}">', mail.pk, mail_etag(mail)
        )
        return super().action_checkbox(mail) + base_etag

    @admin.display(description="written (UK time)", ordering="created_at")
    def written(self, mail: OutboxEmail) -> str:
        return in_uk_time(mail.created_at)

    @admin.display(description="next try (UK time)", ordering="next_attempt_at")
    def next_attempt(self, mail: OutboxEmail) -> str:
        return in_uk_time(mail.next_attempt_at) if mail.state == OutboxState.WAITING else ""

    @admin.display(description="sent (UK time)", ordering="sent_at")
    def sent(self, mail: OutboxEmail) -> str:
        return in_uk_time(mail.sent_at)

    def get_urls(self) -> list[URLPattern]:
        again = self.admin_site.admin_view(self.send_again)
        correct = self.admin_site.admin_view(self.correct_address)
        return [
            path("<int:pk>/send-again/", again, name="submissions_outboxemail_again"),
            path("<int:pk>/correct/", correct, name="submissions_outboxemail_correct"),
            *mail_previews.urls(self),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        mails = narrowed(OutboxEmail.objects.all(), request.user, self.sees)
        health = mail_health(mails, at=clock.portal_now())
        told = {
            "health": health,
            "late": late_in_words(health),
            "held": holding.held_in_words(),
            "release": holding.RELEASE,
            "oldest_waiting": in_uk_time(health.oldest_waiting),
        }
        return super().changelist_view(request, told | (extra_context or {}))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the mail as it was sent. Who sees its address or its text goes on record."""
        if request.method not in {"GET", "HEAD"} or not self.has_view_permission(request):
            raise PermissionDenied
        mail = self.get_object(request, object_id)
        if mail is None:
            return self._get_obj_does_not_exist_redirect(  # type: ignore[attr-defined]  # no stub
                request, self.opts, object_id
            )
        return self._page(request, mail)

    def _page(self, request: HttpRequest, mail: OutboxEmail, *, typed: str = "") -> HttpResponse:
        shows_text = may_see_identity(request.user, mail.call_id)
        may_send = may(request.user, Action.SEND_MAILS, mail.call_id)
        is_recorded = shows_text and bool(mail.to_address or mail.body)
        if is_recorded:
            record(
                by=current_user(request),
                at=clock.portal_now(),
                action=AuditAction.MAIL_OPENED,
                call=mail.call,
                submission=mail.submission,
                mail=mail.pk,
            )
        context = {
            **self.admin_site.each_context(request),
            "title": f"{mail.get_kind_display()}, {mail.submission or mail.pk}",
            "opts": self.opts,
            "mail": mail,
            "shows_text": shows_text,
            "reads": may(request.user, Action.READ_RESPONSES, mail.call_id),
            "is_recorded": is_recorded,
            "last_error": text_for(request.user, mail.last_error, mail.call_id),
            "times": [
                ("Written", in_uk_time(mail.created_at)),
                ("Next attempt", self.next_attempt(mail)),
                ("Sent", in_uk_time(mail.sent_at)),
            ],
            "may_send_again": may_send and mail.state in FINISHED,
            "may_correct": shows_text
            and may_send
            and mail.state in FINISHED
            and may_go_elsewhere(mail),
            "resends": mail.resends.all(),
            "companions": mail.companions.select_related("submission"),
            "base_etag": mail_etag(mail),
            "typed": typed or mail.to_address,
        }
        return TemplateResponse(request, "admin/submissions/outboxemail/page.html", context)

    @admin.action(description="Send the chosen mails again", permissions=["send"])
    def send_chosen_again(self, request: HttpRequest, chosen: QuerySet[OutboxEmail]) -> None:
        """Queue a copy of each mail that was sent or given up and has no copy yet.

        A mail that changed since the list was shown is left, and the page says what happened.
        """
        # Read at once: where all are chosen, the copies are among them later.
        mails = list(narrowed(chosen, request.user, Action.SEND_MAILS).order_by("pk"))
        again, changed = 0, []
        # Of those on other pages of the list nothing was shown.
        all_pages = request.POST.get("select_across") == "1"
        for mail in mails:
            base_etag = request.POST.get(
                f"base_etag_{mail.pk}", mail_etag(mail) if all_pages else ""
            )
            with suppress(ResendRefused), transaction.atomic():
                lock(mail)
                if base_etag != mail_etag(mail):
                    changed.append(say_conflict_in_a_list(mail, base_etag))
                elif not mail.resends.exists():
                    send_again(mail, by=current_user(request), at=clock.portal_now())
                    again += 1
        if again:
            nudge_mail()
        said = changed[:MOST_SAID]
        for sentence in said:
            messages.error(request, sentence)
        waits = "waits" if again == 1 else "wait"
        summary = f"{again} now {waits} to be sent again."
        if left := len(mails) - again - len(said):
            were_left = "was left as it is" if left == 1 else "were left as they are"
            summary += (
                f" {left} {were_left}: on the way, sent again already, or without an address."
            )
        self.message_user(request, summary, messages.SUCCESS if again else messages.WARNING)

    def has_send_permission(self, request: HttpRequest) -> bool:
        return may_somewhere(request.user, Action.SEND_MAILS)

    def send_again(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Queue a copy of a mail that was sent or given up."""
        if request.method != "POST":
            return led_to_its_page(request)
        mail = self.own_row(request, Action.SEND_MAILS, OutboxEmail.objects.all(), pk=pk)
        return self._resend(
            request, mail, lambda: send_again(mail, by=current_user(request), at=clock.portal_now())
        )

    def correct_address(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Queue the receipt, without a link, for an address that staff who may see them enter."""
        if request.method != "POST":
            return led_to_its_page(request)
        mail = self.own_row(request, Action.SEND_MAILS, OutboxEmail.objects.all(), pk=pk)
        if not may_see_identity(request.user, mail.call_id):
            raise PermissionDenied
        address = request.POST.get("address", "")
        return self._resend(
            request,
            mail,
            lambda: send_to_corrected(
                mail, address=address, by=current_user(request), at=clock.portal_now()
            ),
        )

    def _resend(
        self, request: HttpRequest, mail: OutboxEmail, enqueue: Callable[[], OutboxEmail]
    ) -> HttpResponse:
        try:
            with transaction.atomic():
                lock(mail)
                if request.POST.get("base_etag") != mail_etag(mail):
                    messages.error(request, say_conflict(mail))
                    return self._page(request, mail, typed=request.POST.get("address", ""))
                shown = enqueue()
        except ResendRefused as refused:
            messages.error(request, f"{refused.message}.")
            return self._page(request, mail, typed=request.POST.get("address", ""))
        nudge_mail()
        messages.success(
            request, "A copy of the mail waits to be sent. This page says whether it was."
        )
        return redirect(reverse("admin:submissions_outboxemail_change", args=[shown.pk]))
