"""The functions that keep what they returned; `tests/architecture/test_code.py` finds a new one."""

from core import broker, typesetting
from core.templatetags import word_counts
from submissions.calls import conditions
from submissions.calls.models import questionnaire
from submissions.respondent import effort, steps

CLEARED = (
    word_counts._in_language,
    conditions.parse,
    questionnaire._questionnaire_of_revision,
    effort._effort_of,
    steps._pages_by_section,
)
# The fonts' package, which is slow to read, and the broker's address are the same for every test.
STAYING = (broker._connection, broker._client, typesetting._fonts, typesetting._known)
