"""Examples and definitions of codes that quote a response end with it."""

import re
from collections.abc import Collection, Iterable

from core.whole_words import has_any, whole_words
from review.coding.locking import lock_codes
from review.coding.places_in_text import sentences
from review.models import Code
from submissions.calls.models import Call

ERASED = "Erased: it had words of a response that is erased."
PART_ERASED = "[erased]"
DEFINING = ("description", "use_when", "do_not_use_when")
# What stands between quotation marks, single ones at the edge of words alone.
QUOTED = re.compile(r"“([^”]*)”|\"([^\"]*)\"|«([^»]*)»|(?<!\w)[‘']([^’']*)[’'](?!\w)")
SHORTEST_NAME = 4  # characters; “no” and “-” are answers, too
SHORTEST = 15  # characters; a shorter sentence is like others by chance


def forget_examples(call: Call, *, names: Collection[str], texts: Iterable[str]) -> None:
    """Empty the examples with one of the names, or with words of the texts as a quotation.

    Of what defines a code these alone are taken out: the rest is the team's own. `names` are in
    small letters. Call it before codings are deleted, as who merges codes locks them in this order,
    too.
    """
    erased = [plain(text) for text in texts]
    codes = Code.objects.filter(call=call)
    lock_codes(codes)
    for code in codes.order_by("pk"):
        left = {
            name: _without_words_of(getattr(code, name), names=names, texts=erased)
            for name in DEFINING
        }
        if has_words_of(code.example, names=names, texts=erased):
            left["example"] = ERASED
        if any(getattr(code, name) != words for name, words in left.items()):
            Code.objects.filter(pk=code.pk).update(**left)


def has_words_of(written: str, *, names: Collection[str], texts: Iterable[str]) -> bool:
    """Return whether what staff wrote has one of the names, or quotes one of the texts.

    The texts are as `plain` returns them.
    """
    if has_any(written, (name for name in names if len(name) >= SHORTEST_NAME)):
        return True
    return any(_repeats(part, texts) for part in _parts(written))


def _without_words_of(written: str, *, names: Collection[str], texts: Collection[str]) -> str:
    """Return what staff wrote with PART_ERASED in the place of each name and each quotation."""
    for part in sorted(_parts(written), key=len, reverse=True):
        if _repeats(part, texts):
            written = written.replace(part, PART_ERASED)
    for name in names:
        if len(name) >= SHORTEST_NAME:
            written = whole_words(name).sub(PART_ERASED, written)
    return written


def _repeats(part: str, texts: Iterable[str]) -> bool:
    words = plain(part)
    return len(words) >= SHORTEST and any(words in text for text in texts)


def _parts(written: str) -> list[str]:
    """Return each sentence of what staff wrote, and what stands in quotation marks."""
    parts = [passage.quote(written) for passage in sentences(written)]
    return [*parts, *("".join(one) for one in QUOTED.findall(written))]


def plain(text: str) -> str:
    """Return the words alone: quotation marks around them, and line ends, are the coder's."""
    return " ".join(text.casefold().split()).strip("\"'“”‘’«»")
