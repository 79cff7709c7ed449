"""Ending what is left of mails: their texts, the addresses that they went to, links back.

A mail that waits to be sent keeps everything. So does one with a link that somebody asked for once
mails had ended, until the link expires. The row of each mail stays: what it was, and when.
"""

from collections import Counter
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from submissions.calls.models import Call
from submissions.calls.retention import DataClass, ends_at
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import FINISHED, UNFINISHED, OutboxState
from submissions.responses.colleagues import end_sharing
from submissions.responses.ending.late import kept_longer, responses_of
from submissions.responses.late_passes import occasion_of
from submissions.responses.models import (
    Colleague,
    LatePass,
    ReturnAddress,
    ReturnToken,
    Submission,
)
from submissions.responses.states import AccessEnd

# After a mail went out or was given up: its text, which is a copy.
TEXTS_KEPT = timedelta(days=30)


def texts_held(call: Call) -> int:
    return _with_text(call).count()


def texts_due(call: Call, *, at: datetime) -> int:
    return _old_texts(call, at).count()


def end_some_texts(call: Call, *, at: datetime, limit: int) -> Counter[str]:
    """Empty up to `limit` texts of mails that went out or were given up TEXTS_KEPT before `at`."""
    keys = _lock(_old_texts(call, at), limit)
    return +Counter(mail_texts=OutboxEmail.objects.filter(pk__in=keys).update(subject="", body=""))


def held(call: Call) -> int:
    """Return how many mails, responses, late passes and colleagues have an address."""
    return (
        OutboxEmail.objects.filter(call=call).exclude(to_address="").count()
        + ReturnAddress.objects.filter(submission__call=call).count()
        + _passes(call, []).count()
        + _colleagues(call, []).count()
    )


def due(call: Call, *, at: datetime) -> int:
    late = kept_longer(call, DataClass.MAILS, at=at)
    return (
        _mails(call, late, at).count()
        + _return_addresses(call, late).count()
        + _passes(call, late).count()
        + _colleagues(call, late).count()
    )


def end_some(call: Call, *, at: datetime, limit: int) -> Counter[str]:
    """Empty up to `limit` mails, else delete addresses for links, of late passes, of colleagues."""
    late = kept_longer(call, DataClass.MAILS, at=at)
    return (
        _end_mails(_mails(call, late, at), limit)
        or _end_return_addresses(_return_addresses(call, late), limit)
        or _end_passes(_passes(call, late), limit)
        or _end_colleagues(_colleagues(call, late), limit, at)
    )


def _old_texts(call: Call, at: datetime) -> QuerySet[OutboxEmail]:
    return _with_text(call).filter(
        # One that came back has lost the time at which it went out.
        Q(sent_at__lte=at - TEXTS_KEPT)
        | Q(state=OutboxState.FAILED, created_at__lte=at - TEXTS_KEPT)
    )


def _with_text(call: Call) -> QuerySet[OutboxEmail]:
    finished = OutboxEmail.objects.filter(call=call, state__in=FINISHED)
    return finished.exclude(subject="", body="").order_by("pk")


def _mails(call: Call, late: list[LatePass], at: datetime) -> QuerySet[OutboxEmail]:
    since = ends_at(call, DataClass.MAILS)
    links = ReturnToken.objects.filter(mail=OuterRef("pk"), made_at__gte=since, expires_at__gt=at)
    finished = OutboxEmail.objects.filter(call=call, state__in=FINISHED)
    return (
        finished.exclude(subject="", body="", to_address="")
        .exclude(Exists(links.filter(used_at=None)))
        .exclude(submission__in=responses_of(late))
        .exclude(occasion__in=[occasion_of(one) for one in late])
        .order_by("pk")
    )


def _end_mails(mails: QuerySet[OutboxEmail], limit: int) -> Counter[str]:
    keys = _lock(mails, limit)
    ReturnToken.objects.filter(mail__in=keys).delete()
    ended = OutboxEmail.objects.filter(pk__in=keys).update(to_address="", subject="", body="")
    return +Counter(mails=ended)


def _return_addresses(call: Call, late: list[LatePass]) -> QuerySet[ReturnAddress]:
    """Return addresses for links, but those of responses with a mail that waits to be sent."""
    waiting = OutboxEmail.objects.filter(submission=OuterRef("submission"), state__in=UNFINISHED)
    addresses = ReturnAddress.objects.filter(~Exists(waiting), submission__call=call)
    return addresses.exclude(submission__in=responses_of(late)).order_by("pk")


def _end_return_addresses(addresses: QuerySet[ReturnAddress], limit: int) -> Counter[str]:
    keys = list(addresses.values_list("pk", flat=True)[:limit])
    ReturnAddress.objects.filter(pk__in=keys).delete()
    return +Counter(return_addresses=len(keys))


def _passes(call: Call, late: list[LatePass]) -> QuerySet[LatePass]:
    passes = LatePass.objects.filter(call=call).exclude(address="")
    return passes.exclude(pk__in=[one.pk for one in late]).order_by("pk")


def _end_passes(passes: QuerySet[LatePass], limit: int) -> Counter[str]:
    """Empty the address of a pass; one that nobody took up is nothing but its address."""
    keys = list(passes.select_for_update(skip_locked=True).values_list("pk", flat=True)[:limit])
    LatePass.objects.filter(pk__in=keys, submission__isnull=True).delete()
    LatePass.objects.filter(pk__in=keys).update(address="", token_sha256=None)
    return +Counter(late_passes=len(keys))


def _colleagues(call: Call, late: list[LatePass]) -> QuerySet[Colleague]:
    """Return who is still in a response that was never submitted."""
    present = Colleague.objects.present().filter(submission__call=call)
    return present.exclude(submission__in=responses_of(late)).order_by("submission", "number")


def _end_colleagues(colleagues: QuerySet[Colleague], limit: int, at: datetime) -> Counter[str]:
    keys = list(colleagues.values_list("submission", flat=True)[:limit])
    # Whoever has locked a response may wait for the call, which is locked here.
    responses = Submission.objects.select_for_update(no_key=True, skip_locked=True)
    ended: Counter[str] = Counter()
    for locked in responses.filter(pk__in=keys):
        end_sharing(locked, AccessEnd.TIME, at=at)
        locked.save_locked()
        ended["colleagues"] += keys.count(locked.pk)
    return ended


def _lock(mails: QuerySet[OutboxEmail], limit: int) -> list[int]:
    locked = mails.select_for_update(skip_locked=True, of=("self",))
    return list(locked.values_list("pk", flat=True)[:limit])
