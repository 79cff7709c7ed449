"""What would come of each row of an upload, with its faults. Nothing is stored."""

import io
import json
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.crypto import salted_hmac

from submissions.calls.models import Call, Question
from submissions.responses.addresses import typed_addresses
from submissions.responses.answering import validation_issues
from submissions.responses.attaching import refuse_unless_of
from submissions.responses.errors import FileRefused, ImportRefused
from submissions.responses.file_types.detecting import TYPES
from submissions.responses.file_types.plain_text import read_text
from submissions.responses.file_types.refusals import NotTaken
from submissions.responses.importing.cells import (
    CellRefused,
    moment_of,
    read_answer,
    read_channel,
    read_moment,
    read_time,
)
from submissions.responses.importing.choices import (
    CHANNEL,
    IGNORED,
    PUBLICATION,
    RECEIVED,
    REFERENCE,
    TIME,
    Choices,
    question_of,
)
from submissions.responses.importing.folders import Folder, Packed
from submissions.responses.importing.tables import Row, Table
from submissions.responses.originals import MOST as MOST_ORIGINALS
from submissions.responses.originals import MOST_MB
from submissions.responses.states import Acknowledgement, Channel

LONGEST_REFERENCE = 100
TEXT = "txt"


@dataclass(frozen=True)
class RowFault:
    """One line of the dry run: where, what is wrong, and what would do."""

    row: int
    column: str
    wrong: str
    remedy: str


@dataclass
class Plan:
    """A response that would come in. With `faults` nothing comes in; `notes` keep it half entered.

    `time_of_day` is what a column of its own says. `answers` is as it would be stored. Each of
    `digests` stands for the row in every upload of the call: the first under SECRET_KEY, the others
    under the keys before it.
    """

    number: int
    label: str
    digests: tuple[str, ...]
    channel: Channel
    received_at: datetime | None = None
    time_of_day: time | None = None
    answers: dict[str, Any] = field(default_factory=dict)
    reference: str = ""
    files: list[Packed] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)
    notes: list[RowFault] = field(default_factory=list)

    def add_fault(self, column: str, wrong: str, remedy: str) -> None:
        self.faults.append(RowFault(self.number, column, wrong, remedy))

    def add_note(self, column: str, wrong: str, remedy: str) -> None:
        self.notes.append(RowFault(self.number, column, wrong, remedy))


def plans_of_table(call: Call, table: Table, choices: Choices, *, at: datetime) -> Iterator[Plan]:
    """Yield the plan of each row, in order; `at` is the last moment at which one can have come."""
    seen: Counter[str] = Counter()
    for row in table.rows:
        plan = Plan(
            row.number, f"row {row.number}", _digests(call, row.cells, seen), _channel(choices)
        )
        if len(row.cells) > len(table.heading) and any(row.cells[len(table.heading) :]):
            plan.add_fault(
                "",
                "The row has more cells than the heading",
                "Put quotation marks around a cell that has the separator in it",
            )
        else:
            _read_row(plan, call, table, row, choices)
        _complete(plan, call, choices, at)
        yield plan


def plans_of_folder(
    call: Call, folder: Folder, choices: Choices, *, at: datetime
) -> Iterator[Plan]:
    """Yield a plan for each file; a text beside a file of the same name is of the same response."""
    seen: Counter[str] = Counter()
    groups: dict[str, list[Packed]] = {}
    for packed in folder.files:
        key = packed.stem if choices.text_question else packed.path
        groups.setdefault(key, []).append(packed)
    for number, files in enumerate(groups.values(), 1):
        contents, damaged = _read_all(folder, files)
        parts = list(contents.values())
        label = ", ".join(packed.name for packed in files)
        plan = Plan(number, label, _digests(call, parts, seen), _channel(choices))
        plan.reference = label[:LONGEST_REFERENCE]
        for packed in damaged:
            plan.add_fault(packed.name, "The file is damaged in the ZIP", "Pack the folder again")
        for packed, content in contents.items():
            _read_file(plan, call, packed, content, choices)
        _refuse_too_many(plan, call, contents, choices)
        _complete(plan, call, choices, at)
        yield plan


