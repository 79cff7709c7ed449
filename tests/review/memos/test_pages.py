"""The pages of memos: writing, changing, finding them, and where they stand beside things."""

import re
from copy import deepcopy

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEvent, Membership, User
from accounts.states import Action, AuditAction, Role
from review.coding.codings import code_passage
from review.memos.writing import About, PassageOf, change_memo, write_memo
from review.models import Memo
from tests.makers import make_call, make_code, make_submitted, while_open
from tests.review.agreement.codings import draw
from tests.review.coding_pages import STORY, address, coder, of_words, page, part, signed_in
from tests.review.lists import request_of
from tests.review.redaction_makers import make_redaction

pytestmark = pytest.mark.django_db
MEMOS = "/admin/review/memo/"
GIVEN = {"title": "Power", "text": "We think so."}


def make_rows():
    response = make_submitted(make_call(), story=STORY)
    return response, coder(response.call)


@pytest.fixture
def made(rows, db, at):
    made = deepcopy(rows)
    at(while_open(made[0].call))
    return made


@pytest.fixture
def response(made):
    return made[0]


@pytest.fixture
def ada(made):
    return made[1]


@pytest.fixture
def client(ada):
    return signed_in(ada)


def text(answer):
    return answer.content.decode()


def write_page(call, query=""):
    return f"{reverse('admin:review_memo_write', args=[call.pk])}{query}"


def write(about, by, title="Power", words="We think so."):
    return write_memo(about, title=title, text=words, by=by, at=while_open(about.call))


def listed(client, **query):
    request = request_of(User.objects.get(pk=client.session["_auth_user_id"]), query)
    changes = admin.site._registry[Memo].get_changelist_instance(request)
    return [memo.title for memo in changes.result_list]


def test_memo_on_the_whole_call_is_written_from_the_list(client, response):
    where = write_page(response.call)
    assert where in text(client.get(MEMOS))
    answer = client.post(where, GIVEN)
    memo = Memo.objects.get()
    assert answer.url == f"{MEMOS}{memo.pk}/change/"
    assert "We think so." in text(client.get(answer.url))
    assert [one.title for one in client.get(MEMOS).context["cl"].result_list] == ["Power"]


def test_second_press_writes_no_second_memo(client, response):
    code = make_code(call=response.call, name="Pay")
    for number, query in enumerate(("", f"?response={response.pk}", f"?code={code.pk}"), start=1):
        where = write_page(response.call, query)
        assert client.post(where, GIVEN).url == client.post(where, GIVEN).url
        client.post(where, GIVEN | {"text": "We doubt it."})
        assert Memo.objects.count() == 2 * number, query


def test_memo_stands_on_the_page_of_its_code_and_beside_its_coding(client, response, ada):
    code = make_code(call=response.call, name="Pay")
    question = response.call.questions.get(key="story")
    place = {"version": response.current_version, "question": question, "start": 0, "end": 4}
    code_passage(code=code, by=ada, at=while_open(response.call), **place)
    beside = write(About(response.call, response=response, passage=PassageOf(**place)), ada)
    passages = reverse("admin:review_code_passages", args=[code.pk])
    where = write_page(response.call, f"?code={code.pk}")
    shown = text(client.get(passages))
    assert (where in shown, "Of the code." in shown) == (True, False)
    assert f'Memo: <a href="{MEMOS}{beside.pk}/change/">Power</a>' in shown
    client.post(where, GIVEN | {"text": "Of the code."})
    assert "Of the code." in text(client.get(passages))


def test_memo_on_a_response_stands_beside_it(client, response):
    where = write_page(response.call, f"?response={response.pk}")
    assert where in page(client, response)
    client.post(where, GIVEN)
    assert "We think so." in page(client, response)


def test_passage_leads_to_the_page_to_write_a_memo_on_it(client, response, ada):
    led = [
        client.post(address(response), {"version": "1", "memo": "chosen"} | chosen)
        for chosen in ({"passage": part("Rivals share.")}, of_words("Rivals share."))
    ]
    answer = led[0]
    assert [one.status_code for one in led] == [302, 302]
    assert led[1].url == answer.url
    shown = text(client.get(answer.url))
    assert 'dir="auto">Rivals share.</blockquote>' in shown
    assert AuditEvent.objects.filter(action=AuditAction.PASSAGES_READ, actor=ada).count() == 1
    client.post(answer.url, GIVEN)
    memo = Memo.objects.get()
    assert STORY[memo.start : memo.end] == "Rivals share."
    assert f"{MEMOS}{memo.pk}/change/" in page(client, response)
    assert "Rivals share." in text(client.get(f"{MEMOS}{memo.pk}/change/"))


