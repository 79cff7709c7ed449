"""Typesetting of this folder's Typst templates, which share the look of page.typ."""

from pathlib import Path
from typing import Any

from core import typesetting

FOLDER = Path(__file__).parent


def typeset(template: str, data: dict[str, Any]) -> bytes:
    """Return the tagged PDF that `template`, a file of this folder, makes of `data`."""
    look, page = ((FOLDER / name).read_text(encoding="utf-8") for name in ("page.typ", template))
    return typesetting.pdf(look + page, data)
