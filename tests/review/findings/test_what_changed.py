"""What changed since a report was made: one thing at a time, and exactly its line."""

from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.states import Role
from review.coding.codings import remove_coding
from review.coding.samples import draw_sample
from review.errors import FindingRefused
from review.findings.changes_since_report import what_changed
from review.findings.claims import change_finding, claim_of, etag_of, set_status
from review.findings.making import make_report
from review.findings.outline import add_heading, etag_of_outline, move, outline_of
from review.findings.passages import take_off
from review.findings.scale import Step, define_scale, etag_of_scale, scale_of
from review.models import Coding
from review.quotes.marking import unmark_quote
from review.states import FindingStatus, ReportAudience, ReportFormat, Stance
from submissions.responses.amending import withdraw
from submissions.responses.models import Submission
from submissions.responses.states import TriageStatus
from tests.makers import make_code, make_user
from tests.personal_data.erasures import erase
from tests.review.findings.made import Evidence, agreed, amend, hide, quoted

CLAIM = "“Partners are paid late”"


@pytest.fixture(scope="module")
def made_evidence(made_once):
    return made_once(make_reported)


@pytest.fixture
def reported(evidence):
    return evidence


def make_reported():
    """A report of an agreed finding that quotes the third response, which is not counted."""
    evidence = Evidence()
    evidence.finding = evidence.find()
    evidence.passage = quoted(evidence, evidence.finding, evidence.responses[2])
    agreed(evidence, evidence.finding)
    make(evidence)
    return evidence


def make(evidence, audience=ReportAudience.TEAM):
    evidence.run, _ = make_report(
        evidence.call,
        audience=audience,
        file_format=ReportFormat.CSV,
        by=evidence.ann,
        at=evidence.at,
    )


def changed(evidence):
    return what_changed(evidence.run, reader=evidence.ann, at=evidence.at)


def test_nothing_changed_where_nothing_did(reported):
    assert changed(reported) == []


def test_withdrawn_response(reported):
    first = reported.responses[0]
    withdraw(submission=first, at=reported.at)
    assert changed(reported) == [
        f"{first.reference}: withdrawn since",
        f"{CLAIM}: 2 of 3 then, 1 of 2 now; gone: {first.reference}",
        "Responses received, without withdrawn and erased ones: 3 then, 2 now",
        "Counted, not confidential: 3 then, 2 now",
        "Withdrawn by their authors, and counted nowhere: 0 then, 1 now",
        "Passages coded by ann: 2 then, 1 now",
    ]


def test_erased_response_that_was_quoted(reported):
    third = reported.responses[2]
    erase(third, at=reported.at)
    assert changed(reported) == [
        f"{third.reference}: erased since",
        f"{CLAIM}: 2 of 3 then, 2 of 2 now",
        f"{CLAIM}: the quote of {third.reference}, version 1 (story, 0 to 18) is not in the report "
        "any more",
        "Responses received, without withdrawn and erased ones: 3 then, 2 now",
        "Counted, not confidential: 3 then, 2 now",
        "Erased after they were received, and counted nowhere: nothing then, 1 now",
    ]


def set_aside(response, at):
    Submission.objects.filter(pk=response.pk).update(triage_status=TriageStatus.SET_ASIDE)


def withdrawn(response, at):
    withdraw(submission=response, at=at)


@pytest.mark.parametrize(
    ("goes", "said"),
    [(withdrawn, "withdrawn since"), (erase, "erased since"), (set_aside, "set aside since")],
)
def test_quoted_response_that_is_in_no_base(reported, goes, said):
    change(reported, roles=("commissioner",))
    make(reported)
    first, _, third = reported.responses
    goes(first, at=reported.at)  # neither in a base nor quoted
    goes(third, at=reported.at)
    lines = changed(reported)
    assert lines[:2] == [
        f"{third.reference}: {said}",
        f"{CLAIM}: the quote of {third.reference}, version 1 (story, 0 to 18) is not in the report "
        "any more",
    ]
    assert not [line for line in lines if str(first.reference) in line]


def test_passage_taken_off_of_a_response_that_is_in_no_base(reported):
    change(reported, roles=("commissioner",))
    make(reported)
    take_off(reported.passage, by=reported.ann, at=reported.at)
    third = reported.responses[2].reference
    assert changed(reported) == [
        f"{CLAIM}: the quote of {third}, version 1 (story, 0 to 18) is not in the report any more"
    ]


