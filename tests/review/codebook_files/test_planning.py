"""An import adds and changes what it said before, and nothing else."""

from copy import deepcopy

import pytest

from accounts.models import AuditEvent
from accounts.states import AuditAction, Role
from review.coding import codebook
from review.coding.codebook_files.file_kinds import read_codebook
from review.coding.codebook_files.importing import import_codebook
from review.coding.codebook_files.planning import plan
from review.coding.tree import tree
from review.errors import CodebookOutdated, CodingRefused
from review.models import Code
from tests.makers import OPENS_AT, make_call, make_code, make_user
from tests.review.codebook_files import samples
from tests.review.codebook_files.samples import qdc

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def rows(made_once):
    return made_once(make_call)


@pytest.fixture
def call(rows, db):
    return deepcopy(rows)


@pytest.fixture
def reviewer():
    return make_user(Role.REVIEWER)


def book_of(text, name="c.csv"):
    return read_codebook(name, text if isinstance(text, bytes) else text.encode())


def planned(call, text, name="c.csv"):
    return plan(call, book_of(text, name))


def brought_in(call, text, by, name="c.csv"):
    book = book_of(text, name)
    return import_codebook(call, book, seen=plan(call, book).etag, by=by, at=OPENS_AT)


def names(call):
    return [f"{'- ' * (one.level - 1)}{one.code.name}" for one in tree(call)]


def said(lines):
    return [(line.place, line.said) for line in lines]


def changes(found):
    return [
        (changed.path, word.label, *word.shown)
        for changed in found.changed
        for word in changed.words
    ]


def test_codes_are_found_by_guid_and_by_path_and_only_new_ones_are_added(call, reviewer):
    money = make_code(call=call, name="Money", description="Old", colour="#111111")
    make_code(call=call, name="Rent", parent=money)
    table = (
        "guid,parent,name,definition,colour,line\n"
        f"{money.guid},,Costs,New,,Dots\n,Costs,rent,,,\n,Costs,Bills,What comes,,\n"
    )
    found = planned(call, table)
    assert changes(found) == [
        ("Money", "name", "Money", "Costs"),
        ("Money", "definition", "Old", "New"),
        ("Money", "line", "One line", "Dots"),
    ]
    assert ([one.path for one in found.added], found.same) == (["Money > Bills"], 1)
    brought_in(call, table, reviewer)
    money.refresh_from_db()
    assert (money.name, money.description, money.colour, money.pattern) == (
        "Costs",
        "New",
        "#111111",
        "dotted",
    )
    assert names(call) == ["Costs", "- Rent", "- Bills"]
    assert Code.objects.get(name="Bills").colour != ""


def test_empty_cell_empties_nothing(call):
    make_code(call=call, name="Money", description="Kept", example="Kept")
    found = planned(call, "name,definition,example,retired\nMoney,,,\n")
    assert (changes(found), found.same) == ([], 1)


def test_two_codes_may_change_their_names_for_each_others(call, reviewer):
    one, two = make_code(call=call, name="One"), make_code(call=call, name="Two")
    brought_in(call, f"guid,name\n{one.guid},Two\n{two.guid},One\n", reviewer)
    assert names(call) == ["Two", "One"]
    brought_in(call, f"guid,name\n{two.guid},Two\n{one.guid},Three\n,Two\n", reviewer)
    assert names(call) == ["Three", "Two", "Two (2)"]


