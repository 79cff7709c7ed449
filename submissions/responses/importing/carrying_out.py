"""The worker enters the rows of an import, one transaction each, and goes on where one stopped."""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, transaction

from accounts.models import User
from accounts.rights import may
from accounts.states import Action
from core.claims import claimed_row, renew
from core.disk_reserve import NoRoom, has_room_for_upload
from core.outages import StoreAway, outage_of
from core.whole_files import FileLost
from submissions.responses.answering import ResponseIncomplete
from submissions.responses.attaching import attach
from submissions.responses.drafting import save_answers
from submissions.responses.entering import Came, begin_entry, submit_entry
from submissions.responses.errors import CallNotOpen, EntryRefused, ImportRefused
from submissions.responses.importing import uploads
from submissions.responses.importing.choices import Choices
from submissions.responses.importing.folders import Folder
from submissions.responses.importing.plans import Plan
from submissions.responses.importing.uploads import FAULT, UNREADABLE
from submissions.responses.models import Attachment, Entry, ImportedRow, ResponseImport
from submissions.responses.originals import add_original
from submissions.responses.states import Acknowledgement
from submissions.responses.working_copy import lock_call

logger = logging.getLogger(__name__)
MOST_ATTEMPTS = 5  # without a row gone through


class ClaimLost(Exception):
    """Another worker has the import."""


def carry_out_next(
    *, now: Callable[[], datetime], wall_now: Callable[[], datetime]
) -> ResponseImport | None:
    """Carry out the import that has waited longest, and return it; None if none waits.

    A fault of the portal's own ends it, as the next attempt would meet it, too; an outage does not.
    So does a row at which MOST_ATTEMPTS workers died, as from lack of memory.
    """
    found = uploads.claim_next(wall_now=wall_now())
    if found is None:
        return None
    if found.attempts > MOST_ATTEMPTS:
        logger.error("%s stopped after %d rows: its workers died", found, found.rows_done)
        uploads.finish(found, at=now(), stopped=FAULT)
        return found
    try:
        failed = _carry_out(found, now, wall_now)
        uploads.finish(found, at=now(), failed=failed)
    except ClaimLost:
        logger.warning("%s: another worker went on with it", found)
    except NoRoom:
        # Its claim ends soon, and then it is tried again.
        _count_no_attempt(found)
        logger.warning("%s waits: there is no room for its files", found)
        return None
    except (FileLost, ImportRefused):
        logger.error("%s cannot be read any more; what came in of it stays", found)
        uploads.finish(found, at=now(), stopped=UNREADABLE)
    except Exception as error:
        if outage_of(error):
            _count_no_attempt(found)
            raise
        if isinstance(error, OperationalError | InterfaceError):
            raise
        # The log's formatter leaves out messages, which may hold what somebody wrote.
        logger.exception("%s stopped after %d rows; what came in stays", found, found.rows_done)
        uploads.finish(found, at=now(), stopped=FAULT)
    return found


def _count_no_attempt(of: ResponseImport) -> None:
    """Let an outage last: it ends no import, however often that is tried meanwhile."""
    with suppress(DatabaseError):
        claimed_row(of).update(attempts=0)


