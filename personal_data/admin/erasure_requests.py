"""Requests to erase: the list, the page of one, and deciding about it."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import capfirst

from accounts.asking_again import ask_again
from accounts.call_admin import OfOwnCalls, OwnCallsFilter
from accounts.current_user import current_user
from accounts.identity import text_for
from accounts.rights import may
from accounts.states import Action
from core import clock
from core.admin.read_only import ReadOnlyAdmin
from core.admin.reference_search import SearchedByReference
from core.admin.uk_time import in_uk_time
from core.posted_from import led_to_its_page
from core.spoken_time import say_day
from personal_data.admin import entering, people
from personal_data.admin.forms import RefuseForm
from personal_data.tasks import nudge_erasures
from review.admin.shortening import you_wrote
from submissions.mail.tasks import nudge_mail
from submissions.responses import erasing
from submissions.responses.addresses import NO_ADDRESS
from submissions.responses.errors import ErasureRefused
from submissions.responses.models import ErasureRequest
from submissions.responses.states import ErasureState


@admin.register(ErasureRequest)
class ErasureRequestAdmin(OfOwnCalls, SearchedByReference, ReadOnlyAdmin):
    sees = Action.DECIDE_ERASURE
    nothing_yet = (
        "Nobody has asked to erase anything yet. If somebody asks by letter or telephone, "
        "enter it on the page of their response."
    )
    list_display = ("response", "scope", "stands", "asked", "due", "entered_by", "call")
    list_filter = (("call", OwnCallsFilter), "state", "ground")
    list_select_related = ("submission", "call", "entered_by")
    search_fields = ("submission__reference",)
    search_help_text = "Search by a response's reference"
    ordering = ("-asked_at", "-pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ErasureRequest]:
        return super().get_queryset(request).select_related("submission", "call", "decided_by")

    @admin.display(description="response")
    def response(self, erasure: ErasureRequest) -> str:
        return str(erasure.submission)

    @admin.display(description="state", ordering="state")
    def stands(self, erasure: ErasureRequest) -> str:
        return state_in_words(erasure)

    @admin.display(description="asked (UK time)", ordering="asked_at")
    def asked(self, erasure: ErasureRequest) -> str:
        return _asked_at(erasure)

    @admin.display(description="to be done by", ordering="due_at")
    def due(self, erasure: ErasureRequest) -> str:
        return say_day(erasure.due_at)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        name = "submissions_erasurerequest"
        return [
            path("<int:pk>/approve/", wrap(self.approve), name=f"{name}_approve"),
            path("<int:pk>/refuse/", wrap(self.refuse), name=f"{name}_refuse"),
            *entering.urls(self),
            *people.urls(self),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        finds = people.calls_to_search(request.user).exists()
        return super().changelist_view(request, {**(extra_context or {}), "finds": finds})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the request; there is nothing to post here."""
        if request.method not in {"GET", "HEAD"} or not self.has_view_permission(request):
            raise PermissionDenied
        erasure = self.get_object(request, object_id)
        if erasure is None:
            return self._get_obj_does_not_exist_redirect(  # type: ignore[attr-defined]  # no stub
                request, self.opts, object_id
            )
        return self._page(request, erasure)

    def _page(
        self, request: HttpRequest, erasure: ErasureRequest, form: RefuseForm | None = None
    ) -> HttpResponse:
        person = current_user(request)
        is_open = erasure.state == ErasureState.ASKED and erasure.confirmed_at is not None
        may_decide = may(person, Action.DECIDE_ERASURE, erasure.call_id)
        context = {
            **self.admin_site.each_context(request),
            "title": capfirst(str(erasure)),
            "opts": self.opts,
            "erasure": erasure,
            "reads": may(person, Action.READ_RESPONSES, erasure.call_id),
            "reason": text_for(person, erasure.reason, erasure.call_id),
            "refusal": text_for(person, erasure.refusal, erasure.call_id),
            "state": state_in_words(erasure),
            "due": say_day(erasure.due_at),
            "times": [
                ("Asked for", _asked_at(erasure)),
                ("Confirmed", in_uk_time(erasure.confirmed_at)),
                ("Decided", in_uk_time(erasure.decided_at)),
                ("Erased from the database", in_uk_time(erasure.erased_at)),
                ("Erased everywhere", in_uk_time(erasure.done_at)),
            ],
            "may_decide": may_decide and is_open and erasure.entered_by_id != person.pk,
            "is_own": is_open and erasure.entered_by_id == person.pk,
            "form": form or RefuseForm(),
        }
        return TemplateResponse(request, "admin/submissions/erasurerequest/page.html", context)

    def approve(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Approve the erasure, which the worker carries out within minutes.

        It asks for the password, a code or the passkey again.
        """
        if request.method != "POST":
            return led_to_its_page(request)
        erasure = self.own_row(request, Action.DECIDE_ERASURE, ErasureRequest.objects.all(), pk=pk)
        ask_again(request)
        try:
            with transaction.atomic():
                is_told = bool(erasing.addresses_of(erasure))
                erasing.approve(erasure, by=current_user(request), at=clock.portal_now())
                nudge_erasures()
        except ErasureRefused as refused:
            messages.error(request, refused.message)
        else:
            said = (
                f"{erasure.submission} is being erased. That cannot be undone, and takes minutes."
            )
            if is_told:
                messages.success(request, said)
            else:
                messages.warning(request, f"{said} {NO_ADDRESS}")
        return redirect(reverse("admin:submissions_erasurerequest_change", args=[pk]))

    def refuse(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Refuse the erasure with words for its author."""
        if request.method != "POST":
            return led_to_its_page(request)
        erasure = self.own_row(request, Action.DECIDE_ERASURE, ErasureRequest.objects.all(), pk=pk)
        form = RefuseForm(request.POST)
        if not form.is_valid():
            return self._page(request, erasure, form)
        try:
            with transaction.atomic():
                erasing.refuse(
                    erasure,
                    by=current_user(request),
                    words=form.cleaned_data["words"],
                    at=clock.portal_now(),
                )
                nudge_mail()
        except ErasureRefused as refused:
            typed = you_wrote(form.cleaned_data["words"])
            messages.error(request, f"{refused.message}{typed}")
        else:
            if erasing.is_author_told(erasure):
                messages.success(request, "It is refused. Its author is told by mail.")
            else:
                messages.warning(request, f"It is refused. {NO_ADDRESS}")
        return redirect(reverse("admin:submissions_erasurerequest_change", args=[pk]))


def state_in_words(erasure: ErasureRequest) -> str:
    if erasure.state == ErasureState.ASKED and erasure.confirmed_at is None:
        return "Not confirmed by its author yet"
    return erasure.get_state_display()


def _asked_at(erasure: ErasureRequest) -> str:
    """Say when it was asked for: of what staff entered, the day is all that is known."""
    return say_day(erasure.asked_at) if erasure.entered_by_id else in_uk_time(erasure.asked_at)
