"""Coming back to a response: an address for mail, and a link that opens the response once.

A link's token has 256 bits, made of the portal's secret and the random Message-ID of the mail that
carries it: a mail that is written twice has one link. Only the SHA-256 of the token is stored.

The link in a receipt opens nothing: it confirms its address (`confirmed_addresses`).

A newer link replaces an older one when its mail has gone out, not when the mail is enqueued or
written: while mail cannot be sent, the link that somebody has goes on working.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Lower
from django.utils.crypto import salted_hmac

from core.canonical import digest
from submissions.calls.models import Call
from submissions.calls.retention import DataClass, ends_at
from submissions.calls.states import QuestionKind
from submissions.outbox.models import OutboxEmail
from submissions.outbox.queue import enqueue
from submissions.outbox.states import RECEIPTS, AddressSource, MailKind, OutboxState
from submissions.responses.addresses import comes_back_by, remember_address
from submissions.responses.ending.late import ends_of_passes
from submissions.responses.errors import LinkDead
from submissions.responses.models import IdentityAnswer, ReturnAddress, ReturnToken, Submission
from submissions.responses.signposting import signposted
from submissions.responses.states import SubmissionState
from submissions.responses.working_copy import lock_row

LINK_LASTS = timedelta(hours=72)
CONFIRMING_LASTS = timedelta(days=14)  # of the link in a receipt
INVITATION_LASTS = timedelta(days=7)  # of a colleague to a response
LASTING = (LINK_LASTS, CONFIRMING_LASTS, INVITATION_LASTS)
LINKS_AN_HOUR = 3  # to one response
RESPONSES_AT_ONCE = 10  # to one address; the newest


@dataclass(frozen=True)
class FreshLink:
    """A token as the mail carries it, and until when (aware) its link works."""

    token: str
    expires_at: datetime


def wait_before_link(*, submission: Submission, at: datetime) -> timedelta:
    """Return how long until another link to the response may be sent, nothing if it may now."""
    hour = timedelta(hours=1)
    earlier = OutboxEmail.objects.filter(
        submission=submission, kind=MailKind.RETURN_LINK, created_at__gt=at - hour
    )
    latest = earlier.order_by("-created_at").values_list("created_at", flat=True)[:LINKS_AN_HOUR]
    if len(latest) < LINKS_AN_HOUR:
        return timedelta(0)
    return latest[LINKS_AN_HOUR - 1] + hour - at


def is_link_on_its_way(*, submission: Submission, address: str, at: datetime) -> bool:
    """Return whether a link was written to the address in the hour before, and did not fail."""
    mails = OutboxEmail.objects.filter(
        submission=submission,
        kind=MailKind.RETURN_LINK,
        to_address=address,
        created_at__gt=at - timedelta(hours=1),
    )
    return mails.exclude(state=OutboxState.FAILED).exists()


def enqueue_link(*, submission: Submission, address: str, at: datetime) -> bool:
    """Enqueue a mail with a link to the response; False after LINKS_AN_HOUR within the hour."""
    if wait_before_link(submission=submission, at=at):
        return False
    enqueue(
        kind=MailKind.RETURN_LINK,
        call=submission.call,
        submission=submission,
        to_address=address,
        at=at,
    )
    return True


def send_links_to(*, submission: Submission, address: str, at: datetime) -> bool:
    """Enqueue a link to `address`, which the author gives, and send later ones there, too.

    False, and the address stays as it was, after LINKS_AN_HOUR within the hour: nobody can have
    mails about changes sent without end. And for a response that was erased meanwhile.
    Raises ResponseGone.
    """
    with transaction.atomic():
        # Of two who give an address at once, the second one's mails count the first one's.
        locked = lock_row(submission)
        if locked.is_erased or not enqueue_link(submission=locked, address=address, at=at):
            return False
        remember_address(submission=locked, address=address, at=at)
    return True


def enqueue_links(*, call: Call, address: str, at: datetime) -> int:
    """Enqueue a mail for each of the call's responses known by `address`; return how many.

    A response is known by the address given for its link, by an email address among its answers,
    and by that of its version where its answers have none, whatever their capitals. Answers to
    questions that are not asked do not count.
    """
    with transaction.atomic():
        # Locked before they are judged, so that none is erased between the two.
        keys = sorted(responses_known_by(call, address).values_list("pk", flat=True))
        known = Submission.objects.filter(pk__in=keys).order_by("pk")
        list(known.select_for_update(no_key=True).values_list("pk"))
        helped = signposted(call, known)
        found = [one for one in known if one.pk not in helped and comes_back_by(one, call, address)]
        return sum(enqueue_link(submission=one, address=address, at=at) for one in found)


def responses_known_by(call: Call, address: str) -> QuerySet[Submission]:
    """Return the call's newest RESPONSES_AT_ONCE responses that lead back to `address`."""
    written = json.dumps(address, ensure_ascii=False)
    by_link = (
        ReturnAddress.objects.of_authors()
        .alias(lowered=Lower("address"))
        .filter(lowered=Lower(Value(address)))
        .values("submission_id")
    )
    # As the index submissions_identity_by_value has it: the JSON of a string, in small letters.
    by_answer = (
        IdentityAnswer.objects.alias(lowered=Lower(Cast("value", TextField())))
        .filter(
            lowered=Lower(Value(written)),
            question__kind=QuestionKind.EMAIL,
        )
        .values("submission_id")
    )
    # Only of a response that was reopened, or withdrawn after that, do the answers say otherwise.
    version = Submission.objects.alias(
        lowered=Lower(Cast("current_version__identity__answers", TextField()))
    ).filter(call=call, lowered__contains=Lower(Value(written)))
    reopened = version.filter(amending_since__isnull=False).values("pk")
    withdrawn = version.filter(state=SubmissionState.WITHDRAWN).values("pk")
    # A union: for one OR the other PostgreSQL would read every response of the call.
    found = by_link.union(by_answer, reopened, withdrawn)
    # Nobody but staff holds a response that they entered.
    known = Submission.objects.filter(pk__in=found, call=call, entry=None)
    return known.order_by("-saved_at", "-pk")[:RESPONSES_AT_ONCE]