def _carry_out(
    of: ResponseImport, now: Callable[[], datetime], wall_now: Callable[[], datetime]
) -> list[int]:
    """Enter the rows that are left; return the numbers of those that failed, in every attempt."""
    by = of.asked_by
    if by is None or not may(by, Action.ENTER_RESPONSES, of.call):
        raise ImportRefused("The person who asked for it can no longer enter responses")
    choices = Choices.of(of.choices)
    content = uploads.content_of(of)
    due: dict[str, int] = {}
    for place, plan in enumerate(uploads.plans_of(of, content, choices), 1):
        # To read again what another worker did may take longer than a claim lasts.
        if not renew(of, wall_now=wall_now()):
            raise ClaimLost
        if not plan.faults:
            due |= dict.fromkeys(plan.digests, plan.number)
        if place <= of.rows_done:
            continue
        try:
            _enter(of, plan, content, choices, place=place, by=by, at=now())
        except (ClaimLost, NoRoom, OperationalError, InterfaceError, StoreAway):
            raise  # nothing is wrong with the row: it is tried again
        except Exception as error:
            if outage_of(error) is not None:
                raise  # of the disk
            # The log's formatter leaves out messages, which may hold what somebody wrote.
            logger.exception("%s: row %d did not come in", of, plan.number)
            if not claimed_row(of).update(rows_done=place, attempts=0):
                raise ClaimLost from None
            of.rows_done = place
    there = ImportedRow.objects.filter(call=of.call_id, digest__in=due)
    came_in = {due[digest] for digest in there.values_list("digest", flat=True)}
    return [number for number in dict.fromkeys(due.values()) if number not in came_in]


def _enter(
    of: ResponseImport,
    plan: Plan,
    content: uploads.Content,
    choices: Choices,
    *,
    place: int,
    by: User,
    at: datetime,
) -> None:
    """Enter one row, and note in the same transaction that it was gone through."""
    kept: list[Attachment] = []
    try:
        with transaction.atomic():
            done = {"rows_done": place, "attempts": 0}
            submits = choices.submits and not plan.faults and not plan.notes
            if submits:
                # Before the answers, as a load of the call locks them after it.
                lock_call(of.call_id)
            entry = _entry_of(of, plan, choices, by=by, at=at)
            if entry is not None:
                _add_files(entry, plan, content, choices, kept, at=at)
                done["rows_entered"] = of.rows_entered + 1
                if submits and _submit(entry, by=by, at=at):
                    done["rows_submitted"] = of.rows_submitted + 1
            if not claimed_row(of).update(**done):
                raise ClaimLost
    except BaseException:
        for attachment in kept:
            attachment.file.storage.delete(attachment.file.name)
        raise
    for name, value in done.items():
        setattr(of, name, value)


def _entry_of(
    of: ResponseImport, plan: Plan, choices: Choices, *, by: User, at: datetime
) -> Entry | None:
    """Return the row as an entry; None for one with a fault, or that came in already."""
    if plan.faults or plan.received_at is None:
        return None
    if ImportedRow.objects.filter(call=of.call_id, digest__in=plan.digests).exists():
        return None
    came = Came(
        channel=plan.channel,
        received_at=plan.received_at,
        acknowledgement=Acknowledgement(choices.acknowledgement),
        their_reference=plan.reference,
    )
    entry = begin_entry(came, call=of.call, by=by, at=at)
    ImportedRow.objects.create(
        submission=entry.submission,
        source=of,
        call=of.call,
        number=plan.number,
        digest=plan.digests[0],
    )
    save_answers(submission=entry.submission, call=of.call, values=plan.answers, at=at)
    return entry


def _add_files(
    entry: Entry,
    plan: Plan,
    content: uploads.Content,
    choices: Choices,
    kept: list[Attachment],
    *,
    at: datetime,
) -> None:
    if not isinstance(content, Folder):
        return
    question = entry.submission.call.questions_by_key.get(choices.file_question)
    for packed in plan.files:
        if not has_room_for_upload(packed.size):
            raise NoRoom
        upload = SimpleUploadedFile(packed.name, content.read(packed))
        if question is None:
            kept.append(add_original(entry.submission, upload, at=at))
        else:
            added = attach(submission=entry.submission, question=question, upload=upload, at=at)
            kept.append(added)


def _submit(entry: Entry, *, by: User, at: datetime) -> bool:
    """Submit the entry; one that cannot be is kept half entered."""
    try:
        with transaction.atomic():
            submit_entry(entry, by=by, at=at, expected_etag=None)
    except (CallNotOpen, EntryRefused, ResponseIncomplete):
        return False
    return True
