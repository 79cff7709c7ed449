"""The life of an uploaded file with many responses.

    checking -> waiting (somebody had it carried out) -> running (a worker has it) -> done
             -> deleted (discarded, or nobody had it carried out within a week)
                                                      -> waiting (its worker stopped)

Until somebody asks for it nothing of it is a response. Its file goes once it is done.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import Exists

from accounts.models import AuditEvent, User
from accounts.record import record
from accounts.rights import may
from accounts.states import Action, AuditAction
from core.attempts import Attempts
from core.claims import claim, claimed_row, claimed_until
from core.disk_reserve import has_room_for_upload
from core.outages import StoreAway
from core.whole_files import open_whole
from submissions.calls.models import Call
from submissions.responses.attaching import digest_of, presentable_name
from submissions.responses.errors import ImportRefused
from submissions.responses.etags import etag
from submissions.responses.importing import folders, tables
from submissions.responses.importing.choices import Choices, first_choices
from submissions.responses.importing.folders import Folder
from submissions.responses.importing.plans import Plan, plans_of_folder, plans_of_table
from submissions.responses.importing.tables import Table, read_table
from submissions.responses.models import ImportedRow, ResponseImport
from submissions.responses.states import ImportKind, ImportState

logger = logging.getLogger(__name__)
KEPT = timedelta(days=7)
CLAIM_LASTS = timedelta(minutes=2)
ZIP = b"PK"
FAULT, UNREADABLE = "fault", "unreadable"  # why an import stopped, on record
Content = Table | Folder


def upload(*, call: Call, file: UploadedFile, by: User, at: datetime) -> ResponseImport:
    """Keep the file, to be looked at; a file that waits to be looked at is kept once.

    Raises ImportRefused for a file that cannot be read, and for somebody without the right.
    """
    _refuse_without_right(call, by)
    is_folder = file.read(2) == ZIP
    file.seek(0)
    most = folders.MOST_BYTES if is_folder else tables.MOST_BYTES
    if (file.size or 0) > most:
        raise ImportRefused(f"The file is larger than {most // 1024 // 1024} MB")
    if not has_room_for_upload(file.size or 0):
        raise ImportRefused("There is no room for files at the moment")
    kind = ImportKind.FOLDER if is_folder else ImportKind.CSV
    content = _content(kind, file.read())
    file.seek(0)
    choices = Choices()
    if isinstance(content, Table):
        choices = first_choices(call, content.heading)
    sha256 = digest_of(file)
    with transaction.atomic():
        Call.objects.select_for_update(no_key=True).get(pk=call.pk)
        waiting = ResponseImport.objects.filter(
            call=call, sha256=sha256, uploaded_by=by, state=ImportState.CHECKING
        )
        if (same := waiting.first()) is not None:
            return same
        made = ResponseImport(
            call=call,
            kind=kind,
            name=presentable_name(file.name or ""),
            size=file.size or 0,
            sha256=sha256,
            uploaded_by=by,
            uploaded_at=at,
            choices=choices.as_stored(),
        )
        try:
            made.file.save("", file, save=False)
        except StoreAway:
            raise ImportRefused("There is no room for files at the moment") from None
        try:
            made.save(force_insert=True)
        except BaseException:
            made.file.storage.delete(made.file.name)
            raise
        _record(made, AuditAction.IMPORT_UPLOADED, by=by, at=at)
    return made


def earlier_of(of: ResponseImport) -> ResponseImport | None:
    """Return the import by which the same file came in already."""
    same = ResponseImport.objects.filter(call=of.call_id, sha256=of.sha256).exclude(pk=of.pk)
    return same.exclude(state=ImportState.CHECKING).first()


def content_of(of: ResponseImport) -> Content:
    """Return what the file holds. Raises FileLost, ImportRefused."""
    with open_whole(of.file, sha256=of.sha256) as stored:
        return _content(of.kind, stored.read())


def _content(kind: str, content: bytes) -> Content:
    return Folder(content) if kind == ImportKind.FOLDER else read_table(content)


def plans_of(of: ResponseImport, content: Content, choices: Choices) -> Iterator[Plan]:
    """Yield what would come of each row."""
    known = choices.known_to(of.call)
    if isinstance(content, Folder):
        return plans_of_folder(of.call, content, known, at=of.uploaded_at)
    return plans_of_table(of.call, content, known, at=of.uploaded_at)


def known_rows(of: ResponseImport) -> dict[str, ImportedRow]:
    """Return the rows that came in already, from any file of the call, by their digests."""
    rows = ImportedRow.objects.filter(call=of.call_id).select_related("submission")
    return {row.digest: row for row in rows}


def choose(of: ResponseImport, choices: Choices) -> None:
    """Keep what was chosen. Raises ImportRefused once it was asked for."""
    with transaction.atomic():
        locked = _lock(of)
        locked.choices = choices.as_stored()
        locked.save(update_fields=["choices"])
    of.choices = locked.choices


def carry_out(of: ResponseImport, *, seen: str, by: User, at: datetime) -> None:
    """Have the worker enter every row that has no fault.

    `seen` is the etag of the choices that the dry run was made with. Raises ImportRefused if
    somebody chose otherwise since, had it carried out already, or for somebody without the right.
    """
    _refuse_without_right(of.call, by)
    with transaction.atomic():
        locked = _lock(of)
        if etag(locked.choices) != seen:
            raise ImportRefused("Somebody else chose differently. Look at the dry run again")
        locked.state, locked.asked_by, locked.asked_at = ImportState.WAITING, by, at
        locked.save(update_fields=["state", "asked_by", "asked_at"])
        _record(locked, AuditAction.IMPORT_ASKED, by=by, at=at)


def discard(of: ResponseImport, *, by: User | None, at: datetime) -> None:
    """Delete an upload of which nothing was entered.

    Raises ImportRefused once it was asked for, and StoreAway: then nothing is deleted.
    """
    with transaction.atomic():
        locked = _lock(of)
        _record(locked, AuditAction.IMPORT_DISCARDED, by=by, at=at)
        storage, name = locked.file.storage, locked.file.name
        locked.delete()
        storage.delete(name)


def clear(*, at: datetime) -> int:
    """Discard what nobody had carried out within KEPT, and delete files of what is done.

    Returns how many were discarded. Raises SomeFailed after the others where one could not be.
    """
    discarded = 0
    with Attempts(logger) as attempts:
        old = ResponseImport.objects.filter(state=ImportState.CHECKING, uploaded_at__lte=at - KEPT)
        for one in old:
            if attempts.store_is_away:
                break
            # Somebody may have had it carried out, or discarded it, just now.
            with attempts.at("%s", one), suppress(ImportRefused):
                discard(one, by=None, at=at)
                discarded += 1
        for one in ResponseImport.objects.filter(state=ImportState.DONE).exclude(file=""):
            if attempts.store_is_away:
                break
            with attempts.at("%s", one):
                forget_file(one)
    return discarded


def forget_file(of: ResponseImport) -> None:
    """Delete the file of an import that is done, before its row says so."""
    of.file.storage.delete(of.file.name)
    ResponseImport.objects.filter(pk=of.pk).update(file="")


def claim_next(*, wall_now: datetime) -> ResponseImport | None:
    """Claim the import that has waited longest; None if there is none or one is running.

    Where two workers claim at the same moment, the database allows one of them
    (`submissions_responseimport_one_running`), and the other gets None.
    """
    running = ResponseImport.objects.filter(state=ImportState.RUNNING)
    waiting = ResponseImport.objects.filter(~Exists(running), state=ImportState.WAITING)
    try:
        with transaction.atomic():
            claimed = claim(waiting.order_by("asked_at", "pk"), limit=1, wall_now=wall_now)
            return next(iter(claimed), None)
    except IntegrityError:
        return None


def release_stuck(*, wall_now: datetime) -> int:
    """Let another worker go on with imports whose worker died."""
    stuck = claimed_until(ResponseImport.objects.all(), wall_now - CLAIM_LASTS)
    return sum(claimed_row(one).update(state=ImportState.WAITING) for one in stuck)


def finish(
    of: ResponseImport, *, at: datetime, failed: Sequence[int] = (), stopped: str = ""
) -> bool:
    """Note that every row is gone through, and delete the file; False if the claim was lost.

    `failed` are the numbers of the rows that have no fault and did not come in; `stopped` is why
    the rest was not gone through.
    """
    with transaction.atomic():
        if not claimed_row(of).update(state=ImportState.DONE, finished_at=at):
            return False
        of.refresh_from_db()
        counts = {"entered": of.rows_entered, "submitted": of.rows_submitted, "rows": of.rows_done}
        wrong: dict[str, Any] = {"failed": list(failed)} if failed else {}
        if stopped:
            wrong["stopped"] = stopped
        _record(of, AuditAction.IMPORT_DONE, by=of.asked_by, at=at, **counts, **wrong)
    forget_file(of)
    return True


def what_went_wrong(imports: Sequence[ResponseImport]) -> dict[ResponseImport, dict[str, Any]]:
    """Return `failed` and `stopped` as `finish` put them on record, empty where all went well."""
    done = AuditEvent.objects.filter(
        action=AuditAction.IMPORT_DONE,
        call__in={one.call_id for one in imports},
        detail__upload__in=[str(one.public_id) for one in imports],
    )
    details = {detail["upload"]: detail for detail in done.values_list("detail", flat=True)}
    found = {one: details.get(str(one.public_id), {}) for one in imports}
    return {
        one: {"failed": detail.get("failed", []), "stopped": detail.get("stopped", "")}
        for one, detail in found.items()
    }


def _lock(of: ResponseImport) -> ResponseImport:
    locked = ResponseImport.objects.select_for_update(of=("self",)).filter(pk=of.pk).first()
    if locked is None:
        raise ImportRefused("Somebody else has discarded this file")
    if locked.state != ImportState.CHECKING:
        raise ImportRefused("Somebody had this file carried out already")
    return locked


def _refuse_without_right(call: Call, by: User) -> None:
    if not may(by, Action.ENTER_RESPONSES, call):
        raise ImportRefused("You may not enter responses to this call")


def _record(
    of: ResponseImport, action: AuditAction, *, by: User | None, at: datetime, **detail: Any
) -> None:
    record(
        by=by,
        at=at,
        action=action,
        call=of.call,
        upload=str(of.public_id),
        kind=of.kind,
        sha256=of.sha256,
        **detail,
    )
