"""What the pages of one's own account need of templates."""

import json
from typing import Any

from django import template
from fido2.utils import websafe_encode

register = template.Library()


@register.filter
def as_json(options: Any) -> str:
    """Return what WebAuthn asks a browser for, bytes as base64url, for an attribute."""
    return json.dumps(_plain(options))


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return websafe_encode(value)
    if isinstance(value, dict) or hasattr(value, "items"):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    return value
