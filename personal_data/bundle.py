"""Everything that there is of a person's responses, for them: a page to read, JSON, and files.

It has no answers that were not submitted: only their author opens those. Names of staff are left
out of what happened.
"""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import PurePath
from typing import Any

from django.db.models import Q
from django.template.loader import render_to_string

from core import spoken_time
from core.control_characters import with_line_ends
from core.whole_files import FileLost, open_whole
from core.zip_stream import ZipStream
from review.coding.codings import quote
from review.models import Coding, Memo, Note
from submissions.calls.models import Call
from submissions.calls.states import QuestionKind
from submissions.responses.answering import questions_of_version
from submissions.responses.models import Attachment, Submission, Version
from submissions.responses.transcript import say_answer
from submissions.responses.working_copy import files_by_key

CONTENT_TYPE = "application/zip"
# Windows unpacks no file with such a sign in its name, or of such a name, whatever its ending.
NOT_IN_NAMES = re.compile(r'[<>:"/\\|?*]')
OF_DEVICES = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *(?:\.|\Z)", re.I
)
LONGEST_NAME = 200  # bytes; file systems take 255, and `.lost.txt` may come behind it


def pieces(responses: Sequence[Submission], *, at: datetime) -> Iterator[bytes]:
    """Yield a ZIP of what the portal has of these responses at `at`."""
    archive = ZipStream()
    told = [about(response) for response in responses]
    made = spoken_time.say_exactly(at)
    page = render_to_string(
        "personal_data/bundle.html", {"responses": _in_words(told), "made": made}
    )
    yield from archive.add("index.html", [page.encode()])
    data = {"made_at": at, "responses": told}
    text = json.dumps(data, ensure_ascii=False, indent=2, default=datetime.isoformat)
    yield from archive.add("data.json", [text.encode() + b"\n"])
    for response in responses:
        for attachment in _files_of(response):
            if attachment.is_infected:
                continue
            try:
                with open_whole(attachment.file, sha256=attachment.sha256) as stored:
                    yield from archive.add(path_of(attachment), stored.chunks(), compress=False)
            except FileLost:
                said = b"The portal has lost this file, or it is damaged.\n"
                yield from archive.add(f"{path_of(attachment)}.lost.txt", [said])
    yield from archive.end()


def about(response: Submission) -> dict[str, Any]:
    """Return what is known of a response. JSON has moments as ISO 8601, the page in words."""
    call = response.call
    versions = response.versions.order_by("number").select_related("identity")
    return {
        "call": call.title,
        "response": str(response),
        "reference": response.reference,
        "state": response.get_state_display(),
        "came_by": response.get_channel_display(),
        "number_it_came_with": _their_reference(response),
        "read_by_staff": response.get_triage_status_display(),
        "times": _times(response),
        "versions": [_version(call, version) for version in versions],
        "originals": [_file(file) for file in _files_of(response) if file.question_id is None],
        "address_for_links": _return_address(response),
        "colleagues": [
            {
                "number": one.number,
                "invited": one.invited_at,
                "address": one.address,
                "joined": one.joined_at,
                "may_submit": one.may_submit,
                "ended": one.ended_at,
                "ended_by": one.get_ended_by_display(),
            }
            for one in response.colleagues.order_by("number")
        ],
        "emails": [_mail(mail) for mail in response.mails.order_by("pk")],
        "late_passes": [
            {
                "given": late_pass.given_at,
                "until": late_pass.expires_at,
                "address": late_pass.address,
                "reason": late_pass.reason,
            }
            for late_pass in response.late_passes.order_by("pk")
        ],
        "requests_to_erase": [
            {
                "what": one.get_scope_display(),
                "asked": one.asked_at,
                "state": one.get_state_display(),
                "refusal": one.refusal,
            }
            for one in response.erasures.order_by("pk")
        ],
        "notes_of_staff": [
            {"written": note.at, "note": note.text}
            for note in Note.objects.filter(submission=response)
        ],
        "memos_of_staff": list(_memos(response)),
        "questions_of_staff": [
            {
                "asked": one.asked_at,
                "question": one.text,
                "answers": [
                    {"received": reply.received_at, "answer": reply.text}
                    for reply in one.replies.all()
                ],
            }
            for one in response.follow_ups.prefetch_related("replies")
        ],
        "what_happened": [
            {"at": event.at, "what": event.get_action_display()}
            for event in response.audit_events.order_by("at", "pk")
        ],
    }


