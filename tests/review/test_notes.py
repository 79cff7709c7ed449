"""Staff write notes to each other about a response, and resolve them."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, Membership
from accounts.states import Role
from core.second_press import PRESSED_TWICE
from personal_data.bundle import about
from review.errors import NoteRefused
from review.models import Note
from review.noting import add_note, resolve_note
from submissions.mail.staff_digests import enqueue_digests, lines_to
from submissions.outbox.models import OutboxEmail
from submissions.responses.amending import withdraw
from submissions.responses.models import Submission
from submissions.responses.states import ErasureScope, TriageStatus
from tests.makers import make_call, make_submitted, make_user, while_open
from tests.personal_data.erasures import erase
from tests.threads import at_once

STORY = "Café 🏳️‍🌈 closed. They won. They won again."


@pytest.fixture
def call(db, at):
    call = make_call()
    at(while_open(call))
    return call


@pytest.fixture
def response(call):
    return make_submitted(call, story=STORY, email="ada@example.org")


@pytest.fixture
def ann(call):
    return member_of(call, "ann")


def member_of(call, name, role=Role.REVIEWER, **fields):
    person = make_user(username=name, **fields)
    Membership.objects.create(person=person, call=call, role=role)
    return person


def signed_in(person):
    client = Client()
    client.force_login(person)
    return client


def write(response, by, text="Ask again.", **about):
    return add_note(response, text=text, by=by, at=while_open(response.call), **about)


def test_note_on_a_passage_is_shown_beside_the_response(response, ann):
    client = signed_in(ann)
    page = f"/admin/submissions/submission/{response.pk}/notes/"
    given = {"text": "Who is “they”?", "question": "story", "passage": "🏳️‍🌈 closed."}
    answer = client.post(page, given)
    assert answer.url == f"/admin/submissions/submission/{response.pk}/change/#notes"
    note = Note.objects.get()
    assert STORY[note.start : note.end] == "🏳️‍🌈 closed."
    shown = client.get(answer.url).content.decode()
    for said in ("Who is “they”?", "🏳️‍🌈 closed.</blockquote>", 'href="#answer-story"'):
        assert said in shown
    event = AuditEvent.objects.get(action="note_written")
    assert (event.actor, event.submission, event.detail) == (ann, response, {"note": note.pk})


def test_second_press_writes_no_second_note(call, response, ann, at):
    client = signed_in(ann)
    page = f"/admin/submissions/submission/{response.pk}/notes/"
    client.post(page, {"text": "Ask again."})
    client.post(page, {"text": "Ask again."})
    client.post(page, {"text": "Ask again.", "question": "story"})
    assert Note.objects.count() == 2
    at(while_open(call) + 2 * PRESSED_TWICE)
    client.post(page, {"text": "Ask again."})
    assert Note.objects.count() == 3


def test_note_on_an_expired_page_comes_back_without_the_fields_of_the_page(response, ann):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ann)  # as in another tab: the form that was open has an old token
    given = {"text": "Ask her again.", "question": "story", "base_etag": "0f3a"}
    answer = strict.post(f"/admin/submissions/submission/{response.pk}/notes/", given)
    assert answer.status_code == 403
    assert "Your page had expired. Copy your text" in answer.content.decode()
    told = [(one["label"], one["text"]) for one in answer.context["lost_edits"]]
    assert told == [("Text", "Ask her again.")]


def test_refused_note_comes_back_with_what_is_wrong(response, ann):
    client = signed_in(ann)
    page = f"/admin/submissions/submission/{response.pk}/notes/"
    for given, said in (
        ({"text": " "}, "Fill this in."),
        ({"passage": "won"}, "Choose the question whose answer has the passage."),
        ({"passage": "They won", "question": "story"}, "has this passage more than once"),
        ({"passage": "They lost", "question": "story"}, "does not have this passage"),
        ({"text": "@bob look"}, "Nobody who reads this call’s responses is called @bob."),
    ):
        sent = {"text": "Look at this.", "passage": "", "question": ""} | given
        answer = client.post(page, sent)
        assert answer.status_code == 422, given
        text = answer.content.decode()
        assert said in text
        assert sent["text"].strip() in text
    assert not Note.objects.exists()


def test_colleague_is_named_and_finds_the_note_in_list_and_digest(call, response, ann):
    ben = member_of(call, "ben", email="ben@example.org")
    note = write(response, ann, "@ben, and @Ben again: is this so?")
    assert list(note.mentions.all()) == [ben]
    other = make_submitted(call)
    listed = signed_in(ben).get("/admin/submissions/submission/?notes=to_me").content.decode()
    assert (response.reference in listed, other.reference in listed) == (True, False)
    told = '<a href="/admin/submissions/submission/?notes=to_me">Notes to you: 1 response</a>'
    assert told in signed_in(ben).get("/admin/").content.decode()
    assert "Notes to you" not in signed_in(ann).get("/admin/").content.decode()

    def to(address):
        return lines_to([address], call).get(address.lower(), [])

    assert to("BEN@example.org") == ["1 open note is to you"]
    assert to("ann@example.org") == []
    resolve_note(note, by=ben, at=while_open(call))
    assert to("ben@example.org") == []
    assert "Notes to you" not in signed_in(ben).get("/admin/").content.decode()


def test_colleague_is_named_by_what_stands_before_the_at_of_their_username(call, response, ann):
    bob = member_of(call, "Bob@one.example")
    short = member_of(make_call(), "bob")  # reads no responses of this call yet
    assert list(write(response, ann, "@bob and @bob@one.example: look").mentions.all()) == [bob]
    other = member_of(call, "bob@two.example")
    with pytest.raises(NoteRefused, match=r"There are: @Bob@one\.example, @bob@two\.example"):
        write(response, ann, "@bob: and now?")
    assert list(write(response, ann, "@bob@two.example").mentions.all()) == [other]
    Membership.objects.create(person=short, call=call, role=Role.REVIEWER)
    assert list(write(response, ann, "@Bob: it is you").mentions.all()) == [short]


def test_note_is_told_to_its_reader_on_a_day_with_nothing_else_to_tell(call, response, ann):
    for name in ("ben", "cid"):
        member_of(call, name, email=f"{name}@example.org")
    Membership.objects.filter(call=call).update(wants_digest=True)
    Submission.objects.update(triage_status=TriageStatus.CONSIDERED)
    note = write(response, ann, "@ben: is this so?")

    def told_on(day):
        OutboxEmail.objects.all().delete()  # a mail that waits would be something to tell
        enqueue_digests(at=datetime(2019, 7, day, 8, tzinfo=call_zone))
        return list(OutboxEmail.objects.values_list("to_address", flat=True))

    call_zone = ZoneInfo(call.timezone)
    assert told_on(30) == ["ben@example.org"]  # a Tuesday
    resolve_note(note, by=ann, at=while_open(call))
    assert told_on(31) == []


def test_note_is_resolved_once_and_never_deleted(response, ann, call):
    ben = member_of(call, "ben")
    note = write(response, ann)
    page = f"/admin/submissions/submission/{response.pk}/notes/{note.pk}/resolve/"
    signed_in(ben).post(page)
    again = signed_in(ann).post(page, follow=True).content.decode()
    assert "This note was resolved already, by ben." in again
    assert "Resolved by ben at" in again
    note.refresh_from_db()
    assert (note.resolved_by, note.text) == (ben, "Ask again.")
    assert AuditEvent.objects.filter(action="note_resolved").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_resolve_at_once_one_does(response, ann, call):
    ben = member_of(call, "ben")
    note = write(response, ann)

    def resolve(person):
        try:
            resolve_note(note, by=person, at=while_open(call))
        except NoteRefused:
            return 0
        return 1

    assert sorted(at_once([lambda: resolve(ann), lambda: resolve(ben)])) == [0, 1]


def test_members_of_another_call_and_without_the_right_write_nothing(response):
    page = f"/admin/submissions/submission/{response.pk}/notes/"
    stranger = member_of(make_call(), "eve")
    reader = member_of(response.call, "dan", Role.DATA_PROTECTION)
    assert signed_in(stranger).post(page, {"text": "Mine"}).status_code == 404
    assert signed_in(reader).post(page, {"text": "Mine"}).status_code == 403
    assert "Write a note" not in (
        signed_in(reader)
        .get(reverse("admin:submissions_submission_change", args=[response.pk]))
        .content.decode()
    )
    for person in (stranger, reader):
        with pytest.raises(NoteRefused, match="You may not write notes"):
            write(response, person)
    assert not Note.objects.exists()


def test_note_of_another_response_is_not_resolved_by_a_guessed_address(call, response, ann):
    note = write(make_submitted(call), ann)
    page = f"/admin/submissions/submission/{response.pk}/notes/{note.pk}/resolve/"
    assert signed_in(ann).post(page).status_code == 404


def test_erasure_ends_notes_or_those_that_name_who_answered(call, response, ann):
    write(response, ann, "ADA@example.org wrote before.")
    write(response, ann, "A strong case.")
    told = about(response)["notes_of_staff"]
    assert [note["note"] for note in told] == ["ADA@example.org wrote before.", "A strong case."]
    erase(response, at=while_open(call), scope=ErasureScope.IDENTITY)
    texts = Note.objects.values_list("text", flat=True)
    assert list(texts) == ["Erased: it named who answered.", "A strong case."]
    erase(response, at=while_open(call))
    assert not Note.objects.exists()


def test_line_end_counts_once(response, ann):
    text = "\n".join("x" * 2_500)[:5_000]
    page = f"/admin/submissions/submission/{response.pk}/notes/"
    assert signed_in(ann).post(page, {"text": text.replace("\n", "\r\n")}).status_code == 302
    assert Note.objects.get().text == text.strip()


def test_note_on_a_response_that_counts_no_more_is_not_told(call, response, ann):
    ben = member_of(call, "ben", email="ben@example.org")
    write(response, ann, "@ben: is this so?")
    withdraw(submission=response, at=while_open(call))
    listed = signed_in(ben).get("/admin/submissions/submission/?notes=to_me")
    assert listed.context["cl"].result_count == 0
    assert "Notes to you" not in signed_in(ben).get("/admin/").content.decode()
    assert lines_to([ben.email], call) == {ben.email: []}
