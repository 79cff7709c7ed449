"""Changing the codebook loses no coding, and no change escapes the record."""

from copy import deepcopy
from datetime import timedelta

import pytest

from accounts.models import AuditEvent
from accounts.states import AuditAction, Role
from review.coding import codebook
from review.coding.codings import code_passage, remove_coding
from review.coding.tree import tree
from review.errors import CodingRefused
from review.models import Code, Coding
from tests.makers import OPENS_AT, make_call, make_code, make_submitted, make_user

pytestmark = pytest.mark.django_db
LATER = OPENS_AT + timedelta(days=1)


@pytest.fixture(scope="module")
def rows(made_once):
    return made_once(make_call)


@pytest.fixture
def call(rows, db):
    return deepcopy(rows)


@pytest.fixture
def reviewer():
    return make_user(Role.REVIEWER)


def names(call):
    return [f"{'- ' * (one.level - 1)}{one.code.name}" for one in tree(call)]


def coded(response, code, *, by, start=0, end=3):
    question = response.call.questions.get(key="story")
    version = response.current_version
    return code_passage(
        code=code, version=version, question=question, start=start, end=end, by=by, at=OPENS_AT
    )


def events(action):
    return list(AuditEvent.objects.filter(action=action).values_list("detail", flat=True))


def refusal(change, *given, **options):
    with pytest.raises(CodingRefused) as refused:
        change(*given, **options)
    return refused.value.message


def test_codes_differ_in_colour_and_then_in_line(call):
    codes = [make_code(call=call, name=f"Code {n}") for n in range(9)]
    assert len({code.colour for code in codes[:8]}) == 8
    assert (codes[8].colour, codes[8].pattern) == (codes[0].colour, "double")
    assert events(AuditAction.CODE_ADDED) == [{"code": code.pk} for code in reversed(codes)]


def test_change_is_recorded_by_the_names_of_its_fields(call, reviewer):
    code = make_code(call=call, name="Pay")
    codebook.change_code(code, by=reviewer, at=LATER, name=" Fair  pay ", use_when="They say it.")
    code.refresh_from_db()
    assert (code.name, code.use_when) == ("Fair pay", "They say it.")
    assert events(AuditAction.CODE_CHANGED) == [{"code": code.pk, "changed": ["name", "use_when"]}]
    codebook.change_code(code, by=reviewer, at=LATER, name="Fair pay")
    assert len(events(AuditAction.CODE_CHANGED)) == 1


def test_moving_keeps_the_order_of_the_others(call, reviewer):
    first, second, third = (make_code(call=call, name=name) for name in ("A", "B", "C"))
    codebook.move_code(third, parent=None, place=0, by=reviewer, at=LATER)
    assert names(call) == ["C", "A", "B"]
    codebook.move_code(second, parent=first, place=5, by=reviewer, at=LATER)
    assert names(call) == ["C", "A", "- B"]
    assert events(AuditAction.CODE_MOVED)[0] == {"code": second.pk, "under": first.pk, "place": 0}


def test_code_does_not_move_under_itself_or_below(call, reviewer):
    top = make_code(call=call, name="Top")
    below = make_code(call=call, name="Below", parent=top)
    options = {"place": 0, "by": reviewer, "at": LATER}
    said = refusal(codebook.move_code, top, parent=below, **options)
    assert said == "“Below” is “Top” or stands below it"
    assert refusal(codebook.move_code, top, parent=top, **options).startswith("“Top” is “Top”")


def test_codebook_is_no_deeper_than_its_levels(call, reviewer):
    parent = None
    for level in range(codebook.MOST_LEVELS):
        parent = make_code(call=call, name=f"Level {level}", parent=parent)
    said = "A codebook has 10 levels at most"
    assert refusal(make_code, call=call, name="Too deep", parent=parent) == said
    pair = make_code(call=call, name="Pair")
    make_code(call=call, name="Below the pair", parent=pair)
    options = {"place": 0, "by": reviewer, "at": LATER}
    assert refusal(codebook.move_code, pair, parent=parent.parent, **options) == said
    assert refusal(codebook.merge_codes, pair, into=parent, by=reviewer, at=LATER) == said
    codebook.move_code(pair, parent=parent.parent.parent, **options)


def test_merging_loses_no_coding_and_no_code_below(call, reviewer):
    response = make_submitted(call, story="Fair pay for all")
    pay, money = make_code(call=call, name="Pay"), make_code(call=call, name="Money")
    make_code(call=call, name="Wages", parent=money)
    ada, bea = make_user(Role.CODER), make_user(Role.CODER)
    coded(response, pay, by=ada)
    coded(response, money, by=ada)
    coded(response, money, by=bea)
    coded(response, money, by=ada, start=5, end=8)
    assert codebook.merge_codes(money, into=pay, by=reviewer, at=LATER) == 3
    found = set(Coding.objects.values_list("code", "by", "start"))
    assert found == {(pay.pk, ada.pk, 0), (pay.pk, bea.pk, 0), (pay.pk, ada.pk, 5)}
    assert names(call) == ["Pay", "- Wages"]
    assert refusal(make_code, call=call, name="money") == "“Money” was merged into “Pay”"
    assert refusal(codebook.change_code, money, by=reviewer, at=LATER, name="X").endswith(
        "was merged into another code"
    )
    assert events(AuditAction.CODES_MERGED) == [{"code": money.pk, "into": pay.pk, "codings": 3}]


