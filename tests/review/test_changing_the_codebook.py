"""The pages on which codes are added, changed, moved, merged, split and retired."""

import re
from copy import deepcopy
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, Membership
from accounts.states import AuditAction, Role
from review.admin.codebook_passages import ON_A_PAGE
from review.coding import codebook
from review.coding.codings import code_passage
from review.coding.tree import tree
from review.errors import CodingRefused
from review.models import Code, Coding
from submissions.responses.amending import withdraw
from tests.forms import form_of, messages_after
from tests.makers import OPENS_AT, make_call, make_code, make_submitted, make_user
from tests.review.codebook_pages import coded, signed_in, words
from tests.review.response_pages import amended
from tests.review.texts.test_reading_due_files import given, read

pytestmark = pytest.mark.django_db
LIST = "/admin/review/code/"
ADD = f"{LIST}add/"
EACH = ("change", "move", "merge", "split", "retire")
LATER = OPENS_AT + timedelta(days=1)


def make_rows():
    call = make_call()
    return call, *(make_user(Role.REVIEWER, username=name) for name in ("ann", "ben"))


@pytest.fixture
def made(rows, db):
    return deepcopy(rows)


@pytest.fixture
def call(made):
    return made[0]


@pytest.fixture
def ann(made):
    return client_of(made[1])


@pytest.fixture
def ben(made):
    return client_of(made[2])


def client_of(person):
    client = Client()
    client.force_login(person)
    return client


def reviewer():
    return make_user(Role.REVIEWER)


def page_of(code, name):
    return f"{LIST}{code.pk}/{name}/"


def errors(page):
    """What the notes and lists of errors on the page say, without Django's own heading."""
    content = page.content.decode()
    found = re.findall(
        r'<(ul class="errorlist|p class="errornote" role)[^>]*>(.*?)</(?:ul|p)>', content, re.S
    )
    said = [" ".join(re.sub(r"<[^>]+>", " ", text).split()) for _, text in found]
    return [one.replace("&#x27;", "'") for one in said]


def form_with(client, address, **typed):
    return form_of(client.get(address)) | typed


def base_of(client, address):
    base = form_of(client.get(address))["base"]
    return base[0] if isinstance(base, list) else base


def test_pages_let_in_who_has_the_right(call):
    code = make_code(call=call, name="Pay")
    for role, expected in (
        (Role.STEERING_MEMBER, (403, 403, 403, {403})),
        (Role.DATA_PROTECTION, (200, 200, 403, {403})),
        (Role.CODER, (200, 200, 200, {403})),
        (Role.REVIEWER, (200, 200, 200, {200})),
    ):
        client = signed_in(role)
        shown = (client.get(LIST), client.get(page_of(code, "passages")), client.get(ADD))
        changes = {
            client.get(page_of(code, name)).status_code
            for name in (EACH if role in {Role.CODER, Role.REVIEWER} else EACH[:1])
        }
        assert (*(one.status_code for one in shown), changes) == expected, role
        if role == Role.CODER:
            posted = {client.post(page_of(code, name)).status_code for name in EACH}
            assert posted == {403}
        if expected[3] == {403}:
            page = shown[0].content.decode() + shown[1].content.decode()
            linked = [name for name in EACH if f"/{code.pk}/{name}/" in page]
            assert linked == [], role


def test_member_of_another_call_finds_no_page(call):
    code = make_code(call=call, name="Pay")
    person = make_user()
    Membership.objects.create(person=person, call=make_call(), role=Role.MANAGER)
    client = Client()
    client.force_login(person)
    pages = ("passages", *EACH[1:])
    assert {client.get(page_of(code, name)).status_code for name in pages} == {404}
    assert {client.post(page_of(code, name)).status_code for name in pages} == {404}
    assert client.get(page_of(code, "change")).headers["Location"] == "/admin/"
    assert client.get(ADD, {"call": call.pk}).status_code == 404
    assert Code.objects.get().name == "Pay"


