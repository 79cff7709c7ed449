"""What tests start from: plain functions that make one thing, with overrides."""

import hashlib
import re
import time
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from django.core.files.base import ContentFile
from django.db import connection

from accounts.models import Membership, SignIn, User
from accounts.record import USER
from accounts.rights import ACTIONS_OF
from accounts.states import Role
from core import clock
from retention.confirming import confirm, report_etag
from review.coding.codebook import add_code
from submissions.calls.models import Call, Question, RespondentRole, Section
from submissions.calls.states import MULTIPLE_KINDS, QuestionKind
from submissions.definitions import loading
from submissions.outbox import queue
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import MailKind, OutboxState
from submissions.responses import drafting, returning, submitting
from submissions.responses.answering import (
    asked_questions,
    evidence_rule,
    validation_issues,
)
from submissions.responses.models import Attachment
from tests.measuring import unmeasured

OPENS_AT = datetime(2019, 5, 29, 8, tzinfo=UTC)
CLOSES_AT = datetime(2019, 7, 24, 11, tzinfo=UTC)
DEFINITIONS = Path(loading.__file__).parent
FIRST_CALL = DEFINITIONS / "rebalancing-the-relationship.toml"
SMALL = Path(__file__).parent / "submissions" / "definitions" / "small.toml"
PASSWORD = "correct horse battery staple"
# Put somebody into groups of these names; Django would ask four times for the first.
NOTE = """
    WITH made AS (
        INSERT INTO auth_group (name) SELECT unnest(%(names)s::text[])
        ON CONFLICT DO NOTHING RETURNING id
    )
    INSERT INTO accounts_user_groups (user_id, group_id)
    SELECT %(user)s, id FROM made
    UNION SELECT %(user)s, id FROM auth_group WHERE name = ANY (%(names)s::text[])
    ON CONFLICT DO NOTHING
"""

_numbers = count(1)

ROLES = [
    {"key": "provider", "label": "I provide services"},
    {"key": "commissioner", "label": "I commission services"},
    {"key": "other", "label": "Something else", "reveals": "role_other"},
]
FACETS = [{"question": "roles", "label": "role", "listed": True}]
YES_NO = [{"key": "yes", "label": "Yes"}, {"key": "no", "label": "No"}]
ABOUT = [
    {"key": "roles", "kind": "roles", "label": "Which describes you?", "required": True},
    {
        "key": "role_other",
        "kind": "short",
        "label": "Describe your role",
        "required_if": "roles contains other",
        "max_chars": 200,
    },
    {
        "key": "email",
        "kind": "email",
        "label": "Email address",
        "hint": "For your receipt.",
        "identity": True,
        "required": True,
        "missing": "Enter your email address",
    },
    {
        "key": "age",
        "kind": "radio",
        "label": "How old are you?",
        "required": True,
        "missing": "Select how old you are",
        "options": [
            {"key": "adult", "label": "18 or over"},
            {
                "key": "child",
                "label": "Under 16",
                "route": {"title": "Ask an adult to help you", "text": "An adult can answer."},
            },
        ],
    },
]
EVIDENCE = [
    {
        "key": "history",
        "kind": "checkboxes",
        "label": "What have you done?",
        "options": [
            {"key": "bid", "label": "Bid alone"},
            {"key": "led", "label": "Led a partnership", "hint": "Of two or more."},
            {"key": "none", "label": "None of these", "exclusive": True},
        ],
    },
    {
        "key": "fairness",
        "kind": "matrix",
        "label": "How fair was each of these?",
        "rows": [
            {"key": "money", "label": "Split of money"},
            {"key": "risk", "label": "Split of risk"},
        ],
        "options": [{"key": "poor", "label": "Poor"}, {"key": "good", "label": "Good"}],
    },
    {"key": "story", "kind": "long", "label": "What happened?", "max_words": 1000},
    {
        "key": "commissioner_view",
        "kind": "long",
        "label": "What do you see as a commissioner?",
        "show_if": "roles contains commissioner",
        "max_words": 1000,
    },
    {
        "key": "documents",
        "kind": "file",
        "label": "Add files",
        "max_files": 3,
        "max_mb": 10,
        "file_types": ["pdf", "docx", "odt", "txt"],
    },
    {
        "key": "publication",
        "kind": "radio",
        "label": "May we publish your response?",
        "required": True,
        "options": [
            {"key": "named", "label": "Publish with a name"},
            {"key": "organisation", "label": "Publish with the organisation's name"},
            {"key": "anonymous", "label": "Publish without names"},
            {"key": "confidential", "label": "Do not publish"},
        ],
    },
    {
        "key": "quote_ok",
        "kind": "radio",
        "label": "May we quote you?",
        "required": True,
        "show_if": "publication != confidential",
        "options": YES_NO,
    },
    {
        "key": "declaration",
        "kind": "checkbox",
        "label": "I may submit this response",
        "required": True,
    },
]


