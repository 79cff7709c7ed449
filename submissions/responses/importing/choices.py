"""What staff chose on the page of an import: what each column is, and what holds for every row."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

from submissions.calls.models import Call, Question
from submissions.calls.states import QuestionKind
from submissions.responses.errors import ImportRefused
from submissions.responses.states import Acknowledgement, Channel

IGNORED = ""
# Columns. Its page lists every question of the call beside each of them.
MOST_TO_CHOOSE = 200
RECEIVED, TIME, CHANNEL, REFERENCE = "received", "time", "channel", "reference"
PUBLICATION = "publication"
QUESTION, ROW = "question:", "row:"
ABOUT = {
    RECEIVED: "Day, or day and time, on which it came",
    TIME: "Time at which it came, where the day stands elsewhere",
    CHANNEL: "How it came",
    REFERENCE: "Their reference, or yours",
}
# What programs call these columns; each is compared without capitals and signs.
HEADINGS = {
    RECEIVED: {"received", "date", "datereceived", "receivedat", "submittedat", "timestamp"},
    TIME: {"time", "timereceived", "receivedtime", "timeofreceipt"},
    CHANNEL: {"channel", "howitcame", "cameby"},
    REFERENCE: {"reference", "ref", "theirreference", "id"},
}


@dataclass(frozen=True)
class Choices:
    """`columns` has a target for each column of a table, in order; IGNORED for none.

    `channel`, `day`, `time` and `consent` hold where a row says nothing of its own; `consent` is
    a key of the question about publication, "" for not known. `file_question` and `text_question`
    are keys of the questions under which a folder's files and texts go; without `file_question` a
    file is kept as the original.
    """

    channel: str = Channel.EMAIL
    day: str = ""
    time: str = "12:00"
    consent: str = ""
    acknowledgement: str = Acknowledgement.NONE
    submits: bool = False
    columns: tuple[str, ...] = ()
    file_question: str = ""
    text_question: str = ""

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        known = {field.name for field in fields(cls)}
        given = {name: value for name, value in stored.items() if name in known}
        return cls(**given | {"columns": tuple(given.get("columns", ()))})

    def as_stored(self) -> dict[str, Any]:
        return {**asdict(self), "columns": list(self.columns)}

    def known_to(self, call: Call) -> Self:
        """Return the same without questions and options that the call has no longer."""
        known = target_keys(call)
        publication = call.questions_by_key.get(PUBLICATION)
        options = publication.option_labels if publication else {}
        return replace(
            self,
            columns=tuple(one if one in known else IGNORED for one in self.columns),
            consent=self.consent if self.consent in options else "",
            file_question=self.file_question if self.file_question in call.questions_by_key else "",
            text_question=self.text_question if self.text_question in call.questions_by_key else "",
        )

    @property
    def default_day(self) -> datetime.date | None:
        return datetime.date.fromisoformat(self.day) if self.day else None

    @property
    def default_time(self) -> datetime.time:
        return datetime.time.fromisoformat(self.time)


def targets(call: Call) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return what a column may be, in groups with titles."""
    groups: list[tuple[str, list[tuple[str, str]]]] = [("The response", list(ABOUT.items()))]
    for section in call.questionnaire.sections:
        choices: list[tuple[str, str]] = []
        for question in call.questionnaire.questions_of(section):
            if question.kind == QuestionKind.MATRIX:
                choices += [
                    (f"{ROW}{question.key}:{row['key']}", f"{question.label}: {row['label']}")
                    for row in question.rows
                ]
            elif question.kind != QuestionKind.FILE:
                choices.append((f"{QUESTION}{question.key}", question.label))
        if choices:
            groups.append((section.title, choices))
    return groups


def target_keys(call: Call) -> set[str]:
    return {key for _title, group in targets(call) for key, _label in group}


def guess(call: Call, heading: Sequence[str]) -> tuple[str, ...]:
    """Return what each column probably is, by its heading; each target once.

    A time is that of receipt only beside a day.
    """
    names: dict[str, str] = {}
    for target, known in HEADINGS.items():
        names |= dict.fromkeys(known, target)
    for _title, group in targets(call)[1:]:
        for target, label in group:
            names[_plain(label)] = target
            names[_plain(target.split(":", 1)[1])] = target
    found: list[str] = []
    for name in heading:
        target = names.get(_plain(name), IGNORED)
        found.append(IGNORED if target in found else target)
    return tuple(IGNORED if one == TIME and RECEIVED not in found else one for one in found)


def first_choices(call: Call, heading: Sequence[str]) -> Choices:
    """Return what the columns are by their headings.

    Raises ImportRefused if staff would have to choose for more than MOST_TO_CHOOSE others.
    """
    found = guess(call, heading)
    if found.count(IGNORED) > MOST_TO_CHOOSE:
        raise ImportRefused(
            f"More than {MOST_TO_CHOOSE} columns have a name that is no question of the call: name "
            "them by the keys of its questions, as in its CSV, or leave them out of the file"
        )
    return Choices(columns=found)


def fixed_targets(call: Call, heading: Sequence[str]) -> tuple[str, ...]:
    """Return the only target that each column may have; IGNORED where staff choose among all.

    Only a table of more than MOST_TO_CHOOSE columns has fixed ones, to keep its page small.
    """
    is_wide = len(heading) > MOST_TO_CHOOSE
    return guess(call, heading) if is_wide else (IGNORED,) * len(heading)


def _plain(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def question_of(call: Call, target: str) -> tuple[Question, str]:
    """Return the question of a target, and the key of its row if it is one row of a matrix."""
    if target.startswith(ROW):
        key, row = target.removeprefix(ROW).split(":", 1)
        return call.questions_by_key[key], row
    return call.questions_by_key[target.removeprefix(QUESTION)], ""
