"""Keys of rows that no row has, as somebody may write them into an address or a form."""

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.urls import reverse

from accounts.states import Role
from submissions.responses.models import Submission
from tests.makers import make_submitted, make_user

pytestmark = pytest.mark.django_db
LIST = "/admin/submissions/submission/"


@pytest.fixture
def manager(client, at):
    response = make_submitted()
    at(response.submitted_at)
    person = make_user(Role.MANAGER)
    client.force_login(person)
    return response


@pytest.mark.parametrize("key", ["9" * 5000, "9" * 25, "²", "٣"])
def test_key_that_no_row_has_finds_nothing(client, manager, key):
    flag = {"action": "flag", ACTION_CHECKBOX_NAME: [key]}
    codes = {
        "history": client.get(f"{LIST}{key}/history/").status_code,
        "across": client.get(
            reverse(
                "admin:submissions_submission_question",
                args=[manager.call.questions.get(key="story").pk],
            ),
            {"at": key},
        ).status_code,
        "saved filter": client.post(f"{LIST}saved-filters/", {"delete": key}).status_code,
        "ticked": client.post(LIST, flag).status_code,
        "copy": client.post(
            reverse("admin:submissions_erasurerequest_copy"), {"responses": [key]}
        ).status_code,
    }
    assert codes == {
        "history": 404,
        "across": 200,
        "saved filter": 302,  # as one that is deleted already
        "ticked": 302,
        "copy": 302,
    }


def test_considered_from_an_address_with_djangos_flag_of_an_error(client, manager):
    page = client.get(f"{LIST}{manager.pk}/change/")
    address = reverse("admin:submissions_submission_considered", args=[manager.pk])
    etag = page.content.decode().split('name="base_etag" value="')[1].split('"')[0]
    answer = client.post(f"{address}?e=1&_changelist_filters=e%3D1", {"base_etag": etag})
    assert answer.status_code == 302
    assert Submission.objects.get().triage_status == "considered"
