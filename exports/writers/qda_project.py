"""A dataset as a REFI-QDA project, .qdpx.

One plain-text source per response holds its text answers, each under its question and coded to
it. One case per response holds its closed answers as variables, and its texts hold them once more
(`qda_variables`). Offsets count codepoints of the
source (LF line ends, no byte order mark), the end not included. In a file of the project team,
what was read of a file with coded passages is a source of its own.
"""

import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from core.release import NAME
from core.xml_text import HEAD, element, quoted, tag
from core.zip_stream import small_member
from exports.export_context import ExportContext, Rounds
from exports.queries import codes_of, memos_of, name_of, records, samples_of, users_of
from exports.types import CodedPassage, Dataset, Pieces, Record
from exports.writers import qda_xml
from exports.writers.qda_notes import Notes
from exports.writers.qda_sets import Sets
from exports.writers.qda_sources import AnswerRange, source_text, text_questions
from exports.writers.qda_variables import Variables
from exports.writers.record_answers import file_name
from review.coding.codebook_files.qda import ORIGIN

CONTENT_TYPE = "application/zip"
PIECE = 256 * 1024  # bytes
WRITING, PACKING = 7, 3  # how long sources and project.qde take beside each other
ROOM_AROUND = 64 * 1024 * 1024  # bytes, more than the codebook, the variables, notes and sets take
LONGEST_NAME = 60  # characters of a passage that name it in a list


@dataclass(frozen=True)
class _Source:
    """A text of a response: all its answers, or what was read of the file of that number."""

    guid: str
    name: str
    text: str
    ranges: list[AnswerRange]
    file: int | None = None


