"""This room's Typst templates: each begins with the look that all of them have."""

from functools import cache
from pathlib import Path
from typing import Any

from core import typesetting

FOLDER = Path(__file__).parent


def typeset(template: str, data: dict[str, Any]) -> bytes:
    """Return the tagged PDF that `template`, a file of this folder, makes of `data`."""
    return typesetting.pdf(_with_look(template), data)


@cache
def _with_look(template: str) -> str:
    return "".join((FOLDER / name).read_text(encoding="utf-8") for name in ("page.typ", template))