@unmeasured
def make_call(**overrides):
    """A small call of two sections, `about` and `evidence`, with a question of every kind.

    It opens and closes when the first call did. `about_questions` and `evidence_questions`,
    lists of `Question` fields, replace the questions, `roles` the roles; the rest are fields of
    `Call`. Without a question about publication, `publication` is “not asked”. Its only facet is
    the role unless others are given.
    """
    number = next(_numbers)
    asked = {
        q["key"] for part in ("about", "evidence") for q in overrides.get(f"{part}_questions", ())
    }
    if "evidence_questions" in overrides and "publication" not in asked:
        overrides.setdefault("publication", "not asked")
    about = overrides.pop("about_questions", ABOUT)
    evidence = overrides.pop("evidence_questions", EVIDENCE)
    roles = overrides.pop("roles", ROLES)
    overrides.setdefault("facets", FACETS if any(q["key"] == "roles" for q in about) else [])
    fields = {
        "slug": f"call-{number}",
        "title": f"Call {number}",
        "summary": "Tell us what happened.",
        "partners": ["Example Trust", "Sample Foundation"],
        "about": "What this call is about.",
        "what_happens_next": "A report will be written.",
        "contact_name": "The project team",
        "contact_email": "evidence@example.org",
        "help_text": "Ask us for another format.",
        "opens_at": OPENS_AT,
        "closes_at": CLOSES_AT,
        "reference_prefix": "TST",
    }
    call = Call.objects.create(**fields | overrides)
    RespondentRole.objects.bulk_create(
        RespondentRole(call=call, position=position, **role) for position, role in enumerate(roles)
    )
    sections = Section.objects.bulk_create(
        [
            Section(call=call, key="about", title="About you", position=0),
            Section(call=call, key="evidence", title="Your evidence", position=1),
        ]
    )
    Question.objects.bulk_create(
        Question(call=call, section=section, position=place, **question)
        for section, questions in zip(sections, (about, evidence), strict=True)
        for place, question in enumerate(questions)
    )
    let_members_in(call)
    return Call.objects.get(pk=call.pk)


def while_open(call):
    """A moment at which the call takes responses."""
    return max(call.opens_at, call.closes_at - timedelta(days=1))


@unmeasured
def make_draft(call=None, *, at=None, **answers):
    """A draft with `answers` (question key -> raw value) and nothing else in it."""
    call = call or make_call()
    at = at or while_open(call)
    draft = drafting.start(call=call, at=at)
    drafting.save_answers(submission=draft, call=call, values=answers, at=at)
    return draft


@unmeasured
def complete_answers(call, **answers):
    """`answers`, and a plain one to each other question that must be answered."""
    answers = dict(answers)
    missing = True
    while missing:  # an answer may make an earlier question required
        required = call.questionnaire.required(answers)
        missing = [
            question
            for question in asked_questions(call, answers)
            if question.key in required and question.key not in answers
        ]
        if missing:
            answers[missing[0].key] = plain_answer(missing[0])
    rule = evidence_rule(call)
    while lacking := [i for i in validation_issues(call, answers, {}) if i.message == rule]:
        answers[lacking[0].key] = plain_answer(call.questions_by_key[lacking[0].key])
    return answers


def plain_answer(question):
    """An answer that the question takes; not for files."""
    keys = [key for key in question.option_labels if key not in question.routes]
    if question.kind in MULTIPLE_KINDS:
        return keys[:1]
    if question.kind == QuestionKind.RADIO:
        return keys[0]
    if question.kind == QuestionKind.MATRIX:
        return {row["key"]: keys[0] for row in question.rows}
    if question.kind == QuestionKind.CHECKBOX:
        return True
    if question.kind == QuestionKind.EMAIL:
        return "someone@example.org"
    return f"Words about {question.key}."


@unmeasured
def make_submitted(call=None, *, at=None, **answers):
    """A response that was submitted at `at`, complete, with `answers` where given."""
    call = call or make_call()
    at = at or while_open(call)
    draft = make_draft(call, at=at, **complete_answers(call, **answers))
    return submitting.submit(submission=draft, at=at).submission


@unmeasured
def make_code(*, call, name, by=None, at=None, **options):
    """A code of the codebook; `options` are those of `add_code`."""
    by = by or make_user(Role.CODER)
    return add_code(call=call, name=name, by=by, at=at or while_open(call), **options)


def press_submit(client, call, **options):
    """Open the page to check the answers, and press its button; `options` are those of `post`."""
    address = f"/calls/{call.slug}/response/check/"
    page = client.get(address).content.decode()
    hidden = re.findall(r'name="(_expected_etag|_unchanged)" value="([^"]+)"', page)
    return client.post(address, {"_expected_etag": "", **dict(hidden)}, **options)


