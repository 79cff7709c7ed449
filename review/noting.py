"""Writing notes on responses, to colleagues by name, and resolving them."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Count

from accounts.models import Membership, User
from accounts.record import record
from accounts.rights import may
from accounts.states import Action, AuditAction
from core.broker import nudge
from core.second_press import near
from review.coding.forgetting import ERASED, Ending, has_words_of
from review.errors import NoteRefused
from review.models import Note
from review.redaction.readable_texts import answers_for
from review.searching.entries import words_changed
from review.tasks import write_search_entries
from submissions.calls.models import Call, Question
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState

# As Django lets usernames be, which may themselves have an @; a stop ends a sentence.
NAME = re.compile(r"(?<![\w@.+-])@([\w@.+-]*\w)")
NUDGED_WITHIN = 10.0  # seconds; beat does it anyway
READABLE = (SubmissionState.SUBMITTED, SubmissionState.WITHDRAWN)


def add_note(
    response: Submission,
    *,
    text: str,
    by: User,
    at: datetime,
    question: Question | None = None,
    passage: str = "",
) -> Note:
    """Write a note, and put on record that it was written, without its words.

    `passage` is a part of the answer to `question`, as somebody copied it. The same note by the
    same person, at a second press, is the one that there is. Raises NoteRefused for
    a note that says nothing, a colleague who cannot read the response, or a passage that is not in
    the answer, or more than once.
    """
    if not may(by, Action.WRITE_NOTES, response.call_id):
        raise NoteRefused("You may not write notes in this call.")
    if not text.strip():
        raise NoteRefused("Enter what you want to say.", "text")
    with transaction.atomic():
        locked = Submission.objects.select_for_update(no_key=True).get(pk=response.pk)
        if locked.state not in READABLE or locked.current_version is None:
            raise NoteRefused("This response can be read no more.")
        answers = answers_for(by, locked.current_version, locked.call_id)
        start, end = find_passage(answers, question, passage)
        people = mentioned(text, locked.call, by=by)
        note = Note(
            submission=locked,
            version=locked.current_version,
            question=question,
            start=start,
            end=end,
            text=text.strip(),
            by=by,
            at=at,
        )
        if (written := _just_written(note)) is not None:
            return written
        note.save(force_insert=True)
        note.mentions.set(people)
        words_changed(locked.pk)
        _record(note, AuditAction.NOTE_WRITTEN, by=by, at=at)
    nudge(write_search_entries, expires=NUDGED_WITHIN)
    return note


def _just_written(note: Note) -> Note | None:
    """Return the same note, which a first press of the button wrote."""
    return Note.objects.filter(
        near("at", note.at),
        submission=note.submission,
        version=note.version,
        question=note.question,
        start=note.start,
        end=note.end,
        text=note.text,
        by=note.by,
        resolved_at=None,
    ).first()


def resolve_note(note: Note, *, by: User, at: datetime) -> None:
    """Resolve the note; NoteRefused where somebody has already."""
    if not may(by, Action.WRITE_NOTES, note.submission.call_id):
        raise NoteRefused("You may not resolve notes in this call.")
    with transaction.atomic():
        locked = Note.objects.select_for_update(of=("self",)).filter(pk=note.pk).first()
        if locked is None:
            raise NoteRefused("This response can be read no more.")
        if locked.resolved_by is not None:
            raise NoteRefused(
                f"This note was resolved already, by {locked.resolved_by.get_username()}."
            )
        locked.resolved_by, locked.resolved_at = by, at
        locked.save(update_fields=["resolved_by", "resolved_at"])
        _record(locked, AuditAction.NOTE_RESOLVED, by=by, at=at)


def forget_notes(submission: Submission, ending: Ending) -> None:
    """Empty the notes on other responses of the call that name its author or quote it.

    Call it before codes are locked: whoever codes locks the response first, as this does. Notes on
    the response itself are emptied, or deleted, by who erases it.
    """
    notes = Note.objects.filter(submission__call=submission.call_id).exclude(submission=submission)
    for note in notes.order_by("submission", "pk"):
        if has_words_of(note.text, ending):
            words_changed(note.submission_id)
            Note.objects.filter(pk=note.pk).update(text=ERASED)


def find_passage(
    answers: Mapping[str, str], question: Question | None, passage: str
) -> tuple[int | None, int | None]:
    """Return where the passage is in the answer, in codepoints. Raises NoteRefused."""
    wanted = passage.strip().replace("\r\n", "\n")
    if not wanted:
        return None, None
    if question is None:
        raise NoteRefused("Choose the question whose answer has the passage.", "question")
    answer = answers.get(question.key, "")
    found = answer.count(wanted)
    if found == 0:
        raise NoteRefused("The answer does not have this passage. Copy it out of it.", "passage")
    if found > 1:
        raise NoteRefused("The answer has this passage more than once. Copy more of it.", "passage")
    start = answer.index(wanted)
    return start, start + len(wanted)


def mentioned(text: str, call: Call, *, by: User) -> list[User]:
    """Return the colleagues whom `@name` names. Raises NoteRefused for one who is none.

    Who was invited has an email address as username: what stands before its @ is enough where
    only one of the colleagues is called so.
    """
    known = {one.get_username().casefold(): one for one in colleagues(call)}
    begins = Counter(name.partition("@")[0] for name in known)
    short = {name.partition("@")[0]: one for name, one in known.items()}
    called = {name: one for name, one in short.items() if begins[name] == 1} | known
    names = list(dict.fromkeys(name.casefold() for name in NAME.findall(text)))
    unknown = [name for name in names if name not in called]
    if unknown:
        others = ", ".join(f"@{one.get_username()}" for one in known.values() if one != by)
        raise NoteRefused(
            f"Nobody who reads this call’s responses is called @{unknown[0]}. "
            + (f"There are: {others}." if others else "Nobody else reads them."),
            "text",
        )
    return list(dict.fromkeys(called[name] for name in names))


def colleagues(call: Call) -> list[User]:
    """Return who reads the call's responses by a membership, by name."""
    members = Membership.objects.filter(call=call, person__is_active=True)
    people = [one.person for one in members.select_related("person").order_by("person__username")]
    return [one for one in people if may(one, Action.READ_RESPONSES, call)]


def lines_of_digest(call: Call, *, people: Sequence[User]) -> dict[int, str]:
    """Return what the digest says to each of these members of notes to them; to some nothing.

    Those on responses that do not count are left out, as in the list that it leads to.
    """
    notes = Note.objects.filter(
        mentions__in=people,
        resolved_at=None,
        submission__call=call,
        submission__state=SubmissionState.SUBMITTED,
    )
    rows = notes.order_by().values_list("mentions").annotate(number=Count("pk"))
    return {
        person: "1 open note is to you" if number == 1 else f"{number} open notes are to you"
        for person, number in rows
    }


def _record(note: Note, action: AuditAction, *, by: User, at: datetime) -> None:
    record(
        by=by,
        at=at,
        action=action,
        call=note.submission.call,
        submission=note.submission,
        note=note.pk,
    )
