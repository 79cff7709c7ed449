"""What the tests of counts and of the pages that show them share."""

from datetime import UTC, datetime

from submissions.calls.models import Call
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState
from tests.makers import FACETS, OPENS_AT, make_call, make_draft, make_submitted

NOW = datetime(2019, 7, 24, 12, tzinfo=UTC)
STORY = {"key": "story", "kind": "long", "label": "Story"}
FILES = {"key": "documents", "kind": "file", "label": "Files", "file_types": ["txt"]}
BAND = {
    "key": "income_band",
    "kind": "radio",
    "label": "Income",
    "options": [
        {"key": "lt_10k", "label": "Under £10,000"},
        {"key": "10k_25k", "label": "£10,000 to £25,000"},
    ],
}

BAND_FACETS = [*FACETS, {"question": "income_band", "label": "income band"}]


def make_counted_call():
    """Four responses: two days, three role choices, two bands and one without."""
    call = make_call(slug="the-call", evidence_questions=[BAND, STORY], facets=BAND_FACETS)
    closing_day = datetime(2019, 7, 24, 10, tzinfo=UTC)
    # 23:30 UTC is the next day in UK summer time.
    late = datetime(2019, 5, 30, 23, 30, tzinfo=UTC)
    make_submitted(call, at=closing_day, roles=["provider", "other"], income_band="lt_10k")
    make_submitted(call, at=closing_day, roles=["provider"], income_band="lt_10k")
    make_submitted(call, at=late, roles=["provider", "other"])
    make_submitted(call, at=OPENS_AT, roles=["other"], income_band="10k_25k")
    make_draft(call, roles=["commissioner"])
    gone = make_submitted(call, roles=["commissioner"])
    Submission.objects.filter(pk=gone.pk).update(state=SubmissionState.WITHDRAWN, withdrawn_at=NOW)
    make_submitted(make_call(slug="another-call"))
    return Call.objects.get(pk=call.pk)
