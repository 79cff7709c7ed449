"""Kept files end once they have what no export may have any more."""

from datetime import timedelta

import pytest

from accounts.record import record
from accounts.states import AuditAction
from exports import export_runs, tasks
from exports.models import ExportRun
from submissions.calls.models import Call
from submissions.definitions.loading import load, parse
from submissions.responses import amending, drafting, submitting
from submissions.responses.models import Submission
from tests.exports.runs import finish, make_run
from tests.makers import OPENS_AT, make_call, make_submitted, while_open
from tests.review.redaction_makers import make_redaction
from tests.submissions.definitions.test_consent_rules import with_policy

pytestmark = pytest.mark.django_db


@pytest.fixture
def call():
    return make_call()


def at(call, minutes=0):
    return while_open(call) + timedelta(minutes=minutes)


def made(call, *, started=10, finished=20):
    """A finished export that a worker began and ended so many minutes after the opening."""
    make_run(call, at=at(call, 5))
    finish(export_runs.claim_next(at=at(call, started), wall_now=at(call)))
    ExportRun.objects.update(finished_at=at(call, finished))
    return ExportRun.objects.get()


def amend(response, *, minutes, **answers):
    response = Submission.objects.get(pk=response.pk)
    call, moment = Call.objects.get(pk=response.call_id), at(response.call, minutes)
    amending.reopen(submission=response, at=moment)
    response.refresh_from_db()
    drafting.save_answers(submission=response, call=call, values=answers, at=moment)
    response.refresh_from_db()
    submitting.submit(submission=response, at=moment)


def is_kept(call):
    run = ExportRun.objects.get()
    told = export_runs.is_kept(run, at=at(call, 90))
    tasks.make_exports()
    assert bool(ExportRun.objects.get().file) == told
    return told


# The export began in minute 10; its snapshot may be without what was committed within seconds.
@pytest.mark.parametrize(("minutes", "kept"), [(5, True), (9.95, False), (15, False), (30, False)])
def test_file_with_a_response_that_was_withdrawn_since_is_gone(call, minutes, kept):
    response = make_submitted(call, at=at(call))
    make_submitted(call, at=at(call))
    made(call)
    assert export_runs.is_kept(ExportRun.objects.get(), at=at(call, 90))
    amending.withdraw(submission=response, at=at(call, minutes))
    assert is_kept(call) == kept


def test_response_that_came_after_the_file_takes_nothing_away(call):
    make_submitted(call, at=at(call))
    made(call)
    late = make_submitted(call, at=at(call, 25))
    amending.withdraw(submission=late, at=at(call, 30))
    assert is_kept(call)


@pytest.mark.parametrize(
    ("chose", "chooses", "minutes", "kept"),
    [
        ("named", "confidential", 30, False),
        ("named", "anonymous", 30, False),
        ("named", "confidential", 5, True),
        ("confidential", "confidential", 30, True),
    ],
)
def test_file_is_gone_once_an_author_chose_otherwise(call, chose, chooses, minutes, kept):
    response = make_submitted(call, at=at(call), publication=chose)
    made(call)
    amend(response, minutes=minutes, publication=chooses, story="Other words")
    assert is_kept(call) == kept


# What becomes of a response that was always confidential is for those who may have it.
OF_WHOM = pytest.mark.parametrize(
    ("publication", "confidential", "kept"),
    [("named", False, False), ("confidential", True, False), ("confidential", False, True)],
)


@OF_WHOM
def test_file_is_gone_once_an_author_may_be_quoted_no_longer(call, publication, confidential, kept):
    call.questions.filter(key="quote_ok").update(show_if="")
    response = make_submitted(call, at=at(call), publication=publication, quote_ok="yes")
    made(call)
    ExportRun.objects.update(confidential=confidential, reason="For the report")
    amend(response, minutes=30, quote_ok="no")
    assert is_kept(call) == kept


@OF_WHOM
def test_file_is_gone_once_words_are_hidden(call, publication, confidential, kept):
    response = make_submitted(call, at=at(call), story="Ask Jo.", publication=publication)
    made(call)
    ExportRun.objects.update(confidential=confidential, reason="For the report")
    hidden = make_redaction(response, "Jo")
    type(hidden).objects.update(decided_at=at(call, 30))
    assert is_kept(call) == kept


def test_file_is_gone_once_words_are_hidden_that_its_author_published_before(call):
    response = make_submitted(call, at=at(call), story="Ask Jo.", publication="named")
    amend(response, minutes=2, publication="confidential")
    made(call)
    response = Submission.objects.get(pk=response.pk)
    hidden = make_redaction(response, "Jo")
    type(hidden).objects.update(decided_at=at(call, 30))
    assert not is_kept(call)


@pytest.mark.parametrize(
    ("confidential", "shares", "change", "kept"),
    [
        (True, False, "shares_confidential_files", False),
        (True, True, "shares_confidential_files", True),
        (False, False, "shares_confidential_files", True),
        (True, False, "title", True),
    ],
)
def test_file_is_gone_once_its_call_shares_files_of_confidential_responses_no_longer(
    call, confidential, shares, change, kept
):
    make_submitted(call, at=at(call))
    made(call)
    ExportRun.objects.update(confidential=confidential, reason="For the report")
    Call.objects.update(shares_confidential_files=shares)
    record(
        by=None,
        at=at(call, 30),
        action=AuditAction.CALL_LOADED,
        call=call,
        changes=["call.closes_at: changed", f"call.{change}: changed"],
    )
    assert is_kept(call) == kept


def test_new_words_take_no_file_away_where_nobody_is_asked_what_may_become_of_them():
    call = make_call()
    call.questions.filter(key="publication").delete()
    Call.objects.filter(pk=call.pk).update(publication="not asked")
    call = Call.objects.get(pk=call.pk)
    response = make_submitted(call, at=at(call))
    made(call)
    amend(response, minutes=30, story="Other words")
    assert is_kept(call)


@pytest.mark.parametrize(("minutes", "kept"), [(5, True), (30, False)])
def test_file_is_gone_once_the_call_publishes_less(minutes, kept):
    def load_with(policy, moment):
        definition = parse(with_policy(f'publication = "{policy}"'), source="small.toml")
        return load(definition, by=None, at=moment).call

    call = load_with("not asked", OPENS_AT)
    make_submitted(call, at=at(call))
    made(call)
    load_with("never", at(call, minutes))
    assert is_kept(call) == kept
