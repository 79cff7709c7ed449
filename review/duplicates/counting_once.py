"""Counting with each campaign once, and duplicates not at all: SQL for whoever counts.

Of a campaign the response that stands for it counts, of duplicates the one that staff chose. Where
that one is not among those counted (withdrawn, or not shown to the reader), the first of the others
does. Duplicates are left out first: what is left of a campaign is then counted once.
"""

from dataclasses import dataclass

from django.db import connection

from review.models import Cluster, ClusterMember
from review.states import ClusterState, MemberState
from submissions.calls.models import Call
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState

PARAMETERS = {
    "counts_campaign": ClusterState.CAMPAIGN.value,
    "counts_duplicate": ClusterState.DUPLICATE.value,
    "counts_confirmed": MemberState.CONFIRMED.value,
}

_RANKED = """
SELECT member.submission_id, member.cluster_id, row_number() OVER (
  PARTITION BY member.cluster_id
  ORDER BY ({first}) DESC, (cluster.standing_id = submission.id) IS TRUE DESC,
    submission.submitted_at, submission.id
) AS place
FROM review_clustermember AS member
JOIN review_cluster AS cluster ON cluster.id = member.cluster_id
JOIN submissions_submission AS submission ON submission.id = member.submission_id
JOIN submissions_version AS version ON version.id = submission.current_version_id
WHERE cluster.call_id = %(call)s AND cluster.state = %(counts_{state})s
  AND member.state = %(counts_confirmed)s AND submission.state = %(submitted)s AND {among}
"""


def left_out_sql(among: str, *, first: str = "true") -> str:
    """SQL of the keys of the responses that counting once leaves out.

    `among` is SQL of which responses are counted at all, of a `submission` and its `version`: what
    somebody may not see decides nothing. `first` is SQL of which of them stand for their campaign
    before all others, such as those that answered a question. Parameters: `call`, `submitted`,
    PARAMETERS.
    """
    placed = _placed(among, first=first)
    return f"SELECT submission_id FROM ({placed}) AS placed WHERE place > 1"  # noqa: S608 - no values


def stands_for_sql(among: str) -> str:
    """SQL of which response stands for how many of its campaign: `submission_id`, `responses`."""
    return (
        "SELECT placed.submission_id, counted.responses "  # noqa: S608 - no values
        f"FROM ({_placed(among)}) AS placed "
        f"JOIN (SELECT cluster_id, count(*) AS responses FROM ({_placed(among)}) AS each "
        "GROUP BY cluster_id) AS counted USING (cluster_id) "
        "WHERE placed.place = 1 AND placed.is_campaign"
    )


def campaign_sql(submission: str, among: str) -> str:
    """SELECT the name of the campaign that staff put the response into; no row without one.

    Nor of one that has no other response `among` those whom somebody may see: a campaign of one
    would tell that others, whom they may not see, say the same.
    """
    return (
        "SELECT cluster.name FROM review_clustermember AS member "  # noqa: S608 - no values
        "JOIN review_cluster AS cluster ON cluster.id = member.cluster_id "
        f"WHERE member.submission_id = {submission} AND cluster.state = %(counts_campaign)s "
        "AND member.state = %(counts_confirmed)s AND EXISTS ("
        "SELECT FROM review_clustermember AS other "
        "JOIN submissions_submission AS submission ON submission.id = other.submission_id "
        "JOIN submissions_version AS version ON version.id = submission.current_version_id "
        "WHERE other.cluster_id = cluster.id AND other.submission_id <> member.submission_id "
        "AND other.state = %(counts_confirmed)s AND submission.state = %(submitted)s "
        f"AND {among}) ORDER BY cluster.id LIMIT 1"
    )


def _placed(among: str, *, first: str = "true") -> str:
    duplicates = _RANKED.format(state="duplicate", among=among, first=first)
    out = f"SELECT submission_id FROM ({duplicates}) AS ranked WHERE place > 1"  # noqa: S608 - no values
    left = f"{among} AND submission.id NOT IN ({out})"
    campaigns = _RANKED.format(state="campaign", among=left, first=first)
    return (
        f"SELECT *, false AS is_campaign FROM ({duplicates}) AS duplicates "  # noqa: S608 - as above
        f"UNION ALL SELECT *, true FROM ({campaigns}) AS campaigns"
    )


def has_decided(call: Call) -> bool:
    """Return whether staff decided anything by which counting once differs."""
    return Cluster.objects.filter(
        call=call, state__in=[ClusterState.CAMPAIGN, ClusterState.DUPLICATE]
    ).exists()


@dataclass(frozen=True)
class Standing:
    """How many responses count with each campaign once, how many that leaves out, and what waits.

    `undecided` are responses that are proposed and nobody decided about yet.
    """

    counted: int
    left_out: int
    campaigns: int
    undecided: int


def standing_of(call: Call) -> Standing:
    """Return how the call's submitted responses stand, in four queries."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(DISTINCT submission_id) FROM ({left_out_sql('true')}) AS out",  # noqa: S608 - no values
            PARAMETERS | {"call": call.pk, "submitted": SubmissionState.SUBMITTED.value},
        )
        left_out = cursor.fetchone()[0]
    submitted = Submission.objects.submitted().filter(call=call).count()
    proposed = ClusterMember.objects.filter(
        cluster__call=call,
        state=MemberState.PROPOSED,
        submission__state=SubmissionState.SUBMITTED,
    )
    return Standing(
        counted=submitted - left_out,
        left_out=left_out,
        campaigns=Cluster.objects.filter(call=call, state=ClusterState.CAMPAIGN).count(),
        undecided=proposed.values("submission").distinct().count(),
    )
