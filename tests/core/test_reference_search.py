"""A reference is found however it is typed, whole or in part, in every list that has it."""

import pytest

from accounts.record import record
from accounts.states import AuditAction
from submissions.responses import erasing
from submissions.responses.states import ErasureScope
from tests.makers import CLOSES_AT, make_submitted, make_user

pytestmark = pytest.mark.django_db
LISTS = (
    "submissions/submission",
    "submissions/outboxemail",
    "accounts/auditevent",
    "submissions/erasurerequest",
)


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "typed", ["{}", " {} ", "{bare}", "{spaced}", "{lower}", "{last}", "{middle}"]
)
def test_reference_is_found_however_it_is_typed(client, path, typed):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    response, other = (make_submitted(email="jo@example.org") for _ in range(2))
    for one in (response, other):
        record(by=None, at=CLOSES_AT, action=AuditAction.RESPONSE_OPENED, submission=one)
        erasing.ask(submission=one, scope=ErasureScope.IDENTITY, at=CLOSES_AT)
    code = response.reference
    said = typed.format(
        code,
        bare=code.replace("-", ""),
        spaced=code.replace("-", " "),
        lower=code.lower(),
        last=code[-4:],
        middle=code[6:11].lower(),
    )
    rows = client.get(f"/admin/{path}/", {"q": said}).context["cl"].result_list
    found = {row.pk if path == LISTS[0] else row.submission_id for row in rows}
    assert found == {response.pk}
