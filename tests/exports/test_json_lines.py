"""JSON lines, read back as JSON and checked against the published schema."""

import json

import pytest
from jsonschema import Draft202012Validator

from review.models import Code, Coding
from tests.exports.exporting import NOW, exported, json_lines, make_nasty
from tests.makers import make_call, make_submitted, make_user


@pytest.fixture
def validator(request):
    path = request.config.rootpath / "docs" / "schemas" / "response.schema.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.django_db
def test_nasty_answers_come_back_to_the_byte_and_fit_the_schema(validator):
    call, stored = make_nasty()
    data = exported(call, "json")
    assert data.endswith(b"\n")
    lines = json_lines(data)
    assert {line["reference"]: line["answers"]["story"] for line in lines} == stored
    for line in lines:
        validator.validate(line)


@pytest.mark.django_db
def test_line_has_everything_as_it_was_stored(validator):
    call = make_call()
    response = make_submitted(
        call,
        roles=["other", "provider"],
        role_other="=Volunteer",
        history=["led", "bid"],
        fairness={"money": "poor"},
        story="One two three",
        publication="named",
        quote_ok="yes",
    )
    code = Code.objects.create(call=call, name="Bidding")
    coding = Coding.objects.create(
        code=code,
        version=response.current_version,
        question=call.questions_by_key["story"],
        start=4,
        end=7,
        by=make_user(),
        at=NOW,
    )
    (line,) = json_lines(exported(call, "json"))
    validator.validate(line)
    assert line == {
        "reference": response.reference,
        "version": 1,
        "submitted_at": "2019-07-23T12:00:00.000000+01:00",
        "received_at": "2019-07-23T12:00:00.000000+01:00",
        "timing": "on_time",
        "publication": "named",
        "channel": "web",
        "status": "unread",
        "derived": {},
        "confidential": False,
        "may_quote": True,
        "words": 4,
        "attachments": 0,
        "answers": {
            "roles": ["provider", "other"],
            "role_other": "=Volunteer",
            "age": "adult",
            "history": ["bid", "led"],
            "fairness": {"money": "poor"},
            "story": "One two three",
            "publication": "named",
            "quote_ok": "yes",
            "declaration": True,
        },
        "codings": [
            {
                "guid": str(coding.guid),
                "code": "Bidding",
                "question": "story",
                "start": 4,
                "end": 7,
                "quote": "two",
            }
        ],
    }


@pytest.mark.django_db
def test_schema_refuses_what_a_line_is_not(validator):
    call = make_call()
    make_submitted(call)
    (line,) = json_lines(exported(call, "json"))
    for wrong in (
        line | {"timing": "late"},
        line | {"answers": {"story": ""}},
        line | {"email": "jo@example.org"},
        {name: value for name, value in line.items() if name != "may_quote"},
    ):
        assert not validator.is_valid(wrong)


@pytest.mark.django_db
def test_question_with_the_key_of_a_column_of_campaigns_is_an_answer_alone():
    questions = [
        {"key": key, "kind": "long", "label": key, "max_words": 10}
        for key in ("campaign", "stands_for")
    ]
    call = make_call(about_questions=questions)
    make_submitted(call, campaign="Fair pay", stands_for="All of us")
    (line,) = json_lines(exported(call, "json"))
    assert {"campaign", "stands_for"}.isdisjoint(line)
    given = {key: line["answers"][key] for key in ("campaign", "stands_for")}
    assert given == {"campaign": "Fair pay", "stands_for": "All of us"}
