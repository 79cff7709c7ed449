"""What the tests of the API share: a token, and pulling pages with it."""

import csv
import io
import json

from accounts.states import Role
from core import clock
from exports import tokens
from exports.consent import PSEUDONYMISED
from tests.exports.exporting import NOW
from tests.makers import make_user


def make_token(call, *, by=None, scope=PSEUDONYMISED, days=90, at=None, **fields):
    """A token of a steering member, or of `by`, and its secret."""
    by = by or make_user(Role.STEERING_MEMBER)
    reason = "The analysis" if scope.named or scope.confidential else ""
    given = {"name": "R", "reason": reason} | fields
    at = at or clock.wall_now()
    return tokens.make(call=call, by=by, scope=scope, days=days, at=NOW, wall_now=at, **given)


def pull(client, call, secret, **given):
    """One page, read to its end: its snapshot is over before the next."""
    extra = {"headers": {"authorization": f"Bearer {secret}"} | given.pop("headers", {})}
    answer = client.get(f"/api/v1/calls/{call.slug}/responses", given, **extra)
    if answer.streaming:
        answer.streaming_content = [b"".join(answer)]
    return answer


def lines(answer):
    assert answer.status_code == 200, answer.content
    return [json.loads(line) for line in b"".join(answer).decode().splitlines()]


def rows(answer):
    text = b"".join(answer).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def said(answer):
    """Each reference with what its line says of it."""
    return [(line["reference"], line["change"]) for line in lines(answer)]
