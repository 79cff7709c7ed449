"""Numbers are grouped as the active language does it."""

import pytest
from django.utils import translation

from core.spoken_numbers import say_number


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en-gb", "1,000,000"),
        ("cy", "1,000,000"),
        ("ar", "1,000,000"),
        ("de", "1.000.000"),
        ("fr", "1\xa0000\xa0000"),
    ],
)
def test_number_is_grouped_as_the_language_does(language, said):
    with translation.override(language):
        assert say_number(1_000_000) == said
        assert say_number(12) == "12"
