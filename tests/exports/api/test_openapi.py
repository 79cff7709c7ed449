"""The document that describes the API, compared with what it answers."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from exports.api.views import DOCUMENT
from exports.consent import Scope
from submissions.responses.models import Submission
from tests.exports.api.pulling import lines, make_token, pull
from tests.exports.api.test_pages import withdraw
from tests.makers import make_call, make_submitted, make_user

SPEC = json.loads(DOCUMENT)
OPERATION = SPEC["paths"]["/api/v1/calls/{slug}/responses"]["get"]


def schema(name):
    return Draft202012Validator({**SPEC, "$ref": f"#/components/schemas/{name}"})


def test_document_is_valid_openapi():
    validate(SPEC)


def test_line_is_that_of_the_exports_with_what_changed():
    exported = json.loads(Path("docs/schemas/response.schema.json").read_text())
    line = SPEC["components"]["schemas"]["Response"]
    of_export = {k: v for k, v in line["properties"].items() if not k.startswith("change")}
    assert of_export == exported["properties"]
    assert line["required"] == ["change", "changed_at", *exported["required"]]


@pytest.mark.django_db
def test_document_is_public_and_is_the_one(client):
    answer = client.get("/api/v1/openapi.json")
    assert answer.content == DOCUMENT
    described = SPEC["paths"]["/api/v1/openapi.json"]["get"]["responses"]["200"]
    assert [answer["Content-Type"]] == list(described["content"])


@pytest.mark.django_db
def test_every_line_is_as_the_document_says(client):
    call = make_call()
    for publication in ("named", "confidential"):
        make_submitted(call, publication=publication)
    withdraw(make_submitted(call))
    leaves = make_submitted(call)
    boss = make_user(is_superuser=True)
    _token, secret = make_token(
        call, by=boss, scope=Scope(named=True, includes_unnamed=True, confidential=True)
    )
    _token, plain = make_token(call, by=boss)
    first = pull(client, call, plain, statuses="unread")
    Submission.objects.filter(pk=leaves.pk).update(triage_status="considered")
    later = pull(client, call, plain, statuses="unread", cursor=first["Next-Cursor"])
    got = lines(pull(client, call, secret)) + lines(pull(client, call, plain))
    got += lines(first) + lines(later)
    errors = [error.message for line in got for error in schema("Line").iter_errors(line)]
    assert errors == []
    assert {line["change"] for line in got} == {"response", "withheld", "withdrawn", "left"}


@pytest.mark.django_db
def test_every_status_has_what_the_document_says(client):
    call = make_call()
    make_submitted(call)
    token, secret = make_token(call)
    good = pull(client, call, secret)
    cursor = good["Next-Cursor"]
    answers = [
        good,
        pull(client, call, secret, format="csv"),
        pull(client, call, secret, headers={"if-none-match": good["ETag"]}),
        pull(client, call, secret, limit="x"),
        pull(client, call, secret, publications=["named"] * 300),
        pull(client, call, "evp_wrong"),
        pull(client, make_call(), secret),
        client.post(f"/api/v1/calls/{call.slug}/responses"),
    ]
    call.questions.filter(key="age").update(identity=True)
    answers.append(pull(client, call, secret, cursor=cursor))
    token.person.memberships.update(role="coder")
    answers.append(pull(client, call, secret))
    for answer in answers:
        described = OPERATION["responses"][str(answer.status_code)]
        for name in described.get("headers", {}):
            assert name in answer.headers or name == "Link", (answer.status_code, name)
        if answer.status_code != 304:
            assert answer["Content-Type"] in described["content"]
        if answer.status_code >= 400:
            assert list(schema("Problem").iter_errors(answer.json())) == []
    statuses = {str(answer.status_code) for answer in answers}
    # test_problems has the other two.
    assert statuses == set(OPERATION["responses"]) - {"429", "500", "503"}


@pytest.mark.django_db
def test_every_parameter_is_taken(client):
    call = make_call()
    _token, secret = make_token(call)
    values = {
        "format": "csv",
        "limit": "5",
        "since": "2019-07-24T11:00:00Z",
        "publications": "named",
        "quote_ok": "yes",
        "quotable": "yes",
        "timings": "on_time",
        "statuses": "unread",
        "words": "story",
        "choices": "labels",
        "several": "apart",
        "facet_roles": "provider",
    }
    described = {p["name"] for p in OPERATION["parameters"] if p["in"] == "query"}
    of_the_call = {"cursor", "codes", "org_name_listed", "facets"}
    assert described - of_the_call == set(values) - {"facet_roles"}
    for name, value in values.items():
        assert pull(client, call, secret, **{name: value}).status_code == 200, name