def test_name_that_is_in_use_gets_its_parents_in_brackets(call, reviewer):
    make_code(call=call, name="Costs")
    codes = (
        '<Code name="Travel"><Code name="costs"/><Code name="Costs"/></Code><Code name="TRAVEL"/>'
    )
    found = planned(call, qdc(codes), "c.qdc")
    assert said(found.notes) == [
        ("line 1", "Another code is called “costs”: this one is called “costs (Travel)” here"),
        ("line 1", "Another code is called “Costs”: this one is called “Costs (2)” here"),
        ("line 1", "Another code is called “TRAVEL”: this one is called “TRAVEL (2)” here"),
    ]
    brought_in(call, qdc(codes), reviewer, "c.qdc")
    wanted = ["Costs", "Travel", "- costs (Travel)", "- Costs (2)", "TRAVEL (2)"]
    assert names(call) == wanted
    again = planned(call, qdc(codes), "c.qdc")
    assert (again.added, again.changed, again.same) == ([], [], 4)


def test_qualcoders_export_comes_in_twice_with_new_guids_as_the_same(call, reviewer):
    brought_in(call, samples.QUALCODER, reviewer, "c.qdc")
    assert names(call) == [
        "Hope",
        "Money",
        "- Landlord's rent",
        "- - Arrears",
        "- Money (Money)",
    ]
    again = samples.QUALCODER.replace(b"-9a10-", b"-9a11-")
    found = planned(call, again, "c.qdc")
    assert (found.added, found.changed, found.same) == ([], [], 5)


def test_name_too_long_for_brackets_gets_a_number(call):
    make_code(call=call, name="n" * 100)
    found = planned(call, f"parent,name\n,{'p' * 100}\n{'p' * 100},{'n' * 100}\n")
    assert found.added[1].name == f"{'n' * 96} (2)"


def test_code_stays_where_it_stands_here(call):
    home = make_code(call=call, name="Home")
    damp = make_code(call=call, name="Damp", parent=home)
    found = planned(call, f"guid,parent,name\n{damp.guid},,Damp\n")
    assert said(found.notes) == [("row 2", "“Damp” stands under “Home” and stays there")]
    assert (found.does_something, found.same) == (False, 1)


def test_merged_code_stays_merged_and_what_is_below_it_goes_to_the_other(call, reviewer):
    old, new = make_code(call=call, name="Old"), make_code(call=call, name="New")
    codebook.merge_codes(old, into=new, by=reviewer, at=OPENS_AT)
    for table in (f"guid,parent,name\n{old.guid},,Renamed\n,Renamed,Below\n", "Old>>Below\n"):
        found = planned(call, table)
        assert [one.path for one in found.added] == ["New > Below"]
        assert [line.said for line in found.notes] == ["“Old” was merged into “New” and stays so"]
    brought_in(call, f"guid,name\n{old.guid},Renamed\n,Old\n", reviewer)
    assert names(call) == ["New", "Old (2)"]


def test_codes_are_retired_and_brought_back_on_record(call, reviewer):
    used, gone = make_code(call=call, name="Used"), make_code(call=call, name="Gone")
    codebook.retire_code(gone, by=reviewer, at=OPENS_AT)
    made = brought_in(call, "name,retired\nUsed,yes\nGone,no\nNew,yes\n", reviewer)
    assert changes(made) == [("Used", "retired", "no", "yes"), ("Gone", "retired", "yes", "no")]
    retired = {code.name: code.is_retired for code in Code.objects.all()}
    assert retired == {"Used": True, "Gone": False, "New": True}
    events = AuditEvent.objects.filter(action=AuditAction.CODE_RETIRED).values_list("detail")
    assert {"code": used.pk, "retired": True} in [detail for (detail,) in events]


def test_code_in_use_below_a_retired_one_is_refused(call, reviewer):
    top = make_code(call=call, name="Top")
    make_code(call=call, name="Below", parent=top)
    wrong = "“{}” stands under “{}” and is in use: retire both, or none"
    assert said(planned(call, "name,retired\nTop,yes\n").faults) == [
        ("row 2", wrong.format("Below", "Top"))
    ]
    table = "parent,name,retired\n,Top,yes\nTop,Below,yes\n"
    assert planned(call, table).faults == []
    brought_in(call, table, reviewer)
    assert said(planned(call, "parent,name\nTop,New\n").faults) == [
        ("row 2", wrong.format("New", "Top"))
    ]


