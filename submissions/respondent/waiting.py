"""What a page says to somebody who has to wait before they try again."""

from datetime import timedelta

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def minutes_of(wait: timedelta) -> int:
    """Return the whole minutes after which the wait is over."""
    return -(wait // timedelta(minutes=-1))


def say_tried_often(wait: timedelta) -> str:
    return _("You have tried too often. %(when)s") % {"when": say_when(wait)}


def say_when(wait: timedelta) -> str:
    """Return "Try again in 12 minutes"."""
    minutes = minutes_of(wait)
    said = ngettext("Try again in %(minutes)s minute", "Try again in %(minutes)s minutes", minutes)
    return said % {"minutes": minutes}


def retry_after(response: HttpResponse, wait: timedelta) -> HttpResponse:
    """Tell programs too when to try again (RFC 9110, 10.2.3)."""
    response["Retry-After"] = str(minutes_of(wait) * 60)
    return response
