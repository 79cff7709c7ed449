"""Compares each arrival with the other responses of its call.

A response is due while its signature is missing, of an earlier version, of other rules, or from
before its address was confirmed. What is withdrawn since is let go. One process at a time compares:
of two copies that arrive together, the second has to find the first. Nobody erases what is in a
cluster meanwhile.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from core.addresses import comparable
from core.attempts import Attempts
from review.duplicates.candidates import alike_by_words, the_same
from review.duplicates.joining import Link, end_if_alone, join, lock, outdate
from review.duplicates.likeness import Match, matches
from review.duplicates.wording import Hashing, Wording, sketch, whole, wordings
from review.models import Cluster, ClusterMember, Shingle, Signature
from review.states import ClusterKind, Likeness
from submissions.calls.models import Call
from submissions.outbox.states import AddressSource
from submissions.responses.models import ReturnAddress, Submission
from submissions.responses.states import SubmissionState

logger = logging.getLogger(__name__)
COMPARING_LOCK = 5_283_307  # any number that no other advisory lock of this database has
LOOKED_UP = 1_000  # responses; what is due is looked up so seldom
BATCH = 20
ENOUGH_LINKS = 3  # a cluster of thousands is joined by a few


@dataclass
class CallWords:
    """What is the same for all responses of a call: the hashing, and the call's own words."""

    hashing: Hashing
    known: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, call: Call) -> "CallWords":
        """People quote the questions; that makes their answers no more alike."""
        hashing = Hashing.of_call(call.pk)
        said = [call.summary, call.about]
        for question in call.questions_in_order:
            said += [question.label, question.hint]
            said += [each["label"] for each in [*question.options, *question.rows]]
        own = wordings({str(place): text for place, text in enumerate(said)}, hashing)
        return cls(hashing, {number for wording in own for number in wording.shingles})


def compare_due(*, now: Callable[[], datetime], until: Callable[[], bool]) -> int:
    """Compare what is due, in batches of one transaction each; return how many.

    `until` says after each batch whether it is time to stop. Another process that compares already
    goes on alone. Raises SomeFailed after the others where one cannot be compared.
    """
    let_go_withdrawn()
    with Attempts(logger) as attempts:
        return _compare_due(now, until, attempts)


def _compare_due(now: Callable[[], datetime], until: Callable[[], bool], attempts: Attempts) -> int:
    done = 0
    words: dict[int, CallWords] = {}
    while keys := list(due().values_list("pk", flat=True)[:LOOKED_UP]):
        before = done
        for place in range(0, len(keys), BATCH):
            number = _compare_some(keys[place : place + BATCH], words, now, attempts)
            if number is None:
                return done
            done += number
            if until():
                return done
        if done == before or len(keys) < LOOKED_UP:
            break
    return done


def _compare_some(
    keys: list[int],
    words: dict[int, CallWords],
    now: Callable[[], datetime],
    attempts: Attempts,
) -> int | None:
    """Compare these responses together; where one of them fails, each alone."""
    try:
        return _compare_batch(keys, words, now)
    except Exception:  # noqa: BLE001 - raised again by the one that it is of
        done = 0
        for key in keys:
            with attempts.at("response %s, comparing it", key):
                done += _compare_batch([key], words, now) or 0
        return done


