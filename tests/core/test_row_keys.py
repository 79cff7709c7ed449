import pytest

from core.row_keys import row_key, row_keys


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("7", 7),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, None),
        ("9" * 5000, None),
        ("²", None),
        ("٣", None),
        ("-1", None),
        ("", None),
        ("me", None),
    ],
)
def test_key_is_read_and_anything_else_is_none(written, key):
    assert row_key(written) == key


def test_keys_leave_out_what_is_none():
    assert row_keys(["1", "x", "9" * 30, "2"]) == [1, 2]
