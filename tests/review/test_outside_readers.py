"""Readers of the project who may not see hidden words: what pages and searches have for them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.states import Action, Role
from core.clock import wall_now
from review.coding.codings import code_passage
from review.duplicates.campaign_text import campaign_text_for
from review.errors import NoteRefused
from review.models import Cluster, SearchEntry
from review.noting import add_note
from review.redaction.redacting import approve, ask_back, show_again
from review.searching.entries import write_due
from review.texts import reading_due_files
from submissions.responses.attaching import check, store
from submissions.responses.submitting import submit
from submissions.responses.verifying import checking_code
from tests.makers import (
    OPENS_AT,
    allow,
    complete_answers,
    make_attachment,
    make_call,
    make_code,
    make_draft,
    make_submitted,
    make_user,
    while_open,
    withhold,
)
from tests.review.coding_pages import signed_in
from tests.review.duplicates.texts import CAMPAIGN, compare_all, send
from tests.review.lists import responses_listed
from tests.review.redaction_makers import make_proposed, make_redaction
from tests.review.response_pages import amended, page_of

pytestmark = pytest.mark.django_db
SECRET, IN_FILE = "zqperson", "zqfile"
STORY = f"Town hall. Ask {SECRET} there."
LIST = "/admin/submissions/submission/"


def make_rows():
    """A response with a file that is read, a reviewer, and one who may not see hidden words."""
    call = make_call()
    draft = make_draft(call, **complete_answers(call, story=STORY))
    make_attachment(draft, content=f"Ask {IN_FILE} gladly.".encode())
    response = submit(submission=draft, at=while_open(call)).submission
    reading_due_files.read_due(now=wall_now, until=lambda: False)
    inside, outside = make_user(Role.REVIEWER), make_user(Role.REVIEWER)
    withhold(outside, Action.SEE_REDACTED)
    return {"call": call, "response": response, "inside": inside, "outside": outside}


def hide(response):
    make_redaction(response, SECRET)
    file_text = response.current_version.attachments.get().extracted
    make_redaction(response, IN_FILE, key="documents", file_text=file_text)
    written()


@pytest.fixture
def inside(made):
    return signed_in(made["inside"])


@pytest.fixture
def outside_user(made):
    return made["outside"]


@pytest.fixture
def outside(outside_user):
    return signed_in(outside_user)


def written():
    write_due(until=lambda: False)


def text_of(client, address, **query):
    page = client.get(address, query)
    assert page.status_code == 200
    return page.content.decode()


def found(user, typed):
    return [str(row) for row in responses_listed(user, {"q": typed})]


def test_page_of_a_response_marks_what_is_hidden_and_has_blocks_outside(response, inside, outside):
    hide(response)
    said = '<span class="hidden-words" data-said="[hidden: personal data]">{}</span>'
    page = text_of(inside, page_of(response), texts=1)
    assert (said.format(SECRET) in page, said.format(IN_FILE) in page) == (True, True)
    assert response.current_version.sha256 in page
    page = text_of(outside, page_of(response), texts=1)
    assert (SECRET in page, IN_FILE in page) == (False, False)
    assert said.format("█" * len(SECRET)) in page
    assert said.format("█" * len(IN_FILE)) in page
    assert "words of it are hidden: you may read its text" in page
    form = reverse("admin:submissions_submission_code", args=[response.pk, "story"])
    assert SECRET not in text_of(outside, form)
    file = response.current_version.attachments.get()
    address = f"{LIST}{response.pk}/files/{file.public_id}/"
    assert inside.get(address).status_code == 200
    assert outside.get(address).status_code == 302


@pytest.mark.parametrize("place", ["answer", "file"])
def test_digest_of_a_version_with_hidden_words_is_for_the_team(response, outside, place):
    if place == "answer":
        make_redaction(response, SECRET)
    else:
        file_text = response.current_version.attachments.get().extracted
        make_redaction(response, IN_FILE, key="documents", file_text=file_text)
    page = text_of(outside, page_of(response))
    assert response.current_version.sha256 not in page
    assert "Not shown: it would help to guess hidden words" in page


def test_guessed_text_of_hidden_words_is_not_confirmed_by_the_check(call, response):
    version = response.current_version
    asked = {"reference": response.reference, "digest": version.sha256}
    address = reverse("verify", args=[call.slug])

    def said(**code):
        return Client().post(address, asked | code).content.decode()

    proposed = make_proposed(response, SECRET)
    assert "They belong together" in said()
    approve(proposed, by=make_user(Role.REVIEWER), at=OPENS_AT)
    assert "We cannot confirm this receipt" in said()
    assert "They belong together" in said(code=checking_code(version))
    proposed.refresh_from_db()
    ask_back(proposed, words="It is public", by=make_user(Role.REVIEWER), at=OPENS_AT)
    show_again(proposed, by=make_user(Role.REVIEWER), at=OPENS_AT)
    assert "We cannot confirm this receipt" in said()


def test_proposal_is_marked_for_the_team_alone(response, inside, outside):
    make_proposed(response, SECRET)
    assert "[proposed to hide: personal data]" in text_of(inside, page_of(response))
    page = text_of(outside, page_of(response))
    assert ("proposed to hide" in page, SECRET in page) == (False, True)
    assert response.current_version.sha256 in page


def test_differences_of_versions_have_no_hidden_word(response, inside, outside):
    hide(response)
    amended(response, story=STORY + " More.")
    address = page_of(response)
    assert SECRET in text_of(inside, address, version=2, since=1)
    assert SECRET not in text_of(outside, address, version=2, since=1)
    assert SECRET not in text_of(outside, address, version=1)


def test_reading_across_has_no_hidden_word(call, response, inside, outside):
    hide(response)
    address = f"{LIST}questions/{call.questions.get(key='story').pk}/"
    assert SECRET in text_of(inside, address)
    page = text_of(outside, address)
    assert (SECRET in page, "[hidden: personal data]" in page) == (False, True)


def test_passages_of_a_code_have_no_hidden_word(call, response, inside, outside):
    code = make_code(call=call, name="People")
    version = response.current_version
    file_text = version.attachments.get().extracted
    for key, text, source in [("story", STORY, None), ("documents", file_text.text, file_text)]:
        code_passage(
            code=code,
            version=version,
            question=call.questions.get(key=key),
            file_text=source,
            start=0,
            end=len(text),
            by=make_user(Role.REVIEWER),
            at=OPENS_AT,
        )
    hide(response)
    address = reverse("admin:review_code_passages", args=[code.pk])
    page = text_of(inside, address)
    assert (SECRET in page, IN_FILE in page) == (True, True)
    assert page.count("Words of it are hidden from readers outside the team.") == 2
    page = text_of(outside, address)
    assert (SECRET in page, IN_FILE in page) == (False, False)
    assert "█" * len(SECRET) in page


def test_note_on_a_hidden_passage_neither_shows_nor_tells_it(response, outside, outside_user):
    question = response.call.questions.get(key="story")
    add_note(response, text="See", question=question, passage=SECRET, by=outside_user, at=OPENS_AT)
    assert f'<blockquote dir="auto">{SECRET}' in text_of(outside, page_of(response))
    hide(response)
    asked = []
    for more in ("Town", "hall"):
        with CaptureQueriesContext(connection) as queries:
            assert SECRET not in text_of(outside, page_of(response))
        asked.append(len(queries))
        add_note(response, text=more, question=question, passage=more, by=outside_user, at=OPENS_AT)
    assert asked[0] == asked[1], "something is asked for each note"
    with pytest.raises(NoteRefused):
        add_note(
            response, text="See", question=question, passage=SECRET, by=outside_user, at=OPENS_AT
        )


def test_original_is_not_handed_out_once_words_are_hidden(response, outside_user):
    allow(outside_user, Action.SEE_IDENTITY)
    outside = signed_in(outside_user)
    file = SimpleUploadedFile("letter.txt", b"A letter.")
    letter = check(file, types=["txt"], max_mb=None)
    original = store(letter, submission=response, question=None, at=response.submitted_at)
    address = f"{LIST}{response.pk}/files/{original.public_id}/"
    assert b"".join(outside.get(address)) == b"A letter."
    make_redaction(response, SECRET)
    assert outside.get(address).status_code == 302


def test_hidden_word_finds_nothing_for_readers_outside(call, response, made):
    inside, outside = made["inside"], made["outside"]
    other = make_submitted(call, story="Village hall.")
    hide(response)
    for word in (SECRET, IN_FILE, f"{SECRET[:4]}*", f"hall {SECRET}", f'"ask {SECRET}"'):
        assert found(inside, word) == [str(response)], word
        assert found(outside, word) == [], word
    assert set(found(outside, f"hall -{SECRET} -{IN_FILE}")) == {str(response), str(other)}
    assert found(inside, f"hall -{SECRET}") == [str(other)]
    assert found(outside, f"{SECRET} OR village") == [str(other)]


def test_other_words_find_the_response_and_its_snippet_is_without_the_hidden(response, outside):
    hide(response)
    page = text_of(outside, LIST, q="town gladly")
    assert [f"<mark>{word}</mark>" in page for word in ("Town", "gladly")] == [True, True]
    assert str(response) in page
    assert (SECRET in page, IN_FILE in page) == (False, False)


def test_hidden_word_finds_nothing_from_the_moment_of_approval(response, outside_user):
    written()
    assert found(outside_user, SECRET) == [str(response)]
    make_redaction(response, SECRET)
    assert found(outside_user, SECRET) == []


def test_hidden_word_does_not_shape_the_order(call, response, outside_user):
    first = make_submitted(call, story="Hall and hall.")
    make_redaction(response, SECRET)
    written()
    with_secret = found(outside_user, f"hall OR {SECRET}")
    assert with_secret == found(outside_user, "hall") == [str(first), str(response)]


def test_answer_that_lost_its_redaction_finds_nothing(response, outside_user):
    hide(response)
    amended(response, story="It was zqother.")
    written()
    assert found(outside_user, "zqother") == []


def test_words_that_are_shown_again_are_found_again(response, outside_user):
    hidden = make_redaction(response, SECRET)
    written()
    ask_back(hidden, words="So", by=make_user(Role.REVIEWER), at=OPENS_AT)
    show_again(hidden, by=make_user(Role.REVIEWER), at=OPENS_AT)
    written()
    assert found(outside_user, SECRET) == [str(response)]
    assert SearchEntry.objects.get().words_outside is None


def test_text_of_a_campaign_has_blocks_for_readers_outside(call, inside, outside):
    text = f"{CAMPAIGN} Ask {SECRET} there."
    responses = [send(call, text) for _ in range(2)]
    compare_all()
    cluster = Cluster.objects.get()
    address = reverse("admin:review_cluster_change", args=[cluster.pk])
    form = {"do": "decide", "to": "campaign", "name": "Fair lots", "up_to": "99999999"}
    assert inside.post(address, form | {"base": "0", "text": text}).status_code == 302
    for response in responses:
        make_redaction(response, SECRET)
    page = text_of(outside, address)
    assert (SECRET in page, f"Ask {'█' * len(SECRET)} there." in page) == (False, True)
    assert SECRET in text_of(inside, address)
    # Who saves the page as it is keeps the words that they do not see.
    shown = text.replace(SECRET, "█" * len(SECRET))
    assert outside.post(address, form | {"base": "1", "text": shown}).status_code == 302
    cluster.refresh_from_db()
    assert (cluster.lock_version, cluster.text) == (2, text)
    # Nobody changes or replaces a text without seeing all of it.
    for other in (f"{shown} More.", "Another text."):
        page = outside.post(address, form | {"base": "2", "text": other})
        assert "Words of the campaign’s text are hidden from you." in page.context["error"]
    cluster.refresh_from_db()
    assert (cluster.lock_version, cluster.text) == (2, text)
    assert inside.post(address, form | {"base": "2", "text": "Another text."}).status_code == 302


def test_campaign_text_hides_words_of_a_response_that_was_taken_out(call, inside, outside_user):
    text = f"{CAMPAIGN} Ask {SECRET} there."
    first, _ = [send(call, text) for _ in range(2)]
    compare_all()
    cluster = Cluster.objects.get()
    address = reverse("admin:review_cluster_change", args=[cluster.pk])
    form = {"do": "decide", "to": "campaign", "name": "Fair lots", "up_to": "99999999"}
    given = {"base": "0", "text": text, "text_from": first.pk}
    assert inside.post(address, form | given).status_code == 302
    make_redaction(first, SECRET)
    member = cluster.members.get(submission=first)
    taken_out = {"do": "take_out", "base": "1", "member": member.pk}
    assert inside.post(address, taken_out).status_code == 302
    cluster.refresh_from_db()
    assert campaign_text_for(outside_user, cluster) == text.replace(SECRET, "█" * len(SECRET))
    # Its author changes the words, and the whole answer is hidden until somebody decides.
    amended(first, story=f"{CAMPAIGN} Ask zqother there.")
    assert set(campaign_text_for(outside_user, cluster)) == {"█"}


def test_no_block_is_stored_in_the_text_of_a_campaign(call, outside):
    for _ in range(2):
        make_redaction(send(call, f"{CAMPAIGN} Ask {SECRET} there."), SECRET)
    compare_all()
    cluster = Cluster.objects.get()
    address = reverse("admin:review_cluster_change", args=[cluster.pk])
    suggested = outside.get(address).context["text"]
    assert "█" in suggested
    form = {"do": "decide", "base": "0", "up_to": "99999999", "name": "Fair lots"}
    page = outside.post(address, form | {"to": "campaign", "text": suggested})
    assert "“█” in the campaign’s text stands for words" in page.context["error"]
    form |= {"text": suggested.replace("█", "")}
    assert outside.post(address, form | {"to": "campaign"}).status_code == 302
    cluster.refresh_from_db()
    assert ("█" in cluster.text, CAMPAIGN in cluster.text) == (False, True)
