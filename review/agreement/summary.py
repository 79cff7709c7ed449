"""The agreement of all samples of a call, as a report needs it."""

from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import User
from review.agreement.coding_differences import differences
from review.agreement.comparing import Comparison, compare, is_hidden_from
from review.agreement.figures import By, CodeFigures, figures
from review.models import CodingSample
from submissions.calls.models import Call
from submissions.responses.models import Submission


@dataclass(frozen=True)
class SampleAgreement:
    """`by_sentence` and `by_answer` are over all codes. `decided` of `differing` sentences are."""

    sample: CodingSample
    comparison: Comparison
    by_sentence: CodeFigures
    by_answer: CodeFigures
    differing: int
    decided: int

    @property
    def coders(self) -> list[str]:
        return sorted(coder.get_username() for coder in self.comparison.coders.values())


def agreement_of(
    call: Call, *, reader: User | None, among: QuerySet[Submission] | None = None
) -> list[SampleAgreement]:
    """Return the agreement of each sample of the call, the first drawn first.

    Samples of which no response can be compared are left out, and those whose codings are hidden
    from the reader; None sees all. With `among`, only these responses are compared.
    """
    found = []
    for sample in call.coding_samples.order_by("drawn_at", "pk"):
        if reader is not None and is_hidden_from(sample, reader):
            continue
        comparison = compare(sample, among=among)
        if comparison.responses:
            found.append(_agreement_of(comparison))
    return found


def _agreement_of(comparison: Comparison) -> SampleAgreement:
    there = differences(comparison)
    return SampleAgreement(
        sample=comparison.sample,
        comparison=comparison,
        by_sentence=figures(comparison, By.SENTENCE)[0],
        by_answer=figures(comparison, By.ANSWER)[0],
        differing=len(there),
        decided=sum(one.decision is not None for one in there),
    )
