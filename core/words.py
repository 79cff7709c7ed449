"""What counts as a word: for the limits of answers, in exports, and where words are looked for.

Runs of characters that are not white space are words. Thai, Lao, Khmer, Burmese, Chinese and
Japanese have no spaces between words: there ICU finds them by its rules and dictionaries, as it
does in browsers. static/js/portal.js counts by the same rules while somebody types.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import groupby, pairwise

from icu4py.breakers import WordBreaker

# Thai and Lao, Burmese, Khmer, Kana, and Han, in blocks.
UNSPACED = (
    "\u0e00-\u0eff"
    "\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f"
    "\u1780-\u17ff"
    "\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f\U0001b000-\U0001b16f"
    "\u3005-\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_ENDS_OF_MARKS = (0x300, 0x1F000)  # beyond, there are variants of signs alone


def _marks() -> str:
    """Return the combining marks, such as the vowels of Hindi, as ranges of a character class."""
    found = [n for n in range(*_ENDS_OF_MARKS) if unicodedata.category(chr(n))[0] == "M"]
    stretches = (list(one) for _, one in groupby(enumerate(found), lambda pair: pair[1] - pair[0]))
    return "".join(f"\\U{one[0][1]:08x}-\\U{one[-1][1]:08x}" for one in stretches)


# What goes on with a word, beside letters and digits: `re` takes a mark for the end of one. The two
# joiners stand within words of Persian and of Indian languages.
GOES_ON = f"{_marks()}\\u200c\\u200d"
IN_A_WORD = rf"[\w{GOES_ON}]"
BETWEEN_WORDS = rf"[^\w{GOES_ON}]"
WORD = re.compile(rf"\w+(?:[{GOES_ON}]+\w*)*")
_STRETCH = re.compile(f"[{UNSPACED}]+")
_PART = re.compile(f"(?P<unspaced>[{UNSPACED}]+)|[^{UNSPACED}]+")
_RUN = re.compile(r"\S+")
_SPACE = re.compile(r"\s*")


def count_words(text: str) -> int:
    """Return how many words the text has."""
    if not _STRETCH.search(text):
        return len(text.split())
    return sum(1 for _ in _ends(text))


def first_words(text: str, number: int) -> str:
    """Return the text up to its word of that number, on one line."""
    for counted, end in enumerate(_ends(text), start=1):
        if counted == number:
            return " ".join(text[:end].split())
    return " ".join(text.split())


def parts_by_word(text: str) -> list[str]:
    """Return the text, without white space before it, cut before each word but the first."""
    cuts = []
    for end in _ends(text):
        after = _SPACE.match(text, end)
        cuts.append(after.end() if after else end)
    if not cuts:
        return []
    cuts[-1] = len(text)  # signs after the last word
    first = len(text) - len(text.lstrip())
    return [text[begin:end] for begin, end in pairwise([first, *cuts])]


def words_in(text: str) -> Iterator[str]:
    """Yield the words without signs around or between them, as they are written."""
    if not has_no_spaces(text):
        yield from WORD.findall(text)
        return
    for word in WORD.finditer(text):
        yield from words_of_run(word[0])


def words_of_run(run: str) -> list[str]:
    """Return the words of a run of letters: several of a script without spaces."""
    if not has_no_spaces(run):
        return [run]
    found: list[str] = []
    for part in _PART.finditer(run):
        if not part["unspaced"]:
            found.append(part[0])
            continue
        segments = (part[0][begin:end] for begin, end in WordBreaker(part[0], "en").segments())
        found += filter(_has_letter, segments)
    return found


def has_no_spaces(text: str) -> bool:
    """Return whether some of it is of a script without spaces between words."""
    return _STRETCH.search(text) is not None


def _ends(text: str) -> Iterator[int]:
    """Yield where each word ends."""
    for run in _RUN.finditer(text):
        if not _STRETCH.search(run[0]):
            yield run.end()
            continue
        ends = list(_ends_in(run[0]))
        # A sign alone counts as a word where there are spaces, too.
        yield from (run.start() + end for end in ends or [len(run[0])])


def _ends_in(run: str) -> Iterator[int]:
    """Yield where the words end of a run that has letters of a script without spaces."""
    for part in _PART.finditer(run):
        if not part["unspaced"]:
            if _has_letter(part[0]):
                yield part.end()
            continue
        for start, end in WordBreaker(part[0], "en").segments():
            if _has_letter(part[0][start:end]):
                yield part.start() + end


def _has_letter(text: str) -> bool:
    return any(character.isalnum() for character in text)
