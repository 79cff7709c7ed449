"""Passages for and against a finding: places, and no words that their author did not allow."""

import pytest

from accounts.models import AuditEvent
from accounts.states import Action, AuditAction, Role
from review.errors import FindingRefused
from review.findings.claims import etag_of
from review.findings.passages import put_passage, take_off
from review.models import FindingPassage, Quote
from review.quotes.marking import mark_quote, unmark_quote
from review.states import FindingStatus, Stance
from submissions.responses.amending import withdraw
from tests.makers import make_call, make_user, withhold
from tests.review.findings.made import Evidence, quoted


def put(evidence, finding, passage, *, stance=Stance.SUPPORTS, by=None):
    return put_passage(finding, passage, stance=stance, by=by or evidence.ann, at=evidence.at)


def mark(evidence, response):
    return mark_quote(
        version=response.current_version,
        question=evidence.question,
        start=0,
        end=4,
        by=evidence.ann,
        at=evidence.at,
    )


def test_quote_stands_in_a_finding_by_its_place(evidence):
    finding, first = evidence.find(), evidence.responses[0]
    one = quoted(evidence, finding, first)
    assert (one.version, one.question, one.start, one.end) == (
        first.current_version,
        evidence.question,
        0,
        18,
    )
    event = AuditEvent.objects.get(action=AuditAction.FINDING_PASSAGE_CHANGED)
    assert (event.submission, event.detail) == (
        first,
        {
            "finding": finding.pk,
            "stance": "supports",
            "version": 1,
            "question": "story",
            "passage": [0, 18],
        },
    )


def test_same_passage_again_turns(evidence):
    finding = evidence.find()
    quoted(evidence, finding, evidence.responses[0])
    quoted(evidence, finding, evidence.responses[0], stance=Stance.CONTRARY)
    assert [one.stance for one in finding.passages.all()] == ["contrary"]
    quote, events = Quote.objects.get(), AuditEvent.objects.count()
    put(evidence, finding, quote, stance=Stance.CONTRARY, by=evidence.ben)  # it stands there so
    assert (finding.passages.get().by, AuditEvent.objects.count()) == (evidence.ann, events)


def test_coding_is_a_place_alone_and_becomes_a_quote_by_being_one(evidence):
    finding, coding = evidence.find(), evidence.coded(evidence.responses[2])
    assert put(evidence, finding, coding).quote is None
    one = quoted(evidence, finding, evidence.responses[2])
    assert one.quote == Quote.objects.get()
    shown = etag_of(finding, evidence.ben)
    assert unmark_quote(one.quote, by=evidence.ann, at=evidence.at) == [finding]
    one.refresh_from_db()
    assert one.quote is None
    assert etag_of(finding, evidence.ben) != shown
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.detail["finding"]) == ("finding_passage_changed", finding.pk)


@pytest.mark.parametrize(
    "answers", [{"publication": "confidential"}, {"publication": "named", "quote_ok": "no"}]
)
def test_quote_that_consent_forbids_cannot_stand_and_its_coding_can(evidence, answers):
    finding, response = evidence.find(), evidence.respond(**answers)
    with pytest.raises(FindingRefused, match="its words cannot stand in a finding"):
        put(evidence, finding, mark(evidence, response))
    put(evidence, finding, evidence.coded(response))
    assert finding.passages.count() == 1


def test_passage_of_another_call_is_refused(evidence):
    finding = evidence.find()
    other = make_call()
    response = Evidence.respond(type("Other", (), {"call": other})())
    quote = mark_quote(
        version=response.current_version,
        question=other.questions.get(key="story"),
        start=0,
        end=4,
        by=make_user(Role.CODER),
        at=evidence.at,
    )
    with pytest.raises(FindingRefused, match="belong to one call"):
        put(evidence, finding, quote)


def test_passage_of_a_withdrawn_response_is_refused(evidence):
    finding, response = evidence.find(), evidence.responses[0]
    quote = mark(evidence, response)
    withdraw(submission=response, at=evidence.at)
    with pytest.raises(FindingRefused, match="not among those that count"):
        put(evidence, finding, quote)


def test_passage_of_a_file_is_refused_to_who_may_not_open_files(evidence):
    finding = evidence.find()
    withhold(evidence.ann, Action.OPEN_FILES)
    with pytest.raises(FindingRefused, match="You may not open files"):
        put(evidence, finding, Quote(file_text_id=1))


def test_dropped_finding_takes_no_passage(evidence):
    finding = evidence.find()
    type(finding).objects.update(status=FindingStatus.DROPPED, reason="No.")
    with pytest.raises(FindingRefused, match="The finding is dropped"):
        put(evidence, finding, mark(evidence, evidence.responses[0]))


def test_coder_puts_no_passage_and_takes_none_off(evidence):
    coder = make_user(Role.CODER)
    one = quoted(evidence, evidence.find(), evidence.responses[0])
    with pytest.raises(FindingRefused, match="You may not change findings"):
        put(evidence, one.finding, one.quote, by=coder)
    with pytest.raises(FindingRefused, match="You may not change findings"):
        take_off(one, by=coder, at=evidence.at)


def test_passage_taken_off_is_on_record(evidence):
    one = quoted(evidence, evidence.find(), evidence.responses[0])
    take_off(one, by=evidence.ben, at=evidence.at)
    assert not FindingPassage.objects.exists()
    event = AuditEvent.objects.filter(action=AuditAction.FINDING_PASSAGE_CHANGED).latest("pk")
    assert (event.actor, event.detail["stance"]) == (evidence.ben, "")
