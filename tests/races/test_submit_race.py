"""Real threads on real connections."""

import threading
from datetime import timedelta
from threading import Event

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from submissions.calls.models import Call
from submissions.outbox.models import OutboxEmail
from submissions.responses import attaching, drafting, submitting
from submissions.responses.errors import AlreadySubmitted, CallClosed, FileRefused
from submissions.responses.models import Attachment, Submission, Version
from tests.makers import complete_answers, make_call, make_draft, while_open
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_eight_threads_submitting_one_draft_get_one_reference():
    call = make_call()
    draft = make_draft(call, **complete_answers(call))
    at = while_open(call)
    versions = at_once([lambda: submitting.submit(submission=draft, at=at)] * 8)
    assert {version.pk for version in versions} == {Version.objects.get().pk}
    assert {v.submission.reference for v in versions} == {Submission.objects.get().reference}
    assert OutboxEmail.objects.count() == 1


def test_two_submissions_that_draw_one_reference_both_get_one(monkeypatch):
    call = make_call()
    drafts = [make_draft(call, **complete_answers(call)) for _ in range(2)]
    at = while_open(call)
    mine = threading.local()
    monkeypatch.setattr(
        "submissions.responses.versions.make_reference", lambda prefix: next(mine.drawn)
    )

    def submit(draft):
        mine.drawn = iter(["TST-2222-222R", f"TST-3333-{draft.pk:04}"])
        return submitting.submit(submission=draft, at=at)

    versions = at_once([lambda d=draft: submit(d) for draft in drafts])
    references = {version.submission.reference for version in versions}
    assert len(references) == 2
    assert "TST-2222-222R" in references


def test_closing_time_moved_while_submitting_waits_for_the_submission():
    """Either order is right; what may not be is a version against a deadline that was gone."""
    call = make_call()
    draft = make_draft(call, **complete_answers(call))
    at = while_open(call)
    locked, moved = Event(), Event()

    def submit():
        with transaction.atomic():
            version = submitting.submit(submission=draft, at=at)
            locked.set()
            waited = not moved.wait(timeout=0.5)
        return version, waited

    def close_earlier():
        locked.wait(timeout=20)
        Call.objects.filter(pk=call.pk).update(closes_at=at - timedelta(days=1))
        moved.set()

    (version, change_waited), _ = at_once([submit, close_earlier])
    assert change_waited
    assert version.deadline == call.closes_at
    late = make_draft(call, **complete_answers(call))
    with pytest.raises(CallClosed):
        submitting.submit(submission=late, at=at)


def test_save_and_submit_at_once_never_change_what_was_received():
    call = make_call()
    at = while_open(call)
    for _ in range(2):
        draft = make_draft(call, **complete_answers(call, story="Before"))

        def save(draft=draft):
            drafting.save_answers(submission=draft, call=call, values={"story": "After"}, at=at)

        saved, version = at_once(
            [save, lambda draft=draft: submitting.submit(submission=draft, at=at)]
        )
        story = version.texts["story"]
        assert (story, type(saved)) in {("Before", AlreadySubmitted), ("After", type(None))}


def test_files_added_at_once_stay_within_the_limit():
    call = make_call()
    draft = make_draft(call)
    question = call.questions_by_key["documents"]
    at = while_open(call)

    def add(number):
        upload = SimpleUploadedFile("notes.txt", f"Notes {number}".encode())
        return lambda: attaching.attach(submission=draft, question=question, upload=upload, at=at)

    results = at_once([add(number) for number in range(8)])
    assert sum(isinstance(result, Attachment) for result in results) == 3
    assert sum(isinstance(result, FileRefused) for result in results) == 5
    assert draft.attachments.count() == 3
