"""The count that a finding stands on: its base, and who of it says so."""

import pytest

from accounts.states import Role
from review.coding.codebook import merge_codes
from review.coding.samples import draw_sample
from review.findings.finding_counts import Place, stands_of
from review.states import ReportAudience
from submissions.responses.amending import withdraw
from submissions.responses.models import Submission
from submissions.responses.states import TriageStatus
from tests.makers import make_code, make_user
from tests.review.findings.made import amend


def stands(evidence, finding, **options):
    options = {"reader": None} | options
    return stands_of(evidence.call, [finding], **options)[finding.pk]


def count(evidence, finding, **options):
    stood = stands(evidence, finding, **options)
    return stood.number, stood.of


def test_responses_count_once_with_every_passage(evidence):
    first = evidence.responses[0]
    evidence.coded(first, by=evidence.ben)  # the same passage, by another coder
    evidence.coded(first, start=19, end=39)
    stood = stands(evidence, evidence.find())
    assert (stood.number, stood.of) == (2, 3)
    assert stood.counted[first.pk] == [Place("story", "", 0, 18), Place("story", "", 19, 39)]
    version = first.current_version
    source = stood.base[first.pk]
    assert (source.reference, source.version, source.sha256) == (
        first.reference,
        1,
        version.sha256,
    )


def test_finding_without_codes_stands_on_nobody(evidence):
    assert count(evidence, evidence.find(codes=frozenset())) == (0, 3)


def test_withdrawn_and_set_aside_responses_count_nowhere(evidence):
    finding = evidence.find()
    withdraw(submission=evidence.responses[0], at=evidence.at)
    assert count(evidence, finding) == (1, 2)
    Submission.objects.filter(pk=evidence.responses[2].pk).update(
        triage_status=TriageStatus.SET_ASIDE
    )
    assert count(evidence, finding) == (1, 1)


def test_base_of_those_who_answered_counts_their_answers_alone(evidence):
    commissioner = evidence.respond(roles=["commissioner"], commissioner_view="They paid late.")
    evidence.coded(commissioner, end=4)
    assert count(evidence, evidence.find()) == (3, 4)
    of_view = evidence.find(questions=("commissioner_view",))
    assert count(evidence, of_view) == (0, 1)
    evidence.coded(commissioner, question="commissioner_view", end=4)
    assert count(evidence, of_view) == (1, 1)
    assert count(evidence, evidence.find(questions=("history",))) == (0, 0)
    assert count(evidence, evidence.find(questions=("roles", "history"))) == (0, 4)


def test_base_of_a_role_has_those_who_named_it_among_others(evidence):
    both = evidence.respond(roles=["commissioner", "provider"], commissioner_view="Late.")
    evidence.coded(both)
    assert count(evidence, evidence.find(roles=("commissioner",))) == (1, 1)
    assert count(evidence, evidence.find(roles=("commissioner", "provider"))) == (3, 4)


def test_campaign_counts_once_where_the_finding_says_so(evidence):
    evidence.campaign(*evidence.responses)
    assert count(evidence, evidence.find()) == (2, 3)
    once = evidence.find(counts_once=True)
    assert count(evidence, once) == (1, 1)
    assert count(evidence, once, counts_once=False) == (2, 3)


def test_passage_of_an_earlier_version_does_not_count(evidence):
    finding, first = evidence.find(), evidence.responses[0]
    amend(evidence, first, story="They paid us on time.")
    assert count(evidence, finding) == (1, 3)


def test_code_that_was_merged_counts_where_its_codings_are(evidence):
    finding = evidence.find()
    money = make_code(call=evidence.call, name="Money")
    evidence.coded(evidence.responses[2], code=money)
    merge_codes(evidence.code, into=money, by=evidence.ann, at=evidence.at)
    assert count(evidence, finding) == (3, 3)


def test_readers_outside_get_no_confidential_response(evidence):
    evidence.coded(evidence.respond(publication="confidential"))
    finding = evidence.find()
    assert count(evidence, finding) == (3, 4)
    assert count(evidence, finding, audience=ReportAudience.OUTSIDE) == (2, 3)


def test_call_that_publishes_nothing_tells_readers_outside_nothing(evidence):
    evidence.call.publication = "never"
    evidence.call.save()
    assert count(evidence, evidence.find(), audience=ReportAudience.OUTSIDE) == (0, 0)


def test_codings_of_others_in_a_blind_sample_do_not_count_for_its_coder(evidence):
    coder = make_user(Role.REVIEWER, username="cat")
    draw_sample(
        call=evidence.call,
        size=3,
        coders=[coder, evidence.ben],
        facet="",
        is_blind=True,
        by=evidence.ann,
        at=evidence.at,
    )
    finding = evidence.find()
    assert count(evidence, finding, reader=coder) == (0, 3)
    assert count(evidence, finding, reader=evidence.ann) == (2, 3)


@pytest.mark.parametrize("number", [1, 3])
def test_findings_of_one_base_are_counted_in_as_many_queries(
    evidence, number, django_assert_num_queries
):
    findings = [evidence.find(f"Claim {n}") for n in range(number)]
    list(evidence.call.questions_in_order)
    with django_assert_num_queries(4):
        stands_of(evidence.call, findings, reader=None)
