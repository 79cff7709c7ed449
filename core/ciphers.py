"""Encrypting with a key that follows from SECRET_KEY."""

import base64

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac


def cipher(salt: str) -> MultiFernet:
    """Return what encrypts with SECRET_KEY, and decrypts what a key of before encrypted."""
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    keys = [salted_hmac(salt, "", secret=one, algorithm="sha256").digest() for one in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])
