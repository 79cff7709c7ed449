"""Keeping what is typed, beside what others typed meanwhile."""

from copy import deepcopy
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from submissions.responses import amending, attaching, drafting
from submissions.responses.errors import AlreadySubmitted, FileRefused
from submissions.responses.etags import etag
from submissions.responses.models import Submission
from submissions.responses.submitting import submit
from submissions.responses.working_copy import find_response, working_answers
from tests.makers import complete_answers, make_attachment, make_call, make_draft, while_open

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def rows(made_once):
    return made_once(make_call)


@pytest.fixture
def call(rows, db):
    return deepcopy(rows)


def save(draft, call, seen, **values):
    kept = drafting.save_answers(
        submission=draft,
        call=call,
        values=values,
        at=while_open(call) + timedelta(minutes=1),
        base_etags={key: {etag(value)} for key, value in seen.items()},
    )
    assert kept.answers == working_answers(draft, call)
    return kept.conflicts


def test_answer_that_stands_as_it_was_seen_is_overwritten(call):
    draft = make_draft(call, story="Seen")
    assert save(draft, call, {"story": "Seen"}, story="Mine") == {}
    assert working_answers(draft, call) == {"story": "Mine"}


def test_answer_that_both_changed_is_handed_back_and_the_others_are_kept(call):
    draft = make_draft(call, story="Theirs")
    saved_at = draft.saved_at
    conflicts = save(draft, call, {"story": "Seen", "age": None}, story="Mine", age="adult")
    assert conflicts == {"story": "Theirs"}
    assert working_answers(draft, call) == {"story": "Theirs", "age": "adult"}
    assert draft.saved_at == saved_at + timedelta(minutes=1)


def test_answer_that_only_the_other_changed_stays_theirs(call):
    draft = make_draft(call, story="Theirs")
    assert save(draft, call, {"story": "Seen"}, story="Seen") == {}
    assert working_answers(draft, call) == {"story": "Theirs"}


def test_same_edit_twice_is_no_contest(call):
    draft = make_draft(call, story="Both")
    assert save(draft, call, {"story": "Seen"}, story="Both") == {}


def test_emptied_answer_that_another_changed_is_a_conflict(call):
    draft = make_draft(call, story="Theirs")
    assert save(draft, call, {"story": "Seen"}, story="") == {"story": "Theirs"}
    assert working_answers(draft, call) == {"story": "Theirs"}


def test_save_that_only_met_contest_does_not_count_as_saved(call):
    draft = make_draft(call, story="Theirs")
    saved_at = draft.saved_at
    for read in (draft, find_response(public_id=draft.public_id, slug=call.slug)):
        save(read, call, {"story": "Seen"}, story="Mine")
        draft.refresh_from_db()
        assert draft.saved_at == saved_at


def test_save_of_nothing_new_counts_in_a_draft_before_closing_alone(call):
    draft = make_draft(call, **complete_answers(call))

    def moment_after_saving_at(at):
        found = find_response(public_id=draft.public_id, slug=call.slug)
        values, seen = {"age": "adult"}, {"age": {etag("adult")}}
        drafting.save_answers(submission=found, call=call, values=values, at=at, base_etags=seen)
        return Submission.objects.get().saved_at

    first = while_open(call) + timedelta(minutes=1)
    assert moment_after_saving_at(first) == first
    assert moment_after_saving_at(call.closes_at) == first
    submit(submission=draft, at=first)
    amending.reopen(submission=draft, at=first)
    assert moment_after_saving_at(first + timedelta(minutes=1)) == first


def replace(draft, call, attachment, content, name="new.txt"):
    return attaching.attach(
        submission=draft,
        question=call.questions_by_key["documents"],
        in_place_of=attachment.public_id,
        upload=SimpleUploadedFile(name, content),
        at=while_open(call),
    )


def test_file_takes_the_place_of_another_where_there_is_room_for_no_more(call):
    draft = make_draft(call)
    files = [make_attachment(draft, content=f"{n}".encode()) for n in range(3)]
    replace(draft, call, files[1], b"New")
    kept = draft.attachments.filter(removed_at=None)
    assert [file.name for file in kept] == ["notes.txt", "notes.txt", "new.txt"]
    assert not kept.filter(pk=files[1].pk).exists()


def test_file_stays_where_the_one_in_its_place_is_refused(call):
    draft = make_draft(call)
    old = make_attachment(draft)
    with pytest.raises(FileRefused):
        replace(draft, call, old, b"")
    assert list(draft.attachments.all()) == [old]
    assert old.file.storage.exists(old.file.name)


def test_moment_of_the_last_save_never_goes_back(call):
    draft = make_draft(call, **complete_answers(call))
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
    submit(submission=draft, at=later)
    amending.reopen(submission=draft, at=later)
    amending.discard_changes(submission=draft, at=later - timedelta(minutes=1))
    draft.refresh_from_db()
    assert draft.saved_at == later


