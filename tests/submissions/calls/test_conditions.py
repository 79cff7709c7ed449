import pytest
from hypothesis import given
from hypothesis import strategies as st

from submissions.calls import conditions


@pytest.mark.parametrize(
    ("text", "answers", "result"),
    [
        ("capacity = personal", {"capacity": "personal"}, True),
        ("capacity = personal", {"capacity": "on_behalf_of_org"}, False),
        ("capacity = personal", {}, None),
        ("publication != anonymous", {"publication": "named"}, True),
        ("publication != anonymous", {"publication": "anonymous"}, False),
        ("publication != anonymous", {}, None),
        ("roles contains lived", {"roles": ["small_org", "lived"]}, True),
        ("roles contains lived", {"roles": ["small_org"]}, False),
        ("org_type in charity, cic", {"org_type": "cic"}, True),
        ("org_type in charity, cic", {"org_type": "nhs"}, False),
        ("a = x and b = y", {"a": "x", "b": "y"}, True),
        ("a = x and b = y", {"a": "x"}, None),
        ("a = x and b = y", {"a": "z"}, False),
        ("", {}, True),
    ],
)
def test_condition_is_true_false_or_unknown(text, answers, result):
    assert conditions.holds(text, answers) is result


@pytest.mark.parametrize(
    "text", ["capacity", "= x", "a == b", "a = ", "a = b, c", "a = b and", "A = b", "a = b!", "a ="]
)
def test_condition_that_cannot_be_read_is_refused(text):
    with pytest.raises(ValueError, match="“"):
        conditions.parse(text)


def reading_of(text):
    try:
        return conditions.parse(text)
    except ValueError as error:
        return str(error)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    reading = reading_of(text)
    assert isinstance(reading, conditions.Condition) or reading.startswith("“")
