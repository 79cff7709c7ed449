"""What may be quoted: the reasons in words, and the same rules as the exports have in SQL."""

import itertools
import json

import pytest
from django.db import connection

from exports import consent
from exports.consent import PSEUDONYMISED
from review.quotes.consent import (
    SHORT_ANSWERS,
    WHO_ANSWERED,
    why_not_answer,
    why_not_quotable,
)
from submissions.calls.models import Call
from submissions.calls.states import TEXT_KINDS, Publication, PublicationPolicy
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState, TriageStatus
from tests.makers import make_call, make_draft, make_submitted

pytestmark = pytest.mark.django_db
PUBLICATIONS = (*Publication.values, "unknown", None)
QUOTING = ("yes", "no", "unknown", None)
CASES = list(itertools.product(PublicationPolicy.values, PUBLICATIONS, QUOTING))


def chosen(response, policy, publication, quote_ok):
    """The response with these choices, as it would be read; the stored one stays."""
    response.call.publication = policy
    given = {"publication": publication, "quote_ok": quote_ok}
    choices = {key: value for key, value in given.items() if value is not None}
    response.current_version.choices = choices
    return response


def in_sql(sql, call, choices):
    """What the exports' SQL says of a version with these choices."""
    given = consent.parameters(call, PSEUDONYMISED) | {"choices": json.dumps(choices)}
    version = "(SELECT %(choices)s::jsonb AS choices) AS version"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sql} FROM {version}", given)
        return bool(cursor.fetchone()[0])


@pytest.fixture(scope="module")
def made(made_once):
    return made_once(lambda: make_submitted(make_call()))


@pytest.fixture
def response(made, db):
    return Submission.objects.select_related("call", "current_version").get(pk=made.pk)


def test_rules_of_quoting_are_those_of_the_exports_in_each_case(response):
    differing = []
    for case in CASES:
        one = chosen(response, *case)
        in_words = why_not_quotable(one, one.call) is None
        if in_words != in_sql(
            consent.quotable_sql(one.call), one.call, one.current_version.choices
        ):
            differing.append(case)
    assert differing == []


def test_answers_that_are_quoted_are_among_those_that_exports_show(response):
    differing = []
    for case, question in itertools.product(CASES, response.call.questions_in_order):
        if question.kind not in TEXT_KINDS:
            continue
        one = chosen(response, *case)
        sql = consent.text_shown_sql(one.call, f"'{question.key}'", PSEUDONYMISED)
        may_be = f"{consent.quotable_sql(one.call)} AND {sql}"
        in_words = why_not_answer(question, one, one.call) is None
        if in_words != in_sql(may_be, one.call, one.current_version.choices):
            differing.append((*case, question.key))
    assert differing == []


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (("asked", "named", "yes"), None),
        (("asked", "anonymous", "yes"), None),
        (("asked", "named", "no"), "Its author does not want to be quoted"),
        (("asked", "named", None), "Its author did not say that it may be quoted"),
        (("asked", "confidential", "yes"), "Confidential: for the project team only"),
        (("asked", None, "yes"), "The question about publication was left open"),
        (("never", "named", "yes"), "This call publishes no response"),
        (("not asked", "named", "yes"), "The call asks nobody about publication"),
    ],
)
def test_reason_says_what_forbids_it(response, case, said):
    one = chosen(response, *case)
    assert why_not_quotable(one, one.call) == said


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"state": SubmissionState.ERASED}, "This response was erased"),
        ({"state": SubmissionState.WITHDRAWN}, "Its author has withdrawn this response"),
        ({"triage_status": TriageStatus.SET_ASIDE}, "This response is set aside"),
        (
            {"state": SubmissionState.WITHDRAWN, "triage_status": TriageStatus.SET_ASIDE},
            "Its author has withdrawn this response",
        ),
    ],
)
def test_response_that_counts_no_more_is_not_quoted(response, fields, said):
    one = chosen(response, "asked", "named", "yes")
    for name, value in fields.items():
        setattr(one, name, value)
    assert why_not_quotable(one, one.call) == said


def test_draft_is_not_quoted(made):
    draft = make_draft()
    call = Call.objects.get(pk=draft.call_id)
    assert why_not_quotable(draft, call) == "This response is a draft"


@pytest.mark.parametrize(
    ("key", "publication", "said"),
    [
        ("story", "anonymous", None),
        ("role_other", "named", None),
        ("role_other", "organisation", SHORT_ANSWERS),
        ("role_other", "anonymous", SHORT_ANSWERS),
        ("email", "named", WHO_ANSWERED),
    ],
)
def test_answer_that_may_say_who_answered_is_not_quoted(response, key, publication, said):
    one = chosen(response, "asked", publication, "yes")
    question = one.call.questions_by_key[key]
    assert why_not_answer(question, one, one.call) == said
    if said == WHO_ANSWERED:
        question.identity = False  # an address says who answered, wherever it stands
        assert why_not_answer(question, one, one.call) == said
