"""The files that came with responses, as an export has them."""

import hashlib

import pytest

from submissions.responses.models import Attachment
from submissions.responses.submitting import submit
from tests.authored_files import WITH_AUTHOR, names_author
from tests.exports.exporting import exported, make_with_files, members, rows_of
from tests.makers import complete_answers, make_attachment, make_call, make_draft, while_open
from tests.sample_files import odt


@pytest.mark.django_db
def test_attachments_are_named_by_reference_and_come_back_to_the_byte():
    call = make_call()
    blob = bytes(range(256)) * 1000
    response = make_with_files(call, blob, b"Accounts")
    files = members(exported(call, "attachments"))
    listed = rows_of(files.pop("files.csv"))
    stem = f"{response.reference}/{response.reference}"
    assert files == {f"{stem}-1.txt": blob, f"{stem}-2.txt": b"Accounts"}
    assert listed[0] == {
        "file": f"{stem}-1.txt",
        "reference": response.reference,
        "number": "1",
        "type": "txt",
        "bytes": "256000",
        "sha256": hashlib.sha256(blob).hexdigest(),
        "sha256_submitted": hashlib.sha256(blob).hexdigest(),
        "note": "",
    }


@pytest.mark.django_db
def test_files_leave_without_their_authors_unless_the_export_is_named():
    """That the bundle has the same files, a test of each format sees."""
    call = make_call()
    given = {}
    for kind, content in WITH_AUTHOR:
        draft = make_draft(call, **complete_answers(call, publication="named"))
        attachment = make_attachment(draft, name=f"a.{kind}", content=content)
        reference = submit(submission=draft, at=while_open(call)).submission.reference
        given[reference] = kind, content, attachment.pk
    for named in (False, True):
        files = members(exported(call, "attachments", named=named))
        (listing,) = [name for name in files if name.endswith("files.csv")]
        rows = rows_of(files[listing])
        row_of = {row["reference"]: row for row in rows}
        assert set(row_of) == set(given)
        for reference, (kind, content, _pk) in given.items():
            (name,) = [name for name in files if name.endswith(f"{reference}-1.{kind}")]
            row = row_of[reference]
            assert (files[name] == content) is named
            assert (names_author(files[name]) == []) is not named
            assert row["sha256"] == hashlib.sha256(files[name]).hexdigest()
            assert row["sha256_submitted"] == hashlib.sha256(content).hexdigest()
            assert row["bytes"] == str(len(files[name]))
            assert row["note"] == ("" if named else "The author's details were taken out.")
    for _kind, content, pk in given.values():
        with Attachment.objects.get(pk=pk).file.open() as original:
            assert original.read() == content


@pytest.mark.django_db
def test_file_whose_author_stays_in_it_is_held_back_and_the_list_says_why():
    call = make_call()
    draft = make_draft(call, **complete_answers(call))
    content = odt(**{"META-INF/documentsignatures.xml": ""})
    make_attachment(draft, name="a.odt", content=content)
    submit(submission=draft, at=while_open(call))
    files = members(exported(call, "attachments"))
    (row,) = rows_of(files.pop("files.csv"))
    assert files == {}
    assert {k: row[k] for k in ("bytes", "sha256", "sha256_submitted", "note")} == {
        "bytes": "",
        "sha256": "",
        "sha256_submitted": hashlib.sha256(content).hexdigest(),
        "note": "Held back: the author's details could not be taken out. It is signed digitally, "
        "and the signature names who signed.",
    }


@pytest.mark.django_db
def test_file_that_the_storage_lost_is_said_and_the_others_come():
    call = make_call()
    response = make_with_files(call, b"Lost", b"Kept")
    lost = Attachment.objects.get(name="secret-name-0.txt")
    lost.file.storage.delete(lost.file.name)
    files = members(exported(call, "attachments"))
    listed = rows_of(files.pop("files.csv"))
    assert set(files) == {f"{response.reference}/{response.reference}-2.txt"}
    assert [row["note"] for row in listed] == ["missing: the portal no longer has this file.", ""]
