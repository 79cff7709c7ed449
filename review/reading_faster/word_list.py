"""Which words the responses of one column use more than the others, such as one role's.

A word counts once for each response that has it, so that one long response is no more than one. How
unlikely the difference is by chance is the log-likelihood ratio (Dunning 1993) of the four numbers:
with and without the word, in the column and outside. Words are runs of letters with their marks, in
small letters, of three or more; common English ones are left out. Where a script has no spaces
between words, ICU finds them, and two letters are enough.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import log
from typing import Any

from django.db.models import CharField, QuerySet
from django.db.models.functions import MD5, Cast

from core.disclosure_control import FEW, Shown, is_few
from core.words import GOES_ON, has_no_spaces, words_of_run
from review.matrix.hiding import hidden_line
from review.matrix.selection import Selection
from review.reading_faster.stop_words import STOP_WORDS
from review.redaction.readable_texts import readable_texts
from submissions.responses.models import Submission, Version

MOST_READ = 4_000  # responses that are read for one page; of more, so many are drawn by chance
AT_ONCE = 500
MOST_SHOWN = 25
FEWEST = 5  # responses of the column that have the word
UNLIKELY = 6.63  # the ratio that chance reaches for one word in a hundred
SHORTEST, SHORTEST_UNSPACED = 3, 2
LETTERS = rf"[^\W\d_█]+(?:[{GOES_ON}]+[^\W\d_█]*)*"
WORD = re.compile(rf"{LETTERS}(?:['’]{LETTERS})*")


@dataclass(frozen=True)
class ListedWord:
    """`here` responses of the column have it, and `elsewhere` of the others.

    Where `elsewhere` is hidden, the `ratio` is that of the largest small number.
    """

    word: str
    here: int
    elsewhere: Shown
    ratio: float


@dataclass(frozen=True)
class ColumnWords:
    """The words of a column, of `responses` that were read there; `others` were read elsewhere."""

    key: str
    label: str
    responses: int
    others: int
    words: Sequence[ListedWord]


@dataclass(frozen=True)
class WordList:
    """`read` of `responses` were read: all, or as many as were drawn by chance."""

    columns: Sequence[ColumnWords]
    responses: int
    read: int


def word_list(selection: Selection) -> WordList:
    """Read the words of the responses that count, and return what each column uses more.

    Columns whose size the matrix would hide are left out.
    """
    responses = selection.counting()
    number = responses.count()
    # By a digest of the key: chance, and the same responses each time.
    drawn = responses.annotate(draw=MD5(Cast("pk", CharField()))).order_by("draw")[:MOST_READ]
    having: dict[str, Counter[str]] = {}
    sizes: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    read = 0
    listed = ListedWords()
    for choices, texts in _read(drawn, selection):
        words = listed.of(texts)
        read += 1
        whole.update(words)
        for column in selection.across.columns_of(_answer(choices, selection.across.path)):
            sizes[column] += 1
            having.setdefault(column, Counter()).update(words)
    hides = selection.call.hides_small_counts
    keys = [key for key in selection.across.in_order(having) if key in having]
    _, shown = hidden_line(
        [sizes[key] for key in keys],
        total=read,
        overlap=selection.across.may_have_several,
        hides=hides,
    )
    columns = [
        ColumnWords(
            key,
            selection.across.label_of(key),
            size.number,
            read - size.number,
            _more_used(having[key], whole, size.number, read, hides),
        )
        for key, size in zip(keys, shown, strict=True)
        if size.number is not None
    ]
    return WordList(columns, number, read)


class ListedWords:
    """Finds the words of texts, without common ones and what is redacted.

    What stands between two spaces mostly stands in many responses: its words are found once.
    """

    def __init__(self) -> None:
        self._words_in: dict[str, list[str]] = {}

    def of(self, texts: Iterable[str]) -> set[str]:
        """Return the words of one response, each once."""
        pieces = set("\n".join(texts).casefold().replace("’", "'").split())
        for piece in pieces.difference(self._words_in):
            self._words_in[piece] = _words_in(piece)
        return set(chain.from_iterable(map(self._words_in.__getitem__, pieces)))


def _words_in(piece: str) -> list[str]:
    runs = WORD.findall(piece)
    if has_no_spaces(piece):
        runs = [word for run in runs for word in words_of_run(run)]
    return [word for word in runs if word not in STOP_WORDS and not _is_short(word)]


def _is_short(word: str) -> bool:
    return len(word) < SHORTEST and (len(word) < SHORTEST_UNSPACED or not has_no_spaces(word))


def log_likelihood(here: int, of_here: int, elsewhere: int, of_elsewhere: int) -> float:
    """Return twice the log of the ratio, of a word in `here` of `of_here` responses, and so on."""
    whole = of_here + of_elsewhere
    having = here + elsewhere
    cells = (
        (here, of_here, having),
        (elsewhere, of_elsewhere, having),
        (of_here - here, of_here, whole - having),
        (of_elsewhere - elsewhere, of_elsewhere, whole - having),
    )
    return 2 * sum(seen * log(seen * whole / (row * column)) for seen, row, column in cells if seen)


def _more_used(
    having: Mapping[str, int], whole: Mapping[str, int], size: int, read: int, hides: bool
) -> list[ListedWord]:
    found = []
    others = read - size
    for word, here in having.items():
        elsewhere = whole[word] - here
        hidden = hides and is_few(elsewhere)
        shown = Shown(None, is_few=True) if hidden else Shown(elsewhere)
        if hidden:
            # The ratio, the order and the list would tell which of the small numbers it is.
            elsewhere = FEW - 1
        if here < FEWEST or not others or here * others <= elsewhere * size:
            continue
        ratio = log_likelihood(here, size, elsewhere, others)
        if ratio >= UNLIKELY:
            found.append(ListedWord(word, here, shown, ratio))
    return sorted(found, key=lambda one: (-one.ratio, one.word))[:MOST_SHOWN]


def _read(drawn: QuerySet[Submission], selection: Selection) -> Iterator[tuple[Any, list[str]]]:
    """Yield the choices and the texts of each, of the question that is chosen if there is one.

    Hidden words are read for nobody.
    """
    keys = list(drawn.values_list("current_version", flat=True))
    versions = Version.objects.only("choices", "texts")
    for begin in range(0, len(keys), AT_ONCE):
        some = list(versions.filter(pk__in=keys[begin : begin + AT_ONCE]))
        readable = readable_texts(some)
        for version in some:
            texts = readable[version.pk]
            if selection.question is not None:
                key = selection.question.key
                texts = {key: texts[key]} if key in texts else {}
            yield version.choices, list(texts.values())


def _answer(choices: Any, path: Sequence[str]) -> Any:
    for key in path:
        choices = choices.get(key) if isinstance(choices, dict) else None
    return choices
