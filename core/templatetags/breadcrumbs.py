"""Breadcrumbs of Django's admin, in which the last name is no element."""

import re

from django import template

register = template.Library()
BARE_NAME = re.compile(r"(&rsaquo;\s*)([^<\s][^<]*?)(?=\s*<)")


@register.filter(is_safe=True)
def names_apart(breadcrumbs: str) -> str:
    """Return the HTML with an element around each name that has none, for its direction."""
    return BARE_NAME.sub(r"\1<bdi>\2</bdi>", breadcrumbs)
