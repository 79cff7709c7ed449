"""A call's day in numbers, and the mail that goes to staff about it once a day."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Q
from django.utils.module_loading import import_string

from accounts import chain
from accounts.models import Membership, User
from accounts.rights import allowing
from accounts.states import Action
from core.addresses import comparable
from core.attempts import Attempts
from submissions.calls.models import Call
from submissions.mail.closing_report import ClosingReport, closing_report
from submissions.outbox.models import OutboxEmail
from submissions.outbox.queue import build
from submissions.outbox.states import AddressSource, MailKind
from submissions.responses.states import TriageStatus

logger = logging.getLogger(__name__)
SENT_FROM = time(8)  # in the call's time zone
MONDAY = 0
SENT_FOR = timedelta(days=14)  # after the call closed
ENQUEUEING_LOCK = 5_283_302  # any number that no other advisory lock of this database has


@dataclass(frozen=True)
class StaffDigest:
    """`received_today` in the 24 hours before; `unread` of those received.

    `record_head` is the head of the record's chain, "" if nothing is sealed yet. `to_reader` has
    what `lines_to` says to one member.
    """

    standing: ClosingReport
    received_today: int
    unread: int
    record_head: str
    to_reader: Sequence[str] = ()


def digest_of_day(call: Call, *, at: datetime) -> StaffDigest:
    """Return what happened in the 24 hours before `at`; it names nobody, and is to nobody."""
    counts = call.submissions.submitted().aggregate(
        received_today=Count("pk", filter=Q(submitted_at__gt=at - timedelta(days=1))),
        unread=Count("pk", filter=Q(triage_status=TriageStatus.UNREAD)),
    )
    standing = closing_report(call, at=at)
    return StaffDigest(standing=standing, record_head=chain.head(), **counts)


def lines_to(addresses: Collection[str], call: Call) -> Mapping[str, list[str]]:
    """Return what higher apps say to members of the call (STAFF_DIGEST_LINES), by their address.

    The keys are `comparable`. An address that no member has is left out.
    """
    wanted = {comparable(one) for one in addresses if one}
    if not wanted:
        return {}
    members = User.objects.filter(memberships__call=call, is_active=True).order_by("-pk")
    by_address = {comparable(one.email): one for one in members if one.email}
    people = {address: one for address, one in by_address.items() if address in wanted}
    if not people:
        return {}
    said = [
        import_string(path)(call, people=list(people.values()))
        for path in settings.STAFF_DIGEST_LINES
    ]
    return {
        address: [lines[one.pk] for lines in said if one.pk in lines]
        for address, one in people.items()
    }


def enqueue_digests(*, at: datetime) -> int:
    """Enqueue today's digest of each call to its members who want it; return how many.

    The addresses of STAFF_DIGEST_TO get the digest of each call as well: people who do not sign in.
    From 8 in the morning after the opening until SENT_FOR after the closing, once a day. Where
    there is nothing to tell, on Mondays only: so the head of the record is sent all the same. What
    higher apps have to tell one member is news for that member. Raises SomeFailed after the other
    calls where that failed in one.
    """
    number = 0
    with Attempts(logger) as attempts:
        for call in Call.objects.filter(opens_at__lt=at, closes_at__gt=at - SENT_FOR):
            with attempts.at("call %s, digest", call.pk):
                number += _enqueue_if_due(call, at)
    return number


def _enqueue_if_due(call: Call, at: datetime) -> int:
    zone = ZoneInfo(call.timezone)
    day = at.astimezone(zone).date()
    morning = datetime.combine(day, SENT_FROM, zone)
    if not call.opens_at < morning <= at:
        return 0
    goes_to_all = day.weekday() == MONDAY or _has_news(call, at)
    readers = _readers(call)
    if not goes_to_all:
        lines = lines_to(readers, call)
        readers = [one for one in readers if lines.get(comparable(one))]
    return _enqueue(call, readers, day.isoformat(), at)


def _has_news(call: Call, at: datetime) -> bool:
    """Return whether something came, waits to be read or sent, or the call closes about now."""
    digest = digest_of_day(call, at=at)
    mails = digest.standing.mails_outstanding or digest.standing.mails_failed
    closes_now = abs(call.closes_at - at) < timedelta(days=1)
    return bool(digest.received_today or digest.unread or mails or closes_now)


def _enqueue(call: Call, readers: Sequence[str], occasion: str, at: datetime) -> int:
    if not readers:
        return 0
    with transaction.atomic():
        # No response stands behind these mails, so no constraint keeps two workers apart.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ENQUEUEING_LOCK])
        those = OutboxEmail.objects.filter(call=call, kind=MailKind.STAFF_DIGEST, occasion=occasion)
        told = {comparable(one) for one in those.values_list("to_address", flat=True)}
        mails = [
            build(
                kind=MailKind.STAFF_DIGEST,
                call=call,
                occasion=occasion,
                to_address=address,
                address_given_by=AddressSource.STAFF,
                at=at,
            )
            for address in readers
            if comparable(address) not in told
        ]
        return len(OutboxEmail.objects.bulk_create(mails))


def is_still_read(mail: OutboxEmail) -> bool:
    """Return whether a digest still goes to whom it was for; True for every other mail.

    A member may leave while mail waits. Of those that waited for days, which would all say what is
    so now, the last one goes. One that staff send again goes where they send it.
    """
    if mail.kind != MailKind.STAFF_DIGEST or mail.resend_of_id is not None:
        return True
    later = OutboxEmail.objects.filter(
        call=mail.call_id,
        kind=MailKind.STAFF_DIGEST,
        to_address__iexact=mail.to_address,
        occasion__gt=mail.occasion,
        resend_of=None,
    )
    readers = {comparable(one) for one in _readers(mail.call)}
    return comparable(mail.to_address) in readers and not later.exists()


def _readers(call: Call) -> list[str]:
    found: dict[str, str] = {}
    for address in (*settings.STAFF_DIGEST_TO, *_members_addresses(call)):
        found.setdefault(comparable(address), address)
    return list(found.values())


def _members_addresses(call: Call) -> list[str]:
    """Return the addresses of the members who want the digest and may have it."""
    may_have_it = allowing(Action.GET_DIGEST) | Q(person__is_superuser=True)
    members = Membership.objects.filter(
        may_have_it, call=call, wants_digest=True, person__is_active=True
    ).exclude(person__email="")
    return list(members.order_by("person__username").values_list("person__email", flat=True))
