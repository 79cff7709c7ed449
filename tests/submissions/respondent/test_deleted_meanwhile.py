"""A draft that is deleted between a view's reading it and its locking it."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.states import Action
from submissions.admin import entry_pages
from submissions.mail import reminding
from submissions.respondent import autosave, check_answers, decorators
from submissions.responses import confirmed_addresses, late_passes
from submissions.responses.ending.drafts import delete_drafts
from submissions.responses.models import LatePass, ReturnAddress, Submission
from tests.makers import make_call, make_draft, make_first_call, make_user_who_may, while_open
from tests.submissions.admin.entering import ADMIN, begun, section_of, staff
from tests.submissions.respondent.answering import address, start_with, text_of

pytestmark = pytest.mark.django_db
NO_RESPONSE = "There is no response on this device"
WORDS = "We lost the bid."


@pytest.fixture
def call(at):
    call = make_call()
    at(while_open(call))
    return call


@pytest.fixture
def deleted_once_read(monkeypatch):
    """Another tab, or the retention, deletes each draft as soon as a view has read it."""

    def deleting(read):
        def read_and_delete(*args, **kwargs):
            found = read(*args, **kwargs)
            delete_drafts(Submission.objects.drafts(), limit=100)
            return found

        return read_and_delete

    for module, name in [
        (decorators, "current_response"),
        (autosave, "current_response"),
        (check_answers, "response_in_session"),
    ]:
        monkeypatch.setattr(module, name, deleting(getattr(module, name)))


@pytest.mark.parametrize(
    ("rest", "posted"),
    [
        ("response/about/", {"email": "me@example.org"}),
        ("response/evidence/", {"story": WORDS}),
        ("response/evidence/1/", {"story": WORDS}),
        ("response/check/", {"_expected_etag": "x"}),
        ("response/amend/", {}),
        ("response/leave/", {"email": "me@example.org"}),
        ("response/erase/", {"scope": "response"}),
        ("people/", {"email": "colleague@example.org"}),
    ],
)
def test_page_says_that_the_response_is_gone_and_gives_what_was_typed_back(
    client, call, deleted_once_read, rest, posted
):
    start_with(client, call)
    response = client.post(address(call, rest), posted)
    assert response.status_code == 404
    assert NO_RESPONSE in text_of(response)
    assert "has been deleted" in text_of(response)
    assert "What you saved is still saved" not in text_of(response)
    for typed in posted.values():
        assert typed in text_of(response) or typed == "x"
    assert not Submission.objects.exists()


def test_file_that_was_not_kept_is_named(client, call, deleted_once_read):
    start_with(client, call)
    posted = {"documents": SimpleUploadedFile("letter.txt", b"Dear all"), "action": "upload"}
    response = client.post(address(call, "response/evidence/"), posted)
    assert (response.status_code, NO_RESPONSE in text_of(response)) == (404, True)
    assert "File that was not added: letter.txt" in text_of(response)


def test_script_is_told_that_nothing_is_saved(client, call, deleted_once_read):
    start_with(client, call)
    posted = {"_section": "evidence", "story": WORDS}
    response = client.post(address(call, "response/save/"), posted)
    assert response.status_code == 404
    assert response.json()["warning"].startswith("What you typed is not saved")


def test_every_other_address_of_a_response_lead_on(client, call, deleted_once_read):
    for rest in ("discard", "withdraw", "erase/stop", "delete", "forget"):
        client.cookies.clear()
        start_with(client, call)
        response = client.post(address(call, f"response/{rest}/"), {"confirmed": "1"}, follow=True)
        assert response.status_code in {200, 404}, rest


def test_browser_whose_draft_was_deleted_before_is_told_the_same(client, call):
    start_with(client, call)
    Submission.objects.all().delete()
    assert "has been deleted" in text_of(client.get(address(call, "response/")))
    start_with(client, call)
    assert "has been deleted" not in text_of(Client().get(address(call, "response/")))


def test_late_pass_begins_a_response_where_the_open_one_was_deleted(call):
    draft = make_draft(call)
    ends = call.closes_at + timedelta(days=2)
    by = make_user_who_may(Action.GIVE_LATE_PASSES)
    late_pass = late_passes.give(
        call=call, reason="Ill", expires_at=ends, by=by, at=call.closes_at, address="a@example.org"
    )
    token = late_passes.make_link(late_pass)
    Submission.objects.all().delete()
    taken = late_passes.take_up(call=call, token=token, current=draft, at=call.closes_at)
    assert taken.pk != draft.pk
    assert LatePass.objects.get().submission == taken


def test_refusing_reminders_of_a_deleted_draft_changes_nothing(call):
    draft = make_draft(call)
    Submission.objects.all().delete()
    reminding.refuse_reminders(submission=draft, at=while_open(call))
    assert not ReturnAddress.objects.exists()


def test_link_to_a_deleted_draft_sends_no_copy_of_its_answers(call):
    draft = make_draft(call)
    Submission.objects.all().delete()
    at = while_open(call)
    assert not confirmed_addresses.enqueue_copy(submission=draft, token="", at=at)


def test_staff_are_told_that_a_colleague_discarded_what_they_enter(at, monkeypatch):
    call = make_first_call()
    at(call.closes_at + timedelta(days=9))
    client = staff()
    entry = begun(client, call)
    read = entry_pages.current_of

    def read_and_discard(entry):
        found = read(entry)
        Submission.objects.filter(pk=entry.submission_id).delete()
        return found

    monkeypatch.setattr(entry_pages, "current_of", read_and_discard)
    page = f"{ADMIN}{entry.pk}/in/{section_of(call, 'good_practice')}/"
    response = client.post(page, {"good_practice": WORDS})
    assert response.status_code == 404
    assert "Somebody else has discarded this response." in response.content.decode()
    assert WORDS in response.content.decode()