def test_administrator_changes_each_codebook(call):
    code = make_code(call=call, name="Pay")
    make_call()
    client = signed_in(is_superuser=True)
    assert {client.get(page_of(code, name)).status_code for name in EACH} == {200}
    add = f"{ADD}?call={call.pk}"
    added = client.post(add, form_with(client, add, name="Time", parent=str(code.pk)))
    assert added.headers["Location"] == f"{LIST}?call__id__exact={call.pk}"
    chosen = form_with(client, ADD, name="Trees", call=str(call.pk))
    assert client.post(ADD, chosen).status_code == 302
    found = Code.objects.order_by("pk").values_list("name", "parent", "call")
    assert list(found) == [
        ("Pay", None, call.pk),
        ("Time", code.pk, call.pk),
        ("Trees", None, call.pk),
    ]


def test_code_is_added_with_the_line_that_is_due_and_unix_line_ends(ann, call, at):
    at(LATER)
    pay = make_code(call=call, name="Pay")
    given = form_with(ann, f"{ADD}?under={pay.pk}", name=" Fair \t pay ", use_when="One.\r\nTwo.")
    assert (given["parent"], given["colour"], given["pattern"]) == (str(pay.pk), "#b3400f", "solid")
    (said,) = messages_after(ann.post(ADD, given))
    assert said.endswith("The code “Fair pay” was added.")
    code = Code.objects.get(parent=pay)
    assert (code.name, code.use_when, code.colour) == ("Fair pay", "One.\nTwo.", "#b3400f")
    event = AuditEvent.objects.get(action=AuditAction.CODE_ADDED, actor__username="ann")
    assert (event.detail, event.at) == ({"code": code.pk}, LATER)


def test_coder_adds_several_codes_one_after_the_other(call):
    client = signed_in(Role.CODER)
    address = f"{ADD}?call={call.pk}"
    again = client.post(address, form_with(client, address, name="Pay", _addanother="1"))
    assert again.headers["Location"] == address
    assert "/change/" not in client.get(address).content.decode()


NOT_ADDED = [
    ({"name": ""}, "Enter the name of the code"),
    ({"name": "pAY"}, "There is a code “Pay” already"),
    ({"name": "Money"}, "“Money” was merged into “Pay”"),
    (
        {"name": "a\0b"},
        "This has a character that cannot be saved. Type it again instead of pasting it.",
    ),
    ({"name": "x" * 101}, "Shorten this to 100 characters: it has 101."),
    (
        {"description": "a\0b"},
        "This has a character that cannot be saved. Type it again instead of pasting it.",
    ),
    ({"example": "x" * 10_001}, "Shorten this to 10000 characters: it has 10001."),
    ({"colour": "red"}, "Write a colour as # and six digits, such as #0b5a9c"),
    ({"pattern": "zigzag"}, "What you chose is not in the list any more. Choose again."),
    (
        {"parent": "9" * 5000},
        "This code cannot have codes below it any more: it was retired, merged or moved while "
        "this page was open. Choose another.",
    ),
]


def test_what_cannot_be_added_is_told_at_its_field(ann, call):
    pay, money = make_code(call=call, name="Pay"), make_code(call=call, name="Money")
    codebook.merge_codes(money, into=pay, by=reviewer(), at=OPENS_AT)
    form = form_with(ann, ADD, name="New")
    for typed, said in NOT_ADDED:
        page = ann.post(ADD, form | typed)
        assert (page.status_code, errors(page)) == (200, [said])
    assert Code.objects.count() == 2


def test_code_is_not_added_below_the_last_level(ann, call):
    parent = None
    for level in range(codebook.MOST_LEVELS):
        parent = make_code(call=call, name=f"Level {level}", parent=parent)
    page = ann.post(ADD, form_with(ann, ADD, name="Deep", parent=str(parent.pk)))
    assert errors(page) == ["A codebook has 10 levels at most"]


