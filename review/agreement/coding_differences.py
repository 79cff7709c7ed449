"""The sentences that coders coded differently, side by side, and what was decided about them."""

from collections.abc import Collection
from dataclasses import dataclass

from review.agreement.comparing import ComparedText, Comparison
from review.coding.places_in_text import Passage
from review.models import Code, CodingDecision

WherePassage = tuple[int, int, int | None, int, int]


@dataclass(frozen=True)
class Difference:
    """A sentence; `codes` has who coded it with what. `decision` is the latest about it."""

    text: ComparedText
    number: int
    codes: dict[int, frozenset[int]]
    decision: CodingDecision | None

    @property
    def passage(self) -> Passage:
        return self.text.sentences[self.number]

    @property
    def until(self) -> int:
        """Where the next sentence begins; the end of the text after the last."""
        following = self.text.sentences[self.number + 1 : self.number + 2]
        return following[0].start if following else len(self.text.text)

    @property
    def where(self) -> WherePassage:
        return *self.text.place, self.passage.start, self.passage.end

    @property
    def quote(self) -> str:
        return self.passage.quote(self.text.text)

    def around_in(self, text: str) -> tuple[str, str]:
        """Return the sentence before it and the one after it, as the text has them; "" for none."""
        before = self.text.sentences[max(self.number - 1, 0) : self.number]
        after = self.text.sentences[self.number + 1 : self.number + 2]
        return (
            "".join(one.quote(text) for one in before),
            "".join(one.quote(text) for one in after),
        )

    @property
    def differing(self) -> frozenset[int]:
        """The codes that some of the coders gave and some did not, by key."""
        return frozenset(code for code, so in self.codes.items() if so != self.text.coders)

    def codes_of(self, coder: int) -> list[int]:
        return [code for code, so in self.codes.items() if coder in so]


def differences(comparison: Comparison) -> list[Difference]:
    """Return the sentences that differ, or about which somebody decided, in their order."""
    decided = latest_decisions({text.version for text in comparison.texts})
    found = []
    places = {where[:3] for where in decided}
    for text in comparison.texts:
        # Somebody may have taken all codings of a decided sentence away since.
        numbers = range(len(text.sentences)) if text.place in places else text.coded_sentences
        for number in sorted(numbers):
            coded = text.coded_sentences.get(number, {})
            given = {code: frozenset(so) for code, so in coded.items()}
            passage = text.sentences[number]
            decision = decided.get((*text.place, passage.start, passage.end))
            one = Difference(text, number, given, decision)
            if decision is not None or one.differing:
                found.append(one)
    return found


def latest_decisions(versions: Collection[int]) -> dict[WherePassage, CodingDecision]:
    """Return the decisions about passages of the versions that none replaced, by their place."""
    rows = CodingDecision.objects.filter(version__in=versions, replaced_by=None)
    return {
        (one.version_id, one.question_id, one.file_text_id, one.start, one.end): one
        for one in rows.select_related("by").prefetch_related("codes__code")
    }


def standing_codes(decision: CodingDecision) -> list[Code]:
    """Return the codes that stand by the decision, in the order of their names."""
    kept = [one.code for one in decision.codes.all() if one.stands]
    return sorted(kept, key=lambda code: code.name.casefold())
