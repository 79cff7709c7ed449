"""Holding all mail: after a restore nothing goes out until somebody lets it.

A restored outbox has mails that went out after the backup was made, and a worker would write the
reminders of those days once more. The mark is a file beside the uploads, so that whatever process
sends sees it.
"""

import json
import logging
from datetime import datetime
from time import monotonic

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages

from core import spoken_time
from core.outages import StoreAway
from core.stores import has_bucket
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import OutboxState

logger = logging.getLogger(__name__)
MARK = "mail-held.json"
EVERY = 60.0  # seconds
RELEASE = "manage.py release_mail"
MAY_BE_OUT = (
    "It was waiting when the restored backup was made, so it may have gone out. Send it again if "
    "nobody got it."
)


# What the bucket said last, and when (monotonic, seconds): `at`, `held`.
_said: dict[str, float] = {}


def forget() -> None:
    """Ask the bucket at the next question."""
    _said.clear()


def hold(*, wall_now: datetime) -> None:
    """Have no process send mail from here on."""
    _storage().delete(MARK)
    mark = ContentFile(json.dumps({"since": wall_now.isoformat()}).encode())
    kept_as = _storage().save(MARK, mark)
    if kept_as != MARK:  # another process held it at the same moment
        _storage().delete(kept_as)


def give_up_waiting() -> int:
    """Give up what waits, so that nobody gets it twice; return how many mails.

    Staff see them as failed, and can send each again.
    """
    waiting = OutboxEmail.objects.filter(state__in=[OutboxState.WAITING, OutboxState.CLAIMED])
    return waiting.update(state=OutboxState.FAILED, claimed_at=None, last_error=MAY_BE_OUT)


def is_held() -> bool:
    """Return whether no mail may go out.

    A bucket is asked once a minute. While it is away, what it said last counts, so that mail goes
    out; a process that it never answered holds all mail.
    """
    if not has_bucket():
        return _storage().exists(MARK)
    now = monotonic()
    if _said and now - _said["at"] < EVERY:
        return _said["held"] > 0
    try:
        held = _storage().exists(MARK)
    except StoreAway as error:
        logger.warning("whether mail is held is not known, %s: %s", error.host, error)
        return not _said or _said["held"] > 0
    _said.update(at=now, held=held)
    return held


def held_in_words() -> str:
    """Return for instance "Mail is held since a backup was restored on 24 July 2019"; else ""."""
    if not is_held():
        return ""
    try:
        with _storage().open(MARK) as mark:
            since = datetime.fromisoformat(json.loads(mark.read())["since"])
    except FileNotFoundError:
        return ""  # somebody has let it go out
    except (ValueError, OSError):  # its writer was killed, or another account
        return "Mail is held since a backup was restored"
    except StoreAway as error:
        return f"Whether mail is held since a restore is not known ({error.host}: {error})"
    return f"Mail is held since a backup was restored on {spoken_time.say_day(since)}"


def release() -> bool:
    """Let mail go out again; False if it was not held."""
    forget()
    was_held = is_held()
    _storage().delete(MARK)
    forget()
    return was_held


def _storage() -> Storage:
    return storages["private"]
