"""Memos as the notes of a REFI-QDA project: on the project, a code, a source or a selection."""

from collections.abc import Iterable, Iterator, Mapping

from core.xml_text import element, tag
from exports.types import MemoOfProject, Record
from exports.writers import qda_xml
from review.models import Code
from submissions.calls.models import Call


class Notes:
    """Collects the memos that the project has: those of what is in it.

    One on a passage of an earlier version, or of a text that is no source, is on the response.
    """

    def __init__(self, call: Call, memos: Iterable[MemoOfProject], codes: Iterable[Code]) -> None:
        self._call = call
        self._of_call: list[MemoOfProject] = []
        self._of_code: dict[int, list[MemoOfProject]] = {code.pk: [] for code in codes}
        self._of_response: dict[str, list[MemoOfProject]] = {}
        for memo in memos:
            if memo.reference:
                self._of_response.setdefault(memo.reference, []).append(memo)
            elif memo.code is None:
                self._of_call.append(memo)
            elif memo.code in self._of_code:
                self._of_code[memo.code].append(memo)
        self._used = [*self._of_call, *(one for those in self._of_code.values() for one in those)]

    def on_call(self) -> str:
        return self.references(self._of_call)

    def on_code(self, code: Code) -> str:
        return self.references(self._of_code.get(code.pk, ()))

    def on_source(
        self, record: Record, file: int | None, starts: Mapping[str, int]
    ) -> tuple[list[tuple[MemoOfProject, int]], list[MemoOfProject]]:
        """Return the memos on passages of the source, each with where its text starts there.

        And the others that belong to it: those on the response belong to its answers.
        """
        if record.is_withheld:
            return [], []
        passages, others = [], []
        for memo in self._of_response.get(record.reference, ()):
            is_here = memo.version == record.number
            in_file = memo.file if is_here and memo.file in record.file_texts else None
            if in_file != file:
                continue
            self._used.append(memo)
            if in_file is not None:
                passages.append((memo, 0))
            elif is_here and memo.file is None and memo.question in starts:
                passages.append((memo, starts[memo.question]))
            else:
                others.append(memo)
        return passages, others

    def references(self, memos: Iterable[MemoOfProject]) -> str:
        return "".join(
            tag("NoteRef", {"targetGUID": self._guid(memo)}, is_empty=True) for memo in memos
        )

    def xml(self, users: Mapping[int, str]) -> Iterator[str]:
        """Yield the Notes element; none where there is no memo."""
        if not self._used:
            return
        yield "<Notes>\n"
        for memo in self._used:
            made = {"creatingUser": users[memo.by], "creationDateTime": qda_xml.moment(memo.at)}
            yield tag("Note", {"guid": self._guid(memo), "name": memo.title} | made)
            yield f"{element('PlainTextContent', memo.text)}</Note>\n"
        yield "</Notes>\n"

    def _guid(self, memo: MemoOfProject) -> str:
        return qda_xml.guid(self._call, "memo", memo.pk)
