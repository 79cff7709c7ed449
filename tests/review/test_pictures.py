"""The pictures of a response's files beside its answers."""

import pytest
from django.urls import reverse

from accounts.models import AuditEvent
from accounts.states import Role
from submissions.responses.models import FileScan
from submissions.responses.submitting import submit
from tests.core.pictures import picture
from tests.makers import (
    complete_answers,
    make_attachment,
    make_call,
    make_draft,
    make_user,
    while_open,
)
from tests.review.response_pages import page_of


@pytest.fixture
def given(db):
    """A response with a picture and a file that only says that it is one."""
    call = make_call()
    draft = make_draft(call, **complete_answers(call))
    drawn = make_attachment(draft, name="a.jpg", content=picture(comment=b"Ada Writer"))
    hostile = make_attachment(draft, name="b.png", content=b"<svg onload='alert(1)'/>")
    for file, file_type in ((drawn, "jpg"), (hostile, "png")):
        type(file).objects.filter(pk=file.pk).update(file_type=file_type)
    return submit(submission=draft, at=while_open(call)).submission, drawn, hostile


def picture_of(response, file):
    return reverse("admin:submissions_submission_picture", args=[response.pk, file.public_id])


def test_pictures_are_shown_when_asked_for_and_go_on_record(client, given):
    response, drawn, hostile = given
    client.force_login(make_user(Role.MANAGER))
    address = picture_of(response, drawn)
    assert address not in client.get(page_of(response)).content.decode()
    assert f'src="{address}"' in client.get(page_of(response), {"pictures": 1}).content.decode()
    answer = client.get(address)
    assert (answer["Content-Type"], answer["Content-Security-Policy"]) == (
        "image/jpeg",
        "default-src 'none'; sandbox",
    )
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert b"Ada Writer" not in answer.content
    assert client.get(picture_of(response, hostile)).status_code == 404
    events = AuditEvent.objects.filter(action="file_opened")
    assert [(event.submission, event.detail) for event in events] == [
        (response, {"file": str(drawn.public_id), "sha256": drawn.sha256, "picture": True})
    ]


def test_picture_that_is_held_back_is_not_shown(client, given):
    response, drawn, _ = given
    FileScan.objects.create(
        attachment=drawn, state="infected", detail="Eicar", scanned_at=response.submitted_at
    )
    client.force_login(make_user(Role.MANAGER))
    assert client.get(picture_of(response, drawn)).status_code == 404
    assert picture_of(response, drawn) not in (
        client.get(page_of(response), {"pictures": 1}).content.decode()
    )


def test_who_may_not_open_files_sees_no_picture(client, given):
    response, drawn, _ = given
    client.force_login(make_user(Role.CODER))
    page = client.get(page_of(response), {"pictures": 1}).content.decode()
    assert picture_of(response, drawn) not in page
    assert client.get(picture_of(response, drawn)).status_code == 403
