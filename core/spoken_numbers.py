"""Numbers in the active language: what one writes 1,000 is 1.000 in others."""

from django.utils.formats import get_format, number_format


def say_count(number: int, noun: str) -> str:
    """Return in English, for staff, "1 version" or for instance "1,000 versions"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def say_number(number: int) -> str:
    """Return for instance "1,000", grouped as the language does.

    Of Arabic and some others Django knows no grouping: they have that of English, as in browsers.
    """
    if not get_format("NUMBER_GROUPING", use_l10n=True):
        return f"{number:,}"
    return number_format(number, use_l10n=True, force_grouping=True)
