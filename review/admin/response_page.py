"""The data of the page of one response."""

from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from accounts.identity import may_see_identity
from accounts.models import AuditEvent
from accounts.rights import Person, may
from accounts.states import Action, AuditAction
from core.admin.uk_time import in_uk_time, in_uk_time_exactly
from core.pictures import FORMATS
from review.admin.beside import ERASURE, may_have
from review.admin.listed import is_read_across
from review.consent import Consent, consent_of
from review.models import FileText
from review.redaction.readable_texts import (
    answers_for,
    digests_for,
    hidden_files,
    readable_file_text,
    sees_redacted,
)
from review.texts.reading_due_files import text_beside
from review.version_differences import Piece, differences, line_differences
from submissions.calls.models import Call, Question
from submissions.calls.states import TEXT_KINDS, QuestionKind
from submissions.outbox.models import OutboxEmail
from submissions.responses.answering import questions_of_version
from submissions.responses.erasing import carried_out
from submissions.responses.models import Attachment, Submission, Version, VersionIdentity
from submissions.responses.originals import originals_of
from submissions.responses.scanning import is_held_back, say_attachment, state_of
from submissions.responses.states import SubmissionState
from submissions.responses.transcript import say_answer
from submissions.responses.working_copy import files_by_key

READINGS = (
    AuditAction.RESPONSE_OPENED,
    AuditAction.FILE_OPENED,
    AuditAction.MAIL_OPENED,
    AuditAction.LATE_PASS_OPENED,
)
# With what somebody saw of the response.
SHOWN_AMONG_OTHERS = {
    AuditAction.QUESTION_READ: "answers to one question",
    AuditAction.ANSWERS_SEARCHED: "what a search found in it",
    AuditAction.PASSAGES_READ: "passages of a code",
    AuditAction.SIMILAR_READ: "a passage like another",
    AuditAction.UNLIKE_READ: "words of it, as an unread response",
    AuditAction.DIFFERENCES_READ: "passages where coders differ",
}
READINGS_SHOWN = 50
NOT_ANSWERED, NOT_CHANGED = "not answered", "not changed"


@dataclass(frozen=True)
class ShownFile:
    """`scan` says how the file stands with the virus scanner; `read`, what was read of its text.

    `is_hidden`: words of it are hidden from the reader, who gets its text without them alone.
    """

    attachment: Attachment
    scan: str
    is_held_back: bool
    read: FileText | None = None
    is_hidden: bool = False
    sees_redacted: bool = True

    @property
    def has_picture(self) -> bool:
        return self.attachment.file_type in FORMATS and not (self.is_held_back or self.is_hidden)

    @property
    def text(self) -> str:
        """What was read of it, as the reader may see it."""
        if self.read is None:
            return ""
        return self.read.text if self.sees_redacted else readable_file_text(self.read)


@dataclass(frozen=True)
class ShownAnswer:
    """`folded` says why the page shows the answer folded, "" where it does not.

    `changes` are the pieces of the answer and of the one in an earlier version, where the page
    compares the two and they differ.
    """

    question: Question
    lines: list[str]
    files: list[ShownFile]
    folded: str = ""
    changes: list[Piece] = field(default_factory=list)

    @property
    def is_read_across(self) -> bool:
        return is_read_across(self.question)

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
    before: int | None
    digest: str  # "" where the reader does not see its hidden words


@dataclass(frozen=True)
class ShownReading:
    """That somebody opened the response, one of its files or a mail about it."""

    when: str
    who: str
    what: str


@dataclass(frozen=True)
class ResponsePage:
    """`version` is the one shown. It is None for a draft, whose answers staff may not see.

    `since` is the earlier version that it is compared with, if any.
    """

    version: Version | None
    started: str
    saved: str
    since: Version | None = None
    consent: Consent | None = None
    originals: list[ShownFile] = field(default_factory=list)
    sections: list[ShownSection] = field(default_factory=list)
    versions: list[ShownVersion] = field(default_factory=list)
    identity: list[ShownAnswer] | None = None
    mails: list[OutboxEmail] | None = None
    readings: list[ShownReading] | None = None
    earlier_readings: int = 0


