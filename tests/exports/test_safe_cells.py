"""The neutralising rule, and its twin in SQL held equal to it on a real PostgreSQL."""

import csv
import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.safe_cells import (
    SQL_PARAMETERS,
    WHITE_SPACE,
    as_before,
    neutralise,
    neutralise_for_reading,
    neutralised_sql,
)
from exports.types import Query
from exports.writers.csv_file import CopiedRows

TEXT = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
RISKY = st.text(st.sampled_from(WHITE_SPACE + "=+-@\uff0d\uff1d\uff0b\uff20;|\"'a1"), max_size=8)


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\tx",
        "\rx",
        " =1",
        "\u00a0=1",
        "\u3000@x",
        "\ufeff=1",
        "\u200b+x",
        " \t1",
        "-",
        "\uff1d1+1",
        " \uff0b1",
        "\uff0d1",
        "\uff20SUM(A1)",
    ],
)
def test_cell_that_a_spreadsheet_runs_gets_an_apostrophe(cell):
    assert neutralise(cell) == f"'{cell}"


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "a=1",
        "'=1",
        "1-1",
        " a\t",
        "text\r",
        "(=1)",
        "\n",
        " ",
        "£-1",
        "\u2212 1",
        "a\nb",
        "a; b",
    ],
)
def test_any_other_cell_stays_as_it_is(cell):
    assert neutralise(cell) == cell


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("a;=1+1", "a;'=1+1"),
        ("a\t+1", "a\t'+1"),
        ("a|-1", "a|'-1"),
        ("a\n@x", "a\n'@x"),
        ("a\r=1", "a\r'=1"),
        ("a; \uff1d1", "a;' \uff1d1"),
        ('a;"=1+1"', 'a;\'"=1+1"'),
        ("- one\n- two;=three", "'- one\n'- two;'=three"),
        ("\n\n=1", "'\n\n'=1"),
        ("a;;=1", "a;;'=1"),
    ],
)
def test_formula_after_a_sign_at_which_a_locale_splits_gets_an_apostrophe(cell, written):
    assert neutralise(cell) == written


@pytest.mark.parametrize("separator", [";", "\t", "|", ",", "\n"])
@given(text=RISKY | st.text(max_size=20))
def test_no_part_of_a_written_row_runs_wherever_a_spreadsheet_splits_it(separator, text):
    """A reader that splits at another sign than the comma does not see the quotes."""
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\r\n").writerow(["ref", f"a{text}", "b"])
    csv.writer(file, lineterminator="\r\n").writerow(["ref", neutralise(f"a{text}"), "b"])
    _as_given, line = file.getvalue().split("\r\nref", 1)
    if separator == ",":
        cells = next(csv.reader(io.StringIO(f"ref{line}", newline="")))
    else:
        cells = re.split(f"[\r\n{re.escape(separator)}]", line)
    runs = re.compile(f'[{re.escape(WHITE_SPACE)}"]*[-=+@\uff0d\uff1d\uff0b\uff20]').match
    assert [cell for cell in cells if runs(cell)] == []


def in_sql(cells):
    """The cells as COPY writes them into a row each, after a reference."""
    cell = neutralised_sql("cell")
    given = "unnest(%(cells)s) WITH ORDINALITY AS given(cell, n)"
    select = f"SELECT 'ref', {cell} FROM {given} ORDER BY n"
    query = Query(select, SQL_PARAMETERS | {"cells": cells})
    written = b"".join(CopiedRows(query, lambda rows: None)).decode()
    return [cell for _ref, cell in csv.reader(io.StringIO(written, newline=""))]


@pytest.mark.django_db
def test_every_character_is_judged_alike_by_python_and_postgresql():
    # Between are Chinese characters and Korean syllables, and surrogates.
    characters = [chr(n) for n in (*range(1, 0x3500), *range(0xD700, 0xD800))]
    characters += [chr(n) for n in range(0xE000, 0x11000)]
    for cells in (
        characters,
        [f"{c}=" for c in characters],
        [f"a{c}=" for c in characters],
        [f"a;{c}1" for c in characters],
        [f"a;{c}=" for c in characters],
    ):
        assert in_sql(cells) == [neutralise(cell) for cell in cells]


@pytest.mark.django_db
@settings(max_examples=40, deadline=None)
@given(st.lists(RISKY | st.text(TEXT, max_size=20), min_size=1, max_size=50))
def test_cells_out_of_postgresql_equal_those_out_of_python(cells):
    assert in_sql(cells) == [neutralise(cell) for cell in cells]


@pytest.mark.django_db
def test_no_answer_stays_no_answer_in_sql():
    assert in_sql([None, "=1"]) == ["", "'=1"]


@given(RISKY | st.text(max_size=20))
def test_written_cell_never_runs_and_differs_by_apostrophes_alone(cell):
    written = neutralise(cell)
    assert written.replace("'", "") == cell.replace("'", "")
    assert neutralise(written) == written


@given(RISKY | st.text(max_size=20))
def test_cell_that_is_read_back_never_runs_and_loses_nothing(cell):
    written = neutralise_for_reading(cell)
    assert neutralise(written) == written
    assert as_before(written) == cell


@pytest.mark.parametrize("cell", ["=1", "it's", "'quoted'", "'", ""])
def test_cell_of_another_program_is_read_as_it_stands(cell):
    assert as_before(cell) == cell
