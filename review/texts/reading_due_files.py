"""Takes up the files whose text nobody has read yet, and keeps what was read beside them.

    no row -> begun -> read
                    -> none, with the reason
                    -> none, as the portal lost it: looked for again after a day
           -> begun and left there by a worker that died: again, up to three times

Files are read once the virus scanner has found nothing in them, where there is one; without one,
all but those once found infected. Drafts' files are read by nobody.
"""

import io
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from core.outages import StoreAway
from core.whole_files import FileLost, open_whole
from review.models import Coding, CodingDecision, FileText, FindingPassage, Memo, Quote, Redaction
from review.searching.entries import words_changed
from review.states import NoText, TextState
from review.texts.extracting import READ_TYPES, Extracted, extract
from submissions.responses.models import Attachment, Submission
from submissions.responses.scanning import is_held_back, state_of
from submissions.responses.states import ScanState

logger = logging.getLogger(__name__)
RULES = 3  # raise it where files are read in another way: all are read again
GIVEN_UP_AFTER = timedelta(minutes=5)  # a worker that has read for so long has died
LOOKED_FOR_AGAIN_AFTER = timedelta(days=1)  # it may come back, from a backup or with its disk
MOST_TRIES = 3
LOOKED_UP = 100
# Passages of a text, which then stays as it is.
MARKS = (Coding, CodingDecision, FindingPassage, Memo, Quote, Redaction)


def read_due(*, now: Callable[[], datetime], until: Callable[[], bool]) -> int:
    """Read files that are due, the oldest first; return how many.

    `until` says after each file whether it is time to stop. Raises OSError for a disk that is out
    of order.
    """
    forget_infected()
    done = 0
    for attachment in due(now()).select_related("scan")[:LOOKED_UP]:
        try:
            if read(attachment, now=now):
                done += 1
        except StoreAway as error:
            logger.warning("%s is away (%s); files wait to be read", error.host, error)
            break
        if until():
            break
    return done


def due(at: datetime) -> QuerySet[Attachment]:
    """Return the submitted files that are to be read.

    A text with passages that somebody marked stays as it is: by other rules they might be other
    words.
    """
    left = Q(state=TextState.BEGUN, at__lte=at - GIVEN_UP_AFTER) | Q(
        reason=NoText.LOST, at__lte=at - LOOKED_FOR_AGAIN_AFTER
    )
    marked = Q()
    for model in MARKS:
        marked |= Q(Exists(model._default_manager.filter(file_text=OuterRef("pk"))))
    of_file = FileText.objects.filter(attachment=OuterRef("pk"))
    known = of_file.filter(Q(rules=RULES) | marked)
    submitted = Attachment.versions.through.objects.filter(attachment=OuterRef("pk"))
    files = Attachment.objects.filter(
        Exists(submitted), ~Exists(known.exclude(left)), file_type__in=READ_TYPES
    )
    if settings.CLAMD_URL:
        files = files.filter(scan__state=ScanState.CLEAN)
    else:
        files = files.exclude(scan__state=ScanState.INFECTED)
    return files.order_by("pk")


def read(attachment: Attachment, *, now: Callable[[], datetime]) -> bool:
    """Read one file and keep its text; False if another worker does, or it is gone meanwhile.

    That it was begun is committed before the file is opened: a file that kills its reader three
    times is left alone. Raises StoreAway and OSError; then it was not begun.
    """
    begun = _begin(attachment, at=now())
    if begun is None:
        return False
    if begun.tries > MOST_TRIES:
        found = Extracted(reason=NoText.BROKEN_OFF)
    else:
        try:
            with open_whole(attachment.file, sha256=attachment.sha256) as stored:
                found = extract(attachment.file_type, io.BytesIO(stored.read()))
        except FileLost:
            found = Extracted(reason=NoText.LOST)
        except (StoreAway, OSError):
            # It was not the file that ended the try.
            FileText.objects.filter(pk=begun.pk, state=TextState.BEGUN).delete()
            raise
    return _keep(attachment, found)


def text_beside(attachment: Attachment) -> FileText | None:
    """Return what was read of the file, or why nothing was; None while it is not read.

    None, too, for a file that is held back. Asks for `extracted` and `scan` if need be.
    """
    found = getattr(attachment, "extracted", None)
    if found is None or found.state == TextState.BEGUN or is_held_back(state_of(attachment)):
        return None
    return found


def forget_of(submission: Submission) -> None:
    """Delete the texts of all files of the response, in the caller's transaction."""
    FileText.objects.filter(attachment__submission=submission).delete()


def forget_infected() -> None:
    """Delete texts of files in which the scanner found something after they were read."""
    infected = FileText.objects.filter(attachment__scan__state=ScanState.INFECTED)
    for found in infected.select_related("attachment"):
        with transaction.atomic():
            words_changed(found.attachment.submission_id)
            found.delete()


def _begin(attachment: Attachment, *, at: datetime) -> FileText | None:
    """Note that the file is being read; None if another worker has it, or it is gone."""
    with transaction.atomic():
        if not _lock_response(attachment):
            return None
        known = FileText.objects.filter(attachment=attachment).first()
        if known is None:
            return FileText.objects.create(
                attachment=attachment, state=TextState.BEGUN, rules=RULES, at=at
            )
        if any(model.objects.filter(file_text=known).exists() for model in MARKS):
            return None
        again, is_begun = known.rules == RULES, known.state == TextState.BEGUN
        wait = GIVEN_UP_AFTER if is_begun else LOOKED_FOR_AGAIN_AFTER
        if again and (known.at > at - wait or not (is_begun or known.reason == NoText.LOST)):
            return None
        known.tries = F("tries") + 1 if again and is_begun else 1
        known.state, known.reason, known.text = TextState.BEGUN, "", ""
        known.is_part, known.rules, known.at = False, RULES, at
        known.save()
        known.refresh_from_db()
        return known


def _keep(attachment: Attachment, found: Extracted) -> bool:
    """Write what was read, unless the file was erased meanwhile."""
    with transaction.atomic():
        if not _lock_response(attachment):
            return False
        kept = FileText.objects.filter(attachment=attachment, state=TextState.BEGUN).update(
            state=TextState.NONE if found.reason else TextState.READ,
            reason=found.reason,
            text=found.text,
            is_part=found.is_part,
        )
        if kept:  # also where there is none any more
            words_changed(attachment.submission_id)
        return bool(kept)


def _lock_response(attachment: Attachment) -> bool:
    """Lock the response, as erasing it does first; False if the file is gone."""
    responses = Submission.objects.select_for_update(no_key=True)
    list(responses.filter(pk=attachment.submission_id))
    return Attachment.objects.filter(pk=attachment.pk).exists()
