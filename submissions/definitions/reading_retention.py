"""Reading what a call definition says of how long each class of data is kept."""

from submissions.calls.retention import (
    DEFAULTS,
    ORDER,
    Closing,
    DataClass,
    ends_at,
    parse,
    period_of,
)
from submissions.definitions.tables import Problems, TableReader

EXAMPLE = "such as “12 months after closing”"
SHAPE = f"is not a period {EXAMPLE}: a number of days, weeks, months or years, 100 years at most"


def read_retention(call: TableReader) -> dict[str, str]:
    """Return the period of each class: as it is written, in one spelling, or the default."""
    table = TableReader(
        call.value("retention", dict) or {}, "call.retention", DEFAULTS, call.problems
    )
    return {key: _read(table, DataClass(key)) or DEFAULTS[key] for key in DEFAULTS}


def _read(table: TableReader, one: DataClass) -> str:
    written = table.line(one)
    if not written:
        return ""
    if "before" in written or written.startswith(("-", "0 ")):
        table.add_problem(one, f"“{written}”: {_name(one)} may not end before the call closes")
        return ""
    try:
        period = parse(written)
    except ValueError:
        table.add_problem(one, f"“{written}” {SHAPE}")
        return ""
    if one == DataClass.EXPORTS and period.after != "making":
        table.add_problem(one, f"“{written}” must count from the export: write “after making”")
    elif one != DataClass.EXPORTS and period.after != "closing":
        table.add_problem(
            one,
            f"“{written}” must be counted “after closing”: {_name(one)} may not end before the "
            "call closes",
        )
    else:
        return str(period)
    return ""


def check_order(call: Closing, problems: Problems) -> None:
    """Add a problem where something would be kept longer than what it is a part of."""
    for first, second in ORDER:
        if ends_at(call, first) > ends_at(call, second):
            problems.add(
                f"call.retention.{first}",
                f"{_name(first)} may not be kept longer ({period_of(call, first)}) than "
                f"{_name(second)} ({period_of(call, second)})",
            )


def _name(one: DataClass) -> str:
    return f"“{one}”"
