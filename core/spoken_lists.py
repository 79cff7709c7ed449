"""Several names in one sentence of the active language."""

from collections.abc import Iterable

from django.utils.translation import pgettext


def in_a_row(names: Iterable[str]) -> str:
    """Return the names with the comma of the language between them: Arabic writes “،”."""
    return pgettext("between the names of a list", ", ").join(names)
