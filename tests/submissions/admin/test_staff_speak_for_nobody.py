"""Nothing that staff do leads to a draft, to who answered, or to a new version of a response.

Each action of the admin, and the commands that act on responses, are done to a draft and to a
submitted response of one author. Then every link in each mail to an address that the author did not
give is tried.
"""

import re
import zipfile
from datetime import timedelta
from io import BytesIO, StringIO

import pytest
from django.core.cache import caches
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, get_resolver

from accounts.models import User
from accounts.states import Action, Role
from retention.confirming import report_etag
from review.findings.claims import etag_of
from review.models import Code, Coding, CodingSample, Finding, Memo, Quote, Redaction, ReportRun
from submissions.calls.models import Call
from submissions.mail.rendering import render
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import OutboxState
from submissions.responses.addresses import leads_back
from submissions.responses.asking import answering_token
from submissions.responses.models import (
    Entry,
    ErasureRequest,
    LatePass,
    ResponseImport,
    Submission,
    Version,
)
from tests.forms import form_of
from tests.makers import (
    FIRST_CALL,
    allow,
    enqueue_link_mail,
    make_attachment,
    make_code,
    make_draft,
    make_first_call,
    make_submitted,
    make_user,
    while_open,
)

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
STAFF = "staff@elsewhere.example"
SECRET = "What only its author may read."
AUTHORS = "author@example.org"
# Django's own, which every model has, and what needs nobody's data.
GENERIC = re.compile(
    r"app_list|autocomplete|index|jsi18n|login|logout|password_change(_done)?|view_on_site"
    r"|.*_(changelist|add|history|delete|change)"
)


def names_in_the_admin():
    (admin,) = [p for p in get_resolver().url_patterns if str(p.pattern) == "admin/"]

    def walk(patterns):
        for one in patterns:
            if isinstance(one, URLPattern):
                yield one.name
            else:
                yield from walk(one.url_patterns)

    return {name for name in walk(admin.url_patterns) if name and not GENERIC.fullmatch(name)}


def make_closed():
    """A closed call with a draft and a submitted response of one author, and a member of staff."""
    call = make_first_call()
    open_at = while_open(call)
    draft = make_draft(call, email=AUTHORS, good_practice=SECRET)
    enqueue_link_mail(draft, at=open_at)
    submission = make_submitted(call, email=AUTHORS, good_practice="We share.")
    make_attachment(draft, at=open_at)
    OutboxEmail.objects.update(
        to_address=AUTHORS, state=OutboxState.FAILED, last_error="No such mailbox."
    )
    return call.pk, draft.pk, submission.pk, make_user(Role.MANAGER, is_staff=True).pk


