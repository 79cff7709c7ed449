"""The statements that every public service publishes: privacy, accessibility, cookies."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core import release, spoken_time, throttling
from core.public_pages import public_page
from submissions.calls.models import Call
from submissions.respondent.browser_session import call_or_404
from submissions.respondent.publication_words import in_privacy_notice
from submissions.respondent.retention_words import in_privacy_notice as kept
from submissions.responses import housekeeping, returning, signposting
from submissions.responses.ending import mails


@require_safe
@public_page()
def privacy(request: HttpRequest) -> HttpResponse:
    """Show the portal's notice with links to the calls' own, or the own notice of a single call."""
    calls = list(Call.objects.order_by("title"))
    if len(calls) == 1 and calls[0].privacy_text:
        return _privacy_page(request, calls, own=calls[0])
    return _privacy_page(request, calls)


@require_safe
@public_page()
def call_privacy(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the notice of one call."""
    call = call_or_404(slug)
    return _privacy_page(request, [call], own=call if call.privacy_text else None, call=call)


def _privacy_page(
    request: HttpRequest, calls: list[Call], own: Call | None = None, call: Call | None = None
) -> HttpResponse:
    context: dict[str, Any] = {
        "call": call,
        "own": own,
        "calls": [one for one in calls if not one.privacy_text],
        "who_sees": [
            (one, " ".join(in_privacy_notice(one))) for one in calls if not one.privacy_text
        ],
        "other_calls": [one for one in calls if one.privacy_text and one != own],
        "contacts": calls,
        "kept": [(one, kept(one)) for one in calls if own is None or one == own],
        "empty_drafts_kept": housekeeping.EMPTY_DRAFTS_KEPT.days,
        "helped_kept": signposting.KEPT // timedelta(hours=1),
        "mail_texts_kept": mails.TEXTS_KEPT.days,
        "links_kept": (max(returning.LASTING) + housekeeping.LINKS_KEPT).days,
        "sessions_kept": _days(settings.SESSION_COOKIE_AGE),
        "tries_minutes": throttling.COUNTED_FOR // 60,
        "mails_hours": throttling.DAY // throttling.HOUR,
    }
    return render(request, "statements/privacy.html", context)


@require_safe
@public_page()
def accessibility(request: HttpRequest) -> HttpResponse:
    """Show the portal's statement with what each call adds."""
    return _accessibility_page(request, list(Call.objects.order_by("title")))


@require_safe
@public_page()
def call_accessibility(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the statement with what this call adds, and with its contact alone."""
    call = call_or_404(slug)
    return _accessibility_page(request, [call], call=call)


def _accessibility_page(
    request: HttpRequest, calls: list[Call], call: Call | None = None
) -> HttpResponse:
    context = {
        "call": call,
        "contacts": calls,
        "additions": [(one, one.accessibility_text) for one in calls if one.accessibility_text],
        "prepared": spoken_time.say_day(release.ACCESSIBILITY_PREPARED),
        "tested": spoken_time.say_day(release.ACCESSIBILITY_TESTED),
    }
    return render(request, "statements/accessibility.html", context)


@require_safe
@public_page()
def cookies(request: HttpRequest) -> HttpResponse:
    """Show which cookies the portal sets, with what each call adds."""
    return _cookies_page(request, list(Call.objects.order_by("title")))


@require_safe
@public_page()
def call_cookies(request: HttpRequest, slug: str) -> HttpResponse:
    call = call_or_404(slug)
    return _cookies_page(request, [call], call=call)


def _cookies_page(
    request: HttpRequest, calls: list[Call], call: Call | None = None
) -> HttpResponse:
    context = {
        "call": call,
        "additions": [(one, one.cookies_text) for one in calls if one.cookies_text],
        "session_cookie": settings.SESSION_COOKIE_NAME,
        "session_days": _days(settings.SESSION_COOKIE_AGE),
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
        "csrf_days": _days(settings.CSRF_COOKIE_AGE),
    }
    return render(request, "statements/cookies.html", context)


def _days(seconds: int) -> int:
    return timedelta(seconds=seconds).days
