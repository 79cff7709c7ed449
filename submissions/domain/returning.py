"""Coming back to a response: an address to write to, and a link that opens it once.

A link's token has 256 random bits. It exists in the mail that carries it and nowhere else: it is
made when that mail is written, and only its SHA-256 is kept.
"""

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet, TextField, Value
from django.db.models.functions import Cast, Lower

from submissions.canonical import digest
from submissions.domain.outbox import owe
from submissions.errors import LinkDead
from submissions.models import (
    Call,
    IdentityAnswer,
    OutboxEmail,
    ReturnAddress,
    ReturnToken,
    Submission,
)
from submissions.vocabulary import MailKind, QuestionKind

LINK_LASTS = timedelta(hours=72)
LINKS_AN_HOUR = 3  # to one response
RESPONSES_AT_ONCE = 10  # to one address; the newest
TOKEN_BYTES = 32


@dataclass(frozen=True)
class FreshLink:
    """A token as it goes out, and until when (aware) it opens the response."""

    token: str
    expires_at: datetime


def remember_address(*, submission: Submission, address: str, at: datetime) -> None:
    """Keep `address` as the one that the response's links go to, in place of an earlier one."""
    kept, is_new = ReturnAddress.objects.get_or_create(
        submission=submission, defaults={"address": address, "given_at": at}
    )
    if not is_new and kept.address != address:
        kept.address, kept.given_at, kept.reminders_refused_at = address, at, None
        kept.save(update_fields=["address", "given_at", "reminders_refused_at"])


def known_address(submission: Submission, call: Call, answers: Mapping[str, Any]) -> str:
    """Return where the response's author can be written to, "" if nobody knows.

    The address given for the link goes first, then the first email address among `answers`.
    """
    kept = ReturnAddress.objects.filter(submission=submission).exclude(address="").first()
    if kept is not None:
        return kept.address
    for question in call.questions_in_order:
        if question.kind == QuestionKind.EMAIL and answers.get(question.key):
            return answers[question.key]
    return ""


def owe_link(*, submission: Submission, address: str, at: datetime) -> bool:
    """Owe a mail with a link to the response; False if it had LINKS_AN_HOUR within the hour."""
    earlier = OutboxEmail.objects.filter(
        submission=submission, kind=MailKind.RETURN_LINK, created_at__gt=at - timedelta(hours=1)
    )
    if earlier.count() >= LINKS_AN_HOUR:
        return False
    owe(
        kind=MailKind.RETURN_LINK,
        call=submission.call,
        submission=submission,
        to_address=address,
        at=at,
    )
    return True


def owe_links(*, call: Call, address: str, at: datetime) -> int:
    """Owe a mail for each of the call's responses known by `address`; return how many.

    A response is known by the address given for its link and by an email address among its
    answers; capitals do not matter.
    """
    with transaction.atomic():
        found = responses_known_by(call, address)
        return sum(owe_link(submission=one, address=address, at=at) for one in found)


def responses_known_by(call: Call, address: str) -> QuerySet[Submission]:
    """Return the call's newest RESPONSES_AT_ONCE responses that lead back to `address`."""
    by_link = (
        ReturnAddress.objects.alias(lowered=Lower("address"))
        .filter(lowered=Lower(Value(address)))
        .values("submission_id")
    )
    # As the index submissions_identity_by_value has it: the JSON of a string, in small letters.
    by_answer = (
        IdentityAnswer.objects.alias(lowered=Lower(Cast("value", TextField())))
        .filter(
            lowered=Lower(Value(json.dumps(address, ensure_ascii=False))),
            question__kind=QuestionKind.EMAIL,
        )
        .values("submission_id")
    )
    # A union, as PostgreSQL would look through all responses of the call for the one or the other.
    known = Submission.objects.filter(pk__in=by_link.union(by_answer), call=call)
    return known.order_by("-saved_at", "-pk")[:RESPONSES_AT_ONCE]


def make_link(*, submission: Submission, at: datetime) -> FreshLink:
    """Make the link that opens the response until LINK_LASTS from `at`; earlier ones die."""
    return make_links(submissions=[submission], at=at)[submission.pk]


def make_links(*, submissions: Iterable[Submission], at: datetime) -> dict[int, FreshLink]:
    """Make a link to each of the responses, as `make_link` does; return them by primary key."""
    fresh = {
        submission.pk: FreshLink(secrets.token_urlsafe(TOKEN_BYTES), at + LINK_LASTS)
        for submission in submissions
    }
    with transaction.atomic():
        # Two mails about one response may be written at once; one link is to live. In one
        # order, or two batches would wait for each other.
        rows = Submission.objects.filter(pk__in=fresh).select_for_update(no_key=True)
        locked = list(rows.order_by("pk").values_list("pk", flat=True))
        ReturnToken.objects.filter(submission__in=locked, used_at=None, superseded_at=None).update(
            superseded_at=at
        )
        ReturnToken.objects.bulk_create(
            ReturnToken(
                submission_id=pk,
                token_sha256=digest(fresh[pk].token),
                made_at=at,
                expires_at=fresh[pk].expires_at,
            )
            for pk in locked
        )
    return fresh


def look_up_link(*, call: Call, token: str, at: datetime) -> Submission:
    """Return the response that the link would open, and leave the link as it is.

    Raises LinkDead for a token that is unknown, used, superseded or expired.
    """
    found = ReturnToken.objects.select_related("submission")
    return _live(found, call, token, at).submission


def use_link(*, call: Call, token: str, at: datetime) -> Submission:
    """Open the response with the link, which then is used up. Raises LinkDead.

    Of two who use one link at once, one gets in: the row is locked before it is judged.
    """
    with transaction.atomic():
        row = _live(
            ReturnToken.objects.select_for_update(no_key=True, of=("self",)), call, token, at
        )
        row.used_at = at
        row.save(update_fields=["used_at"])
    return row.submission


def _live(found: Any, call: Call, token: str, at: datetime) -> ReturnToken:
    row = found.filter(token_sha256=digest(token), submission__call=call).first()
    if row is None or row.used_at or row.superseded_at or at >= row.expires_at:
        raise LinkDead
    return row
