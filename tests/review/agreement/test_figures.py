"""The table of agreement: what is compared, and the numbers behind each figure."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from review.agreement.coefficients import NO_VARIATION
from review.agreement.comparing import compare
from review.agreement.figures import By, figures
from review.agreement.summary import agreement_of
from review.coding.codings import remove_coding
from review.coding.samples import close_sample
from submissions.responses.models import Submission
from tests.makers import OPENS_AT, make_call, make_submitted, while_open
from tests.review.agreement.codings import OFTEN, PAY, SHARE, STORY, be_done, code, draw
from tests.review.coding_pages import coder
from tests.review.response_pages import amended


def table(sample, by=By.SENTENCE):
    """Each code with its units, the coded ones and the two-by-two table of its only pair."""
    return {
        one.code.name if one.code else "all": (
            one.units,
            one.coded,
            *[
                (pair.both, pair.only_first, pair.only_second, pair.neither)
                for pair in one.pairs_of_coders
            ],
        )
        for one in figures(compare(sample), by)
    }


def test_sentences_are_counted_by_what_overlaps_them(sample, response, ada, bea):
    code(response, ada, f"{PAY} Rivals")  # a word of the second sentence is enough
    code(response, bea, "pay")
    code(response, bea, "pay for")  # twice in one sentence is once
    code(response, bea, OFTEN, "Time")
    be_done(sample, ada, bea)
    assert table(sample) == {
        "all": (6, 3, (1, 1, 1, 3)),
        "Pay": (3, 2, (1, 1, 0, 1)),
        "Time": (3, 1, (0, 0, 1, 2)),
    }
    assert table(sample, By.ANSWER) == {
        "all": (2, 2, (1, 0, 1, 0)),
        "Pay": (1, 1, (1, 0, 0, 0)),
        "Time": (1, 1, (0, 0, 1, 0)),
    }


def test_figures_are_those_of_the_numbers_behind_them(sample, response, ada, bea):
    code(response, ada, f"{PAY} Rivals")
    code(response, bea, PAY)
    be_done(sample, ada, bea)
    whole, pay = figures(compare(sample), By.SENTENCE)
    assert whole.table == pay.table
    assert (pay.met_both, pay.met_one, pay.met_neither) == (2, 2, 2)
    assert (pay.agreeing, pay.pairs, pay.responses) == (2, 3, 1)
    assert pay.share.per_cent == "66.6%"
    assert pay.alpha.value == pytest.approx(1 - 5 * 2 / 18)  # 1 - (n - 1) o / (n0 n1 * 2)
    assert pay.kappas == [pytest.approx(0.4)]


def test_code_that_all_give_throughout_is_undefined_and_says_why(sample, response, ada, bea):
    for one in (ada, bea):
        code(response, one, STORY)
    be_done(sample, ada, bea)
    pay = figures(compare(sample), By.SENTENCE)[1]
    assert (pay.alpha.said, pay.alpha.why) == ("undefined", NO_VARIATION)
    assert pay.pairs_of_coders[0].kappa.why == NO_VARIATION
    assert pay.share.per_cent == "100%"


def test_response_with_which_one_coder_is_done_is_not_compared(sample, response, ada, bea):
    code(response, ada, PAY)
    be_done(sample, ada)
    found = compare(sample)
    assert (found.responses, found.waiting, found.texts) == (0, 1, [])
    be_done(sample, bea)
    assert (compare(sample).responses, compare(sample).waiting) == (1, 0)


@pytest.mark.parametrize(
    "change",
    [{"triage_status": "set_aside"}, {"state": "withdrawn", "withdrawn_at": OPENS_AT}],
)
def test_response_that_does_not_count_is_left_out(sample, response, ada, bea, change):
    code(response, ada, PAY)
    be_done(sample, ada, bea)
    Submission.objects.filter(pk=response.pk).update(**change)
    found = compare(sample)
    assert (found.responses, found.left_out, found.drawn) == (0, 1, 1)


def test_alpha_counts_those_of_three_coders_who_are_done(call, response, ada, bea, boss):
    cleo = coder(call, "cleo")
    other = make_submitted(call, story=STORY)
    sample = draw(call, [ada, bea, cleo], boss, size=2)
    for one in (ada, bea):
        code(other, one, PAY)
    code(response, cleo, PAY)
    be_done(sample, ada, bea)
    sampled = sample.responses.get(submission=response)
    sampled.done.create(coder=cleo, at=while_open(call))
    pay = figures(compare(sample), By.SENTENCE)[1]
    assert pay.units == 6
    assert (pay.met_both, pay.met_one, pay.met_neither) == (2, 2, 11)
    assert {
        f"{one.first}-{one.second}": (one.units, one.responses) for one in pay.pairs_of_coders
    } == {
        "ada-bea": (6, 2),
        "ada-cleo": (3, 1),
        "bea-cleo": (3, 1),
    }


def test_what_is_coded_after_being_done_counts_for_nothing(sample, response, ada, bea, boss, call):
    code(response, ada, PAY)
    theirs = code(response, bea, PAY)
    be_done(sample, ada, bea)
    close_sample(sample, by=boss, at=while_open(call))
    later = while_open(call) + timedelta(minutes=1)
    code(response, ada, SHARE, at=later)
    assert table(sample)["Pay"] == (3, 1, (1, 0, 0, 2))
    remove_coding(theirs, by=bea, at=later)
    sample.refresh_from_db()
    found = compare(sample)
    assert (table(sample)["Pay"], found.taken_away) == ((3, 1, (0, 1, 0, 2)), 1)


def test_coders_who_read_different_versions_are_not_compared(sample, response, ada, bea, call):
    be_done(sample, ada, at=while_open(call) - timedelta(hours=1))
    amended(response, story="Something else. Entirely.")
    be_done(sample, bea)
    found = compare(sample)
    assert (found.responses, found.amended) == (0, 1)


def test_identity_is_no_unit(sample, response, ada, bea):
    be_done(sample, ada, bea)
    assert {text.question.key for text in compare(sample).texts} == {"story"}


def test_queries_do_not_grow_with_the_sample(call, ada, bea, boss, django_assert_num_queries):
    numbers = []
    for size in (1, 3):
        for _ in range(size):
            response = make_submitted(call, story=STORY)
            for one in (ada, bea):
                code(response, one, PAY)
                code(response, one, SHARE, "Sharing")
        sample = draw(call, [ada, bea], boss, size=size)
        be_done(sample, ada, bea)
        with django_assert_num_queries(6):
            numbers.append(len(figures(compare(sample), By.SENTENCE)))
    assert numbers == [3, 3]


def test_summary_of_a_call_has_each_sample_that_the_reader_may_see(
    sample, response, ada, bea, boss, call
):
    code(response, ada, PAY)
    assert agreement_of(call, reader=boss) == []
    be_done(sample, ada, bea)
    with CaptureQueriesContext(connection) as queries:
        (one,) = agreement_of(call, reader=boss)
    assert not [q for q in queries if 'FROM "submissions_call"' in q["sql"]]
    assert (one.coders, one.comparison.responses, one.differing, one.decided) == (
        ["ada", "bea"],
        1,
        1,
        0,
    )
    assert (one.by_sentence.units, one.by_answer.units) == (3, 1)
    close_sample(sample, by=boss, at=while_open(call))
    draw(call, [ada, bea], boss)  # the same response, blind
    assert agreement_of(call, reader=ada) == []
    assert len(agreement_of(call, reader=boss)) == 1
    assert agreement_of(make_call(), reader=boss) == []
