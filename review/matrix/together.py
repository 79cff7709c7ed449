"""Which codes stand together: responses that have both, and passages that overlap.

Each code counts by itself, without those below it: they would always stand with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from core.disclosure_control import Shown, is_few, leaves_few
from core.percentages import say_share
from review.coding.tree import CodeInTree
from review.matrix.selection import Selection

PLACE = ("code_id", "version_id", "question_id", "file_text_id", "start", "end")


@dataclass(frozen=True)
class Pair:
    """`first` comes before `second` in the tree. `overlaps` are pairs of passages of one text.

    `of_first` and `of_second` are the responses that have each.
    """

    first: CodeInTree
    second: CodeInTree
    responses: Shown
    overlaps: Shown
    of_first: Shown
    of_second: Shown

    @property
    def said_share(self) -> str:
        """Per cent of the responses with either code that have both; "" where one is hidden."""
        both, first, second = (
            each.number for each in (self.responses, self.of_first, self.of_second)
        )
        if both is None or first is None or second is None:
            return ""
        return say_share(both, first + second - both)


def pairs_of(selection: Selection, codes: Sequence[CodeInTree]) -> list[Pair]:
    """Return the pairs that some response has, those with the most responses first.

    Where the call hides small counts, a pair's number is hidden where it is small, or leaves few of
    the responses with either code. So is a small number of passages: few responses have these.
    """
    place = {one.code.pk: number for number, one in enumerate(codes)}
    of_code, both, overlaps = _count(selection)
    hides = selection.call.hides_small_counts
    found = []
    for (one, other), responses in both.items():
        first, second = sorted((one, other), key=lambda key: place[key])
        sizes = of_code[first], of_code[second]
        hidden = hides and (is_few(responses) or any(leaves_few(responses, size) for size in sizes))
        found.append(
            Pair(
                codes[place[first]],
                codes[place[second]],
                Shown(None, is_few=is_few(responses)) if hidden else Shown(responses),
                _overlaps(overlaps.get((one, other), 0), hidden=hidden, hides=hides),
                *(
                    Shown(None, is_few=True) if hides and is_few(size) else Shown(size)
                    for size in sizes
                ),
            )
        )
    # By what is shown: an order by hidden numbers would tell them.
    return sorted(
        found,
        key=lambda pair: (
            -(pair.responses.number or 0),
            place[pair.first.code.pk],
            place[pair.second.code.pk],
        ),
    )


def _overlaps(number: int, *, hidden: bool, hides: bool) -> Shown:
    if hidden:
        return Shown(None)
    return Shown(None, is_few=True) if hides and is_few(number) else Shown(number)


def _count(
    selection: Selection,
) -> tuple[dict[int, int], dict[tuple[int, int], int], dict[tuple[int, int], int]]:
    """Return responses by code, responses by pair, and overlapping passages by pair."""
    seen, of_seen = selection.current().order_by().values(*PLACE).distinct().query.sql_with_params()
    placed = (
        'WITH placed AS MATERIALIZED (SELECT code_id, version_id, question_id, start, "end", '  # noqa: S608 - no values
        f"coalesce(file_text_id, 0) AS file FROM ({seen}) AS coding), "
        "given AS MATERIALIZED (SELECT DISTINCT code_id, version_id FROM placed) "
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"{placed} SELECT one.code_id, other.code_id, count(*) FROM given AS one "  # noqa: S608 - no values
            "JOIN given AS other ON other.version_id = one.version_id "
            "AND other.code_id >= one.code_id GROUP BY 1, 2",
            of_seen,
        )
        both = {(one, other): number for one, other, number in cursor.fetchall()}
        cursor.execute(
            f"{placed} SELECT one.code_id, other.code_id, count(*) FROM placed AS one "  # noqa: S608 - no values
            "JOIN placed AS other ON other.version_id = one.version_id "
            "AND other.question_id = one.question_id AND other.file = one.file "
            "AND other.code_id > one.code_id "
            'AND other.start < one."end" AND one.start < other."end" GROUP BY 1, 2',
            of_seen,
        )
        overlaps = {(one, other): number for one, other, number in cursor.fetchall()}
    of_code = {one: number for (one, other), number in both.items() if one == other}
    return of_code, {pair: n for pair, n in both.items() if pair[0] != pair[1]}, overlaps
