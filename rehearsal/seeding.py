"""Fake responses in bulk, to try the portal with and to measure it.

They have the rows that `drafting` and `submitting` would have written, built by the same code:
draft, answers, version with its digest, identity. Only their mails are missing, as nobody would
read them.
"""

import csv
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import StringIO
from random import Random
from typing import Any
from uuid import UUID

from django.core.files.base import ContentFile
from django.db import connection, transaction

from core import clock
from core.errors import PortalError
from core.references import make_reference
from rehearsal.fake_answers import FakeResponse, make_fake_answers
from rehearsal.fake_files import make_fake_file
from submissions.calls.models import Call
from submissions.calls.states import QuestionKind
from submissions.definitions.loading import wait_for_other_loads
from submissions.responses.answering import validation_issues
from submissions.responses.errors import CallNotYetOpen
from submissions.responses.models import (
    Answer,
    Attachment,
    IdentityAnswer,
    Submission,
    Version,
    VersionIdentity,
)
from submissions.responses.states import Channel, SubmissionState
from submissions.responses.versions import Content, build_version
from submissions.responses.working_copy import files_by_key, lock_call

BATCH = 500
ADDS_FILES = 0.04  # the share of responses with files
_CHANNELS = (Channel.WEB, Channel.EMAIL, Channel.POST, Channel.PHONE)
_CHANNEL_WEIGHTS = (95, 3, 1, 1)

# A response has some 25 answers. As rows for COPY they take a third of the time of bulk_create.
GivenAnswer = tuple[Submission, int, Any]  # the response, the question's primary key, the value

SUBMIT = """
UPDATE submissions_submission s
SET state = %s, reference = r.reference, submitted_at = v.received_at, current_version_id = v.id
FROM unnest(%s::bigint[], %s::text[]) AS r (id, reference)
JOIN submissions_version v ON v.submission_id = r.id
WHERE s.id = r.id
"""


class SeedingRefused(PortalError):
    """No fake responses can be added. The message is a sentence without its full stop."""


@dataclass
class Batch:
    """The rows of up to BATCH responses, before they are inserted."""

    submissions: list[Submission] = field(default_factory=list)
    answers: list[GivenAnswer] = field(default_factory=list)
    identity_answers: list[GivenAnswer] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    contents: dict[UUID, bytes] = field(default_factory=dict)
    versions: list[Version] = field(default_factory=list)
    identities: list[VersionIdentity] = field(default_factory=list)
    references: list[str] = field(default_factory=list)


def seed_responses(*, call: Call, count: int, drafts: int, seed: int, at: datetime) -> list[int]:
    """Add `count` submissions and `drafts` drafts; return the submissions' numbers of words.

    The moments lie in the call's window and before `at`; the same `seed` gives the same
    responses under the same references, so a second time is refused (SeedingRefused). Raises
    CallNotYetOpen if `at` is not after the opening. All or nothing, files included.
    """
    words: list[int] = []
    stored: list[Attachment] = []
    try:
        with transaction.atomic():
            # A second run with the same seed waits, and then finds the references.
            wait_for_other_loads()
            call = lock_call(call.pk)
            until = min(call.closes_at, at)
            if until <= call.opens_at:
                raise CallNotYetOpen(at=at, closes_at=call.closes_at)
            for batch in _batches(call, count, drafts, seed, until):
                _refuse_known_references(batch, seed)
                _write(batch, stored)
                words += [version.words for version in batch.versions]
    except BaseException:
        for attachment in stored:
            attachment.file.storage.delete(attachment.file.name)
        raise
    return words


def _batches(call: Call, count: int, drafts: int, seed: int, until: datetime) -> Iterator[Batch]:
    used: set[str] = set()
    batch = Batch()
    for number in range(count + drafts):
        is_draft = number >= count
        # Each response has its own Random, so that it does not depend on their number.
        name = f"{seed}/{call.slug}/{'draft' if is_draft else 'response'}/"
        random = Random(f"{name}{number - count if is_draft else number}")  # noqa: S311 - no secret
        _add_response(batch, call, random, until, used=None if is_draft else used)
        if len(batch.submissions) == BATCH:
            yield batch
            batch = Batch()
    if batch.submissions:
        yield batch


