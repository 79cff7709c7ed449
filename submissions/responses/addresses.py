"""The email addresses that the author of a response gave, and the mails that go to them.

Nobody but the author says where links lead. Staff can have a receipt sent elsewhere, never a link.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from core.addresses import comparable, is_address
from submissions.calls.models import Call
from submissions.calls.states import QuestionKind
from submissions.outbox.models import OutboxEmail
from submissions.outbox.queue import enqueue
from submissions.outbox.states import AddressSource, MailKind
from submissions.responses.models import ReturnAddress, ReturnToken, Submission, Version
from submissions.responses.states import ScanState
from submissions.responses.working_copy import working_answers

AT_MOST_ONCE_IN = timedelta(hours=1)
NO_ADDRESS = "No email address of its author is known, so no mail goes out: tell them yourself."


def address_of(version: Version, call: Call, *, for_links: str | None = None) -> str:
    """Return the address given for the return link, else the first one among the answers.

    Where there are both, the first is newer: its author gave it to get mail. `for_links` is the
    first, from a caller who has read it (`given_for_links`).
    """
    given = given_for_links(version.submission) if for_links is None else for_links
    answers = {**version.texts, **version.identity.answers}
    return given or next(iter(_addresses_in(answers, call)), "")


def known_address(submission: Submission, call: Call, answers: Mapping[str, Any]) -> str:
    """Return the email address of the response's author, "" if nobody knows it.

    It is the address given for the link, else the first one among the working `answers`.
    """
    return given_for_links(submission) or next(iter(typed_addresses(call, answers)), "")


def address_to_come_back_by(submission: Submission, call: Call, answers: Mapping[str, Any]) -> str:
    """Return an address that gets links to the response now, "" if nothing leads its author back.

    Changes, of which these are the working `answers`, may lack the address of the version: links
    still go there.
    """
    known = known_address(submission, call, answers)
    if known or submission.current_version is None:
        return known
    return address_of(submission.current_version, call)


def given_for_links(submission: Submission) -> str:
    """Return the address that the author gave for the return link, "" if there is none."""
    kept = ReturnAddress.objects.of_authors().filter(submission=submission)
    return kept.values_list("address", flat=True).order_by().first() or ""


def present_address(submission: Submission, call: Call) -> str:
    """Return where mail about the response goes now, "" if its author gave no address."""
    if submission.current_version is not None:
        return address_of(submission.current_version, call)
    return known_address(submission, call, working_answers(submission, call))


def leads_back(submission: Submission, call: Call, address: str) -> bool:
    """Return whether links to the response go to `address` now, if its author asks for one."""
    return comparable(address) in _leading_back(submission, call, working_answers(submission, call))


def _leading_back(submission: Submission, call: Call, answers: Mapping[str, Any]) -> set[str]:
    """Return where links go now, as `comparable` writes it; `answers` are the working ones."""
    version = submission.current_version
    present = address_of(version, call) if version else known_address(submission, call, answers)
    return {comparable(one) for one in (present, *typed_addresses(call, answers))}


def comes_back_by(submission: Submission, call: Call, address: str) -> bool:
    """Return whether whoever asks at `address` gets a link to the response now.

    An address that its author has replaced in changes does not count: it may be a stranger's.
    """
    answers = working_answers(submission, call)
    now = [address_to_come_back_by(submission, call, answers), *typed_addresses(call, answers)]
    return comparable(address) in {comparable(one) for one in now}


def known_addresses(submission: Submission, call: Call) -> list[str]:
    """Return each address that the author ever gave, as far as it is still stored.

    Those of the return link, of the answers of every version, and of the mails that went out.
    Capitals make no second address.
    """
    versions = Version.objects.filter(submission=submission)
    given_in = versions.none() if submission.is_draft else versions
    return _known_by(submission, call, given_for_links(submission), given_in)


def _known_by(
    submission: Submission, call: Call, for_links: str, versions: QuerySet[Version]
) -> list[str]:
    """Return the `known_addresses` by these versions and the address `given_for_links`."""
    mails = OutboxEmail.objects.filter(
        submission=submission, address_given_by=AddressSource.AUTHOR
    ).exclude(to_address="")
    found = [*mails.order_by("pk").values_list("to_address", flat=True)]
    found += filter(None, [for_links])
    answers = versions.order_by("number").values_list("texts", "identity__answers")
    for texts, identity in answers:
        found += _addresses_in({**texts, **(identity or {})}, call)
    return list({comparable(address): address for address in reversed(found)}.values())


def typed_addresses(call: Call, answers: Mapping[str, Any]) -> list[str]:
    """Return the email addresses among the answers of a working copy, in order.

    One under a question that is not asked does not count, and a draft keeps what is no address,
    too: no mail goes there.
    """
    typed = _addresses_in(call.questionnaire.answers_that_count(answers), call)
    return [one for one in typed if is_address(one)]


def _addresses_in(answers: Mapping[str, Any], call: Call) -> list[str]:
    return [
        answers[question.key]
        for question in call.questions_in_order
        if question.kind == QuestionKind.EMAIL and answers.get(question.key)
    ]


def without(addresses: Iterable[str], one: str) -> list[str]:
    """Return the addresses other than `one`, whatever its capitals."""
    return [address for address in addresses if comparable(address) != comparable(one)]


def enqueue_receipt(version: Version, call: Call, *, infected: bool, at: datetime) -> None:
    """Enqueue the receipt of a new version, and a notice of it to each address known before.

    Whoever submits in the author's name cannot keep the author from learning of it. If a file is
    `infected`, the author is told that, too; the response is locked, as for `enqueue_infected`.
    Links end that went to addresses which its version replaces.
    """
    submission = version.submission
    earlier = Version.objects.filter(submission=submission, number__lt=version.number)
    given_in = earlier if version.number > 1 else earlier.none()
    for_links = given_for_links(submission)
    known = _known_by(submission, call, for_links, given_in)
    present = address_of(version, call, for_links=for_links)
    mails = [(MailKind.VERSION_NOTICE, other) for other in without(known, present)]
    if present:
        receipt = MailKind.CONFIRMATION if version.number == 1 else MailKind.AMENDED
        mails.append((receipt, present))
        if infected:
            mails.append((MailKind.FILE_INFECTED, present))
    _enqueue(mails, version, call, at)
    if version.number > 1:
        _end_links_elsewhere(submission, call, working_answers(submission, call))


def enqueue_acknowledgement(version: Version, call: Call, *, at: datetime) -> bool:
    """Enqueue the acknowledgement of a version that staff entered; False without an address.

    Staff typed the address: the mail has no answers and no link.
    """
    address = address_of(version, call, for_links="")
    if address:
        enqueue(
            kind=MailKind.ACKNOWLEDGEMENT,
            call=call,
            submission=version.submission,
            version=version,
            to_address=address,
            address_given_by=AddressSource.STAFF,
            at=at,
        )
    return bool(address)


def enqueue_withdrawal(version: Version, call: Call, *, at: datetime) -> None:
    """Enqueue the notice of a withdrawal to each known address, the present one last."""
    present = address_of(version, call)
    others = without(known_addresses(version.submission, call), present)
    to = [*others, present] if present else others
    _enqueue([(MailKind.WITHDRAWN, address) for address in to], version, call, at)


def enqueue_infected(version: Version, call: Call, *, at: datetime) -> None:
    """Enqueue, once a version, the notice that a file of it is infected, if one is.

    Call it with the response locked: its author may submit at the same moment.
    """
    if not version.attachments.filter(scan__state=ScanState.INFECTED).exists():
        return
    if version.submission.is_entered:  # staff see it where they read the response
        return
    kind, present = MailKind.FILE_INFECTED, address_of(version, call)
    if present and not OutboxEmail.objects.filter(version=version, kind=kind).exists():
        _enqueue([(kind, present)], version, call, at)


def _enqueue(
    mails: Iterable[tuple[MailKind, str]], version: Version, call: Call, at: datetime
) -> None:
    """Enqueue a mail about the version of each kind, to the address beside it."""
    for kind, address in mails:
        enqueue(
            kind=kind,
            call=call,
            submission=version.submission,
            version=version,
            to_address=address,
            at=at,
        )


def remember_address(*, submission: Submission, address: str, at: datetime) -> None:
    """Send the response's links to `address` from now on, and no longer to an earlier one.

    For the author alone: who has the response open, or proved to be its author. Each address that
    was known before is told of the change, without the new one, and links that went there end.
    """
    call = submission.call
    answers = working_answers(submission, call)
    before = known_address(submission, call, answers)
    kept, is_new = ReturnAddress.objects.get_or_create(
        submission=submission, defaults={"address": address, "given_at": at}
    )
    if not is_new and (kept.address != address or kept.given_by != AddressSource.AUTHOR):
        if comparable(kept.address) != comparable(address):
            kept.confirmed_at = None
        kept.address, kept.given_at, kept.given_by = address, at, AddressSource.AUTHOR
        if comparable(before) != comparable(address):
            kept.reminders_refused_at = None
        kept.save(
            update_fields=[
                "address",
                "given_at",
                "given_by",
                "confirmed_at",
                "reminders_refused_at",
            ]
        )
    if before and comparable(before) != comparable(address):
        tell_of_change(MailKind.ADDRESS_CHANGED, submission, call, except_for=address, at=at)
        _end_links_elsewhere(submission, call, answers)


def tell_of_replaced(
    submission: Submission,
    call: Call,
    *,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    at: datetime,
) -> None:
    """Tell the addresses that the answers `before` had and those `after` do not, not the new ones.

    The links that went there end. Only known ones are told: while somebody types, an answer may be
    a stranger's address for a moment. And each is told once an hour at most.
    """
    stays = {comparable(one) for one in typed_addresses(call, after)}
    gone = {comparable(one) for one in typed_addresses(call, before)} - stays
    if not gone:
        return
    _end_links_elsewhere(submission, call, after)
    told = OutboxEmail.objects.filter(
        submission=submission, kind=MailKind.ADDRESS_CHANGED, created_at__gt=at - AT_MOST_ONCE_IN
    )
    gone -= {comparable(address) for address in told.values_list("to_address", flat=True)}
    for address in known_addresses(submission, call):
        if comparable(address) in gone:
            enqueue(
                kind=MailKind.ADDRESS_CHANGED,
                call=call,
                submission=submission,
                to_address=address,
                at=at,
            )


def _end_links_elsewhere(submission: Submission, call: Call, answers: Mapping[str, Any]) -> None:
    """End the links that went to addresses which lead back no more: each may be a stranger's.

    The response is locked; `answers` are its working ones from now on.
    """
    links = ReturnToken.objects.filter(
        mail__submission=submission, mail__address_given_by=AddressSource.AUTHOR, used_at=None
    )
    went_to = links.exclude(mail__to_address="").values_list("pk", "mail__to_address")
    now = _leading_back(submission, call, answers)
    ended = [pk for pk, address in went_to if comparable(address) not in now]
    ReturnToken.objects.filter(pk__in=ended, used_at=None).delete()


def tell_of_change(
    kind: MailKind, submission: Submission, call: Call, *, except_for: str, at: datetime
) -> None:
    """Tell each known address that mail about the response goes to another one, not which."""
    known = known_addresses(submission, call)
    typed = typed_addresses(call, working_answers(submission, call))
    known += [one for one in typed if comparable(one) not in map(comparable, known)]
    for other in without(known, except_for):
        enqueue(kind=kind, call=call, submission=submission, to_address=other, at=at)