class Walk:
    """Staff at work at what `make_closed` made."""

    def __init__(self, made, at, folder):
        call, draft, submission, member = made
        self.folder = folder
        self.call = Call.objects.get(pk=call)
        self.draft = Submission.objects.get(pk=draft)
        self.submission = Submission.objects.get(pk=submission)
        self.file = self.draft.attachments.get()
        self.now = self.call.closes_at + HOUR
        at(self.now)
        self.staff = Client()
        self.member = User.objects.get(pk=member)
        self.staff.force_login(self.member)

    def post(self, path, **data):
        return self.staff.post(f"/admin/submissions/{path}", data)

    def save(self, path, shown_at=None, **data):
        """Post a form with what its page shows as seen."""
        page = self.staff.get(f"/admin/submissions/{shown_at or path}").content.decode()
        found = re.search(r'<input[^>]*name="base_etag"[^>]*value="([^"]*)"', page)
        return self.post(path, **data, base_etag=found[1] if found else "")

    def mails(self):
        return OutboxEmail.objects.filter(state=OutboxState.FAILED)

    def again(self):
        return [self.post(f"outboxemail/{mail.pk}/send-again/") for mail in self.mails()]

    def chosen_again(self):
        chosen = {"action": "send_chosen_again", "_selected_action": [m.pk for m in self.mails()]}
        listed = form_of(self.staff.get("/admin/submissions/outboxemail/"))
        before = OutboxEmail.objects.count()
        posted = [self.post("outboxemail/", **listed | chosen)]
        assert OutboxEmail.objects.count() > before
        return posted

    def correct(self):
        return [
            self.post(f"outboxemail/{mail.pk}/correct/", address=STAFF) for mail in self.mails()
        ]

    def correct_what_staff_gave(self):
        """A pass to their own address, then the copies of its mail, and of theirs."""
        self.give()
        self.take_up_in_a_browser_of_their_own()
        OutboxEmail.objects.update(state=OutboxState.FAILED, sent_at=None)
        return [*self.correct(), *self.again()]

    def give(self):
        day = (self.now + timedelta(days=3)).date().isoformat()
        about = {"reason": "Power cut", "day": day, "time": "12:00"}
        path = f"latepass/give/{self.call.pk}/"
        reference = self.submission.reference
        return [
            self.post(path, address=STAFF, reference="", **about),
            self.post(path, address="", reference=reference, **about),
            self.post(path, address=STAFF, reference=reference, **about),
        ]

    def take_up_in_a_browser_of_their_own(self):
        for mail in OutboxEmail.objects.filter(kind="late_pass", submission=None):
            Client().post(links_in(mail, self.now)[0])

    def give_to_the_author(self):
        """The author takes a pass up; staff then have its mail sent to themselves."""
        day = (self.now + timedelta(days=3)).date().isoformat()
        about = {"reason": "Power cut", "day": day, "time": "12:00", "reference": ""}
        self.post(f"latepass/give/{self.call.pk}/", address=AUTHORS, **about)
        LatePass.objects.update(submission=self.draft)  # as taking it up in their browser does
        OutboxEmail.objects.update(state=OutboxState.FAILED)
        return self.correct()

    def revoke(self):
        self.give()
        done = [self.save(f"latepass/{one.pk}/take-back/") for one in LatePass.objects.all()]
        assert not LatePass.objects.filter(revoked_at=None).exists()
        return done

    def status(self):
        ids = (self.draft.pk, self.submission.pk)
        saved = [
            self.save(f"submission/{pk}/status/", f"submission/{pk}/change/", status="considered")
            for pk in ids
        ]
        self.submission.refresh_from_db()
        assert self.submission.triage_status == "considered"
        return saved

    def assign_flag_and_consider(self):
        ids = (self.draft.pk, self.submission.pk)
        saved = [self.post(f"submission/{pk}/assign/", assignee="", base_assignee="") for pk in ids]
        saved += [self.post(f"submission/{pk}/flag/", flagged="1") for pk in ids]
        page = f"submission/{self.submission.pk}/change/"
        shown = self.staff.get(f"/admin/submissions/{page}").content.decode()
        etag = re.search(r'name="base_etag"[^>]*value="([^"]*)"', shown)[1]
        saved += [self.post(f"submission/{pk}/considered/", base_etag=etag) for pk in ids]
        self.submission.refresh_from_db()
        assert self.submission.triage_status == "considered"
        return saved

    def code_and_take_away(self):
        words = {"version": "1", "passage": "0-2", "code": "Theme", "is_new": "on"}
        ids = (self.draft.pk, self.submission.pk)
        coded = [self.post(f"submission/{pk}/codings/good_practice/", **words) for pk in ids]
        away = f"submission/{self.submission.pk}/codings/good_practice/take-away/"
        coded.append(self.post(f"submission/{self.submission.pk}/codings/", version="1"))
        coded.append(self.post(away, coding=Coding.objects.get().pk))
        assert not Coding.objects.exists()
        return coded

    def mark_and_copy_quotes(self):
        words = {"version": "1", "passage": "0-2", "mark": "chosen"}
        ids = (self.draft.pk, self.submission.pk)
        marked = [self.post(f"submission/{pk}/codings/good_practice/", **words) for pk in ids]
        bank, quote = "/admin/review/quote/", Quote.objects.get()
        self.post(
            f"submission/{self.submission.pk}/codings/good_practice/",
            version="1",
            passage="0-2",
            code="Theme",
            is_new="on",
        )
        marked.append(self.staff.post(f"{bank}mark/{Coding.objects.get().pk}/"))
        marked.append(self.staff.post(f"{bank}{quote.pk}/copy/"))
        marked.append(self.staff.get(f"{bank}of/{self.call.pk}/quotes.csv"))
        marked.append(self.staff.post(f"{bank}{quote.pk}/take-out/"))
        assert not Quote.objects.exists()
        return marked

    def write_and_change_memos(self):
        page = f"/admin/review/memo/write/{self.call.pk}/"
        given = {"title": "Power", "text": "We think so."}
        wrote = [
            self.staff.post(f"{page}?response={pk}", given)
            for pk in (self.draft.pk, self.submission.pk)
        ]
        memo = Memo.objects.get()
        change = f"/admin/review/memo/{memo.pk}/change/"
        wrote.append(self.staff.post(change, given | {"text": "We doubt it.", "seen": "1"}))
        memo.refresh_from_db()
        assert memo.text == "We doubt it."
        wrote.append(self.staff.post(f"/admin/review/memo/{memo.pk}/discard/", {"seen": "2"}))
        assert not Memo.objects.exists()
        return wrote

    def draw_and_close_a_sample(self):
        coders = [make_user(Role.CODER), make_user(Role.CODER)]
        given = {"size": "1", "coders": [coder.pk for coder in coders], "is_blind": "on"}
        admin = "/admin/review/codingsample/"
        drawn = [self.staff.post(f"{admin}draw/{self.call.pk}/", given)]
        of_sample = f"{admin}{CodingSample.objects.get().pk}"
        drawn.append(self.staff.post(f"{of_sample}/done/", {"response": "none"}))
        drawn.append(self.staff.post(f"{of_sample}/close/"))
        drawn.append(self.staff.post(f"{of_sample}/differences/none/", {"none": "on"}))
        pages = ("agreement/", "agreement.csv", "differences/")
        drawn += [self.staff.get(f"{of_sample}/{page}") for page in pages]
        return drawn

    def write_findings_and_report_them(self):
        """What a finding and its report say has nothing of a draft."""
        admin, of_call = "/admin/review/finding/", f"of/{self.call.pk}/"
        pay = make_code(call=self.call, name="Pay")
        given = {"title": "They share", "codes": [pay.pk]}
        done = [self.staff.post(f"{admin}{of_call}write/", given)]
        finding = Finding.objects.get()
        here = f"{admin}{finding.pk}/"
        asked = (f"{of_call}scale/", f"{of_call}outline/", f"{finding.pk}/passages/")
        done += [self.staff.get(f"{admin}{page}") for page in asked]
        ask = {"status": "for_agreement", "base": etag_of(finding, self.member)}
        done.append(self.staff.post(f"{here}status/", ask))
        finding.refresh_from_db()
        done.append(self.staff.post(f"{here}agree/", {"base": etag_of(finding, self.member)}))
        done.append(self.staff.post(f"{here}claim/", given | {"base": "1", "text": "Often."}))
        done.append(self.staff.post(f"{here}take-off/", {"passage": "1"}))
        runs = "/admin/review/reportrun/"
        for file_format in ("csv", "html"):
            report = {"audience": "team", "file_format": file_format}
            done.append(self.staff.post(f"{runs}{of_call}make/", report))
        assert ReportRun.objects.count() == 2
        done.append(self.staff.get(f"{runs}{ReportRun.objects.first().pk}/changed/"))
        finding.refresh_from_db()
        assert (finding.text, finding.revision, finding.agreements.count()) == ("Often.", 2, 1)
        return done

    def write_and_resolve_notes(self):
        ids = (self.draft.pk, self.submission.pk)
        saved = [self.post(f"submission/{pk}/notes/", text="Ask again.") for pk in ids]
        note = self.submission.notes.get()
        saved.append(self.post(f"submission/{self.submission.pk}/notes/{note.pk}/resolve/"))
        note.refresh_from_db()
        assert note.resolved_at is not None
        return saved

    def ask_the_author(self):
        """A question, and its mail sent to staff in every way that there is."""
        day = (self.now + timedelta(days=3)).date().isoformat()
        about = {"text": "Which lots?", "last_day": day, "send": "yes"}
        ids = (self.draft.pk, self.submission.pk)
        asked = [self.post(f"submission/{pk}/ask/", **about) for pk in ids]
        question = self.submission.follow_ups.get()
        OutboxEmail.objects.update(state=OutboxState.FAILED)
        told = self.staff.get(f"/admin/submissions/outboxemail/{question.mail_id}/change/")
        assert answering_token(question) not in told.content.decode()
        return [*asked, *self.correct(), *self.again()]

    def withdraw(self):
        ids = (self.draft.pk, self.submission.pk)
        saved = [self.save(f"submission/{pk}/withdraw/", reason="By email") for pk in ids]
        self.submission.refresh_from_db()
        assert self.submission.state == "withdrawn"
        return saved

    def enter_erasure(self):
        data = {"scope": "response", "reason": "By letter", "asked_on": self.now.date().isoformat()}
        ids = (self.draft.pk, self.submission.pk)
        entered = [self.post(f"erasurerequest/of/{pk}/", **data) for pk in ids]
        assert self.submission.erasures.count() == 1
        return entered

    def decide_erasures(self):
        """Another member approves one and refuses the other."""
        self.enter_erasure()
        self.staff.force_login(make_user(Role.MANAGER))
        (refused, approved) = ErasureRequest.objects.order_by("pk")
        done = [
            self.post(f"erasurerequest/{refused.pk}/refuse/", words="It was not you"),
            self.post(f"erasurerequest/{approved.pk}/approve/"),
        ]
        states = ErasureRequest.objects.order_by("pk").values_list("state", flat=True)
        assert list(states) == ["refused", "approved"]
        return done

    def find_person(self):
        """A copy is of what was submitted; it has nothing that was only typed."""
        asked = {"call": self.call.pk, "words": AUTHORS, "reason": "Asked by letter"}
        found = self.post("erasurerequest/person/", **asked)
        chosen = {"responses": [self.draft.pk, self.submission.pk], "reason": "Asked by letter"}
        copied = self.post("erasurerequest/person/copy/", **chosen)
        with zipfile.ZipFile(BytesIO(copied.getvalue())) as archive:
            told = b"".join(archive.read(name) for name in archive.namelist())
        assert (SECRET.encode() in told, AUTHORS.encode() in told) == (False, True)
        return [found]

    def confirm_what_ends(self):
        page = f"/admin/retention/retentioncalendar/{self.call.pk}/calendar/"
        confirmed = self.staff.post(page, {"seen": report_etag(self.call)})
        assert self.call.retention_confirmations.count() == 1
        return [self.staff.get(page), confirmed]

    def closing_time(self):
        later = (self.now + timedelta(days=9)).date().isoformat()
        path = f"call/{self.call.pk}/closing-time/"
        saved = [self.save(path, day=later, time="12:00", reason="More time")]
        assert self.call.closing_changes.count() == 1
        return saved

    def load_a_definition(self):
        self.member.is_superuser = True
        self.member.save()
        self.staff.force_login(self.member)
        text = FIRST_CALL.read_text(encoding="utf-8")
        looked = self.post("call/load/", text=text)
        seen = re.search(r'name="seen" value="(\w+)"', looked.content.decode())[1]
        loaded = self.post(
            "call/load/",
            text=looked.context["definition_form"]["text"].value(),
            seen=seen,
            load="yes",
        )
        return [looked, loaded]

    def read_pages(self):
        pages = [
            *(f"submission/{pk}/change/" for pk in (self.draft.pk, self.submission.pk)),
            f"submission/{self.draft.pk}/files/{self.file.public_id}/",
            *(f"outboxemail/{mail.pk}/change/" for mail in OutboxEmail.objects.all()),
            "outboxemail/previews/",
            f"outboxemail/previews/{self.call.slug}/return_link/",
            f"call/{self.call.pk}/closing-report/",
            f"call/{self.call.pk}/definition.toml",
            f"call/{self.call.pk}/pages/",
            f"call/{self.call.pk}/pages/{self.call.questions.first().section.key}/1/",
            "submission/?state=all&q=author",
            "submission/progress/",
            f"submission/progress/{self.call.slug}.csv",
            "submission/saved-filters/?query=q%3Dauthor",
            f"submission/{self.draft.pk}/files/{self.file.public_id}/picture/",
            "submission/keys/",
            "submission/questions/",
            f"submission/questions/{self.call.questions.get(key='good_practice').pk}/"
            "?_changelist_filters=state%3Dall",
            "submission/unlike/",
            f"submission/{self.draft.pk}/similar/good_practice/",
            f"submission/{self.submission.pk}/similar/good_practice/?passage=0-8",
        ]
        found = self.post("submission/who-answered/", call=self.call.pk, words="author")
        return [found, *(self.staff.get(f"/admin/submissions/{page}") for page in pages)]

    def enter(self):
        """A response of their own making, with the author's address: nothing else changes."""
        came = (self.call.closes_at - timedelta(days=1)).date().isoformat()
        about = {"channel": "post", "day": came, "time": "09:30", "acknowledgement": "letter"}
        begun = self.post(f"entry/begin/{self.call.pk}/", **about)
        (entry,) = Entry.objects.all()
        pages = [
            self.staff.get(f"/admin/submissions/entry/{entry.pk}/{page}") for page in ("", "check/")
        ]
        key = self.call.questionnaire.sections[0].key
        pages.append(self.staff.get(f"/admin/submissions/entry/{entry.pk}/in/{key}/"))
        letter = self.staff.get(f"/admin/submissions/entry/{entry.pk}/letter/")
        assert letter.status_code == 404
        scan = SimpleUploadedFile("letter.txt", b"A letter.")
        self.post(f"entry/{entry.pk}/originals/", originals=scan)
        (original,) = entry.submission.attachments.all()
        of_it = f"files/{original.public_id}/"
        assert b"".join(self.staff.get(f"/admin/submissions/entry/{entry.pk}/{of_it}"))
        for pk in (self.draft.pk, self.submission.pk):
            answers = [
                self.post(f"entry/{pk}/{page}")
                for page in ("", "check/", "discard/", "originals/", of_it, f"in/{key}/")
            ]
            assert {answer.status_code for answer in answers} == {404}
        return [begun, *pages, self.post(f"entry/{entry.pk}/discard/")]

    def enter_many(self):
        """Responses of their own making, with the author's address: nothing else changes."""
        came = (self.call.closes_at - timedelta(days=1)).date().isoformat()
        rows = f"email,date\n{AUTHORS},{came}\n".encode()
        begin = f"entry/import/{self.call.pk}/"
        found = [self.post(begin, file=SimpleUploadedFile("a.csv", rows))]
        (of,) = ResponseImport.objects.all()
        page = f"/admin/submissions/entry/imports/{of.pk}/"
        looked = self.post(f"entry/imports/{of.pk}/", **form_of(self.staff.get(page)))
        found += [looked, self.staff.get(f"{page}?dry-run=1"), self.staff.get(f"{page}discard/")]
        found += [self.post(f"entry/imports/{of.pk}/{page}/") for page in ("carry-out", "discard")]
        return [*found, self.staff.get(begin)]

    def change_the_codebook(self):
        """What is said of codes and their passages has nothing of a draft."""
        begin = "/admin/review/code/"
        pay, time = (make_code(call=self.call, name=name) for name in ("Pay", "Time"))
        asked = ("", f"of/{self.call.pk}/codes.css", f"{pay.pk}/passages/", f"{pay.pk}/split/")
        pages = [self.staff.get(f"{begin}{page}") for page in asked]
        moving = form_of(self.staff.get(f"{begin}{time.pk}/move/"))
        base = moving["base"][0] if isinstance(moving["base"], list) else moving["base"]
        merge = f"{begin}{time.pk}/merge/"
        asking = self.staff.post(merge, {"into": pay.pk})
        shown = re.search(r'name="base" value="([^"]+)"', asking.content.decode())[1]
        posted = [
            self.staff.post(f"{begin}{time.pk}/move/", {"base": base, "do": "up"}),
            asking,
            self.staff.post(merge, {"into": pay.pk, "base": shown}),
            self.staff.post(f"{begin}{pay.pk}/retire/", {"do": "retire"}),
        ]
        found = Code.objects.order_by("name").values_list("name", "is_retired", "merged_into")
        assert list(found) == [("Pay", True, None), ("Time", True, pay.pk)]
        return [*pages, *posted]

    def read_the_matrix(self):
        code = make_code(call=self.call, name="Pay")
        begin = "/admin/review/matrixsummary/"
        assert self.staff.get(f"{begin}of/{self.call.pk}/matrix.xlsx").status_code == 200
        pages = ("", "together/", "words/", "matrix.csv", "together.csv")
        read = [self.staff.get(f"{begin}of/{self.call.pk}/{page}") for page in pages]
        cell = f"{begin}cell/{code.pk}/"
        written = self.staff.post(cell, {"text": "Late.", "expected": "0"})
        other = make_code(call=self.call, name="Time")
        pair = self.staff.get(f"{begin}pair/{code.pk}/{other.pk}/")
        return [*read, written, self.staff.get(cell), pair]

    def bring_in_a_codebook(self):
        """Codes and their words come out of a file, and go into one."""
        page = f"/admin/review/code/of/{self.call.pk}/"
        dry = self.staff.post(f"{page}import/", {"file": SimpleUploadedFile("c.csv", b"A,\nB,\n")})
        done = self.staff.post(f"{page}import/", form_of(dry))
        files = [self.staff.get(f"{page}codebook.{kind}") for kind in ("csv", "qdc")]
        return [dry, done, *files]

    def hide_a_passage(self):
        """Nothing is proposed of a draft, and what is hidden of a response stays in its version."""
        page = f"/admin/submissions/submission/{self.submission.pk}/redactions/good_practice/"
        posted = {"version": "1", "exact": "share", "reason": "author"}
        asked = [self.staff.get(page), self.staff.post(page, posted)]
        suggestions = "/admin/review/redaction/suggestions"
        asked += [self.staff.get(f"{suggestions}/{p.pk}/") for p in (self.draft, self.submission)]
        redaction = Redaction.objects.get()
        decide = f"/admin/review/redaction/{redaction.pk}/decide/"
        return [*asked, self.staff.post(decide, {"do": "withdraw"})]

    def take_away(self):
        """What the team has coded goes into files."""
        page = f"/admin/exports/teamfiles/{self.call.pk}/"
        codings, project = (
            b"".join(self.staff.post(page, {"format": kind}).streaming_content)
            for kind in ("codings", "qdpx")
        )
        with zipfile.ZipFile(BytesIO(project)) as archive:
            unpacked = [archive.read(name) for name in archive.namelist()]
        refused = self.staff.post(page, {"format": "nonsense"})
        assert refused.status_code == 422
        return [self.staff.get(page), *map(HttpResponse, (codings, *unpacked))]

    def take_rows_of_the_list_away(self):
        """The list has the draft too; its export has what was submitted."""
        allow(self.member, Action.EXPORT)
        self.staff.force_login(self.member)  # what somebody may do changed, and ended that
        rows = [self.draft.pk, self.submission.pk]
        ticked = {"action": "export_chosen", "_selected_action": rows}
        led = self.staff.post("/admin/submissions/submission/?state=all", ticked)
        page = self.staff.get(led.url)
        rows = page.context["rows"]
        posted = {
            "_changelist_filters": page.context["query"],
            "only": page.context["only"],
            "rows": rows.etag,
            "format": "json",
        }
        assert (rows.on_list, len(rows.listed.keys)) == (2, 1)
        address = f"/admin/exports/teamfiles/{self.call.pk}/responses/"
        file = b"".join(self.staff.post(address, posted).streaming_content)
        return [led, page, HttpResponse(file)]

    def commands(self):
        call_command("load_call", str(FIRST_CALL), "--reword", "--reset-times", stdout=StringIO())
        for kind in ("csv", "bundle"):
            file = str(self.folder / kind)
            options = ["--call", self.call.slug, "--format", kind, "--output", file]
            call_command("export_responses", *options, stdout=StringIO(), stderr=StringIO())
        return []


