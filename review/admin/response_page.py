"""The data of the page of one response."""

from dataclasses import dataclass, field
from typing import Any

from accounts.identity import may_see_identity
from accounts.models import AuditEvent
from accounts.rights import Person, may
from accounts.states import Action, AuditAction
from core.admin.uk_time import in_uk_time, in_uk_time_exactly
from review.consent import Consent, consent_of
from submissions.calls.models import Call, Question
from submissions.calls.states import QuestionKind
from submissions.outbox.models import OutboxEmail
from submissions.responses.answering import questions_of_version
from submissions.responses.erasing import carried_out
from submissions.responses.models import Attachment, Submission, Version, VersionIdentity
from submissions.responses.scanning import is_held_back, say_attachment, state_of
from submissions.responses.states import SubmissionState
from submissions.responses.transcript import say_answer
from submissions.responses.working_copy import files_by_key

READINGS = (AuditAction.RESPONSE_OPENED, AuditAction.FILE_OPENED, AuditAction.MAIL_OPENED)
READINGS_SHOWN = 50


@dataclass(frozen=True)
class ShownFile:
    """`scan` says how the file stands with the virus scanner."""

    attachment: Attachment
    scan: str
    is_held_back: bool


@dataclass(frozen=True)
class ShownAnswer:
    question: Question
    lines: list[str]
    files: list[ShownFile]
    is_answered: bool = True

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@dataclass(frozen=True)
class ShownSection:
    title: str
    answers: list[ShownAnswer]


@dataclass(frozen=True)
class ShownVersion:
    version: Version
    received: str
    deadline: str


@dataclass(frozen=True)
class ShownReading:
    """That somebody opened the response, one of its files or a mail about it."""

    when: str
    who: str
    what: str


@dataclass(frozen=True)
class ResponsePage:
    """`version` is the one shown. It is None for a draft, whose answers staff may not see."""

    version: Version | None
    started: str
    saved: str
    consent: Consent | None = None
    sections: list[ShownSection] = field(default_factory=list)
    versions: list[ShownVersion] = field(default_factory=list)
    identity: list[ShownAnswer] | None = None
    mails: list[OutboxEmail] | None = None
    readings: list[ShownReading] | None = None
    earlier_readings: int = 0


def response_page(response: Submission, *, wanted: str, reader: Person) -> ResponsePage:
    """Return the page of the version numbered `wanted`, else of the current version.

    `identity`, `mails` and `readings` are None unless `reader` may see them. For a draft, neither
    answers nor identity are read from the database.
    """
    started, saved = in_uk_time(response.started_at), in_uk_time(response.saved_at)
    if response.current_version_id is None:  # a draft, maybe an erased one
        return ResponsePage(None, started, saved)
    versions = list(response.versions.order_by("number").prefetch_related("attachments"))
    by_number = {str(version.number): version for version in versions}
    current = next(v for v in versions if v.pk == response.current_version_id)
    version = by_number.get(wanted, current)
    call = Call.objects.get(pk=response.call_id)
    readings, earlier = None, 0
    if may(reader, Action.READ_RECORD, call):
        readings, earlier = _readings(response)
    return ResponsePage(
        version=version,
        started=started,
        saved=saved,
        consent=None if response.is_erased else consent_of(response, call),
        sections=_sections(call, version),
        versions=[
            ShownVersion(v, in_uk_time_exactly(v.received_at), in_uk_time_exactly(v.deadline))
            for v in versions
        ],
        identity=_identity(call, version) if may_see_identity(reader, call) else None,
        mails=list(response.mails.order_by("created_at", "pk"))
        if may(reader, Action.SEE_MAILS, call)
        else None,
        readings=readings,
        earlier_readings=earlier,
    )


def rights_on(response: Submission, *, reader: Person) -> dict[str, bool]:
    """Return what the reader may do on the page, as its template names it."""
    is_submitted = response.state == SubmissionState.SUBMITTED
    call = response.call_id
    return {
        "may_open_files": may(reader, Action.OPEN_FILES, call),
        "may_change_status": is_submitted and may(reader, Action.CHANGE_STATUS, call),
        "may_withdraw": is_submitted and may(reader, Action.WITHDRAW, call),
        "may_enter_erasure": not response.is_erased and may(reader, Action.ENTER_ERASURE, call),
    }


def said_of_erasure(response: Submission) -> dict[str, Any]:
    """Return by which request the response, or who gave it, was erased, and when."""
    erasure = carried_out(response)
    return {"erasure": erasure, "erased": erasure and in_uk_time(erasure.erased_at)}


def _sections(call: Call, version: Version) -> list[ShownSection]:
    answers = {**version.choices, **version.texts}
    files = files_by_key(call, version.attachments.select_related("scan"))
    sections: list[ShownSection] = []
    for question in questions_of_version(call, answers, files):
        if question.identity:
            continue
        if not sections or sections[-1].title != question.section.title:
            sections.append(ShownSection(question.section.title, []))
        lines = (
            []
            if question.kind == QuestionKind.FILE
            else say_answer(question, answers.get(question.key))
        )
        given = [_show(file) for file in files.get(question.key, ())]
        is_answered = bool(given or answers.get(question.key))
        sections[-1].answers.append(ShownAnswer(question, lines, given, is_answered))
    return sections


def _show(attachment: Attachment) -> ShownFile:
    return ShownFile(
        attachment,
        scan=say_attachment(attachment),
        is_held_back=is_held_back(state_of(attachment)),
    )


def _identity(call: Call, version: Version) -> list[ShownAnswer]:
    stored = VersionIdentity.objects.filter(version=version).first()
    answers = stored.answers if stored else {}
    return [
        ShownAnswer(question, say_answer(question, answers[question.key]), [])
        for question in call.questions_in_order
        if question.key in answers
    ]


def _readings(response: Submission) -> tuple[list[ShownReading], int]:
    """Return who read the response last, before now, and how often somebody did before those."""
    events = AuditEvent.objects.filter(submission=response, action__in=READINGS)
    latest = events.select_related("actor").order_by("-at", "-pk")[:READINGS_SHOWN]
    shown = [
        ShownReading(
            in_uk_time(event.at), event.actor.get_username() if event.actor else "", _say(event)
        )
        for event in latest
    ]
    return shown, max(0, events.count() - READINGS_SHOWN) if len(shown) == READINGS_SHOWN else 0


def _say(event: AuditEvent) -> str:
    if event.action == AuditAction.MAIL_OPENED or "mail" in event.detail:
        return "a mail about it"
    if event.action == AuditAction.FILE_OPENED:
        return "a file"
    version = f"version {event.detail.get('version', '')}".strip()
    return f"{version}, with who answered" if event.detail.get("identity") else version
