"""Sentences, paragraphs and the whole of a text to tick, for forms that work without JavaScript."""

import re
from dataclasses import dataclass
from typing import Any

from django import forms

from review.coding.places_in_text import Passage, paragraphs, sentences, whole
from submissions.responses.models import Version

MOST_PARTS = 2_000  # to tick on one page; of a longer text, paragraphs alone
PASSAGE = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")


@dataclass(frozen=True)
class Part:
    """A part of the answer to tick; `value` is what the form posts."""

    value: str
    words: str
    is_ticked: bool


class PassageForm(forms.Form):
    def __init__(self, *args: Any, text: str, version: Version, **options: Any) -> None:
        super().__init__(*args, **options)
        self.text = text
        # In another version, the same place may have other words.
        is_same = self.data.get("version") == str(version.number)
        self._given = self.data.getlist("passage") if is_same else []  # type: ignore[attr-defined]  # a QueryDict

    @property
    def whole(self) -> Part:
        return self._choice(whole(self.text))

    @property
    def paragraphs(self) -> list[tuple[Part, list[Part]]]:
        """Each paragraph, with its sentences; none where it has only one."""
        parts = sentences(self.text)
        if len(parts) > MOST_PARTS:
            parts = []
        found = []
        place = 0
        for paragraph in paragraphs(self.text)[:MOST_PARTS]:
            first = place
            while place < len(parts) and parts[place].start < paragraph.end:
                place += 1
            within = parts[first:place]
            shown = [self._choice(p) for p in within] if len(within) > 1 else []
            found.append((self._choice(paragraph), shown))
        return found

    def chosen(self) -> list[Passage]:
        """Return the ticked parts, those joined that only white space parts.

        What lies outside the text is left to the verb, which refuses it.
        """
        matches = [PASSAGE.fullmatch(value) for value in self._given]
        ticked = sorted(Passage(int(m[1]), int(m[2])) for m in matches if m)
        joined: list[Passage] = []
        for one in ticked:
            if joined and not self.text[joined[-1].end : one.start].strip():
                last = joined.pop()
                joined.append(Passage(last.start, max(last.end, one.end)))
            else:
                joined.append(one)
        return joined

    def _choice(self, passage: Passage) -> Part:
        value = f"{passage.start}-{passage.end}"
        return Part(value, passage.quote(self.text), value in self._given)
