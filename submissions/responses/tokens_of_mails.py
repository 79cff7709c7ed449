"""Tokens of links that several mails have: each mail that is written makes the same one anew."""

from django.conf import settings
from django.utils.crypto import salted_hmac

from core.canonical import digest


def token_for(salt: str, of: str, *, sha256: str) -> str:
    """Return the token with this digest, of SECRET_KEY or one of before; else that of SECRET_KEY.

    Where SECRET_KEY was changed since the first mail, a link of the new one would lead nowhere.
    """
    tokens = [
        salted_hmac(salt, of, secret=secret, algorithm="sha256").hexdigest()
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ]
    return next((token for token in tokens if digest(token) == sha256), tokens[0])
