"""The page on which staff enter a request to erase that an author made to them."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from accounts.call_admin import refuse_unless_somewhere
from accounts.current_user import current_user
from accounts.rights import narrowed
from accounts.states import Action
from core import clock
from core.spoken_time import UK
from personal_data.admin.forms import EnterForm
from submissions.mail.tasks import nudge_mail
from submissions.responses import erasing
from submissions.responses.errors import ErasureRefused
from submissions.responses.models import Submission


def urls(admin: ModelAdmin) -> list[URLPattern]:
    def page(request: HttpRequest, pk: int) -> HttpResponse:
        return enter(request, admin, pk)

    guarded = admin.admin_site.admin_view(page)
    return [path("of/<int:pk>/", guarded, name="submissions_erasurerequest_enter")]


def enter(request: HttpRequest, admin: ModelAdmin, pk: int) -> HttpResponse:
    """Ask what is to be erased and how its author asked; somebody else decides."""
    refuse_unless_somewhere(request, Action.ENTER_ERASURE)
    own = narrowed(Submission.objects.all(), request.user, Action.ENTER_ERASURE)
    response = get_object_or_404(own.select_related("call"), pk=pk)
    now = clock.portal_now()
    form = EnterForm(
        request.POST if request.method == "POST" else None,
        initial={"asked_on": now.astimezone(ZoneInfo(UK)).date()},
    )
    if form.is_bound and form.is_valid():
        begins = datetime.combine(form.cleaned_data["asked_on"], time(), ZoneInfo(UK))
        try:
            with transaction.atomic():
                entered = erasing.enter(
                    submission=response,
                    scope=form.cleaned_data["scope"],
                    reason=form.cleaned_data["reason"],
                    asked_at=begins,
                    by=current_user(request),
                    at=now,
                )
                nudge_mail()
        except ErasureRefused as refused:
            form.add_error(None, refused.message)
        else:
            messages.success(request, "It is entered. Another member has to approve it.")
            return redirect("admin:submissions_erasurerequest_change", entered.pk)
    context = {
        **admin.admin_site.each_context(request),
        "title": f"Erase {response}",
        "opts": admin.opts,
        "response": response,
        "form": form,
    }
    return TemplateResponse(request, "admin/submissions/erasurerequest/enter.html", context)
