"""Numbers in the active language: what one writes 1,000 is 1.000 in others."""

from django.utils.formats import number_format


def say_number(number: int) -> str:
    """Return for instance "1,000", grouped as the language does, as static/js/portal.js does."""
    return number_format(number, use_l10n=True, force_grouping=True)
