"""Memos: what they are about, their earlier texts, and their end with what they repeat."""

from copy import deepcopy

import pytest

from accounts.models import AuditEvent
from accounts.states import Action, AuditAction, Role
from review.coding.codebook import merge_codes
from review.coding.codings import code_passage
from review.coding.samples import draw_sample, say_done
from review.errors import MemoOutdated, MemoRefused
from review.memos.forgetting import TEXT
from review.memos.visible_memos import seen_by, words_of_passage
from review.memos.writing import About, PassageOf, change_memo, write_memo
from review.models import Memo, MemoText
from submissions.responses.states import ErasureScope
from tests.exports.exporting import exported
from tests.makers import (
    make_call,
    make_code,
    make_submitted,
    make_user,
    make_user_who_may,
    while_open,
)
from tests.personal_data.erasures import erase
from tests.personal_data.everything_typed import unpacked
from tests.review.coding_pages import coder

pytestmark = pytest.mark.django_db
STORY = "The prime kept half of it. They do."


@pytest.fixture(scope="module")
def rows(made_once):
    return made_once(make_call)


@pytest.fixture
def call(rows, db, at):
    call = deepcopy(rows)
    at(while_open(call))
    return call


@pytest.fixture
def response(call):
    return make_submitted(call, story=STORY, email="ada@example.org")


def write(about, text="We think so.", title="Power", by=None):
    by = by or make_user(Role.CODER)
    return write_memo(about, title=title, text=text, by=by, at=while_open(about.call))


def on_passage(response, words="They do."):
    start = STORY.index(words)
    question = response.call.questions.get(key="story")
    passage = PassageOf(response.current_version, question, start, start + len(words))
    return About(response.call, response=response, passage=passage)


def test_memo_is_on_the_call_a_code_a_response_or_a_passage(call, response):
    code = make_code(call=call, name="Pay")
    made = [
        write(About(call)),
        write(About(call, code=code)),
        write(About(call, response=response)),
        write(on_passage(response)),
    ]
    reader = make_user(Role.CODER)
    found = [
        (memo.code, memo.submission, words_of_passage(memo, reader=reader).words) for memo in made
    ]
    assert found == [
        (None, None, ""),
        (code, None, ""),
        (None, response, ""),
        (None, response, "They do."),
    ]
    events = AuditEvent.objects.filter(action=AuditAction.MEMO_WRITTEN).order_by("pk")
    assert [event.detail for event in events] == [
        {"memo": made[0].pk},
        {"memo": made[1].pk, "code": code.pk},
        {"memo": made[2].pk},
        {"memo": made[3].pk},
    ]


@pytest.mark.parametrize(
    ("given", "field"), [({"title": "  "}, "title"), ({"text": "\r\n"}, "text")]
)
def test_memo_without_words_is_refused(call, given, field):
    with pytest.raises(MemoRefused) as refused:
        write(About(call), **given)
    assert refused.value.field == field


def test_who_may_not_code_writes_and_changes_nothing(call):
    reader = make_user_who_may(Action.READ_RESPONSES)
    with pytest.raises(MemoRefused, match="You may not write memos"):
        write(About(call), by=reader)
    memo = write(About(call))
    with pytest.raises(MemoRefused, match="You may not change memos"):
        change_memo(memo, title="A", text="B", seen=1, by=reader, at=while_open(call))


def test_passage_outside_the_answer_or_of_another_response_is_refused(call, response):
    other = make_submitted(call, story=STORY)
    question = call.questions.get(key="story")
    outside = PassageOf(response.current_version, question, 0, 999)
    with pytest.raises(MemoRefused, match="not within the answer"):
        write(About(call, response=response, passage=outside))
    theirs = PassageOf(other.current_version, question, 0, 3)
    with pytest.raises(MemoRefused, match="not of this response"):
        write(About(call, response=response, passage=theirs))


def test_changed_memo_keeps_its_earlier_texts(call):
    ada, bea = make_user(Role.CODER), make_user(Role.CODER)
    memo, at = write(About(call), by=ada), while_open(call)
    change_memo(memo, title="Power", text="We doubt it.", seen=1, by=bea, at=at)
    change_memo(memo, title="Power", text="We doubt it.", seen=2, by=ada, at=at)
    memo.refresh_from_db()
    assert (memo.text, memo.by, memo.changed_by, memo.revision) == ("We doubt it.", ada, bea, 2)
    earlier = MemoText.objects.values_list("revision", "text", "by")
    assert list(earlier) == [(1, "We think so.", ada.pk)]


