"""Files for SPSS, Stata and Parquet, read back; names and long texts; the CSVs in ZIPs."""

import csv
import io
import shutil
import subprocess
from datetime import UTC, datetime

import pandas
import pyreadstat
import pytest
from pyarrow import parquet

from core.safe_cells import neutralise
from exports import formats
from exports.filters import ExportFilter
from exports.permissions import ExportRefused
from exports.writers.csv_zips import IN_EXCEL
from exports.writers.dictionary import CODING
from exports.writers.statistics_file import cut, parts_of
from exports.writers.variable_names import LONGEST, RESERVED, variable_names
from tests.exports.exporting import exported, make_nasty, members
from tests.makers import make_call, make_submitted

READERS = {"sav": pyreadstat.read_sav, "dta": pyreadstat.read_dta}


def read_statistics(tmp_path, data, name):
    path = tmp_path / f"read.{name}"
    path.write_bytes(members(data)[f"responses.{name}"])
    return READERS[name](str(path))


def read_parquet(data):
    return parquet.read_table(io.BytesIO(members(data)["responses.parquet"]))


def dictionary(data):
    text = members(data)["dictionary.csv"].decode("utf-8-sig")
    return {row["column"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}


def make_answered():
    call = make_call()
    at = datetime(2019, 7, 24, 10, 59, 59, 999999, tzinfo=UTC)
    make_submitted(
        call,
        at=at,
        roles=["provider", "other"],
        history=["bid"],
        fairness={"money": "poor"},
        story="  x ",
        quote_ok="yes",
    )
    make_submitted(call, at=at, publication="confidential", story="Hidden")
    return call


@pytest.mark.django_db
def test_choices_are_numbers_with_labels_and_columns_have_the_questions(tmp_path):
    call = make_answered()
    for name in READERS:
        data = exported(call, name)
        frame, about = read_statistics(tmp_path, data, name)
        questions = call.questions_by_key
        assert about.column_names_to_labels["story"] == questions["story"].label[:80]
        options = list(questions["fairness"].option_labels.values())
        assert about.variable_value_labels["fairness_money"] == dict(enumerate(options, start=1))
        assert about.variable_value_labels["history_bid"] == {0: "No", 1: "Yes"}
        first = frame.iloc[0]
        assert about.variable_value_labels["timing"][first["timing"]] == "On time"
        assert (first["roles"], first["history_bid"], first["history_led"]) == (
            "provider; other",
            1,
            0,
        )
        moment = first["submitted_at"]
        assert moment.isoformat()[:22] == "2019-07-24T11:59:59.99"
        if name == "sav":  # 29-MAY-2019 19:34:57.295; in less room PSPP shows 1.4E+010
            assert about.original_variable_types["submitted_at"] == "DATETIME24.3"
        assert first["story"] == ("  x" if name == "sav" else "  x ")
        hidden = frame.iloc[1]
        answered = {
            column for column in frame if pandas.notna(hidden[column]) and hidden[column] != ""
        }
        assert answered == {"reference", "submitted_at", "timing", "publication"}
        said = dictionary(data)
        assert said["timing"]["name in the file"] == "timing"
        assert said["timing"]["values in the file"].startswith("1 = on_time = On time\n")
        assert {"(names)", "(codes)", "(long texts)"} <= set(said)


@pytest.mark.django_db
def test_no_text_is_cut(tmp_path):
    call, stored = make_nasty()
    story = call.questions.get(key="story")
    others = {"kind": "short", "label": "The other part", "position": 99, "section": story.section}
    call.questions.create(key="story_part2", **others)
    for name in READERS:
        data = exported(call, name)
        frame, _about = read_statistics(tmp_path, data, name)
        said = dictionary(data)
        parts = said["story"]["name in the file"].split(", ")
        assert len(parts) == (1 if name == "dta" else 5)
        # A long answer takes no name from a column.
        assert said["story_part2"]["name in the file"] == "story_part2"
        columns = [column for column in frame if column.startswith("story")]
        assert columns == [*parts, "story_part2"]
        read = {
            row["reference"]: "".join(row[part] or "" for part in parts)
            for _, row in frame.iterrows()
        }
        kept = {ref: text.rstrip(" ") if name == "sav" else text for ref, text in stored.items()}
        assert read == kept


@pytest.mark.django_db
def test_parquet_has_every_text_as_it_was_given_and_types():
    call, stored = make_nasty()
    table = read_parquet(exported(call, "parquet"))
    assert (
        dict(zip(*(table.column(n).to_pylist() for n in ("reference", "story")), strict=True))
        == stored
    )
    assert (
        table.schema.field("story").metadata[b"label"].decode()
        == call.questions_by_key["story"].label
    )
    kinds = {
        name: str(table.schema.field(name).type)
        for name in ("submitted_at", "words", "declaration")
    }
    assert kinds == {
        "submitted_at": "timestamp[us, tz=Europe/London]",
        "words": "int64",
        "declaration": "bool",
    }


@pytest.mark.django_db
def test_parquet_has_the_moment_to_the_microsecond_and_nulls():
    table = read_parquet(
        exported(make_answered(), "parquet", export_filter=ExportFilter(several="apart"))
    )
    first, hidden = table.to_pylist()
    assert first["submitted_at"] == datetime(2019, 7, 24, 10, 59, 59, 999999, tzinfo=UTC)
    assert (first["history_bid"], first["history_led"]) == (True, False)
    assert [name for name, cell in hidden.items() if cell is not None] == [
        "reference",
        "submitted_at",
        "timing",
        "publication",
    ]


@pytest.mark.django_db
def test_same_responses_make_the_same_bytes_and_none_a_file():
    call, empty = make_answered(), make_call()
    for name in ("sav", "dta", "parquet", "csv-excel", "long", "r"):
        same = exported(call, name) == exported(call, name)
        assert (same, "dictionary.csv" in members(exported(empty, name))) == (True, True), name


@pytest.mark.django_db
def test_option_that_is_offered_no_longer_keeps_its_key(tmp_path):
    call = make_answered()
    question = call.questions_by_key["fairness"]
    question.options = [option for option in question.options if option["key"] != "poor"]
    question.save()
    data = exported(call, "dta")
    frame, about = read_statistics(tmp_path, data, "dta")
    labels = about.variable_value_labels["fairness_money"]
    assert labels[frame.iloc[0]["fairness_money"]] == "poor"
    assert "= poor = poor" in dictionary(data)["fairness_money"]["values in the file"]


def test_names_are_allowed_in_both_programs_and_differ_whatever_their_capitals():
    long = "fairness_sharing_of_decisions_and_money"
    wanted = [
        "age",
        "Age",
        "AGE_2",
        "if",
        "LONG",
        "str20",
        "2nd",
        "_n",
        "a-b",
        "é",
        "by_",
        "a.b",
        long,
        f"{long}s",
    ]
    names = variable_names(wanted)
    assert names == [
        "age",
        "Age_39b73",
        "AGE_2",
        "v_if",
        "v_LONG",
        "v_str20",
        "v_2nd",
        "v__n",
        "a_b_d4436",
        "v",
        "v_by",
        "a_b_2e733",
        "fairness_sharing_of_de_1908e",
        "fairness_sharing_of_de_90912",
    ]
    before, after = wanted[-2:], ["fairness_sharing_of_decisions_and_time", "a_b"]
    assert variable_names([*after, *before]) == [
        "fairness_sharing_of_de_9d0c2",
        "a_b",
        *names[-2:],
    ]
    assert max(map(len, names)) <= LONGEST
    assert len({name.lower() for name in names}) == len(wanted)
    assert not RESERVED & {name.lower() for name in names}


@pytest.mark.parametrize("program", ["sav", "dta"])
def test_programs_take_every_name_of_the_rule(tmp_path, program):
    wanted = [*sorted(RESERVED), "str20", "x" * 40, "_b", "9", "_all", "ALL", "With"]
    write = {"sav": pyreadstat.write_sav, "dta": pyreadstat.write_dta}[program]
    names = variable_names(wanted)
    labels = {name: {1.0: "One"} for name in names}
    frame = pandas.DataFrame({name: [1.0] for name in names})
    write(frame, str(tmp_path / "names"), variable_value_labels=labels)
    frame, _about = READERS[program](str(tmp_path / "names"))
    assert list(frame) == names


@pytest.mark.parametrize("text", ["ab  cd", "öb " * 9, "\U0001f600" * 9, "a" * 40, " " * 20, ""])
def test_long_text_is_put_together_from_its_parts(text):
    parts = parts_of(text, 8)
    assert "".join(parts) == text
    assert max(len(part.encode()) for part in parts) <= 8
    assert [part for part in parts[:-1] if part.endswith(" ") and part.strip()] == []


def test_label_that_is_cut_says_so_and_breaks_no_character():
    assert cut("é" * 40, 80) == "é" * 40
    assert cut("é" * 41, 80) == "é" * 38 + "…"


@pytest.mark.django_db
def test_installation_without_the_packages_says_what_to_install(monkeypatch):
    monkeypatch.setattr(formats, "find_spec", lambda package: None)
    with pytest.raises(ExportRefused, match="requirements-research"):
        exported(make_call(), "sav")
    assert exported(make_call(), "csv")


@pytest.mark.django_db
def test_csv_for_excel_is_the_csv_behind_a_byte_order_mark():
    call, _stored = make_nasty()
    files = members(exported(call, "csv-excel"))
    assert files["responses.csv"] == "\ufeff".encode() + exported(call)
    written = exported(call, "dictionary").replace(CODING.encode(), IN_EXCEL.encode())
    assert files["dictionary.csv"] == "\ufeff".encode() + written
    assert "rather than opening it by a double click" not in written.decode()


@pytest.mark.django_db
def test_long_form_has_a_row_for_each_answer_and_choice():
    call = make_answered()
    data = exported(call, "long")
    text = members(data)["answers.csv"].decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [(r["question"], r["row"], r["value"]) for r in rows] == [
        ("roles", "", "provider"),
        ("roles", "", "other"),
        ("role_other", "", "Words about role_other."),
        ("age", "", "adult"),
        ("history", "", "bid"),
        ("fairness", "money", "poor"),
        ("story", "", "  x "),
        ("publication", "", "named"),
        ("quote_ok", "", "yes"),
        ("declaration", "", "yes"),
    ]
    (matrix,) = [row for row in rows if row["row"]]
    question = call.questions_by_key["fairness"]
    assert (matrix["question_label"], matrix["value_label"]) == (
        question.label,
        question.option_labels["poor"],
    )
    assert {row["may_quote"] for row in rows} == {"yes"}
    said = dictionary(data)
    assert set(rows[0]) <= set(said)
    # What it says of rows of responses would be untrue of rows of answers.
    assert said["(rows)"]["meaning"].startswith("One row an answer")
    assert said["(confidential)"]["meaning"].startswith("Confidential responses have no row.")
    assert "have no row" in said["(short texts)"]["meaning"]
    assert "(moments)" not in said
    assert [row["type"] for row in said.values()].count("short text") == 0


@pytest.mark.django_db
def test_long_form_has_no_row_of_a_confidential_response_nor_of_a_short_text_that_is_withheld():
    call = make_call()
    make_submitted(call, publication="confidential", quote_ok=None)
    shown = make_submitted(
        call, publication="anonymous", role_other="The only ferryman", roles=["other"]
    )
    text = members(exported(call, "long"))["answers.csv"].decode()
    assert {row["reference"] for row in csv.DictReader(io.StringIO(text, newline=""))} == {
        shown.reference
    }
    assert "ferryman" not in text


@pytest.mark.django_db
def test_dictionary_tells_how_times_are_in_the_file_beside_it():
    call = make_answered()
    milliseconds = "Times are those of the call's time zone, cut to the millisecond."
    for name, rule, how in [
        ("sav", "(codes)", milliseconds),
        ("dta", "(codes)", milliseconds),
        (
            "parquet",
            "(Parquet)",
            "Times are timestamps to the microsecond in the call's time zone",
        ),
        ("csv-excel", "(format)", "Times are ISO 8601 with the offset from UTC."),
    ]:
        said = dictionary(exported(call, name))
        row = said["submitted_at"]
        assert (row["type"], row["meaning"]) == (
            "date and time",
            "When the response was first submitted, in the call's time zone.",
        ), name
        assert how in said[rule]["meaning"], name


@pytest.mark.django_db
def test_long_form_neutralises_what_a_spreadsheet_would_run():
    call, stored = make_nasty()
    text = members(exported(call, "long"))["answers.csv"].decode()
    csv.field_size_limit(1_000_000)
    rows = csv.DictReader(io.StringIO(text, newline=""))
    read = {row["reference"]: row["value"] for row in rows if row["question"] == "story"}
    assert read == {ref: neutralise(text) for ref, text in stored.items()}


@pytest.mark.django_db
def test_file_for_stata_is_of_the_format_that_every_stata_as_of_14_opens():
    data = members(exported(make_answered(), "dta"))["responses.dta"]
    assert data.startswith(b"<stata_dta><header><release>118</release>")


@pytest.mark.django_db
def test_script_for_r_labels_every_column():
    call = make_answered()
    question = call.questions_by_key["age"]
    question.label = 'Your "age" \\ today\nin years'
    question.save()
    files = members(exported(call, "r"))
    script = files["load.R"].decode()
    head = files["responses.csv"].split(b"\r\n")[0].decode().split(",")
    assert [
        name for name in head if f'attr(responses[["{name}"]], "label") <- ' not in script
    ] == []
    assert (
        'attr(responses[["age"]], "label") <- "Your \\U{22}age\\U{22} \\U{5c} today\\U{a}in years"'
        in script
    )
    assert 'responses[["words"]] <- as.integer(responses[["words"]])' in script
    assert 'levels = c("on_time", "grace", "late_pass", more)' in script


@pytest.mark.django_db
def test_longest_text_in_a_file_for_spss_leaves_a_byte_free(tmp_path):
    # Lengths that haven cut: in a string of several segments, and in the longest that there is.
    texts = ["a" * (length - 1) + "Z" for length in (1_268, 12_607, 32_760, 32_766)]
    for text in texts:
        call = make_call()
        make_submitted(call, story=text)
        make_submitted(call, story="Short")
        frame, meta = read_statistics(tmp_path, exported(call, "sav"), "sav")
        assert set(frame["story"]) == {text, "Short"}
        assert meta.variable_storage_width["story"] > len(text)
        (tmp_path / "read.sav").rename(tmp_path / f"{len(text)}.sav")
    no_haven = "R or its package haven is not installed; the width was tested"
    if shutil.which("Rscript") is None:
        pytest.skip(no_haven)
    program = (
        'if (!requireNamespace("haven", quietly = TRUE)) quit(status = 77)\n'
        'for (file in list.files(pattern = "sav$")) '
        'cat(haven::read_sav(file)$story, sep = "\\n", fill = TRUE)'
    )
    done = subprocess.run(
        ["Rscript", "-e", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    if done.returncode == 77:
        pytest.skip(no_haven)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == {*texts, "Short"}