def response_page(response: Submission, *, wanted: str, since: str, reader: Person) -> ResponsePage:
    """Return the page of the version numbered `wanted`, else of the current version.

    It is compared with the version numbered `since`, if there is one and it is earlier.
    `identity`, `mails` and `readings` are None unless `reader` may see them. For a draft, neither
    answers nor identity are read from the database.
    """
    started, saved = in_uk_time(response.started_at), in_uk_time(response.saved_at)
    if response.current_version_id is None:  # a draft, maybe an erased one
        return ResponsePage(None, started, saved)
    files = Attachment.objects.select_related("scan", "extracted").defer("extracted__text")
    rows = response.versions.order_by("number")
    versions = list(rows.prefetch_related(Prefetch("attachments", files)))
    by_number = {str(version.number): version for version in versions}
    current = next(v for v in versions if v.pk == response.current_version_id)
    response.current_version = current  # with its texts, which lists leave out
    version = by_number.get(wanted, current)
    earlier = by_number.get(since)
    if earlier is not None and (earlier.number >= version.number or response.is_erased):
        earlier = None
    call = response.call
    readings, others = None, 0
    digests = digests_for(reader, response, versions)
    if may(reader, Action.READ_RECORD, call):
        readings, others = _readings(response)
    return ResponsePage(
        version=version,
        started=started,
        saved=saved,
        consent=None if response.is_erased else consent_of(response, call),
        since=earlier,
        originals=[_show(file) for file in originals_of(response).select_related("scan")]
        if response.is_entered
        else [],
        sections=[] if response.is_erased else _sections(call, version, earlier, reader),
        versions=[
            ShownVersion(
                v,
                in_uk_time_exactly(v.received_at),
                in_uk_time_exactly(v.deadline),
                before=versions[place - 1].number if place and not response.is_erased else None,
                digest=digests.get(v.pk, ""),
            )
            for place, v in enumerate(versions)
        ],
        identity=_identity(call, version, earlier) if may_see_identity(reader, call) else None,
        mails=list(response.mails.order_by("created_at", "pk"))
        if may(reader, Action.SEE_MAILS, call)
        else None,
        readings=readings,
        earlier_readings=others,
    )


def rights_on(response: Submission, *, reader: Person) -> dict[str, bool]:
    """Return what the reader may do on the page, as its template names it."""
    is_submitted = response.state == SubmissionState.SUBMITTED
    call = response.call_id
    return {
        "may_open_files": may(reader, Action.OPEN_FILES, call),
        "may_change_status": is_submitted and may(reader, Action.CHANGE_STATUS, call),
        "may_print_letter": is_submitted
        and response.is_entered
        and may(reader, Action.ENTER_RESPONSES, call),
        "may_withdraw": is_submitted and may(reader, Action.WITHDRAW, call),
        "may_enter_erasure": not response.is_erased and may(reader, Action.ENTER_ERASURE, call),
    }


def said_of_erasure(response: Submission) -> dict[str, Any]:
    """Return by which request the response, or who gave it, was erased, and when."""
    erasure = carried_out(response) if may_have(response, ERASURE) else None
    return {"erasure": erasure, "erased": erasure and in_uk_time(erasure.erased_at)}


@dataclass(frozen=True)
class _Given:
    """The answers and files of a version, and the questions that it was asked."""

    answers: dict[str, Any]
    files: dict[str, list[Attachment]]
    asked: set[str]

    @classmethod
    def of(cls, call: Call, version: Version, reader: Person) -> "_Given":
        answers = {**version.choices, **answers_for(reader, version, call)}
        files = files_by_key(call, version.attachments.all())
        asked = questions_of_version(call, answers, files)
        return cls(answers, files, {question.key for question in asked})

    def lines(self, question: Question) -> list[str]:
        if question.kind == QuestionKind.FILE:
            given = self.files.get(question.key, ())
            return [f"{file.name} ({file.file_type}, {file.size} bytes)" for file in given]
        return say_answer(question, self.answers.get(question.key))


