"""Reasons of decisions about codings that quote another response end with it."""

from review.coding.forgetting import ERASED, Ending, has_words_of
from review.models import CodingDecision
from submissions.responses.models import Submission


def forget_reasons(submission: Submission, ending: Ending) -> None:
    """Empty the reasons of decisions about other responses that name its author or quote it.

    Call it with the call's codes locked: decisions are written under the lock of all of them.
    """
    rows = CodingDecision.objects.filter(sample__call=submission.call_id)
    for pk, reason in rows.exclude(version__submission=submission).values_list("pk", "reason"):
        if has_words_of(reason, ending):
            CodingDecision.objects.filter(pk=pk).update(reason=ERASED)
