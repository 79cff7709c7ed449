"""Pictures of codes in templates."""

from typing import Any

from django import template

from review.admin.code_lines import colour_of, pattern_of
from review.models import Code

register = template.Library()


@register.inclusion_tag("admin/review/code/swatch.html")
def swatch(code: Code) -> dict[str, Any]:
    """Draw the line of the code, with its words for those who do not see it."""
    return {"pattern": pattern_of(code), "colour": colour_of(code)}
