"""What a list of the admin says of itself: its title, and how it counts its rows."""

import pytest

from tests.makers import make_call, make_submitted, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("table", "title", "counted"),
    [
        ("submissions/outboxemail", "Outbox", "2 mails"),
        ("submissions/call", "Calls", "1 call"),
        ("exports/teamfiles", "Files for the team", "2 calls"),
        ("retention/retentioncalendar", "Retention calendars", "1 call"),
        ("review/cluster", "Duplicates and campaigns", "0 sets of alike responses"),
        ("accounts/user", "Users", "1 user"),
    ],
)
def test_list_has_the_name_of_its_table_and_counts_what_its_rows_are(client, table, title, counted):
    call = make_call()
    if counted == "2 calls":
        make_call(slug="another")
    make_submitted(call)
    make_submitted(call)
    client.force_login(make_user(is_superuser=True))
    page = " ".join(client.get(f"/admin/{table}/").content.decode().split())
    assert f"<h1>{title}</h1>" in page
    assert f"{counted} </p>" in page