def test_memo_is_on_one_passage(client, response):
    several = [part("Fair pay 😎."), part("They do.")]
    given = {"version": "1", "memo": "chosen", "passage": several}
    answer = client.post(address(response), given)
    assert (answer.status_code, "A memo is on one passage" in text(answer)) == (422, True)


def test_address_of_what_is_not_there_is_not_found(client, response):
    for query in (
        "?code=999",
        "?code=x",
        "?response=999",
        "?response={pk}&question=story",
        "?response={pk}&version=9&question=story&start=0&end=4",
        "?response={pk}&version=1&question=none&start=0&end=4",
        "?response={pk}&version=1&question=story&start=x&end=4",
        "?response={pk}&version=1&question=story&start=0&end=4&file=x",
    ):
        answer = client.get(write_page(response.call, query.format(pk=response.pk)))
        assert answer.status_code == 404, query


def test_memo_without_words_is_refused_in_place(client, response):
    answer = client.post(write_page(response.call), {"title": "", "text": "Mine."})
    assert answer.status_code == 422
    assert "Enter a title." in text(answer)
    assert "Mine." in text(answer)


def test_changed_memo_says_who_was_first_and_keeps_what_was_typed(client, response, ada):
    bea = coder(response.call, "bea")
    memo = write(About(response.call), ada)
    where = f"{MEMOS}{memo.pk}/change/"
    change_memo(memo, title="Power", text="Of bea.", seen=1, by=bea, at=while_open(response.call))
    without_title = client.post(where, {"title": "", "text": "Of ada.", "seen": "1"})
    assert 'name="seen" value="1"' in text(without_title)  # nobody told her yet
    answer = client.post(where, GIVEN | {"text": "Of ada.", "seen": "1"})
    assert answer.status_code == 409
    shown = text(answer)
    for said in ("bea changed this memo at", "Of bea.", "Of ada."):
        assert said in shown
    assert 'name="seen" value="2"' in shown
    client.post(where, GIVEN | {"text": "Of ada.", "seen": "2"})
    memo.refresh_from_db()
    assert memo.text == "Of ada."
    shown = text(client.get(where))
    for earlier in ("We think so.", "Of bea."):
        assert f'<div class="given" dir="auto">{earlier}</div>' in shown


def test_who_only_reads_sees_memos_and_changes_none(response, ada):
    memo = write(About(response.call), ada)
    reader = signed_in(coder(response.call, "dee", Role.DATA_PROTECTION))
    where = f"{MEMOS}{memo.pk}/change/"
    shown = text(reader.get(where))
    assert "We think so." in shown
    assert "Change it" not in shown
    assert reader.post(where, GIVEN | {"seen": "1"}).status_code == 403
    assert reader.get(write_page(response.call)).status_code == 403
    Membership.objects.filter(person=ada).update(without=[Action.READ_RESPONSES])
    assert signed_in(ada).get(write_page(response.call)).status_code == 404


def test_list_is_searched_and_narrowed(client, response, ada):
    bea = coder(response.call, "bea")
    code = make_code(call=response.call, name="Pay")
    write(About(response.call), ada, "Call", "Of power.")
    write(About(response.call, code=code), bea, "Code", "Of money.")
    write(About(response.call, response=response), ada, "Response", "Of power.")
    question = response.call.questions.get(key="story")
    passage = PassageOf(response.current_version, question, 0, 4)
    write(About(response.call, response=response, passage=passage), ada, "Passage", "Of trust.")
    assert sorted(listed(client)) == ["Call", "Code", "Passage", "Response"]
    assert sorted(listed(client, q="power")) == ["Call", "Response"]
    assert listed(client, by=bea.pk) == ["Code"]
    for about in ("call", "code", "response", "passage"):
        assert listed(client, about=about) == [about.capitalize()]


