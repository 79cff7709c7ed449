"""Which words one role uses more than the others, and how that is told."""

import re
from copy import deepcopy

import pytest
from django.test import Client

from accounts.states import Role
from core.disclosure_control import Shown
from review.reading_faster import word_list as listing
from review.reading_faster.word_list import ListedWords, log_likelihood, word_list
from submissions.responses import amending
from tests.makers import make_user, while_open
from tests.review.matrix.matrices import give, matrix_call, selected
from tests.review.redaction_makers import make_redaction

OURS, THEIRS = "Grants end. Grants end again.", "Tenders begin, and the grants stay."


def told(call, reader, across="roles", **options):
    found = word_list(selected(call, reader, across, **options))
    return {
        column.label: {one.word: (one.here, one.elsewhere.number) for one in column.words}
        for column in found.columns
    }


def made():
    """Eight providers who write of the end, and seven commissioners who write of tenders."""
    call = matrix_call()
    for number in range(15):
        role, story = ("provider", OURS) if number < 8 else ("commissioner", THEIRS)
        give(call, role=role, story=story)
    return call, make_user(Role.REVIEWER)


@pytest.fixture(scope="module")
def rows(made_once):
    return made_once(made)


@pytest.fixture
def written(rows, db, at):
    """What `made` makes: the call, and who reads it."""
    call, reader = deepcopy(rows)
    at(while_open(call))
    return call, reader


def test_words_are_runs_of_letters_without_common_ones_and_what_is_redacted():
    assert ListedWords().of(["The charity’s ███ns of 2019, and NAÏVE café-owners: to-day!"]) == {
        "charity's",
        "naïve",
        "café",
        "owners",
        "day",
    }


def test_words_of_any_script_are_whole():
    assert ListedWords().of(["नमस्ते दुनिया, cafe\u0301 é 我们的预算。"]) == {
        "नमस्ते",
        "दुनिया",
        "cafe\u0301",
        "我们",
        "预算",
    }


def test_ratio_is_that_of_a_published_example():
    # Dunning 1993, table 2: "the swiss", with 110, 2442, 111 and 29114.
    assert log_likelihood(110, 2552, 111, 29225) == pytest.approx(270.72, abs=0.005)
    assert log_likelihood(10, 100, 10, 100) == pytest.approx(0)


def test_each_role_has_the_words_that_it_uses_more_by_responses(written):
    call, reader = written
    assert told(call, reader) == {
        "I provide services": {"end": (8, 0)},
        "I commission services": {"begin": (7, 0), "stay": (7, 0), "tenders": (7, 0)},
    }


def test_words_of_withdrawn_responses_and_of_other_questions_are_not_read(written):
    call, reader = written
    amending.withdraw(submission=call.submissions.earliest("pk"), at=while_open(call))
    assert told(call, reader)["I provide services"] == {"end": (7, 0)}
    other = call.questions_by_key["role_other"]
    assert told(call, reader, question=other)["I provide services"] == {}


def test_hidden_words_are_listed_for_nobody(written):
    call, reader = written
    for response in call.submissions.order_by("pk")[:4]:
        make_redaction(response, "end.")
        make_redaction(response, "end again")
    assert told(call, reader)["I provide services"] == {}


def test_few_responses_elsewhere_are_hidden_where_the_call_asks(written):
    call, reader = written
    give(call, role="commissioner", story="It will end.")
    for hides, shown in ((True, Shown(None, is_few=True)), (False, Shown(1))):
        call.hides_small_counts = hides
        call.save()
        [column, _] = word_list(selected(call, reader)).columns
        assert [(one.word, one.elsewhere) for one in column.words] == [("end", shown)]


def test_ratio_and_order_do_not_tell_how_few_have_the_word_elsewhere(db):
    found = []
    for few in (1, 4):
        call, reader = matrix_call(hides_small_counts=True), make_user(Role.REVIEWER)
        for number in range(16):
            role = "provider" if number < 8 else "commissioner"
            give(call, role=role, story="Grants end." if number < 8 + few else "So it is.")
        found.append([column.words for column in word_list(selected(call, reader)).columns])
    assert found[0] == found[1]
    assert found[0][0][0].ratio == log_likelihood(8, 8, 4, 8)


def test_column_beside_a_small_one_is_left_out_where_the_call_asks(rows, db, at):
    call = matrix_call()
    reader = make_user(Role.REVIEWER)
    at(while_open(call))
    for number in range(10):
        give(call, role="provider" if number < 8 else "commissioner", story=OURS)
    for hides, labels in (
        (True, []),
        (False, ["I provide services", "I commission services"]),
    ):
        call.hides_small_counts = hides
        call.save()
        assert list(told(call, reader)) == labels


def test_of_many_responses_some_are_drawn_and_the_page_says_so(written, monkeypatch):
    call, reader = written
    monkeypatch.setattr(listing, "MOST_READ", 12)
    found = word_list(selected(call, reader))
    assert (found.read, found.responses) == (12, 15)
    assert word_list(selected(call, reader)) == found
    client = Client()
    client.force_login(reader)
    page = client.get(f"/admin/review/matrixsummary/of/{call.pk}/words/?across=roles")
    assert "Of 15 responses 12 were read, drawn by chance" in page.content.decode()


def test_each_word_leads_to_its_search(written):
    call, reader = written
    client = Client()
    client.force_login(reader)
    page = client.get(f"/admin/review/matrixsummary/of/{call.pk}/words/?across=roles")
    links = re.findall(r'<th scope="row"><a href="([^"]+)">([^<]+)</a>', page.content.decode())
    begin = f"/admin/submissions/submission/?call__id__exact={call.pk}&amp;q=%22"
    assert links[0] == (f"{begin}end%22", "end")
    assert client.get(links[0][0].replace("&amp;", "&")).status_code == 200


def test_page_without_a_question_across_says_to_choose_one(written):
    call, reader = written
    client = Client()
    client.force_login(reader)
    page = client.get(f"/admin/review/matrixsummary/of/{call.pk}/words/?across=").content.decode()
    assert "Choose what stands across" in page
    assert "There are no responses to compare" not in page
    assert '<option value="">all questions</option>' in page
