"""What a posted page leads to: one verb for the page's buttons and for the script."""

import pytest

from submissions.respondent.autosave import WARNINGS
from submissions.respondent.response_context import ResponseContext
from submissions.respondent.saving import SaveOutcome, save_page
from submissions.respondent.sections import PAGES, PAGES_WITHOUT_STEP
from submissions.responses.working_copy import working_answers
from tests.makers import make_call, make_draft, while_open
from tests.submissions.respondent.forms.drawing import form_of

pytestmark = pytest.mark.django_db

COMPLETE = "roles=provider&email=a@example.org&age=adult"


def save(call, posted, *, action="", draft=None, at=None):
    draft = draft or make_draft(call)
    current = ResponseContext(call, draft, at or while_open(call), working_answers(draft, call))
    form = form_of(call, posted=posted, answers=current.answers)
    return save_page(current=current, form=form, action=action)


def test_each_outcome_has_a_page():
    assert {*PAGES, *PAGES_WITHOUT_STEP} == set(SaveOutcome)


def test_script_warns_of_what_is_not_saved_or_cannot_count():
    assert set(WARNINGS) == {
        SaveOutcome.CONFLICTS,
        SaveOutcome.QUESTION_GONE,
        SaveOutcome.NEEDS_CHANGES,
        SaveOutcome.CLOSED,
    }


@pytest.mark.parametrize(
    ("posted", "action", "outcome"),
    [
        (COMPLETE, "continue", SaveOutcome.SAVED),
        (COMPLETE, "save", SaveOutcome.LEFT),
        (COMPLETE, "upload", SaveOutcome.FILES_CHANGED),
        (COMPLETE, "", SaveOutcome.SAVED),
        ("roles=provider", "continue", SaveOutcome.NEEDS_CHANGES),
        ("roles=provider", "save", SaveOutcome.LEFT),
        ("roles=provider", "", SaveOutcome.SAVED),
        ("roles=nonsense", "save", SaveOutcome.NEEDS_CHANGES),
        ("roles=nonsense", "", SaveOutcome.NEEDS_CHANGES),
    ],
)
def test_outcome_of_a_save(posted, action, outcome):
    assert save(make_call(), posted, action=action).outcome == outcome


@pytest.mark.parametrize("action", ["continue", "save", ""])
def test_save_after_closing_is_stored_and_says_that_it_cannot_count(action):
    call = make_call()
    draft = make_draft(call)
    saved = save(call, "roles=provider", action=action, draft=draft, at=call.closes_at)
    assert saved.outcome == SaveOutcome.CLOSED
    assert saved.current.answers == {"roles": ["provider"]}


def test_answer_of_another_author_is_a_conflict_and_stands():
    call = make_call()
    draft = make_draft(call, email="theirs@example.org")
    saved = save(call, "_base_etags=email:-&email=mine@example.org", action="save", draft=draft)
    assert saved.outcome == SaveOutcome.CONFLICTS
    assert saved.conflicts == {"email": "theirs@example.org"}
    assert saved.current.answers == {"email": "theirs@example.org"}


def test_answer_that_another_tab_gave_meanwhile_is_not_asked_for():
    call = make_call()
    draft = make_draft(call, email="theirs@example.org")
    posted = "_base_etags=roles:- email:- age:-&roles=provider&email=&age=adult"
    saved = save(call, posted, action="continue", draft=draft)
    assert saved.outcome == SaveOutcome.SAVED
    assert saved.current.answers["email"] == "theirs@example.org"