def test_change_sets_what_was_typed_and_nothing_else(ann, call):
    code = make_code(call=call, name="Pay")
    Code.objects.update(colour="")
    address = page_of(code, "change")
    typed = form_with(ann, address, name="Fair pay", description="One.\r\nTwo.")
    assert ann.post(address, typed).status_code == 302
    code.refresh_from_db()
    assert (code.name, code.description, code.colour) == ("Fair pay", "One.\nTwo.", "")
    event = AuditEvent.objects.get(action=AuditAction.CODE_CHANGED)
    assert event.detail == {"code": code.pk, "changed": ["description", "name"]}
    history = ann.get(page_of(code, "history")).content.decode()
    assert "Nothing about it is on record that you may read" in history


def test_history_of_a_code_is_what_is_on_record_about_it(call):
    pay, money = make_code(call=call, name="Pay"), make_code(call=call, name="Money")
    codebook.merge_codes(money, into=pay, by=reviewer(), at=call.closes_at)
    make_code(call=call, name="Time")
    page = signed_in(Role.MANAGER).get(page_of(pay, "history")).content.decode()
    rows = re.findall(r"<td>(.*?)</td>", page, re.S)
    assert [" ".join(one.split()) for one in rows[1::2]] == [
        f"Merged a code into another. code: {money.pk}, into: {pay.pk}, codings: 0",
        f"Added a code. code: {pay.pk}",
    ]


def test_second_of_two_who_change_a_code_is_told_who_saved_what(ann, ben, call):
    code = make_code(call=call, name="Pay", description="Before.")
    address = page_of(code, "change")
    late = form_with(ben, address, description="By Ben.")
    ann.post(address, form_with(ann, address, description="By Ann.", name="Fair pay"))
    page = ben.post(address, late)
    assert errors(page) == [
        "ann saved “Fair pay” here while this page was open. This page had “Pay”. What was saved "
        "is in the form now.",
        "ann saved “By Ann.” here while this page was open. You typed “By Ben.”. Save again to "
        "put yours in its place.",
    ]
    code.refresh_from_db()
    assert (code.name, code.description) == ("Fair pay", "By Ann.")
    assert ben.post(address, form_of(page)).status_code == 302
    code.refresh_from_db()
    assert (code.name, code.description) == ("Fair pay", "By Ben.")


def test_code_that_was_merged_meanwhile_keeps_what_was_typed_on_the_page(ann, call):
    pay, money = make_code(call=call, name="Pay"), make_code(call=call, name="Money")
    address = page_of(money, "change")
    typed = form_with(ann, address, description="Mine.")
    codebook.merge_codes(money, into=pay, by=reviewer(), at=OPENS_AT)
    page = ann.post(address, typed)
    assert errors(page) == [
        "While this page was open, “Money” was merged into “Pay”. Nothing was saved: change that "
        "code."
    ]
    assert "Mine." in page.content.decode()
    for name in (*EACH, "passages"):
        led = ann.get(page_of(money, name))
        assert led.headers["Location"].startswith(LIST)
        assert messages_after(led) == ["“Money” was merged into “Pay”."]


def test_code_that_is_refused_while_it_is_saved_keeps_what_was_typed(ann, call, monkeypatch):
    def refuse(*_, **__):
        raise CodingRefused("You may not code in this call")

    change = page_of(make_code(call=call, name="Pay"), "change")
    for verb, address in (("add_code", ADD), ("change_code", change)):
        typed = form_with(ann, address, name="Fair pay", description="Mine.")
        monkeypatch.setattr(f"review.admin.codebook.{verb}", refuse)
        page = ann.post(address, typed)
        assert errors(page) == [
            "You may not code in this call. Nothing was saved: what you typed is below."
        ]
        shown = form_of(page)
        assert {**shown, "csrfmiddlewaretoken": ""} == {**typed, "csrfmiddlewaretoken": ""}
    assert not Code.objects.filter(name="Fair pay").exists()


def test_name_of_a_new_code_is_given_back_where_the_code_was_merged_meanwhile(ann, call):
    pay, money = make_code(call=call, name="Pay"), make_code(call=call, name="Money")
    codebook.merge_codes(money, into=pay, by=reviewer(), at=OPENS_AT)
    answer = ann.post(page_of(money, "split"), {"name": "Fair pay"})
    assert messages_after(answer) == ["“Money” was merged into “Pay”. You wrote: “Fair pay”"]


