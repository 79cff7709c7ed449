"""A preview of each kind of mail: the words of a call around a sample response."""

import re
from base64 import b64encode
from hashlib import sha256

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from accounts.rights import calls_of
from accounts.states import Action
from core.addresses import AddressRefused
from submissions.calls.models import Call
from submissions.mail.rendering import RenderedMail
from submissions.mail.samples import render_sample
from submissions.mail.sending import CONTACT_REFUSED
from submissions.outbox.states import MailKind

# The policy of every page, with frames allowed.
WITH_FRAMES = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


def urls(admin: ModelAdmin) -> list[URLPattern]:
    guarded = admin.admin_site.admin_view

    def listing(request: HttpRequest) -> HttpResponse:
        return previews(request, admin)

    def page(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
        return as_html(request, admin, slug, kind)

    return [
        path("previews/", guarded(listing), name="submissions_outboxemail_previews"),
        path(
            "previews/<slug:slug>/<slug:kind>/",
            xframe_options_sameorigin(guarded(page)),
            name="submissions_outboxemail_preview",
        ),
    ]


@require_safe
def previews(request: HttpRequest, admin: ModelAdmin) -> HttpResponse:
    """Show the text of each kind, and its HTML in a frame where nothing runs."""
    if not admin.has_view_permission(request):
        raise PermissionDenied
    calls = calls_of(request.user, Action.SEE_MAILS)
    slug = request.GET.get("call") or calls.values_list("slug", flat=True).first()
    call = get_object_or_404(calls, slug=slug) if slug else None
    context = {
        **admin.admin_site.each_context(request),
        "title": "Each kind of mail",
        "opts": admin.opts,
        "call": call,
        "calls": calls,
        "samples": _samples(request, call) if call else [],
    }
    template = "admin/submissions/outboxemail/previews.html"
    response = TemplateResponse(request, template, context)
    response.headers["Content-Security-Policy"] = WITH_FRAMES
    return response


def _samples(request: HttpRequest, call: Call) -> list[tuple[MailKind, RenderedMail]]:
    """Return each kind as it would read; none, with the reason, if no mail could be written."""
    try:
        return [(kind, render_sample(kind, call)) for kind in MailKind]
    except AddressRefused:
        messages.error(request, CONTACT_REFUSED)
        return []


@require_safe
def as_html(request: HttpRequest, admin: ModelAdmin, slug: str, kind: str) -> HttpResponse:
    """Return the HTML of one sample, under a policy that allows its own style and nothing else."""
    if not admin.has_view_permission(request):
        raise PermissionDenied
    if kind not in MailKind.values:
        raise Http404
    call = get_object_or_404(calls_of(request.user, Action.SEE_MAILS), slug=slug)
    try:
        page = render_sample(MailKind(kind), call).html
    except AddressRefused:
        raise Http404 from None
    response = HttpResponse(page)
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src {_digest_of_style(page)}; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'self'; sandbox"
    )
    return response


def _digest_of_style(page: str) -> str:
    """Return the style's hash for a style-src directive (CSP level 3, 2.3.1)."""
    style = re.search(r"<style>(.*?)</style>", page, flags=re.DOTALL)
    if style is None:
        return "'none'"
    return f"'sha256-{b64encode(sha256(style[1].encode()).digest()).decode()}'"
