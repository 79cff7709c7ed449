"""A name is found as whole words, where its script has such."""

import pytest

from core.whole_words import has_any


@pytest.mark.parametrize(
    ("written", "name", "is_there"),
    [
        ("Ida's letter", "ida", True),
        ("Nothing is valid again", "ida", False),
        ("A non-profit", "no", False),
        ("GROẞE rang", "grosse", True),
        ("山田さんに電話", "山田", True),
        ("كتب وأحمد رسالة", "أحمد", True),
    ],
)
def test_name_is_whole_words_where_its_script_has_capitals(written, name, is_there):
    assert has_any(written, [name]) is is_there