def test_code_moves_up_and_down_among_those_in_use(ann, call):
    first, old, third = (make_code(call=call, name=name) for name in ("A", "Old", "C"))
    codebook.retire_code(old, by=reviewer(), at=OPENS_AT)
    address = page_of(third, "move")
    moved = ann.post(address, {"base": base_of(ann, address), "do": "up"})
    assert messages_after(moved) == ["“C” is now number 1 of 2 at the top."]
    page = ann.post(address, {"base": base_of(ann, address), "do": "up"})
    assert (page.status_code, errors(page)) == (422, ["It is the first already."])
    ann.post(address, {"base": base_of(ann, address), "do": "down"})
    assert [one.code.name for one in tree(call) if one.code != old] == ["A", "C"]
    address = page_of(first, "move")
    under = {"base": base_of(ann, address), "do": "under", "under": str(third.pk)}
    moved = ann.post(address, under)
    assert messages_after(moved) == ["“A” is now number 1 of 1 under “C”."]
    ann.post(address, {"base": base_of(ann, address), "do": "under", "under": "top"})
    assert Code.objects.filter(parent=None).count() == 3


def test_move_that_is_not_possible_is_told(ann, call):
    pay, old = make_code(call=call, name="Pay"), make_code(call=call, name="Old")
    codebook.retire_code(old, by=reviewer(), at=OPENS_AT)
    address = page_of(pay, "move")
    base = base_of(ann, address)
    for where, said in (
        ({}, "Choose where the code moves."),
        ({"under": "9" * 5000}, "Choose where the code moves."),
        ({"under": str(pay.pk)}, "“Pay” is “Pay” or stands below it."),
        ({"under": str(old.pk)}, "The code “Old” is retired: choose another."),
    ):
        page = ann.post(address, {"base": base, "do": "under", **where})
        assert (page.status_code, errors(page)) == (422, [said])


def test_second_of_two_who_move_codes_is_told_who_did(ann, ben, call):
    _first, second, third = (make_code(call=call, name=name) for name in ("A", "B", "C"))
    late = base_of(ben, page_of(third, "move"))
    address = page_of(second, "move")
    ann.post(address, {"base": base_of(ann, address), "do": "up"})
    page = ben.post(page_of(third, "move"), {"base": late, "do": "up"})
    assert errors(page) == [
        "ann changed the order of the codes here while this page was open. Nothing was moved: look "
        "at it as it is now."
    ]
    assert [one.code.name for one in tree(call)] == ["B", "A", "C"]


def test_merge_says_what_moves_before_it_does(ann, call):
    pay, money = make_code(call=call, name="Pay"), make_code(call=call, name="Money")
    make_code(call=call, name="Wages", parent=money)
    coder = make_user(Role.CODER)
    coded(money, by=coder)
    address = page_of(money, "merge")
    assert errors(ann.post(address)) == ["Choose the other code."]
    page = ann.post(address, {"into": pay.pk})
    assert "1 coding moves to “Pay”" in words(page)
    assert "1 code below it moves below “Pay”" in words(page)
    assert pay.codings.count() == 0
    confirmed = {"into": pay.pk, "base": base_of_page(page)}
    stale = [
        "While this page was open, passages or codes came under this code or went, or one of the "
        "two has another name. Nothing was merged: look at them as they are now."
    ]
    money.codings.all().delete()
    coded(money, by=coder)
    page = ann.post(address, confirmed)  # as many passages, and another one
    assert errors(page) == stale
    confirmed = {"into": pay.pk, "base": base_of_page(page)}
    coded(money, by=coder)
    page = ann.post(address, confirmed)
    assert errors(page) == stale
    assert "2 codings move to “Pay”" in words(page)
    done = ann.post(address, {"into": pay.pk, "base": base_of_page(page)})
    assert done.status_code == 302
    assert messages_after(done) == ["“Money” was merged into “Pay”: 2 codings moved."]
    assert pay.codings.count() == 2


def base_of_page(page):
    return re.search(r'name="base" value="([^"]+)"', page.content.decode())[1]


