"""Proposing to hide passages on the page of a response, and the pages where it is decided."""

import html
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.asserts import assertContains

from accounts.models import AuditEvent
from accounts.states import Action, AuditAction, Role
from core.clock import wall_now
from review.models import Redaction
from review.redaction.redacting import approve, ask_back, refuse
from review.states import RedactionReason, RedactionState
from review.texts import reading_due_files
from submissions.responses.submitting import submit
from tests.forms import messages_after
from tests.makers import (
    OPENS_AT,
    complete_answers,
    make_attachment,
    make_call,
    make_draft,
    make_submitted,
    make_user,
    while_open,
    withhold,
)
from tests.review.coding_pages import signed_in
from tests.review.redaction_makers import make_proposed, make_redaction
from tests.review.response_pages import amended, page_of

pytestmark = pytest.mark.django_db
STORY = "Jo 😎 Bloggs said so. Jo 😎 Bloggs knows."
LIST = "/admin/review/redaction/"


def make_rows():
    call = make_call()
    return {
        "call": call,
        "response": make_submitted(call, story=STORY),
        "ann": make_user(Role.REVIEWER, username="ann"),
        "bea": make_user(Role.REVIEWER, username="bea"),
    }


@pytest.fixture
def ann(made):
    return made["ann"]


@pytest.fixture
def bea(made):
    return made["bea"]


@pytest.fixture
def client(ann):
    return signed_in(ann)


def address(response, key="story"):
    return reverse("admin:submissions_submission_redact", args=[response.pk, key])


def proposed(client, response, **given):
    return client.post(
        address(response), {"version": "1", "reason": "third_person", "exact": ""} | given
    )


def passages():
    return [(one.start, one.end) for one in Redaction.objects.order_by("start")]


def error_of(page):
    return page.context["error"]


def decide(client, redaction, do, **given):
    answer = client.post(f"{LIST}{redaction.pk}/decide/", {"do": do} | given)
    redaction.refresh_from_db()
    return messages_after(answer)


def test_first_page_leads_to_what_waits_for_a_decision_of_the_reader(response, call, ann, bea):
    own = make_proposed(response, "Jo 😎 Bloggs", by=ann)
    others = [make_proposed(response, words, by=bea) for words in ("said", "so")]
    other = make_submitted(make_call(), story=STORY)
    make_proposed(other, "said")
    hidden = make_redaction(response, "knows", by=ann, approver=bea)
    make_redaction(response, ".", by=ann, approver=bea)
    ask_back(hidden, words="It is public", by=bea, at=OPENS_AT)
    here, there = (f"?call__id__exact={one.pk}&waits=me" for one in (call, other.call))

    def told(person):
        page = html.unescape(signed_in(person).get("/admin/").content.decode())
        line = r'<a href="/admin/review/redaction/([^"]*)">Hiding or showing [^<]*: (\d+)</a>'
        return dict(re.findall(line, page))

    def listed(person, query):
        return {row.pk for row in signed_in(person).get(LIST + query).context["cl"].result_list}

    assert (told(ann), told(bea)) == ({here: "3", there: "1"}, {here: "1", there: "1"})
    assert listed(ann, here) == {*(one.pk for one in others), hidden.pk}
    assert listed(bea, here) == {own.pk}
    withhold(bea, Action.SEE_REDACTED)
    withhold(ann, Action.APPROVE_REDACTION)
    assert (told(bea), told(ann), listed(ann, "?waits=me")) == ({}, {}, set())


def test_ticked_sentence_is_proposed(client, response, ann):
    assert proposed(client, response, passage="0-20").status_code == 302
    redaction = Redaction.objects.get()
    assert (redaction.start, redaction.end, redaction.proposed_by) == (0, 20, ann)
    assert (redaction.state, redaction.reason) == (
        RedactionState.PROPOSED,
        RedactionReason.THIRD_PERSON,
    )


def test_words_are_proposed_in_every_place(client, response):
    page = proposed(client, response, exact="Jo 😎 Bloggs")
    assert error_of(page).startswith("The text has these words 2 times")
    proposed(client, response, exact="Jo 😎 Bloggs", everywhere="on")
    assert passages() == [(0, 11), (21, 32)]


def test_what_cannot_be_proposed_is_said(client, response):
    for given, said in (
        ({}, "Tick what to hide, or enter its words."),
        ({"exact": "Nobody"}, "The text does not have these words. Copy them out of it."),
        ({"passage": "0-99"}, "The passage is not within the text."),
        ({"passage": "0-2", "reason": ""}, "Choose why it is to be hidden."),
        ({"passage": "0-2", "reason": "other"}, "Enter the reason in words."),
        ({"passage": "0-2", "version": "7"}, "While this page was open, its author submitted"),
    ):
        page = proposed(client, response, **given)
        assert page.status_code == 422, given
        assert error_of(page).startswith(said)
    assert not Redaction.objects.exists()


def test_words_in_too_many_places_are_not_proposed(client, call):
    response = make_submitted(call, story="a " * 201)
    page = proposed(client, response, exact="a", everywhere="on")
    assert error_of(page) == (
        "The text has these words 201 times, which is too often to hide each: copy more of it."
    )
    assert not Redaction.objects.exists()


def test_selection_of_a_browser_is_ticked_in_the_form(client, response):
    page = client.get(address(response), {"version": 1, "start": 3, "end": 12})
    assert page.context["selected"] == [("3-11", "😎 Bloggs")]
    assertContains(page, "<details><summary>Tick sentences")
    page = client.get(address(response), {"version": 1, "start": 4, "end": 12})
    assert page.context["selected"] == []
    # Without a selection the text to copy words out of is there, ahead of the field for them.
    assert re.search(r"(?s)<details open>.*😎 Bloggs.*Or the words to hide", page.content.decode())
    page = client.get(address(response), {"version": 2, "start": 3, "end": 12})
    assert error_of(page) == "Its author has submitted another version: choose the words again."


