"""A mail as blocks of words, which become its plain text and its HTML.

The blocks are put into HTML here and not by a template: with an answer of thousands of words in
it, that took as long as sending the mail.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape

from django.template.loader import render_to_string
from django.utils.translation import get_language


@dataclass(frozen=True)
class Heading:
    text: str

    def as_text(self) -> str:
        return f"{self.text}\n{'-' * len(self.text)}"

    def as_html(self) -> str:
        return f"<h2>{escape(self.text)}</h2>"


@dataclass(frozen=True)
class Paragraph:
    text: str

    def as_text(self) -> str:
        return self.text

    def as_html(self) -> str:
        return f"<p>{_lines(self.text)}</p>"


@dataclass(frozen=True)
class Facts:
    """Pairs of a name and its value."""

    pairs: tuple[tuple[str, str], ...]

    def as_text(self) -> str:
        return "\n".join(f"{name}: {value}" for name, value in self.pairs)

    def as_html(self) -> str:
        pairs = (f"<dt>{escape(n)}</dt>\n<dd>{escape(v)}</dd>\n" for n, v in self.pairs)
        return f"<dl>\n{''.join(pairs)}</dl>"


@dataclass(frozen=True)
class Link:
    text: str
    address: str

    def as_text(self) -> str:
        return f"{self.text}:\n{self.address}"

    def as_html(self) -> str:
        return f'<p><a href="{escape(self.address)}">{escape(self.text)}</a></p>'


@dataclass(frozen=True)
class Verbatim:
    """Somebody else's words, line by line as they stand; `instead` stands in what is kept."""

    text: str
    instead: str

    def as_text(self) -> str:
        return self.text.strip("\n")

    def as_html(self) -> str:
        return f'<p class="copy">{_lines(self.as_text())}</p>'


# In an address, where a link's token was.
LEFT_OUT = "left-out-of-this-copy"
STANDS = ("subject", "title", "blocks")
CUT = "\N{BLACK SCISSORS}"

Block = Heading | Paragraph | Facts | Link | Verbatim


@dataclass(frozen=True)
class Letter:
    """`secret`, if there is one, goes out and is left out of what is kept and shown.

    `headers` go out beside those that every mail has.
    """

    subject: str
    title: str
    blocks: Sequence[Block]
    secret: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def as_text(self) -> str:
        return _as_text([Heading(self.title), *self.blocks])

    def as_kept(self) -> str:
        """Return the text without what opens a response, and without the words of others."""
        kept = [
            Paragraph(block.instead) if isinstance(block, Verbatim) else block
            for block in self.blocks
        ]
        text = _as_text([Heading(self.title), *kept])
        return text.replace(self.secret, LEFT_OUT) if self.secret else text

    def as_html(self) -> str:
        head, above, below, foot = _page(get_language())
        blocks = "\n".join(block.as_html() for block in self.blocks)
        return "".join([head, escape(self.subject), above, escape(self.title), below, blocks, foot])


def _as_text(blocks: Sequence[Block]) -> str:
    return "\n\n".join(block.as_text() for block in blocks) + "\n"


@lru_cache
def _page(_language: str) -> list[str]:
    """Return the page of every letter, cut where its subject, its title and its blocks stand."""
    return render_to_string("emails/letter.html", dict.fromkeys(STANDS, CUT)).split(CUT)


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def paragraphs(text: str) -> list[Block]:
    """Return a paragraph for each part of `text` between empty lines."""
    parts = text.replace("\r\n", "\n").split("\n\n")
    return [Paragraph(part.strip()) for part in parts if part.strip()]
