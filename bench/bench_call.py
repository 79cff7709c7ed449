"""The call that benches fill with responses of their own. Import it after `django.setup()`."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from submissions.calls.models import Call, Question, Section

OPENS_AT = datetime(2019, 5, 29, 8, tzinfo=UTC)
CLOSES_AT = datetime(2019, 7, 24, 11, tzinfo=UTC)


def make_call(questions: Iterable[dict[str, Any]]) -> Call:
    """Make the call with these questions, in one section and in their order."""
    call = Call.objects.create(
        slug="bench",
        title="Bench",
        summary="-",
        about="-",
        what_happens_next="-",
        contact_name="-",
        contact_email="bench@example.org",
        opens_at=OPENS_AT,
        closes_at=CLOSES_AT,
        reference_prefix="BEN",
    )
    section = Section.objects.create(call=call, key="all", title="All", position=0)
    for position, question in enumerate(questions):
        Question.objects.create(call=call, section=section, position=position, **question)
    return Call.objects.get(pk=call.pk)
