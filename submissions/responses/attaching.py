"""Files as evidence: which ones are accepted, and adding and removing them."""

import hashlib
import logging
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import BinaryIO, cast
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.direction import isolated
from core.disk_reserve import has_room_for_upload
from core.outages import StoreAway, outage_of
from core.spoken_lists import in_a_row
from core.upload_names import without_folders
from submissions.calls.models import Call, Question
from submissions.responses.ending.stored_files import end_removed
from submissions.responses.errors import FileRefused
from submissions.responses.file_types.detecting import (
    refuse_macro_ending,
    refuse_unless_what_it_says,
    type_by_name,
)
from submissions.responses.models import Attachment, Submission
from submissions.responses.working_copy import lock_working_copy, note_saved

logger = logging.getLogger(__name__)
Refusals = dict[str, list[str]]
JOINERS = "\u200c\u200d"
LINE_END = re.compile("(?:%0D|%0A)+")
LONGEST_NAME = 150


@dataclass(frozen=True)
class CheckedFile:
    """An upload that may be kept, with its presentable name, its type and its SHA-256."""

    upload: UploadedFile
    name: str
    file_type: str
    sha256: str


def change_files(
    *,
    submission: Submission,
    call: Call,
    at: datetime,
    uploads: Mapping[str, Sequence[UploadedFile]],
    removed: UUID | None = None,
    replaced: UUID | None = None,
) -> Refusals:
    """Take out the file `removed`, and add `uploads` (question key -> files), each by itself.

    The first upload to the question of the file `replaced` comes in its place. Return the refusals,
    sentences for the respondent, by question key. Raises AlreadySubmitted and AccessEnded.
    """
    refused: Refusals = {}
    if removed is not None:
        detach(submission=submission, public_id=removed, at=at)
    of = None if replaced is None else _question_of_file(submission, replaced)
    if of is not None and of not in uploads:
        refused[of] = [_("Choose the new file, then press Replace")]
    is_away = False
    for key, files in uploads.items():
        for number, upload in enumerate(files):
            in_place_of = replaced if key == of and number == 0 else None
            try:
                if is_away:  # each file would wait for the same
                    raise no_room(upload)
                attach(
                    submission=submission,
                    question=call.questions_by_key[key],
                    upload=upload,
                    at=at,
                    in_place_of=in_place_of,
                )
            except FileRefused as refusal:
                refused.setdefault(key, []).append(refusal.message)
            except (StoreAway, OSError) as error:
                outage = outage_of(error)
                if outage is None:
                    raise
                logger.error(
                    "%s: a file is not kept, %s: %s", submission, outage.host, outage.reason
                )
                is_away = True
                refused.setdefault(key, []).append(no_room(upload).message)
    return refused


def _question_of_file(submission: Submission, public_id: UUID) -> str | None:
    """Return the key of the file's question; None if the file is gone already."""
    of = submission.attachments.filter(public_id=public_id, removed_at=None)
    return of.values_list("question__key", flat=True).first()


def attach(
    *,
    submission: Submission,
    question: Question,
    upload: UploadedFile,
    at: datetime,
    in_place_of: UUID | None = None,
) -> Attachment:
    """Add the file to the working copy; a second press adds it once.

    The same transaction removes the file with the public id `in_place_of`, so that stays if the
    new one is refused. If it is not there (any more), the new file is added.

    Raises FileRefused with a sentence for the respondent: empty, too big, of a type that is not
    allowed or not what its name says, protected, with a program in it, one too many, or no room
    on the disk. Raises AlreadySubmitted if the working copy is closed, StoreAway if the store of
    files is.
    """
    file = check(upload, types=question.file_types, max_mb=question.max_mb)
    with transaction.atomic():
        lock_working_copy(submission)
        if in_place_of is not None:
            detach(submission=submission, public_id=in_place_of, at=at)
        present = submission.attachments.filter(question=question, removed_at=None)
        same = present.filter(sha256=file.sha256).first()
        if same is not None and same.name == file.name:
            return same
        if same is not None:
            raise FileRefused(
                _(
                    "“%(name)s” was not added: it is the same file as “%(same)s”, "
                    "which is here already"
                )
                % {"name": isolated(file.name), "same": isolated(same.name)}
            )
        refuse_one_too_many(question, file.name, present.count())
        return store(file, submission=submission, question=question, at=at)


def refuse_one_too_many(question: Question, name: str, present: int) -> None:
    """Raise FileRefused if no further file goes beside the `present` ones."""
    if question.max_files and present >= question.max_files:
        raise FileRefused(
            ngettext(
                "“%(name)s” was not added: you can add %(most)s file. Remove it first",
                "“%(name)s” was not added: you can add up to %(most)s files. Remove one first",
                question.max_files,
            )
            % {"name": isolated(name), "most": question.max_files}
        )


