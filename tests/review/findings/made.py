"""A call with coded responses and a finding about them, as the tests of findings begin."""

from accounts.models import User
from accounts.states import Role
from review.coding.codings import code_passage
from review.findings.agreeing import agree
from review.findings.claims import Claim, etag_of, set_status, write_finding
from review.findings.passages import put_passage
from review.models import Cluster, ClusterMember
from review.quotes.marking import mark_quote
from review.redaction.proposing import propose
from review.redaction.redacting import approve
from review.states import (
    ClusterKind,
    ClusterState,
    FindingStatus,
    Likeness,
    MemberState,
    RedactionReason,
    Stance,
)
from submissions.responses import amending, drafting, submitting
from tests.makers import make_call, make_code, make_submitted, make_user, while_open

STORY = "They paid us late. The prime kept half."


class Evidence:
    """Three responses, of which two have a passage under the code “Pay”; and two of the team."""

    def __init__(self, **call):
        self.call = make_call(**call)
        self.at = while_open(self.call)
        self.ann = member("ann", Role.MANAGER)
        self.ben = member("ben", Role.REVIEWER)
        self.code = make_code(call=self.call, name="Pay", by=self.ann)
        self.responses = [self.respond() for _ in range(3)]
        for response in self.responses[:2]:
            self.coded(response)
        self.question = self.call.questions.get(key="story")

    def respond(self, **answers):
        given = {"story": STORY, "publication": "named", "quote_ok": "yes"}
        return make_submitted(self.call, **given | answers)

    def coded(self, response, *, code=None, start=0, end=18, by=None, question="story"):
        return code_passage(
            code=code or self.code,
            version=response.current_version,
            question=self.call.questions.get(key=question),
            start=start,
            end=end,
            by=by or self.ann,
            at=self.at,
        )

    def find(self, title="Partners are paid late", **claim):
        given = {"strength": "most", "codes": frozenset({self.code.pk})}
        claim = Claim(title=title, **given | claim)
        return write_finding(call=self.call, claim=claim, by=self.ann, at=self.at)

    def campaign(self, *responses, name="Pay on time"):
        cluster = Cluster.objects.create(
            call=self.call,
            kind=ClusterKind.TEXT,
            state=ClusterState.CAMPAIGN,
            name=name,
            standing=responses[0],
            found_at=self.at,
            decided_by=self.ann,
            decided_at=self.at,
        )
        for response in responses:
            ClusterMember.objects.create(
                cluster=cluster,
                submission=response,
                kind=ClusterKind.TEXT,
                state=MemberState.CONFIRMED,
                likeness=Likeness.IDENTICAL,
                joined_at=self.at,
            )
        return cluster


def member(name, role):
    """The one of the team of that name: the same in each call."""
    there = User.objects.filter(username=name).first()
    return there or make_user(role, username=name, is_staff=True)


def amend(evidence, response, **answers):
    """The author reopens the response, changes answers and submits it again."""
    amending.reopen(submission=response, at=evidence.at)
    response.refresh_from_db()
    drafting.save_answers(submission=response, call=evidence.call, values=answers, at=evidence.at)
    response.refresh_from_db()
    submitting.submit(submission=response, at=evidence.at)
    response.refresh_from_db()


def agreed(evidence, finding):
    """The team agrees with the finding, as it is now."""
    finding.refresh_from_db()
    ask = {"by": evidence.ann, "at": evidence.at}
    set_status(
        finding, status=FindingStatus.FOR_AGREEMENT, base=etag_of(finding, evidence.ann), **ask
    )
    finding.refresh_from_db()
    agree(finding, base=etag_of(finding, evidence.ben), by=evidence.ben, at=evidence.at)
    base = etag_of(finding, evidence.ann)
    set_status(finding, status=FindingStatus.AGREED, base=base, **ask)
    finding.refresh_from_db()
    return finding


def quoted(evidence, finding, response, *, stance=Stance.SUPPORTS, start=0, end=18):
    """The passage is marked as a quote, and stands in the finding."""
    quote = mark_quote(
        version=response.current_version,
        question=evidence.question,
        start=start,
        end=end,
        by=evidence.ann,
        at=evidence.at,
    )
    return put_passage(finding, quote, stance=stance, by=evidence.ann, at=evidence.at)


def hide(evidence, response, *, start, end):
    """Two of the team redact the passage."""
    redaction = propose(
        version=response.current_version,
        question=evidence.question,
        start=start,
        end=end,
        reason=RedactionReason.COMMERCIAL,
        by=evidence.ann,
        at=evidence.at,
    )
    approve(redaction, by=evidence.ben, at=evidence.at)