def test_merge_into_a_code_that_was_retired_meanwhile_is_refused(ann, call):
    pay, money = make_code(call=call, name="Pay"), make_code(call=call, name="Money")
    address = page_of(money, "merge")
    base = base_of_page(ann.post(address, {"into": pay.pk}))
    codebook.retire_code(pay, by=reviewer(), at=OPENS_AT)
    page = ann.post(address, {"into": pay.pk, "base": base})
    assert errors(page) == ["The code “Pay” is retired: choose another."]
    assert not Code.objects.get(pk=money.pk).is_retired


def test_split_moves_the_ticked_passages_to_a_new_code_beside(ann, call):
    top = make_code(call=call, name="Top")
    wide = make_code(call=call, name="Wide", parent=top)
    response, coder = make_submitted(call, story="Fair pay for all"), make_user(Role.CODER)
    here = coded(wide, by=coder, response=response)
    stays = coded(wide, by=coder, response=response, start=5, end=8)
    address = page_of(wide, "split")
    assert "Fair" in words(ann.get(address))
    assert ann.post(address, {"coding": [here.pk], "name": " Narrow "}).status_code == 302
    narrow = Code.objects.get(name="Narrow")
    assert (narrow.parent, list(narrow.codings.all())) == (top, [here])
    assert list(wide.codings.all()) == [stays]
    moved = ann.post(address, {"coding": [stays.pk], "to": narrow.pk})
    assert messages_after(moved) == ["1 passage is under “Narrow” now."]
    assert "nothing to split" in words(ann.get(address))


NOT_SPLIT = [
    ({}, "Tick the passages that belong to another code."),
    ({"coding": "here"}, "Choose another code, or type the name of a new one."),
    (
        {"coding": "here", "name": "New", "to": "other"},
        "Choose another code or type the name of a new one, not both.",
    ),
    ({"coding": "here", "name": "Other"}, "There is a code “Other” already."),
    ({"coding": "here", "name": "x" * 101}, "The name has 101 characters: 100 at most."),
    ({"coding": "here", "to": "itself"}, "Choose another code for these passages."),
    ({"coding": "here", "to": "9" * 5000}, "Choose another code, or type the name of a new one."),
    (
        {"coding": "elsewhere", "name": "New"},
        "While this page was open, 1 of the passages that you ticked went to another code or "
        "were taken away. Nothing was moved: look at those that are here now.",
    ),
]


def test_split_that_is_not_possible_is_told_and_makes_no_code(ann, call):
    wide, other = make_code(call=call, name="Wide"), make_code(call=call, name="Other")
    coder = make_user(Role.CODER)
    here, elsewhere = coded(wide, by=coder), coded(other, by=coder)
    keys = {"here": here, "elsewhere": elsewhere, "other": other, "itself": wide}
    for case, said in NOT_SPLIT:
        given = {name: keys[one].pk if one in keys else one for name, one in case.items()}
        page = ann.post(page_of(wide, "split"), given)
        assert (page.status_code, errors(page)) == (422, [said])
        assert (Code.objects.count(), wide.codings.count()) == (2, 1), case
        if given.get("coding") == here.pk:
            assert form_of(page)["coding"] == str(here.pk), case


def test_retired_code_is_brought_back(ann, ben, call):
    code = make_code(call=call, name="Pay")
    address = page_of(code, "retire")
    assert errors(ann.post(address)) == ["Press the button."]
    assert messages_after(ann.post(address, {"do": "retire"})) == ["“Pay” is retired."]
    assert Code.objects.get().is_retired
    again = ben.post(address, {"do": "retire"})
    assert messages_after(again) == ["“Pay” was retired already, by ann."]
    assert ann.post(address, {"do": "bring back"}).status_code == 302
    assert not Code.objects.get().is_retired


def test_code_above_one_in_use_is_not_retired(ann, call):
    top = make_code(call=call, name="Top")
    make_code(call=call, name="Below", parent=top)
    page = ann.post(page_of(top, "retire"), {"do": "retire"})
    assert errors(page) == ["Codes below it are in use: retire or move them first."]


