"""Quoted-printable as RFC 2045 has it, whatever somebody wrote."""

import quopri

import pytest
from django.core.mail.message import utf8_charset_qp

from submissions.mail.quoted_printable import LONGEST_LINE, QUOTED_PRINTABLE


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("Zoë = 1\n\n.\nFrom me\n\ttab\t\nspace \nend", id="everything special"),
        pytest.param("ŷ" * 300, id="letters of two bytes"),
        pytest.param("x" * 2000, id="a long line"),
        pytest.param("x" * 75 + " \ny", id="a space at the end of a full line"),
        pytest.param("\x0c\x85\u2028", id="rare line ends"),
        pytest.param(
            "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), id="pseudo-bytes"
        ),
    ],
)
def test_body_is_decoded_to_what_was_encoded(text):
    encoded = QUOTED_PRINTABLE.body_encode(text)
    assert quopri.decodestring(encoded) == text.encode()
    assert max(map(len, encoded.split("\n"))) <= LONGEST_LINE
    assert encoded.isascii()
    assert QUOTED_PRINTABLE.body_encode(text.encode()) == encoded


def test_charset_is_named_as_djangos():
    assert str(QUOTED_PRINTABLE) == str(utf8_charset_qp)
    assert QUOTED_PRINTABLE.get_body_encoding() == "quoted-printable"
