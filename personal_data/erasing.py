"""Carries out approved requests to erase, everywhere: database, files, kept exports, mails.

It can be interrupted at any point and begun again. The database loses what is erased in one
transaction, which also notes the files that are still to be deleted. Exports that were made or
begun before are ended after it. The last mail tells the author; once it is out, its row goes too.
"""

import json
import logging
from datetime import datetime
from functools import cache, partial
from typing import Any
from uuid import UUID

from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.db.models import Q

from accounts.record import record
from accounts.states import AuditAction
from core.outages import StoreAway
from core.whole_words import has_any
from exports import export_runs
from personal_data.names import given_as_identity, is_common, is_left_out_of_index, names_of_people
from review.agreement.forgetting import forget_reasons
from review.coding.forgetting import SHORTEST_NAME, Ending, forget_examples, plain
from review.coding.locking import lock_codes
from review.duplicates import comparing_arrivals
from review.findings.forgetting import forget_claims
from review.matrix.summaries import forget_summaries
from review.memos.forgetting import forget_memos
from review.models import (
    Code,
    Coding,
    CodingDecision,
    FileText,
    FindingPassage,
    Memo,
    Note,
    Quote,
    Review,
    SampledResponse,
)
from review.noting import forget_notes
from review.redaction.forgetting import forget_redactions, forget_words_with
from review.searching.entries import forget_words
from review.texts import reading_due_files
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import MailKind, OutboxState
from submissions.responses.addresses import known_addresses
from submissions.responses.asking import end_questions
from submissions.responses.ending.passes import erase_passes
from submissions.responses.ending.stored_files import delete_rows
from submissions.responses.erasing import enqueue_mails
from submissions.responses.models import (
    Answer,
    Attachment,
    Colleague,
    Entry,
    ErasureRequest,
    IdentityAnswer,
    ImportedRow,
    LatePass,
    ReturnAddress,
    Submission,
    Version,
)
from submissions.responses.models.attachments import private_storage
from submissions.responses.returning import responses_known_by
from submissions.responses.states import ErasureGround, ErasureState

logger = logging.getLogger(__name__)
FOLDER = "erasures"


def carry_out_all(*, at: datetime) -> int:
    """Carry out what is approved, and go on with what was interrupted; return how many are done.

    One that fails is tried again the next time, and keeps no other from being carried out. While
    the store of files is away, the others leave the database, and no file is asked for again.
    """
    done = 0
    away = False
    for request in ErasureRequest.objects.to_carry_out().order_by("pk"):
        try:
            if away:
                erase_from_database(request, at=at)
            else:
                done += carry_out(request, at=at)
        except StoreAway as error:
            away = True
            logger.error("%s could not be carried out, %s: %s", request, error.host, error)
        except Exception:
            # The log's formatter leaves out messages, which may hold what somebody wrote.
            logger.exception("%s could not be carried out", request)
    return done


def carry_out(request: ErasureRequest, *, at: datetime) -> bool:
    """Carry out one request, as far as that is possible now; return whether it is done.

    Raises StoreAway, and OSError or StillThere once all other files are gone.
    """
    if not erase_from_database(request, at=at):
        return False
    request.refresh_from_db()
    try:
        _delete_files(request)
    finally:
        export_runs.end_those_with(request.submission, only_named=not request.is_about_files)
    _write_tombstone(request)
    return _forget_last_mail(request, at)


