"""Typesetting of this folder's Typst templates, which share the look of page.typ."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import get_language

from core import typesetting

FOLDER = Path(__file__).parent
# Documents name a language with a country, and Django some languages with a script (RFC 5646, 2.2).
COUNTRY_OF_SCRIPT = {"hans": "CN", "hant": "TW", "latn": "RS"}


def language_and_country() -> tuple[str, str]:
    """Return the codes of the active language and of a country: ISO 639, and ISO 3166-1 alpha-2."""
    language, _hyphen, rest = (get_language() or settings.LANGUAGE_CODE).lower().partition("-")
    if len(rest) == 2:
        return language, rest.upper()
    return language, COUNTRY_OF_SCRIPT.get(rest, "GB")


def typeset(template: str, data: dict[str, Any]) -> bytes:
    """Return the tagged PDF that `template`, a file of this folder, makes of `data`."""
    look, page = ((FOLDER / name).read_text(encoding="utf-8") for name in ("page.typ", template))
    return typesetting.pdf(look + page, data)
