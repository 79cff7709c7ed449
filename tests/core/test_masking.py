"""What takes an email address out of a text."""

import pytest

from core.masking import mask_addresses


@pytest.mark.parametrize(
    "address",
    [
        "ada@example.org",
        "Ada.Byron+tag@sub.example.org",
        "o'brien@example.org",
        "jürgen@straße.example",
        "ada@localhost",
        "ada＠example.org",
        "ada%40example.org",
        "ada @ example.org",
        '"ada byron"@example.org',
    ],
)
@pytest.mark.parametrize("around", ["{}", "from <{}> by mail", "mailto:{}", "“{}”, again", "({})"])
def test_address_is_masked_however_it_is_written(address, around):
    masked = mask_addresses(around.format(address))
    assert masked == around.format("[address]")


@pytest.mark.parametrize(
    "text", ["", "By phone on 30 July.", "at 5 for 40% of them", "2 @", "@home", "100%"]
)
def test_text_without_an_address_stays(text):
    assert mask_addresses(text) == text