def test_page_of_a_response_leads_to_the_form_where_the_reader_may(client, response, ann):
    link = f'<a href="{address(response)}">Hide a passage'
    assert link in client.get(page_of(response)).content.decode()
    withhold(ann, Action.REDACT)
    client = signed_in(ann)
    assert link not in client.get(page_of(response)).content.decode()
    assert client.get(address(response)).status_code == 403


def test_passage_of_a_file_is_proposed(client, call):
    draft = make_draft(call, **complete_answers(call))
    make_attachment(draft, content=b"Ask Jo.")
    response = submit(submission=draft, at=while_open(call)).submission
    reading_due_files.read_due(now=wall_now, until=lambda: False)
    file = response.current_version.attachments.get()
    client.post(
        f"{address(response, 'documents')}?file={file.public_id}",
        {"version": "1", "reason": "author", "exact": "Jo"},
    )
    redaction = Redaction.objects.get()
    assert (redaction.file_text, redaction.start, redaction.end) == (file.extracted, 4, 6)


def test_list_has_what_waits_in_its_context(client, response, bea):
    waiting = make_proposed(response, "said so", by=bea)
    make_redaction(response, "knows")
    page = client.get(LIST, {"waits": "proposed"})
    assert [row.pk for row in page.context["cl"].result_list] == [waiting.pk]
    text = page.content.decode()
    assert "Jo 😎 Bloggs <mark>said so</mark>. Jo 😎 Bloggs knows." in text
    event = AuditEvent.objects.get(action=AuditAction.PASSAGES_READ)
    assert event.detail == {"redactions": True, "shown": [response.reference]}


def test_list_asks_as_much_for_three_rows_as_for_one(client, response, bea):
    make_proposed(response, "said", by=bea)
    number = queries_of(client)
    make_proposed(response, "knows", by=bea)
    make_proposed(make_submitted(response.call, story=STORY), "knows", by=bea)
    assert queries_of(client) == number


def queries_of(client):
    with CaptureQueriesContext(connection) as queries:
        client.get(LIST)
    return len(queries)


def test_who_may_not_see_hidden_words_sees_neither_list_nor_page(response, ann, client):
    waiting = make_proposed(response, "said so")
    withhold(ann, Action.SEE_REDACTED)
    client = signed_in(ann)
    for where in (LIST, f"{LIST}{waiting.pk}/change/", address(response)):
        assert client.get(where).status_code == 403
    assert client.post(f"{LIST}{waiting.pk}/decide/", {"do": "approve"}).status_code == 403


def test_second_person_approves(client, response, bea):
    waiting = make_proposed(response, "said so", by=bea)
    assert "Approve: hide these words" in client.get(f"{LIST}{waiting.pk}/change/").content.decode()
    assert decide(client, waiting, "approve") == [
        "The words are hidden from readers outside the team."
    ]
    assert waiting.state == RedactionState.APPROVED


def test_who_proposed_it_is_not_offered_to_approve_it(client, response, ann):
    waiting = make_proposed(response, "said so", by=ann)
    page = client.get(f"{LIST}{waiting.pk}/change/").content.decode()
    assert ("Approve: hide" in page, "Take your proposal back" in page) == (False, True)
    assert decide(client, waiting, "approve") == ["You proposed it: somebody else has to decide."]
    decide(client, waiting, "withdraw")
    assert waiting.state == RedactionState.TAKEN_BACK


def test_refusal_needs_a_word_which_the_page_has_without_a_nul(client, response, bea):
    waiting = make_proposed(response, "said so", by=bea)
    for nothing in (" ", "\0"):
        said = decide(client, waiting, "refuse", words=nothing)
        assert said == ["Enter why it is refused."], nothing
    decide(client, waiting, "refuse", words="No\0 secret")
    assert (waiting.state, waiting.refusal) == (RedactionState.REFUSED, "No secret")
    assert "No secret" in client.get(f"{LIST}{waiting.pk}/change/").content.decode()


def test_of_two_at_once_the_second_is_told_the_name_of_the_first(client, response, bea):
    waiting = make_proposed(response, "said so")
    approve(waiting, by=bea, at=OPENS_AT)
    assert decide(client, waiting, "refuse", words="No") == [
        "bea approved it already. You wrote: “No”"
    ]
    assert waiting.state == RedactionState.APPROVED


def test_hidden_words_are_shown_again_by_two_on_the_page(client, response, bea):
    hidden = make_redaction(response, "said so")
    decide(client, hidden, "ask_back", words="No secret")
    assert decide(client, hidden, "show_again") == ["You asked for it: somebody else has to agree."]
    other = signed_in(bea)
    assert decide(other, hidden, "show_again") == ["The words are shown again."]
    assert hidden.state == RedactionState.TAKEN_BACK


def test_refused_one_may_be_proposed_again(client, response, bea):
    waiting = make_proposed(response, "said so", by=bea)
    refuse(waiting, words="No", by=make_user(Role.MANAGER), at=OPENS_AT)
    assert proposed(client, response, exact="said so").status_code == 302


def test_page_of_a_lost_one_has_the_words_of_the_earlier_version(client, response):
    make_redaction(response, "said so")
    amended(response, story="He told us.")
    lost = Redaction.objects.get(state=RedactionState.LOST)
    page = client.get(f"{LIST}{lost.pk}/change/").content.decode()
    assert "<mark>said so</mark>" in page
    assert "the whole answer of this version is hidden" in page
    rows = client.get(LIST, {"waits": "lost"}).context["cl"].result_list
    assert [row.pk for row in rows] == [lost.pk]
