import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.references import (
    ALPHABET,
    PREFIX_PATTERN,
    check_character,
    make_reference,
    read_reference,
)

prefixes = st.from_regex(PREFIX_PATTERN, fullmatch=True)
bodies = st.text(ALPHABET, min_size=7, max_size=7)


def code_of(body):
    return body + check_character(body)


@given(prefixes)
def test_made_reference_reads_as_itself(prefix):
    reference = make_reference(prefix)
    assert read_reference(reference) == reference


@given(bodies)
def test_reference_survives_case_spaces_and_misread_letters(body):
    code = code_of(body)
    written = f"RTR-{code[:4]}-{code[4:]}"
    spoken = f" rtr {code.lower().replace('5', 's').replace('v', 'u')} "
    assert read_reference(spoken) == written


def test_marks_that_were_copied_with_a_reference_do_not_matter():
    code = code_of("4K7P9WX")
    written = f"RTR-{code[:4]}-{code[4:]}"
    assert read_reference(f"\u200e\u2066{written}\u2069\u200b\ufeff") == written
    for copied in (f"{written}.", f" “{written}”, ", f"({written})"):
        assert read_reference(copied) == written


@given(bodies, st.integers(0, 7), st.sampled_from(ALPHABET))
def test_every_single_wrong_character_is_found(body, place, other):
    code = code_of(body)
    assume(code[place] != other)
    assert read_reference("RTR" + code[:place] + other + code[place + 1 :]) is None


@given(bodies, st.integers(0, 7), st.integers(0, 7))
def test_every_swap_of_two_characters_is_found(body, one, two):
    code = list(code_of(body))
    assume(code[one] != code[two])
    code[one], code[two] = code[two], code[one]
    assert read_reference("RTR" + "".join(code)) is None


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text):
    found = read_reference(text)
    assert found is None or read_reference(found) == found


def test_long_text_is_refused_as_soon_as_it_is_read():
    """A pattern that begins anew at each full stop takes minutes for these."""
    assert read_reference(f"a{'.' * 200_000}a") is None


@pytest.mark.parametrize("prefix", ["", "R", "rtr", "TOOLONGER", "R1", "RÉ", "RTR\n"])
def test_prefix_of_another_shape_is_refused(prefix):
    with pytest.raises(ValueError, match="2 to 6 capital letters"):
        make_reference(prefix)
