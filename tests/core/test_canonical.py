import hashlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.canonical import canonical_text, digest


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("one\r\ntwo\rthree\nfour", "one\ntwo\nthree\nfour"),
        ("a\r\n\r\nb", "a\n\nb"),
        ("Cafe\u0301", "Café"),
        ("a\u2028b\u2029c", "a\nb\nc"),
        ("  kept  ", "  kept  "),
        ("-1+1", "-1+1"),
    ],
)
def test_canonical_text_is_nfc_with_line_feeds(typed, kept):
    assert canonical_text(typed) == kept


@given(st.text())
def test_canonical_text_is_stable(text):
    once = canonical_text(text)
    assert canonical_text(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert "\r" not in once


def test_digest_is_sha256_of_utf8():
    assert digest("Café") == hashlib.sha256("Café".encode()).hexdigest()
