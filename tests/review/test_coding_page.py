"""Coding on the page of a response, with and without JavaScript."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from accounts.states import Role
from review.coding.codings import quote
from review.models import Code, Coding
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState
from tests.forms import messages_after
from tests.makers import make_call, make_code, make_submitted, while_open
from tests.review.coding_pages import STORY, address, coder, of_words, page, part, post, signed_in
from tests.review.response_pages import amended
from tests.submissions.respondent.answering import text_of


@pytest.fixture
def call(db, at):
    call = make_call()
    at(while_open(call))
    return call


@pytest.fixture
def response(call):
    return make_submitted(call, story=STORY)


@pytest.fixture
def ada(call):
    return coder(call)


@pytest.fixture
def client(ada):
    return signed_in(ada)


def quotes():
    return [(coding.code.name, quote(coding)) for coding in Coding.objects.order_by("pk")]


def test_sentences_paragraphs_and_the_whole_answer_can_be_ticked(client, response):
    make_code(call=response.call, name="Pay")
    shown = client.get(address(response)).content.decode()
    found = re.findall(r'name="passage" value="(\d+)-(\d+)"', shown)
    assert [STORY[int(start) : int(end)] for start, end in found] == [
        STORY,
        "Fair pay 😎. Rivals share. They do.",
        "Fair pay 😎.",
        "Rivals share.",
        "They do.",
        "Another paragraph of one sentence",
    ]
    assert '<option value="Pay">' in shown


def test_neighbours_that_are_ticked_become_one_passage(client, response, ada):
    make_code(call=response.call, name="Pay")
    answer = post(
        client,
        response,
        passage=[
            part("Rivals share."),
            part("Fair pay 😎."),
            part("Another paragraph of one sentence"),
        ],
    )
    assert answer.url == f"/admin/submissions/submission/{response.pk}/change/#answer-story"
    assert quotes() == [
        ("Pay", "Fair pay 😎. Rivals share."),
        ("Pay", "Another paragraph of one sentence"),
    ]
    assert messages_after(answer) == ["2 passages are coded."]


def test_selection_of_a_browser_is_coded_and_the_answer_is_drawn_anew(client, response, ada):
    code = make_code(call=response.call, name="Pay")
    answer = post(client, response, **of_words("😎. Rivals"))
    assert answer.status_code == 200
    assert quotes() == [("Pay", "😎. Rivals")]
    mark = f'<span class="coded code-{code.pk} line-1">😎. Rivals</span>'
    assert f"Fair pay {mark} share." in answer.content.decode()
    assert f'data-code="{code.pk}"' in answer.content.decode()
    assert "<html" not in answer.content.decode()
    assert '<p id="coding-said"></p>' in answer.content.decode()
    again = post(client, response, **of_words("😎. Rivals"))
    assert "That was under “Pay” already. Nothing changed." in again.content.decode()
    assert len(quotes()) == 1


REFUSED = [
    ({}, "Tick what belongs to the code"),
    ({"passage": ["0-9999"]}, "The passage is not within the answer"),
    ({"passage": ["0-0"]}, "The passage is not within the answer"),
    ({"passage": ["x", "-1-2", "1-2-3", "1" * 5000 + "-2"]}, "Tick what belongs to the code"),
    ({"passage": ["0-4"], "code": ""}, "Enter or choose a code."),
    ({"passage": ["0-4"], "code": "Money"}, "There is no code “Money”."),
    ({"passage": ["0-4"], "code": "x" * 101, "is_new": "on"}, "The name has 101 characters"),
    ({"passage": ["0-4"], "code": "No > Way", "is_new": "on"}, "There is no code “No”"),
    ({"passage": ["0-4"], "version": "7"}, "its author submitted version 1"),
    (of_words("Fair") | {"quote": "Foul"}, "choose them again"),
    (of_words("Fair") | {"start": "9" * 5000}, "choose them again"),
    (of_words("😎") | {"start": "10"}, "choose them again"),
]


def test_refused_coding_says_what_is_wrong_and_keeps_what_was_chosen(client, response):
    make_code(call=response.call, name="Pay")
    for given, said in REFUSED:
        answer = post(client, response, **given)
        assert answer.status_code == 422, given
        assert said in answer.content.decode(), given
        if given.get("passage") == ["0-4"] and given.get("code", "Pay"):
            kept = f'value="{escape(given.get("code", "Pay"))}"'
            assert kept in answer.content.decode(), given
    assert not Coding.objects.exists()


def test_ticks_stay_where_the_form_is_refused(client, response):
    answer = post(client, response, passage=[part("They do.")], code="Money")
    answer = answer.content.decode()
    assert f'value="{part("They do.")}" checked' in answer
    assert answer.count(" checked") == 1


def test_page_says_what_may_have_become_of_a_response_that_was_withdrawn_meanwhile(
    client, response
):
    Submission.objects.update(
        state=SubmissionState.WITHDRAWN, withdrawn_at=while_open(response.call)
    )
    answer = post(client, response, passage=["0-4"], code="Short of money", is_new="on")
    assert answer.status_code == 404
    said = text_of(answer)
    assert (
        "While you worked, a response may have been withdrawn, or somebody may have deleted" in said
    )
    assert "This is what you typed: copy it before you leave this page. Code Short of money" in said


def test_new_code_is_added_where_that_is_ticked_below_the_code_that_was_typed(client, response):
    pay = make_code(call=response.call, name="Pay")
    given = {"passage": ["0-4"], "is_new": "on"}
    assert post(client, response, code="pay >  Wages", **given).status_code == 302
    wages = Code.objects.get(name="Wages")
    assert (wages.parent, quotes()) == (pay, [("Wages", "Fair")])
    post(client, response, code="WAGES", passage=["5-8"])
    assert quotes() == [("Wages", "Fair"), ("Wages", "pay")]


def test_retired_code_is_neither_offered_nor_taken(client, response):
    Code.objects.filter(pk=make_code(call=response.call, name="Pay").pk).update(is_retired=True)
    assert "<option" not in client.get(address(response)).content.decode()
    answer = post(client, response, passage=["0-4"])
    assert "There is no code “Pay”" in answer.content.decode()


def test_coder_sees_own_codings_and_on_demand_those_of_everybody(client, response, ada):
    make_code(call=response.call, name="Pay")
    bea = signed_in(coder(response.call, "bea"))
    post(client, response, passage=["0-4"])
    post(bea, response, passage=["5-8"])
    own = page(client, response)
    assert "1 coded passage, 1 code" in own
    assert "You see your own; 1 of others is hidden." in own
    both = page(client, response, "?layer=all")
    assert "2 coded passages, 1 code" in both
    assert both.count("Take away") == 1
    assert "2 coded passages, 1 code" in page(client, response)
    assert "1 coded passage, 1 code" in page(client, response, "?layer=own")


def test_who_may_not_code_sees_codings_and_no_way_to_code(client, response, ada):
    make_code(call=response.call, name="Pay")
    post(client, response, passage=["0-4"])
    pat = signed_in(coder(response.call, "pat", Role.DATA_PROTECTION))
    shown = page(pat, response)
    assert "1 coded passage, 1 code" in shown
    assert "Take away" not in shown
    assert "coding-bar" not in shown
    assert pat.get(address(response)).status_code == 403
    assert post(pat, response, passage=["5-8"]).status_code == 403


def test_member_of_another_call_finds_nothing_to_code(response, ada):
    stranger = signed_in(coder(make_call(), "eve"))
    assert stranger.get(address(response)).status_code == 404
    assert post(stranger, response, passage=["0-4"]).status_code == 404
    away = stranger.post(address(response, what="uncode"), {"coding": "1"})
    assert away.status_code == 404
    assert not Coding.objects.exists()


def test_coding_is_taken_away_by_who_made_it_alone(client, response, ada):
    make_code(call=response.call, name="Pay")
    post(client, response, passage=["0-4"])
    key = str(Coding.objects.get().pk)
    bea = signed_in(coder(response.call, "bea"))
    away = address(response, what="uncode")
    refused = bea.post(away, {"coding": key, "fragment": "1"})
    assert (refused.status_code, refused.content.decode()) == (
        422,
        "This is a coding of ada: only they can take it away.",
    )
    client.post(away, {"coding": key})
    assert not Coding.objects.exists()
    (again,) = messages_after(client.post(away, {"coding": key}))
    assert "This coding is gone already." in again
    assert client.get(away).url.endswith("/change/")
    for hostile in ("", "x", "9" * 5000):
        assert client.post(away, {"coding": hostile}).status_code == 302


def test_version_that_is_not_the_latest_shows_its_codings_and_takes_none(client, response, ada):
    make_code(call=response.call, name="Pay")
    post(client, response, passage=["0-4"])
    amended(response, story="Fair pay again.")
    earlier = page(client, response, "?version=1")
    assert ("1 coded passage" in earlier, "coding-bar" in earlier) == (True, False)
    assert "1 coded passage" not in page(client, response)
    refused = post(client, response, passage=["0-15"]).content.decode()
    assert "its author submitted version 2: open the response again" in refused
    assert 'value="0-15">' in refused  # not ticked: these are other words


def test_only_text_answers_that_say_nobody_are_coded(client, response):
    keys = ("nothing", "email", "roles", "publication")
    assert {client.get(address(response, key)).status_code for key in keys} == {404}


def test_page_asks_the_database_as_often_with_many_codings(client, response, ada):
    make_code(call=response.call, name="Pay")
    post(client, response, passage=["0-4"])
    page(client, response)
    with CaptureQueriesContext(connection) as few:
        page(client, response)
    for start in range(5, 8):
        post(client, response, passage=[f"{start}-{start + 5}"])
    page(client, response)  # which says what was coded
    with CaptureQueriesContext(connection) as many:
        page(client, response)
    assert len(many) == len(few)
