"""Fields of Word documents that start a program or load something (ECMA-376-1, 17.16)."""

import re
from collections.abc import Iterator
from typing import Any

from submissions.responses.file_types.elsewhere import is_elsewhere
from submissions.responses.file_types.packages import local_name
from submissions.responses.file_types.refusals import EMBEDDED, REMOTE, NotTaken

START_PROGRAMS = {"DDE", "DDEAUTO"}
LOAD = {"INCLUDEPICTURE", "INCLUDETEXT", "INCLUDE", "IMPORT", "LINK", "RD", "DATABASE"}
ARGUMENT = re.compile(r'"([^"]*)"|(\S+)')


def refuse_fields(root: Any) -> None:
    for code in field_codes(root):
        arguments = [quoted or plain for quoted, plain in ARGUMENT.findall(code)]
        name = arguments[0].upper() if arguments else ""
        if name in START_PROGRAMS:
            raise NotTaken(EMBEDDED)
        if name in LOAD and any(_leads_away(argument) for argument in arguments[1:]):
            raise NotTaken(REMOTE)


def _leads_away(argument: str) -> bool:
    """Within a code each backslash stands twice; one before a letter begins a switch."""
    return is_elsewhere(argument) or is_elsewhere(argument.replace("\\\\", "\\"))


def field_codes(root: Any) -> Iterator[str]:
    """Yield the code of each field; one may be spread over runs, and hold other fields."""
    codes = [""]  # of the fields that are open; the first takes what stands in none
    for element in root.iter("{*}fldChar", "{*}instrText", "{*}delInstrText", "{*}fldSimple"):
        name = local_name(element)
        if name == "fldSimple":
            yield _attribute(element, "instr")
        elif name != "fldChar":
            codes[-1] += element.text or ""
        elif _attribute(element, "fldCharType") == "begin":
            codes.append("")
        else:  # its code is complete where its result begins, or where it ends
            yield codes[-1]
            codes[-1] = ""
            if _attribute(element, "fldCharType") == "end" and len(codes) > 1:
                codes.pop()
    yield from codes


def _attribute(element: Any, name: str) -> str:
    return next((v for key, v in element.items() if key.rpartition("}")[2] == name), "")