def test_response_that_was_set_aside(reported):
    third = reported.responses[2]
    Submission.objects.filter(pk=third.pk).update(triage_status=TriageStatus.SET_ASIDE)
    lines = changed(reported)
    assert lines[:2] == [
        f"{third.reference}: set aside since",
        f"{CLAIM}: 2 of 3 then, 2 of 2 now",
    ]
    assert lines[-1] == "Set aside: no reason given: nothing then, 1 now"


def test_new_response(reported):
    new = reported.respond()
    assert changed(reported) == [
        f"{new.reference}: counted now, and not then",
        f"{CLAIM}: 2 of 3 then, 2 of 4 now",
        "Responses received, without withdrawn and erased ones: 3 then, 4 now",
        "Counted, not confidential: 3 then, 4 now",
    ]


def test_amended_response(reported):
    third = reported.responses[2]
    amend(reported, third, story="They paid us late. And more.")
    assert changed(reported) == [f"{third.reference}: amended, version 1 then and 2 now"]


def test_consent_that_was_changed(reported):
    third = reported.responses[2]
    amend(reported, third, quote_ok="no")
    assert changed(reported) == [
        f"{third.reference}: amended, version 1 then and 2 now",
        f"{CLAIM}: the quote of {third.reference}, version 1 (story, 0 to 18) may not be printed "
        "now",
    ]


def test_quote_taken_out_of_the_bank(reported):
    unmark_quote(reported.passage.quote, by=reported.ann, at=reported.at)
    third = reported.responses[2].reference
    assert changed(reported) == [
        f"{CLAIM}: the quote of {third}, version 1 (story, 0 to 18) may not be printed now"
    ]


def test_quote_that_was_redacted(reported):
    third = reported.responses[2]
    hide(reported, third, start=10, end=13)
    assert changed(reported) == [
        f"{CLAIM}: the quote of {third.reference}, version 1 (story, 0 to 18) is redacted in other "
        "places now",
        "Passages redacted: commercially confidential: nothing then, 1 now",
    ]


def test_passage_taken_off(reported):
    take_off(reported.passage, by=reported.ann, at=reported.at)
    third = reported.responses[2].reference
    assert changed(reported) == [
        f"{CLAIM}: the quote of {third}, version 1 (story, 0 to 18) is not in the report any more"
    ]


def test_passage_put_to_it(reported):
    first = reported.responses[0].reference
    quoted(reported, reported.finding, reported.responses[0], start=19, end=39)
    assert changed(reported) == [
        f"{CLAIM}: the quote of {first}, version 1 (story, 19 to 39) is new"
    ]


def test_passage_that_turned(reported):
    quoted(reported, reported.finding, reported.responses[2], stance=Stance.CONTRARY)
    third = reported.responses[2].reference
    assert changed(reported) == [
        f"{CLAIM}: the quote of {third}, version 1 (story, 0 to 18) speaks against it now"
    ]


def test_coding_taken_away(reported):
    second = reported.responses[1]
    coding = Coding.objects.get(version=second.current_version)
    remove_coding(coding, by=reported.ann, at=reported.at)
    assert changed(reported) == [
        f"{CLAIM}: 2 of 3 then, 1 of 3 now; gone: {second.reference}",
        "Passages coded by ann: 2 then, 1 now",
    ]


def test_coding_of_another_passage(reported):
    first = reported.responses[0]
    reported.coded(first, start=19, end=39)
    assert changed(reported) == [
        f"{CLAIM}: other passages are under its codes; {first.reference}",
        "Passages coded by ann: 2 then, 3 now",
    ]


def test_scale_that_was_changed(reported):
    steps = [
        Step(one.name, 60 if one.name == "most" else one.smallest_share, one.pk)
        for one in scale_of(reported.call)
    ]
    base = etag_of_scale(reported.call)
    define_scale(reported.call, steps=steps, base=base, by=reported.ann, at=reported.at)
    assert changed(reported) == ["Scale: “most” began at 51% and begins at 60% now"]


