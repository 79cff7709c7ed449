import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.accent import DARK_GROUND, LIGHT_GROUND, accent_rules, contrast, on_colour, readable_on

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21), ("#777777", "#ffffff", 4.48), ("#14576b", "#14576b", 1)],
)
def test_contrast_is_that_of_wcag(one, other, ratio):
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01)


def test_readable_colour_is_left_alone():
    assert readable_on("#14576b", LIGHT_GROUND) == "#14576b"


@given(colours)
def test_every_colour_becomes_readable_on_both_grounds_and_under_its_text(colour):
    rules = accent_rules(colour)
    day, night = re.findall(r"--accent:(#[0-9a-f]{6});--on-accent:(#[0-9a-f]{6})", rules)
    for (accent, text), ground in ((day, LIGHT_GROUND), (night, DARK_GROUND)):
        assert contrast(accent, ground) >= 4.5
        assert contrast(accent, text) >= 4.5
        assert text == on_colour(accent)
