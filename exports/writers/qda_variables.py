"""The variables of a REFI-QDA project, and their values on cases and on texts.

NVivo and the standard read them off the case, which refers to its texts. QualCoder has no text for
a case with a name: there a text is found by its own variables, and a variable of cases cannot be
one of texts, too. So the closed answers, and what is derived from them, stand on texts once more,
under variables of their own: `roles (text)` beside `roles`.
"""

from collections.abc import Iterator
from xml.sax.saxutils import escape

from core.xml_text import element, tag, xml_text
from exports.one_column import NUMBER, SEVERAL, TIME, Column
from exports.types import Dataset, Record
from exports.writers import qda_xml
from exports.writers.qda_sources import text_questions

KINDS = {NUMBER: "Integer", TIME: "DateTime"}
TEXT = "Text"
BOOLEAN = "Boolean"
MOST_KNOWN = 500  # of a variable


class _Variable:
    """One column as a variable; with several choices also a yes-or-no one for each.

    What surrounds a value is made once, as there is one in each response.
    """

    def __init__(self, dataset: Dataset, column: Column, place: int, *, of_text: bool) -> None:
        self._call = dataset.call
        self._column = column
        self._place = place
        self._owner, self._after = ("variable of text", " (text)") if of_text else ("variable", "")
        self._kind = KINDS.get(column.kind, TEXT)
        self._before, self._behind = self._around(self._kind)
        self._each: list[tuple[str, str, str]] = []
        self._known: dict[str, str] = {}
        if column.kind == SEVERAL and column.question:
            for key, _ in column.values:
                before, behind = self._around(BOOLEAN, key)
                yes, no = (f"{before}{said}{behind}" for said in ("true", "false"))
                self._each.append((key, yes, no))

    def _guid(self, *key: str) -> str:
        return qda_xml.guid(self._call, self._owner, self._column.name, *key)

    def _around(self, kind: str, *key: str) -> tuple[str, str]:
        reference = tag("VariableRef", {"targetGUID": self._guid(*key)}, is_empty=True)
        return f"<VariableValue>{reference}<{kind}Value>", f"</{kind}Value></VariableValue>"

    def declared(self) -> Iterator[str]:
        column = self._column
        values = "".join(f"\n{key} = {label}" for key, label in column.values)
        yield self._declared(column.name, self._kind, f"{column.meaning}{values}")
        if column.kind == SEVERAL:
            for key, label in column.values:
                yield self._declared(f"{column.name}: {key}", BOOLEAN, label, key)

    def _declared(self, name: str, kind: str, meaning: str, *key: str) -> str:
        head = {
            "guid": self._guid(*key),
            "name": f"{name}{self._after}",
            "typeOfVariable": kind,
        }
        return f"{tag('Variable', head)}{element('Description', meaning)}</Variable>\n"

    def of(self, record: Record) -> str:
        cell = record.cells[self._place]
        if cell is None:
            return ""
        if not self._column.values:
            return self._of(cell, record)
        # A closed question has few different answers, and there are a million values.
        said = self._known.get(cell)
        if said is None:
            said = self._of(cell, record)
            if len(self._known) < MOST_KNOWN:
                self._known[cell] = said
        return said

    def _of(self, cell: str, record: Record) -> str:
        if self._column.kind == TIME:
            is_first = self._column.name == "submitted_at"
            cell = qda_xml.moment(record.submitted_at if is_first else record.received_at)
        chosen = cell.split("; ")
        each = "".join(yes if key in chosen else no for key, yes, no in self._each)
        return f"{self._before}{escape(xml_text(cell))}{self._behind}{each}"


class Variables:
    """Those of all cases, and those of all texts."""

    def __init__(self, dataset: Dataset) -> None:
        in_source = {question.key for question in text_questions(dataset)}
        shown = [
            (place, column)
            for place, column in enumerate(dataset.columns)
            if column.name != "reference" and column.question not in in_source
        ]
        self._of_cases = [_Variable(dataset, one, place, of_text=False) for place, one in shown]
        self._of_texts = [
            _Variable(dataset, one, place, of_text=True)
            for place, one in shown
            if one.question or one.derived_from
        ]

    def declared(self) -> Iterator[str]:
        for variable in (*self._of_cases, *self._of_texts):
            yield from variable.declared()

    def of_case(self, record: Record) -> str:
        return "".join(variable.of(record) for variable in self._of_cases)

    def of_text(self, record: Record) -> str:
        return "".join(variable.of(record) for variable in self._of_texts)
