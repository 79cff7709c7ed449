"""What the page of a call that hides small counts shows."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from tests.exports.counted_call import BAND, BAND_FACETS, STORY
from tests.exports.steering.pages import tables
from tests.makers import OPENS_AT, make_call, make_submitted

pytestmark = pytest.mark.usefixtures("clock_after_closing")


@pytest.mark.django_db
def test_small_counts_are_hidden_where_the_call_asks_for_it(steering):
    call = make_call(
        slug="the-call",
        evidence_questions=[BAND, STORY],
        facets=BAND_FACETS,
        hides_small_counts=True,
    )
    for _ in range(12):
        make_submitted(call, at=OPENS_AT, roles=["provider"], income_band="lt_10k")
    for _ in range(3):
        make_submitted(call, roles=["other"], income_band="10k_25k")
    text = steering.get("/steering/the-call/?view=tables").content.decode()
    shown = tables(text)
    # 12 would give the 3 away, as there are 15; and that 3 of the 15 have another role.
    assert shown["Responses by income band"][1:] == [
        ["Under £10,000", "not shown", ""],
        ["£10,000 to £25,000", "fewer than 5", ""],
    ]
    assert shown["Responses by role"][1:] == [
        ["I provide services", "not shown", ""],
        ["I commission services", "0", "0%"],
        ["Something else", "fewer than 5", ""],
    ]
    assert {row[1] for row in shown["Responses by day"][1:]} == {"0", "not shown", "fewer than 5"}
    role = "Describe your role (asked only of some)"
    assert [role, "fewer than 5", ""] in shown["Completion of each question"]
    assert [caption for caption, rows in shown.items() if "3" in {row[1] for row in rows}] == []


@pytest.mark.django_db
def test_areas_that_exclude_each_other_are_hidden_as_parts_of_the_total(steering):
    options = [{"key": key, "label": key.title()} for key in ("north", "south", "east")]
    area = {"key": "area", "kind": "radio", "label": "Area", "options": options}
    call = make_call(
        slug="the-call",
        evidence_questions=[area],
        facets=[{"question": "area", "label": "area"}],
        hides_small_counts=True,
    )
    for place in ["north"] * 11 + ["south"] * 9 + ["east"] * 2:
        make_submitted(call, area=place)
    shown = tables(steering.get("/steering/the-call/?view=tables").content.decode())
    # 22 less 11 and 9 would be the 2.
    assert shown["Responses by area"][1:] == [
        ["North", "11", "50%"],
        ["South", "not shown", ""],
        ["East", "fewer than 5", ""],
    ]


@pytest.mark.django_db
def test_hidden_number_without_an_answer_is_not_told_by_the_number_of_answers(steering):
    options = [{"key": key, "label": key.title()} for key in ("north", "south", "east")]
    area = {"key": "area", "kind": "radio", "label": "Area", "options": options}
    call = make_call(
        slug="the-call",
        evidence_questions=[area],
        facets=[{"question": "area", "label": "area"}],
        hides_small_counts=True,
    )
    for place in ["north"] * 11 + ["south"] * 9 + ["east"] * 3 + [None] * 6:
        make_submitted(call, area=place)
    shown = tables(steering.get("/steering/the-call/?view=tables").content.decode())
    assert [row[1] for row in shown["Responses by area"][1:]] == [
        "11",
        "9",
        "fewer than 5",
        "not shown",
    ]
    # 23 answers would be 3 more than 11 and 9.
    assert ["Area", "not shown", ""] in shown["Completion of each question"]


@pytest.mark.django_db
def test_fewer_than_five_responses_are_not_counted_at_all_where_small_counts_are_hidden(steering):
    call = make_call(slug="the-call", hides_small_counts=True)
    make_submitted(call)
    text = steering.get("/steering/the-call/?view=tables").content.decode()
    assert "There are too few responses to count them here" in text
    assert "<svg" not in text
    assert '<dd class="total">few</dd>' in text


def test_words_in_place_of_a_count_stand_at_their_bar():
    # Where they stand is said in em: of their own letters, so of smaller ones at another bar.
    rules = Path(settings.BASE_DIR, "static/css/charts.css").read_text(encoding="utf-8")
    of_text = re.findall(r"^ *\.chart (?:text|\.chart-[\w-]+) \{([^}]*)\}", rules, re.MULTILINE)
    assert len(of_text) == 8
    assert not [rule for rule in of_text if re.search(r"font(?:-size)?:", rule)]
