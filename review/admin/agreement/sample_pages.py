"""What the pages of a sample's agreement have in common: who sees them, and where they are."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from accounts.rights import may
from accounts.states import Action
from review.admin.shortening import you_wrote
from review.agreement.comparing import is_hidden_from
from review.models import CodingSample

HIDDEN = (
    "You still code responses of this sample blind: you see how far the coders agree once you are "
    "done with all of them."
)
View = Callable[..., HttpResponse]


def sample_page(admin: OfOwnCalls, action: Action, view: View) -> Callable[..., HttpResponseBase]:
    """Return the view of a sample for who may do this and codes none of its responses blind."""

    def page(request: HttpRequest, pk: int, **options: Any) -> HttpResponse:
        rows = CodingSample.objects.select_related("call", "closed_by")
        sample = admin.own_row(request, action, rows, pk=pk)
        if is_hidden_from(sample, current_user(request)):
            messages.error(request, HIDDEN + you_wrote(request.POST.get("reason", "")))
            return redirect("admin:review_codingsample_change", pk)
        return view(request, admin, sample, **options)

    return admin.admin_site.admin_view(page)


def show(
    request: HttpRequest,
    admin: OfOwnCalls,
    sample: CodingSample,
    template: str,
    title: str,
    **more: Any,
) -> HttpResponse:
    """Show a page of the sample's agreement; with an error in it, as one that was refused."""
    context = {
        **admin.admin_site.each_context(request),
        "title": title,
        "opts": admin.opts,
        "sample": sample,
        "may_decide": may(request.user, Action.DECIDE_CODINGS, sample.call_id),
        **more,
    }
    page = f"admin/review/codingsample/agreement/{template}.html"
    status = 422 if more.get("error") else 200
    return TemplateResponse(request, page, context, status=status)
