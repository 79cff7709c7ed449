"""Numbers are grouped as the active language does it."""

import pytest
from django.utils import translation

from core.bar_charts import in_words
from core.spoken_numbers import say_number
from exports.recording import say_lost_files


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
        assert in_words(1_000_000, is_few=False) == said
        assert said in say_lost_files(1_000_000)