def _add_response(
    batch: Batch, call: Call, random: Random, until: datetime, *, used: set[str] | None
) -> None:
    """Add one response to the batch; a draft if `used`, the references so far, is None."""
    at = _moment(call, until, random)
    worked = min(timedelta(hours=random.lognormvariate(0, 1.5)), at - call.opens_at)
    submission = Submission(
        call=call,
        public_id=UUID(int=random.getrandbits(128), version=4),
        channel=random.choices(_CHANNELS, weights=_CHANNEL_WEIGHTS)[0],
        started_at=at - worked,
        saved_at=at,
        rehearsal=clock.is_rehearsal(),
    )
    batch.submissions.append(submission)
    fake = make_fake_answers(call, random)
    if used is None:
        reached = random.randrange(len(fake.answers) + 1)
        answers = dict(list(fake.answers.items())[:reached])
        _put_answers(batch, call, submission, answers)
        return
    _put_answers(batch, call, submission, fake.answers)
    attachments = _add_attachments(batch, call, submission, fake, random)
    files = files_by_key(call, attachments)
    standing = validation_issues(
        call, fake.answers, {key: len(those) for key, those in files.items()}
    )
    if standing:
        raise SeedingRefused(
            f"a fake response to {call.slug} would not be taken: “{standing[0].message}”"
        )
    reference = make_reference(call.reference_prefix, draw=random.choice)
    while reference in used:
        reference = make_reference(call.reference_prefix, draw=random.choice)
    used.add(reference)
    content = Content(call, fake.asked, fake.answers, files)
    version, identity = build_version(submission, content, reference=reference, at=at)
    batch.versions.append(version)
    batch.identities.append(identity)
    batch.references.append(reference)


def _moment(call: Call, until: datetime, random: Random) -> datetime:
    """Return a moment in the call's window. Four in ten are near its end, as in real calls."""
    share = random.random()
    if random.random() < 0.4:
        share = 1 - share * 0.08
    span = (until - call.opens_at) // timedelta(microseconds=1)
    return call.opens_at + timedelta(microseconds=min(int(share * span), span - 1))


def _put_answers(batch: Batch, call: Call, submission: Submission, answers: dict[str, Any]) -> None:
    for key, value in answers.items():
        question = call.questions_by_key[key]
        rows = batch.identity_answers if question.identity else batch.answers
        rows.append((submission, question.pk, value))


def _add_attachments(
    batch: Batch, call: Call, submission: Submission, fake: FakeResponse, random: Random
) -> list[Attachment]:
    """Add the files of one response to the batch, and return them."""
    required = call.questionnaire.required(fake.answers)
    found = []
    for question in fake.asked:
        if question.kind != QuestionKind.FILE:
            continue
        is_needed = question.key in required
        if random.random() < ADDS_FILES or is_needed:
            fake_file = make_fake_file(question, random, always=is_needed)
            if fake_file is None:
                continue
            name, file_type, content = fake_file
            attachment = Attachment(
                submission=submission,
                question=question,
                public_id=UUID(int=random.getrandbits(128), version=4),
                name=name,
                file_type=file_type,
                size=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
                uploaded_at=submission.saved_at,
            )
            batch.contents[attachment.public_id] = content
            found.append(attachment)
    batch.attachments += found
    return found


def _refuse_known_references(batch: Batch, seed: int) -> None:
    known = Submission.objects.filter(reference__in=batch.references).first()
    if known is not None:
        raise SeedingRefused(
            f"{known.reference} is there already: seed {seed} was used before, give another --seed"
        )


def _write(batch: Batch, stored: list[Attachment]) -> None:
    """Insert the batch, all as drafts, then submit: the database wants a version before that."""
    Submission.objects.bulk_create(batch.submissions)
    _copy_answers(Answer, batch.answers)
    _copy_answers(IdentityAnswer, batch.identity_answers)
    for attachment in batch.attachments:
        content = ContentFile(batch.contents[attachment.public_id])
        attachment.file.save(attachment.name, content, save=False)
        stored.append(attachment)
    Attachment.objects.bulk_create(batch.attachments)
    Version.objects.bulk_create(batch.versions)
    VersionIdentity.objects.bulk_create(batch.identities)
    version_of = {version.submission_id: version.pk for version in batch.versions}
    link = Version.attachments.through
    link.objects.bulk_create(
        [
            link(version_id=version_of[attachment.submission_id], attachment_id=attachment.pk)
            for attachment in batch.attachments
        ]
    )
    with connection.cursor() as cursor:
        submitted = [version.submission_id for version in batch.versions]
        cursor.execute(SUBMIT, [SubmissionState.SUBMITTED, submitted, batch.references])


def _copy_answers(table: type[Answer | IdentityAnswer], answers: list[GivenAnswer]) -> None:
    lines = StringIO(newline="")
    csv.writer(lines).writerows(
        (submission.pk, question, json.dumps(value), submission.saved_at.isoformat())
        for submission, question, value in answers
    )
    lines.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(
            f"COPY {table._meta.db_table} (submission_id, question_id, value, saved_at) "
            "FROM STDIN (FORMAT csv)",
            lines,
        )
