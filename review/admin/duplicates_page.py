"""The data of the page of one set of alike responses."""

from dataclasses import dataclass, field
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet

from accounts.identity import may_see_identity
from accounts.rights import Person, may
from accounts.states import Action
from core.admin.uk_time import in_uk_time
from review.duplicates.campaign_text import campaign_text_for
from review.duplicates.comparing_arrivals import CallWords
from review.duplicates.likeness import matches
from review.duplicates.text_differences import Piece, differences
from review.duplicates.wording import SHINGLE, Wording, wordings, words_of
from review.models import Cluster, ClusterMember
from review.redaction.readable_texts import texts_for
from review.states import ClusterKind, ClusterState, MemberState
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState

ON_A_PAGE = 10
CHOICES_SHOWN = 50
COUNTED_ONCE = (ClusterState.CAMPAIGN, ClusterState.DUPLICATE)


@dataclass(frozen=True)
class ShownDifference:
    """Of one answer; `label` is its question's."""

    label: str
    pieces: list[Piece]


@dataclass(frozen=True)
class OtherAnswer:
    """An answer that the responses do not have in common; `label` is its question's."""

    label: str
    words: int


@dataclass(frozen=True)
class ShownMember:
    """`is_standing`: the others are shown by how they differ from this one.

    `unlike` are its other answers, `left_open` those that only the standing one has.
    """

    member: ClusterMember
    received: str
    is_standing: bool
    answers: list[ShownDifference] = field(default_factory=list)
    unlike: list[OtherAnswer] = field(default_factory=list)
    left_open: list[OtherAnswer] = field(default_factory=list)


@dataclass(frozen=True)
class ClusterPage:
    """`counts` is the one of the set that counts now, None where nobody decided that one does."""

    members: list[ShownMember]
    page: Page
    up_to: int
    number: int
    proposed: int
    rejected: list[ClusterMember]
    text: list[ShownDifference]
    choices: list[Submission]
    reference: Submission | None
    counts: Submission | None
    may_decide: bool


def cluster_page(cluster: Cluster, *, number: str, reader: Person) -> ClusterPage:
    """Return what the page shows, in a fixed number of queries."""
    there = _active(cluster)
    page = Paginator(there, ON_A_PAGE).get_page(number)
    rows = list(page.object_list)
    reference = _reference(cluster, there)
    words = CallWords.of(cluster.call)
    versions = [row.submission.submitted_version for row in rows]
    if reference is not None:
        versions.append(reference.submitted_version)
    seen = texts_for(reader, versions, cluster.call)
    if cluster.kind == ClusterKind.TEXT and reference is not None:
        own = _texts(cluster, reference)
        compared = wordings(own, words.hashing, known=words.known)
    else:
        own, compared = {}, []
    seen_own = own
    if "" in own:
        seen_own = {"": campaign_text_for(reader, cluster)}
    elif own and reference is not None:
        seen_own = seen[reference.submitted_version.pk]
    counts = list(there.values_list("pk", "state"))
    rejected = cluster.members.filter(state=MemberState.REJECTED).select_related("submission")
    return ClusterPage(
        members=[_shown(row, reference, (own, seen_own), compared, words, seen) for row in rows],
        page=page,
        up_to=max((pk for pk, _ in counts), default=0),
        number=len(counts),
        proposed=sum(state == MemberState.PROPOSED for _, state in counts),
        rejected=list(rejected[:CHOICES_SHOWN]),
        text=_common(cluster, (own, seen_own), rows, reference, compared, words),
        choices=_choices(there, reference),
        reference=reference,
        counts=reference if cluster.state in COUNTED_ONCE else None,
        may_decide=may_decide(cluster, reader),
    )


def may_decide(cluster: Cluster, reader: Person) -> bool:
    sees = cluster.kind != ClusterKind.SENDER or may_see_identity(reader, cluster.call_id)
    return sees and may(reader, Action.DECIDE_DUPLICATES, cluster.call_id)


def _active(cluster: Cluster) -> QuerySet[ClusterMember]:
    return (
        cluster.members.exclude(state=MemberState.REJECTED)
        .select_related("submission__current_version", "nearest")
        .order_by("pk")
    )


def _reference(cluster: Cluster, there: QuerySet[ClusterMember]) -> Submission | None:
    """Return the response that the others are compared with: the one that counts, or the first.

    Where the one that staff chose has left the set, the first of the others counts.
    """
    if cluster.state in COUNTED_ONCE:
        there = there.filter(state=MemberState.CONFIRMED)
    there = there.filter(submission__state=SubmissionState.SUBMITTED)
    chosen = ExpressionWrapper(Q(submission=cluster.standing_id), output_field=BooleanField())
    first = there.order_by(chosen.desc(), "submission__submitted_at", "submission_id").first()
    return first.submission if first else None


