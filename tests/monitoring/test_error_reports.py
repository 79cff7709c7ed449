"""A fault is told to the tracker without anything that somebody typed."""

import json

import pytest
import sentry_sdk
from django.test import Client
from sentry_sdk.transport import Transport

from evidence_portal import error_reports
from submissions.respondent import sections
from tests.makers import make_call, while_open
from tests.submissions.respondent.answering import address, start_with

pytestmark = pytest.mark.django_db
TYPED = "the-secret-that-somebody-typed"


@pytest.fixture
def sent():
    """The events that would leave the machine, each as its text."""
    events = []

    class Catching(Transport):
        def capture_envelope(self, envelope):
            events.extend(json.dumps(item.payload.json) for item in envelope.items)

    error_reports.start("https://key@tracker.example/1", environment="test", transport=Catching)
    yield events
    sentry_sdk.get_global_scope().set_client(None)


def test_fault_of_a_page_leaves_its_code_and_number_alone(sent, at, monkeypatch):
    call = make_call()
    at(while_open(call))
    browser = Client(raise_request_exception=False, headers={"X-Secret": TYPED})
    start_with(browser, call)

    def fail(*_args, **_kwargs):
        local = TYPED
        raise ValueError(local)

    monkeypatch.setattr(sections, "save_page", fail)
    page = f"{address(call, 'response/evidence/')}?q={TYPED}"
    answer = browser.post(page, {"story": TYPED}, REMOTE_ADDR="192.0.2.7")
    assert answer.status_code == 500
    (event,) = sent
    assert TYPED not in event
    assert "192.0.2.7" not in event
    assert set(browser.cookies) != set()
    assert not any(cookie.value in event for cookie in browser.cookies.values())
    told = json.loads(event)
    assert told["tags"] == {"request": answer["X-Request-ID"]}
    assert told["message"] == "ValueError"
    (value,) = told["exception"]["values"]
    assert value["type"] == "ValueError"
    assert value["stacktrace"]["frames"][-1]["function"] == "fail"
    assert set(told) <= {*error_reports.OF_EVENT, "exception", "message", "tags"}


def test_message_without_an_exception_is_not_sent(sent):
    sentry_sdk.capture_message(TYPED)
    assert sent == []


def test_nothing_is_sent_without_an_address(settings):
    assert settings.SENTRY_DSN == ""
    assert not sentry_sdk.is_initialized()