def test_response_is_found_with_its_call_and_answers(call, django_assert_num_queries):
    draft = make_draft(call, story="Words", email="jo@example.org")
    with django_assert_num_queries(2):
        found = find_response(public_id=draft.public_id, slug=call.slug)
        answers = working_answers(found, call)
        assert found.call == call
    assert found == draft
    assert answers == {"story": "Words", "email": "jo@example.org"}


def test_response_is_found_by_its_own_call_only(call):
    draft = make_draft(call)
    other = make_call(slug="another")
    assert find_response(public_id=draft.public_id, slug=other.slug) is None


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
def test_save_into_an_unchanged_response_is_the_same_as_into_a_changed_one(call, values):
    changed, unchanged = make_draft(call, story="Seen"), make_draft(call, story="Seen")
    at = while_open(call) + timedelta(minutes=1)
    results = []
    for draft in (changed, unchanged):
        found = find_response(public_id=draft.public_id, slug=call.slug)
        if draft == changed:
            Submission.objects.filter(pk=draft.pk).mark_saved(at=draft.saved_at)
        results.append(drafting.save_answers(submission=found, call=call, values=values, at=at))
        draft.refresh_from_db()
        assert draft.saved_at == found.saved_at == at
        assert working_answers(draft, call) == results[-1].answers
    assert results[0] == results[1]


def test_save_into_an_unchanged_response_reads_nothing_again(call, django_assert_num_queries):
    draft = make_draft(call)
    found = find_response(public_id=draft.public_id, slug=call.slug)
    values = {"story": "M"}
    with django_assert_num_queries(4) as asked:  # savepoint, both writes, release
        drafting.save_answers(submission=found, call=call, values=values, at=while_open(call))
    assert [query["sql"].split()[0] for query in asked.captured_queries] == [
        "SAVEPOINT",
        "UPDATE",
        "INSERT",
        "RELEASE",
    ]


def test_what_was_changed_since_the_response_was_read_is_not_overwritten(call):
    draft = make_draft(call, story="Seen")
    found = find_response(public_id=draft.public_id, slug=call.slug)
    save(draft, call, {}, story="Theirs")
    result = drafting.save_answers(
        submission=found,
        call=call,
        values={"story": "Mine", "age": "adult"},
        at=while_open(call),
        base_etags={"story": {etag("Seen")}, "age": {"-"}},
    )
    assert result == drafting.SaveResult({"story": "Theirs"}, {"story": "Theirs", "age": "adult"})
    assert working_answers(draft, call) == result.answers


def test_second_save_into_what_was_read_once_overwrites_nothing_unseen(call):
    """The answers that were read are old after the first save, and so is the lock_version."""
    draft = make_draft(call, story="Seen")
    found = find_response(public_id=draft.public_id, slug=call.slug)
    results = [
        drafting.save_answers(
            submission=found,
            call=call,
            values={"story": words},
            at=while_open(call),
            base_etags={"story": {etag("Seen")}},
        )
        for words in ("First", "Second")
    ]
    assert [result.conflicts for result in results] == [{}, {"story": "First"}]


def test_response_that_is_submitted_takes_nothing_whenever_it_was_read(call):
    submission = make_draft(call, **complete_answers(call))
    before = find_response(public_id=submission.public_id, slug=call.slug)
    submit(submission=submission, at=while_open(call))
    after = find_response(public_id=submission.public_id, slug=call.slug)
    for found in (before, after):
        with pytest.raises(AlreadySubmitted):
            drafting.save_answers(
                submission=found, call=call, values={"story": "Late words"}, at=while_open(call)
            )


def changes_of_a_working_copy():
    """Each way in which a working copy changes: what goes before, and the change itself."""
    upload = SimpleUploadedFile("new.txt", b"Words.\n")

    def attach(submission, call, at):
        question = call.questions_by_key["documents"]
        attaching.attach(submission=submission, question=question, upload=upload, at=at)

    def detach(submission, call, at):
        file = submission.attachments.get()
        attaching.detach(submission=submission, public_id=file.public_id, at=at)

    def save_again(submission, call, at):
        drafting.save_answers(submission=submission, call=call, values={"story": "New"}, at=at)

    def submit_it(submission, call, at):
        submit(submission=submission, at=at)

    def reopen(submission, call, at):
        amending.reopen(submission=submission, at=at)

    def discard(submission, call, at):
        amending.discard_changes(submission=submission, at=at)

    def withdraw(submission, call, at):
        amending.withdraw(submission=submission, at=at)

    before = {
        save_again: [],
        attach: [],
        detach: [attach],
        submit_it: [],
        reopen: [submit_it],
        discard: [submit_it, reopen],
        withdraw: [submit_it],
    }
    return [pytest.param(first, change, id=change.__name__) for change, first in before.items()]


@pytest.mark.parametrize(("first", "change"), changes_of_a_working_copy())
def test_lock_version_is_another_after_each_change(call, first, change):
    submission = make_draft(call, **complete_answers(call))
    at = while_open(call)
    for earlier in first:
        earlier(submission, call, at)
    submission.refresh_from_db()
    before = submission.lock_version
    change(submission, call, at + timedelta(minutes=1))
    submission.refresh_from_db()
    assert submission.lock_version > before
