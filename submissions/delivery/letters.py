"""A mail as blocks of words, which become its plain text and its HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from django.template.loader import render_to_string


@dataclass(frozen=True)
class Heading:
    kind: ClassVar[str] = "heading"
    text: str

    def as_text(self) -> str:
        return f"{self.text}\n{'-' * len(self.text)}"


@dataclass(frozen=True)
class Paragraph:
    kind: ClassVar[str] = "paragraph"
    text: str

    def as_text(self) -> str:
        return self.text


@dataclass(frozen=True)
class Facts:
    """Pairs of a name and its value."""

    kind: ClassVar[str] = "facts"
    pairs: tuple[tuple[str, str], ...]

    def as_text(self) -> str:
        return "\n".join(f"{name}: {value}" for name, value in self.pairs)


@dataclass(frozen=True)
class Link:
    kind: ClassVar[str] = "link"
    text: str
    address: str

    def as_text(self) -> str:
        return f"{self.text}:\n{self.address}"


@dataclass(frozen=True)
class Verbatim:
    """Somebody else's words, line by line as they stand."""

    kind: ClassVar[str] = "verbatim"
    text: str

    def as_text(self) -> str:
        return self.text.strip("\n")


Block = Heading | Paragraph | Facts | Link | Verbatim


@dataclass(frozen=True)
class Letter:
    subject: str
    title: str
    blocks: Sequence[Block]

    def as_text(self) -> str:
        blocks = (Heading(self.title), *self.blocks)
        return "\n\n".join(block.as_text() for block in blocks) + "\n"

    def as_html(self) -> str:
        return render_to_string("emails/letter.html", {"letter": self})


def paragraphs(text: str) -> list[Block]:
    """Return a paragraph for each part of `text` between empty lines."""
    parts = text.replace("\r\n", "\n").split("\n\n")
    return [Paragraph(part.strip()) for part in parts if part.strip()]
