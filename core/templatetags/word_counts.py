"""What the script says beside a text, in every plural that the page's language has."""

import json
from collections import Counter
from functools import cache

from django import template
from django.utils.translation import get_language, ngettext

register = template.Library()

# Gettext's rules go by a number below 200 or by its last two digits: the rest is as 100 to 199.
NUMBERS = range(200)


@register.simple_tag
def words_left() -> str:
    """Return JSON: the forms, and for each number of words one digit that says which it takes.

    The form that most numbers take is the first; its digits are left out at the end.
    """
    return _in_language(get_language(), too_many=False)


@register.simple_tag
def words_over() -> str:
    """Return the same for words that are too many."""
    return _in_language(get_language(), too_many=True)


@cache
def _in_language(_language: str | None, *, too_many: bool) -> str:
    said = [_over(number) if too_many else _left(number) for number in NUMBERS]
    forms = [form for form, _times in Counter(said).most_common()]
    places = "".join(str(forms.index(form)) for form in said).rstrip("0")
    return json.dumps([forms, places], ensure_ascii=False, separators=(",", ":"))


def _left(number: int) -> str:
    return ngettext("{n} word left", "{n} words left", number)


def _over(number: int) -> str:
    return ngettext("{n} word too many", "{n} words too many", number)