def test_list_asks_the_database_as_often_with_many_memos(client, response, ada):
    numbers = []
    client.get(MEMOS)
    for names in ("a", "bc"):
        for name in names:
            code = make_code(call=response.call, name=name)
            write(About(response.call, code=code), ada)
            write(About(response.call, response=response), ada, name)
        with CaptureQueriesContext(connection) as queries:
            client.get(MEMOS)
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]


HIDDEN = "Words of it are hidden from readers outside the team."


def test_words_that_others_do_not_see_are_marked(response, ada):
    question = response.call.questions.get(key="story")
    start = STORY.index("Rivals share.")
    passage = PassageOf(response.current_version, question, start, start + len("Rivals share."))
    memo = write(About(response.call, response=response, passage=passage), ada)
    other = PassageOf(response.current_version, question, 0, 4)
    write(About(response.call, response=response, passage=other), ada)
    client = signed_in(ada)
    here = f"{MEMOS}{memo.pk}/change/"
    query = f"?response={response.pk}&version=1&question=story&start={start}&end={start + 6}"
    pages = [here, write_page(response.call, query)]
    assert not any(HIDDEN in text(client.get(one)) for one in pages)
    assert HIDDEN not in page(client, response)
    make_redaction(response, "Rivals")
    for sees in (True, False):
        if not sees:
            Membership.objects.filter(person=ada).update(without=[Action.SEE_REDACTED])
            client = signed_in(ada)  # a changed right ended the sign-in
        for one in pages:
            shown = text(client.get(one))
            assert (HIDDEN in shown, "██████" in shown) == (sees, not sees)
            if one == here:
                assert ("Rivals share." in shown) == sees
        assert page(client, response).count(HIDDEN) == sees


def test_memos_beside_a_response_take_as_many_queries_for_many_as_for_one(response, ada):
    question = response.call.questions.get(key="story")
    passage = PassageOf(response.current_version, question, 0, 4)
    Membership.objects.filter(person=ada).update(without=[Action.SEE_REDACTED])
    client, numbers = signed_in(ada), []
    page(client, response)
    for titles in ("a", "bc"):
        for title in titles:
            write(About(response.call, response=response, passage=passage), ada, title)
        with CaptureQueriesContext(connection) as queries:
            page(client, response)
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]


def test_what_is_typed_is_kept_where_a_blind_sample_begins_meanwhile(client, response, ada):
    bea, boss = coder(response.call, "bea"), coder(response.call, "boss", Role.MANAGER)
    memo = write(About(response.call, response=response), bea, words="Of bea.")
    page = client.get(f"{MEMOS}{memo.pk}/change/").content.decode()
    carried = dict(re.findall(r'type="hidden" name="(call|response)" value="(\d+)"', page))
    assert carried == {"call": str(response.call_id), "response": str(response.pk)}
    draw(response.call, [ada, bea], boss)
    given = GIVEN | carried | {"text": "Of ada.", "seen": "1"}
    answer = client.post(f"{MEMOS}{memo.pk}/change/", given)
    assert answer.status_code == 409
    shown = text(answer)
    assert f"You code {response} blind by now" in shown
    assert ("Of ada." in shown, "Of bea." in shown) == (True, False)
    client.post(answer.context["action"], GIVEN | {"text": "Of ada."})
    mine = Memo.objects.exclude(pk=memo.pk).get()
    assert (mine.submission, mine.text, mine.by) == (response, "Of ada.", ada)


def test_hidden_memo_is_answered_like_one_that_there_never_was(client, response, ada):
    """Whoever guesses its number and posts learns nothing, whatever they say that it is about."""
    bea, boss = coder(response.call, "bea"), coder(response.call, "boss", Role.MANAGER)
    memo = write(About(response.call, response=response), bea, words="Of bea.")
    draw(response.call, [ada, bea], boss)
    for about, status in (
        ({}, 302),
        ({"call": response.call_id}, 409),
        ({"call": response.call_id, "response": response.pk}, 409),
    ):

        def said(number, about=about):
            answer = client.post(f"{MEMOS}{number}/change/", GIVEN | about)
            context = answer.context or {}
            return answer.status_code, context.get("error"), context.get("about")

        assert said(memo.pk) == said(memo.pk + 1_000)
        assert said(memo.pk)[0] == status