def test_what_was_merged_into_a_merged_code_leads_to_the_last(call, reviewer):
    one, two, three = (make_code(call=call, name=name) for name in ("One", "Two", "Three"))
    codebook.merge_codes(one, into=two, by=reviewer, at=LATER)
    codebook.merge_codes(two, into=three, by=reviewer, at=LATER)
    assert set(Code.objects.exclude(merged_into=None).values_list("merged_into")) == {(three.pk,)}


def test_code_is_not_merged_into_one_below(call, reviewer):
    top = make_code(call=call, name="Top")
    below = make_code(call=call, name="Below", parent=top)
    said = refusal(codebook.merge_codes, top, into=below, by=reviewer, at=LATER)
    assert said == "“Below” is “Top” or stands below it"


def test_splitting_moves_the_chosen_codings_alone(call, reviewer):
    response = make_submitted(call, story="Fair pay for all")
    wide, narrow = make_code(call=call, name="Wide"), make_code(call=call, name="Narrow")
    ada = make_user(Role.CODER)
    here, stays = coded(response, wide, by=ada), coded(response, wide, by=ada, start=5, end=8)
    elsewhere = coded(response, narrow, by=ada, start=9, end=12)
    keys = [here.pk, elsewhere.pk]
    assert codebook.split_code(wide, codings=keys, to=narrow, by=reviewer, at=LATER) == 1
    assert list(wide.codings.all()) == [stays]
    assert set(narrow.codings.all()) == {here, elsewhere}
    said = refusal(codebook.split_code, wide, codings=[here.pk], to=narrow, by=reviewer, at=LATER)
    assert said == "Choose the passages that belong to another code"


def test_retired_code_keeps_its_codings_and_takes_no_more(call, reviewer):
    response = make_submitted(call, story="Fair pay for all")
    code, ada = make_code(call=call, name="Pay"), make_user(Role.CODER)
    coded(response, code, by=ada)
    codebook.retire_code(code, by=reviewer, at=LATER)
    with pytest.raises(CodingRefused, match="is retired: choose another"):
        coded(response, code, by=ada, start=5, end=8)
    assert code.codings.count() == 1
    assert (
        refusal(make_code, call=call, name="Pay") == "There is a retired code “Pay”: bring it back"
    )
    codebook.retire_code(code, by=reviewer, at=LATER, retired=False)
    coded(response, code, by=ada, start=5, end=8)
    assert [event["retired"] for event in events(AuditAction.CODE_RETIRED)] == [False, True]


def test_code_above_one_in_use_is_not_retired(call, reviewer):
    top = make_code(call=call, name="Top")
    below = make_code(call=call, name="Below", parent=top)
    said = refusal(codebook.retire_code, top, by=reviewer, at=LATER)
    assert said == "Codes below it are in use: retire or move them first"
    codebook.retire_code(below, by=reviewer, at=LATER)
    codebook.retire_code(top, by=reviewer, at=LATER)
    said = refusal(codebook.retire_code, below, by=reviewer, at=LATER, retired=False)
    assert said == "“Top” above it is retired: bring it back first"


@pytest.mark.parametrize("role", [Role.CODER, Role.DATA_PROTECTION, Role.STEERING_MEMBER])
def test_codebook_is_changed_by_managers_and_reviewers_alone(call, role):
    code, other, person = (
        make_code(call=call, name="A"),
        make_code(call=call, name="B"),
        make_user(role),
    )
    options = {"by": person, "at": LATER}
    said = "You may not change the codebook of this call"
    assert refusal(codebook.change_code, code, name="C", **options) == said
    assert refusal(codebook.move_code, code, parent=None, place=0, **options) == said
    assert refusal(codebook.merge_codes, code, into=other, **options) == said
    assert refusal(codebook.split_code, code, codings=[], to=other, **options) == said
    assert refusal(codebook.retire_code, code, **options) == said


def test_coding_is_taken_away_by_its_coder_alone(call, reviewer):
    response = make_submitted(call, story="Fair pay for all")
    ada = make_user(Role.CODER, username="ada")
    coding = coded(response, make_code(call=call, name="Pay"), by=ada)
    said = refusal(remove_coding, coding, by=reviewer, at=LATER)
    assert said == "This is a coding of ada: only they can take it away"
    key = coding.code_id
    remove_coding(coding, by=ada, at=LATER)
    remove_coding(coding, by=ada, at=LATER)
    assert events(AuditAction.CODING_REMOVED) == [
        {"code": key, "version": 1, "question": "story", "passage": [0, 3]}
    ]
