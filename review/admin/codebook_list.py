"""The data of the codebook's list: the codes of a call as a tree, with their numbers."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, QuerySet

from accounts.models import User
from review.coding.samples import seen_by
from review.coding.tree import CodeInTree, tree
from review.models import Code, Coding
from submissions.calls.models import Call
from submissions.responses.states import SubmissionState


@dataclass(frozen=True)
class Branch:
    """A code with what stands below it; `codings` and `responses` are its own alone."""

    code: Code
    level: int
    path: str
    codings: int
    responses: int
    children: list["Branch"] = field(default_factory=list)


@dataclass(frozen=True)
class Codebook:
    """`in_use` are the codes at the top; `number` counts those below, too."""

    in_use: list[Branch]
    number: int
    retired: list[Branch]
    merged: QuerySet[Code]


def codebook_of(call: Call, *, reader: User) -> Codebook:
    """Return the codebook of the call, in a fixed number of queries.

    The numbers leave out what the reader does not see while they code a blind sample.
    """
    numbers = _numbers(call, reader)
    tops: list[Branch] = []
    retired: list[Branch] = []
    found: dict[int | None, Branch] = {}
    for one in tree(call):
        branch = _branch(one, numbers)
        if one.code.is_retired:
            retired.append(branch)
            continue
        found[one.code.pk] = branch
        above = found.get(one.code.parent_id)
        (above.children if above else tops).append(branch)
    merged = Code.objects.filter(call=call).exclude(merged_into=None)
    return Codebook(
        in_use=tops,
        number=len(found),
        retired=retired,
        merged=merged.select_related("merged_into").order_by("name"),
    )


def shown_codings(codings: QuerySet[Coding]) -> QuerySet[Coding]:
    """Return those of responses that are neither withdrawn nor erased."""
    return codings.filter(version__submission__state=SubmissionState.SUBMITTED)


def _branch(one: CodeInTree, numbers: dict[int, Any]) -> Branch:
    codings, responses = numbers.get(one.code.pk, (0, 0))
    return Branch(one.code, one.level, one.path, codings, responses)


def _numbers(call: Call, reader: User) -> dict[int, tuple[int, int]]:
    """Return, by code, how many codings are shown and of how many responses."""
    rows = (
        shown_codings(seen_by(Coding.objects.filter(code__call=call), reader))
        .order_by()
        .values_list("code")
        .annotate(Count("pk"), Count("version__submission", distinct=True))
    )
    return {code: (codings, responses) for code, codings, responses in rows}
