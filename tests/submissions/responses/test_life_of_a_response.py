"""Any order of saving, submitting, amending, withdrawing and clock moves keeps the promises."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from accounts.models import AuditEvent
from core.canonical import digest
from submissions.calls.models import Call
from submissions.definitions import closing_times
from submissions.definitions.errors import ClosingTimeRefused
from submissions.outbox.models import OutboxEmail
from submissions.responses import amending, drafting, late_passes, submitting
from submissions.responses.answering import ResponseIncomplete
from submissions.responses.errors import (
    AlreadySubmitted,
    CallNotOpen,
    LatePassRefused,
    LinkDead,
    NotSubmitted,
    ResponseWithdrawn,
)
from submissions.responses.models import LatePass, Submission, Version
from submissions.responses.working_copy import working_answers
from tests.makers import complete_answers, make_call, make_user

REFUSALS = (
    AlreadySubmitted,
    CallNotOpen,
    ClosingTimeRefused,
    LatePassRefused,
    LinkDead,
    NotSubmitted,
    ResponseIncomplete,
    ResponseWithdrawn,
)
texts = st.sampled_from(["One.", "Two words", "-1+1", "é\n😀", ""])
hours = st.integers(1, 30)


class LifeOfAResponse(RuleBasedStateMachine):
    @initialize(grace=st.sampled_from([0, 90]))
    def begin(self, grace):
        self.call = make_call(grace_minutes=grace)
        self.user = make_user()
        self.now = self.call.closes_at - timedelta(hours=20)
        self.draft = drafting.start(call=self.call, at=self.now)
        self.typed = {}
        self.save_all("First.")
        self.receipts = {}
        self.withdrawn = False

    def attempt(self, verb):
        """Do it, or be refused on purpose; nothing else may be raised."""
        try:
            return verb()
        except REFUSALS:
            return None

    def fresh_call(self):
        return Call.objects.get(pk=self.call.pk)

    def keep(self, values):
        drafting.save_answers(
            submission=self.draft, call=self.fresh_call(), values=values, at=self.now
        )
        self.typed |= values
        return True

    def save_all(self, story):
        self.keep(complete_answers(self.call, story=story))

    @rule(text=texts)
    def save(self, text):
        self.attempt(lambda: self.keep({"story": text}))

    @rule(given=st.booleans())
    def tick_or_clear_the_declaration(self, given):
        self.attempt(lambda: self.keep({"declaration": given}))

    @rule()
    def submit(self):
        before = Version.objects.filter(submission=self.draft).count()
        version = self.attempt(lambda: submitting.submit(submission=self.draft, at=self.now))
        after = Version.objects.filter(submission=self.draft).count()
        assert after - before in {0, 1}
        if version is None:
            assert after == before
        elif after > before:
            call = self.fresh_call()
            assert version.received_at == self.now
            if version.timing == "on_time":
                assert call.opens_at <= self.now < call.closes_at
            elif version.timing == "grace":
                assert call.closes_at <= self.now < call.grace_ends_at
            else:
                assert LatePass.objects.get(used_for=version).expires_at > self.now
            self.receipts[version.number] = (version.sha256, version.received_at)

    @rule()
    def retry_submitting(self):
        first = self.attempt(lambda: submitting.submit(submission=self.draft, at=self.now))
        if first is not None:
            self.receipts.setdefault(first.number, (first.sha256, first.received_at))
            again = submitting.submit(submission=self.draft, at=self.now)
            assert again == first

    @rule()
    def reopen(self):
        self.attempt(lambda: amending.reopen(submission=self.draft, at=self.now))

    @rule()
    def discard_changes(self):
        def restore():
            amending.discard_changes(submission=self.draft, at=self.now)
            self.typed = working_answers(self.draft, self.fresh_call())

        self.attempt(restore)

    @rule()
    def withdraw(self):
        if self.attempt(lambda: amending.withdraw(submission=self.draft, at=self.now)):
            self.withdrawn = True

    @rule(later=hours)
    def move_the_closing_time(self, later):
        to = self.now + timedelta(hours=later)
        self.attempt(
            lambda: closing_times.change_closing_time(
                self.call, to=to, reason="Moved", by=self.user, at=self.now
            )
        )

    @rule()
    def give_a_late_pass(self):
        def hand_over():
            late_passes.give(
                call=self.fresh_call(),
                submission=self.draft,
                reason="Illness",
                expires_at=max(self.now, self.fresh_call().closes_at) + timedelta(hours=5),
                by=self.user,
                at=self.now,
            )

        self.attempt(hand_over)

    @rule(wait=hours)
    def time_passes(self, wait):
        self.now += timedelta(hours=wait)

    @precondition(lambda self: self.now < self.fresh_call().closes_at)
    @rule()
    def the_last_microsecond_comes(self):
        self.now = self.fresh_call().closes_at - timedelta(microseconds=1)

    @precondition(lambda self: self.now < self.fresh_call().closes_at)
    @rule()
    def the_call_closes(self):
        self.now = self.fresh_call().closes_at

    @invariant()
    def nothing_typed_is_lost(self):
        kept = working_answers(self.draft, self.fresh_call())
        assert {k: v for k, v in self.typed.items() if v} == kept

    @invariant()
    def receipts_stand(self):
        versions = {v.number: v for v in Version.objects.filter(submission=self.draft)}
        assert sorted(versions) == list(range(1, len(versions) + 1))
        assert set(self.receipts) <= set(versions)
        for number, (sha256, received_at) in self.receipts.items():
            version = versions[number]
            assert (version.sha256, version.received_at) == (sha256, received_at)
            assert digest(version.canonical_text) == sha256
            assert version.received_at < version.deadline

    @invariant()
    def one_reference_and_the_latest_version(self):
        submission = Submission.objects.get(pk=self.draft.pk)
        last = submission.versions.order_by("number").last()
        assert submission.current_version == last
        assert (submission.reference is None) == (last is None)
        assert (submission.state == "withdrawn") == self.withdrawn
        if last is not None:
            assert submission.submitted_at == submission.versions.get(number=1).received_at

    @invariant()
    def every_receipt_and_withdrawal_owes_its_one_mail(self):
        mails = OutboxEmail.objects.filter(submission=self.draft)
        versions = Version.objects.filter(submission=self.draft).count()
        assert mails.filter(kind="confirmation").count() == min(versions, 1)
        assert mails.filter(kind="amended").count() == max(versions - 1, 0)
        withdrawn = mails.filter(kind="withdrawn")
        assert withdrawn.exists() == (self.withdrawn and mails.filter(kind="confirmation").exists())
        assert withdrawn.count() == withdrawn.values("to_address").distinct().count()

    @invariant()
    def passes_are_used_once_and_on_record(self):
        passes = LatePass.objects.filter(call=self.call)
        assert (
            AuditEvent.objects.filter(action="late_pass_given", call=self.call).count()
            == passes.count()
        )
        used = Version.objects.filter(submission=self.draft, timing="late_pass").count()
        assert passes.filter(used_at__isnull=False).count() == used


@pytest.mark.no_cover  # each step asks for all that was kept
class TestLifeOfAResponse(LifeOfAResponse.TestCase, TestCase):
    settings = settings(
        max_examples=8,
        stateful_step_count=15,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