def test_levels_parents_and_the_size_of_the_codebook_are_held(call, monkeypatch):
    deep = "".join(f'<Code name="Level {n}">' for n in range(1, 12)) + "</Code>" * 11
    assert said(planned(call, qdc(deep), "c.qdc").faults) == [
        ("line 1", "“Level 11” would stand on level 11: 10 at most")
    ]
    parent = None
    for n in range(10):
        parent = make_code(call=call, name=f"Here {n}", parent=parent)
    assert said(planned(call, "parent,name\nHere 9,A\n").faults) == [
        ("row 2", "“A” would stand on level 11: 10 at most")
    ]
    assert said(planned(call, "parent,name\nNowhere,A\n").faults) == [
        ("row 2", "There is no code “Nowhere” in the file or in the codebook")
    ]
    monkeypatch.setattr("review.coding.codebook_files.planning.MOST_CODES", 11)
    assert said(planned(call, "A,\nB,\n").faults) == [
        ("the file", "The codebook would have 12 codes: 11 at most")
    ]
    assert planned(call, "Here 0,\nB,\n").faults == []


def test_guid_of_another_call_gives_one_of_its_own(call, reviewer):
    code = make_code(call=make_call(slug="other"), name="Money")
    table = f"guid,name\n{code.guid},Money\n"
    brought_in(call, table, reviewer)
    assert Code.objects.get(call=call).guid != code.guid
    assert planned(call, f"guid,name\n{code.guid},Renamed\n").changed[0].path == "Money"


def test_import_is_on_record_by_numbers_alone(call, reviewer):
    make_code(call=call, name="Money", description="Old words")
    make_code(call=call, name="Same")
    brought_in(call, "name,definition\nMoney,New words\nSame,\nAdded,Words\n", reviewer)
    event = AuditEvent.objects.get(action=AuditAction.CODEBOOK_IMPORTED)
    assert (event.call_id, event.actor_id) == (call.pk, reviewer.pk)
    assert event.detail == {"file": "csv", "added": 1, "changed": 1, "retired": 0, "same": 1}
    changed = AuditEvent.objects.get(action=AuditAction.CODE_CHANGED)
    assert changed.detail["changed"] == ["description"]


def test_codebook_that_changed_since_is_told_and_nothing_comes_in(call, reviewer):
    book = book_of("name,definition\nMoney,What people pay\nHope,\n")
    seen = plan(call, book).etag
    make_code(call=call, name="Money")
    with pytest.raises(CodebookOutdated):
        import_codebook(call, book, seen=seen, by=reviewer, at=OPENS_AT)
    assert names(call) == ["Money"]
    made = import_codebook(call, book, seen=plan(call, book).etag, by=reviewer, at=OPENS_AT)
    assert (len(made.added), len(made.changed)) == (1, 1)


def test_file_with_a_fault_brings_in_nothing(call, reviewer):
    with pytest.raises(CodingRefused, match="nothing of it came in"):
        brought_in(call, "name,colour\nGood,#123456\nBad,reddish\n", reviewer)
    assert names(call) == []


@pytest.mark.parametrize("role", [Role.CODER, Role.DATA_PROTECTION, Role.STEERING_MEMBER])
def test_codebook_comes_in_by_managers_and_reviewers_alone(call, role):
    with pytest.raises(CodingRefused, match="You may not change the codebook of this call"):
        brought_in(call, "A,\nB,\n", make_user(role))


def test_two_thousand_codes_come_in_with_few_queries(call, reviewer, django_assert_max_num_queries):
    table = "name,definition\n" + "".join(f"Code {n},Words {n}\n" for n in range(2_000))
    with django_assert_max_num_queries(25):
        made = brought_in(call, table, reviewer)
    assert (len(made.added), Code.objects.filter(call=call).count()) == (2_000, 2_000)
