"""The texts of bench.duplicates: varied answers, and campaigns planted among them.

Words follow each other as they do in the documentation of this repository (pairs of words, drawn
by how often they stand together), so common turns of phrase recur as they do in real answers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random

ROOT = Path(__file__).parent.parent
QUESTIONS = ("what_happened", "what_works", "what_to_change", "anything_else")
SHORT = (
    "Yes, I agree.",
    "I agree with all of the above.",
    "Nothing to add, thank you.",
    "No comment.",
    "Please support small charities, they do good work.",
    "As I said above.",
    "I strongly agree with what the campaign says about this.",
)
CAMPAIGNS_PER_10_000 = 10
COPIES = 8  # of each variant of each campaign


@dataclass(frozen=True)
class Planted:
    """A response of the corpus. `campaign` is -1 for one that copies nothing."""

    texts: dict[str, str]
    campaign: int
    variant: str


class Language:
    """Draws sentences out of pairs of words that stand together in the documentation."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._next: dict[str, list[str]] = {}
        self._starts: list[str] = []
        for path in sorted(ROOT.glob("docs/**/*.md")):
            self._read(path.read_text(encoding="utf-8"))

    def _read(self, text: str) -> None:
        plain = "".join(c if c.isalpha() or c in " '’.\n" else " " for c in text)
        for sentence in plain.replace("\n", " ").split("."):
            words = sentence.split()
            if len(words) < 5:
                continue
            self._starts.append(words[0])
            for one, following in pairwise(words):
                self._next.setdefault(one.lower(), []).append(following)

    def sentence(self) -> str:
        words = [self._random.choice(self._starts)]
        for _ in range(self._random.randint(6, 26)):
            following = self._next.get(words[-1].lower())
            # Some words are one's own: a name, a place, a number.
            if following is None or self._random.random() < 0.06:
                words.append(self._own())
            else:
                words.append(self._random.choice(following))
        return f"{' '.join(words).capitalize()}."

    def _own(self) -> str:
        return "".join(self._random.choice(("ba", "ne", "ri", "to", "lu", "sh")) for _ in range(3))

    def text(self, words: int) -> str:
        sentences: list[str] = []
        left = words
        while left > 0:
            sentences.append(self.sentence())
            left -= sentences[-1].count(" ") + 1
        paragraphs = [" ".join(sentences[at : at + 4]) for at in range(0, len(sentences), 4)]
        return "\n\n".join(paragraphs)


def verbatim(text: str, _language: Language, random: Random) -> str:
    return random.choice((text, text.upper(), text.replace("\n\n", "\n"), f"  {text} "))


def with_a_preface(text: str, language: Language, random: Random) -> str:
    return f"{language.text(random.randint(20, 60))}\n\n{text}"


def padded(text: str, language: Language, random: Random) -> str:
    size = len(text.split())
    around = (language.text(size), language.text(random.randint(size // 2, size)))
    return f"{around[0]}\n\n{text}\n\n{around[1]}"


def edited(text: str, language: Language, random: Random) -> str:
    """Return the text with 8 % of its words replaced, left out or doubled by others."""
    words = text.split(" ")
    for place in random.sample(range(len(words)), round(0.08 * len(words))):
        other = language.sentence().split()[0].lower()
        words[place] = random.choice((other, "", f"{words[place]} {other}"))
    return " ".join(words)


def one_paragraph_changed(text: str, language: Language, random: Random) -> str:
    paragraphs = text.split("\n\n")
    place = random.randrange(len(paragraphs))
    paragraphs[place] = language.text(len(paragraphs[place].split()))
    return "\n\n".join(paragraphs)


VARIANTS: dict[str, Callable[[str, Language, Random], str]] = {
    "verbatim": verbatim,
    "with a preface": with_a_preface,
    "padded": padded,
    "8 % edited": edited,
    "one paragraph changed": one_paragraph_changed,
}


def corpus(count: int, *, seed: int = 2019) -> list[Planted]:
    """Return `count` responses in the order of their arrival."""
    random = Random(seed)
    language = Language(random)
    made: list[Planted] = []
    for campaign in range(max(2, count * CAMPAIGNS_PER_10_000 // 10_000)):
        # Three paragraphs or more, of 60 to 400 words.
        text = language.text(random.randint(60, 400))
        while text.count("\n\n") < 2:
            text += f"\n\n{language.text(40)}"
        for variant, change in VARIANTS.items():
            for _ in range(COPIES if campaign else count // 100):  # the first one is large
                texts = _own_answers(language, random)
                texts[QUESTIONS[campaign % 3]] = change(text, language, random)
                made.append(Planted(texts, campaign, variant))
    made += [
        Planted(_own_answers(language, random), -1, "its own") for _ in range(count - len(made))
    ]
    random.shuffle(made)
    return made


def _own_answers(language: Language, random: Random) -> dict[str, str]:
    """Return answers of 200 words in the median, some of them stock phrases."""
    texts = {}
    for question in QUESTIONS:
        kind = random.random()
        if kind < 0.25:
            texts[question] = random.choice(SHORT)
        elif kind < 0.75:
            texts[question] = language.text(min(2_000, round(random.lognormvariate(4.4, 0.8))))
    return texts or {QUESTIONS[0]: language.text(40)}
