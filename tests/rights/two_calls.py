"""Two calls with one of everything in each, and the address of each page for either."""

import re
from datetime import timedelta

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, get_resolver
from django.urls.resolvers import RegexPattern

from accounts import invitations, memberships
from accounts.models import Membership, SignIn
from accounts.record import record
from accounts.states import AuditAction, Role
from exports import export_runs
from exports.models import ApiToken, ExportRun
from review.admin.agreement.differences_page import name_of
from review.agreement.coding_differences import differences
from review.agreement.comparing import compare
from review.coding.codings import code_passage
from review.coding.samples import close_sample, draw_sample, say_done
from review.findings.claims import Claim, write_finding
from review.findings.making import make_report
from review.matrix.summaries import Cell, write_summary
from review.memos.writing import About, write_memo
from review.models import Cluster, ClusterMember, SavedFilter
from review.noting import add_note
from review.quotes.marking import mark_quote
from review.redaction.proposing import propose
from review.searching.entries import write_due
from review.states import ClusterKind, Likeness, RedactionReason, ReportAudience, ReportFormat
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import OutboxState
from submissions.responses import entering, erasing, late_passes, replying, submitting
from submissions.responses.importing import uploads
from submissions.responses.models import Attachment
from submissions.responses.states import Acknowledgement, Channel, ErasureScope
from tests.asking import make_asking_call, put_question
from tests.core.pictures import picture
from tests.makers import (
    complete_answers,
    make_attachment,
    make_code,
    make_draft,
    make_submitted,
    make_user,
    while_open,
)

NOWHERE = "nowhere"
PARTS = re.compile(r"<(?:(\w+):)?(\w+)>")