def erase_from_database(request: ErasureRequest, *, at: datetime, tells: bool = True) -> bool:
    """Return whether it is out of the database; not while one of its mails is being sent.

    `tells`: enqueue the last mail to the author, if it is at their request.
    """
    with transaction.atomic():
        submission = Submission.objects.select_for_update(no_key=True).get(pk=request.submission_id)
        locked = ErasureRequest.objects.select_for_update(of=("self",)).get(pk=request.pk)
        locked.submission = submission
        if locked.state != ErasureState.APPROVED:
            return locked.state == ErasureState.ERASED
        mails = list(submission.mails.select_for_update(of=("self",)))
        if any(mail.state == OutboxState.CLAIMED for mail in mails):
            return False
        last = []
        if tells and locked.ground == ErasureGround.AUTHOR:
            last = enqueue_mails(MailKind.ERASURE_DONE, locked, at=at)
        forget_words(submission.pk)
        given = given_as_identity(submission) if locked.is_about_identity else set()
        people = names_of_people(submission)
        common = cache(partial(is_common, submission=submission, people=people))
        ending = Ending(given, _texts_that_end(locked, submission), common)
        forget_notes(submission, ending)
        # All at once, in the order in which all lock them.
        lock_codes(Code.objects.filter(call=submission.call))
        for forget in (forget_examples, forget_summaries, forget_memos, forget_claims):
            forget(submission.call, ending)
        forget_reasons(submission, ending)
        if locked.is_about_identity:
            _erase_who_answered(locked, given, but=last, at=at)
        if locked.is_whole:
            _erase_what_was_said(submission)
        if locked.is_about_files:
            reading_due_files.forget_of(submission)
        _note_files(locked)
        with connection.cursor() as cursor:
            cursor.execute("SELECT submissions_erase(%s, %s)", [locked.pk, at])
        record(
            by=None,
            at=at,
            action=AuditAction.ERASED,
            call=submission.call,
            submission=submission,
            **_tombstone(locked),
        )
    logger.info("%s: erased from the database (%s)", request, request.scope)
    return True


def _erase_who_answered(
    request: ErasureRequest, given: set[str], *, but: list[OutboxEmail], at: datetime
) -> None:
    """Erase who gave the response; of its mails those in `but` stay, which tell the author.

    `given` are the answers that say who answered, in small letters.
    """
    submission = request.submission
    # Beside their own response, what is common names them, too; “no” and “-” do not.
    names = {one for one in given if len(one) >= SHORTEST_NAME or not is_left_out_of_index(one)}
    _empty_notes_with(names, submission)
    _empty_reasons_with(names, submission)
    forget_words_with(names, submission)
    end_questions(submission, whole=request.is_whole, names=names, at=at)
    _erase_passes(submission)
    submission.mails.exclude(pk__in=[mail.pk for mail in but]).delete()
    for part in (IdentityAnswer, ReturnAddress, Colleague):
        part.objects.filter(submission=submission).delete()
    comparing_arrivals.forget_sender(submission.pk)
    Entry.objects.filter(submission=submission).update(their_reference="")
    ImportedRow.objects.filter(submission=submission).delete()


def _erase_what_was_said(submission: Submission) -> None:
    """Erase the working copy, and what the team made of the response beside its versions."""
    Answer.objects.filter(submission=submission).delete()
    for part in (CodingDecision, Coding, Quote, FindingPassage):
        part.objects.filter(version__submission=submission).delete()
    Review.objects.filter(submission=submission).delete()
    SampledResponse.objects.filter(submission=submission).update(stratum="")
    Note.objects.filter(submission=submission).delete()
    forget_redactions(submission)
    Memo.objects.filter(submission=submission).delete()
    comparing_arrivals.let_go(submission.pk)


def _note_files(request: ErasureRequest) -> None:
    """Note the files that go once this is committed; the row of an original goes now.

    The original of an entered response says who answered, so it goes with that, too.
    """
    files = Attachment.objects.filter(submission=request.submission_id)
    if not request.is_about_files:
        files = files.filter(question=None)
    request.files_left = list(files.values_list("file", flat=True))
    request.save(update_fields=["files_left"])
    delete_rows(files.filter(question=None))


def _texts_that_end(request: ErasureRequest, submission: Submission) -> list[str]:
    """Return the answers and what was read of files, as far as the request is about them."""
    texts: list[str] = []
    if request.is_whole:
        versions = Version.objects.filter(submission=submission).values_list("texts", flat=True)
        texts += [text for answers in versions for text in answers.values()]
    if request.is_about_files:
        files = FileText.objects.filter(attachment__submission=submission).exclude(text="")
        texts += files.values_list("text", flat=True)
    return [plain(text) for text in texts]


def _empty_notes_with(given: set[str], submission: Submission) -> None:
    """Empty the notes of staff that have an answer of those that say who answered."""
    for note in Note.objects.filter(submission=submission):
        if has_any(note.text, given):
            note.text = "Erased: it named who answered."
            note.save(update_fields=["text"])


