"""Two people who change one codebook at one moment: real threads on real connections."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction

from accounts.states import Role
from review.matrix.summaries import SummaryConflict, write_summary
from review.matrix.table import ALL
from review.models import Code
from tests.forms import form_of
from tests.makers import make_call, make_code, make_submitted, make_user, while_open
from tests.races.test_names_race import WAITING
from tests.races.test_two_staff import post_at_once, saves, signed_in
from tests.review.codebook_pages import coded
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/admin/review/code/"


@pytest.fixture
def call():
    return make_call()


@pytest.fixture
def people(call):
    return [signed_in(name, Role.REVIEWER) for name in ("ann", "ben")]


def test_of_two_who_change_a_code_one_is_told_what_the_other_saved(people, call):
    code = make_code(call=call, name="Pay")
    texts = {"ann": "By Ann.", "ben": "By Ben."}
    changes = [{"description": text} for text in texts.values()]
    won, refused = post_at_once(people, f"{LIST}{code.pk}/change/", changes)
    assert Code.objects.get().description == texts[won]
    assert f"{won} saved “{texts[won]}” here while this page was open." in refused


def test_of_two_who_add_one_name_one_is_told(people, call):
    changes = [{"name": "Pay"}, {"name": "PAY"}]
    _won, refused = post_at_once(people, f"{LIST}add/", changes)
    assert f"There is a code “{Code.objects.get().name}” already" in refused


def test_of_two_who_move_codes_one_is_told(people, call):
    _first, second, third = (make_code(call=call, name=name) for name in ("A", "B", "C"))
    base = people[0].get(f"{LIST}{third.pk}/move/").context["place"].etag
    posts = [
        partial(one.post, f"{LIST}{code.pk}/move/", {"base": base, "do": "up"})
        for one, code in zip(people, (second, third), strict=True)
    ]
    answers = at_once(posts)
    assert sorted(answer.status_code for answer in answers) == [302, 422]
    [refused] = [answer for answer in answers if not saves(answer)]
    assert "changed the order of the codes here while this page was open" in (
        refused.content.decode()
    )


def test_of_two_who_write_one_summary_one_is_told(call):
    pay, ended = make_code(call=call, name="Pay"), Event()
    ann, ben = (make_user(Role.REVIEWER, username=name) for name in ("ann", "ben"))
    given = {"expected": 0, "at": while_open(call)}

    def write_too():
        try:
            return write_summary(pay, ALL, text="Ben's.", by=ben, **given)
        except SummaryConflict as conflict:
            return conflict.latest.text
        finally:
            ended.set()
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic(), connection.cursor() as cursor:
            write_summary(pay, ALL, text="Ann's.", by=ann, **given)
            writing = threads.submit(write_too)
            for _ in range(1000):
                cursor.execute(WAITING)
                if cursor.fetchone()[0] or ended.wait(0.01):
                    break
        assert writing.result(timeout=20) == "Ann's."


def test_code_that_is_changed_while_it_is_merged_ends_in_one_of_two_ways(people, call):
    for number in range(2):
        pay, money = (make_code(call=call, name=f"{name} {number}") for name in ("Pay", "Money"))
        ann, ben = people
        change = f"{LIST}{money.pk}/change/"
        typed = form_of(ann.get(change)) | {"description": "By Ann."}
        merge, merging = f"{LIST}{money.pk}/merge/", {"into": pay.pk}
        merging["base"] = ben.post(merge, merging).context["base"]
        changed, merged = at_once(
            [
                partial(ann.post, change, typed),
                partial(ben.post, merge, merging),
            ]
        )
        money.refresh_from_db()
        assert (merged.status_code, money.merged_into) == (302, pay)
        assert money.description == ("By Ann." if saves(changed) else "")
        if not saves(changed):
            assert f"was merged into “{pay.name}”" in changed.content.decode()


def test_passage_goes_to_one_of_two_new_codes_and_the_other_is_not_made(people, call):
    wide, coder = make_code(call=call, name="Wide"), make_user(Role.CODER)
    coding = coded(wide, by=coder, response=make_submitted(call, story="Fair pay for all"))
    address = f"{LIST}{wide.pk}/split/"
    posts = [
        partial(one.post, address, {"coding": [coding.pk], "name": name})
        for one, name in zip(people, ("By Ann", "By Ben"), strict=True)
    ]
    answers = at_once(posts)
    assert sorted(answer.status_code for answer in answers) == [302, 422]
    coding.refresh_from_db()
    made = Code.objects.exclude(pk=wide.pk)
    assert list(made) == [coding.code]


def test_of_two_who_import_one_file_one_is_shown_that_it_is_there(people, call):
    address = f"{LIST}of/{call.pk}/import/"
    files = [SimpleUploadedFile("codes.csv", b"name\nPay\nTime\n") for _ in people]
    shown = [one.post(address, {"file": file}) for one, file in zip(people, files, strict=True)]
    posts = [
        partial(one.post, address, form_of(page)) for one, page in zip(people, shown, strict=True)
    ]
    answers = at_once(posts)
    assert sorted(answer.status_code for answer in answers) == [302, 409]
    [refused] = [answer for answer in answers if not saves(answer)]
    assert "2 are there already" in refused.content.decode()
    assert sorted(Code.objects.values_list("name", flat=True)) == ["Pay", "Time"]
