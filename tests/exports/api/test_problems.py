"""Whatever goes wrong below /api/ is told as problem details, with the number of the request."""

import pytest
from django.test import Client

from core import request_ids
from exports.api import views
from tests.exports.api.pulling import make_token
from tests.exports.api.test_openapi import OPERATION, schema
from tests.makers import make_call
from tests.submissions.respondent.test_outage import database_away

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def program():
    """A client that sends neither cookies nor tokens of forms, as programs do."""
    return Client(enforce_csrf_checks=True, raise_request_exception=False)


def problem_of(answer, status):
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    said = answer.json()
    assert list(schema("Problem").iter_errors(said)) == []
    assert said["status"] == status
    assert said["request"] == answer.headers[request_ids.HEADER]
    return said


@pytest.fixture
def asked():
    call = make_call()
    _token, secret = make_token(call)
    address = f"/api/v1/calls/{call.slug}/responses"
    return address, {"authorization": f"Bearer {secret}"}


def test_fault_of_the_portal_is_a_problem_that_says_nothing_of_it(program, asked, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RuntimeError("the-inside")

    monkeypatch.setattr(views, "give_numbers", fail)
    address, headers = asked
    answer = program.get(address, headers=headers)
    assert "tell the people who run the portal" in problem_of(answer, 500)["detail"]
    assert "the-inside" not in answer.content.decode()
    # Pages for people stay as they are.
    assert program.get("/nothing/").headers["Content-Type"].startswith("text/html")


def test_outage_is_a_problem_that_says_when_to_ask_again(program, asked, caplog):
    address, headers = asked
    with database_away():
        answer = program.get(address, headers=headers)
    assert "with the same cursor" in problem_of(answer, 503)["detail"]
    assert answer["Retry-After"] == "30"
    assert set(OPERATION["responses"]["503"]["headers"]) == {"Retry-After"}
    errors = [one.getMessage() for one in caplog.records if one.levelname == "ERROR"]
    assert len(errors) == 1
    assert errors[0].startswith(f"no answer to GET {address}: psycopg2.OperationalError, 127.0.0.1")


@pytest.mark.parametrize(
    "query", ["words=a%00b", "a%00=1", "words=%ff", "%c3=1", "words=%ed%a0%80"]
)
def test_nul_or_broken_utf8_in_a_parameter_is_a_problem(program, asked, query):
    address, headers = asked
    for path in (address, "/api/v1/openapi.json", "/api/v1/nothing"):
        problem_of(program.get(f"{path}?{query}", headers=headers), 400)


@pytest.mark.parametrize(
    "path", ["/api/", "/api/v1/", "/api/v2/calls", "/api/%ff", "/api/a%00b", "/api/v1/calls/%C3%A9"]
)
def test_nothing_below_api_is_a_problem(program, path):
    said = problem_of(program.get(path), 404)
    assert "/api/v1/openapi.json says what there is" in said["detail"]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_other_methods_are_a_problem_and_no_form_that_expired(program, asked, method):
    address, headers = asked
    for path in (address, "/api/v1/openapi.json", "/api/v1/nothing"):
        answer = getattr(program, method)(path, headers=headers)
        problem_of(answer, 405)
        assert answer["Allow"] == "GET, HEAD"


def test_wrong_host_is_a_problem(program, asked):
    address, headers = asked
    problem_of(program.get(address, headers=headers | {"host": "elsewhere.example"}), 400)
