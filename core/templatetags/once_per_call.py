"""A part of an email that says the same to everybody who responds to one call."""

from typing import Any

from django import template
from django.template.base import NodeList, Parser, Token
from django.template.context import Context
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()

# Nothing of one person: what this part shows, it shows to all.
SHOWN_TO_ALL = ("call", "portal_url")


class OncePerCall(template.Node):
    """Renders its part once for each call and language, and keeps it in `parts_of_calls`."""

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist

    def render(self, context: Context) -> SafeString:
        parts: dict[Any, SafeString] = context["parts_of_calls"]
        key = (self, context["call"].pk, get_language())
        if key not in parts:
            shown = context.new({name: context[name] for name in SHOWN_TO_ALL})
            parts[key] = self.nodelist.render(shown)
        return parts[key]


@register.tag
def once_per_call(parser: Parser, _token: Token) -> OncePerCall:
    """Render what is inside once for all mails of a call that are rendered together."""
    nodelist = parser.parse(("endonce_per_call",))
    parser.delete_first_token()
    return OncePerCall(nodelist)
