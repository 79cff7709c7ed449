"""Which email addresses are valid, and the one form in which each is kept.

`email-validator` decides (RFC 5322 in its common part, IDNA 2008); no name server is asked. The
domain is kept in small letters and in the script that people read: `ada@straße.example`, typed that
way or as `ada@xn--strae-oqa.example`. Mail goes to the second form (`ascii_address`).
"""

import unicodedata
from typing import Any

from django import forms
from django.db import models
from django.utils.translation import gettext_lazy as _
from email_validator import EmailNotValidError, ValidatedEmail, validate_email

from core.errors import PortalError

# What a sentence, a list or a mail program puts around an address. A name may begin with some
# signs that it cannot end with.
OPENING = "\"'`´“”„‘’‚«»‹›<([「『《〈（【［"
CLOSING = ">"
CLOSING_CATEGORIES = {"Po", "Pe", "Pf", "Pi", "Ps", "Sk"}  # punctuation, accents by themselves
LINK = "mailto:"
# Invisible, and of none of Unicode's categories of such.
FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0").union(
    *("\u180b\u180c\u180d", (chr(code) for code in range(0xFE00, 0xFE10)))
)
# They are invisible, and some scripts need them inside a word.
JOINERS = "\u200c\u200d"
LONGEST_DOMAIN_PART = 63  # octets (RFC 1035, 2.3.4)

WRONG_FORMAT = _("Enter an email address in the correct format, like name@example.com")


class AddressRefused(PortalError):
    """No mail can be sent to the address; `message` is a sentence for who typed it."""

    def __init__(self, message: Any) -> None:
        super().__init__("not an email address")
        self.message = message


def clean_address(text: str) -> str:
    """Return the address in the form in which it is kept. Raises AddressRefused."""
    return _read(text).normalized


def ascii_address(text: str) -> str:
    """Return the address as mail servers write it, in ASCII. Raises AddressRefused."""
    return str(_read(text).ascii_email)


def is_address(text: str) -> bool:
    """Return whether mail can be sent there; the settings ask before a word can be translated."""
    return _validated(_without_trimmings(text)) is not None


def same_or_cleaned(text: str) -> str:
    """Return the address in the form in which it is kept, or `text` if it is none."""
    try:
        return clean_address(text)
    except AddressRefused:
        return text


def comparable(address: str) -> str:
    """Return the address as it is compared: capitals make no other one, `ß` and `ss` do."""
    return address.lower()


def _cleaned(typed: str) -> str:
    try:
        return clean_address(typed)
    except AddressRefused as refused:
        raise forms.ValidationError(refused.message, code="invalid") from refused


class AddressField(forms.EmailField):
    """Takes an address in any form that `clean_address` reads, and gives the one that is kept.

    `stands` is an address that the form may leave as it is, whatever it is.
    """

    default_validators = []
    stands = ""

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        return _cleaned(typed) if typed and typed != self.stands else typed


class AddressColumn(models.EmailField):
    """An email address in a table: forms of it, and commands that ask for it, check it."""

    default_validators = []

    def clean(self, value: Any, model_instance: Any) -> Any:
        typed = super().clean(value, model_instance)
        # For a row, a form checked it before, and may leave one that stands.
        return _cleaned(typed) if typed and model_instance is None else typed

    def formfield(self, *args: Any, **options: Any) -> Any:
        return super().formfield(*args, **{"form_class": AddressField, **options})

    def deconstruct(self) -> Any:
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.EmailField", args, options


def _read(text: str) -> ValidatedEmail:
    address = _without_trimmings(text)
    found = _validated(address)
    if found is None:
        raise AddressRefused(_reason(address))
    return found


def _validated(address: str) -> ValidatedEmail | None:
    try:
        return validate_email(address, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        return None


def _without_trimmings(text: str) -> str:
    """Return the text without what nobody sees, and without what stands around an address."""
    seen = "".join(c for c in text if not _is_invisible(c))
    if seen.replace(JOINERS[0], "").replace(JOINERS[1], "").isascii():
        seen = "".join(c for c in seen if c not in JOINERS)
    seen = seen.strip().strip(JOINERS)
    while seen and _may_follow(seen[-1]):
        seen = seen[:-1]
    seen = seen.lstrip(OPENING).lstrip()
    return seen[len(LINK) :] if seen.lower().startswith(LINK) else seen


def _is_invisible(character: str) -> bool:
    """Return whether nobody sees it; white space is seen, and is no part of an address."""
    if character in JOINERS or character.isspace():
        return False
    return character in FILLERS or unicodedata.category(character) in {"Cf", "Cc"}


def _may_follow(character: str) -> bool:
    if character == "@":
        return False
    category = unicodedata.category(character)
    return character in CLOSING or character.isspace() or category in CLOSING_CATEGORIES


def _reason(address: str) -> Any:
    """Return why no mail can be sent to the address, as a sentence."""
    name, at, domain = address.rpartition("@")
    if not at or not name or not domain or "@" in name:
        return WRONG_FORMAT
    if any(c.isspace() for c in address):
        return _("An email address has no spaces in it. Check the address")
    strange = next((c for c in name if not c.isascii()), "")
    if strange:
        return _(
            "Mail cannot be sent to an address with “%(character)s” before the @. "
            "Enter one with plain letters and digits there"
        ) % {"character": strange}
    if _validated(f"{name}@example.org") is None:
        return _("Mail cannot be sent to this address. Check the part before the @")
    strange = next((c for c in domain if not (c in ".-" or c.isalnum() or _joins(c))), "")
    if strange:
        return _(
            "The part of an email address after the @ cannot have “%(character)s” in it. "
            "Check the address"
        ) % {"character": strange}
    if not domain.isascii() and "." in domain:
        return _(
            "“%(domain)s” is not a name that mail can be sent to. Check the part after the @"
        ) % {"domain": domain}
    if len(address) > 254 or any(len(part) > LONGEST_DOMAIN_PART for part in domain.split(".")):
        return _("This email address is too long. Check the address")
    if "." in domain and ".." not in address and not domain.startswith("."):
        return _("Mail cannot be sent to this address. Check the part after the @")
    return WRONG_FORMAT


def _joins(character: str) -> bool:
    return unicodedata.category(character)[0] == "M" or character in JOINERS
