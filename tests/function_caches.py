"""The functions that keep what they returned; `tests/architecture/test_code.py` finds a new one."""

from core import typesetting
from submissions.calls import conditions
from submissions.calls.models import questionnaire

CLEARED = (conditions.parse, questionnaire._questionnaire_of_revision)
# They read the fonts' package, which is the same for every test, and slow to read.
STAYING = (typesetting._fonts, typesetting._known)