def _empty_reasons_with(given: set[str], submission: Submission) -> None:
    """Empty the reasons of decisions about codings that have such an answer."""
    for decision in CodingDecision.objects.filter(version__submission=submission):
        if has_any(decision.reason, given):
            decision.reason = "Erased: it named who answered."
            decision.save(update_fields=["reason"])


def _erase_passes(submission: Submission) -> None:
    """Empty the late passes of the response, and delete unused ones that only its author has.

    An address of theirs that another response has, too, keeps its pass.
    """
    erase_passes(LatePass.objects.filter(submission=submission))
    unused = LatePass.objects.filter(call=submission.call_id, submission=None)
    for address in known_addresses(submission, submission.call):
        theirs = responses_known_by(submission.call, address)
        if any(one.pk != submission.pk for one in theirs):
            continue
        unused.filter(address__iexact=address).delete()
        OutboxEmail.objects.filter(
            call=submission.call_id,
            submission=None,
            kind=MailKind.LATE_PASS,
            to_address__iexact=address,
        ).delete()


def _delete_files(request: ErasureRequest) -> None:
    """Delete what is left; raises what kept the last that stays, once the others are gone."""
    if not request.files_left:
        return
    storage = private_storage()
    left: list[str] = []
    why: OSError | None = None
    for name in request.files_left:
        try:
            storage.delete(name)
        except OSError as error:
            left.append(name)
            why = error
    request.files_left = left
    ErasureRequest.objects.filter(pk=request.pk).update(files_left=left)
    if why is not None:
        raise why


def _write_tombstone(request: ErasureRequest) -> None:
    """Keep what a restored backup needs to be told again, beside the files (`reapply_erasures`)."""
    storage = private_storage()
    name = tombstone_name(str(request.public_id))
    said = json.dumps(as_tombstone(request)).encode() + b"\n"
    if storage.exists(name):
        with storage.open(name) as stored:
            if stored.read() == said:
                return
        # A worker that died while it wrote left a part of it.
        storage.delete(name)
    storage.save(name, ContentFile(said))


def tombstone_name(request: str) -> str:
    """Return where the tombstone of the request with that public id lies beside the files."""
    return f"{FOLDER}/{UUID(request).hex}.json"


def as_tombstone(request: ErasureRequest) -> dict[str, Any]:
    """Return what is known of an erasure without anything that was erased."""
    names = {
        "entered_by": request.entered_by and request.entered_by.get_username(),
        "decided_by": request.decided_by and request.decided_by.get_username(),
    }
    times = {
        name: moment.isoformat() if (moment := getattr(request, name)) else None
        for name in ("asked_at", "decided_at", "erased_at")
    }
    response = {
        "call": request.call.slug,
        "response": str(request.submission.public_id),
        "reference": request.submission.reference,
    }
    return {**response, **_tombstone(request), **names, **times, "reason": request.reason}


def _tombstone(request: ErasureRequest) -> dict[str, str]:
    return {
        "request": str(request.public_id),
        "scope": request.scope,
        "ground": request.ground,
    }


def record_approval(request: ErasureRequest, *, at: datetime) -> None:
    """Put on record that a restored database was told of an approval."""
    record(
        by=request.decided_by,
        at=at,
        action=AuditAction.ERASURE_APPROVED,
        call=request.call,
        submission=request.submission,
        after_restore=True,
        **_tombstone(request),
    )


def _forget_last_mail(request: ErasureRequest, at: datetime) -> bool:
    """End the request once the mail that told its author is out, and delete that mail."""
    outstanding = Q(state__in=[OutboxState.WAITING, OutboxState.CLAIMED])
    with transaction.atomic():
        mails = OutboxEmail.objects.filter(
            submission=request.submission_id, kind=MailKind.ERASURE_DONE
        )
        if mails.filter(outstanding).exists():
            return False
        mails.delete()
        return bool(
            ErasureRequest.objects.filter(pk=request.pk, state=ErasureState.ERASED).update(
                state=ErasureState.DONE, done_at=at
            )
        )
