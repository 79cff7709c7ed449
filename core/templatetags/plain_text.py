"""Filters for plain text in pages and emails."""

import re

from django import template
from django.template.defaultfilters import stringfilter, urlize
from django.utils.html import format_html_join
from django.utils.text import normalize_newlines

from core import direction

register = template.Library()
WITH_ADDRESS = re.compile(r"(?<!\S)(\S*(?:https?://|@)\S*)", re.IGNORECASE)


@register.filter
@stringfilter
def underlined(heading: str) -> str:
    """Return the heading of a plain text, with a line of hyphens of its length below it."""
    return f"{heading}\n{'-' * len(heading)}"


@register.filter
@stringfilter
def paragraphs(text: str) -> str:
    """Return the text with one empty line between paragraphs, whatever ends its lines."""
    parts = normalize_newlines(text).split("\n\n")
    return "\n\n".join(part.strip() for part in parts if part.strip())


@register.filter
@stringfilter
def linked(text: str) -> str:
    """Return what the people of a call wrote with its web and email addresses as links.

    Unlike Django's `urlize` it leaves alone what is no whole address, such as `call.org`.
    """
    if "://" not in text and "@" not in text:  # most texts, on pages that many open
        return text
    parts = WITH_ADDRESS.split(text)
    return format_html_join("", "{}", ((urlize(p) if n % 2 else p,) for n, p in enumerate(parts)))


@register.filter
@stringfilter
def from_left(text: str) -> str:
    """Return a number or a code that a language read from the right leaves in its order."""
    return direction.from_left(text)


@register.filter
@stringfilter
def isolated(name: str) -> str:
    """Return a name that keeps its order between words that are read from the other side."""
    return direction.isolated(name)


@register.filter(is_safe=True)
@stringfilter
def names_apart(text: str) -> str:
    """Return the text with each `{name}` apart from the words of a language read from the right."""
    return text.replace("{name}", direction.isolated("{name}"))
