"""Two calls whose every stored text is markup, and somebody in each role with a session."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Value
from django.db.models.functions import Concat
from django.test import Client

from accounts.models import User
from exports.models import ExportRun
from submissions.calls.models import Call, Question, RespondentRole, Section
from submissions.mail.reminding import opt_out_token
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import MailKind
from submissions.respondent.browser_session import SESSION_KEY
from submissions.responses import amending, late_passes
from submissions.responses.models import Attachment, Submission
from tests.fuzz.payloads import MARKUP
from tests.makers import complete_answers, make_attachment, make_draft, send_link
from tests.rights.two_calls import PARTS, Side, make_people

QUOTES = "\"' onfuzz=x "
ANSWERS = {"story": MARKUP + QUOTES, "role_other": MARKUP, "roles": ["provider", "other"]}
VALUES = {"section": ["about", "evidence"], "number": ["1", "2"], "key": ["age", "story", "email"]}


@dataclass
class Role:
    name: str
    person: User | None
    cookies: dict[str, str]


class World:
    """`roles`, `sides`, and the `moments` of requests: while both calls are open, and after."""

    def __init__(self):
        boss = User.objects.create_superuser("maker", email="maker@example.org")
        self.sides = [Side("ours", boss=boss), Side("theirs", boss=boss)]
        ours = self.sides[0]
        self.moments = [ours.at + timedelta(minutes=1), ours.call.closes_at + timedelta(days=30)]
        self.people = make_people(ours.call)
        self.drafts, self.receipts, self.amended, self.tokens = {}, {}, {}, {}
        for side in self.sides:
            self.fill(side)
        self.roles = [Role("stranger", None, {})]
        for name in ("drafts", "receipts", "amended"):
            self.roles.append(Role(f"respondent: {name}", None, respondent(getattr(self, name))))
        for name, person in self.people.items():
            if person is not None:
                client = Client()
                client.force_login(person)
                self.roles.append(Role(name, person, cookies_of(client)))
        for role in self.roles:
            for side in self.sides:
                side.run_of(role.person or side.member)
        ExportRun.objects.update(sha256=hashlib.sha256(b"x").hexdigest())

    def fill(self, side):
        slug, answers = side.call.slug, complete_answers(side.call, **ANSWERS)
        answers["email"] = f"{side.name}@example.org"
        self.drafts[slug] = make_draft(side.call, at=side.at, **answers)
        make_attachment(self.drafts[slug], name=f"{QUOTES}<fuzz>.txt")
        self.receipts[slug] = side.response
        amended = Submission.objects.filter(call=side.call, entry=None).exclude(
            pk__in=[side.response.pk, self.drafts[slug].pk]
        )
        self.amended[slug] = amended.get()
        amending.reopen(submission=self.amended[slug], at=side.at)
        self.tokens[slug] = {
            "return": send_link(
                side.response, at=side.at, address=f"{side.name}@example.org"
            ).token,
            "late-pass": late_passes.make_link(side.late_pass),
            "reminders": opt_out_token(self.drafts[slug]),
            "question": side.question,
        }
        spoil(side.call)

    def addresses(self, template, side, role):
        """Each address that the template stands for: one for each section, token, kind of mail."""
        choices = {name: values for name, values in VALUES.items() if f":{name}>" in template}
        if ":token>" in template:
            word = template.split("/<")[-2].rsplit("/", 1)[-1]
            choices["token"] = [self.tokens[side.call.slug].get(word, "nowhere")]
        if ":kind>" in template:
            choices["kind"] = [*MailKind.values]
        found = [template]
        for name, values in choices.items():
            found = [
                PARTS.sub(lambda part, n=name, v=value: v if part[2] == n else part[0], one)
                for one in found
                for value in values
            ]
        own = self.own_file(side, role)
        if own and "response/files/" in template:
            found = [one.replace("<uuid:public_id>", own) for one in found]
        return [side.address(one, role.person or side.member) for one in found]

    def own_file(self, side, role):
        if role.name != "respondent: drafts":
            return ""
        draft = self.drafts[side.call.slug]
        return str(Attachment.objects.filter(submission=draft).first().public_id)


def cookies_of(client):
    return {name: morsel.value for name, morsel in client.cookies.items()}


def respondent(responses):
    client = Client()
    session = client.session
    session[SESSION_KEY] = {slug: str(one.public_id) for slug, one in responses.items()}
    session.save()
    return cookies_of(client)


def spoil(call):
    """Put markup into every text of the call, of what was asked, and of its mails."""
    texts = ("title", "summary", "about", "what_happens_next", "contact_name", "help_text")
    texts += (
        "contact_phone",
        "withdrawal_text",
        "have_ready",
        "evidence_address",
        "accessibility_text",
        "cookies_text",
    )
    Call.objects.filter(pk=call.pk).update(
        accent_colour="#005566",
        partners=[MARKUP, QUOTES],
        **{name: Concat(name, Value(f"{QUOTES}<fuzz>")) for name in texts},
    )
    Section.objects.filter(call=call).update(title=MARKUP, intro=MARKUP + QUOTES)
    RespondentRole.objects.filter(call=call).update(label=QUOTES + MARKUP)
    Question.objects.filter(call=call).update(
        label=Concat("label", Value(MARKUP + QUOTES)), hint=MARKUP + QUOTES
    )
    OutboxEmail.objects.filter(call=call).update(
        subject=QUOTES + MARKUP, body=MARKUP, last_error=MARKUP + QUOTES
    )
    for question in Question.objects.filter(call=call):
        marked = [one | {"label": one["label"] + QUOTES + "<fuzz>"} for one in question.options]
        rows = [one | {"label": one["label"] + QUOTES + "<fuzz>"} for one in question.rows]
        Question.objects.filter(pk=question.pk).update(options=marked, rows=rows)