def check(upload: UploadedFile, *, types: Sequence[str], max_mb: int | None) -> CheckedFile:
    """Return the upload as a file of one of `types`, for which there is room.

    Raises FileRefused as `attach` does.
    """
    name = presentable_name(upload.name or "")
    file_type = refuse_unless_of(types, max_mb, name, upload)
    if not has_room_for_upload(upload.size or 0):
        raise no_room(upload)
    return CheckedFile(upload, name, file_type, digest_of(upload))


def store(
    file: CheckedFile, *, submission: Submission, question: Question | None, at: datetime
) -> Attachment:
    """Write the row and the file, with the working copy locked; no file is left without a row."""
    attachment = Attachment(
        submission=submission,
        question=question,
        name=file.name,
        file_type=file.file_type,
        size=file.upload.size or 0,  # an empty file is refused before
        sha256=file.sha256,
        uploaded_at=at,
    )
    attachment.file.save(file.name, file.upload, save=False)
    try:
        attachment.save()
        note_saved(submission, at=at)
        connection.check_constraints()  # else only the commit says that its question is gone
    except BaseException:
        attachment.file.storage.delete(attachment.file.name)
        raise
    return attachment


def no_room(upload: UploadedFile) -> FileRefused:
    """Return what to say of a file that cannot be kept at the moment."""
    return FileRefused(
        _(
            "“%(name)s” was not added: there is no room for files at the moment. Everything "
            "else on this page is kept. Add the file later"
        )
        % {"name": isolated(presentable_name(upload.name or ""))}
    )


def refuse_unless_of(
    types: Sequence[str], max_mb: int | None, name: str, upload: UploadedFile
) -> str:
    """Return the file's type, one of `types`, or raise FileRefused."""
    file_type = type_by_name(name)
    if file_type not in types:
        refuse_macro_ending(name, types)
        allowed = in_a_row(kind.upper() for kind in types)
        raise FileRefused(
            _("“%(name)s” was not added: the file must be one of %(allowed)s")
            % {"name": isolated(name), "allowed": allowed}
        )
    if not upload.size:
        raise FileRefused(
            _("“%(name)s” was not added: the file is empty") % {"name": isolated(name)}
        )
    if max_mb and upload.size > max_mb * 1024 * 1024:
        raise FileRefused(
            _("“%(name)s” was not added: the file must be %(most)s MB or smaller")
            % {"name": isolated(name), "most": max_mb}
        )
    refuse_unless_what_it_says(name, file_type, cast(BinaryIO, upload))
    return file_type


def presentable_name(name: str) -> str:
    """Return the file's own name without folders and control characters, cut to 150.

    Browsers write a quotation mark in a name as %22, and a line's end as %0D%0A (HTML,
    multipart/form-data): here it is a space. Joiners, which
    hold letters and emoji together, are no control characters here. Dots and spaces at the end go:
    Windows drops them, so the ending before them says what the file is.
    """
    last = LINE_END.sub(" ", without_folders(name)).replace("%22", '"')
    shown = "".join(
        c
        for c in unicodedata.normalize("NFC", last)
        if c in JOINERS or unicodedata.category(c)[0] != "C"
    ).lstrip()
    path = PurePath(re.sub(r"[\s.]+\Z", "", shown) or "file")
    return path.stem[: LONGEST_NAME - len(path.suffix[:20])] + path.suffix[:20]


def digest_of(upload: UploadedFile) -> str:
    """Return the SHA-256 of the file's bytes as 64 hex digits."""
    hasher = hashlib.sha256()
    for chunk in upload.chunks():
        hasher.update(chunk)
    upload.seek(0)
    return hasher.hexdigest()


def detach(*, submission: Submission, public_id: UUID, at: datetime) -> None:
    """Remove a file from the working copy, and delete it if no version has it.

    A file that is not there (any more) is no error. Raises AlreadySubmitted.
    """
    with transaction.atomic():
        lock_working_copy(submission)
        attachment = submission.attachments.filter(public_id=public_id, removed_at=None).first()
        if attachment is None:
            return
        attachment.removed_at = at
        attachment.save(update_fields=["removed_at"])
        # The row stays until the file is gone: the worker asks again for what could not be deleted.
        removed = Attachment.objects.filter(pk=attachment.pk)
        transaction.on_commit(lambda: end_removed(removed), robust=True)
        note_saved(submission, at=at)