def change(evidence, **claim):
    finding = evidence.finding
    finding.refresh_from_db()
    change_finding(
        finding,
        claim=replace(claim_of(finding), **claim),
        base=finding.revision,
        by=evidence.ann,
        at=evidence.at,
    )


ASKED_ANEW = [f"{CLAIM}: agreed then, for agreement now"]
UNAGREED = [f"{CLAIM}: the agreements have changed; nobody agrees now"]


def test_claim_that_was_reworded(reported):
    change(reported, text="Another text.")
    assert changed(reported) == [
        f"{CLAIM}: the claim was reworded",
        *ASKED_ANEW,
        *UNAGREED,
    ]


def test_strength_that_was_changed(reported):
    change(reported, strength="many")
    assert changed(reported) == [
        *ASKED_ANEW,
        f"{CLAIM}: its strength was “most” and is “many” now",
        *UNAGREED,
    ]


def test_codes_and_base_that_were_changed(reported):
    other = make_code(call=reported.call, name="Delay")
    change(reported, codes=frozenset({reported.code.pk, other.pk}), roles=("provider",))
    assert changed(reported) == [
        *ASKED_ANEW,
        f"{CLAIM}: its codes have changed; with: Delay",
        f"{CLAIM}: its base has changed",
        *UNAGREED,
    ]


def test_dropped_finding(reported):
    reported.finding.refresh_from_db()
    set_status(
        reported.finding,
        status=FindingStatus.DROPPED,
        reason="No.",
        base=etag_of(reported.finding, reported.ann),
        by=reported.ann,
        at=reported.at,
    )
    assert [line for line in changed(reported) if CLAIM in line] == [
        f"{CLAIM} is not in the report any more: it is dropped"
    ]


def test_new_finding_and_another_order(reported):
    for title in "ABCD":
        reported.find(title)
    assert changed(reported) == [f"“{title}” is new in the report" for title in "ABCD"]
    make(reported)
    items = outline_of(reported.call)
    key, ask = f"finding-{items[1].pk}", {"by": reported.ann, "at": reported.at}
    move(reported.call, key, step=-1, base=etag_of_outline(items), **ask)
    assert changed(reported) == ["The order has changed"]


def test_new_heading(reported):
    base = etag_of_outline(outline_of(reported.call))
    add_heading(reported.call, "Money", base=base, by=reported.ann, at=reported.at)
    assert changed(reported) == ["The headings have changed"]


def test_campaign(reported):
    reported.campaign(*reported.responses[:2])
    assert changed(reported) == [
        "Campaigns: 0 then, 1 now",
        "Left out where each campaign counts once and duplicates do not: 0 then, 1 now",
        "Responses of “Pay on time”: nothing then, 2 now",
    ]


def test_report_for_readers_outside_is_compared_as_one(reported):
    make(reported, ReportAudience.OUTSIDE)
    reported.coded(reported.respond(publication="confidential"))
    lines = changed(reported)
    assert [line for line in lines if CLAIM in line or "TST-" in line] == []
    assert "Responses received, without withdrawn and erased ones: 3 then, 4 now" in lines


def test_nobody_compares_while_they_code_a_blind_sample(reported):
    coder = make_user(Role.REVIEWER)
    draw_sample(
        call=reported.call,
        size=1,
        coders=[coder, reported.ben],
        facet="",
        is_blind=True,
        by=reported.ann,
        at=reported.at,
    )
    with pytest.raises(FindingRefused):
        what_changed(reported.run, reader=coder, at=reported.at)


def compare(run):
    out = StringIO()
    try:
        call_command("compare_report", "--run", str(run), stdout=out)
    except CommandError as error:
        return out.getvalue(), error.returncode, str(error)
    return out.getvalue(), 0, ""


def test_command_says_what_changed_and_ends_with_a_status(reported):
    run = reported.run.pk
    assert compare(run) == (f"Report {run}: nothing changed.\n", 0, "")
    take_off(reported.passage, by=reported.ann, at=reported.at)
    third = reported.responses[2].reference
    assert compare(run) == (
        f"{CLAIM}: the quote of {third}, version 1 (story, 0 to 18) is not in the report any "
        "more.\n",
        1,
        f"Report {run}: 1 difference.",
    )


def test_command_without_such_a_report_says_so(reported):
    assert compare(0) == ("", 2, "There is no report 0.")