def make_link(*, mail: OutboxEmail, at: datetime) -> FreshLink:
    """Make the link that opens the mail's response until LINK_LASTS from `at` at the latest.

    That of a receipt confirms the address instead, until CONFIRMING_LASTS from `at`, and that of
    an invitation lets a colleague in, until INVITATION_LASTS from `at`.
    """
    return make_links(mails=[mail], at=at)[mail.pk]


def make_links(*, mails: Iterable[OutboxEmail], at: datetime) -> dict[int, FreshLink]:
    """Make a link for each of the mails, as `make_link` does; return them by primary key.

    A mail that is written again has the link that it had, which lasts for longer.
    """
    mails = list(mails)
    # A late pass only moves an end on: it is asked for where one is near.
    near = {
        mail.submission.pk
        for mail in mails
        if mail.submission and min(_ends_of_data(mail)) < at + max(LASTING)
    }
    passes = ends_of_passes(near) if near else {}
    fresh = {mail.pk: _fresh(mail, at, passes.get(mail.submission_id)) for mail in mails}
    ReturnToken.objects.bulk_create(
        (
            ReturnToken(
                mail_id=mail.pk,
                token_sha256=digest(fresh[mail.pk].token),
                made_at=at,
                expires_at=fresh[mail.pk].expires_at,
                opens_response=mail.kind not in (*RECEIPTS, MailKind.COLLEAGUE_INVITED),
            )
            for mail in mails
        ),
        update_conflicts=True,
        unique_fields=["mail"],
        update_fields=["token_sha256", "made_at", "expires_at", "opens_response"],
    )
    return fresh


