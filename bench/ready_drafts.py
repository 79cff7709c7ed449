"""python -m bench.ready_drafts: fake drafts that only wait for Submit, each in a session.

Runs in the environment of a running portal. Prints one JSON line for each draft: the key of its
session, the words that only it holds, its address, and the etag of what its author checked.
"""

import argparse
import json
import secrets
import sys
from datetime import UTC, datetime, timedelta
from random import Random

import django
from django.conf import settings

django.setup()

from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection, transaction

from core import clock
from rehearsal.fake_answers import make_fake_answers
from submissions.calls.models import Call
from submissions.calls.states import QuestionKind
from submissions.respondent.browser_session import SESSION_KEY
from submissions.responses.answering import asked_questions, validation_issues
from submissions.responses.etags import draft_etag
from submissions.responses.models import Answer, IdentityAnswer, Submission

KINDS_OF_RESPONSE = 20


def fake(call: Call, *, short: bool) -> list[dict[str, object]]:
    """Return responses that could be submitted; short ones have what is required and one story."""
    found = []
    number = 0
    while len(found) < KINDS_OF_RESPONSE:
        answers = make_fake_answers(call, Random(number)).answers
        number += 1
        if short:
            answers = _needed(call, answers)
        if not validation_issues(call, answers, {}):
            found.append(answers)
    return found


def _needed(call: Call, answers: dict[str, object]) -> dict[str, object]:
    asked = asked_questions(call, answers)
    required = call.questionnaire.required(answers)
    story = next(q for q in asked if q.kind == QuestionKind.LONG)
    return {
        q.key: answers[q.key]
        for q in asked
        if q.key in answers and (q == story or q.key in required)
    }


# What the drafts of one kind have in common is written once and multiplied in the database.
MULTIPLY = """
INSERT INTO {table} (submission_id, question_id, value, saved_at)
SELECT made.draft, common.question_id, common.value, common.saved_at
FROM unnest(%s::bigint[], %s::bigint[]) AS made (draft, pattern)
JOIN {table} common ON common.submission_id = made.pattern
"""


def make(call: Call, count: int, *, short: bool) -> list[dict[str, str]]:
    """Write the drafts, and return what is printed of each."""
    kinds = [_Kind(call, answers, short=short) for answers in fake(call, short=short)]
    drafts = Submission.objects.bulk_create(_draft(call) for _ in range(count))
    kind_of = {draft: kinds[number % len(kinds)] for number, draft in enumerate(drafts)}
    with connection.cursor() as cursor:
        made = [
            [draft.pk for draft in drafts],
            [kind_of[draft].pattern.pk for draft in drafts],
        ]
        for model in (Answer, IdentityAnswer):
            cursor.execute(MULTIPLY.format(table=model._meta.db_table), made)
    own = {draft: kind_of[draft].own_rows(draft) for draft in drafts}
    Answer.objects.bulk_create(story for story, _ in own.values())
    IdentityAnswer.objects.bulk_create(email for _, email in own.values())
    sessions = {draft: _session(call, draft) for draft in drafts}
    Session.objects.bulk_create(sessions.values())
    return [
        {
            "session": sessions[draft].session_key,
            "own": _own_words(draft),
            "address": email.value,
            "etag": kind_of[draft].etag(story, email),
        }
        for draft, (story, email) in own.items()
    ]


class _Kind:
    """Drafts whose answers are the same but for a story and an address."""

    def __init__(self, call: Call, answers: dict[str, object], *, short: bool) -> None:
        asked = [call.questions_by_key[key] for key in answers]
        self._story = next(q for q in asked if q.kind == QuestionKind.LONG)
        self._email = next(q for q in asked if q.kind == QuestionKind.EMAIL)
        self._answers = answers
        self._told = "" if short else f" {answers[self._story.key]}"
        self.pattern = _draft(call)
        self.pattern.save()
        for question in asked:
            if question not in (self._story, self._email):
                model = IdentityAnswer if question.identity else Answer
                model.objects.create(
                    submission=self.pattern,
                    question=question,
                    value=answers[question.key],
                    saved_at=self.pattern.saved_at,
                )

    def own_rows(self, draft: Submission) -> tuple[Answer, IdentityAnswer]:
        at = draft.saved_at
        story = f"{_own_words(draft)}{self._told}"
        address = f"{_own(draft)}@example.org"
        return (
            Answer(submission=draft, question=self._story, value=story, saved_at=at),
            IdentityAnswer(submission=draft, question=self._email, value=address, saved_at=at),
        )

    def etag(self, story: Answer, email: IdentityAnswer) -> str:
        """Return what the page on which the author checks such a draft posts back."""
        own = {row.question.key: row.value for row in (story, email)}
        return draft_etag(self._answers | own, {})


def _draft(call: Call) -> Submission:
    at = clock.portal_now()
    return Submission(call=call, started_at=at, saved_at=at, rehearsal=clock.is_rehearsal())


def _own(draft: Submission) -> str:
    """As short as somebody's own address, so that a page is as high as theirs."""
    return draft.public_id.hex[:12]


def _own_words(draft: Submission) -> str:
    return f"Only {_own(draft)} wrote this."


def _session(call: Call, draft: Submission) -> Session:
    store = SessionStore()
    return Session(
        session_key=secrets.token_hex(16),
        session_data=store.encode({SESSION_KEY: {call.slug: str(draft.public_id)}}),
        # Sessions go by the real clock, whatever a rehearsal's says.
        expire_date=datetime.now(UTC) + timedelta(seconds=settings.SESSION_COOKIE_AGE),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--slug", required=True)
    parser.add_argument("--short", action="store_true", help="little more than is required")
    chosen = parser.parse_args()
    call = Call.objects.get(slug=chosen.slug)
    with transaction.atomic():
        printed = make(call, chosen.count, short=chosen.short)
    for line in printed:
        sys.stdout.write(f"{json.dumps(line)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