@unmeasured
def make_attachment(submission, *, key=None, name="notes.txt", content=b"Minutes.\n", at=None):
    """A file in the working copy, under the call's first question for files or that of `key`."""
    files = submission.call.questions.filter(kind=QuestionKind.FILE)
    attachment = Attachment(
        submission=submission,
        question=files.get(key=key) if key else files.first(),
        name=name,
        file_type=name.rsplit(".", 1)[-1],
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        uploaded_at=at or submission.saved_at,
    )
    attachment.file.save(name, ContentFile(content), save=True)
    return attachment


@unmeasured
def make_user(role=None, **overrides):
    """Somebody who can sign in with PASSWORD; with a role, a member of each call there is or comes.

    What tests note for calls to come stands in Django's groups, which give no right.
    """
    fields = {"username": f"user-{next(_numbers)}", "is_staff": False}
    user = User.objects.create_user(**fields | overrides, password=PASSWORD)
    if role:
        _note(user, "role", role)
    return user


def without_key(detail):
    """The details of an event about a person, without the person's key."""
    return {name: value for name, value in detail.items() if name != USER}


@unmeasured
def make_user_who_may(*actions):
    """Somebody who may do these in each call, and nothing else."""
    user = make_user(Role.STEERING_MEMBER)
    withhold(user, *{*ACTIONS_OF[Role.STEERING_MEMBER]} - {*actions})
    allow(user, *actions)
    return user


@unmeasured
def allow(user, *actions):
    """Let the user do more in each call than the role allows."""
    _note(user, "also", *actions)


@unmeasured
def withhold(user, *actions):
    """Let the user do less in each call than the role allows."""
    _note(user, "without", *actions)


def _note(user, what, *values):
    with connection.cursor() as cursor:
        cursor.execute(NOTE, {"names": [f"{what} {value}" for value in values], "user": user.pk})
    _let_in([user], Call.objects.values_list("pk", flat=True))
    user.rights_by_call = None


def let_members_in(call):
    """Make those a member of the call who were made with a role before it."""
    _let_in(User.objects.filter(groups__name__startswith="role "), [call.pk])


def _let_in(users, calls):
    calls = [*calls]
    noted = {user.pk: {"role": [], "also": [], "without": []} for user in users if calls}
    of_groups = User.groups.through.objects.filter(user__in=noted).order_by("group_id")
    for user, name in of_groups.values_list("user_id", "group__name"):
        what, _, value = name.partition(" ")
        noted[user][what].append(value)
    members = []
    for user, of in noted.items():
        if of["role"]:
            also = [action for action in of["also"] if action not in of["without"]]
            fields = of | {"role": of["role"][0], "also": also}
            members += (Membership(person_id=user, call_id=call, **fields) for call in calls)
    Membership.objects.bulk_create(
        members,
        update_conflicts=True,
        unique_fields=["person", "call"],
        update_fields=["role", "also", "without"],
    )


@unmeasured
def just_signed_in(user):
    """What a session holds of a sign-in in which the password was just given again."""
    now = clock.wall_now()
    sign_in = SignIn.objects.create(user=user, began_at=now, last_used_at=now, browser="Test")
    asked = {"method": "password", "at": time.time(), "reauthenticated": True}
    return {
        "sign_in": sign_in.pk,
        "account_authentication_methods": [asked],
        "account_authentication_methods_user": str(user.pk),
    }


@unmeasured
def make_first_call():
    """The first call, out of its definition."""
    text = FIRST_CALL.read_text(encoding="utf-8")
    definition = loading.parse(text, source=FIRST_CALL.name)
    call = loading.load(definition, by=None, at=OPENS_AT).call
    let_members_in(call)
    return call


@unmeasured
def enqueue_link_mail(submission, *, at, address="jo@example.org"):
    """A mail with a link back to the response, enqueued and not sent."""
    return queue.enqueue(
        kind=MailKind.RETURN_LINK,
        call=submission.call,
        submission=submission,
        to_address=address,
        at=at,
    )


@unmeasured
def confirm_address(mail):
    """Use a link that was sent to the mail's address; return the link."""
    link = send_link(mail.submission, at=mail.created_at, address=mail.to_address)
    returning.use_link(call=mail.call, token=link.token, at=mail.created_at)
    return link


@unmeasured
def send_link(submission, *, at, address="jo@example.org"):
    """The link back of a mail that went out at `at`."""
    mail = enqueue_link_mail(submission, at=at, address=address)
    fresh = returning.make_link(mail=mail, at=at)
    mark_as_sent(mail, at=at)
    return fresh


def mark_as_sent(mail, *, at):
    OutboxEmail.objects.filter(pk=mail.pk).update(state=OutboxState.SENT, sent_at=at)


def confirm_retention(call, *, at=None):
    """Let the portal end the call's data by itself, as the call's periods are now."""
    by = make_user(is_superuser=True)
    call = Call.objects.get(pk=call.pk)
    return confirm(call, seen=report_etag(call), due={}, by=by, at=at or while_open(call))