def pieces(context: ExportContext) -> Pieces:
    with (
        tempfile.TemporaryFile(prefix="portal-qdpx-") as archive,
        tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as cases,
        tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as sources,
    ):
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as project:
            writer = _Writer(context.dataset)
            rounds = Rounds(context, (WRITING, PACKING))
            written = rounds.next()
            for record in records(context.dataset):
                made = writer.sources(record)
                writer.write_case(record, made, cases)
                for source in made:
                    name = f"sources/{source.guid}.txt"
                    project.writestr(small_member(name), source.text.encode())
                    writer.write_source(record, source, sources)
                written.row_done()
            packed = rounds.next()
            size, done = cases.tell() + sources.tell(), 0
            member = small_member("project.qde")
            member.file_size = size + ROOM_AROUND  # by which it is ZIP64 where it has to be
            with project.open(member, "w") as qde:
                for piece in writer.project(cases, sources, has_records=written.rows > 0):
                    content = piece.encode()
                    qde.write(content)
                    done += len(content)
                    packed.row_done(
                        min(written.rows * done // (size or 1), written.rows) - packed.rows
                    )
        archive.seek(0)
        while ready := archive.read(PIECE):
            yield ready


class _Writer:
    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.call = dataset.call
        self._variables = Variables(dataset)
        self._portal = qda_xml.guid(self.call, "user", "portal")
        memos = memos_of(dataset)
        self._codes = codes_of(dataset)
        self._notes = Notes(self.call, memos, self._codes)
        self._coders = {
            user.pk: (self._id("user", user.get_username()), name_of(user))
            for user in users_of(dataset, memos)
        }
        self._question_codes = {
            question.key: qda_xml.question_code(self.call, question)
            for question in text_questions(dataset)
        }
        names = {key: name for key, (_, name) in self._coders.items()}
        self._sets = Sets(self.call, coders=names, samples=samples_of(dataset))

    def _id(self, *parts: object) -> str:
        return qda_xml.guid(self.call, *parts)

    def sources(self, record: Record) -> list[_Source]:
        """Return the source of the answers, then those of the files with coded passages."""
        text, ranges = source_text(self.dataset, record)
        guid = self._id("source", record.reference, record.number)
        found = [_Source(guid, record.reference, text, ranges)]
        for file in record.files:
            if file.number in record.file_texts:
                guid = self._id("text of file", record.reference, record.number, file.number)
                name = file_name(record, file).rpartition("/")[2]
                read = record.file_texts[file.number]
                found.append(_Source(guid, f"{name} (text)", read, [], file.number))
        return found

    def project(self, cases: IO[str], sources: IO[str], *, has_records: bool) -> Iterator[str]:
        """Yield project.qde; its elements stand in the schema's order."""
        yield HEAD
        yield tag(
            "Project",
            {
                "xmlns": qda_xml.PROJECT,
                "name": self.call.title,
                "origin": ORIGIN,
                "creatingUserGUID": self._portal,
                "creationDateTime": qda_xml.moment(self.call.opens_at),
            },
        )
        yield "<Users>"
        portal = {"guid": self._portal, "name": NAME}
        yield tag("User", portal, is_empty=True)
        for identity, name in self._coders.values():
            yield tag("User", {"guid": identity, "name": name}, is_empty=True)
        yield "</Users>\n<CodeBook>"
        questions = text_questions(self.dataset)
        yield qda_xml.codebook(self.call, self._codes, questions, notes=self._notes.on_code)
        yield "</CodeBook>\n<Variables>"
        yield from self._variables.declared()
        yield "</Variables>\n"
        for name, file in (("Cases", cases), ("Sources", sources)):
            if has_records:
                yield f"<{name}>\n"
                file.seek(0)
                while piece := file.read(PIECE):
                    yield piece
                yield f"</{name}>\n"
        yield from self._notes.xml({key: guid for key, (guid, _) in self._coders.items()})
        yield from self._sets.xml()
        yield element("Description", self.call.summary)
        yield self._notes.on_call()
        yield "</Project>\n"

    def write_case(self, record: Record, sources: list[_Source], file: IO[str]) -> None:
        case = {"guid": self._id("case", record.reference), "name": record.reference}
        references = "".join(
            tag("SourceRef", {"targetGUID": source.guid}, is_empty=True) for source in sources
        )
        file.write(f"{tag('Case', case)}{self._variables.of_case(record)}{references}</Case>\n")

    def write_source(self, record: Record, source: _Source, file: IO[str]) -> None:
        head = {
            "guid": source.guid,
            "name": source.name,
            "plainTextPath": f"internal://{source.guid}.txt",
            "creatingUser": self._portal,
            "creationDateTime": qda_xml.moment(record.received_at),
        }
        file.write(tag("TextSource", head))
        starts = {}
        at = head["creationDateTime"]
        for answer in source.ranges:
            starts[answer.question.key] = answer.start
            code = self._question_codes[answer.question.key]
            parts = ("answer", record.reference, record.number, answer.question.key)
            self._selection(
                file,
                self._id("selection", *parts),
                answer.question.label,
                (answer.start, answer.end),
                (self._id("coding", *parts), code, self._portal, at),
            )
        coded = [passage for passage in record.passages if passage.file == source.file]
        for passage in coded:
            if source.file is not None or passage.question in starts:
                self._passage(file, passage, starts.get(passage.question, 0), source.text)
        self._sets.add(record, source.guid, coded)
        self._write_memos(record, source, starts, file)
        file.write(f"{self._variables.of_text(record)}</TextSource>\n")

    def _write_memos(
        self, record: Record, source: _Source, starts: dict[str, int], file: IO[str]
    ) -> None:
        passages, others = self._notes.on_source(record, source.file, starts)
        for memo, first in passages:
            head = {
                "guid": self._id("selection", "memo", memo.pk),
                "name": memo.title,
                "startPosition": first + memo.start,
                "endPosition": first + memo.end,
                "creatingUser": self._coders[memo.by][0],
                "creationDateTime": qda_xml.moment(memo.at),
            }
            file.write(tag("PlainTextSelection", head))
            file.write(f"{self._notes.references([memo])}</PlainTextSelection>")
        file.write(self._notes.references(others))

    def _passage(self, file: IO[str], passage: CodedPassage, first: int, text: str) -> None:
        start, end = first + passage.start, first + passage.end
        quote = " ".join(text[start:end].split())
        at = datetime.fromisoformat(passage.at)
        user = self._coders[passage.by][0]
        self._selection(
            file,
            self._id("selection", passage.guid),
            quote if len(quote) <= LONGEST_NAME else f"{quote[: LONGEST_NAME - 1]}…",
            (start, end),
            (passage.guid, passage.code, user, qda_xml.moment(at)),
        )

    def _selection(
        self,
        file: IO[str],
        identity: str,
        name: str,
        where: tuple[int, int],
        coding: tuple[str, str, str, str],
    ) -> None:
        coding_id, code, user, at = coding
        start, end = where
        made = f'creatingUser="{user}" creationDateTime="{at}"'
        file.write(
            f'<PlainTextSelection guid="{identity}" name={quoted(name)} startPosition="{start}" '
            f'endPosition="{end}" {made}><Coding guid="{coding_id}" {made}>'
            f'<CodeRef targetGUID="{code}"/></Coding></PlainTextSelection>'
        )
