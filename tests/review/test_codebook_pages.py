"""The pages of the codebook: the tree, the lines of its codes, and who is let in."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership
from accounts.states import Role
from review.coding import codebook
from tests.makers import OPENS_AT, make_call, make_code, make_submitted, make_user
from tests.review.codebook_pages import coded, signed_in, words

pytestmark = pytest.mark.django_db
LIST = "/admin/review/code/"


@pytest.fixture
def call():
    return make_call()


@pytest.fixture
def reviewer(client, call):
    person = make_user(Role.REVIEWER, username="rev")
    client.force_login(person)
    return person


def links(name):
    does = ("Add below", "Change", "Move", "Merge", "Split", "Retire")
    return " ".join(f"{one} {name}" for one in does)


def test_list_is_a_tree_that_says_each_level_in_words(client, reviewer, call):
    pay = make_code(call=call, name="Pay", description="What people earn.")
    make_code(call=call, name="Wages", parent=pay, colour="#123456", pattern="wavy")
    make_code(call=call, name="Time")
    response = make_submitted(call, story="Fair pay for all")
    coded(pay, by=reviewer, response=response)
    coded(pay, by=reviewer, response=response, start=5, end=8)
    said = words(client.get(LIST))
    assert said.startswith("Add a code 3 codes in use.")
    assert said[said.index("[") :] == (
        f"[Line: one line, in #0b5a9c] Level 1: Pay 2 codings in 1 response What people earn. "
        f"{links('Pay')} "
        f"[Line: a wave, in #123456] Level 2: Wages 0 codings in 0 responses {links('Wages')} "
        f"[Line: one line, in #2f6f3e] Level 1: Time 0 codings in 0 responses {links('Time')}"
    )


def test_retired_and_merged_codes_stand_below_the_tree(client, reviewer, call):
    pay, money, old = (make_code(call=call, name=name) for name in ("Pay", "Money", "Old"))
    codebook.merge_codes(money, into=pay, by=reviewer, at=OPENS_AT)
    codebook.retire_code(old, by=reviewer, at=OPENS_AT)
    above, below = words(client.get(LIST)).split("Retired and merged codes")
    assert ("Pay" in above, "Money" in above, "Old" in above) == (True, False, False)
    assert "Level 1: Old" in below
    assert below.endswith("“Money” was merged into “Pay” .")


def test_list_has_a_fixed_number_of_queries(
    client, reviewer, call, django_assert_max_num_queries, django_assert_num_queries
):
    code = make_code(call=call, name="Pay")
    coded(code, by=reviewer)
    client.get(LIST)
    with django_assert_max_num_queries(20) as first:
        client.get(LIST)
    for number in range(3):
        below = make_code(call=call, name=f"Below {number}", parent=code)
        coded(below, by=reviewer)
        gone = make_code(call=call, name=f"Gone {number}")
        codebook.merge_codes(gone, into=code, by=reviewer, at=OPENS_AT)
    with django_assert_num_queries(len(first)):
        client.get(LIST)


def test_somebody_of_several_calls_chooses_one(call):
    other = make_call(title="The other call")
    make_code(call=call, name="Pay")
    make_code(call=other, name="Trees")
    client = signed_in(Role.CODER)
    page = client.get(LIST).content.decode()
    assert ("Pay" in page, "Trees" in page, "The other call" in page) == (False, False, True)
    page = words(client.get(LIST, {"call__id__exact": other.pk}))
    assert ("Pay" in page, "Trees" in page) == (False, True)


def test_list_shows_nothing_of_another_call(call):
    other = make_call(title="The other call")
    make_code(call=other, name="Trees")
    person = make_user()
    Membership.objects.create(person=person, call=call, role=Role.REVIEWER)
    client = Client()
    client.force_login(person)
    for query in ({}, {"call__id__exact": other.pk}, {"call__id__exact": "9" * 5000}):
        page = client.get(LIST, query).content.decode()
        assert ("Trees" in page, "The other call" in page) == (False, False)
    assert client.get(reverse("admin:review_code_css", args=[other.pk])).status_code == 404


def test_stylesheet_underlines_each_code_in_its_colour_and_pattern(client, reviewer, call):
    solid = make_code(call=call, name="Pay", colour="#8a6100")
    wavy = make_code(call=call, name="Time", colour="#123456", pattern="wavy")
    gone = make_code(call=call, name="Gone")
    codebook.merge_codes(gone, into=solid, by=reviewer, at=OPENS_AT)
    address = reverse("admin:review_code_css", args=[call.pk])
    answer = client.get(address)
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    lighter = "{ text-decoration-color: #2365a7; }"
    assert answer.content.decode().splitlines() == [
        f".code-{solid.pk} {{ text-decoration: underline solid #8a6100 3px; }}",
        f"::highlight(code-{solid.pk}) {{ text-decoration: underline solid #8a6100 3px; }}",
        f".code-{wavy.pk} {{ text-decoration: underline wavy #123456 3px; }}",
        f"::highlight(code-{wavy.pk}) {{ text-decoration: underline wavy #123456 3px; }}",
        "@media (prefers-color-scheme: dark) {",
        f'html:not([data-theme="light"]) .code-{wavy.pk} {lighter}',
        f'html:not([data-theme="light"]) ::highlight(code-{wavy.pk}) {lighter}',
        "}",
        f'html[data-theme="dark"] .code-{wavy.pk} {lighter}',
        f'html[data-theme="dark"] ::highlight(code-{wavy.pk}) {lighter}',
    ]
    kept = {"HTTP_IF_NONE_MATCH": answer.headers["ETag"]}
    assert client.get(address, **kept).status_code == 304
    codebook.change_code(wavy, by=reviewer, at=OPENS_AT, pattern="dotted")
    assert client.get(address, **kept).status_code == 200


@pytest.mark.parametrize("role", [None, Role.STEERING_MEMBER])
def test_stylesheet_is_for_those_who_read_responses(call, role):
    client = signed_in(role)
    assert client.get(reverse("admin:review_code_css", args=[call.pk])).status_code == 403