def _read_all(folder: Folder, files: Iterable[Packed]) -> tuple[dict[Packed, bytes], list[Packed]]:
    """Return what the files hold, and those that are damaged."""
    contents: dict[Packed, bytes] = {}
    damaged = []
    for packed in files:
        try:
            contents[packed] = folder.read(packed)
        except ImportRefused:
            damaged.append(packed)
    return contents, damaged


def _digests(call: Call, parts: Sequence[str | bytes], seen: Counter[str]) -> tuple[str, ...]:
    """Return, for each key, what stands for the content and how many such rows came before it."""
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    contents = [
        json.dumps([call.pk, [_as_text(part, secret) for part in parts]]) for secret in secrets
    ]
    seen[contents[0]] += 1
    return tuple(
        salted_hmac(
            "submissions.import", f"{seen[contents[0]]} {content}", secret, algorithm="sha256"
        ).hexdigest()
        for content, secret in zip(contents, secrets, strict=True)
    )


def _as_text(part: str | bytes, secret: str) -> str:
    if isinstance(part, str):
        return part
    return salted_hmac("import", part, secret, algorithm="sha256").hexdigest()


def _channel(choices: Choices) -> Channel:
    return Channel(choices.channel)


def _read_row(plan: Plan, call: Call, table: Table, row: Row, choices: Choices) -> None:
    zone = ZoneInfo(call.timezone)
    columns = enumerate(choices.columns[: len(table.heading)])
    # The time first: the day needs it.
    for place, target in sorted(columns, key=lambda column: column[1] != TIME):
        text = row.cells[place] if place < len(row.cells) else ""
        if target == IGNORED or not text.strip():
            continue
        try:
            if target == TIME:
                plan.time_of_day = read_time(text)
            elif target == RECEIVED:
                plan.received_at = read_moment(
                    text,
                    default_time=choices.default_time,
                    zone=zone,
                    time_of_day=plan.time_of_day,
                )
            elif target == CHANNEL:
                plan.channel = read_channel(text)
            elif target == REFERENCE:
                plan.reference = " ".join(text.split())[:LONGEST_REFERENCE]
            else:
                _read_answer(plan, call, target, text)
        except CellRefused as refused:
            plan.add_fault(table.column(place), refused.wrong, refused.remedy)


def _read_answer(plan: Plan, call: Call, target: str, text: str) -> None:
    question, row = question_of(call, target)
    value = read_answer(question, text, row=row)
    if value is not None and row:
        value = {**plan.answers.get(question.key, {}), **value}
    if value is not None:
        plan.answers[question.key] = value


def _read_file(plan: Plan, call: Call, packed: Packed, content: bytes, choices: Choices) -> None:
    question = call.questions_by_key.get(choices.file_question)
    text_question = call.questions_by_key.get(choices.text_question)
    if text_question is not None and packed.name.lower().endswith(f".{TEXT}"):
        _read_text(plan, packed, content, text_question)
        return
    try:
        refuse_file(question, packed.name, content)
    except FileRefused as refused:
        plan.add_fault(packed.name, refused.message, "Save it as another type, or enter it by hand")
    else:
        plan.files.append(packed)


def _refuse_too_many(
    plan: Plan, call: Call, contents: Mapping[Packed, bytes], choices: Choices
) -> None:
    """Add a fault for files that the question, or the entry, would not take together."""
    question = call.questions_by_key.get(choices.file_question)
    most = question.max_files if question else MOST_ORIGINALS
    if most and len(plan.files) > most:
        wrong = f"It has {len(plan.files)} files, and {most} can be added"
        plan.add_fault("", wrong, "Leave some out, or name those of other responses otherwise")
    if question is None:
        return  # the same original is kept once
    same: dict[bytes, Packed] = {}
    for packed in plan.files:
        earlier = same.setdefault(contents[packed], packed)
        if earlier is not packed:
            wrong = f"It is the same file as “{earlier.name}”"
            plan.add_fault(packed.name, wrong, "Leave one of them out")


