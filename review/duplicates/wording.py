"""The words of an answer as they are compared, and the keyed hashes that stand for them."""

import hashlib
import heapq
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.utils.crypto import salted_hmac

from core.words import WORD, words_of_run

RULES = "2"  # change it with anything below, and all signatures are made anew
SHINGLE = 4  # words
LOWEST = 24  # hashes kept per answer
# People write “Yes, I agree” and mean it: shorter answers are not compared at all.
SHORTEST = 12
_RUN = re.compile(f"{WORD.pattern}(?:'{WORD.pattern})*")


def words_of(text: str) -> list[str]:
    """Return the words in small letters, without signs, in one form of each character."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return [word for run in _RUN.findall(plain) for word in words_of_run(run)]


@dataclass(frozen=True)
class Hashing:
    """Hashes of one call, under the portal's key: of another call the same words differ."""

    key: bytes
    scheme: str

    @classmethod
    def of_call(cls, call: int) -> "Hashing":
        key = salted_hmac("review.duplicates", f"{call}", algorithm="sha256").digest()
        named = salted_hmac("review.duplicates.scheme", RULES, algorithm="sha256").hexdigest()
        return cls(key, named[:16])

    def number(self, words: Sequence[str]) -> int:
        """Return 64 bits, as PostgreSQL's bigint has them."""
        made = hashlib.blake2b(" ".join(words).encode(), digest_size=8, key=self.key).digest()
        return int.from_bytes(made, signed=True)

    def name(self, text: str) -> str:
        made = hashlib.blake2b(text.encode(), digest_size=16, key=self.key)
        return made.hexdigest()

    def shingles(self, words: Sequence[str]) -> set[int]:
        last = len(words) - SHINGLE + 1
        return {self.number(words[place : place + SHINGLE]) for place in range(last)}


@dataclass(frozen=True)
class Wording:
    """One answer: its words, and its shingles without those of the call's own words."""

    key: str
    words: list[str]
    shingles: set[int]

    @cached_property
    def lowest(self) -> list[int]:
        return heapq.nsmallest(LOWEST, self.shingles)


def wordings(
    texts: dict[str, str], hashing: Hashing, *, known: frozenset[int] | set[int] = frozenset()
) -> list[Wording]:
    """Return the answers that are long enough to be compared; `known` shingles do not count."""
    found = []
    for key, text in texts.items():
        words = words_of(text)
        if len(words) >= SHORTEST:
            found.append(Wording(key, words, hashing.shingles(words) - known))
    return found


def whole(texts: dict[str, str], hashing: Hashing) -> str:
    """Return one hash of all the answers, "" where each is too short to mean anything."""
    said = {key: " ".join(words_of(text)) for key, text in texts.items()}
    if all(len(words.split()) < SHORTEST for words in said.values()):
        return ""
    return hashing.name("\n".join(f"{key} {said[key]}" for key in sorted(said) if said[key]))


def sketch(answers: Iterable[Wording]) -> set[int]:
    """Return the hashes under which the response is found."""
    return {number for answer in answers for number in answer.lowest}
