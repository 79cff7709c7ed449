from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import AuditEvent
from submissions.responses import amending, attaching, drafting, submitting
from submissions.responses.errors import (
    AlreadySubmitted,
    CallClosed,
    NotSubmitted,
    ResponseWithdrawn,
)
from submissions.responses.working_copy import working_answers
from tests.makers import (
    complete_answers,
    make_attachment,
    make_call,
    make_draft,
    make_submitted,
    make_user,
    while_open,
)

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def opened_again(**answers):
    submission = make_submitted(**answers)
    amending.reopen(submission=submission, at=submission.submitted_at)
    submission.refresh_from_db()
    return submission


def change(submission, **answers):
    call = type(submission.call).objects.get(pk=submission.call_id)
    at = submission.submitted_at + HOUR / 2
    drafting.save_answers(submission=submission, call=call, values=answers, at=at)
    return call


def test_changed_response_gets_its_next_version_and_the_old_one_stays():
    submission = opened_again(story="Before")
    first = submission.current_version
    change(submission, story="After")
    second = submitting.submit(submission=submission, at=submission.submitted_at + HOUR)
    submission.refresh_from_db()
    assert (second.number, second.texts["story"]) == (2, "After")
    assert submission.current_version == second
    assert (submission.reference, submission.amending_since) == (first.submission.reference, None)
    assert submission.submitted_at == first.received_at
    assert "Version: 2" in second.canonical_text
    first.refresh_from_db()
    assert first.texts["story"] == "Before"
    kinds = submission.mails.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["confirmation", "amended"]


def test_submitting_again_with_nothing_changed_keeps_the_version():
    submission = opened_again()
    version = submitting.submit(submission=submission, at=submission.submitted_at + HOUR)
    submission.refresh_from_db()
    assert (version.number, submission.amending_since) == (1, None)
    assert submission.mails.count() == 1


def test_change_of_identity_alone_is_a_new_version_with_the_new_address():
    submission = opened_again()
    change(submission, email="new@example.org")
    version = submitting.submit(submission=submission, at=submission.submitted_at + HOUR)
    assert version.number == 2
    assert version.identity.answers == {"email": "new@example.org"}
    assert submission.mails.get(kind="amended").to_address == "new@example.org"


def test_file_that_was_taken_out_is_in_the_earlier_version_alone():
    call = make_call()
    draft = make_draft(call, **complete_answers(call))
    file = make_attachment(draft)
    at = while_open(call)
    first = submitting.submit(submission=draft, at=at)
    amending.reopen(submission=draft, at=at)
    draft.refresh_from_db()
    attaching.detach(submission=draft, public_id=file.public_id, at=at)
    second = submitting.submit(submission=draft, at=at)
    assert [list(version.attachments.all()) for version in (first, second)] == [[file], []]


def test_change_that_was_not_submitted_before_closing_leaves_what_was():
    submission = opened_again(story="Before")
    call = change(submission, story="After")
    with pytest.raises(CallClosed):
        submitting.submit(submission=submission, at=call.closes_at)
    submission.refresh_from_db()
    assert submission.state == "submitted"
    assert submission.current_version.texts["story"] == "Before"


def test_open_again_after_closing_is_refused():
    submission = make_submitted()
    with pytest.raises(CallClosed):
        amending.reopen(submission=submission, at=submission.call.closes_at)
    submission.refresh_from_db()
    assert submission.amending_since is None


def test_put_back_restores_answers_and_files(django_capture_on_commit_callbacks):
    call = make_call()
    draft = make_draft(call, **complete_answers(call, story="Before"))
    kept = make_attachment(draft)
    submission = submitting.submit(submission=draft, at=while_open(call)).submission
    at = submission.submitted_at
    before = working_answers(submission, call)
    amending.reopen(submission=submission, at=at)
    submission.refresh_from_db()
    change(submission, story="After", email="new@example.org", fairness={"money": "good"})
    attaching.detach(submission=submission, public_id=kept.public_id, at=at)
    attaching.attach(
        submission=submission,
        question=call.questions_by_key["documents"],
        upload=SimpleUploadedFile("new.txt", b"New"),
        at=at,
    )
    amending.discard_changes(submission=submission, at=call.closes_at + HOUR)
    submission.refresh_from_db()
    assert working_answers(submission, call) == before
    assert list(submission.attachments.filter(removed_at=None)) == [kept]
    assert submission.amending_since is None
    with pytest.raises(AlreadySubmitted):
        change(submission, story="Again")


def test_withdrawn_response_stays_on_record_and_its_author_is_told():
    submission = make_submitted()
    at = submission.submitted_at + HOUR
    for _ in range(2):
        amending.withdraw(submission=submission, at=at)
    submission.refresh_from_db()
    assert (submission.state, submission.withdrawn_at) == ("withdrawn", at)
    assert submission.current_version.number == 1
    assert submission.mails.filter(kind="withdrawn").count() == 1
    event = AuditEvent.objects.get(action="response_withdrawn")
    assert (event.submission, event.at) == (submission, at)


def test_withdrawn_response_takes_nothing_more():
    submission = make_submitted()
    at = submission.submitted_at
    amending.withdraw(submission=submission, at=at)
    for verb in (submitting.submit, amending.reopen, amending.discard_changes):
        with pytest.raises(ResponseWithdrawn):
            verb(submission=submission, at=at)


def test_response_is_withdrawn_no_earlier_than_its_last_answer():
    """By these two moments, what was changed before a withdrawal is found when drafts end."""
    submission = opened_again()
    change(submission, story="Sent last, saved first")
    amending.withdraw(submission=submission, at=submission.submitted_at)
    submission.refresh_from_db()
    assert submission.withdrawn_at == submission.saved_at > submission.submitted_at


def test_withdraw_after_closing_is_refused():
    submission = make_submitted()
    with pytest.raises(CallClosed):
        amending.withdraw(submission=submission, at=submission.call.closes_at)


@pytest.mark.parametrize("verb", [amending.reopen, amending.discard_changes, amending.withdraw])
def test_draft_is_neither_opened_again_nor_withdrawn(verb):
    draft = make_draft()
    with pytest.raises(NotSubmitted):
        verb(submission=draft, at=draft.started_at)


def test_staff_withdraw_after_closing_on_request_with_a_reason_on_record(caplog):
    submission = make_submitted()
    user, at = make_user(), submission.call.closes_at + HOUR
    for _ in range(2):
        amending.withdraw_on_request(submission=submission, by=user, reason="By email", at=at)
    submission.refresh_from_db()
    assert (submission.state, submission.withdrawn_at) == ("withdrawn", at)
    assert submission.mails.filter(kind="withdrawn").count() == 1
    event = AuditEvent.objects.get(action="response_withdrawn")
    assert (event.actor, event.detail) == (user, {"asked_by": "author", "reason": "By email"})
    # For after a restore.
    assert f"response {submission.reference} withdrawn" in caplog.text


def test_staff_withdraw_no_draft():
    draft = make_draft()
    with pytest.raises(NotSubmitted):
        amending.withdraw_on_request(
            submission=draft, by=make_user(), reason="By email", at=draft.started_at
        )
