"""Examples of codes that quote a response end with it."""

from collections.abc import Collection, Iterable

from review.coding.passages import sentences
from review.models import Code
from submissions.calls.models import Call

ERASED = "Erased: it had words of a response that is erased."
SHORTEST = 15  # characters; a shorter sentence is like others by chance


def forget_examples(call: Call, *, names: Collection[str], texts: Iterable[str]) -> None:
    """Empty the examples that have one of the names, or a whole sentence of the texts.

    `names` are in small letters. Call it before codings are deleted, as who merges codes locks
    them in this order, too.
    """
    erased = [_plain(text) for text in texts]
    for code in Code.objects.filter(call=call).exclude(example="").order_by("pk"):
        example = code.example
        quoted = [_plain(passage.quote(example)) for passage in sentences(example)]
        if any(name in example.casefold() for name in names) or any(
            words in text for words in quoted if len(words) >= SHORTEST for text in erased
        ):
            Code.objects.filter(pk=code.pk, example=example).update(example=ERASED)


def _plain(text: str) -> str:
    """Return the words alone: quotation marks around them, and line ends, are the coder's."""
    return " ".join(text.casefold().split()).strip("\"'“”‘’«»")
