"""A cursor of the API ends once what it stands for would be other lines."""

import pytest

from accounts.states import Role
from review.coding.samples import draw_sample
from submissions.calls.models import Call
from tests.exports.api.pulling import lines, make_token, pull, rows
from tests.exports.exporting import NOW
from tests.makers import allow, make_call, make_submitted, make_user

pytestmark = pytest.mark.django_db


def test_cursor_is_over_once_the_rules_are_others(client):
    call = make_call()
    make_submitted(call)
    _token, secret = make_token(call)
    cursor = pull(client, call, secret)["Next-Cursor"]
    assert pull(client, call, secret, cursor=cursor, quotable="yes").status_code == 400
    call.questions.filter(key="age").update(identity=True)
    assert pull(client, call, secret, cursor=cursor).status_code == 410


def lives_elsewhere(call, _coder):
    Call.objects.filter(pk=call.pk).update(timezone="Asia/Tokyo")


def publishes_nothing(call, _coder):
    Call.objects.filter(pk=call.pk).update(publication="never")


def codes_blind(call, coder):
    drawn = {"facet": "", "is_blind": True, "at": NOW, "seed": 1}
    by, other = make_user(Role.MANAGER), make_user(Role.CODER)
    draw_sample(call=call, size=1, coders=[coder, other], by=by, **drawn)


@pytest.mark.parametrize("happens", [lives_elsewhere, publishes_nothing, codes_blind])
def test_cursor_is_over_once_something_else_makes_other_lines(client, happens):
    story = {"key": "story", "kind": "long", "label": "What happened?", "max_words": 100}
    call, coder = make_call(evidence_questions=[story]), make_user(Role.CODER)
    make_submitted(call)
    allow(coder, "export")
    _token, secret = make_token(call, by=coder)
    cursor = pull(client, call, secret)["Next-Cursor"]
    happens(call, coder)
    assert pull(client, call, secret, cursor=cursor).status_code == 410


def test_cursor_of_a_table_is_over_once_its_labels_or_options_are_others(client):
    call = make_call()
    make_submitted(call)
    _token, secret = make_token(call)
    shape = {"format": "csv", "choices": "labels", "several": "apart"}
    first = pull(client, call, secret, **shape)
    of_keys = pull(client, call, secret)
    question = call.questions.get(key="age")
    question.options = [one | {"label": "New words"} for one in question.options]
    question.save()
    again = pull(client, call, secret, headers={"if-none-match": first["ETag"]}, **shape)
    assert rows(again)[0]["age"] == "New words"
    assert pull(client, call, secret, cursor=first["Next-Cursor"], **shape).status_code == 410
    assert lines(pull(client, call, secret, cursor=of_keys["Next-Cursor"])) == []
