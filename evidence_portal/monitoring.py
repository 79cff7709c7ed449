"""Who may read how the parts of the portal are."""

import secrets
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest

# What a proxy adds to a request that it passes on.
OF_PROXIES = (
    *("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP"),
    *("Forwarded", "Via"),
)


def may_read_parts(request: HttpRequest) -> bool:
    """Return whether it comes from this machine, past no proxy, or has MONITORING_TOKEN."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if settings.MONITORING_TOKEN and scheme.lower() == "bearer":
        return secrets.compare_digest(token.strip().encode(), settings.MONITORING_TOKEN.encode())
    if any(name in request.headers for name in OF_PROXIES):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
