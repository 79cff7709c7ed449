"""Examples and definitions of codes that quote a response end with it."""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from core.whole_words import has_any, whole_words
from review.coding.locking import lock_codes
from review.coding.places_in_text import sentences
from review.models import Code
from submissions.calls.models import Call

ERASED = "Erased: it had words of a response that is erased."
PART_ERASED = "[erased]"
LONGEST_NAME_LEFT = 80  # characters, of the 100 that a code's name has
DEFINING = ("description", "use_when", "do_not_use_when")
# What stands between quotation marks, single ones at the edge of words alone.
QUOTED = re.compile(r"“([^”]*)”|\"([^\"]*)\"|«([^»]*)»|(?<!\w)[‘']([^’']*)[’'](?!\w)")
SHORTEST_NAME = 4  # characters; “no” and “-” are answers, too
SHORTEST = 15  # characters; a shorter sentence is like others by chance


@dataclass(frozen=True)
class Ending:
    """What is erased of a response: names of its author, in small letters, and `plain` texts.

    What the team wrote ends if it has one of the names as whole words, or quotes one of the texts;
    not for words that `is_common` says others of the call have, too.
    """

    names: Collection[str]
    texts: Collection[str]
    is_common: Callable[[str], bool]


def forget_examples(call: Call, ending: Ending) -> None:
    """Empty the examples with one of the names, or with words of the texts as a quotation.

    Of a code's name and what defines it these alone are taken out: the rest is the team's own. Call
    it before codings are deleted, as who merges codes locks them in this order, too.
    """
    codes = Code.objects.filter(call=call)
    lock_codes(codes)
    for code in codes.order_by("pk"):
        left = {name: _without_words_of(getattr(code, name), ending) for name in DEFINING}
        if has_words_of(code.example, ending):
            left["example"] = ERASED
        if has_words_of(code.name, ending):
            name = _without_words_of(code.name, ending)
            left["name"] = f"{name[:LONGEST_NAME_LEFT]} {code.pk}"  # no other code has it
        if any(getattr(code, name) != words for name, words in left.items()):
            Code.objects.filter(pk=code.pk).update(**left)


def has_words_of(written: str, ending: Ending) -> bool:
    """Return whether what staff wrote has one of the names, or quotes one of the texts."""
    return any(_names_in(written, ending)) or any(
        _is_quoted(part, ending) for part in _parts(written)
    )


def _without_words_of(written: str, ending: Ending) -> str:
    """Return what staff wrote with PART_ERASED in the place of each name and each quotation."""
    for part in sorted(_parts(written), key=len, reverse=True):
        if _is_quoted(part, ending):
            written = written.replace(part, PART_ERASED)
    # The longest first: without “Bell” nobody finds “Kay Bell”.
    for name in sorted(_names_in(written, ending), key=len, reverse=True):
        written = whole_words(name).sub(PART_ERASED, written)
        if has_any(written, [name]):  # “Weiß” is “weiss” in small letters
            return PART_ERASED
    return written


def _names_in(written: str, ending: Ending) -> Iterator[str]:
    for name in ending.names:
        is_there = len(name) >= SHORTEST_NAME and has_any(written, [name])
        if is_there and not ending.is_common(name):
            yield name


def _is_quoted(part: str, ending: Ending) -> bool:
    words = plain(part)
    is_there = len(words) >= SHORTEST and any(words in text for text in ending.texts)
    return is_there and not ending.is_common(words)


def _parts(written: str) -> list[str]:
    """Return each sentence of what staff wrote, and what stands in quotation marks."""
    parts = [passage.quote(written) for passage in sentences(written)]
    return [*parts, *("".join(one) for one in QUOTED.findall(written))]


def plain(text: str) -> str:
    """Return the words alone: quotation marks around them, and line ends, are the coder's."""
    return " ".join(text.casefold().split()).strip("\"'“”‘’«»")
