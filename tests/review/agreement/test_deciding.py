"""Deciding where coders differ, and what it does to the codings that count."""

from datetime import timedelta

import pytest

from accounts.models import AuditEvent
from accounts.states import Role
from review.agreement.coding_differences import differences, standing_codes
from review.agreement.comparing import compare
from review.agreement.deciding import Decision, decide, said
from review.coding.codebook import merge_codes, retire_code, split_code
from review.coding.codings import remove_coding
from review.coding.decided import standing_codings
from review.coding.forgetting import ERASED
from review.coding.samples import close_sample
from review.errors import CodingRefused, DecisionOutdated
from review.models import Code, Coding, CodingDecision
from tests.makers import make_call, make_code, make_submitted, while_open
from tests.personal_data.erasures import erase
from tests.review.agreement.codings import OFTEN, PAY, SHARE, STORY, be_done, code, draw
from tests.review.coding_pages import coder, signed_in
from tests.review.response_pages import amended


def differing(sample, words=PAY):
    return next(one for one in differences(compare(sample)) if one.quote == words)


def decided(sample, by, *codes, words=PAY, reason="They speak of pay", base=None):
    """Decide that the codes of these names stand at the sentence."""
    keys = Code.objects.filter(call=sample.call, name__in=codes).values_list("pk", flat=True)
    wanted = Decision(codes=frozenset(keys), reason=reason, base=base)
    here = differing(sample, words)
    return decide(sample, here, wanted=wanted, by=by, at=while_open(sample.call))


def standing(call):
    """Who coded what, of the codings that count."""
    rows = standing_codings(Coding.objects.filter(code__call=call))
    return sorted((one.by.username, one.code.name, one.start, one.end) for one in rows)


def place(words):
    start = STORY.index(words)
    return start, start + len(words)


@pytest.fixture
def differ(sample, response, ada, bea):
    """Ada has “Pay”, Bea “Money” and, as Ada, “Time” at the first sentence; both are done."""
    code(response, ada, PAY)
    code(response, bea, PAY, "Money")
    for one in (ada, bea):
        code(response, one, PAY, "Time")
    be_done(sample, ada, bea)
    return sample


def test_sentences_are_listed_where_not_all_gave_the_same_codes(sample, response, ada, bea):
    code(response, ada, f"{PAY} {SHARE}")
    code(response, bea, SHARE)
    be_done(sample, ada, bea)
    (one,) = differences(compare(sample))
    pay = Code.objects.get(name="Pay")
    assert (one.quote, one.codes, one.differing) == (PAY, {pay.pk: {ada.pk}}, {pay.pk})
    assert (one.codes_of(ada.pk), one.codes_of(bea.pk)) == ([pay.pk], [])
    assert one.until == STORY.index(SHARE)


def test_decision_keeps_its_codes_and_counts_the_others_out(differ, call, boss):
    decision = decided(differ, boss, "Pay", "Time")
    assert standing(call) == [
        ("ada", "Pay", *place(PAY)),
        ("ada", "Time", *place(PAY)),
        ("bea", "Time", *place(PAY)),
    ]
    assert Coding.objects.count() == 4
    codes = {one.code.name: one.stands for one in decision.codes.all()}
    assert codes == {"Money": False, "Pay": True, "Time": True}
    assert said(decision) == "“Pay”, “Time” stand"
    assert (decision.by, decision.reason) == (boss, "They speak of pay")
    event = AuditEvent.objects.get(action="codings_decided")
    money = Code.objects.get(name="Money")
    assert (event.detail["against"], event.detail["passage"]) == ([money.pk], list(place(PAY)))
    assert "pay" not in str(event.detail)


def test_decision_that_no_code_stands_leaves_none(differ, call, boss):
    decision = decided(differ, boss)
    assert (standing(call), standing_codes(decision)) == ([], [])


def test_code_that_nobody_gave_is_coded_by_who_decides(differ, call, boss):
    make_code(call=call, name="Third")
    decided(differ, boss, "Third")
    assert standing(call) == [("boss", "Third", *place(PAY))]


def test_coding_that_reaches_into_an_undecided_sentence_counts(
    sample, response, ada, bea, boss, call
):
    code(response, ada, f"{PAY} {SHARE}")
    be_done(sample, ada, bea)
    whole = ("ada", "Pay", *place(f"{PAY} {SHARE}"))
    decided(sample, boss)
    assert standing(call) == [whole]
    decided(sample, boss, words=SHARE)
    assert standing(call) == []
    base = CodingDecision.objects.get(replaced_by=None, start=0).pk
    decided(sample, boss, "Pay", base=base)
    assert standing(call) == [whole]


