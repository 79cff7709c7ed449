"""Keeping what is typed, beside what others typed meanwhile."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from submissions.domain import attaching, drafting
from submissions.errors import FileRefused
from tests.makers import make_attachment, make_call, make_draft, while_open

pytestmark = pytest.mark.django_db


@pytest.fixture
def call():
    return make_call()


def save(draft, call, seen, **values):
    kept = drafting.save_answers(
        submission=draft,
        call=call,
        values=values,
        at=while_open(call) + timedelta(minutes=1),
        seen={key: {drafting.fingerprint(value)} for key, value in seen.items()},
    )
    assert kept.answers == drafting.working_answers(draft, call)
    return kept.contested


def test_answer_that_stands_as_it_was_seen_is_overwritten(call):
    draft = make_draft(call, story="Seen")
    assert save(draft, call, {"story": "Seen"}, story="Mine") == {}
    assert drafting.working_answers(draft, call) == {"story": "Mine"}


def test_answer_that_both_changed_is_handed_back_and_the_others_are_kept(call):
    draft = make_draft(call, story="Theirs")
    saved_at = draft.saved_at
    contested = save(draft, call, {"story": "Seen", "age": None}, story="Mine", age="adult")
    assert contested == {"story": "Theirs"}
    assert drafting.working_answers(draft, call) == {"story": "Theirs", "age": "adult"}
    assert draft.saved_at == saved_at + timedelta(minutes=1)


def test_answer_that_only_the_other_changed_stays_theirs(call):
    draft = make_draft(call, story="Theirs")
    assert save(draft, call, {"story": "Seen"}, story="Seen") == {}
    assert drafting.working_answers(draft, call) == {"story": "Theirs"}


def test_same_edit_twice_is_no_contest(call):
    draft = make_draft(call, story="Both")
    assert save(draft, call, {"story": "Seen"}, story="Both") == {}


def test_emptied_answer_that_another_changed_is_contested(call):
    draft = make_draft(call, story="Theirs")
    assert save(draft, call, {"story": "Seen"}, story="") == {"story": "Theirs"}
    assert drafting.working_answers(draft, call) == {"story": "Theirs"}


def test_save_that_only_met_contest_does_not_count_as_saved(call):
    draft = make_draft(call, story="Theirs")
    saved_at = draft.saved_at
    save(draft, call, {"story": "Seen"}, story="Mine")
    draft.refresh_from_db()
    assert draft.saved_at == saved_at


def replace(draft, call, attachment, content, name="new.txt"):
    return attaching.replace(
        submission=draft,
        question=call.questions_by_key["documents"],
        public_id=attachment.public_id,
        upload=SimpleUploadedFile(name, content),
        at=while_open(call),
    )


def test_file_takes_the_place_of_another_where_there_is_room_for_no_more(call):
    draft = make_draft(call)
    files = [make_attachment(draft, content=f"{n}".encode()) for n in range(3)]
    replace(draft, call, files[1], b"New")
    assert [file.name for file in draft.attachments.all()] == ["notes.txt", "notes.txt", "new.txt"]
    assert not draft.attachments.filter(pk=files[1].pk).exists()


def test_file_stays_where_the_one_in_its_place_is_refused(call):
    draft = make_draft(call)
    old = make_attachment(draft)
    with pytest.raises(FileRefused):
        replace(draft, call, old, b"")
    assert list(draft.attachments.all()) == [old]
    assert old.file.storage.exists(old.file.name)


def test_moment_of_the_last_save_never_goes_back(call):
    draft = make_draft(call)
    later = while_open(call) + timedelta(hours=1)
    question = call.questions_by_key["documents"]
    drafting.save_answers(submission=draft, call=call, values={"story": "Later"}, at=later)
    for earlier in (
        lambda at: drafting.save_answers(
            submission=draft, call=call, values={"story": "Earlier"}, at=at
        ),
        lambda at: attaching.attach(
            submission=draft,
            question=question,
            upload=SimpleUploadedFile("notes.txt", b"Minutes.\n"),
            at=at,
        ),
        lambda at: attaching.detach(
            submission=draft, public_id=draft.attachments.get().public_id, at=at
        ),
    ):
        earlier(later - timedelta(minutes=1))
        draft.refresh_from_db()
        assert draft.saved_at == later
