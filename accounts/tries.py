"""How often somebody may try a password, a code or a link: pauses that grow, and no lock-out.

Each try is counted before it is checked, so that tries at one time are counted as well, and a
right one is taken off again. They are counted by account, known or not, and by client. Both are
kept in the database: a broker that is away opens no door. Nothing that was typed is kept.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.crypto import salted_hmac
from django.utils.translation import ngettext

from accounts.sign_in_models import Tries

FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(days=1)
# Longer than an app's code is taken.
USED_FOR = timedelta(minutes=5)
# Tries in a row without a pause. Behind one client there may be a whole office: somebody who
# forgot a password there keeps nobody else from signing in.
FREE_OF_ACCOUNT = 5
FREE_OF_CLIENT = 50
# One wrong try of a client is forgotten in each of these in which nobody there tried. It is longer
# than the longest pause, so that the tries of an attacker add up.
FADES_FROM_CLIENT_AFTER = timedelta(minutes=30)


@dataclass(frozen=True)
class Counted:
    """Somebody for whom tries are counted: `what:who`, and how many go without a pause.

    `fades_after` is how long nobody tries until one try is forgotten; None is a day for all.
    """

    who: str
    free: int
    fades_after: timedelta | None = None

    @property
    def key(self) -> str:
        return salted_hmac(
            "accounts.tries", self.who, secret=settings.SECRET_KEY, algorithm="sha256"
        ).hexdigest()


def of_account(what: str, name: str) -> Counted:
    return Counted(f"{what}:account:{name.strip().casefold()}", FREE_OF_ACCOUNT)


def of_code(user: int, code: str) -> Counted:
    return Counted(f"code:{user}:{code}", 1)


def of_client(what: str, address: str) -> Counted:
    return Counted(f"{what}:client:{address}", FREE_OF_CLIENT, FADES_FROM_CLIENT_AFTER)


def count_try(*counted: Counted, at: datetime) -> timedelta:
    """Count a try for each; return how long they have to wait, nothing if they may go on.

    A try within a pause is not counted and makes the pause no longer. `at` is real time.
    """
    with transaction.atomic():
        waits = [_count(who, at) for who in sorted(counted, key=lambda who: who.key)]
        wait = max(waits, default=timedelta(0))
        if wait:
            transaction.set_rollback(True)
    return wait


def _count(who: Counted, at: datetime) -> timedelta:
    Tries.objects.bulk_create([Tries(who=who.key, last_at=at)], ignore_conflicts=True)
    row = Tries.objects.select_for_update().get(pk=who.key)
    # A longer pause is of a clock that was ahead: nobody waits until it would have been.
    if row.wait_until and at < row.wait_until <= at + LONGEST_PAUSE:
        return row.wait_until - at
    quiet = max(at - row.last_at, timedelta(0))
    if quiet > FORGOTTEN_AFTER:
        row.failed = 0
    elif who.fades_after:
        row.failed = max(0, row.failed - quiet // who.fades_after)
    row.failed += 1
    row.last_at = at
    pause = pause_after(row.failed, free=who.free)
    row.wait_until = at + pause if pause else None
    row.save()
    return timedelta(0)


def pause_after(failed: int, *, free: int) -> timedelta:
    """Return the pause after so many tries in a row: none for `free` of them, then doubled."""
    if failed < free:
        return timedelta(0)
    return min(FIRST_PAUSE * 2 ** min(failed - free, 20), LONGEST_PAUSE)


def went_right(*, account: Counted, client: Counted | None = None) -> None:
    """Forget the tries of the account, and take the last one off those of the client."""
    Tries.objects.filter(pk=account.key).delete()
    if client is not None:
        Tries.objects.filter(pk=client.key, failed__gt=0).update(
            failed=F("failed") - 1, wait_until=None
        )


def is_first_use(of: Counted, *, at: datetime) -> bool:
    """Note the use of a code, for all processes at once; return whether it is the first.

    After USED_FOR the same digits are another code.
    """
    row, is_new = Tries.objects.get_or_create(who=of.key, defaults={"last_at": at})
    if is_new:
        return True
    long_ago = Tries.objects.filter(pk=row.pk, last_at__lt=at - USED_FOR)
    return long_ago.update(last_at=at) == 1


def forget_old(*, at: datetime) -> int:
    """Delete what nobody tried again for a day; return how many rows."""
    return Tries.objects.filter(last_at__lt=at - FORGOTTEN_AFTER).delete()[0]


def wait_in_words(wait: timedelta) -> str:
    """Return for instance `20 seconds` or `3 minutes`, rounded up."""
    number = max(1, -int(-wait.total_seconds() // 1))
    if number < 60:
        said = ngettext("%(number)s second", "%(number)s seconds", number)
    else:
        number = -(-number // 60)
        said = ngettext("%(number)s minute", "%(number)s minutes", number)
    return said % {"number": number}