def test_codings_of_other_codes_and_places_count_as_before(differ, response, call, boss, ada):
    decided(differ, boss)
    close_sample(differ, by=boss, at=while_open(call))
    code(response, ada, PAY, "New")
    code(response, ada, OFTEN)
    assert standing(call) == [("ada", "New", *place(PAY)), ("ada", "Pay", *place(OFTEN))]


def test_decision_is_undone_by_another_alone_and_stays(differ, call, boss):
    first = decided(differ, boss, "Pay")
    second = decided(differ, boss, "Money", base=first.pk, reason="Of money")
    assert [one[:2] for one in standing(call)] == [("bea", "Money")]
    assert (second.replaces, CodingDecision.objects.count()) == (first, 2)
    assert {one.code.name: one.stands for one in first.codes.all()}["Pay"] is True


def test_decision_that_another_took_meanwhile_is_refused_with_their_name(differ, call, boss):
    other = coder(call, "cleo", Role.REVIEWER)
    decided(differ, other, "Pay")
    with pytest.raises(DecisionOutdated, match=r"^cleo decided .* meanwhile: “Pay” stands$"):
        decided(differ, boss, "Money")
    assert CodingDecision.objects.count() == 1


def test_same_decision_sent_twice_is_one(differ, boss):
    assert decided(differ, boss, "Pay") == decided(differ, boss, "Pay")
    with pytest.raises(DecisionOutdated, match=r"^boss decided"):
        decided(differ, boss, "Pay", reason="Another")


def test_impossible_decision_is_refused(differ, call, boss, ada):
    gone = make_code(call=call, name="Gone")
    retire_code(gone, by=boss, at=while_open(call))
    theirs = make_code(call=make_call(), name="Theirs")
    here = differing(differ)
    for codes, reason, by, why in (
        ([], " \n", boss, "Say why"),
        ([], "x" * 2001, boss, "2001 characters"),
        ([gone.pk], "Because", boss, "“Gone” is retired"),
        ([theirs.pk], "Because", boss, "codes of this call"),
        ([], "Because", ada, "You may not decide"),
    ):
        wanted = Decision(frozenset(codes), reason, None)
        with pytest.raises(CodingRefused, match=why):
            decide(differ, here, wanted=wanted, by=by, at=while_open(call))
    assert not CodingDecision.objects.exists()


def test_retired_code_that_a_coder_gave_may_stand(differ, call, boss):
    retire_code(Code.objects.get(name="Pay"), by=boss, at=while_open(call))
    decided(differ, boss, "Pay")
    assert [one[:2] for one in standing(call)] == [("ada", "Pay")]


def test_nobody_decides_while_a_coder_is_not_done(call, response, ada, bea, boss):
    cleo = coder(call, "cleo")
    sample = draw(call, [ada, bea, cleo], boss)
    code(response, ada, PAY)
    be_done(sample, ada, bea)
    with pytest.raises(CodingRefused, match=r"^cleo still codes this response$"):
        decided(sample, boss)
    close_sample(sample, by=boss, at=while_open(call))
    decided(sample, boss)
    assert CodingDecision.objects.count() == 1


def test_coder_who_is_done_with_another_version_is_not_waited_for(call, ada, bea, boss):
    cleo, response = coder(call, "cleo"), make_submitted(call, story=STORY)
    sample = draw(call, [ada, bea, cleo], boss)
    early = while_open(call) - timedelta(hours=1)
    code(response, ada, PAY, at=early)
    be_done(sample, ada, bea, at=early)
    amended(response, story="Something else. Entirely.")
    be_done(sample, cleo)
    decided(sample, boss)
    assert CodingDecision.objects.count() == 1


def test_who_codes_blind_does_not_decide(differ, call, response, boss, ada, bea):
    other = make_submitted(call, story=STORY)
    draw(call, [boss, ada], boss)
    code(other, bea, PAY)
    close_sample(differ, by=boss, at=while_open(call))
    decided(differ, boss)
    draw(call, [bea, boss], boss)  # the first response again
    with pytest.raises(CodingRefused, match="that you code blind"):
        decided(differ, boss, "Pay")


def test_coding_by_which_a_code_stands_is_not_taken_away(differ, call, boss, ada):
    decision = decided(differ, boss, "Pay")
    close_sample(differ, by=boss, at=while_open(call))
    own = Coding.objects.get(by=ada, code__name="Pay")
    for change in (
        lambda: remove_coding(own, by=ada, at=while_open(call)),
        lambda: split_code(
            own.code,
            codings=[own.pk],
            to=Code.objects.get(name="Money"),
            by=boss,
            at=while_open(call),
        ),
    ):
        with pytest.raises(CodingRefused, match="boss decided that “Pay” stands there"):
            change()
    decided(differ, boss, base=decision.pk)
    remove_coding(own, by=ada, at=while_open(call))
    assert not Coding.objects.filter(by=ada, code__name="Pay").exists()


