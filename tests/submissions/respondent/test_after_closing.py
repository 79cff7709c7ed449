"""A draft after its call has closed."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from submissions.calls.models import Call
from tests.makers import make_call, while_open
from tests.submissions.respondent.answering import address, answers_of, start, start_with, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(at):
    call = make_call()
    at(while_open(call))
    return call


def test_section_posted_after_closing_keeps_the_text_and_says_so(client, call, at):
    draft = start(client, call)
    at(call.closes_at + timedelta(minutes=3))
    response = client.post(address(call, "response/evidence/"), {"story": "Just too late."})
    assert response.status_code == 403
    assert "What you typed is saved" in text_of(response)
    assert answers_of(draft) == {"story": "Just too late."}


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("story", "word " * 200_001, "It can be saved when it has 1,000,000 or fewer"),
        ("documents", b"not a pdf", "its type is not really PDF"),
    ],
)
def test_what_cannot_be_kept_after_closing_is_given_back_with_the_reason(
    client, call, at, key, value, why
):
    draft = start(client, call)
    at(call.closes_at + timedelta(minutes=3))
    posted = SimpleUploadedFile("plan.pdf", value) if isinstance(value, bytes) else value
    response = client.post(
        address(call, "response/evidence/"), {key: posted, "commissioner_view": "Kept."}
    )
    text = text_of(response)
    assert response.status_code == 422
    assert why in text
    assert "It closed at midday on Wednesday 24 July 2019 (UK time)." in text
    assert "What you typed is saved" not in text
    if key == "story":
        assert value.strip() in response.content.decode()
    assert answers_of(draft) == {"commissioner_view": "Kept."}


def test_draft_stays_readable_after_closing(client, call, at):
    start_with(client, call, story="Still here.")
    at(call.closes_at + timedelta(days=30))
    for rest in ["response/", "response/about/", "response/check/"]:
        text = text_of(client.get(address(call, rest)))
        assert "This call is closed" in text, rest
        assert "Still here." in text, rest
        kept = "until midday on Tuesday 22 October 2019 (UK time). Then we delete it."
        assert f"You can read it below and download it {kept}" in text, rest
    leave = text_of(client.get(address(call, "response/leave/")))
    assert "Open this website again to read your response." in leave


def test_draft_downloads_as_text_after_closing(client, call, at):
    start_with(client, call, story="Still here.")
    at(call.closes_at + timedelta(days=30))
    response = client.get(address(call, "response/text/"))
    assert response["Content-Disposition"] == f'attachment; filename="draft-{call.slug}.txt"'
    text = response.content.decode()
    assert "Draft: not submitted" in text
    assert "What happened?\nStill here.\n" in text


def test_call_whose_opening_was_put_off_is_not_said_to_be_closed(client, call):
    draft = start_with(client, call)
    Call.objects.update(opens_at=call.closes_at - timedelta(hours=2))
    posted = {"story": "Just too early.", "_section": "evidence"}
    pages = [
        client.post(address(call, "response/evidence/"), posted),
        client.post(address(call, "response/evidence/"), posted | {"story": "word " * 200_001}),
        client.post(address(call, "response/check/")),
        client.post(address(call, "response/save/"), posted | {"commissioner_view": "More"}),
    ]
    assert [page.status_code for page in pages] == [403, 422, 403, 200]
    for page in pages:
        assert "10am on Wednesday 24 July 2019 (UK time)" in text_of(page)
        assert "closed" not in text_of(page)
    assert answers_of(draft)["story"] == "Just too early."