def test_passages_say_where_they_stand_and_that_they_were_read(ann, call, at):
    code = make_code(call=call, name="Pay", use_when="They say it.")
    coder = make_user(Role.CODER, username="cod")
    one, gone = make_submitted(call, story="Fair pay for all"), make_submitted(call, story="Gone!")
    coded(code, by=coder, response=one)
    coded(code, by=coder, response=one, start=5, end=8)
    coded(code, by=coder, response=gone)
    withdraw(submission=gone, at=gone.submitted_at)
    at(LATER)
    page = ann.get(page_of(code, "passages"))
    said = words(page)
    assert ("Use when They say it." in said, "Gone" in said) == (True, False)
    assert "1 of responses that are withdrawn or erased is not shown." in said
    label = call.questions.get(key="story").label
    assert f"Fair {one}, {label}" in said.replace(" ,", ",")
    assert "Coded by cod on" in said
    address = reverse("admin:submissions_submission_change", args=[one.pk])
    assert f'href="{address}#answer-story"' in page.content.decode()
    event = AuditEvent.objects.get(action=AuditAction.PASSAGES_READ)
    assert (event.actor.username, event.at) == ("ann", LATER)
    assert event.detail == {"code": code.pk, "shown": [one.reference]}
    reader = signed_in(Role.MANAGER, username="man")
    assert "passages of a code" in reader.get(address).content.decode()
    amended(one, story="Unfair")
    earlier = ann.get(page_of(code, "passages")).content.decode()
    assert f'href="{address}?version=1#answer-story"' in earlier


def test_passages_come_in_pages_with_a_fixed_number_of_queries(
    ann, call, django_assert_max_num_queries, django_assert_num_queries
):
    code, coder = make_code(call=call, name="Pay"), make_user(Role.CODER)
    response = make_submitted(call, story="x" * 200)
    coded(code, by=coder, response=response)
    address = page_of(code, "passages")
    ann.get(address)
    with django_assert_max_num_queries(30) as first:
        ann.get(address)
    question, version = call.questions.get(key="story"), response.current_version
    Coding.objects.bulk_create(
        Coding(
            code=code,
            version=version,
            question=question,
            start=start,
            end=start + 1,
            by=coder,
            at=OPENS_AT,
        )
        for start in range(1, ON_A_PAGE + 1)
    )
    coded(code, by=coder)
    with django_assert_num_queries(len(first)):
        page = ann.get(address)
    assert "Passages: 52, page 1 of 2" in words(page)
    assert page.content.decode().count("<blockquote") == ON_A_PAGE
    assert ann.get(address, {"p": "2"}).content.decode().count("<blockquote") == 2


def test_passage_of_a_file_is_for_those_who_may_open_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    response, file = given("Größe: the board’s minutes.".encode(), name="notes.txt")
    read()
    code, coder = make_code(call=response.call, name="Minutes"), make_user(Role.REVIEWER)
    coded(code, by=coder, response=response, start=0, end=1)
    code_passage(
        code=code,
        version=response.current_version,
        question=file.question,
        file_text=file.extracted,
        start=7,
        end=17,
        by=coder,
        at=OPENS_AT,
    )
    said = words(signed_in(Role.REVIEWER).get(page_of(code, "passages")))
    assert ("the board" in said, ", in a file" in said, "of files" in said) == (True, True, False)
    said = words(signed_in(Role.CODER).get(page_of(code, "passages")))
    assert ("the board" in said, ", in a file" in said) == (False, False)
    assert "Passages: 1" in said
    assert "1 of files is not shown: you may not open files." in said


def test_key_that_no_code_has_finds_nothing(ann):
    pages = ("change", "history", *EACH[1:], "passages")
    for key in ("9" * 5000, "9" * 25, "²", "٣", "0"):
        names = pages if key == "0" else ("change", "merge", "passages")
        codes = {ann.get(f"{LIST}{key}/{name}/").status_code for name in names}
        assert codes - {302, 404} == set(), key
        assert ann.post(f"{LIST}{key}/change/").status_code == 302, key
        assert ann.get(ADD, {"call": key}).status_code == 404, key
        assert ann.get(ADD, {"under": key}).status_code == 200, key