def test_decisions_follow_a_merge(differ, call, boss):
    decided(differ, boss, "Pay")
    close_sample(differ, by=boss, at=while_open(call))
    pay, money = Code.objects.get(name="Pay"), Code.objects.get(name="Money")
    merge_codes(pay, into=money, by=boss, at=while_open(call))
    assert [one[:2] for one in standing(call)] == [("ada", "Money"), ("bea", "Money")]
    other = make_code(call=call, name="Other")
    merge_codes(Code.objects.get(name="Time"), into=other, by=boss, at=while_open(call))
    codes = CodingDecision.objects.get().codes.all()
    assert {one.code.name: one.stands for one in codes} == {"Money": True, "Other": False}


def test_coding_that_was_decided_against_is_not_split_off(differ, call, boss, bea):
    decided(differ, boss, "Pay")
    close_sample(differ, by=boss, at=while_open(call))
    money, other = Code.objects.get(name="Money"), make_code(call=call, name="Other")
    own = Coding.objects.get(by=bea, code=money)
    said = f"does not stand at 1 of these passages \\({own.version.submission}\\)"
    with pytest.raises(CodingRefused, match=said):
        split_code(money, codings=[own.pk], to=other, by=boss, at=while_open(call))
    assert [one[:2] for one in standing(call)] == [("ada", "Pay")]
    passages = f"/admin/review/code/{money.pk}/passages/"
    shown = signed_in(boss).get(passages).content.decode()
    assert "Somebody decided that the code does not stand here" in shown
    kept = signed_in(boss).get(f"/admin/review/code/{Code.objects.get(name='Pay').pk}/passages/")
    assert "Somebody decided" not in kept.content.decode()


@pytest.mark.parametrize("into_decided", [True, False])
def test_merge_takes_no_coding_away_about_which_nobody_decided(
    differ, response, call, boss, ada, into_decided
):
    decided(differ, boss, "Time")
    close_sample(differ, by=boss, at=while_open(call))
    code(response, ada, PAY, "New")
    pay, new = Code.objects.get(name="Pay"), Code.objects.get(name="New")
    code_, into = (new, pay) if into_decided else (pay, new)
    assert ("ada", "New", *place(PAY)) in standing(call)
    merge_codes(code_, into=into, by=boss, at=while_open(call))
    assert ("ada", into.name, *place(PAY)) in standing(call)
    assert ("bea", "Money", *place(PAY)) not in standing(call)
    codes = CodingDecision.objects.get().codes.all()
    assert {one.code.name: one.stands for one in codes} == {
        "Money": False,
        "Time": True,
        into.name: True,
    }


def test_merge_keeps_a_coding_that_was_there_before_its_coder_was_done(
    sample, response, call, boss, ada, bea
):
    code(response, ada, PAY)
    be_done(sample, ada, bea)
    close_sample(sample, by=boss, at=while_open(call))
    code(response, ada, PAY, "Money", at=while_open(call) + timedelta(hours=1))
    pay, money = Code.objects.get(name="Pay"), Code.objects.get(name="Money")
    merge_codes(pay, into=money, by=boss, at=while_open(call))
    assert differing(sample).codes == {money.pk: {ada.pk}}


def test_erasure_ends_decisions(differ, response, boss, call):
    decided(differ, boss, "Pay")
    erase(response, at=while_open(call))
    assert not CodingDecision.objects.exists()


def test_erasing_who_answered_empties_reasons_that_name_them(call, ada, bea, boss):
    response = make_submitted(call, story=STORY, email="zoe@example.org")
    sample = draw(call, [ada, bea], boss)
    code(response, ada, PAY)
    code(response, ada, SHARE)
    be_done(sample, ada, bea)
    decided(sample, boss, reason="Zoe@example.org says so")
    decided(sample, boss, words=SHARE, reason="Plainly")
    erase(response, at=while_open(call), scope="identity")
    reasons = CodingDecision.objects.order_by("start").values_list("reason", flat=True)
    assert list(reasons) == ["Erased: it named who answered.", "Plainly"]


def test_reason_that_quotes_another_response_ends_with_it(differ, boss, call):
    other = make_submitted(call, story="The prime kept half of it.", email="zoe@example.org")
    first = decided(differ, boss, "Pay", reason="As in “The prime kept half of it.”")
    second = decided(differ, boss, "Time", reason="As zoe@example.org has it", base=first.pk)
    third = decided(differ, boss, reason="Plainly", base=second.pk)
    erase(other, at=while_open(call))
    reasons = CodingDecision.objects.order_by("pk").values_list("reason", flat=True)
    assert list(reasons) == [ERASED, ERASED, third.reason]
