"""Staff enter a response that came another way, page by page, without a script."""

from datetime import timedelta

import pytest
from django.test import Client

from accounts.states import Role
from submissions.responses.models import Entry, Submission
from tests.forms import form_of
from tests.makers import make_first_call, make_user

pytestmark = pytest.mark.django_db
ADMIN = "/admin/submissions/entry/"


@pytest.fixture
def call(at):
    made = make_first_call()
    at(made.closes_at + timedelta(days=9))
    return made


def staff(role=Role.REVIEWER):
    client = Client()
    client.force_login(make_user(role))
    return client


def begun(client, call, **overrides):
    came = (call.closes_at - timedelta(days=1)).date().isoformat()
    data = {"channel": "post", "day": came, "time": "09:30", "acknowledgement": "letter"}
    client.post(f"{ADMIN}begin/{call.pk}/", data | overrides)
    return Entry.objects.select_related("submission").get()


def section_of(call, key):
    return call.questionnaire.questions_by_key[key].section.key


def test_letter_is_entered_and_acknowledged_to_print(call):
    client = staff()
    entry = begun(client, call)
    page = f"{ADMIN}{entry.pk}/in/{section_of(call, 'good_practice')}/"
    form = form_of(client.get(page)) | {"good_practice": "We share rooms.", "action": "save"}
    assert client.post(page, form).headers["Location"] == ADMIN
    check = f"{ADMIN}{entry.pk}/check/"
    shown = client.get(check)
    assert "We share rooms." in shown.content.decode()
    assert "will be confidential" in shown.content.decode()
    done = client.post(check, form_of(shown))
    assert done.headers["Location"] == f"{ADMIN}{entry.pk}/letter/"
    response = Submission.objects.get(pk=entry.pk)
    letter = client.get(f"{ADMIN}{entry.pk}/letter/").content.decode()
    assert response.reference in letter
    assert (response.state, response.channel) == ("submitted", "post")
    read = client.get(f"/admin/submissions/submission/{entry.pk}/change/").content.decode()
    assert f"Post, entered by {entry.begun_by}" in read


def test_two_staff_who_change_one_answer_are_told_and_nothing_is_overwritten(call):
    ann, ben = staff(), staff()
    entry = begun(ann, call)
    page = f"{ADMIN}{entry.pk}/in/{section_of(call, 'good_practice')}/"
    forms = [form_of(one.get(page)) for one in (ann, ben)]
    ann.post(page, forms[0] | {"good_practice": "What Ann typed."})
    told = ben.post(page, forms[1] | {"good_practice": "What Ben typed."})
    assert told.status_code == 409
    said = told.content.decode()
    assert ("What Ann typed." in said, "What Ben typed." in said) == (True, True)
    stored = entry.submission.answers.get(question__key="good_practice")
    assert stored.value == "What Ann typed."


def test_moment_to_come_is_refused_beside_the_form(call):
    later = (call.closes_at + timedelta(days=30)).date().isoformat()
    data = {"channel": "post", "day": later, "time": "09:30", "acknowledgement": "none"}
    answer = staff().post(f"{ADMIN}begin/{call.pk}/", data)
    assert "Enter a day and time that have passed." in answer.content.decode()
    assert Entry.objects.count() == 0


def test_letter_that_came_too_late_is_kept_and_staff_are_told(call):
    client = staff()
    entry = begun(client, call, day=(call.closes_at + timedelta(days=2)).date().isoformat())
    page = f"{ADMIN}{entry.pk}/in/{section_of(call, 'good_practice')}/"
    client.post(page, form_of(client.get(page)) | {"good_practice": "Too late."})
    check = f"{ADMIN}{entry.pk}/check/"
    told = client.post(check, form_of(client.get(check)))
    assert (told.status_code, "It is kept here" in told.content.decode()) == (409, True)
    assert Submission.objects.get(pk=entry.pk).is_draft


def test_half_entered_response_is_discarded(call):
    client = staff()
    entry = begun(client, call)
    assert client.post(f"{ADMIN}{entry.pk}/discard/").headers["Location"] == ADMIN
    assert Submission.objects.count() == 0


def test_member_of_another_call_and_coder_find_no_entry(call):
    entry = begun(staff(), call)
    client = staff(Role.CODER)
    assert client.get(f"{ADMIN}{entry.pk}/").status_code == 403
