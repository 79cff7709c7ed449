"""Passages like one: by the words that few responses have, for those who may read them."""

import re
from copy import deepcopy

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEvent
from accounts.states import Action, Role
from review.coding.codings import code_passage
from review.coding.places_in_text import Passage
from review.coding.samples import draw_sample
from review.models import FileText
from review.reading_faster import similar
from review.reading_faster.similar import similar_to
from review.searching.entries import write_due
from review.states import TextState
from submissions.responses.amending import reopen, withdraw
from submissions.responses.attaching import detach
from submissions.responses.models import Submission
from submissions.responses.states import TriageStatus
from submissions.responses.submitting import submit
from tests.makers import (
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
from tests.review.redaction_makers import make_redaction

pytestmark = pytest.mark.django_db
LATE = "The council paid our invoices three months late."


@pytest.fixture(scope="module")
def rows(made_once):
    return made_once(make_call)


@pytest.fixture
def call(rows, db, at):
    call = deepcopy(rows)
    at(while_open(call))
    return call


def boss():
    return make_user(is_superuser=True)


def quotes(found):
    return [(one.response, "".join(text for text, _ in one.pieces)) for one in found.found]


def reader(client, role=Role.REVIEWER, **fields):
    user = make_user(role, is_staff=True, **fields)
    client.force_login(user)
    return user


def page_of(response, passage="0-10", key="story"):
    return f"/admin/submissions/submission/{response.pk}/similar/{key}/?passage={passage}"


def test_sentences_with_the_rarest_words_come_first_whatever_their_form(call):
    best = make_submitted(
        call, story="We love parks. Late payment of an invoice by councils hurts."
    )
    other = make_submitted(call, story="Our council is kind. Something else about months.")
    for place in range(4):
        make_submitted(call, story=f"The council met on day {place}.")
    found = similar_to(LATE, call=call, reader=boss())
    assert quotes(found)[0] == (best, "Late payment of an invoice by councils hurts.")
    assert other not in [response for response, _ in quotes(found)]
    marked = [text for text, is_shared in found.found[0].pieces if is_shared]
    assert marked == ["Late", "invoice", "councils"]
    assert found.words == [("invoices", 1), ("months", 1), ("late", 1), ("council", 6)]


def test_words_with_marks_are_found_and_marked_whole(call):
    best = make_submitted(call, story="सब को नमस्ते दुनिया.")
    make_submitted(call, story="यह नमन है.")
    found = similar_to("नमस्ते, दुनिया वालों", call=call, reader=boss())
    assert quotes(found) == [(best, "सब को नमस्ते दुनिया.")]
    assert [text for text, is_shared in found.found[0].pieces if is_shared] == ["नमस्ते", "दुनिया"]


@pytest.mark.parametrize(
    ("like", "other", "passage", "marked"),
    [
        ("สวัสดีครับเราชอบโรงเรียน", "เขาไปตลาด", "โรงเรียนสวัสดี", ["สวัสดี", "โรงเรียน"]),
        ("政府合同付款很慢。好。", "我们喜欢公园。", "付款很慢的政府", ["政府", "付款", "很慢"]),
    ],
)
def test_passage_of_a_script_without_spaces_is_found_by_its_words(
    call, like, other, passage, marked
):
    first, last = (make_submitted(call, story=like) for _ in range(2))
    make_submitted(call, story=other)
    write_due(until=lambda: False)
    (found,) = similar_to(passage, call=call, reader=boss()).found
    assert (found.response, found.copies) == (last, 1)
    assert [text for text, is_shared in found.pieces if is_shared] == marked
    reader = make_user(Role.REVIEWER)
    withhold(reader, Action.SEE_REDACTED)
    make_redaction(last, like)
    write_due(until=lambda: False)
    (found,) = similar_to(passage, call=call, reader=reader).found
    assert (found.response, found.copies) == (first, 0)


def test_same_sentence_of_many_is_shown_once_with_their_number(call):
    for _ in range(3):
        make_submitted(call, story=f"Before. {LATE}")
    (found,) = similar_to(LATE, call=call, reader=boss()).found
    assert (found.copies, found.share) == (2, 100)


def test_passage_itself_is_not_found_and_another_of_its_response_is(call):
    response = make_submitted(call, story=f"{LATE} The council paid late again.")
    version = response.current_version
    place = (version.pk, "story", Passage(0, len(LATE)))
    assert quotes(similar_to(LATE, call=call, reader=boss(), without=place)) == [
        (response, "The council paid late again.")
    ]


def test_responses_that_do_not_count_are_not_found(call):
    gone, aside, stays, elsewhere = (
        make_submitted(which, story=LATE) for which in (call, call, call, make_call())
    )
    withdraw(submission=gone, at=while_open(call))
    Submission.objects.filter(pk=aside.pk).update(triage_status=TriageStatus.SET_ASIDE)
    make_draft(call, story=LATE)
    assert quotes(similar_to(LATE, call=call, reader=boss())) == [(stays, LATE)]
    assert elsewhere.call != call


@pytest.mark.parametrize("words", ["", "the and of", "…!?", "\U0001f600", "' & | ! ( ) :* \\"])
def test_passage_without_a_word_to_look_for_finds_nothing(call, words):
    make_submitted(call, story="the and of … \U0001f600")
    assert similar_to(words, call=call, reader=boss()).found == []


def test_words_that_too_many_have_are_named_and_not_looked_for(call, monkeypatch):
    monkeypatch.setattr(similar, "MOST_OF_A_WORD", 3)
    for place in range(3):
        make_submitted(call, story=f"The council {'paid invoices' if place else 'slept'}.")
    found = similar_to("Council invoices paid", call=call, reader=boss())
    assert found.common == ["council"]
    assert sorted(found.words) == [("invoices", 2), ("paid", 2)]


def test_page_shows_them_with_consent_and_how_they_were_found_on_record(client, call):
    user = reader(client)
    own = make_submitted(call, story=f"{LATE} More.")
    other = make_submitted(call, story="An invoice that the council paid late.", quote_ok="no")
    answer = client.get(page_of(own, f"0-{len(LATE)}"))
    text = answer.content.decode()
    assert [one.found.response for one in answer.context["shown"]] == [other]
    assert re.findall(r"<mark>(\w+)</mark>", text) == ["invoice", "council", "paid", "late"]
    assert "Do not quote it." in text
    assert "How these were found" in text
    assert "“invoices” (2)" in text
    event = AuditEvent.objects.get(action="similar_read")
    assert (event.actor, event.submission, event.detail) == (
        user,
        own,
        {"question": "story", "shown": [own.reference, other.reference]},
    )
    shown = client.get(f"/admin/submissions/submission/{other.pk}/change/").content.decode()
    assert "a passage like another" not in shown  # only for those who may read the record
    reader(client, Role.MANAGER)
    for one in (own, other):
        shown = client.get(f"/admin/submissions/submission/{one.pk}/change/").content.decode()
        assert "a passage like another" in shown


def test_page_asks_no_more_of_the_database_for_more_passages(client, call):
    reader(client)
    own = make_submitted(call, story=f"{LATE} More.")
    page, seen = page_of(own, f"0-{len(LATE)}"), []
    for number in (1, 3):
        while Submission.objects.count() <= number:
            place = Submission.objects.count()
            make_submitted(call, story=f"An invoice that the council paid late, {place}.")
        client.get(page)
        with CaptureQueriesContext(connection) as queries:
            assert len(client.get(page).context["shown"]) == number
        seen.append(len(queries))
    assert seen[0] == seen[1]


def test_page_without_a_passage_lists_the_sentences_to_choose_from(client, call):
    reader(client)
    response = make_submitted(call, story="One \U0001f600 here. Two there.")
    answer = client.get(page_of(response, "").removesuffix("?passage="))
    assert answer.context["sentences"] == [
        ("One \U0001f600 here.", "passage=0-11"),
        ("Two there.", "passage=12-22"),
    ]
    assert not AuditEvent.objects.filter(action="similar_read").exists()


@pytest.mark.parametrize("passage", ["5", "-", "3-3", "9-2", "0-9999", "a-b", "0-5-7", "²-5"])
def test_page_refuses_a_passage_that_is_not_in_the_answer(client, call, passage):
    reader(client)
    assert client.get(page_of(make_submitted(call, story=LATE), passage)).status_code == 404


def test_page_names_a_code_only_where_the_reader_sees_its_coding(client, call):
    ada, bo = reader(client, username="ada"), make_user(Role.CODER, username="bo")
    own, other = make_submitted(call, story=LATE), make_submitted(call, story=f"So: {LATE}")
    code_passage(
        code=make_code(call=call, name="Pay"),
        version=other.current_version,
        question=call.questions_by_key["story"],
        start=4,
        end=9,
        by=bo,
        at=while_open(call),
    )
    address = page_of(own, f"0-{len(LATE)}")
    assert [one.codes for one in client.get(address).context["shown"]] == [["Pay"]]
    draw_sample(
        call=call,
        size=2,
        coders=[ada, bo],
        facet="",
        is_blind=True,
        by=make_user(Role.MANAGER),
        at=while_open(call),
        seed=1,
    )
    assert [one.codes for one in client.get(address).context["shown"]] == [[]]


def test_passage_of_a_file_is_for_those_who_may_open_files(client, call):
    draft = make_draft(call, **complete_answers(call, story="Nothing"))
    attachment = make_attachment(draft, content=LATE.encode())
    submit(submission=draft, at=while_open(call))
    FileText.objects.create(
        attachment=attachment, state=TextState.READ, text=LATE, rules=1, at=while_open(call)
    )
    other = make_submitted(call, story=LATE)
    user = reader(client)
    address = f"{page_of(draft, '0-20', 'documents')}&file={attachment.public_id}"
    assert [one.found.response for one in client.get(address).context["shown"]] == [other]
    reopen(submission=draft, at=while_open(call))
    detach(submission=draft, public_id=attachment.public_id, at=while_open(call))
    submit(submission=draft, at=while_open(call))
    of_earlier = client.get(f"{address}&version=1")
    assert [one.found.response for one in of_earlier.context["shown"]] == [other]
    assert client.get(address).status_code == 404
    withhold(user, Action.OPEN_FILES)
    client.force_login(user)
    assert client.get(address).status_code in {403, 404}


def test_answer_that_says_who_answers_is_neither_shown_nor_found_by(client, call):
    reader(client)
    response = make_submitted(call, story=LATE, roles=["other"], role_other="Invoices late paid")
    call.questions.filter(key="role_other").update(identity=True)
    call = type(call).objects.get(pk=call.pk)
    assert client.get(page_of(response, "0-5", "role_other")).status_code == 404
    assert [
        one.question.key for one in similar_to("Invoices late paid", call=call, reader=boss()).found
    ] == ["story"]


def test_pages_of_a_response_and_of_a_code_lead_to_it(client, call):
    ada = reader(client, username="ada")
    response = make_submitted(call, story=LATE)
    code = make_code(call=call, name="Pay")
    code_passage(
        code=code,
        version=response.current_version,
        question=call.questions_by_key["story"],
        start=4,
        end=11,
        by=ada,
        at=while_open(call),
    )
    address = f"/admin/submissions/submission/{response.pk}/similar/story/?version=1"
    page = client.get(f"/admin/submissions/submission/{response.pk}/change/").content.decode()
    assert re.findall(r'href="([^"]*/similar/story[^"]*)"', page) == [
        f"{address}&amp;passage=4-11",
        address,
    ]
    page = client.get(f"/admin/review/code/{code.pk}/passages/").content.decode()
    (link,) = re.findall(r'href="([^"]*/similar/[^"]*)"', page)
    assert client.get(link.replace("&amp;", "&")).context["words"] == "council"


def test_hidden_words_find_and_show_nothing_to_who_may_not_see_them(client, call):
    own = make_submitted(call, story=f"{LATE} Unrelated.")
    other = make_submitted(call, story="Our council invoices Zebediah and his otters for months.")
    make_redaction(other, "Zebediah")
    insider, outsider = make_user(Role.REVIEWER), make_user(Role.REVIEWER)
    withhold(outsider, Action.SEE_REDACTED)
    asked = "Zebediah pays the council for otters"
    found = {
        name: similar_to(asked, call=call, reader=reader)
        for name, reader in (("insider", insider), ("outsider", outsider))
    }
    assert found["insider"].words == [("zebediah", 1), ("otters", 1), ("council", 2)]
    assert found["outsider"].words == [("otters", 1), ("council", 2)]
    assert quotes(found["outsider"]) == [
        (other, "Our council invoices ████████ and his otters for months.")
    ]
    assert own.call == call
