"""A response with words of its own in every place that there is, and where these words are left."""

import gzip
import io
import re
import subprocess
import zipfile
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from accounts.states import Role
from core.clock import wall_now
from devserver.postgres import PROGRAMS
from exports import export_runs, worker
from exports.consent import Scope
from review.coding.codings import code_passage
from review.searching.entries import write_due
from review.texts import reading_due_files
from submissions.mail import resending, sending
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import MailKind
from submissions.responses import (
    amending,
    attaching,
    drafting,
    late_passes,
    replying,
    submitting,
)
from submissions.responses.addresses import remember_address
from submissions.responses.models import Submission
from submissions.responses.verifying import receipt_code
from tests.asking import make_asking_call, put_question
from tests.makers import (
    complete_answers,
    make_code,
    make_draft,
    make_submitted,
    make_user,
    while_open,
)
from tests.measuring import unmeasured

TYPED = {
    "email": "zqemail1x@example.org",
    "role_other": "zqrole2x",
    "story": "In zqstory3x we met zqperson4x.",
    "commissioner_view": "As zqview5x.",
}
# Whatever of it might be left: words, as they are and as a lexeme or a part of an address.
WORDS = (
    *("zqemail1x", "zqrole2x", "zqstory3x", "zqperson4x", "zqview5x", "zqnewstory6x", "zqlink7x"),
    *("zqnewemail8x", "zqfilename9x", "zqcontent10x", "zqdropped11x", "zqdraftfile12x"),
    *("zqasked13x", "zqanswered14x"),
)


def unpacked(data, depth=0):
    """The bytes, and whatever they are when they are unpacked."""
    yield data
    if depth == 3:
        return
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield name.encode()
                yield from unpacked(archive.read(name), depth + 1)
    for unpack in (gzip.decompress, zlib.decompress):
        try:
            yield from unpacked(unpack(data), depth + 1)
        except (OSError, EOFError, zlib.error):
            continue


@unmeasured
def dumped():
    """All rows that pg_dump writes, where compressed values are as they read; bytea is decoded."""
    at = connection.get_connection_params()
    address = " ".join(
        f"{key}={at[name]}"
        for key, name in {
            "host": "host",
            "port": "port",
            "user": "user",
            "dbname": "dbname",
        }.items()
        if at.get(name)
    )
    made = subprocess.run(
        [PROGRAMS / "bin" / "pg_dump", "--data-only", f"--dbname={address}"],
        capture_output=True,
        check=True,
    ).stdout
    yield made
    for found in re.findall(rb"\\\\x((?:[0-9a-f]{2})+)", made):
        yield from unpacked(bytes.fromhex(found.decode()))


def kept_files(folder):
    for path in Path(folder).rglob("*"):
        yield str(path).encode()
        if path.is_file():
            yield from unpacked(path.read_bytes())


def found_in(pieces):
    """Which of the words are there, in any case and in UTF-8, UTF-16 or escaped."""
    everything = b"\n".join(pieces).lower()
    return {
        word
        for word in WORDS
        if word.encode() in everything or word.encode("utf-16-le") in everything
    }


def send_all(at):
    sending.send_due(portal_now=lambda: at, wall_now=lambda: datetime.now(UTC))


@unmeasured
def live_through():
    """A response with something typed in every place that there is, and another one beside it."""
    call = make_asking_call()
    moment = while_open(call)
    manager = make_user(Role.MANAGER)
    other = make_submitted(call, email="jo@example.org", story="Nothing of it is gone.")
    answers = complete_answers(call, roles=["other", "commissioner"], publication="named", **TYPED)
    draft = make_draft(call, **answers)
    documents = call.questions_by_key["documents"]
    for name, content in (
        ("zqfilename9x.txt", b"Minutes of zqcontent10x."),
        ("zqdraftfile12x.txt", b"zqdropped11x"),
    ):
        attaching.attach(
            submission=draft,
            question=documents,
            upload=SimpleUploadedFile(name, content),
            at=moment,
        )
    dropped = draft.attachments.get(name__startswith="zqdraftfile")
    first = submitting.submit(submission=draft, at=moment)
    code = receipt_code(first)
    amending.reopen(submission=draft, at=moment)
    drafting.save_answers(
        submission=draft,
        call=call,
        values={"story": "Now zqnewstory6x.", "email": "zqnewemail8x@example.org"},
        at=moment,
    )
    attaching.detach(submission=draft, public_id=dropped.public_id, at=moment)
    second = submitting.submit(submission=draft, at=moment + timedelta(minutes=1))
    assert reading_due_files.read_due(now=wall_now, until=lambda: False) == 2
    response = Submission.objects.get(pk=draft.pk)
    remember_address(submission=response, address="zqlink7x@example.org", at=moment)
    late_passes.give(
        call=call,
        address="zqnewemail8x@example.org",
        reason="Was ill",
        expires_at=call.closes_at + timedelta(days=1),
        by=manager,
        at=moment,
    )
    send_all(moment)
    again = OutboxEmail.objects.filter(submission=response, kind=MailKind.CONFIRMATION).first()
    for _ in range(2):  # a copy, and a copy of that
        again = resending.send_again(again, by=manager, at=moment)
        send_all(moment)
    _asked, token = put_question(response, text="Who is zqasked13x?", by=manager, at=moment)
    replying.answer(call=call, token=token, text="It is zqanswered14x.", at=moment)
    send_all(moment)
    write_due(until=lambda: False)
    theme = make_code(call=call, name="Trust")
    story = call.questions_by_key["story"]
    code_passage(code=theme, version=second, question=story, start=4, end=14, by=manager, at=moment)
    run = export_runs.enqueue(
        call=call,
        by=make_user(is_superuser=True),
        at=moment,
        file_format="bundle",
        filters={},
        rows_total=2,
        scope=Scope(named=True, includes_unnamed=True, confidential=False),
        reason="For the report",
    )
    worker.make_next(now=lambda: moment, wall_now=lambda: datetime.now(UTC))
    run.refresh_from_db()
    assert run.file
    return {
        "call": call,
        "at": moment + timedelta(hours=1),
        "response": response,
        "other": other,
        "digests": [first.sha256, second.sha256],
        "code": code,
    }