def _in_words(told: Any) -> Any:
    """Return the same with each moment as people say it."""
    if isinstance(told, datetime):
        return spoken_time.say_exactly(told)
    if isinstance(told, dict):
        return {key: _in_words(value) for key, value in told.items()}
    return [_in_words(value) for value in told] if isinstance(told, list) else told


def _times(response: Submission) -> dict[str, datetime]:
    names = ("started_at", "saved_at", "submitted_at", "amending_since", "withdrawn_at")
    return {name: moment for name in names if (moment := getattr(response, name)) is not None}


def _version(call: Call, version: Version) -> dict[str, Any]:
    identity = version.identity.answers if hasattr(version, "identity") else {}
    answers = {**version.choices, **version.texts, **identity}
    files = files_by_key(call, version.attachments.select_related("scan", "submission"))
    return {
        "number": version.number,
        "received": version.received_at,
        "timing": version.get_timing_display(),
        "deadline": version.deadline,
        "sha256": version.sha256,
        "answers": [
            {
                "question": question.label,
                "key": question.key,
                "says_who_answered": question.identity,
                "answer": answers.get(question.key),
                "in_words": []
                if question.kind == QuestionKind.FILE
                else [
                    with_line_ends(line) for line in say_answer(question, answers.get(question.key))
                ],
                "files": [_file(file) for file in files.get(question.key, ())],
            }
            for question in questions_of_version(call, answers, files)
        ],
        "text": version.canonical_text,
        "themes": [
            {"theme": coding.code.name, "passage": quote(coding)}
            for coding in Coding.objects.filter(version=version).select_related(
                "code", "question", "version", "file_text"
            )
        ],
    }


def _file(attachment: Attachment) -> dict[str, Any]:
    """Return what is known of a file; one that a virus scanner found harmful has no path."""
    return {
        "name": attachment.name,
        "path": None if attachment.is_infected else path_of(attachment),
        "bytes": attachment.size,
        "sha256": attachment.sha256,
        "given": attachment.uploaded_at,
    }


def path_of(attachment: Attachment) -> str:
    """Return where the bundle has the file; two files of one name get two places."""
    place = attachment.submission.reference or "draft"
    return f"files/{place}/{attachment.public_id.hex[:8]}/{_unpackable(attachment.name)}"


def _unpackable(name: str) -> str:
    """Return the name as far as every system can write it; the page has it as it was given."""
    name = NOT_IN_NAMES.sub("_", name)
    if OF_DEVICES.match(name):
        name = f"_{name}"
    path = PurePath(name)
    room = LONGEST_NAME - len(path.suffix.encode())
    return path.stem.encode()[:room].decode(errors="ignore").rstrip() + path.suffix


def _files_of(response: Submission) -> Iterator[Attachment]:
    """Yield the files of versions and originals."""
    theirs = Q(versions__submission=response) | Q(submission=response, question=None)
    files = Attachment.objects.filter(theirs).distinct()
    yield from files.select_related("submission", "scan")


def _memos(response: Submission) -> Iterator[dict[str, Any]]:
    """Yield each memo as it is, with its earlier texts after it."""
    for memo in Memo.objects.filter(submission=response).prefetch_related("earlier"):
        yield {"written": memo.changed_at or memo.at, "title": memo.title, "memo": memo.text}
        for text in memo.earlier.all():
            yield {"written": text.at, "title": text.title, "memo": text.text}


def _their_reference(response: Submission) -> str:
    entry = getattr(response, "entry", None)
    return entry.their_reference if entry else ""


def _return_address(response: Submission) -> dict[str, Any] | None:
    kept = getattr(response, "return_address", None)
    if kept is None:
        return None
    return {"address": kept.address, "given": kept.given_at}


def _mail(mail: Any) -> dict[str, Any]:
    return {
        "kind": mail.get_kind_display(),
        "to": mail.to_address,
        "written": mail.created_at,
        "sent": mail.sent_at,
        "subject": mail.subject,
        "text": mail.body,
    }
