"""A reference is found however it is typed, whole or in part, in every list that has it."""

import pytest

from accounts.record import record
from accounts.states import AuditAction
from submissions.responses import erasing
from submissions.responses.states import ErasureScope
from tests.makers import CLOSES_AT, make_submitted, make_user

pytestmark = pytest.mark.django_db
TYPED = ("{}", "{middle}", " {} ", "{bare}", "{spaced}", "{lower}", "{last}")
# All lists look for it by one function.
LISTS = {
    "submissions/submission": TYPED,
    "submissions/outboxemail": TYPED[:2],
    "accounts/auditevent": TYPED[:2],
    "submissions/erasurerequest": TYPED[:2],
}


def test_reference_is_found_however_it_is_typed(client):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    response, other = (make_submitted(email="jo@example.org") for _ in range(2))
    for one in (response, other):
        record(by=None, at=CLOSES_AT, action=AuditAction.RESPONSE_OPENED, submission=one)
        erasing.ask(submission=one, scope=ErasureScope.IDENTITY, at=CLOSES_AT)
    code = response.reference
    forms = {
        "bare": code.replace("-", ""),
        "spaced": code.replace("-", " "),
        "lower": code.lower(),
        "last": code[-4:],
        "middle": code[6:11].lower(),
    }

    def found(path, typed):
        asked = {"q": typed.format(code, **forms)}
        rows = client.get(f"/admin/{path}/", asked).context["cl"].result_list
        return {getattr(row, "submission_id", row.pk) for row in rows}

    wrong = {
        (path, typed)
        for path, those in LISTS.items()
        for typed in those
        if found(path, typed) != {response.pk}
    }
    assert wrong == set()
