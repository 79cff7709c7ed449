from contextlib import closing
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.db import IntegrityError

from core import disk_reserve
from rehearsal.fake_files import make_pdf
from submissions.responses import attaching, submitting
from submissions.responses.errors import AlreadySubmitted, FileRefused
from submissions.responses.models import Attachment
from submissions.responses.models.attachments import private_storage
from tests.makers import complete_answers, make_attachment, make_call, make_draft, while_open
from tests.sample_files import compound_file, docx, odt, picture

PDF = make_pdf("Words")
DAMAGED = "the file is damaged, or its type is not really {}"
WITH_MACROS = (
    "a file of this type can hold macros, which are small programs. Save it as {}, then try again"
)
PROTECTED = "it is protected. Save it without a password or restrictions, then try again"


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
        ("report.docx", docx()),
        ("report.odt", odt()),
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


@pytest.mark.parametrize("ending", [".", " ", ". ", " .."])
def test_dots_and_spaces_behind_the_ending_do_not_count(call, ending):
    assert add(call, f"report.exe.pdf{ending}", PDF).name == "report.exe.pdf"
    for name, content, why in [
        ("run.pdf.exe", PDF, "the file must be one of PDF, DOCX, ODT, TXT"),
        ("pdf", PDF, "the file must be one of PDF, DOCX, ODT, TXT"),
        ("report.docm", docx(), WITH_MACROS.format("DOCX")),
        ("page.pdf", PDF[:20], DAMAGED.format("PDF")),
    ]:
        with pytest.raises(FileRefused) as refusal:
            add(call, name + ending, content)
        assert refusal.value.message == f"“{name}” was not added: {why}"


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("run.exe", b"MZ", "the file must be one of PDF, DOCX, ODT, TXT"),
        ("none", b"x", "the file must be one of PDF, DOCX, ODT, TXT"),
        ("report.pdf.html", PDF, "the file must be one of PDF, DOCX, ODT, TXT"),
        ("empty.txt", b"", "the file is empty"),
        ("report.docm", docx(), WITH_MACROS.format("DOCX")),
        ("page.pdf", PDF[:20], DAMAGED.format("PDF")),
        ("locked.docx", compound_file("EncryptedPackage"), PROTECTED),
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


def test_file_whose_question_was_removed_meanwhile_leaves_nothing_behind(
    call, tmp_path, monkeypatch
):
    monkeypatch.setattr(private_storage(), "location", str(tmp_path))
    draft, question = make_draft(call), call.questions_by_key["documents"]
    type(question).objects.filter(pk=question.pk).delete()
    upload = SimpleUploadedFile("notes.txt", b"Minutes")
    with pytest.raises(IntegrityError):
        attaching.attach(submission=draft, question=question, upload=upload, at=while_open(call))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_file_stays_and_is_asked_for_where_only_another_question_got_one(db):
    questions = [
        {"key": key, "kind": "file", "label": key, "file_types": ["txt"]} for key in ("one", "two")
    ]
    call = make_call(evidence_questions=questions)
    draft = make_draft(call)
    old = make_attachment(draft, key="one")
    refused = attaching.change_files(
        submission=draft,
        call=call,
        at=while_open(call),
        uploads={"two": [SimpleUploadedFile("new.txt", b"New")]},
        replaced=old.public_id,
    )
    assert refused == {"one": ["Choose the new file, then press Replace"]}
    present = draft.attachments.filter(removed_at=None).order_by("pk")
    assert [file.name for file in present] == [old.name, "new.txt"]


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
        ("\\\\server\\shared\\plan.docx", "plan.docx"),
        ("Q1\\Q2.pdf", "Q1\\Q2.pdf"),
        ("Our%0D%0Aplan%0A.pdf", "Our plan .pdf"),
        ("re\u202ecod.txt", "recod.txt"),
        ("a\r\nb.pdf", "ab.pdf"),
        ("%22Fair%22 shares.pdf", '"Fair" shares.pdf'),
        ("family \U0001f468\u200d\U0001f469.txt", "family \U0001f468\u200d\U0001f469.txt"),
        ("minutes.", "minutes"),
        ("report.txt.", "report.txt"),
        ("report.pdf ", "report.pdf"),
        ("report.pdf.\u00a0. ", "report.pdf"),
        ("report.exe.pdf.", "report.exe.pdf"),
        ("..pdf", "..pdf"),
        ("..", "file"),
        ("", "file"),
        ("x" * 300 + ".pdf", "x" * 146 + ".pdf"),
    ],
)
def test_name_is_presentable(given_name, shown):
    assert attaching.presentable_name(given_name) == shown


def odt_with_an_offset_below_zero():
    """An ODT whose directory says that it begins 100 bytes later: `mimetype` is at -100 then."""
    content = bytearray(odt())
    end = content.rindex(b"PK\5\6")
    directory = int.from_bytes(content[end + 16 : end + 20], "little")
    content[end + 16 : end + 20] = (directory + 100).to_bytes(4, "little")
    return bytes(content)


def on_disk(name, content):
    file = TemporaryUploadedFile(name, "application/octet-stream", len(content), None)
    file.write(content)
    file.seek(0)
    return file


@pytest.mark.parametrize("upload", [SimpleUploadedFile, on_disk], ids=["in memory", "on disk"])
def test_odt_whose_directory_points_before_its_start_is_refused_in_words(call, upload):
    file = upload("report.odt", odt_with_an_offset_below_zero())
    with closing(file), pytest.raises(FileRefused) as refusal:
        attaching.attach(
            submission=make_draft(call),
            question=call.questions_by_key["documents"],
            upload=file,
            at=while_open(call),
        )
    assert refusal.value.message == f"“report.odt” was not added: {DAMAGED.format('ODT')}"


@pytest.mark.parametrize(
    ("name", "content", "file_type"),
    [
        ("photo.jpg", picture("JPEG"), "jpg"),
        ("photo.JPEG", picture("JPEG"), "jpg"),
        ("photo.png", picture("PNG"), "png"),
        ("table.csv", b"a;b", "csv"),
    ],
)
def test_picture_or_table_is_taken_only_where_the_question_says_so(call, name, content, file_type):
    with pytest.raises(FileRefused):
        add(call, name, content)
    call.questions_by_key["documents"].file_types = ["pdf", file_type]
    assert add(call, name, content).file_type == file_type


def test_file_that_would_fill_the_disk_is_refused_in_words(call, monkeypatch, settings):
    settings.DISK_RESERVE_MB = 100
    monkeypatch.setattr(disk_reserve, "free_bytes", lambda: 100 * 1024 * 1024 + len(PDF) - 1)
    with pytest.raises(FileRefused) as refusal:
        add(call, "report.pdf", PDF)
    assert refusal.value.message == (
        "“report.pdf” was not added: there is no room for files at the moment. Everything "
        "else on this page is kept. Add the file later"
    )
    assert Attachment.objects.count() == 0
    monkeypatch.setattr(disk_reserve, "free_bytes", lambda: 100 * 1024 * 1024 + len(PDF))
    add(call, "report.pdf", PDF)
    assert Attachment.objects.count() == 1
