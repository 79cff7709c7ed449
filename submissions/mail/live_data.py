"""What a mail says that its row does not store: links with fresh tokens, and counts."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from django.db import DatabaseError

from core.addresses import comparable
from core.canonical import digest
from submissions.calls.retention import DataClass
from submissions.mail.reminding import is_still_wanted, opt_out_token
from submissions.mail.staff_digests import StaffDigest, digest_of_day, lines_to
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import LISTING, RECEIPTS, MailKind
from submissions.responses.asking import answering_token, question_of
from submissions.responses.confirmed_addresses import confirmed_among
from submissions.responses.ending.late import end_of
from submissions.responses.erasing import confirming_token, request_of
from submissions.responses.late_passes import make_link as make_pass_link
from submissions.responses.late_passes import pass_of
from submissions.responses.models import ErasureRequest, FollowUp, LatePass, Reply
from submissions.responses.returning import FreshLink, make_link, make_links
from submissions.responses.working_copy import organisation_of

# To their author's response: those of receipts only confirm the address.
WITH_LINK = frozenset({*RECEIPTS, *LISTING, MailKind.RETURN_LINK, MailKind.COLLEAGUE_INVITED})


class MailData(Protocol):
    """Where messages take it from; previews have samples in its place. `at`: when it is written."""

    at: datetime

    def companions(self, mail: OutboxEmail) -> list[OutboxEmail]:
        """Return what goes out with the mail, as far as it is still so."""

    def link(self, mail: OutboxEmail) -> FreshLink:
        """Return the link that opens the mail's response, or that confirms a receipt's address."""

    def late_pass(self, mail: OutboxEmail) -> tuple[LatePass, str]:
        """Return the pass and the token that uses it, "" for a pass for a response."""

    def organisation(self, mail: OutboxEmail) -> str:
        """Return for which organisation the mail's response is, if its address is confirmed.

        An address that nobody has confirmed gets nothing that the sender typed.
        """

    def opt_out_token(self, mail: OutboxEmail) -> str:
        """Return the token that refuses further reminders of all responses that the mail lists."""

    def drafts_end_at(self, mail: OutboxEmail) -> datetime:
        """Return when the first of the responses that the mail lists is deleted."""

    def digest(self, mail: OutboxEmail) -> StaffDigest: ...

    def erasure(self, mail: OutboxEmail) -> tuple[ErasureRequest, str]:
        """Return the request to erase, and the token that confirms it, "" if this mail has none."""

    def follow_up(self, mail: OutboxEmail) -> tuple[FollowUp, str, Reply | None]:
        """Return the question, the token of its link, and the answer that the mail confirms."""

    def is_confirmed(self, mail: OutboxEmail) -> bool:
        """Return whether the mail's address is known to be its respondent's."""


class LiveData:
    """As it is at `at`, by the portal's clock; a mail's links are the same each time.

    The links of `mails` are made together: each commit takes as long as sending a mail. Whether
    their addresses are confirmed is asked once, when the worker has claimed them.
    """

    def __init__(self, *, at: datetime, mails: Sequence[OutboxEmail] = ()) -> None:
        self.at = at
        self._links: dict[int, FreshLink] = {}
        self._digests: dict[int, StaffDigest] = {}
        mails = [*mails, *(one for mail in mails for one in _companions(mail))]
        self._read_with = {mail.pk for mail in mails}
        self._confirmed = confirmed_among(mails) if mails else set()
        self._companions: dict[int, list[OutboxEmail]] = {}
        linking = [mail for mail in mails if mail.kind in WITH_LINK and not self._has_copy(mail)]
        if linking:
            # Somebody may hold one of the responses locked: then each mail makes its own link.
            with suppress(DatabaseError):
                self._links = make_links(mails=linking, at=at)

    def _has_copy(self, mail: OutboxEmail) -> bool:
        """Return whether the mail is a receipt with the answers, which needs no link."""
        return mail.kind in RECEIPTS and mail.pk in self._confirmed

    def companions(self, mail: OutboxEmail) -> list[OutboxEmail]:
        if mail.pk not in self._companions:
            found = [one for one in _companions(mail) if is_still_wanted(one, at=self.at)]
            self._companions[mail.pk] = found
        return self._companions[mail.pk]

    def link(self, mail: OutboxEmail) -> FreshLink:
        return self._links.get(mail.pk) or make_link(mail=mail, at=self.at)

    def late_pass(self, mail: OutboxEmail) -> tuple[LatePass, str]:
        given = pass_of(mail)
        return given, "" if mail.submission_id else make_pass_link(given, mail=mail)

    def organisation(self, mail: OutboxEmail) -> str:
        if mail.submission is None or not self.is_confirmed(mail):
            return ""
        return organisation_of(mail.submission, mail.call)

    def opt_out_token(self, mail: OutboxEmail) -> str:
        those = [one.submission for one in (mail, *self.companions(mail))]
        return opt_out_token(*(one for one in those if one is not None))

    def drafts_end_at(self, mail: OutboxEmail) -> datetime:
        those = [one.submission_id for one in (mail, *self.companions(mail))]
        keys = [key for key in those if key is not None]
        return end_of(mail.call, DataClass.DRAFTS, submissions=keys)

    def digest(self, mail: OutboxEmail) -> StaffDigest:
        if mail.call_id not in self._digests:
            self._digests[mail.call_id] = digest_of_day(mail.call, at=self.at)
        lines = lines_to([mail.to_address], mail.call).get(comparable(mail.to_address), ())
        return replace(self._digests[mail.call_id], to_reader=lines)

    def erasure(self, mail: OutboxEmail) -> tuple[ErasureRequest, str]:
        request = request_of(mail)
        token = confirming_token(mail, request)
        return request, token if request.token_sha256 == digest(token) else ""

    def follow_up(self, mail: OutboxEmail) -> tuple[FollowUp, str, Reply | None]:
        asked, number = question_of(mail), mail.occasion.partition(".")[2]
        reply = asked.replies.get(number=number) if number else None
        return asked, answering_token(asked), reply

    def is_confirmed(self, mail: OutboxEmail) -> bool:
        if mail.pk in self._read_with:
            return mail.pk in self._confirmed
        return mail.pk in confirmed_among([mail])


def _companions(mail: OutboxEmail) -> list[OutboxEmail]:
    """Return what goes out with the mail, each with the mail's call."""
    if mail.kind not in LISTING or mail.pk is None:
        return []
    found = sorted(mail.companions.all(), key=lambda one: one.pk)
    for one in found:
        one.call = mail.call
    return found
