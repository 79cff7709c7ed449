"""The page on which staff withdraw a response because its author asked for it."""

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
from review.admin.listed import CameFrom
from review.admin.shortening import you_wrote
from review.admin.withdrawal_form import WithdrawalForm, withdrawn_already
from submissions.mail.tasks import nudge_mail
from submissions.outbox.states import MailKind
from submissions.responses.addresses import NO_ADDRESS
from submissions.responses.amending import withdraw_on_request
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState


def urls(admin: ModelAdmin) -> list[URLPattern]:
    def page(request: HttpRequest, pk: int) -> HttpResponse:
        return withdraw(request, admin, pk)

    guarded = admin.admin_site.admin_view(page)
    return [path("<int:pk>/withdraw/", guarded, name="submissions_submission_withdraw")]


@transaction.atomic
def withdraw(request: HttpRequest, admin: ModelAdmin, pk: int) -> HttpResponse:
    """Ask how the author asked for it, and withdraw the response. Nobody can undo that.

    The row is locked while a form is judged, so that it is judged by what others saved before.
    """
    refuse_unless_somewhere(request, Action.WITHDRAW)
    own = narrowed(Submission.objects.all(), request.user, Action.WITHDRAW)
    if request.method == "POST":
        # Locked before the rest is read: a join would still have the version before the lock.
        own.select_for_update(no_key=True).filter(pk=pk).first()
    given = own.filter(state__in=[SubmissionState.SUBMITTED, SubmissionState.WITHDRAWN])
    response = get_object_or_404(given.select_related("call", "current_version"), pk=pk)
    here = CameFrom.of(request).page_of(pk)
    if response.state == SubmissionState.WITHDRAWN:
        typed = you_wrote(request.POST.get("reason", ""))
        messages.error(request, withdrawn_already(response) + typed)
        return redirect(here)
    data = request.POST if request.method == "POST" else None
    form = WithdrawalForm(data, version=response.submitted_version)
    if form.is_bound and form.is_valid():
        withdraw_on_request(
            submission=response,
            by=current_user(request),
            reason=form.cleaned_data["reason"],
            at=clock.portal_now(),
        )
        nudge_mail()
        if response.mails.filter(kind=MailKind.WITHDRAWN).exists():
            messages.success(request, f"{response} is withdrawn. Its author is told by mail.")
        else:
            messages.warning(request, f"{response} is withdrawn. {NO_ADDRESS}")
        return redirect(here)
    context = {
        **admin.admin_site.each_context(request),
        "title": f"Withdraw {response}",
        "opts": admin.opts,
        "response": response,
        "page_of_response": here,
        "form": form,
    }
    return TemplateResponse(request, "admin/submissions/submission/withdraw.html", context)
