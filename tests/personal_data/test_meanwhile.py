"""Whatever else happens to a response while it is erased, nothing of what was typed is left.

Two threads on two connections: one holds its transaction open while the other does its work.
"""

import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction

from accounts.states import Role
from core.errors import PortalError
from devserver.children import wait_until
from exports import export_runs, worker
from exports.consent import Scope
from personal_data import erasing
from review import noting, triage
from review.coding import codings
from review.duplicates import comparing_arrivals
from review.memos.writing import About, write_memo
from review.models import Coding, Quote
from review.quotes import marking
from submissions.mail import reminding, resending
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import MailKind, OutboxState
from submissions.responses import (
    amending,
    attaching,
    drafting,
    late_passes,
    replying,
    returning,
    submitting,
)
from submissions.responses.addresses import remember_address
from submissions.responses.asking import answering_token
from submissions.responses.models import Submission
from submissions.responses.models.attachments import private_storage
from submissions.responses.states import ErasureState, TriageStatus
from tests.asking import make_asking_call, put_question
from tests.makers import complete_answers, make_code, make_draft, make_user, while_open
from tests.personal_data.erasures import ask_and_approve, send_last_mail
from tests.personal_data.everything_typed import dumped, kept_files
from tests.threads import at_once

# Each verb has tests of its own, which measure it.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.no_cover]
WAITS_FOR_THIS = """
    SELECT EXISTS (
        SELECT FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))
    )
"""


class Meanwhile:
    """What can happen to a response; each method is one thing, and `word` is in all its texts."""

    def __init__(self, call, manager, word):
        self.call, self.manager, self.word = call, manager, word
        self.at = while_open(call)
        self.draft = make_draft(call, **complete_answers(call, **self.answers))
        remember_address(submission=self.draft, address=self.address, at=self.at)
        self.attach()

    @property
    def address(self):
        return f"{self.word}@example.org"

    @property
    def answers(self):
        return {"email": self.address, "story": f"In {self.word} we met."}

    def make_ready(self, *, submitted):
        if submitted:
            self.version = submitting.submit(submission=self.draft, at=self.at)
            OutboxEmail.objects.filter(submission=self.draft).update(
                state=OutboxState.SENT, sent_at=self.at
            )
            self.mail = OutboxEmail.objects.filter(submission=self.draft).first()
            self.asked, _token = put_question(self.draft, by=self.manager, at=self.at)
            OutboxEmail.objects.filter(kind=MailKind.QUESTION_ASKED).update(
                state=OutboxState.SENT, sent_at=self.at
            )
            amending.reopen(submission=self.draft, at=self.at)
        self.response = Submission.objects.get(pk=self.draft.pk)
        self.request = ask_and_approve(self.response, at=self.at)
        asked = OutboxEmail.objects.filter(submission=self.draft, kind=MailKind.ERASURE_ASKED)
        asked.update(state=OutboxState.SENT, sent_at=self.at)

    def attach(self):
        attaching.attach(
            submission=self.draft,
            question=self.call.questions_by_key["documents"],
            upload=SimpleUploadedFile(
                f"{self.word} {threading.get_ident()}.txt",
                f"{self.word} {threading.get_ident()}".encode(),
            ),
            at=self.at,
        )

    def save(self):
        drafting.save_answers(
            submission=self.response, call=self.call, values=self.answers, at=self.at
        )

    def submit(self):
        submitting.submit(submission=self.response, at=self.at)

    def discard_changes(self):
        amending.discard_changes(submission=self.response, at=self.at)

    def withdraw(self):
        amending.withdraw(submission=self.response, at=self.at)

    def ask_for_links(self):
        returning.enqueue_links(call=self.call, address=self.address, at=self.at)

    def give_an_address(self):
        returning.send_links_to(
            submission=self.response, address=f"{self.word}@new.example", at=self.at
        )

    def remind(self):
        reminding.enqueue_reminders(at=self.at)

    def send_the_mail_again(self):
        resending.send_again(self.mail, by=self.manager, at=self.at)

    def correct_the_address(self):
        resending.send_to_corrected(
            self.mail, address=f"{self.word}@corrected.example", by=self.manager, at=self.at
        )

    def give_a_late_pass(self):
        late_passes.give(
            call=self.call,
            submission=self.response,
            reason="Was ill",
            expires_at=self.call.closes_at + timedelta(days=1),
            by=self.manager,
            at=self.at,
        )

    def write_a_note(self):
        noting.add_note(self.response, text=self.word, by=self.manager, at=self.at)

    def answer(self):
        token = answering_token(self.asked)
        replying.answer(call=self.call, token=token, text=f"It is {self.word}.", at=self.at)

    def consider(self):
        triage.change_status(self.response, to=TriageStatus.CONSIDERED, by=self.manager, at=self.at)

    def code_a_passage(self):
        code = make_code(call=self.call, name=f"About {self.request.pk}")
        codings.code_passage(
            code=code,
            version=self.version,
            question=self.call.questions_by_key["story"],
            start=0,
            end=2,
            by=self.manager,
            at=self.at,
        )

    def mark_a_quote(self):
        marking.mark_quote(
            version=self.version,
            question=self.call.questions_by_key["story"],
            start=0,
            end=2,
            by=self.manager,
            at=self.at,
        )

    def write_a_memo(self):
        about = About(self.call, response=self.response)
        write_memo(about, title=self.word, text=self.word, by=self.manager, at=self.at)

    def compare(self):
        comparing_arrivals.compare_due(now=lambda: self.at, until=lambda: False)

    def export(self):
        worker.make_next(now=lambda: self.at, wall_now=lambda: datetime.now(UTC))


