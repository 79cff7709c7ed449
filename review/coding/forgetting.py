"""Examples of codes that quote a response end with it."""

import re
from collections.abc import Collection, Iterable

from review.coding.locking import lock_codes
from review.coding.places_in_text import sentences
from review.models import Code
from submissions.calls.models import Call

ERASED = "Erased: it had words of a response that is erased."
# What stands between quotation marks, single ones at the edge of words alone.
QUOTED = re.compile(r"“([^”]*)”|\"([^\"]*)\"|«([^»]*)»|(?<!\w)[‘']([^’']*)[’'](?!\w)")
SHORTEST_NAME = 4  # characters; “no” and “-” are answers, too
SHORTEST = 15  # characters; a shorter sentence is like others by chance


def forget_examples(call: Call, *, names: Collection[str], texts: Iterable[str]) -> None:
    """Empty the examples with one of the names, or with words of the texts as a quotation.

    `names` are in small letters. Call it before codings are deleted, as who merges codes locks
    them in this order, too.
    """
    erased = [plain(text) for text in texts]
    codes = Code.objects.filter(call=call).exclude(example="")
    lock_codes(codes)
    for code in codes.order_by("pk"):
        if has_words_of(code.example, names=names, texts=erased):
            Code.objects.filter(pk=code.pk).update(example=ERASED)


def has_words_of(written: str, *, names: Collection[str], texts: Iterable[str]) -> bool:
    """Return whether what staff wrote has one of the names, or quotes one of the texts.

    The texts are as `plain` returns them.
    """
    if any(_whole_words(name).search(written) for name in names if len(name) >= SHORTEST_NAME):
        return True
    quoted = [words for words in _quoted(written) if len(words) >= SHORTEST]
    return any(words in text for text in texts for words in quoted)


def _quoted(example: str) -> list[str]:
    """Return each sentence of the example, and what stands in quotation marks."""
    parts = [passage.quote(example) for passage in sentences(example)]
    return [plain(words) for words in [*parts, *("".join(one) for one in QUOTED.findall(example))]]


def _whole_words(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)


def plain(text: str) -> str:
    """Return the words alone: quotation marks around them, and line ends, are the coder's."""
    return " ".join(text.casefold().split()).strip("\"'“”‘’«»")
