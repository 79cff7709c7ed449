"""Reads one cell: a choice by its label or key, a day, a channel."""

import re
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from core.time_limits import EARLIEST, is_day_to_enter, moments_of
from submissions.calls.models import Question
from submissions.calls.states import MULTIPLE_KINDS, TEXT_KINDS, QuestionKind
from submissions.responses.answering import clean_answer
from submissions.responses.errors import AnswerRefused
from submissions.responses.states import Channel

YES = {"yes", "y", "true", "1", "x", "ticked", "agreed"}
NO = {"no", "n", "false", "0", "-"}
# Day first, as in the United Kingdom; ISO 8601 as programs write it.
DAYS = ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d %B %Y", "%d %b %Y")
TIMES = ("%H:%M", "%H:%M:%S", "%H.%M", "%I:%M%p", "%I.%M%p", "%I%p")
# A spreadsheet may write a time as a part of the day: 0.25 is six o'clock, and not 0:25.
_PART_OF_DAY = re.compile(r"0?\.\d+|\d+\.\d")
_NOON = re.compile(r"\s*(?<![a-z])([ap])\.?\s?m\.?$", re.IGNORECASE)
CHANNELS = {
    **{name: one for one in Channel for name in (one.value, one.label.casefold())},
    "letter": Channel.POST,
    "mail": Channel.POST,
    "e-mail": Channel.EMAIL,
    "phone": Channel.PHONE,
    "in person": Channel.IN_PERSON,
}
MOST_NAMED = 6


class CellRefused(Exception):
    """A cell cannot be read: `wrong` says why, `remedy` what would do."""

    def __init__(self, wrong: str, remedy: str) -> None:
        super().__init__(wrong)
        self.wrong = wrong
        self.remedy = remedy


def read_answer(question: Question, text: str, *, row: str = "") -> Any:
    """Return what the cell says as `clean_answer` stores it. Raises CellRefused."""
    given = text.strip()
    if not given:
        return None
    raw: Any = text
    if question.kind == QuestionKind.CHECKBOX:
        raw = _ticked(given)
    elif question.kind in MULTIPLE_KINDS:
        raw = _several(question, given)
    elif question.kind not in TEXT_KINDS:
        raw = _one(question, given)
        if row:
            raw = {row: raw}
    try:
        return clean_answer(question, raw)
    except AnswerRefused as refused:
        raise CellRefused(f"{refused.message}", "Change the cell") from None


def _ticked(given: str) -> bool:
    if given.casefold() in YES | NO:
        return given.casefold() in YES
    raise CellRefused(f"“{_cut(given)}” is neither yes nor no", "Enter yes or no")


def _several(question: Question, given: str) -> list[str]:
    """Return the chosen options: one to a line, or with semicolons or bars between them."""
    by_name = _by_name(question)
    if _plain(given) in by_name:
        return [by_name[_plain(given)]]
    parts = given.replace("\n", ";").replace("|", ";").split(";")
    return [_one(question, part) for part in parts if part.strip()]


def _one(question: Question, given: str) -> str:
    found = _by_name(question).get(_plain(given))
    if found is None:
        labels = [f"“{option['label']}”" for option in question.options]
        more = f" and {len(labels) - MOST_NAMED} more" if len(labels) > MOST_NAMED else ""
        raise CellRefused(
            f"“{_cut(given)}” is none of its answers",
            f"Enter one of {', '.join(labels[:MOST_NAMED])}{more}",
        )
    return found


def _by_name(question: Question) -> dict[str, str]:
    keys = {_plain(option["key"]): option["key"] for option in question.options}
    return {_plain(option["label"]): option["key"] for option in question.options} | keys


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("’", "'").split())


def _cut(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"


def read_moment(
    text: str, *, default_time: time, zone: ZoneInfo, time_of_day: time | None = None
) -> datetime:
    """Return the moment of a cell in UTC, of a day at `default_time`. Raises CellRefused.

    `time_of_day` is what another column says. A spreadsheet may write a day without a time as
    midnight, so that time holds then, too; any other time beside it is refused.
    """
    given = _on_one_line(text)
    local, has_time = _read_day(given)
    _refuse_unless_possible(local, given)
    if time_of_day is not None:
        if has_time and local.time() not in (time.min, time_of_day):
            raise CellRefused(
                f"“{_cut(given)}” has a time, and the column with the time has another",
                "Leave the time out in one of them",
            )
        local = datetime.combine(local.date(), time_of_day, local.tzinfo)
    elif not has_time:
        local = datetime.combine(local.date(), default_time)
    return local.astimezone(UTC) if local.tzinfo else moment_of(local, zone, given)


def _read_day(given: str) -> tuple[datetime, bool]:
    """Return the day, with its time and offset if it has them, and whether it has a time."""
    try:
        found = datetime.fromisoformat(given)
    except ValueError:
        found = None
    if found is not None and (":" in given or found.tzinfo):
        return found, True
    for form in DAYS:
        for of_day in ("", *TIMES):
            read = _parsed(given, f"{form} {of_day}".strip())
            if read is not None:
                return read, bool(of_day)
    raise CellRefused(
        f"“{_cut(given)}” is no day that can be read", "Enter it as 2026-03-31 or 31/03/2026 14:30"
    )


def read_time(text: str) -> time:
    """Return the time of day in a cell. Raises CellRefused."""
    given = _on_one_line(text)
    for form in () if _PART_OF_DAY.fullmatch(given) else TIMES:
        read = _parsed(given, form)
        if read is not None:
            return read.time()
    raise CellRefused(f"“{_cut(given)}” is no time that can be read", "Enter it as 14:30")


def _on_one_line(text: str) -> str:
    """Return the text with single spaces, and am or pm, however written, right behind the hour."""
    return _NOON.sub(r"\1m", " ".join(text.split()))


def _parsed(given: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(given, form)  # noqa: DTZ007  # the zone is put in later
    except ValueError:
        return None


def moment_of(local: datetime, zone: ZoneInfo, given: str) -> datetime:
    """Return in UTC when the clocks of `zone` show `local` (naive). Raises CellRefused."""
    moments = moments_of(local, zone)
    if len(moments) == 1:
        return moments[0]
    offset = local.replace(tzinfo=zone, fold=1).isoformat(" ", "minutes")
    raise CellRefused(
        f"“{_cut(given)}” comes {'twice' if moments else 'never'}: the clocks change then",
        f"Enter it with its offset, such as {offset}" if moments else "Enter another time",
    )


def _refuse_unless_possible(day: date, given: str) -> None:
    if not is_day_to_enter(day):
        raise CellRefused(
            f"“{_cut(given)}” is no day on which it can have come",
            f"Enter a day from {EARLIEST.year} on that has passed",
        )


def read_channel(text: str) -> Channel:
    """Return how the response came. Raises CellRefused."""
    found = CHANNELS.get(_plain(text))
    if found in (None, Channel.WEB):
        ways = ", ".join(one.label for one in Channel if one != Channel.WEB)
        raise CellRefused(f"“{_cut(text.strip())}” is no way to come", f"Enter one of {ways}")
    return Channel(str(found))
