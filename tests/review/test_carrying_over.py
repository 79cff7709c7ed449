"""Codings of an earlier version, carried over where the later one has the same words."""

import pytest

from accounts.models import Membership
from accounts.states import Action, Role
from review.agreement.coding_differences import differences
from review.agreement.comparing import compare
from review.agreement.deciding import Decision, decide
from review.coding.carrying import carry_over, carrying_over
from review.coding.codebook import retire_code
from review.coding.codings import code_passage, quote
from review.coding.samples import close_sample
from review.models import Coding
from submissions.responses.models import Submission
from tests.forms import messages_after
from tests.makers import make_call, make_code, make_submitted, make_user, while_open
from tests.review.agreement.codings import be_done, draw
from tests.review.coding_pages import coder, page, signed_in
from tests.review.redaction_makers import make_redaction
from tests.review.response_pages import amended

STORY = "Pay is late. Pay is low. Trust is gone."


@pytest.fixture
def call(db, at):
    call = make_call()
    at(while_open(call))
    return call


@pytest.fixture
def ada(call):
    return coder(call)


@pytest.fixture
def code(call):
    return make_code(call=call, name="Pay")


def coded(response, code, by, *passages):
    """Code these passages of the story: each a pair of the words and which of them is meant."""
    version = response.current_version
    text = version.texts["story"]
    for words, which in passages:
        start = -1
        for _ in range(which + 1):
            start = text.index(words, start + 1)
        code_passage(
            code=code,
            version=version,
            question=response.call.questions.get(key="story"),
            start=start,
            end=start + len(words),
            by=by,
            at=while_open(response.call),
        )


def amend(response, story):
    amended(response, story=story)
    return Submission.objects.get(pk=response.pk)


def over(response, by):
    found = carrying_over(response.current_version, by=by)
    words = response.current_version.texts.get("story", "")
    return [passage.quote(words) for _, passage in found.found], [quote(one) for one in found.lost]


def starts(version):
    return list(Coding.objects.filter(version=version).values_list("start", flat=True))


def test_same_words_are_carried_over_wherever_they_stand_now(call, ada, code):
    response = make_submitted(call, story=STORY)
    coded(response, code, ada, ("Pay is low.", 0), ("Trust is gone.", 0), ("late", 0))
    response = amend(response, "New. Trust is gone. Pay is low. It is l\u00e4te.")
    assert over(response, ada) == (["Pay is low.", "Trust is gone."], ["late"])
    version = response.current_version
    assert carry_over(version, by=ada, at=while_open(call)) == 2
    assert starts(version) == [5, 20]
    assert over(response, ada) == ([], ["late"])
    assert carry_over(version, by=ada, at=while_open(call)) == 0
    assert len(starts(response.versions.get(number=1))) == 3


def test_words_that_stand_several_times_are_told_apart_or_lost(call, ada, code):
    response = make_submitted(call, story=STORY)
    coded(response, code, ada, ("Pay is", 1))
    response = amend(response, f"Well. {STORY}")
    carry_over(response.current_version, by=ada, at=while_open(call))
    assert starts(response.current_version) == [19]
    response = amend(response, f"Pay is what? {STORY}")
    assert over(response, ada) == ([], ["Pay is"])


def test_answer_that_is_the_same_keeps_each_place(call, ada, code):
    response = make_submitted(call, story=STORY, email="one@example.org")
    coded(response, code, ada, ("Pay is", 0), ("Pay is", 1))
    amended(response, email="two@example.org")
    response = Submission.objects.get(pk=response.pk)
    carry_over(response.current_version, by=ada, at=while_open(call))
    assert starts(response.current_version) == [0, 13]


def test_each_coder_carries_over_their_own_layer_and_no_retired_codes(call, ada, code):
    response = make_submitted(call, story=STORY)
    bea = make_user(Role.CODER)
    old = make_code(call=call, name="Old")
    coded(response, code, bea, ("late", 0))
    coded(response, old, ada, ("low", 0))
    retire_code(old, by=make_user(Role.REVIEWER), at=while_open(call))
    response = amend(response, f"{STORY} And more.")
    assert over(response, ada) == ([], [])
    assert over(response, bea) == (["late"], [])


@pytest.mark.parametrize("sees", [True, False])
def test_lost_words_that_others_do_not_see_are_marked(call, ada, code, sees):
    response = make_submitted(call, story=STORY)
    coded(response, code, ada, ("late", 0), ("Trust", 0), ("low", 0))
    make_redaction(response, "rust")
    response = amend(response, "Pay is late, still.")
    if not sees:
        Membership.objects.filter(person=ada).update(without=[Action.SEE_REDACTED])
    shown = page(signed_in(ada), response)
    said = " Words of it are hidden from readers outside the team." if sees else ""
    words = "Trust" if sees else "T████"
    assert f'<li>Pay: <q dir="auto">{words}</q>{said}</li>' in shown
    assert '<li>Pay: <q dir="auto">low</q></li>' in shown


def test_page_offers_to_carry_over_and_lists_what_is_lost(call, ada, code):
    response = make_submitted(call, story=STORY)
    coded(response, code, ada, ("late", 0), ("Trust", 0))
    response = amend(response, "Pay is late, still.")
    client = signed_in(ada)
    shown = page(client, response)
    assert "1 passage that you coded in version 1 has the same words in this one." in shown
    assert '<li>Pay: <q dir="auto">Trust</q></li>' in shown
    where = f"/admin/submissions/submission/{response.pk}/codings/"
    (said,) = messages_after(client.post(where, {"version": "1"}))
    assert "its author submitted version 2: open the response again" in said
    (said,) = messages_after(client.post(where, {"version": "2"}))
    assert "1 coding is carried over to version 2." in said
    assert [quote(one) for one in Coding.objects.filter(version__number=2)] == ["late"]
    assert client.get(where).url == where.replace("codings", "change")
    stranger = signed_in(coder(make_call(), "eve"))
    assert stranger.post(where, {"version": "2"}).status_code == 404


def test_coding_that_was_decided_against_is_not_carried_over(call, ada, code):
    response = make_submitted(call, story=STORY)
    boss, bea = coder(call, "boss", Role.MANAGER), coder(call, "bea")
    sample = draw(call, [ada, bea], boss)
    coded(response, code, ada, ("Pay is late.", 0), ("Trust is gone.", 0))
    be_done(sample, ada, bea)
    here = next(one for one in differences(compare(sample)) if one.quote == "Pay is late.")
    wanted = Decision(codes=frozenset(), reason="Not of pay", base=None)
    decide(sample, here, wanted=wanted, by=boss, at=while_open(call))
    close_sample(sample, by=boss, at=while_open(call))
    response = amend(response, STORY + " More.")
    carry_over(response.current_version, by=ada, at=while_open(call))
    there = Coding.objects.filter(version=response.current_version)
    assert [quote(one) for one in there] == ["Trust is gone."]