def _sections(
    call: Call, version: Version, since: Version | None, reader: Person
) -> list[ShownSection]:
    given = _Given.of(call, version, reader)
    before = _Given.of(call, since, reader) if since else None
    sees = sees_redacted(reader, call)
    hidden = set() if sees else hidden_files(f.pk for files in given.files.values() for f in files)
    asked = given.asked | before.asked if before else given.asked
    sections: list[ShownSection] = []
    for question in call.questions_in_order:
        if question.identity or question.key not in asked:
            continue
        if not sections or sections[-1].title != question.section.title:
            sections.append(ShownSection(question.section.title, []))
        files = [
            replace(_show(file), is_hidden=file.pk in hidden, sees_redacted=sees)
            for file in given.files.get(question.key, ())
        ]
        lines = [] if question.kind == QuestionKind.FILE else given.lines(question)
        changes = (
            _changes(question, before.lines(question), given.lines(question)) if before else []
        )
        folded = "" if files or given.answers.get(question.key) else NOT_ANSWERED
        if before:
            folded = "" if changes else NOT_CHANGED
        sections[-1].answers.append(ShownAnswer(question, lines, files, folded, changes))
    return sections


def _changes(question: Question, before: list[str], after: list[str]) -> list[Piece]:
    """Return the pieces of both answers; none if they are the same."""
    if before == after:
        return []
    if question.kind in TEXT_KINDS:
        return differences("\n".join(before), "\n".join(after))
    return line_differences(before, after)


def _show(attachment: Attachment) -> ShownFile:
    return ShownFile(
        attachment,
        scan=say_attachment(attachment),
        is_held_back=is_held_back(state_of(attachment)),
        read=text_beside(attachment),
    )


def _identity(call: Call, version: Version, since: Version | None) -> list[ShownAnswer]:
    versions = [version.pk, since.pk] if since else [version.pk]
    stored = {row.version_id: row.answers for row in _identities(versions)}
    answers, before = stored.get(version.pk, {}), stored.get(since.pk, {}) if since else None
    found = []
    for question in call.questions_in_order:
        if question.key not in {*answers, *(before or ())}:
            continue
        lines = say_answer(question, answers.get(question.key))
        earlier = lines if before is None else say_answer(question, before.get(question.key))
        changes = _changes(question, earlier, lines)
        found.append(ShownAnswer(question, lines, [], changes=changes))
    return found


def _identities(versions: list[int]) -> QuerySet[VersionIdentity]:
    return VersionIdentity.objects.filter(version__in=versions)


def _readings(response: Submission) -> tuple[list[ShownReading], int]:
    """Return who read the response last, before now, and how often somebody did before those."""
    across = Q(
        action__in=list(SHOWN_AMONG_OTHERS),
        call=response.call_id,
        detail__contains={"shown": [response.reference]},
    )
    opened = Q(submission=response, action__in=READINGS)
    events = AuditEvent.objects.filter(opened | across)
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
    if event.action == AuditAction.LATE_PASS_OPENED:
        return "the address of its late pass"
    if event.action == AuditAction.PASSAGES_READ and event.detail.get("redactions"):
        return "passages to hide"
    if event.action in SHOWN_AMONG_OTHERS:
        return SHOWN_AMONG_OTHERS[AuditAction(event.action)]
    if event.action == AuditAction.FILE_OPENED:
        if event.detail.get("text"):
            return "the text of a file"
        return "a picture" if event.detail.get("picture") else "a file"
    version = f"version {event.detail.get('version', '')}".strip()
    return f"{version}, with who answered" if event.detail.get("identity") else version
