"""Writing memos and changing them. Each text that was changed is kept."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.record import record
from accounts.rights import may
from accounts.states import Action, AuditAction
from core.admin.uk_time import in_uk_time
from core.second_press import near
from review.coding.codings import stored_text
from review.coding.locking import lock_codes
from review.errors import MemoOutdated, MemoRefused
from review.memos.forgetting import TEXT
from review.models import Code, FileText, Memo, MemoText
from submissions.calls.models import Call, Question
from submissions.responses.models import Submission, Version
from submissions.responses.states import SubmissionState

READABLE = (SubmissionState.SUBMITTED, SubmissionState.WITHDRAWN)


@dataclass(frozen=True)
class PassageOf:
    """`[start, end)` in codepoints of the version's answer, or of what was read of a file."""

    version: Version
    question: Question
    start: int
    end: int
    file_text: FileText | None = None


@dataclass(frozen=True)
class About:
    """What a memo is about: a code, a passage or a response, and else the whole call."""

    call: Call
    code: Code | None = None
    response: Submission | None = None
    passage: PassageOf | None = None


def write_memo(about: About, *, title: str, text: str, by: User, at: datetime) -> Memo:
    """Write a memo, and put on record that it was written, without its words.

    The response, or the code, is locked first: nobody erases or merges it meanwhile. A memo on a
    code that was merged by then is one on the other. The same memo by the same person, at a
    second press, is the one that there is. Raises MemoRefused for who may not code in the
    call, a memo without title or text, or what cannot be read there.
    """
    if not may(by, Action.CODE, about.call):
        raise MemoRefused("You may not write memos in this call.")
    title, text = _clean(title, text)
    memo = Memo(call=about.call, title=title, text=text, by=by, at=at)
    with transaction.atomic():
        if about.response is not None:
            _put_on_response(memo, about.response, about.passage, by)
        elif about.code is not None:
            memo.code = _locked_code(about.code, about.call)
        else:
            Call.objects.select_for_update(no_key=True).get(pk=about.call.pk)
        if (written := _just_written(memo)) is not None:
            return written
        memo.save(force_insert=True)
        _record(memo, AuditAction.MEMO_WRITTEN, by=by, at=at)
    return memo


def _just_written(memo: Memo) -> Memo | None:
    """Return the same memo, which a first press of the button wrote."""
    return Memo.objects.filter(
        near("at", memo.at),
        call=memo.call,
        code=memo.code,
        submission=memo.submission,
        version=memo.version,
        question=memo.question,
        file_text=memo.file_text,
        start=memo.start,
        end=memo.end,
        title=memo.title,
        text=memo.text,
        by=memo.by,
    ).first()


def change_memo(memo: Memo, *, title: str, text: str, seen: int, by: User, at: datetime) -> Memo:
    """Put another text in the place of the one that was `seen` (`revision_to_see`), which is kept.

    Whoever codes in the call may. Raises MemoOutdated, with who it was, where somebody else has
    changed it since; MemoRefused as `write_memo` does.
    """
    if not may(by, Action.CODE, memo.call_id):
        raise MemoRefused("You may not change memos in this call.")
    title, text = _clean(title, text)
    with transaction.atomic():
        if memo.submission_id is not None:
            Submission.objects.select_for_update(no_key=True).get(pk=memo.submission_id)
        locked = Memo.objects.select_for_update(of=("self",)).filter(pk=memo.pk).first()
        if locked is None:
            raise MemoRefused("This memo is gone: the response that it was about was erased.")
        if (locked.title, locked.text) == (title, text):
            return locked  # also at a second press
        revision = revision_to_see(locked)
        if revision != seen and locked.text == TEXT:
            raise MemoOutdated(
                "What this memo said was erased while this page was open. Nothing of yours was "
                "saved: before you save it again, take out what a response that is erased said, "
                "and who gave it."
            )
        if revision != seen:
            who = locked.changed_by or locked.by
            when = in_uk_time(locked.changed_at or locked.at)
            raise MemoOutdated(
                f"{who.get_username()} changed this memo at {when}, while this page was open. "
                "Nothing of yours was saved. Their text is below, and yours is in the form: "
                "save again to put it in the place of theirs, which is kept."
            )
        MemoText.objects.create(
            memo=locked,
            revision=locked.revision,
            title=locked.title,
            text=locked.text,
            by=locked.changed_by or locked.by,
            at=locked.changed_at or locked.at,
        )
        locked.title, locked.text = title, text
        locked.changed_by, locked.changed_at = by, at
        locked.revision += 1
        locked.save(update_fields=["title", "text", "changed_by", "changed_at", "revision"])
        _record(locked, AuditAction.MEMO_CHANGED, by=by, at=at)
    return locked


def revision_to_see(memo: Memo) -> int:
    """Return what tells the memo as its page shows it from what it was before: 0 once emptied."""
    return 0 if memo.text == TEXT else memo.revision


def _clean(title: str, text: str) -> tuple[str, str]:
    title, text = " ".join(title.split()), text.replace("\r\n", "\n").strip()
    if not title:
        raise MemoRefused("Enter a title.", "title")
    if not text:
        raise MemoRefused("Enter what you think.", "text")
    return title, text


def _put_on_response(memo: Memo, response: Submission, passage: PassageOf | None, by: User) -> None:
    locked = Submission.objects.select_for_update(no_key=True).get(pk=response.pk)
    if locked.call_id != memo.call_id or locked.state not in READABLE:
        raise MemoRefused("This response can be read no more.")
    memo.submission = locked
    if passage is None:
        return
    version, question, file_text = passage.version, passage.question, passage.file_text
    if version.submission_id != locked.pk or question.call_id != locked.call_id:
        raise MemoRefused("The passage is not of this response.")
    if file_text is not None and not may(by, Action.OPEN_FILES, locked.call_id):
        raise MemoRefused("You may not open files in this call.")
    answer = stored_text(version, question, file_text)
    if not 0 <= passage.start < passage.end <= len(answer):
        raise MemoRefused("The passage is not within the answer.")
    memo.version, memo.question, memo.file_text = version, question, file_text
    memo.start, memo.end = passage.start, passage.end


def _locked_code(code: Code, call: Call) -> Code:
    lock_codes(Code.objects.filter(pk=code.pk))
    found = Code.objects.select_related("merged_into").get(pk=code.pk)
    if found.call_id != call.pk:
        raise MemoRefused("The code is of another call.")
    return found.merged_into or found


def _record(memo: Memo, action: AuditAction, *, by: User, at: datetime) -> None:
    record(
        by=by,
        at=at,
        action=action,
        call=memo.call,
        submission=memo.submission,
        memo=memo.pk,
        **({"code": memo.code_id} if memo.code_id else {}),
    )
