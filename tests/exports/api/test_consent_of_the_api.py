"""The sweep over all that respondents choose, through the API in both formats and every scope."""

import pytest

from accounts.states import Role
from tests.exports.api.pulling import lines, make_token, pull, rows
from tests.exports.exporting import SCOPES
from tests.exports.swept import exported_references, make_swept, shown
from tests.exports.what_files_hold import marks_in
from tests.makers import allow, make_user

pytestmark = pytest.mark.django_db


def with_every_right():
    by = make_user(Role.MANAGER)
    allow(by, "export", "export_named", "export_confidential")
    return by


def test_no_withheld_value_comes_or_is_found_and_what_may_be_shown_does(client):
    call, said = make_swept(shares_confidential_files=True)
    by = with_every_right()
    for name, scope in SCOPES.items():
        _token, secret = make_token(call, by=by, scope=scope)
        may_be = {mark for mark in shown(said, scope) if not mark.endswith("content")}
        for file_format, read in (("json", lines), ("csv", rows)):
            page = pull(client, call, secret, format=file_format)
            data = b"".join(page)
            assert (name, file_format, marks_in(data)) == (name, file_format, may_be)
            page.streaming_content = [data]
            held = {line["reference"] for line in read(page)}
            assert (name, held) == (name, exported_references(said, scope))
    _token, secret = make_token(call)
    for publication in ("confidential", "named"):
        texts = next(those[0] for those in said.values() if those[1] == publication)
        found = lines(pull(client, call, secret, words=f"“{texts['good_practice']}”"))
        assert (publication, len(found)) == (publication, publication == "named")
    codes = pull(client, call, secret, codes="Roles")
    assert {line["publication"] for line in lines(codes)} == {"named"}
