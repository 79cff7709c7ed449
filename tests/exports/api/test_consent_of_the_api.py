"""The sweep over all that respondents choose, through the API in both formats and every scope."""

import pytest

from accounts.states import Role
from tests.exports.api.pulling import lines, make_token, pull, rows
from tests.exports.exporting import SCOPES
from tests.exports.test_consent import exported_references, make_swept, marks_in, shown
from tests.makers import allow, make_user

pytestmark = pytest.mark.django_db


def with_every_right():
    by = make_user(Role.MANAGER)
    allow(by, "export", "export_named", "export_confidential")
    return by


@pytest.mark.parametrize("file_format", ["json", "csv"])
def test_no_withheld_value_comes_and_what_may_be_shown_does(client, file_format):
    call, said = make_swept(shares_confidential_files=True)
    by = with_every_right()
    for name, scope in SCOPES.items():
        _token, secret = make_token(call, by=by, scope=scope)
        data = b"".join(pull(client, call, secret, format=file_format))
        may_be = {mark for mark in shown(said, scope) if not mark.endswith("content")}
        assert (name, marks_in(data)) == (name, may_be)
        held = {
            line["reference"]
            for line in (
                rows(pull(client, call, secret, format="csv"))
                if file_format == "csv"
                else lines(pull(client, call, secret))
            )
        }
        assert (name, held) == (name, exported_references(said, scope))


def test_no_filter_tells_what_a_confidential_response_says(client):
    call, said = make_swept()
    _token, secret = make_token(call)
    for texts, publication, *_rest in said.values():
        found = lines(pull(client, call, secret, words=f"“{texts['good_practice']}”"))
        if publication == "confidential":
            assert found == []
    codes = pull(client, call, secret, codes="Roles")
    assert {line["publication"] for line in lines(codes)} == {"named"}
