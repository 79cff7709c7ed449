import hashlib
from datetime import timedelta

import pytest

from core.references import read_reference
from submissions.outbox.models import OutboxEmail
from submissions.responses import attaching, drafting, submitting
from submissions.responses.answering import ResponseIncomplete
from submissions.responses.errors import AlreadySubmitted, NoFreeReference
from submissions.responses.models import Submission, Version
from submissions.responses.working_copy import working_answers
from tests.makers import (
    complete_answers,
    make_attachment,
    make_call,
    make_draft,
    make_submitted,
    while_open,
)

pytestmark = pytest.mark.django_db


def test_submit_writes_reference_version_and_mail():
    call = make_call(reference_prefix="RTR")
    draft = make_draft(call, **complete_answers(call, story="We bid.\r\nWe lost."))
    at = while_open(call)
    version = submitting.submit(submission=draft, at=at)
    draft.refresh_from_db()
    assert read_reference(draft.reference) == draft.reference
    assert (draft.state, draft.submitted_at) == ("submitted", at)
    assert draft.current_version == version
    assert (version.number, version.received_at, version.deadline) == (1, at, call.closes_at)
    assert version.texts["story"] == "We bid.\nWe lost."
    assert version.choices["publication"] == "named"
    mail = OutboxEmail.objects.get()
    assert (mail.kind, mail.to_address, mail.version, mail.state) == (
        "confirmation",
        "someone@example.org",
        version,
        "waiting",
    )
    assert (mail.created_at, mail.next_attempt_at) == (at, None)


def test_digest_is_the_sha256_of_the_canonical_text():
    version = make_submitted().current_version
    assert version.sha256 == hashlib.sha256(version.canonical_text.encode()).hexdigest()
    assert version.submission.reference in version.canonical_text


def test_identity_stands_apart_from_evidence():
    version = make_submitted(email="who@example.org").current_version
    assert version.identity.answers == {"email": "who@example.org"}
    assert "email" not in {**version.texts, **version.choices}
    assert "who@example.org" not in version.canonical_text


def test_words_are_counted_over_all_texts():
    version = make_submitted(
        story="Three short words", roles=["other"], role_other="Board member"
    ).current_version
    assert version.words == 5


def test_submit_again_returns_the_same_version_and_owes_no_second_mail():
    submission = make_submitted()
    later = submission.submitted_at + timedelta(minutes=1)
    again = submitting.submit(submission=submission, at=later)
    assert again == submission.current_version
    assert (Version.objects.count(), OutboxEmail.objects.count()) == (1, 1)


def test_submit_again_after_closing_still_returns_the_version():
    submission = make_submitted()
    again = submitting.submit(submission=submission, at=submission.call.closes_at)
    assert again == submission.current_version


def test_incomplete_response_is_refused_with_every_fault():
    call = make_call()
    draft = make_draft(call, email="not an address", roles=["commissioner"])
    with pytest.raises(ResponseIncomplete) as refusal:
        submitting.submit(submission=draft, at=while_open(call))
    assert [fault.key for fault in refusal.value.issues] == [
        "email",
        "age",
        "story",
        "publication",
        "declaration",
    ]
    assert Submission.objects.get().state == "draft"


def test_response_without_evidence_is_refused():
    call = make_call()
    answers = complete_answers(call)
    del answers["story"]
    draft = make_draft(call, **answers)
    with pytest.raises(ResponseIncomplete) as refusal:
        submitting.submit(submission=draft, at=while_open(call))
    assert [(f.key, f.message) for f in refusal.value.issues] == [
        ("story", "Give at least one answer in your own words, or add at least one file")
    ]


def test_one_file_is_evidence_enough():
    call = make_call()
    answers = complete_answers(call)
    del answers["story"]
    draft = make_draft(call, **answers)
    attachment = make_attachment(draft)
    version = submitting.submit(submission=draft, at=while_open(call))
    assert list(version.attachments.all()) == [attachment]
    assert attachment.sha256 in version.canonical_text
    assert attachment.name not in version.canonical_text


def test_answer_that_leads_to_help_cannot_be_submitted():
    call = make_call()
    draft = make_draft(call, **complete_answers(call, age="child"))
    with pytest.raises(ResponseIncomplete) as refusal:
        submitting.submit(submission=draft, at=while_open(call))
    assert [f.message for f in refusal.value.issues] == ["Ask an adult to help you"]


def test_answers_that_do_not_apply_stay_out_of_the_version():
    call = make_call()
    answers = complete_answers(call, roles=["provider"], commissioner_view="Left from before")
    draft = make_draft(call, **answers)
    version = submitting.submit(submission=draft, at=while_open(call))
    assert "commissioner_view" not in version.texts
    assert working_answers(draft, call)["commissioner_view"] == "Left from before"


def test_taken_reference_is_drawn_again(monkeypatch):
    call = make_call()
    taken = make_submitted(call).reference
    drawn = iter([taken, taken, "TST-2222-222R"])
    monkeypatch.setattr("submissions.responses.versions.make_reference", lambda prefix: next(drawn))
    assert make_submitted(call).reference == "TST-2222-222R"
    assert Version.objects.count() == 2


def test_no_free_reference_leaves_the_draft_as_it_was(monkeypatch):
    call = make_call()
    taken = make_submitted(call).reference
    draft = make_draft(call, **complete_answers(call))
    monkeypatch.setattr("submissions.responses.versions.make_reference", lambda prefix: taken)
    with pytest.raises(NoFreeReference):
        submitting.submit(submission=draft, at=while_open(call))
    draft.refresh_from_db()
    assert (draft.state, draft.reference) == ("draft", None)


def test_submitted_response_takes_no_answers_and_no_files():
    submission = make_submitted()
    at = submission.submitted_at
    with pytest.raises(AlreadySubmitted):
        drafting.save_answers(
            submission=submission, call=submission.call, values={"story": "Other"}, at=at
        )
    with pytest.raises(AlreadySubmitted):
        attaching.detach(submission=submission, public_id=submission.public_id, at=at)


def test_response_without_address_owes_no_mail():
    call = make_call()
    call.questions.filter(key="email").update(required=False)
    call = type(call).objects.get(pk=call.pk)
    submission = make_submitted(call)
    assert submission.mails.count() == 0