def _choices(there: QuerySet[ClusterMember], reference: Submission | None) -> list[Submission]:
    found = [row.submission for row in there.order_by("submission__submitted_at")[:CHOICES_SHOWN]]
    if reference is not None and reference not in found:
        found.insert(0, reference)
    return found


def _texts(cluster: Cluster, reference: Submission) -> dict[str, str]:
    """Return what members are compared with: the campaign's own text, or a response's answers."""
    return {"": cluster.text} if cluster.text else reference.submitted_version.texts


def _shown(
    row: ClusterMember,
    reference: Submission | None,
    texts: tuple[dict[str, str], dict[str, str]],
    compared: list[Wording],
    words: CallWords,
    seen: dict[int, dict[str, str]],
) -> ShownMember:
    """Return the member; of `texts`, the first are compared and the second shown."""
    own, seen_own = texts
    version = row.submission.submitted_version
    received = in_uk_time(version.received_at)
    is_standing = row.submission == reference and "" not in own
    if not compared or is_standing:
        return ShownMember(row, received, is_standing)
    labels = row.cluster.call.questions_by_key
    alike = matches(wordings(version.texts, words.hashing, known=words.known), compared)
    theirs = {key: words_of(text) for key, text in version.texts.items()}
    ours = {key: words_of(text) for key, text in own.items()}
    answers = []
    for found in alike:
        pieces = differences(seen_own[found.other_key], seen[version.pk][found.key])
        if not found.other_key:
            others = [said for key, said in theirs.items() if key != found.key]
            pieces = [piece for piece in pieces if not _left_for_another(piece, others)]
        answers.append(ShownDifference(labels[found.key].label, pieces))
    shown = {found.key for found in alike}
    unlike = [
        key
        for key, said in theirs.items()
        if key not in shown and not _has(ours.get("", []), said) and said != ours.get(key)
    ]
    compared_with = {"", *(found.other_key for found in alike)}
    left_open = [key for key in ours if key not in compared_with and key not in theirs]
    return ShownMember(
        row,
        received,
        is_standing,
        answers,
        [OtherAnswer(labels[key].label, len(theirs[key])) for key in unlike if theirs[key]],
        [OtherAnswer(labels[key].label, len(ours[key])) for key in left_open if ours[key]],
    )


def _left_for_another(piece: Piece, others: list[list[str]]) -> bool:
    """Return whether the campaign's words that one answer leaves out stand in another one."""
    left_out = words_of(piece.text) if piece.kind == "left_out" else []
    return len(left_out) >= SHINGLE and any(_has(said, left_out) for said in others)


def _has(text: list[str], run: list[str]) -> bool:
    """Return whether these words stand in the text one after the other."""
    return f" {' '.join(run)} " in f" {' '.join(text)} "


def _common(
    cluster: Cluster,
    both: tuple[dict[str, str], dict[str, str]],
    rows: list[ClusterMember],
    reference: Submission | None,
    compared: list[Wording],
    words: CallWords,
) -> list[ShownDifference]:
    """Return the texts that the responses have in common, as the one that counts has them.

    Of `both`, the first are compared and the second shown.
    """
    own, seen_own = both
    if "" in own:
        return [ShownDifference("The campaign’s own text", [Piece("same", seen_own[""])])]
    keys: dict[str, Any] = {}
    for row in rows:
        if row.submission != reference:
            texts = row.submission.submitted_version.texts
            theirs = wordings(texts, words.hashing, known=words.known)
            keys |= dict.fromkeys(found.other_key for found in matches(theirs, compared))
    labels = cluster.call.questions_by_key
    return [ShownDifference(labels[key].label, [Piece("same", seen_own[key])]) for key in keys]


def suggested_text(page: ClusterPage) -> str:
    """Return the campaign's own text to begin with: what the responses have in common."""
    return "\n\n".join(piece.text for shown in page.text for piece in shown.pieces)


STATES = [
    (ClusterState.CAMPAIGN, "A campaign: many people sent the same text. Counted once if wanted"),
    (ClusterState.DUPLICATE, "Duplicates: one response, given more than once. One counts"),
    (ClusterState.UNRELATED, "Unrelated: each counts for itself"),
]
