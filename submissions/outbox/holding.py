"""Holding all mail: after a restore nothing goes out until somebody lets it.

A restored outbox has mails that went out after the backup was made, and a worker would write the
reminders of those days once more. The mark is a file beside the uploads, so that whatever process
sends sees it.
"""

import json
from datetime import datetime

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages

from core import spoken_time
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import OutboxState

MARK = "mail-held.json"
RELEASE = "manage.py release_mail"
MAY_BE_OUT = (
    "It was waiting when the restored backup was made, so it may have gone out. Send it again if "
    "nobody got it."
)


def hold(*, wall_now: datetime) -> None:
    """Have no process send mail from here on."""
    _storage().delete(MARK)
    _storage().save(MARK, ContentFile(json.dumps({"since": wall_now.isoformat()}).encode()))


def give_up_waiting() -> int:
    """Give up what waits, so that nobody gets it twice; return how many mails.

    Staff see them as failed, and can send each again.
    """
    waiting = OutboxEmail.objects.filter(state__in=[OutboxState.WAITING, OutboxState.CLAIMED])
    return waiting.update(state=OutboxState.FAILED, claimed_at=None, last_error=MAY_BE_OUT)


def is_held() -> bool:
    return _storage().exists(MARK)


def held_in_words() -> str:
    """Return for instance "Mail is held since a backup was restored on 24 July 2019"; else ""."""
    if not is_held():
        return ""
    with _storage().open(MARK) as mark:
        since = datetime.fromisoformat(json.loads(mark.read())["since"])
    return f"Mail is held since a backup was restored on {spoken_time.say_day(since)}"


def release() -> bool:
    """Let mail go out again; False if it was not held."""
    was_held = is_held()
    _storage().delete(MARK)
    return was_held


def _storage() -> Storage:
    return storages["private"]
