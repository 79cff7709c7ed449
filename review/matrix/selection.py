"""What a matrix counts: whose codings, on which answers, with campaigns once or each."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet

from accounts.models import User
from review.coding.decided import decided_against
from review.coding.samples import blind_to, seen_by
from review.duplicates.counting_once import PARAMETERS, left_out_sql
from review.matrix.columns import Across
from review.models import Coding
from submissions.calls.models import Call, Question
from submissions.calls.states import QuestionKind
from submissions.responses.models import Submission, Version
from submissions.responses.states import SubmissionState, TriageStatus

# Of a submission: those that are set aside decide nothing about a campaign either.
AMONG = f"submission.triage_status <> '{TriageStatus.SET_ASIDE.value}'"


@dataclass(frozen=True)
class Selection:
    """`coder` None is all coders, less what somebody decided against; `question` None is all texts.

    `with_below`: the row of a code counts what stands under the codes below it, too.
    `once`: each campaign counts once, and duplicates not at all.
    """

    call: Call
    across: Across
    reader: User
    once: bool = False
    coder: User | None = None
    question: Question | None = None
    with_below: bool = True

    @cached_property
    def left_out(self) -> list[int]:
        """Keys of the responses that counting once leaves out.

        Where a question is chosen, one that answered it stands for its campaign, as in a finding.
        """
        if not self.once:
            return []
        answered, asked = _answered_sql(self.question, place="%(asked)s")
        parameters: dict[str, Any] = {
            "call": self.call.pk,
            "submitted": SubmissionState.SUBMITTED.value,
            "asked": next(iter(asked), None),
        }
        with connection.cursor() as cursor:
            cursor.execute(
                left_out_sql(AMONG, first=answered),
                PARAMETERS | parameters,
            )
            return [key for (key,) in cursor.fetchall()]

    @cached_property
    def decided_against(self) -> list[int]:
        """Keys of the codings that do not stand, as somebody decided between coders."""
        return [] if self.coder is not None else decided_against(self.call)

    @cached_property
    def is_blind(self) -> bool:
        """Whether the reader codes a blind sample of the call, and is not done with it."""
        return blind_to(self.reader).filter(sample__call=self.call).exists()

    def counting(self) -> QuerySet[Submission]:
        """Return the responses that count."""
        rows = Submission.objects.submitted().filter(call=self.call)
        rows = rows.exclude(triage_status=TriageStatus.SET_ASIDE)
        return rows.exclude(pk__in=self.left_out) if self.left_out else rows

    def chosen(self) -> QuerySet[Coding]:
        """Return the codings that are chosen and that the reader sees, on whatever response.

        Only for a reader who codes blind are others' codings looked through: there are many.
        """
        rows = Coding.objects.all()
        if self.is_blind:
            rows = seen_by(rows, self.reader)
        if self.decided_against:
            rows = rows.exclude(pk__in=self.decided_against)
        if self.coder is not None:
            rows = rows.filter(by=self.coder)
        if self.question is not None:
            rows = rows.filter(question=self.question)
        return rows

    def current(self) -> QuerySet[Coding]:
        """Return those on the version that holds of responses that count: no others are counted."""
        return self.chosen().filter(version__in=self.counting().values("current_version"))

    def of_earlier_versions(self) -> int:
        """Return how many codings are left out, as their author amended the response since."""
        earlier = Version.objects.filter(submission__in=self.counting())
        earlier = earlier.exclude(pk=F("submission__current_version"))
        keys = list(earlier.values_list("pk", flat=True))
        return self.chosen().filter(version__in=keys).count() if keys else 0

    def counted_sql(self) -> tuple[str, list[Any]]:
        """SQL of the versions that count, with their `answer` and whether they `answered`.

        Who answered gave words, or a file; of a question, an answer to it.
        """
        answered, parameters = _answered_sql(self.question)
        return (
            "SELECT version.id, version.choices #> %s::text[] AS answer, "  # noqa: S608 - no values
            f"{answered} AS answered FROM submissions_submission AS submission "
            "JOIN submissions_version AS version ON version.id = submission.current_version_id "
            "WHERE submission.call_id = %s AND submission.state = %s "
            f"AND {AMONG} AND NOT submission.id = ANY (%s::bigint[])",
            [
                list(self.across.path),
                *parameters,
                self.call.pk,
                SubmissionState.SUBMITTED.value,
                self.left_out,
            ],
        )


def _answered_sql(question: Question | None, *, place: str = "%s") -> tuple[str, list[Any]]:
    attached = "SELECT FROM submissions_version_attachments AS given "
    of_version = "WHERE given.version_id = version.id"
    if question is None:
        return f"(version.text_keys <> '[]'::jsonb OR EXISTS ({attached}{of_version}))", []
    if question.kind == QuestionKind.FILE:
        files = "JOIN submissions_attachment AS file ON file.id = given.attachment_id "
        return f"EXISTS ({attached}{files}{of_version} AND file.question_id = {place})", [
            question.pk
        ]
    return f"(version.text_keys ? {place})", [question.key]