def links_in(mail, at):
    """The addresses of links in the mail, as it goes out."""
    body = render(mail, at=at).message.body
    return re.findall(r"^http://testserver(/\S+)$", body, flags=re.MULTILINE)


ACTIONS = {
    "submissions_outboxemail_again": [Walk.again, Walk.chosen_again],
    "submissions_outboxemail_correct": [Walk.correct, Walk.correct_what_staff_gave],
    "submissions_latepass_give": [Walk.give, Walk.give_to_the_author],
    "submissions_latepass_revoke": [Walk.revoke],
    "submissions_submission_status": [Walk.status],
    "submissions_submission_assign": [Walk.assign_flag_and_consider],
    "submissions_submission_flag": [Walk.assign_flag_and_consider],
    "submissions_submission_considered": [Walk.assign_flag_and_consider],
    "submissions_submission_note": [Walk.write_and_resolve_notes],
    "submissions_submission_resolve": [Walk.write_and_resolve_notes],
    "submissions_submission_code": [Walk.code_and_take_away],
    "submissions_submission_carry_over": [Walk.code_and_take_away],
    "submissions_submission_uncode": [Walk.code_and_take_away],
    "submissions_submission_redact": [Walk.hide_a_passage],
    "review_redaction_suggest": [Walk.hide_a_passage],
    "review_redaction_decide": [Walk.hide_a_passage],
    "submissions_submission_ask": [Walk.ask_the_author],
    "submissions_submission_withdraw": [Walk.withdraw],
    "submissions_call_closing_time": [Walk.closing_time],
    "submissions_call_load": [Walk.load_a_definition],
    "submissions_submission_file": [Walk.read_pages],
    "submissions_submission_progress": [Walk.read_pages],
    "submissions_submission_progress_csv": [Walk.read_pages],
    "submissions_submission_saved_filters": [Walk.read_pages],
    "submissions_submission_who_answered": [Walk.read_pages],
    "submissions_submission_picture": [Walk.read_pages],
    "submissions_submission_keys": [Walk.read_pages],
    "submissions_submission_questions": [Walk.read_pages],
    "submissions_submission_question": [Walk.read_pages],
    "submissions_outboxemail_preview": [Walk.read_pages],
    "submissions_outboxemail_previews": [Walk.read_pages],
    "submissions_call_closing_report": [Walk.read_pages],
    "submissions_call_definition": [Walk.read_pages],
    "submissions_call_pages": [Walk.read_pages],
    "submissions_call_page": [Walk.read_pages],
    "submissions_erasurerequest_enter": [Walk.enter_erasure],
    "submissions_erasurerequest_approve": [Walk.decide_erasures],
    "submissions_erasurerequest_refuse": [Walk.decide_erasures],
    "submissions_erasurerequest_person": [Walk.find_person],
    "submissions_erasurerequest_copy": [Walk.find_person],
    "submissions_entry_begin": [Walk.enter],
    "submissions_entry_enter": [Walk.enter],
    "submissions_entry_check": [Walk.enter],
    "submissions_entry_section": [Walk.enter],
    "submissions_entry_letter": [Walk.enter],
    "submissions_entry_discard": [Walk.enter],
    "submissions_entry_originals": [Walk.enter],
    "submissions_entry_import": [Walk.enter_many],
    "submissions_entry_upload": [Walk.enter_many],
    "submissions_entry_carry_out": [Walk.enter_many],
    "submissions_entry_let_go": [Walk.enter_many],
    "submissions_entry_file": [Walk.enter],
    "retention_retentioncalendar_calendar": [Walk.confirm_what_ends],
    "review_memo_write": [Walk.write_and_change_memos],
    "review_memo_discard": [Walk.write_and_change_memos],
    "review_quote_mark": [Walk.mark_and_copy_quotes],
    "review_quote_copy": [Walk.mark_and_copy_quotes],
    "review_quote_take_out": [Walk.mark_and_copy_quotes],
    "review_quote_csv": [Walk.mark_and_copy_quotes],
    "submissions_submission_unlike": [Walk.read_pages],
    "submissions_submission_similar": [Walk.read_pages],
    "exports_teamfiles_page": [Walk.take_away],
    "exports_teamfiles_responses": [Walk.take_rows_of_the_list_away],
    "review_codingsample_draw": [Walk.draw_and_close_a_sample],
    "review_codingsample_done": [Walk.draw_and_close_a_sample],
    "review_codingsample_close": [Walk.draw_and_close_a_sample],
    "review_codingsample_agreement": [Walk.draw_and_close_a_sample],
    "review_codingsample_agreement_csv": [Walk.draw_and_close_a_sample],
    "review_codingsample_differences": [Walk.draw_and_close_a_sample],
    "review_codingsample_decide": [Walk.draw_and_close_a_sample],
    "review_matrixsummary_matrix": [Walk.read_the_matrix],
    "review_matrixsummary_words": [Walk.read_the_matrix],
    "review_matrixsummary_together": [Walk.read_the_matrix],
    "review_matrixsummary_csv": [Walk.read_the_matrix],
    "review_matrixsummary_xlsx": [Walk.read_the_matrix],
    "review_matrixsummary_together_csv": [Walk.read_the_matrix],
    "review_matrixsummary_cell": [Walk.read_the_matrix],
    "review_matrixsummary_pair": [Walk.read_the_matrix],
    "review_finding_write": [Walk.write_findings_and_report_them],
    "review_finding_outline": [Walk.write_findings_and_report_them],
    "review_finding_scale": [Walk.write_findings_and_report_them],
    "review_finding_claim": [Walk.write_findings_and_report_them],
    "review_finding_status": [Walk.write_findings_and_report_them],
    "review_finding_agree": [Walk.write_findings_and_report_them],
    "review_finding_passages": [Walk.write_findings_and_report_them],
    "review_finding_take_off": [Walk.write_findings_and_report_them],
    "review_reportrun_make": [Walk.write_findings_and_report_them],
    "review_reportrun_changed": [Walk.write_findings_and_report_them],
    "review_code_csv": [Walk.bring_in_a_codebook],
    "review_code_qdc": [Walk.bring_in_a_codebook],
    "review_code_import": [Walk.bring_in_a_codebook],
    "review_code_css": [Walk.change_the_codebook],
    "review_code_passages": [Walk.change_the_codebook],
    "review_code_move": [Walk.change_the_codebook],
    "review_code_merge": [Walk.change_the_codebook],
    "review_code_split": [Walk.change_the_codebook],
    "review_code_retire": [Walk.change_the_codebook],
}
WALKS = sorted({walk for walks in ACTIONS.values() for walk in walks}, key=lambda one: one.__name__)