def refuse_file(question: Question | None, name: str, content: bytes) -> None:
    """Raise FileRefused for a file that cannot go under the question, or be an original."""
    upload = SimpleUploadedFile(name, content)
    if question is None:
        refuse_unless_of(tuple(TYPES), MOST_MB, name, upload)
    else:
        refuse_unless_of(question.file_types, question.max_mb, name, upload)


def _read_text(plan: Plan, packed: Packed, content: bytes, question: Question) -> None:
    try:
        text = read_text(io.BytesIO(content)) if content.removeprefix(BOM_UTF8).strip() else ""
    except NotTaken:
        plan.add_fault(packed.name, "It cannot be read as text", "Save it as plain text in UTF-8")
        return
    try:
        value = read_answer(question, text)
    except CellRefused as refused:
        plan.add_fault(packed.name, refused.wrong, "Make the text shorter, or save it as UTF-8")
        return
    if value is None:
        plan.add_fault(packed.name, "The file has no text", "Leave it out, or put the text in")
    elif question.key in plan.answers:
        plan.add_fault(packed.name, "There are two texts of this name", "Put them into one")
    else:
        plan.answers[question.key] = value


def _complete(plan: Plan, call: Call, choices: Choices, at: datetime) -> None:
    """Fill in what holds for every row, and judge the whole."""
    if plan.received_at is None and choices.default_day and not plan.faults:
        local = datetime.combine(choices.default_day, plan.time_of_day or choices.default_time)
        try:
            plan.received_at = moment_of(local, ZoneInfo(call.timezone), f"{local:%H:%M}")
        except CellRefused as refused:
            plan.add_fault("", refused.wrong, refused.remedy)
    if choices.consent:
        plan.answers.setdefault(PUBLICATION, choices.consent)
    if plan.faults:
        return
    if plan.received_at is None:
        plan.add_fault(
            "", "It is not known when it came", "Choose the column with the day, or a day for all"
        )
        return
    if plan.received_at > at:
        plan.add_fault("", "It would have come at a moment that is still to come", "Enter the day")
        return
    _note_what_is_left(plan, call, choices, plan.received_at)


def _note_what_is_left(plan: Plan, call: Call, choices: Choices, received_at: datetime) -> None:
    counts = {choices.file_question: len(plan.files)} if choices.file_question else {}
    for issue in validation_issues(call, plan.answers, counts, needs_answers=False):
        label = call.questions_by_key[issue.key].label if issue.key in call.questions_by_key else ""
        plan.add_note(label, issue.message, "Go on with it by hand, or mend the file")
    asked = call.questionnaire.asked(plan.answers)
    under = [choices.file_question] if plan.files and choices.file_question else []
    for key in dict.fromkeys([*plan.answers, *under]):
        if not asked[key]:
            label = call.questions_by_key[key].label
            plan.add_note(
                label,
                "By the other answers this question is not asked, so its answer would not count",
                "Answer the question that it depends on",
            )
    by_mail = choices.acknowledgement == Acknowledgement.MAIL
    if by_mail and not typed_addresses(call, plan.answers):
        plan.add_note(
            "",
            "It has no email address, so nobody can be told the reference by email",
            "Enter the address, or choose another way to tell its author",
        )
    if received_at < call.opens_at:
        plan.add_note("", "It came before the call opened", "Correct the day, if it is wrong")
    elif received_at >= call.grace_ends_at:
        plan.add_note(
            "",
            "It came after the call closed",
            "It counts only with a late pass of its author’s address",
        )
