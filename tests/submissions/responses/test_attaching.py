import io
import zipfile
from contextlib import closing
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from hypothesis import given
from hypothesis import strategies as st

from submissions.responses import attaching, submitting
from submissions.responses.errors import AlreadySubmitted, FileRefused
from submissions.responses.file_types import TYPES, refuse_unless_what_it_says
from submissions.responses.models import Attachment
from tests.makers import complete_answers, make_call, make_draft, while_open

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
LOCKED_PDF = PDF.replace(b"/Root", b"/Encrypt 5 0 R /Root")
OLE = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600
DAMAGED = "the file is damaged or is not really a {} file"
PROTECTED_OR_OLDER = (
    "it is protected by a password, or it is an older Word file (DOC) with another ending. "
    "Save it as DOCX without a password, then try again"
)
PROTECTED = "it is protected. Save it without a password or restrictions, then try again"


def archive(**entries):
    """A zip whose names have dots and slashes for the double underscores."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in entries.items():
            made.writestr(name, content)
    return out.getvalue()


DOCX = archive(**{"[Content_Types].xml": "<Types/>", "word/document.xml": "<w/>"})
MACROS = archive(
    **{"[Content_Types].xml": "<Types/>", "word/document.xml": "<w/>", "word/vbaProject.bin": "x"}
)
ODT_PARTS = {
    "mimetype": "application/vnd.oasis.opendocument.text",
    "content.xml": "<x/>",
    "META-INF/manifest.xml": "<manifest/>",
}
ODT = archive(**ODT_PARTS)
LOCKED_ODT = archive(**ODT_PARTS | {"META-INF/manifest.xml": "<manifest:encryption-data/>"})
ODS = archive(**ODT_PARTS | {"mimetype": "application/vnd.oasis.opendocument.spreadsheet"})


@pytest.fixture
def call(db):
    return make_call()


def add(call, name, content, draft=None):
    return attaching.attach(
        submission=draft or make_draft(call),
        question=call.questions_by_key["documents"],
        upload=SimpleUploadedFile(name, content),
        at=while_open(call),
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("report.pdf", PDF),
        ("REPORT.PDF", PDF),
        ("report.docx", DOCX),
        ("report.odt", ODT),
        ("notes.txt", "Café, naïve, 10 £".encode()),
        ("notes.txt", "Café, naïve, 10 £".encode("cp1252")),
        ("notes.txt", "Café".encode("utf-16")),
    ],
)
def test_file_of_an_allowed_type_is_kept_under_a_generated_name(call, name, content):
    attachment = add(call, name, content)
    assert (attachment.name, attachment.size) == (name, len(content))
    with attachment.file.open() as kept:
        assert kept.read() == content
    assert attachment.file.name == (
        f"attachments/{attachment.public_id.hex[:2]}/{attachment.public_id.hex}"
    )


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("run.exe", b"MZ", "the file must be one of PDF, DOCX, ODT, TXT"),
        ("none", b"x", "the file must be one of PDF, DOCX, ODT, TXT"),
        ("report.pdf.html", PDF, "the file must be one of PDF, DOCX, ODT, TXT"),
        ("empty.txt", b"", "the file is empty"),
        ("page.pdf", b"<html></html>", DAMAGED.format("PDF")),
        ("cut.pdf", PDF[:20], DAMAGED.format("PDF")),
        ("locked.pdf", LOCKED_PDF, PROTECTED),
        ("old.docx", b"not a zip", DAMAGED.format("DOCX")),
        ("locked.docx", OLE, PROTECTED_OR_OLDER),
        ("macros.docx", MACROS, DAMAGED.format("DOCX")),
        ("odt.docx", ODT, DAMAGED.format("DOCX")),
        ("docx.odt", DOCX, DAMAGED.format("ODT")),
        ("sheet.odt", ODS, DAMAGED.format("ODT")),
        ("locked.odt", LOCKED_ODT, PROTECTED),
        ("binary.txt", b"\x00\x01\x02", DAMAGED.format("TXT")),
        ("pdf.txt", b"\x89PNG\r\n\x1a\n\x00", DAMAGED.format("TXT")),
    ],
)
def test_file_that_is_not_taken_is_refused_in_words(call, name, content, why):
    with pytest.raises(FileRefused) as refusal:
        add(call, name, content)
    assert refusal.value.message == f"“{name}” was not added: {why}"
    assert Attachment.objects.count() == 0


def test_file_over_the_limit_is_refused_and_one_at_the_limit_is_not(call):
    call.questions_by_key["documents"].max_mb = 1
    assert add(call, "just.txt", b"a" * 1024 * 1024).size == 1024 * 1024
    with pytest.raises(FileRefused) as refusal:
        add(call, "over.txt", b"a" * (1024 * 1024 + 1))
    assert refusal.value.message == "“over.txt” was not added: the file must be 1 MB or smaller"


def test_fourth_file_is_refused(call):
    draft = make_draft(call)
    for number in range(3):
        add(call, "notes.txt", f"Notes {number}".encode(), draft)
    with pytest.raises(FileRefused) as refusal:
        add(call, "notes.txt", b"Notes 3", draft)
    assert refusal.value.message == (
        "“notes.txt” was not added: you can add up to 3 files. Remove one first"
    )


def test_same_file_twice_is_kept_once_and_under_another_name_refused(call):
    draft = make_draft(call)
    assert add(call, "a.txt", b"Same", draft) == add(call, "a.txt", b"Same", draft)
    with pytest.raises(FileRefused) as refusal:
        add(call, "b.txt", b"Same", draft)
    assert refusal.value.message == (
        "“b.txt” was not added: it is the same file as “a.txt”, which is here already"
    )
    assert draft.attachments.count() == 1


def test_removed_file_leaves_nothing_behind(call, django_capture_on_commit_callbacks):
    draft = make_draft(call)
    attachment = add(call, "a.txt", b"Gone soon", draft)
    with django_capture_on_commit_callbacks(execute=True):
        attaching.detach(submission=draft, public_id=attachment.public_id, at=while_open(call))
    assert draft.attachments.count() == 0
    assert not attachment.file.storage.exists(attachment.file.name)


def test_file_of_another_draft_cannot_be_removed(call):
    attachment = add(call, "a.txt", b"Mine")
    for public_id in (attachment.public_id, uuid4()):
        attaching.detach(submission=make_draft(call), public_id=public_id, at=while_open(call))
    assert list(Attachment.objects.all()) == [attachment]


def test_submitted_files_cannot_be_added_to(call):
    draft = make_draft(call, **complete_answers(call))
    submitting.submit(submission=draft, at=while_open(call))
    with pytest.raises(AlreadySubmitted):
        add(call, "late.txt", b"Late", draft)


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\me\\plan.docx", "plan.docx"),
        ("re\u202ecod.txt", "recod.txt"),
        ("a\r\nb.pdf", "ab.pdf"),
        ("", "file"),
        ("x" * 300 + ".pdf", "x" * 146 + ".pdf"),
    ],
)
def test_name_is_presentable(given_name, shown):
    assert attaching.presentable_name(given_name) == shown


def odt_with_an_offset_below_zero(first):
    """An ODT whose directory says that it begins 100 bytes later: `first` is at -100 then."""
    content = bytearray(archive(**{first: ODT_PARTS[first]} | ODT_PARTS))
    end = content.rindex(b"PK\5\6")
    directory = int.from_bytes(content[end + 16 : end + 20], "little")
    content[end + 16 : end + 20] = (directory + 100).to_bytes(4, "little")
    return bytes(content)


def on_disk(name, content):
    file = TemporaryUploadedFile(name, "application/octet-stream", len(content), None)
    file.write(content)
    file.seek(0)
    return file


def refusal_of(kind, content):
    try:
        refuse_unless_what_it_says("file", kind, io.BytesIO(content))
    except FileRefused as refusal:
        return refusal.message
    return "taken"


@given(content=st.binary(max_size=400), kind=st.sampled_from(sorted(TYPES)))
def test_any_bytes_are_taken_or_refused_in_words(content, kind):
    assert refusal_of(kind, content).startswith(("taken", "“file” was not added: "))


@given(
    cut=st.integers(0, 600),
    flips=st.lists(st.tuples(st.integers(0, 600), st.integers(0, 255)), max_size=5),
    whole=st.sampled_from([("docx", DOCX), ("odt", ODT), ("odt", LOCKED_ODT), ("pdf", PDF)]),
)
def test_damaged_files_are_taken_or_refused_in_words(cut, flips, whole):
    kind, content = whole
    damaged = bytearray(content[:cut] if cut % 3 == 0 else content)
    for place, byte in flips:
        if damaged:
            damaged[place % len(damaged)] = byte
    assert refusal_of(kind, bytes(damaged)).startswith(("taken", "“file” was not added: "))


@pytest.mark.parametrize("upload", [SimpleUploadedFile, on_disk], ids=["in memory", "on disk"])
@pytest.mark.parametrize("entry", ["mimetype", "META-INF/manifest.xml"])
def test_odt_whose_directory_points_before_its_start_is_refused_in_words(call, upload, entry):
    file = upload("report.odt", odt_with_an_offset_below_zero(entry))
    with closing(file), pytest.raises(FileRefused) as refusal:
        attaching.attach(
            submission=make_draft(call),
            question=call.questions_by_key["documents"],
            upload=file,
            at=while_open(call),
        )
    assert refusal.value.message == f"“report.odt” was not added: {DAMAGED.format('ODT')}"