def test_every_page_of_the_admin_is_walked():
    assert names_in_the_admin() == set(ACTIONS)


@pytest.mark.no_cover  # it opens what other tests open, of one response and of a draft
def test_staff_speak_for_nobody(at, tmp_path):
    made = make_closed()
    for does in [*WALKS, Walk.commands]:
        before = transaction.savepoint()
        for cache in caches.all(initialized_only=True):
            cache.clear()  # what limits counted
        walk_and_try_links(Walk(made, at, tmp_path), does)
        transaction.savepoint_rollback(before)


def walk_and_try_links(walk, does):
    name = does.__name__
    before = set(Version.objects.values_list("pk", flat=True))
    mails = OutboxEmail.objects.count()
    answers = does(walk)
    done = {answer.status_code for answer in answers}
    assert done <= {200, 302, 404}, name
    assert done != {404}, name
    listed = OutboxEmail.objects.all()
    if listed.count() == mails:  # `read_pages` opens those that there were
        listed = listed.none()
    shown = [
        walk.staff.get(f"/admin/submissions/outboxemail/{mail.pk}/change/").content.decode()
        for mail in listed
    ]
    said = "".join([*(answer.content.decode() for answer in answers), *shown])
    assert SECRET not in said, name
    theirs = {walk.draft.public_id, walk.submission.public_id}
    for mail in OutboxEmail.objects.exclude(to_address=AUTHORS):
        assert mail.address_given_by == "staff", name
        text = render(mail, at=walk.now).message.body
        assert SECRET not in text, name
        for link in links_in(mail, walk.now):
            browser = Client()
            browser.get(link)
            browser.post(link)
            token = link.rstrip("/").rpartition("/")[2]
            browser.post(f"/calls/{walk.call.slug}/return/open/", {"token": token})
            held = browser.session.get("responses", {}).get(walk.call.slug)
            assert held not in {str(one) for one in theirs}, name
    assert set(Version.objects.values_list("pk", flat=True)) == before, name
    for submission in (walk.draft, walk.submission):
        assert not leads_back(submission, walk.call, STAFF), name
