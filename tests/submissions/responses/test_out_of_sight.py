"""An answer to a question that is not asked: no mail goes by it, and no click drops it."""

import re
from copy import deepcopy
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from retention.carrying_out import carry_out
from submissions.mail import reminding
from submissions.outbox.models import OutboxEmail
from submissions.responses import amending, attaching, drafting, returning, submitting
from submissions.responses.addresses import known_address, leads_back, remember_address
from submissions.responses.models import Attachment, Submission
from submissions.responses.working_copy import working_answers
from tests.makers import (
    YES_NO,
    confirm_retention,
    make_attachment,
    make_call,
    make_draft,
    while_open,
)

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
ASKED_BY_A = {"show_if": "a = yes"}
QUESTIONS = [
    {"key": "a", "kind": "radio", "label": "A?", "options": YES_NO},
    {"key": "first", "kind": "email", "identity": True, "label": "First?", **ASKED_BY_A},
    {"key": "second", "kind": "email", "identity": True, "label": "Second?"},
    {"key": "c", "kind": "long", "label": "C?", **ASKED_BY_A},
    {"key": "who", "kind": "short", "label": "Who?", "identity": True, **ASKED_BY_A},
    {"key": "f", "kind": "file", "label": "F?", "file_types": ["txt"], **ASKED_BY_A},
    {"key": "say", "kind": "long", "label": "Say?"},
]
TYPED = {"first": "first@example.org", "second": "second@example.org"}


@pytest.fixture(scope="module")
def rows(made_once):
    return made_once(lambda: make_call(about_questions=QUESTIONS, evidence_questions=[], facets=[]))


@pytest.fixture
def call(rows, db):
    return deepcopy(rows)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"a": "yes", **TYPED}, "first@example.org"),
        ({"a": "no", **TYPED}, "second@example.org"),
        (TYPED, "second@example.org"),
        ({"a": "no", "first": "first@example.org"}, ""),
    ],
)
def test_mail_goes_to_the_first_address_under_a_question_that_is_asked(call, answers, expected):
    draft = make_draft(call, **answers)
    assert known_address(draft, call, working_answers(draft, call)) == expected
    reminding.enqueue_reminders(at=call.closes_at - HOUR)
    reminded = OutboxEmail.objects.values_list("to_address", flat=True)
    assert list(reminded) == ([expected] if expected else [])


@pytest.mark.parametrize(("a", "links"), [("yes", 1), ("no", 0)])
def test_link_is_sent_to_an_address_under_a_question_that_is_asked(call, a, links):
    draft = make_draft(call, a=a, **TYPED)
    at = while_open(call)
    assert leads_back(draft, call, "FIRST@example.org") is bool(links)
    assert returning.enqueue_links(call=call, address="first@example.org", at=at) == links
    assert returning.enqueue_links(call=call, address="second@example.org", at=at) == 1


def test_page_says_of_each_address_but_the_first_that_it_opens_the_response(call, client, at):
    at(while_open(call))
    client.post(f"/calls/{call.slug}/start/")
    said = "Whoever reads emails at this address can ask us for a link that opens your response."
    page = client.get(f"/calls/{call.slug}/response/about/").content.decode()
    hints = re.findall(r'id="hint_(first|second)">([^<]*)<', page)
    assert hints == [("second", said)]
    assert re.search(r'name="second"[^>]*aria-describedby="hint_second"', page)
    assert client.get(f"/calls/{call.slug}/questions/").content.decode().count(said) == 1


def test_change_of_address_is_told_to_addresses_under_questions_that_are_asked(call):
    draft = make_draft(call, a="no", **TYPED)
    remember_address(submission=draft, address="new@example.org", at=while_open(call))
    told = OutboxEmail.objects.filter(kind="address_changed")
    assert list(told.values_list("to_address", flat=True)) == ["second@example.org"]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (
            {"a": "yes", "first": "first@example.org"},
            "You then get a reference, here and by email.",
        ),
        ({"a": "no", "first": "jo@example.org"}, "You then get a reference on the next page."),
    ],
)
def test_page_to_check_promises_a_mail_only_where_one_goes(call, client, at, answers, said):
    at(while_open(call))
    client.post(f"/calls/{call.slug}/start/")
    save(Submission.objects.get(), while_open(call), **answers)
    page = client.get(f"/calls/{call.slug}/response/check/").content.decode()
    assert re.findall(r"You then get a reference[^.]*\.", page) == [said]


def with_answers_out_of_sight(call):
    """A response that was submitted with a = no, after everything had been answered."""
    at = while_open(call)
    draft = make_draft(call, a="yes", c="Typed before", who="Jo", say="Words", at=at)
    make_attachment(draft, name="before.txt", at=at)
    save(draft, at + HOUR, a="no")
    return submitting.submit(submission=draft, at=at + HOUR).submission


def save(response, at, **answers):
    response = Submission.objects.get(pk=response.pk)
    drafting.save_answers(submission=response, call=response.call, values=answers, at=at)


def test_discarding_changes_keeps_what_was_out_of_sight_when_it_was_submitted(call):
    response = with_answers_out_of_sight(call)
    before = working_answers(Submission.objects.get(pk=response.pk), call)
    at = response.submitted_at + HOUR
    amending.reopen(submission=response, at=at)
    save(response, at, say="Other words")
    amending.discard_changes(submission=response, at=at + HOUR)
    assert before == {"a": "no", "c": "Typed before", "who": "Jo", "say": "Words"}
    assert working_answers(Submission.objects.get(pk=response.pk), call) == before
    kept = Attachment.objects.filter(removed_at=None)
    assert list(kept.values_list("name", flat=True)) == ["before.txt"]


def test_discarding_changes_discards_what_was_changed_out_of_sight_since(call):
    response = with_answers_out_of_sight(call)
    at = response.submitted_at + HOUR
    amending.reopen(submission=response, at=at)
    save(response, at, a="yes", c="Typed since")
    make_attachment(response, name="since.txt", at=at)
    amending.discard_changes(submission=response, at=at + HOUR)
    stored = working_answers(Submission.objects.get(pk=response.pk), call)
    assert stored == {"a": "no", "who": "Jo", "say": "Words"}
    kept = Attachment.objects.filter(removed_at=None)
    assert list(kept.values_list("name", flat=True)) == ["before.txt"]


def test_what_was_never_submitted_goes_ninety_days_after_closing(call):
    response = with_answers_out_of_sight(call)
    letter = SimpleUploadedFile("letter.txt", b"Dear team")
    original = attaching.check(letter, types=["txt"], max_mb=1)
    attaching.store(original, submission=response, question=None, at=response.submitted_at)
    confirm_retention(call)
    due = call.closes_at + timedelta(days=90)
    assert carry_out(at=due - timedelta(microseconds=1)) == {}
    assert carry_out(at=due) == {"changes": 1, "files": 1}
    stored = working_answers(Submission.objects.get(pk=response.pk), call)
    assert stored == {"a": "no", "say": "Words"}
    assert list(Attachment.objects.values_list("name", "removed_at")) == [("letter.txt", None)]
    assert carry_out(at=due) == {}
