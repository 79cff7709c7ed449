"""Claims that quote a response end with it."""

from django.db.models import F

from review.coding.forgetting import ERASED, Ending, has_words_of
from review.models import Finding, ReportHeading
from review.states import FindingStatus
from submissions.calls.models import Call

WRITTEN = ("title", "text", "reason")


def forget_claims(call: Call, ending: Ending) -> None:
    """Empty what has one of the names or quotes a text, in findings and headings of the report.

    An agreed finding whose claim is emptied is for agreement again.
    """
    for finding in Finding.objects.filter(call=call).order_by("pk").select_for_update(no_key=True):
        emptied = [name for name in WRITTEN if has_words_of(getattr(finding, name), ending)]
        if not emptied:
            continue
        rows = Finding.objects.filter(pk=finding.pk)
        rows.update(revision=F("revision") + 1, **dict.fromkeys(emptied, ERASED))
        rows.filter(status=FindingStatus.AGREED).update(status=FindingStatus.FOR_AGREEMENT)
    for heading in ReportHeading.objects.filter(call=call):
        if has_words_of(heading.title, ending):
            ReportHeading.objects.filter(pk=heading.pk).update(title=ERASED)
