"""The tables that say how a call takes evidence by telephone and by post."""

from submissions.calls.models import Call
from submissions.definitions.tables import TableReader
from submissions.definitions.types import longest


def read_other_ways(call: TableReader) -> tuple[str, str, str]:
    """Return the number, its hours and the address, each "" where its table is left out."""
    telephone = _table(call, "telephone", {"number", "hours"})
    post = _table(call, "post", {"address"})
    number = hours = address = ""
    if telephone is not None:
        number = telephone.line("number", required=True, longest=longest(Call, "evidence_phone"))
        hours = telephone.line(
            "hours", required=True, longest=longest(Call, "evidence_phone_hours")
        )
    if post is not None:
        address = post.text("address", required=True, longest=1000)
    return number, hours, address


def _table(call: TableReader, name: str, known: set[str]) -> TableReader | None:
    raw = call.value(name, dict)
    return None if raw is None else TableReader(raw, f"call.{name}", known, call.problems)
