"""What the page of a response says of the codings of an answer."""

from typing import Any

from django import template

from review.admin.coding_page import CodedAnswer

register = template.Library()


@register.simple_tag(takes_context=True)
def coded_answer(context: dict[str, Any], key: str) -> CodedAnswer | None:
    """Return the answer to the question with its codings; None where none are shown."""
    page = context.get("coding")
    return page.answer(key) if page else None