def _compare_batch(
    keys: list[int], words: dict[int, CallWords], now: Callable[[], datetime]
) -> int | None:
    """Compare these responses; None if another process compares.

    Each is locked, so that nobody erases it meanwhile. One that somebody works on waits.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [COMPARING_LOCK])
            if not cursor.fetchone()[0]:
                return None
        still_due = (
            due().filter(pk__in=keys).select_related("call", "current_version", "return_address")
        )
        batch = still_due.select_for_update(of=("self",), no_key=True, skip_locked=True)
        number = 0
        for submission in batch:
            if submission.call_id not in words:
                words[submission.call_id] = CallWords.of(submission.call)
            compare(submission, words[submission.call_id], at=now())
            number += 1
    return number


def due() -> QuerySet[Submission]:
    """Return the submitted responses that are to be compared, the first submitted first."""
    scheme = Hashing.of_call(0).scheme
    compared = Signature.objects.filter(
        submission=OuterRef("pk"), version=OuterRef("current_version"), scheme=scheme
    )
    confirmed_since = ReturnAddress.objects.filter(
        submission=OuterRef("pk"), confirmed_at__gt=F("submission__signature__compared_at")
    )
    return (
        Submission.objects.submitted()
        .filter(~Exists(compared) | Exists(confirmed_since))
        .order_by("submitted_at", "pk")
    )


def compare(submission: Submission, words: CallWords, *, at: datetime) -> None:
    """Write the signature of the response, and propose it for the clusters that it belongs to."""
    version, hashing = submission.submitted_version, words.hashing
    answers = wordings(version.texts, hashing, known=words.known)
    signature = Signature(
        submission=submission,
        version=version,
        scheme=hashing.scheme,
        whole=whole(version.texts, hashing),
        sender=_sender(submission, hashing),
        compared_at=at,
    )
    fields = ["version", "scheme", "whole", "sender", "compared_at"]
    # One statement, and no savepoint: thousands are written after an upgrade.
    Signature.objects.bulk_create(
        [signature], update_conflicts=True, unique_fields=["submission"], update_fields=fields
    )
    hashes = sketch(answers)
    places = list(ClusterMember.objects.filter(submission=submission).select_related("cluster"))
    links = _by_words(signature, answers, hashes, words)
    join(submission, links, kind=ClusterKind.TEXT, places=places, at=at)
    senders = [
        Link(other.submission_id, Likeness.SENDER)
        for other in the_same(field="sender", value=signature.sender, without=submission.pk)
    ]
    join(submission, senders, kind=ClusterKind.SENDER, places=places, at=at)
    Shingle.objects.filter(signature=signature).delete()
    Shingle.objects.bulk_create(Shingle(hash=number, signature=signature) for number in hashes)


def let_go_withdrawn() -> int:
    """End the signatures and memberships of what does not count any more; return how many.

    The hash of an address ends with the address. What staff decided by it stands.
    """
    address = ReturnAddress.objects.filter(
        submission=OuterRef("submission"), confirmed_at__isnull=False
    )
    Signature.objects.exclude(sender="").filter(~Exists(address)).update(sender="")
    gone = ~Q(submission__state=SubmissionState.SUBMITTED)
    keys = set(Signature.objects.filter(gone).values_list("submission", flat=True))
    keys |= set(ClusterMember.objects.filter(gone).values_list("submission", flat=True))
    for key in keys:
        with transaction.atomic():
            let_go(key)
    return len(keys)


def let_go(submission: int) -> None:
    """End all by which the response is found, and its places beside others, in the transaction.

    A campaign's own text that was taken from it is emptied, and it stands for no others any more;
    a cluster of one ends. A page that showed the response beside others is outdated: what it
    suggests as the campaign's text may be the words of this one.
    """
    _wait_for_comparing()
    clusters = Cluster.objects.filter(
        Q(pk__in=ClusterMember.objects.filter(submission=submission).values("cluster"))
        | Q(text_from=submission)
        | Q(standing=submission)
    )
    lock(clusters)
    outdate(clusters)
    forget_sender(submission)
    Signature.objects.filter(submission=submission).delete()
    Cluster.objects.filter(text_from=submission).update(text="", text_from=None)
    Cluster.objects.filter(standing=submission).update(standing=None)
    places = ClusterMember.objects.filter(submission=submission)
    for member in places.select_related("cluster"):
        member.delete()
        end_if_alone(member.cluster)


def forget_sender(submission: int) -> None:
    """End what says that the response has a sender in common with another, in the transaction."""
    _wait_for_comparing()
    Signature.objects.filter(submission=submission).update(sender="")
    places = ClusterMember.objects.filter(submission=submission, kind=ClusterKind.SENDER)
    lock(Cluster.objects.filter(pk__in=places.values("cluster")))
    for member in places.select_related("cluster"):
        member.delete()
        end_if_alone(member.cluster)


def _wait_for_comparing() -> None:
    """Wait until no batch is compared, and let none begin before the transaction ends.

    A batch locks the clusters of one response after those of another, and an erasure those of a
    sender before those of a text. Without this, each could wait for the other.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [COMPARING_LOCK])


def _sender(submission: Submission, hashing: Hashing) -> str:
    """Return the keyed hash of the address that its author confirmed, "" without one."""
    kept = getattr(submission, "return_address", None)
    if kept is None or kept.confirmed_at is None or kept.given_by != AddressSource.AUTHOR:
        return ""
    return hashing.name(comparable(kept.address)) if kept.address else ""


def _by_words(
    signature: Signature, answers: list[Wording], hashes: set[int], words: CallWords
) -> list[Link]:
    same = the_same(field="whole", value=signature.whole, without=signature.submission_id)
    links = [
        Link(other.submission_id, Likeness.IDENTICAL, words=sum(len(a.words) for a in answers))
        for other in same
    ]
    if len(links) >= ENOUGH_LINKS:
        return links
    known = [signature.pk, *(other.pk for other in same)]
    for other in alike_by_words(hashes, without=known):
        theirs = wordings(other.version.texts, words.hashing, known=words.known)
        if found := matches(answers, theirs):
            links.append(_link(other, found))
        if len(links) >= ENOUGH_LINKS:
            break
    return links


def _link(other: Signature, found: list[Match]) -> Link:
    size = sum(each.words for each in found)
    share = sum(each.share * each.words for each in found) / size
    return Link(other.submission_id, Likeness.NEAR, round(100 * share), size)
