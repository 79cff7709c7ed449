from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from submissions.calls.models import Call
from tests.makers import FIRST_CALL, SMALL

pytestmark = pytest.mark.django_db


def run(*files, **options):
    out = StringIO()
    call_command("load_call", *map(str, files), stdout=out, **options)
    return out.getvalue().splitlines()


def refusal(*files):
    with pytest.raises(CommandError) as refused:
        run(*files)
    assert Call.objects.count() == 0
    return str(refused.value)


def test_each_call_has_one_line():
    assert run(SMALL, FIRST_CALL) == [
        "small: created, 2 sections, 11 questions, "
        "closes midday on Wednesday 24 July 2019 (UK time)",
        "rebalancing-the-relationship: created, 7 sections, 37 questions, "
        "closes midday on Wednesday 24 July 2019 (UK time)",
    ]
    assert run(SMALL, FIRST_CALL) == ["small: unchanged", "rebalancing-the-relationship: unchanged"]


def test_change_says_where(tmp_path):
    run(SMALL)
    file = tmp_path / "small.toml"
    file.write_text(SMALL.read_text(encoding="utf-8").replace("Charity number", "Number"))
    assert run(file) == ["small: changed (sections.about_you.number: label)"]


def test_byte_order_mark_is_no_problem(tmp_path):
    file = tmp_path / "small.toml"
    file.write_text(SMALL.read_text(encoding="utf-8"), encoding="utf-8-sig")
    assert run(file)[0].startswith("small: created")


def test_problems_of_one_file_keep_all_from_being_loaded(tmp_path):
    file = tmp_path / "bad.toml"
    file.write_text(SMALL.read_text(encoding="utf-8").replace('"long"', '"longer"'))
    assert refusal(SMALL, file) == (
        f"{file}: line 103: sections.evidence.story.kind: “longer” is not a kind of question "
        "(radio, checkboxes, roles, short, long, email, matrix, file, checkbox)"
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (
            b"a = '''\r\n\xe9'''\r\n",
            "is not UTF-8 at line 2: choose the encoding UTF-8 where your editor saves it",
        ),
        (
            "a = 1".encode("utf-16"),
            "is UTF-16: choose the encoding UTF-8 where your editor saves it",
        ),
        (
            b"a = \x00",
            "is not TOML: Invalid value (at line 1, column 5): write texts between two "
            'straight ", and '
            "numbers, times, true and false without them",
        ),
        (
            b"hello",
            "is not TOML: Expected '=' after a key in a key/value pair (at end of document): "
            "write each line as: name = value",
        ),
        (b"#" * 4_000_001, "has 4,000,001 bytes; 4,000,000 at most"),
    ],
)
def test_file_that_cannot_be_read_is_one_line(tmp_path, content, problem):
    file = tmp_path / "bad.toml"
    file.write_bytes(content)
    assert refusal(file) == f"{file}: file: {problem}"


def test_missing_file_folder_and_device_are_refused(tmp_path):
    assert refusal(tmp_path / "none.toml") == f"{tmp_path}/none.toml: file: there is no such file"
    assert refusal(tmp_path) == f"{tmp_path}: file: is a folder"
    assert refusal("/dev/zero") == "/dev/zero: file: is not an ordinary file"
    assert refusal("a\0b") == r"'a\x00b': file: there is no such file"


def test_field_is_taken_from_the_file_by_its_name(tmp_path):
    run(SMALL)
    Call.objects.update(contact_email="new@example.org", contact_name="Somebody else")
    assert run(SMALL, take_file=["contact_email", "call.contact_name"]) == [
        "small: changed (call.contact_name: changed; call.contact_email: changed)"
    ]


def test_field_that_no_file_has_is_refused():
    run(SMALL)
    with pytest.raises(CommandError) as refused:
        run(SMALL, take_file=["call.contact", "title"])
    assert str(refused.value).splitlines() == [
        "--take-file call.contact: no such words are in the file",
        "--take-file title: no such words are in the file",
    ]


def test_two_files_for_one_call_are_refused(tmp_path):
    copy = tmp_path / "copy.toml"
    copy.write_text(SMALL.read_text(encoding="utf-8").replace("Charity number", "Number"))
    assert refusal(SMALL, copy) == (
        f"{SMALL}: call.slug: another of the files has “small”, too\n"
        f"{copy}: call.slug: another of the files has “small”, too"
    )
    assert run(SMALL, SMALL)[1] == "small: unchanged"
