"""Claims that quote a response end with it."""

from collections.abc import Collection, Iterable

from django.db.models import F

from review.coding.forgetting import ERASED, has_words_of, plain
from review.models import Finding, ReportHeading
from review.states import FindingStatus
from submissions.calls.models import Call

WRITTEN = ("title", "text", "reason")


def forget_claims(call: Call, *, names: Collection[str], texts: Iterable[str]) -> None:
    """Empty what has one of the names or quotes a text, in findings and headings of the report.

    An agreed finding whose claim is emptied is for agreement again.
    """
    erased = [plain(text) for text in texts]
    for finding in Finding.objects.filter(call=call).order_by("pk").select_for_update(no_key=True):
        emptied = [
            name
            for name in WRITTEN
            if has_words_of(getattr(finding, name), names=names, texts=erased)
        ]
        if not emptied:
            continue
        rows = Finding.objects.filter(pk=finding.pk)
        rows.update(revision=F("revision") + 1, **dict.fromkeys(emptied, ERASED))
        rows.filter(status=FindingStatus.AGREED).update(status=FindingStatus.FOR_AGREEMENT)
    for heading in ReportHeading.objects.filter(call=call):
        if has_words_of(heading.title, names=names, texts=erased):
            ReportHeading.objects.filter(pk=heading.pk).update(title=ERASED)
