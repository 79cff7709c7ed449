"""Fake sentences, people and organisations, made of the parts in `fake_phrases.toml`.

All chance comes from the `Random` that the caller passes, so a seed gives the same words again.
Names of organisations are made-up words in made-up places: nobody takes one for a real one.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

from core.words import count_words

_SLOT = re.compile(r"\{([a-z]+)\}")
_PHRASES = tomllib.loads(Path(__file__).with_name("fake_phrases.toml").read_text(encoding="utf-8"))
_TOLD: Mapping[str, Sequence[str]] = _PHRASES["telling"]
PLACES: tuple[str, ...] = tuple(_PHRASES["names"]["places"])
# By the key of a question: how a number looks, each # a digit.
NUMBERS: dict[str, str] = _PHRASES["numbers"]
_WITHOUT_OPENER = frozenset(_PHRASES["openers"]["none_for"])
_VOICES = ("plain", "first_person")
# Sentences that are told anew each time; of the others, so many are of the theme.
_SHARE_TOLD = 0.8
_SHARE_OF_THEME = 0.6
_MARKS = (".", ".", ".", ".", ".", ".", ".", ".", "!", " …")


def make_fake_text(random: Random, *, theme: str, words: int) -> str:
    """Return paragraphs of at most `words` words, and not many fewer, on a question's theme.

    An unknown theme gets the sentences that fit every theme.
    """
    voice = _PHRASES["openers"][random.choice(_VOICES)]
    themed = _PHRASES["themes"].get(theme, ())
    style = random.random()
    is_list = 0.06 <= style < 0.14
    parts: list[str] = []
    said: set[str] = set()
    left = words
    while left > 0:
        opener = random.choice(voice) if theme not in _WITHOUT_OPENER else ""
        sentence = _sentence(random, themed)
        if sentence in said and random.random() < 0.9:  # in 5,000 words some come twice
            continue
        said.add(sentence)
        sentence = _in_a_style(random, opener + sentence, style)
        if is_list:
            sentence = f"- {sentence}"
        left -= count_words(sentence)
        if left < 0:
            parts = parts or [" ".join(sentence.split()[:words])]
            break
        parts.append(sentence)
    return "\n".join(parts) if is_list else _paragraphs(random, parts, 3 if style < 0.5 else 7)


def _sentence(random: Random, themed: Sequence[str]) -> str:
    """Return a sentence of the theme, one that fits every theme, or one told of small parts.

    Most are told: so no two responses have many words in a row in common.
    """
    if random.random() < _SHARE_TOLD:
        return _fill(random, random.choice(_TOLD["frames"]), _TOLD)
    own = themed and random.random() < _SHARE_OF_THEME
    frame = random.choice(themed if own else _PHRASES["themes"]["any"])
    return _fill(random, frame, _PHRASES["slots"])


def _fill(random: Random, frame: str, parts: Mapping[str, Sequence[str]]) -> str:
    return _SLOT.sub(lambda slot: random.choice(parts[slot[1]]), frame)


def _in_a_style(random: Random, sentence: str, style: float) -> str:
    if style < 0.06:  # some people type everything small, on a phone
        return sentence.lower()
    sentence = sentence[0].upper() + sentence[1:]
    return sentence[:-1] + random.choice(_MARKS) if style > 0.8 else sentence


def _paragraphs(random: Random, sentences: list[str], longest: int) -> str:
    paragraphs = []
    while sentences:
        size = random.randint(2, longest)
        paragraphs.append(" ".join(sentences[:size]))
        sentences = sentences[size:]
    return "\n\n".join(paragraphs)


def make_fake_person(random: Random) -> str:
    names = _PHRASES["names"]
    return f"{random.choice(names['given'])} {_fake_word(random)}"


def make_fake_organisation(random: Random) -> str:
    """Return a name that ends in one of PLACES."""
    works = random.choice(_PHRASES["names"]["works"])
    return f"{_fake_word(random)} {works}, {random.choice(PLACES)}"


def _fake_word(random: Random) -> str:
    return random.choice(_PHRASES["names"]["stems"]) + random.choice(_PHRASES["names"]["ends"])


def make_fake_address(random: Random, person: str) -> str:
    """Return an email address under a domain that is reserved for examples (RFC 2606)."""
    local = re.sub(r"[^a-z]+", ".", person.lower())
    domain = random.choice(("example.org", "example.com", "example.net"))
    return f"{local}.{random.randrange(10_000)}@{domain}"


def make_fake_number(random: Random, form: str) -> str:
    """Return `form` with a digit for each #."""
    return re.sub("#+", lambda run: f"{random.randrange(10 ** len(run[0])):0{len(run[0])}}", form)