def test_text_of_somebody_else_is_not_overwritten(call):
    bea = make_user(Role.CODER, username="bea")
    memo, at = write(About(call)), while_open(call)
    change_memo(memo, title="Power", text="Theirs.", seen=1, by=bea, at=at)
    with pytest.raises(MemoOutdated, match=r"^bea changed this memo at"):
        change_memo(memo, title="Power", text="Mine.", seen=1, by=memo.by, at=at)
    change_memo(memo, title="Power", text="Theirs.", seen=1, by=bea, at=at)  # a second press
    memo.refresh_from_db()
    assert (memo.text, memo.revision) == ("Theirs.", 2)


def test_memos_of_a_code_go_on_with_the_code_that_it_was_merged_into(call):
    pay, money = make_code(call=call, name="Pay"), make_code(call=call, name="Money")
    memo = write(About(call, code=pay))
    merge_codes(pay, into=money, by=make_user(Role.MANAGER), at=while_open(call))
    memo.refresh_from_db()
    assert memo.code == money
    assert write(About(call, code=pay)).code == money


def test_blind_coder_sees_no_memos_of_others_on_the_response_until_done(call, response):
    ada, bea = coder(call, "ada"), coder(call, "bea")
    sample = draw_sample(
        call=call,
        size=1,
        coders=[ada, bea],
        facet="",
        is_blind=True,
        by=make_user(Role.MANAGER),
        at=while_open(call),
    )
    theirs = [write(About(call, response=response), by=ada), write(on_passage(response), by=ada)]
    own = write(on_passage(response), by=bea)
    general = write(About(call), by=ada)
    assert set(seen_by(Memo.objects.all(), bea)) == {own, general}
    say_done(sample.responses.get(), version=1, by=bea, at=while_open(call))
    assert set(seen_by(Memo.objects.all(), bea)) == {*theirs, own, general}


def test_memos_end_with_the_response_and_with_what_they_repeat(call, response):
    code = make_code(call=call, name="Pay")
    write(About(call, response=response))
    write(on_passage(response))
    repeating = write(About(call, code=code), "One said: “The prime kept half of it.”")
    naming = write(About(call), "Ask ada@example.org for more.")
    own = write(About(call), "Primes keep too much.")
    changed = write(About(call), "“The prime kept half of it.”")
    change_memo(changed, title="A", text="Gone.", seen=1, by=changed.by, at=while_open(call))
    erase(response, at=while_open(call))
    assert dict(Memo.objects.values_list("pk", "text")) == {
        repeating.pk: TEXT,
        naming.pk: TEXT,
        own.pk: "Primes keep too much.",
        changed.pk: "Gone.",
    }
    assert MemoText.objects.get().text == TEXT
    again = {"title": "A", "text": repeating.text, "seen": 1, "by": repeating.by}
    with pytest.raises(MemoOutdated, match="was erased while this page was open"):
        change_memo(repeating, **again, at=while_open(call))
    change_memo(repeating, **again | {"text": "One said so.", "seen": 0}, at=while_open(call))


def test_memos_that_name_who_answered_are_emptied_with_that(call, response):
    naming = write(About(call, response=response), "It is ada@example.org.")
    quoting = write(About(call, response=response), "“The prime kept half of it.”")
    erase(response, at=while_open(call), scope=ErasureScope.IDENTITY)
    texts = dict(Memo.objects.values_list("pk", "text"))
    assert texts == {naming.pk: TEXT, quoting.pk: "“The prime kept half of it.”"}


def test_no_export_has_memos(call, response):
    """A test of the bundle sees that it has what each format has alone."""
    code = make_code(call=call, name="zqcode1x")
    question = call.questions.get(key="story")
    code_passage(
        code=code,
        version=response.current_version,
        question=question,
        start=0,
        end=3,
        by=make_user(Role.CODER),
        at=while_open(call),
    )
    for about in (About(call), About(call, code=code), on_passage(response)):
        write(about, "zqmemo1x", title="zqmemo2x")
    made = b"\n".join(unpacked(exported(call, "bundle")))
    assert (b"zqcode1x" in made, b"zqmemo" in made) == (True, False)
