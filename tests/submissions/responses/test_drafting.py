"""Keeping what is typed, beside what others typed meanwhile."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from submissions.responses import attaching, drafting
from submissions.responses.errors import AlreadySubmitted, FileRefused
from submissions.responses.models import Submission
from submissions.responses.submitting import submit
from tests.makers import complete_answers, make_attachment, make_call, make_draft, while_open

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
        base_etags={key: {drafting.etag(value)} for key, value in seen.items()},
    )
    assert kept.answers == drafting.working_answers(draft, call)
    return kept.conflicts


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


def test_copy_is_the_response_with_all_that_it_holds(call):
    draft = make_draft(call, story="Words", email="jo@example.org")
    make_attachment(draft)
    copy = drafting.working_copy(draft.public_id, call.slug)
    assert copy.answers == drafting.working_answers(draft, call)
    assert copy.has_files
    stored = Submission.objects.get(pk=draft.pk)
    fields = [field.attname for field in Submission._meta.concrete_fields]
    assert [getattr(copy.submission, name) for name in fields] == [
        getattr(stored, name) for name in fields
    ]


def test_copy_is_found_by_its_own_call_only(call):
    draft = make_draft(call)
    other = make_call(slug="another")
    assert drafting.working_copy(draft.public_id, other.slug) is None


@pytest.mark.parametrize(
    "values",
    [
        {"story": "Mine"},
        {"email": "jo@example.org"},
        {"story": "Mine", "email": "jo@example.org"},
        {"story": ""},
        {},
    ],
)
def test_save_into_a_copy_as_it_was_read_is_the_same_as_any(call, values):
    plain, read = make_draft(call, story="Seen"), make_draft(call, story="Seen")
    at = while_open(call) + timedelta(minutes=1)
    copy = drafting.working_copy(read.public_id, call.slug)
    kept = [
        drafting.save_answers(submission=plain, call=call, values=values, at=at),
        drafting.save_answers(submission=read, call=call, values=values, at=at, read=copy),
    ]
    assert kept[0] == kept[1]
    for draft in (plain, read):
        assert drafting.working_answers(draft, call) == kept[0].answers
        draft.refresh_from_db()
        assert draft.saved_at == at


def test_copy_that_was_read_is_saved_into_by_one_statement(call, django_assert_num_queries):
    draft = make_draft(call)
    copy = drafting.working_copy(draft.public_id, call.slug)
    with django_assert_num_queries(1):
        drafting.save_answers(
            submission=draft, call=call, values={"story": "M"}, at=while_open(call), read=copy
        )


def test_what_was_changed_since_the_copy_was_read_is_not_overwritten(call):
    draft = make_draft(call, story="Seen")
    copy = drafting.working_copy(draft.public_id, call.slug)
    save(draft, call, {}, story="Theirs")
    kept = drafting.save_answers(
        submission=draft,
        call=call,
        values={"story": "Mine", "age": "adult"},
        at=while_open(call),
        base_etags={"story": {drafting.etag("Seen")}, "age": {"-"}},
        read=copy,
    )
    assert kept == drafting.SaveResult({"story": "Theirs"}, {"story": "Theirs", "age": "adult"})
    assert drafting.working_answers(draft, call) == kept.answers


def test_copy_of_a_response_that_was_submitted_since_takes_nothing(call):
    submission = make_draft(call, **complete_answers(call))
    copy = drafting.working_copy(submission.public_id, call.slug)
    submit(submission=submission, at=while_open(call))
    with pytest.raises(AlreadySubmitted):
        drafting.save_answers(
            submission=submission,
            call=call,
            values={"story": "Late words"},
            at=while_open(call),
            read=copy,
        )
