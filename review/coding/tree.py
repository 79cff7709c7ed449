"""The codes of a call as a tree, and finding one as people type it."""

from collections.abc import Iterator
from dataclasses import dataclass

from review.models import Code
from submissions.calls.models import Call

BELOW = " > "  # between the names of a path


@dataclass(frozen=True)
class CodeInTree:
    """`level` is 1 for a code that stands under none; `path` has the names from there down."""

    code: Code
    level: int
    path: str


def tree(call: Call) -> list[CodeInTree]:
    """Return the call's codes, each before those below it, without those merged into others."""
    codes = Code.objects.filter(call=call, merged_into=None).order_by("position", "name", "pk")
    children: dict[int | None, list[Code]] = {}
    for code in codes:
        children.setdefault(code.parent_id, []).append(code)

    def below(parent: int | None, level: int, path: tuple[str, ...]) -> Iterator[CodeInTree]:
        for code in children.get(parent, ()):
            names = (*path, code.name)
            yield CodeInTree(code, level, BELOW.join(names))
            yield from below(code.pk, level + 1, names)

    return list(below(None, 1, ()))


def find_code(call: Call, typed: str) -> Code | None:
    """Return the code in use that is named so, alone or with the names above it, "Pay > Wages"."""
    wanted = _plain(typed)
    for one in tree(call):
        if not one.code.is_retired and wanted in (_plain(one.code.name), _plain(one.path)):
            return one.code
    return None


def _plain(typed: str) -> str:
    return ">".join(" ".join(part.split()) for part in typed.split(">")).casefold()