class Side:
    """A call named `name`, whose every text, address and username begins with that name."""

    def __init__(self, name, *, boss):
        self.name = name
        self.call = make_asking_call(slug=f"{name}-call", title=f"{name} title")
        self.story = self.call.questions.get(key="story")
        self.at = while_open(self.call)
        draft = make_draft(
            self.call,
            at=self.at,
            **complete_answers(self.call, email=f"{name}@example.org", story=f"{name} story"),
        )
        self.file = make_attachment(draft, name=f"{name}.txt")
        self.picture = make_attachment(draft, name=f"{name}.jpg", content=picture())
        Attachment.objects.filter(pk=self.picture.pk).update(file_type="jpg")
        self.response = submitting.submit(submission=draft, at=self.at).submission
        make_submitted(self.call)
        self.mail = OutboxEmail.objects.filter(call=self.call).earliest("pk")
        OutboxEmail.objects.filter(pk=self.mail.pk).update(
            state=OutboxState.SENT, sent_at=self.at, body=f"{name} mail"
        )
        self.late_pass = late_passes.give(
            call=self.call,
            address=f"{name}-late@example.org",
            reason=f"{name} reason",
            expires_at=self.call.closes_at.replace(year=2020),
            by=boss,
            at=self.at,
        )
        self.member = make_user(username=f"{name}-member")
        self.membership = memberships.give(
            person=self.member, call=self.call, role=Role.CODER, by=boss, at=self.at
        )
        self.event = record(
            by=self.member,
            at=self.at,
            action=AuditAction.RESPONSE_OPENED,
            call=self.call,
            submission=self.response,
            reason=f"{name} detail",
        )
        self.sign_in = SignIn.objects.create(
            user=self.member, began_at=self.at, last_used_at=self.at, browser=f"{name} browser"
        )
        self.invitation = invitations.invite(
            email=f"{name}-invited@example.org",
            call=self.call,
            role=Role.CODER,
            by=boss,
            at=self.at,
            wall_now=self.at,
        )
        _asked, self.question = put_question(
            self.response, text=f"{name} question", by=boss, at=self.at
        )
        replying.answer(call=self.call, token=self.question, text=f"{name} answer", at=self.at)
        self.erasure = erasing.ask(
            submission=self.response, scope=ErasureScope.IDENTITY, at=self.at
        )
        self.cluster = Cluster.objects.create(
            call=self.call, kind=ClusterKind.TEXT, found_at=self.at
        )
        ClusterMember.objects.create(
            cluster=self.cluster,
            submission=self.response,
            kind=ClusterKind.TEXT,
            likeness=Likeness.NEAR,
            joined_at=self.at,
        )
        SavedFilter.objects.create(
            call=self.call, owner=boss, name=f"{name} filters", query="work=to_do", shared=True
        )
        self.note = add_note(self.response, text=f"{name} note", by=boss, at=self.at)
        self.code = make_code(call=self.call, name=f"{name} code", by=self.member, at=self.at)
        self.other = make_code(call=self.call, name=f"{name} other", by=self.member, at=self.at)
        self.coding = code_passage(
            code=self.code,
            version=self.response.current_version,
            question=self.story,
            start=0,
            end=len(name),
            by=self.member,
            at=self.at,
        )
        self.quote = mark_quote(
            version=self.response.current_version,
            question=self.story,
            start=0,
            end=len(name),
            by=self.member,
            at=self.at,
        )
        self.memo = write_memo(
            About(self.call, response=self.response),
            title=f"{name} memo",
            text=f"{name} thoughts",
            by=self.member,
            at=self.at,
        )
        self.redaction = propose(
            version=self.response.current_version,
            question=self.story,
            start=0,
            end=len(name),
            reason=RedactionReason.AUTHOR,
            by=boss,
            at=self.at,
        )
        came = entering.Came(Channel.POST, self.at, Acknowledgement.LETTER)
        self.entry = entering.begin_entry(came, call=self.call, by=boss, at=self.at)
        table = SimpleUploadedFile(f"{name} letters.csv", b"story\nA letter.\n")
        self.upload = uploads.upload(call=self.call, file=table, by=boss, at=self.at)
        colleague = make_user(username=f"{name}-colleague")
        memberships.give(person=colleague, call=self.call, role=Role.CODER, by=boss, at=self.at)
        self.compared = draw_sample(
            call=self.call,
            size=2,
            coders=[self.member, colleague],
            facet="",
            is_blind=True,
            by=boss,
            at=self.at,
        )
        for sampled in self.compared.responses.all():
            for one in (self.member, colleague):
                say_done(sampled, version=1, by=one, at=self.at)
        close_sample(self.compared, by=boss, at=self.at)
        (self.difference,) = differences(compare(self.compared))
        self.sample = draw_sample(
            call=self.call,
            size=1,
            coders=[self.member, colleague],
            facet="",
            is_blind=True,
            by=boss,
            at=self.at,
        )
        self.summary = write_summary(
            self.code,
            Cell("roles", "provider"),
            text=f"{name} summary",
            expected=0,
            by=boss,
            at=self.at,
        )
        self.finding = write_finding(
            call=self.call, claim=Claim(title=f"{name} finding"), by=boss, at=self.at
        )
        self.report, _ = make_report(
            self.call,
            audience=ReportAudience.TEAM,
            file_format=ReportFormat.CSV,
            by=boss,
            at=self.at,
        )
        write_due(until=lambda: False)
        self.runs = {}
        self.tokens = {}
        self.token_of(self.member)

    def marks(self):
        """What tells that something of this call is on a page."""
        return [f"{self.name}-", f"{self.name} ", f"{self.name}@", self.response.reference]

    def run_of(self, person):
        """A finished export that the person asked for."""
        if person.pk not in self.runs:
            run = export_runs.enqueue(
                call=self.call, by=person, at=self.at, file_format="csv", filters={}, rows_total=1
            )
            export_runs.claim_next(at=self.at, wall_now=self.at)
            run.refresh_from_db()
            export_runs.finish(
                run, ContentFile(b"x"), at=self.at, name="x.csv", rows=1, sha256="0" * 64
            )
            self.runs[person.pk] = ExportRun.objects.get(pk=run.pk)
        return self.runs[person.pk]

    def token_of(self, person):
        """A token of the person, from when they could make one."""
        if person.pk not in self.tokens:
            self.tokens[person.pk] = ApiToken.objects.create(
                person=person,
                call=self.call,
                name=f"{self.name} program",
                hint=f"evp_{person.pk}",
                digest=f"{self.call.pk:032x}{person.pk:032x}",
                made_at=self.at,
                expires_at=self.at + timedelta(days=30),
            )
        return self.tokens[person.pk]

    def address(self, template, person):
        """The address for this call's own rows."""
        rows = {
            "submissions/call": self.call,
            "retention/retentioncalendar": self.call,
            "exports/teamfiles": self.call,
            "submissions/latepass/give": self.call,
            "submissions/entry/begin": self.call,
            "submissions/entry/import": self.call,
            "submissions/entry/imports": self.upload,
            "submissions/entry": self.entry,
            "submissions/latepass": self.late_pass,
            "submissions/outboxemail": self.mail,
            "submissions/submission/questions": self.story,
            "submissions/submission": self.response,
            "submissions/erasurerequest/of": self.response,
            "submissions/erasurerequest": self.erasure,
            "review/cluster": self.cluster,
            "review/redaction/suggestions": self.response,
            "review/redaction": self.redaction,
            "review/codingsample/draw": self.call,
            "review/codingsample/<int:pk>/agreement": self.compared,
            "review/codingsample/<int:pk>/differences": self.compared,
            "review/finding/of": self.call,
            "review/finding": self.finding,
            "review/reportrun/of": self.call,
            "review/reportrun": self.report,
            "review/codingsample": self.sample,
            "review/matrixsummary/of": self.call,
            "review/matrixsummary/cell": self.code,
            "review/matrixsummary/pair": self.code,
            "review/matrixsummary": self.summary,
            "review/memo/write": self.call,
            "review/memo": self.memo,
            "review/quote/of": self.call,
            "review/quote/mark": self.coding,
            "review/quote": self.quote,
            "review/code/of": self.call,
            "review/code": self.code,
            "exports/apitoken": self.token_of(self.member),
            "steering/<slug:slug>/tokens": self.token_of(person or self.member),
            "accounts/auditevent": self.event,
            "accounts/membership": self.membership,
            "accounts/user": self.member,
            "accounts/invitation": self.invitation,
            "account/sign-ins": self.sign_in,
        }
        row = next((row for path, row in rows.items() if f"{path}/" in template), None)

        def value(part):
            kind, name = part[1], part[2]
            if name == "slug":
                return self.call.slug
            if name == "public_id":
                is_run = template.startswith("steering/")
                file = self.picture if template.endswith("picture/") else self.file
                return str((self.run_of(person) if is_run else file).public_id)
            if name == "key":
                return "story"
            if name == "section":
                return "about"
            if name == "other":
                return str(self.other.pk)
            if name == "note":
                return str(self.note.pk)
            if name == "place":
                return name_of(self.difference)
            if name == "kind":
                return "confirmation"
            if row is not None and name in {"pk", "object_id", "id"}:
                return str(row.pk)
            return "1" if kind == "int" else NOWHERE

        return "/" + PARTS.sub(value, template)


def make_people(call):
    """A person in each role of the call, by the role's words; and the others that there are."""
    people = {"nobody": None, "no membership": make_user(is_staff=True)}
    for role in Role:
        person = make_user(username=f"a-{role.value}", email=f"{role.value}@example.org")
        Membership.objects.create(person=person, call=call, role=role)
        people[str(role.label).lower()] = person
    people["administrator"] = make_user(username="boss", is_superuser=True)
    return people


def templates(patterns=None, before=""):
    """Each address of the portal as it stands in the URL resolver."""
    for entry in patterns if patterns is not None else get_resolver().url_patterns:
        pattern = entry.pattern
        here = before + str(pattern)
        if isinstance(pattern, RegexPattern):
            written = re.sub(r"\(\?P<app_label>(\w+)[^)]*\)", r"\1", str(pattern))
            here = before + re.sub(r"\(\?P<url>\.\*\)", NOWHERE, written).strip("^$")
        if isinstance(entry, URLPattern):
            yield here
        else:
            yield from templates(entry.url_patterns, here)
