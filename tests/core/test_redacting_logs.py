"""No log line holds an answer, whatever went wrong with it."""

import io
import json
import logging
import re
import smtplib

import pytest
from celery import Celery
from django.conf import settings as portal_settings
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test import Client

from accounts.states import Role
from core.redacting_logs import JsonFormatter, RedactingFormatter
from submissions.respondent import decorators
from submissions.responses.models import Submission
from tests.makers import make_call, make_draft, make_user, while_open
from tests.rights.two_calls import PARTS, templates

TOKEN = re.compile(r"<\w+:token>")
TYPED = "the-secret-that-somebody-typed"


@pytest.fixture
def logged():
    """What the portal's handler writes, for every logger."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(RedactingFormatter())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream.getvalue
    root.removeHandler(handler)
    root.setLevel(level)


def logged_exception(logged, raising):
    try:
        raising()
    except Exception:
        logging.getLogger("portal.test").exception("it failed")
    return logged()


def test_settings_use_the_redacting_formatter_for_everything():
    logs = portal_settings.LOGGING
    assert logs["root"]["handlers"] == ["console"]
    assert logs["handlers"]["console"]["formatter"] == "line"
    assert logs["formatters"]["line"]["()"] == "core.redacting_logs.RedactingFormatter"
    assert logs["loggers"]["django"] == {"handlers": [], "propagate": True}
    assert logs["loggers"]["django.db.backends"] == {"level": "INFO"}


def test_line_has_its_moment_in_utc():
    # In the second of the two hours from 1 to 2 that the night to 27 October 2019 has in the UK.
    moment = {"created": 1572139800.25, "msecs": 250.0}
    record = logging.makeLogRecord(moment | {"name": "portal.test", "msg": "it ran"})
    assert RedactingFormatter().format(record).startswith("2019-10-27 01:30:00.250Z ")


def test_traceback_has_the_code_and_the_type_but_not_the_message(logged):
    def raising():
        raise ValueError(TYPED)

    said = logged_exception(logged, raising)
    assert TYPED not in said
    assert "ERROR portal.test it failed\n" in said
    assert 'test_redacting_logs.py", line' in said
    assert said.splitlines()[-1] == "ValueError"


def test_chain_of_exceptions_is_followed_without_their_messages(logged):
    def raising():
        try:
            int(TYPED)
        except ValueError as error:
            raise RuntimeError(TYPED) from error

    said = logged_exception(logged, raising)
    assert TYPED not in said
    assert [line for line in said.splitlines() if line in {"ValueError", "RuntimeError"}] == [
        "ValueError",
        "RuntimeError",
    ]


def test_chain_that_bites_its_tail_ends(logged):
    def raising():
        error = RuntimeError(TYPED)
        other = ValueError(TYPED)
        other.__cause__ = error
        raise error from other

    assert TYPED not in logged_exception(logged, raising)


@pytest.mark.django_db
def test_database_error_names_the_constraint_and_quotes_no_row(logged):
    def raising():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO auth_group (name) VALUES (%s), (%s)",
                [TYPED, TYPED],
            )

    with pytest.raises(IntegrityError, match=TYPED):
        raising()
    said = logged_exception(logged, raising)
    assert TYPED not in said
    assert said.splitlines()[-1] == (
        "django.db.utils.IntegrityError "
        "(sqlstate 23505, constraint_name auth_group_name_key, table_name auth_group)"
    )


def test_fault_of_a_file_or_a_server_keeps_its_words(logged):
    def raising():
        raise ConnectionRefusedError(111, "Connection refused", "/run/engine")

    said = logged_exception(logged, raising).splitlines()[-1]
    assert said == "ConnectionRefusedError: [Errno 111] Connection refused: '/run/engine'"


def test_refused_recipient_is_not_named(logged):
    refusal = smtplib.SMTPRecipientsRefused({"someone@example.org": (550, b"no")})

    def raising():
        raise refusal

    said = logged_exception(logged, raising)
    assert "someone" not in said
    assert said.splitlines()[-1] == "smtplib.SMTPRecipientsRefused"


def test_failed_task_is_logged_without_its_message_and_one_that_ends_well_not_at_all(logged):
    app = Celery("trial", broker="memory://", set_as_current=False)

    @app.task(name="trial.end_well")
    def end_well():
        pass

    end_well.apply()
    assert "trial.end_well" not in logged()

    @app.task(name="trial.fail")
    def fail():
        raise ValueError(TYPED)

    fail.apply(throw=False)
    said = logged()
    assert TYPED not in said
    assert "Task trial.fail" in said
    assert "raised unexpected: ValueError" in said
    assert "Traceback" in said


def test_task_in_an_outage_is_logged_in_one_line_that_says_why(logged):
    app = Celery("trial", broker="memory://", set_as_current=False)

    @app.task(name="trial.ask")
    def ask():
        raise OperationalError("connection refused\nIs the server running?")

    ask.apply(throw=False)
    _, _, said = logged().partition(" ERROR ")
    assert re.fullmatch(r".*Task trial\.ask.* .*OperationalError, .*: connection refused\n", said)


@pytest.mark.django_db
def test_page_that_breaks_with_answers_in_its_hands_logs_none(client, at, logged, monkeypatch):
    call = make_call()
    at(while_open(call))
    draft = make_draft(call, story=TYPED)
    assert Submission.objects.get() == draft

    def breaks(*args, **kwargs):
        raise RuntimeError(f"cannot use {TYPED}")

    client.raise_request_exception = False
    client.post(f"/calls/{call.slug}/start/")
    monkeypatch.setattr(decorators, "current_response", breaks)
    answer = client.get(f"/calls/{call.slug}/response/?typed={TYPED}")
    assert answer.status_code == 500
    said = logged()
    assert TYPED not in said
    assert f"Internal Server Error: /calls/{call.slug}/response/" in said
    assert TYPED not in answer.content.decode()


@pytest.mark.django_db
def test_refused_request_logs_none_of_what_was_posted(client, at, logged):
    call = make_call()
    at(while_open(call))
    client.post(f"/calls/{call.slug}/start/")
    address = f"/calls/{call.slug}/response/evidence/"
    form = "application/x-www-form-urlencoded"  # files are sent in parts, which takes long
    fields = "&".join([f"field={TYPED}"] * 10_001)
    assert client.post(address, fields, form).status_code == 400
    assert client.post(address, f"story={TYPED}{'x' * 17_000_000}", form).status_code == 400
    said = logged()
    assert TYPED not in said
    assert "DATA_UPLOAD_MAX_NUMBER_FIELDS" in said


@pytest.mark.django_db
def test_requests_that_are_refused_leave_one_line_each_and_no_alarm(client, at, logged, settings):
    call = make_call()
    at(while_open(call))
    address = f"/calls/{call.slug}/start/"
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100_000
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
    before = logged()
    refused = [
        client.get("/nowhere/"),
        client.post("/admin/login/", {"username": "x" * 100_001}),
        client.post("/admin/login/", {f"field_{number}": "x" for number in range(1001)}),
        client.get("/", headers={"host": "attacker.example"}),
        Client(enforce_csrf_checks=True).post(address),
        client.get("/calls/?page=%00"),
    ]
    client.force_login(make_user(Role.STEERING_MEMBER))
    refused.append(client.get("/admin/"))
    client.force_login(make_user(is_staff=True, is_superuser=True))
    refused.append(
        client.get("/admin/submissions/submission/?current_version__submission__a%0Ab=1")
    )
    assert [answer.status_code for answer in refused] == [404, 400, 400, 400, 403, 400, 403, 400]
    lines = [
        re.sub(r"^\S+ [\d:.]+Z ", "", line)
        for line in logged().removeprefix(before).splitlines()
        if " DEBUG " not in line and " INFO " not in line
    ]
    assert [line for line in lines if not line.startswith("WARNING django.")] == []
    assert {line.split()[1] for line in lines} == {
        "django.request",
        "django.security.DisallowedHost",
        "django.security.DisallowedModelAdminLookup",
        "django.security.RequestDataTooBig",
        "django.security.TooManyFieldsSent",
        "django.security.csrf",
    }


@pytest.mark.django_db
@pytest.mark.parametrize("template", [t for t in templates() if TOKEN.search(t)])
def test_link_by_mail_is_not_logged(logged, template):
    token = "kT9-x" * 9
    way, _, _ = PARTS.sub("part", TOKEN.sub("TOKEN", template)).partition("TOKEN")
    Client(enforce_csrf_checks=True).post(f"/{way}{token}/")  # refused, with or without CSRF
    assert token not in logged()
    assert f": /{way}[token]/" in logged()


def test_links_of_every_kind_of_mail_are_tried():
    assert len([t for t in templates() if TOKEN.search(t)]) >= 11


def test_lines_as_json_have_the_same_words_and_no_more():
    try:
        raise ValueError(TYPED)
    except ValueError as error:
        broken = (type(error), error, error.__traceback__)
    record = logging.makeLogRecord(
        {"name": "portal.test", "levelname": "ERROR", "msg": "two\nlines", "exc_info": broken}
        | {"created": 1572139800.25, "msecs": 250.0}
    )
    line = JsonFormatter().format(record)
    assert "\n" not in line
    entry = json.loads(line)
    assert entry.pop("traceback").endswith("ValueError")
    assert entry == {
        "time": "2019-10-27T01:30:00.250Z",
        "level": "ERROR",
        "logger": "portal.test",
        "message": "two\\nlines",
    }
    assert TYPED not in line
