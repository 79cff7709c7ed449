"""What the page of a response says of the codings of an answer."""

from typing import Any

from django import template

from review.admin.coding_page import CodedAnswer
from review.models import FileText

register = template.Library()


@register.simple_tag(takes_context=True)
def coded_answer(context: dict[str, Any], key: str) -> CodedAnswer | None:
    """Return the answer to the question with its codings; None where none are shown."""
    page = context.get("coding")
    return page.answer(key) if page else None


@register.simple_tag(takes_context=True)
def coded_file(context: dict[str, Any], file_text: FileText) -> CodedAnswer | None:
    """Return what was read of the file with its codings; None where none are shown."""
    page = context.get("coding")
    return page.file(file_text) if page else None