OF_DRAFTS = ("remind",)
OF_SUBMITTED = (
    *("attach", "save", "submit", "discard_changes", "withdraw", "ask_for_links"),
    *("give_an_address", "send_the_mail_again", "correct_the_address", "give_a_late_pass"),
    *("answer", "write_a_note", "consider", "code_a_passage", "compare", "export"),
    *("mark_a_quote", "write_a_memo"),
)


@pytest.fixture
def everything(monkeypatch, tmp_path):
    """What can happen, by its name, each to a response of its own; one export waits."""
    monkeypatch.setattr(private_storage(), "location", str(tmp_path / "media"))
    call = make_asking_call()
    manager = make_user(Role.MANAGER)
    made = {}
    for number, name in enumerate((*OF_DRAFTS, *OF_SUBMITTED)):
        made[name] = Meanwhile(call, manager, f"zq{number:02}x")
        made[name].make_ready(submitted=name not in OF_DRAFTS)
    export_runs.enqueue(
        call=call,
        by=make_user(is_superuser=True),
        at=while_open(call),
        file_format="bundle",
        filters={},
        rows_total=len(made),
        scope=Scope(named=True, includes_unnamed=True, confidential=False),
        reason="For the report",
    )
    return made


def held_open(verb, done, over):
    """Do it, and keep its transaction open until the other waits for it, or is over."""
    with transaction.atomic():
        verb()
        done.set()
        assert wait_until(lambda: over.is_set() or is_waited_for(), seconds=20, pause=0.01)


def is_waited_for():
    with connection.cursor() as cursor:
        cursor.execute(WAITS_FOR_THIS)
        return cursor.fetchone()[0]


def after(done, verb, over):
    done.wait(timeout=20)
    try:
        with suppress(PortalError):  # it may be refused, in words
            verb()
    finally:
        over.set()


def meanwhile(first, second):
    """Do the second while the first is not committed; return what either raised."""
    done, over = threading.Event(), threading.Event()
    ends = at_once([lambda: held_open(first, done, over), lambda: after(done, second, over)])
    return [end for end in ends if isinstance(end, Exception)]


def not_carried_out(everything):
    """The names of those whose request is not done after three rounds for all of them."""
    for _ in range(3):
        for at in {one.at for one in everything.values()}:
            erasing.carry_out_all(at=at)
        for one in everything.values():
            send_last_mail(one.response, at=one.at)
    for one in everything.values():
        one.request.refresh_from_db()
    return {name for name, one in everything.items() if one.request.state != ErasureState.DONE}


def left_over(everything, folder):
    """The names of what left something; an export has no word of its own."""
    kept = b"\n".join([*dumped(), *kept_files(folder)]).lower()
    of_words = {name for name, one in everything.items() if one.word.encode() in kept}
    passages = (*Coding.objects.select_related("version"), *Quote.objects.select_related("version"))
    marked = {passage.version.submission_id for passage in passages}
    return of_words | {name for name, one in everything.items() if one.response.pk in marked}


def test_nothing_is_left_of_what_happens_while_an_erasure_is_not_committed(everything, tmp_path):
    failed = {
        name: meanwhile(partial(erasing.erase_from_database, one.request, at=one.at), verb)
        for name, one in everything.items()
        for verb in [getattr(one, name)]
    }
    assert [ends for ends in failed.values() if ends] == []
    assert not_carried_out(everything) == set()
    assert left_over(everything, tmp_path / "media") == set()


def test_nothing_is_left_of_what_is_not_committed_when_an_erasure_begins(everything, tmp_path):
    failed = {
        name: meanwhile(verb, partial(erasing.erase_from_database, one.request, at=one.at))
        for name, one in everything.items()
        for verb in [getattr(one, name)]
        if name != "export"  # it refuses to begin within a transaction
    }
    assert [ends for ends in failed.values() if ends] == []
    assert not_carried_out(everything) == set()
    assert left_over(everything, tmp_path / "media") == set()
