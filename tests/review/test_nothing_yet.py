"""Lists of the admin that are empty."""

import pytest

from accounts.states import Role
from tests.makers import make_call, make_draft, make_submitted, make_user, while_open

NOBODY = "Nobody has submitted a response yet. What somebody is still writing is not here."
LISTS = {
    "submissions/submission": NOBODY,
    "review/finding": "No finding was written yet.",
    "review/cluster": "No two responses are alike so far.",
    "review/quote": "No passage is marked as quotable yet.",
    "review/redaction": "Nothing is hidden or proposed to be hidden.",
    "review/reportrun": "No report was made yet.",
    "review/codingsample": "No sample was drawn yet.",
    "submissions/entry": "Nothing is half entered.",
    "submissions/latepass": "No late pass was given yet.",
    "submissions/erasurerequest": "Nobody has asked to erase anything yet.",
    "exports/apitoken": "No program reads responses.",
}


@pytest.fixture
def manager(client, db, at):
    call = make_call()
    at(while_open(call))
    make_draft(call)
    client.force_login(make_user(Role.MANAGER))
    return client, call


def test_empty_list_says_what_will_stand_there(manager):
    client, _ = manager
    for name, said in LISTS.items():
        assert said in client.get(f"/admin/{name}/").content.decode(), name


def test_list_with_rows_and_one_that_a_search_emptied_do_not_say_that_nothing_is_there(manager):
    client, call = manager
    assert NOBODY not in client.get("/admin/submissions/submission/?q=nothing").content.decode()
    make_submitted(call)
    for searched in ("", "?q=nothing"):
        page = client.get(f"/admin/submissions/submission/{searched}").content.decode()
        assert NOBODY not in page
