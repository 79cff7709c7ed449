"""BROKER_URL in kombu's words; without Django, for health checks that run often."""

import re
from urllib.parse import urlsplit

CHECKS = "ssl_cert_reqs"


def for_kombu(url: str) -> str:
    """Return it with Redis's name of the protocol, which Valkey speaks.

    With TLS the broker's certificate is checked, which kombu does only where it is told to.
    """
    url = re.sub("^valkey", "redis", url)
    query = urlsplit(url).query
    if not url.startswith("rediss:") or f"{CHECKS}=" in query:
        return url
    return f"{url}{'&' if query else '?'}{CHECKS}=required"
