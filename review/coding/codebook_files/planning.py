"""Compares the codebook of a file with that of a call, and finds a name for each new code."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from uuid import UUID, uuid5

from core.canonical import canonical_text
from review.coding.codebook import MOST_LEVELS
from review.coding.codebook_files.contents import (
    LONGEST_NAME,
    MOST_CODES,
    FileBook,
    FileCode,
    Line,
)
from review.coding.codebook_files.descriptions import clean
from review.coding.codebook_files.paths import folded
from review.coding.codebook_files.plan import NO, RETIRED, YES, Added, Changed, Plan, Word
from review.models import Code
from submissions.calls.models import Call

GUIDS = UUID("6f0c4f0e-3c7a-4b8e-9a52-6a8f6b1f0f5d")


def plan(call: Call, book: FileBook) -> Plan:
    """Return what would become of the call's codebook as it is now."""
    return _Planner(call, book).plan()


@dataclass(frozen=True)
class _Place:
    """A code of the call, or the number of one that would be new."""

    code: Code | None = None
    new: int | None = None


class _Planner:
    def __init__(self, call: Call, book: FileBook) -> None:
        self.call, self.book = call, book
        self.made = Plan(faults=list(book.faults))
        self.codes = list(Code.objects.filter(call=call).select_related("merged_into"))
        self.by_key = {code.pk: code for code in self.codes}
        self.by_name = {folded(code.name): code for code in self.codes}
        self.places: dict[int, _Place] = {}
        self.levels: dict[int, int] = {}
        self.paths: dict[int, str] = {}
        self.lines: dict[int, str] = {}
        # How many names were tried before, so that many codes of one name take no time.
        self.tried: dict[tuple[bool, str, str], int] = {}
        self.retired = {code.pk: code.is_retired for code in self.codes}

    def plan(self) -> Plan:
        self.matches = self._by_guid()
        self.taken_guids = self._guids_of_other_calls()
        # Their names are free for others. A merged one keeps its own.
        self.renamed = {
            code.pk
            for number, code in self.matches.items()
            if code.merged_into is None
            and folded(self.book.codes[number].name) != folded(code.name)
        }
        self.names = {folded(code.name) for code in self.codes if code.pk not in self.renamed}
        self.matched = {code.pk for code in self.matches.values()}
        for number in self._parents_first():
            self._take(number, self.book.codes[number])
        self._refuse_in_use_below_retired()
        self.made.faults.sort(key=_number)
        total = len(self.codes) + len(self.made.added)
        if self.made.added and total > MOST_CODES:
            said = f"The codebook would have {total:,} codes: {MOST_CODES:,} at most"
            self.made.faults.append(Line("the file", said))
        return self.made

    def _by_guid(self) -> dict[int, Code]:
        by_guid = {code.guid: code for code in self.codes}
        found: dict[int, Code] = {}
        matched: set[int] = set()
        for number, one in enumerate(self.book.codes):
            if one.guid is None:
                continue
            code = by_guid.get(one.guid) or by_guid.get(self._own(one.guid))
            if code is not None and code.pk not in matched:
                found[number] = code
                matched.add(code.pk)
        return found

    def _own(self, guid: UUID) -> UUID:
        """Return the GUID that a code gets here, where another call has this one already."""
        return uuid5(GUIDS, f"{self.call.slug}\n{guid}")

    def _guids_of_other_calls(self) -> set[UUID]:
        guids = [one.guid for one in self.book.codes if one.guid is not None]
        taken = Code.objects.filter(guid__in=guids).exclude(call=self.call)
        return set(taken.values_list("guid", flat=True))

    def _parents_first(self) -> Iterator[int]:
        """Yield the numbers of the file's codes, each after the one above it."""
        below: dict[int | None, list[int]] = {}
        for number, one in enumerate(self.book.codes):
            below.setdefault(one.parent, []).append(number)
        waiting = list(reversed(below.get(None, [])))
        while waiting:
            number = waiting.pop()
            yield number
            waiting += reversed(below.get(number, []))

    def _take(self, number: int, one: FileCode) -> None:
        parent = self._parent_of(one)
        code = self.matches.get(number) or self._by_path(one, parent)
        if code is None:
            self._add(number, one, parent)
        elif code.merged_into is not None:
            self.places[number] = _Place(code=code.merged_into)
            said = f"“{code.name}” was merged into “{code.merged_into.name}” and stays so"
            self.made.notes.append(Line(one.place, said))
        else:
            self._compare(number, one, code, parent)

    def _parent_of(self, one: FileCode) -> _Place:
        if one.parent is not None:
            return self.places[one.parent]
        if not one.under:
            return _Place()
        code = self.by_name.get(folded(one.under))
        if code is None:
            said = f"There is no code “{one.under}” in the file or in the codebook"
            self.made.faults.append(Line(one.place, said))
            return _Place()
        return _Place(code=code.merged_into or code)

    def _by_path(self, one: FileCode, parent: _Place) -> Code | None:
        """Return the code of that name which stands there; the one in brackets, too."""
        if parent.new is not None:
            return None
        key = parent.code.pk if parent.code else None
        tried = (True, one.name, str(key))
        above = self._name_of(parent)
        for number in count(self.tried.get(tried, 0)):
            code = self.by_name.get(folded(_candidate(one.name, above, number)))
            if code is None:
                return None
            self.tried[tried] = number + 1
            is_there = code.merged_into_id is not None or code.parent_id == key
            if is_there and code.pk not in self.matched:
                self.matched.add(code.pk)
                return code
        return None

    def _add(self, number: int, one: FileCode, parent: _Place) -> None:
        name = self._free(one, self._name_of(parent))
        path = self._path_below(parent, name)
        level = self._level_of(parent) + 1
        if level > MOST_LEVELS:
            said = f"“{name}” would stand on level {level}: {MOST_LEVELS} at most"
            self.made.faults.append(Line(one.place, said))
            path = name  # a file of thousands of levels would make a page of megabytes
        guid = one.guid
        if guid is not None and guid in self.taken_guids:
            guid = self._own(guid)
        new = len(self.made.added)
        self.places[number] = _Place(new=new)
        self.levels[new], self.paths[new] = level, path
        self.made.added.append(
            Added(
                place=one.place,
                name=name,
                path=path,
                above=parent.new,
                under=parent.code.pk if parent.code else None,
                guid=guid,
                words=tuple(sorted(one.words.items())),
                is_retired=bool(one.is_retired),
            )
        )

    def _compare(self, number: int, one: FileCode, code: Code, parent: _Place) -> None:
        self.places[number] = _Place(code=code)
        self.lines[code.pk] = one.place
        words = []
        if number in self.matches and canonical_text(one.name) != canonical_text(code.name):
            above = self.by_key.get(code.parent_id) if code.parent_id else None
            name = self._free(one, above.name if above else "", but=code)
            if name != code.name:
                words.append(Word("name", code.name, name))
        for name, after in one.words.items():
            before = clean(getattr(code, name))
            if before != after:
                words.append(Word(name, before, after))
        if one.is_retired is not None and one.is_retired != code.is_retired:
            before, after = (YES, NO) if code.is_retired else (NO, YES)
            words.append(Word(RETIRED, before, after))
            self.retired[code.pk] = one.is_retired
        here = _Place(code=self.by_key.get(code.parent_id)) if code.parent_id else _Place()
        if here != parent:
            where = f"under “{here.code.name}”" if here.code else "under no other code"
            self.made.notes.append(Line(one.place, f"“{code.name}” stands {where} and stays there"))
        if words:
            path = self._path_below(here, code.name)
            self.made.changed.append(Changed(one.place, code.pk, path, tuple(words)))
        else:
            self.made.same += 1

    def _free(self, one: FileCode, parent: str, but: Code | None = None) -> str:
        """Return a name for the code that no other has, and take it; say if it is another."""
        if but is not None and but.pk not in self.renamed:
            self.names.discard(folded(but.name))
        tried = (False, one.name, parent)
        number = self.tried.get(tried, 0) if but is None else 0
        while folded(name := _candidate(one.name, parent, number)) in self.names:
            number += 1
        self.tried[tried] = number
        self.names.add(folded(name))
        if one.name and name != one.name:
            said = f"Another code is called “{one.name}”: this one is called “{name}” here"
            self.made.notes.append(Line(one.place, said))
        return name

    def _refuse_in_use_below_retired(self) -> None:
        """Hold what holds elsewhere: a code in use stands under no retired one."""
        for one in self.made.added:
            parent = _Place(self.by_key[one.under]) if one.under else _Place(new=one.above)
            if not one.is_retired and self._is_retired(parent):
                self._refuse(one.place, one.name, self._name_of(parent))
        for code in self.codes:
            if code.parent_id is None or self.retired[code.pk]:
                continue
            line = self.lines.get(code.pk) or self.lines.get(code.parent_id)
            if line is not None and self.retired[code.parent_id]:
                self._refuse(line, code.name, self.by_key[code.parent_id].name)

    def _refuse(self, line: str, name: str, parent: str) -> None:
        said = f"“{name}” stands under “{parent}” and is in use: retire both, or none"
        self.made.faults.append(Line(line, said))

    def _is_retired(self, place: _Place) -> bool:
        if place.code is not None:
            return self.retired[place.code.pk]
        return place.new is not None and self.made.added[place.new].is_retired

    def _name_of(self, place: _Place) -> str:
        if place.new is not None:
            return self.made.added[place.new].name
        return place.code.name if place.code else ""

    def _level_of(self, place: _Place) -> int:
        if place.new is not None:
            return self.levels[place.new]
        return len(list(self._up_from(place.code)))

    def _path_below(self, place: _Place, name: str) -> str:
        if place.new is not None:
            return f"{self.paths[place.new]} > {name}"
        above = [code.name for code in self._up_from(place.code)]
        return " > ".join([*reversed(above), name])

    def _up_from(self, code: Code | None) -> Iterator[Code]:
        while code is not None:
            yield code
            code = self.by_key.get(code.parent_id) if code.parent_id else None


def _number(line: Line) -> int:
    """Return the number of the row or line, by which faults are listed."""
    return int("".join(filter(str.isdecimal, line.place)) or 0)


def _candidate(name: str, parent: str, number: int) -> str:
    """Return the name, then that with the parent's in brackets, then those with numbers."""
    if number == 0:
        return name
    in_brackets = f"{name} ({parent})"
    if parent and len(in_brackets) <= LONGEST_NAME:
        if number == 1:
            return in_brackets
        number -= 1
    more = f" ({number + 1})"
    return f"{name[: LONGEST_NAME - len(more)].rstrip()}{more}"
