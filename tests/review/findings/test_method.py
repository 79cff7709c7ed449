"""The numbers of the appendix on method, for the team and for readers outside."""

from core.clock import wall_now
from review.coding.samples import draw_sample, say_done
from review.findings.method import labels_of, method_of
from review.states import ReportAudience
from review.texts import reading_due_files
from submissions.responses.models import Submission
from submissions.responses.states import TriageStatus
from submissions.responses.submitting import submit
from tests.makers import complete_answers, make_attachment, make_draft
from tests.review.findings.made import Evidence, amend
from tests.review.redaction_makers import make_redaction

TEAM, OUTSIDE = ReportAudience.TEAM, ReportAudience.OUTSIDE


def facts_of(evidence, audience):
    """The numbers of the appendix by their keys; those of a campaign and a sample by their kind."""
    found = method_of(evidence.call, audience=audience)
    return {fact.key.partition(":")[0]: fact.value for fact in found.facts}


def coded_by_two(evidence):
    """Ann and Ben code all responses by themselves, and are done with them."""
    coders = [evidence.ann, evidence.ben]
    sample = draw_sample(
        call=evidence.call,
        size=evidence.call.submissions.count(),
        coders=coders,
        facet="",
        is_blind=False,
        by=evidence.ann,
        at=evidence.at,
    )
    for sampled in sample.responses.select_related("sample", "submission"):
        for coder in coders:
            say_done(sampled, version=1, by=coder, at=evidence.at)


def test_method_for_readers_outside_is_counted_without_confidential_responses(evidence):
    secret = evidence.respond(publication="confidential")
    evidence.coded(secret, by=evidence.ben)
    evidence.campaign(*evidence.responses[:2], secret)
    coded_by_two(evidence)
    team, outside = (facts_of(evidence, audience) for audience in (TEAM, OUTSIDE))
    for key, of_team, of_outside in (
        ("campaign", "3", "2"),
        ("left_out", "2", "1"),
        ("coders", "2", "1"),
    ):
        assert (team[key], outside[key]) == (of_team, of_outside)
    assert team["sample"].startswith("4 compared;")
    assert outside["sample"].startswith("3 compared;")


def test_readers_outside_are_not_told_of_a_campaign_whose_others_are_confidential(evidence):
    secret = evidence.respond(publication="confidential")
    before = facts_of(evidence, OUTSIDE)
    evidence.campaign(evidence.responses[0], secret)
    assert facts_of(evidence, OUTSIDE) == before
    assert facts_of(evidence, TEAM)["campaigns"] == "1"


def test_readers_outside_are_not_told_whether_a_confidential_response_was_set_aside(evidence):
    secret = evidence.respond(publication="confidential")
    before = facts_of(evidence, OUTSIDE)
    assert (before["received"], before["open"], before["confidential"]) == ("4", "3", "1")
    for response, told in ((secret, {}), (evidence.responses[0], {"open": "2", "set_aside": "1"})):
        Submission.objects.filter(pk=response.pk).update(triage_status=TriageStatus.SET_ASIDE)
        assert facts_of(evidence, OUTSIDE) == before | told


def test_method_leaves_out_of_campaigns_what_is_set_aside(evidence):
    key = f"campaign:{evidence.campaign(*evidence.responses).pk}"
    assert labels_of(evidence.call, [key, "campaign:0"]) == {
        key: "Responses of “Pay on time”",
        "campaign:0": "Responses of a campaign that is none any more",
    }
    Submission.objects.filter(pk=evidence.responses[0].pk).update(
        triage_status=TriageStatus.SET_ASIDE
    )
    facts = facts_of(evidence, TEAM)
    assert (facts["campaign"], facts["left_out"]) == ("2", "1")


def test_method_counts_what_is_hidden_in_a_file_that_a_later_version_still_has(evidence):
    draft = make_draft(evidence.call, **complete_answers(evidence.call))
    file = make_attachment(draft, content=b"Ask Jo Bloggs.")
    response = submit(submission=draft, at=evidence.at).submission
    reading_due_files.read_due(now=wall_now, until=lambda: False)
    make_redaction(response, "Jo Bloggs", key="documents", file_text=file.extracted)
    assert facts_of(evidence, TEAM)["redacted"] == "1"
    amend(evidence, response, story="Another story.")
    assert response.current_version.attachments.get() == file
    assert facts_of(evidence, TEAM)["redacted"] == "1"


def test_few_responses_are_hidden_where_the_call_asks(made_evidence, db, at):
    evidence = Evidence(hides_small_counts=True)
    at(evidence.at)
    coded_by_two(evidence)
    outside = facts_of(evidence, OUTSIDE)
    assert outside["sample"].startswith("fewer than 5 compared;")
    assert outside["received"] == "fewer than 5"
    assert facts_of(evidence, TEAM)["sample"].startswith("3 compared;")
