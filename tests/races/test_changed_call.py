"""Saving and submitting while the call is being changed."""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction

from accounts.states import Role
from submissions.calls.models import Call, Question
from submissions.definitions.loading import hold_answers_still
from submissions.responses import drafting
from submissions.responses.entering import Came, begin_entry
from submissions.responses.models import Submission, Version
from submissions.responses.states import Acknowledgement, Channel
from submissions.responses.working_copy import working_answers
from tests.makers import complete_answers, make_call, make_user, while_open
from tests.threads import until_somebody_waits

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def call(at):
    call = make_call()
    at(while_open(call))
    return call


def add_required_question(call):
    section = call.questions_in_order[-1].section
    Question.objects.create(
        call=call,
        section=section,
        key="late",
        kind="short",
        label="Why?",
        required=True,
        position=99,
    )


def close(call):
    Call.objects.filter(pk=call.pk).update(
        closes_at=while_open(call), opens_at=while_open(call).replace(year=2018)
    )


def remove_question(call, key="story"):
    hold_answers_still()
    Question.objects.get(call=call, key=key).delete()


def submit_while(client, call, change):
    """Submit what was checked while `change` is not yet committed; return the response."""
    client.post(f"/calls/{call.slug}/start/")
    values = complete_answers(call)
    drafting.save_answers(
        submission=Submission.objects.get(), call=call, values=values, at=while_open(call)
    )
    check = f"/calls/{call.slug}/response/check/"
    seen = re.search(r'name="_expected_etag" value="([^"]+)"', client.get(check).content.decode())[
        1
    ]
    return post_while(client, call, change, check, {"_expected_etag": seen})


def post_while(client, call, change, path, posted):
    """Post while `change` is not yet committed: it is once the post waits for it."""
    changed = Event()

    def change_and_commit_when_awaited():
        try:
            with transaction.atomic():
                change(call)
                changed.set()
                until_somebody_waits()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        ending = threads.submit(change_and_commit_when_awaited)
        assert changed.wait(timeout=20)
        response = client.post(path, posted)
        ending.result(timeout=60)
    return response


def test_question_added_while_submitting_waits_is_asked_for(client, call):
    response = submit_while(client, call, add_required_question)
    assert response.status_code == 422
    for part in ('href="#answer-late"', 'id="answer-late"'):
        assert part in response.content.decode()
    assert Version.objects.count() == 0


def test_answer_whose_question_is_removed_while_it_waits_is_given_back(client, call):
    client.post(f"/calls/{call.slug}/start/")
    page = f"/calls/{call.slug}/response/evidence/"
    posted = {"_base_etags": "story:- age:-", "story": "What we saw.", "age": "adult"}
    response = post_while(client, call, remove_question, page, posted)
    assert response.status_code == 409
    assert "What we saw." in response.content.decode()
    assert working_answers(Submission.objects.get(), Call.objects.get()) == {"age": "adult"}


def test_script_says_that_a_question_was_removed_while_its_answer_waited(client, call):
    client.post(f"/calls/{call.slug}/start/")
    posted = {"_base_etags": "story:- age:-", "story": "What we saw.", "age": "adult"}
    path = f"/calls/{call.slug}/response/save/"
    response = post_while(client, call, remove_question, path, posted)
    assert "was taken out of the call meanwhile" in response.json()["warning"]
    assert working_answers(Submission.objects.get(), Call.objects.get()) == {"age": "adult"}


def names_of_files():
    return {name for _, _, names in os.walk(os.environ["PORTAL_MEDIA"]) for name in names}


def test_file_that_staff_add_to_a_question_that_is_removed_meanwhile_is_not_kept(client, call):
    by = make_user(Role.REVIEWER)
    came = Came(Channel.POST, while_open(call), Acknowledgement.NONE)
    entry = begin_entry(came, call=call, by=by, at=while_open(call))
    client.force_login(by)
    page = f"/admin/submissions/entry/{entry.pk}/in/evidence/"
    # The store takes over the temporary file of an upload that is this long.
    file = SimpleUploadedFile("notes.txt", b"What we saw. " * 100_000, "text/plain")
    posted = {"_base_etags": "story:- documents:-", "story": "What we saw.", "documents": file}
    before = names_of_files()  # another test of the run may have left one
    response = post_while(client, call, partial(remove_question, key="documents"), page, posted)
    assert response.status_code == 409
    assert "File that was not added: notes.txt</textarea>" in response.content.decode()
    assert working_answers(Submission.objects.get(), Call.objects.get())["story"] == "What we saw."
    assert names_of_files() == before


def test_closing_time_moved_while_submitting_waits_is_the_one_that_is_said(client, call):
    response = submit_while(client, call, close)
    assert response.status_code == 403
    said = Call.objects.get().closes_in_words
    assert said != call.closes_in_words
    assert f"The call closed at {said}." in response.content.decode()
    assert Version.objects.count() == 0
