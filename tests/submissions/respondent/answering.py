"""One browser that answers a small call, for the tests of its pages."""

import re
from datetime import timedelta

from submissions.calls.models import Call
from submissions.responses import drafting
from submissions.responses.models import Submission
from submissions.responses.working_copy import working_answers
from tests.makers import complete_answers, while_open

MICROSECOND = timedelta(microseconds=1)


def address(call, rest=""):
    return f"/calls/{call.slug}/{rest}"


def start(client, call):
    assert client.post(address(call, "start/")).status_code == 302
    return Submission.objects.latest("pk")


def start_with(client, call, **answers):
    draft = start(client, call)
    values = complete_answers(call, **answers)
    drafting.save_answers(submission=draft, call=call, values=values, at=while_open(call))
    return draft


def answers_of(draft):
    call = Call.objects.get(pk=draft.call_id)
    return working_answers(draft, call)


def text_of(response):
    """The page's words, as they stand between its tags."""
    body = re.sub(r"<(script|style).*?</\1>", "", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))
