import re

import pytest

from submissions.models import Submission
from tests.makers import make_call, while_open

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(at):
    call = make_call()
    at(while_open(call))
    return call


@pytest.mark.parametrize(
    ("name", "content_type", "begins"),
    [
        ("pdf", "application/pdf", b"%PDF-"),
        (
            "docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            b"PK\x03\x04",
        ),
    ],
)
def test_questions_are_downloaded_without_starting(client, call, name, content_type, begins):
    page = client.get(f"/calls/{call.slug}/questions/").content.decode()
    path = f"/calls/{call.slug}/questions.{name}"
    assert re.search(f'href="{re.escape(path)}"', page)
    response = client.get(path)
    assert response["Content-Type"] == content_type
    assert response["Content-Disposition"] == f'attachment; filename="{call.slug}.{name}"'
    assert response.content.startswith(begins)
    assert Submission.objects.count() == 0