def _fresh(mail: OutboxEmail, at: datetime, pass_ends_at: datetime | None) -> FreshLink:
    salt, lasts = "submissions.return_link", LINK_LASTS
    if mail.kind in RECEIPTS:
        salt, lasts = "submissions.confirm_address", CONFIRMING_LASTS
    elif mail.kind == MailKind.COLLEAGUE_INVITED:
        salt, lasts = "submissions.invitation", INVITATION_LASTS
    # A link that is written after mails have ended stays until it expires.
    ends = (end for end in _ends_of_data(mail, pass_ends_at) if end > at)
    return FreshLink(_token(mail, salt), min([at + lasts, *ends]))


def _ends_of_data(mail: OutboxEmail, pass_ends_at: datetime | None = None) -> list[datetime]:
    """Return when the mail ends, and what its link opens; nothing for a mail of no response."""
    submission = mail.submission
    if submission is None:
        return []
    own = DataClass.DRAFTS if submission.is_draft else DataClass.CONTACT_DETAILS
    return [ends_at(mail.call, one, counted_from=pass_ends_at) for one in (DataClass.MAILS, own)]


def _token(mail: OutboxEmail, salt: str) -> str:
    made = salted_hmac(salt, mail.message_id, algorithm="sha256").digest()
    return urlsafe_b64encode(made).decode().rstrip("=")


def look_up_link(*, call: Call, token: str, at: datetime) -> Submission:
    """Return the response that the link would open, and leave the link as it is.

    Raises LinkDead for a token that is unknown, used, superseded or expired, and where the author
    has replaced the address that it went to.
    """
    return _live(ReturnToken.objects.all(), call, token, at)[1]


def use_link(*, call: Call, token: str, at: datetime) -> Submission:
    """Open the response with the link, which works once. Raises LinkDead.

    Whoever uses it has confirmed the address that it was sent to.

    Of two who use one link at once, one gets in: the row is locked before it is checked.
    """
    with transaction.atomic():
        row, submission = _live(
            ReturnToken.objects.select_for_update(no_key=True, of=("self",)), call, token, at
        )
        note_used(row, at=at)
    return submission


def note_used(link: ReturnToken, *, at: datetime) -> None:
    """Use up the locked link: somebody reads mail at the address that it went to."""
    link.used_at = at
    link.save(update_fields=["used_at"])
    ReturnAddress.objects.of_authors().filter(
        submission=link.mail.submission_id,
        address__iexact=link.mail.to_address,
        confirmed_at=None,
    ).update(confirmed_at=at)


def _live(
    found: QuerySet[ReturnToken], call: Call, token: str, at: datetime
) -> tuple[ReturnToken, Submission]:
    row = (
        found.select_related("mail__submission")
        .filter(
            opens_response=True,
            token_sha256=digest(token),
            mail__submission__call=call,
            mail__address_given_by=AddressSource.AUTHOR,
        )
        .first()
    )
    submission = row.mail.submission if row else None
    if (
        row is None
        or submission is None
        or row.used_at
        or at >= row.expires_at
        or _is_superseded(row)
    ):
        raise LinkDead
    return row, submission


def _is_superseded(row: ReturnToken) -> bool:
    """Return whether a newer link was sent, or one written later was used."""
    newer = Q(used_at__isnull=False, made_at__gt=row.made_at)
    # A mail on its way is newer than every mail that went out. A mail that failed may have
    # arrived all the same: its link counts from when it was written.
    failed = row.mail.state == OutboxState.FAILED
    since = row.made_at if failed else row.mail.sent_at
    if since is not None:
        newer |= Q(mail__sent_at__gt=since) | Q(mail__sent_at=since, pk__gt=row.pk)
    others = ReturnToken.objects.filter(
        mail__submission=row.mail.submission_id, opens_response=True
    )
    return others.exclude(pk=row.pk).filter(newer).exists()
