"""A database that is away: what people read, what happens to what they typed, what is logged."""

import errno
import io
import logging
import re
from contextlib import contextmanager
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, DataError, connection
from django.test import Client

from core import outages
from core.redacting_logs import RedactingFormatter
from evidence_portal import error_pages
from submissions.calls.models import Call
from submissions.respondent import sections
from submissions.responses.models import Reply
from tests.asking import make_askable, make_asking_call, put_question
from tests.makers import make_call, while_open
from tests.submissions.mail.mail_sink import free_port
from tests.submissions.respondent.answering import address, answers_of, start_with

pytestmark = pytest.mark.django_db(transaction=True)
TYPED = "Two months of work\r\nfor <nothing> & no one"


@pytest.fixture
def call(at):
    call = make_call()
    at(while_open(call))
    return call


@contextmanager
def database_away():
    """The connection goes to a port where nobody listens."""
    there = connection.settings_dict["HOST"], connection.settings_dict["PORT"]
    connection.close()
    connection.settings_dict |= {"HOST": "127.0.0.1", "PORT": str(free_port())}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict |= dict(zip(("HOST", "PORT"), there, strict=True))


@pytest.fixture
def browser():
    return Client(enforce_csrf_checks=True, raise_request_exception=False)


@pytest.fixture
def draft(browser, call):
    browser.handler.enforce_csrf_checks = False
    draft = start_with(browser, call, story="Saved before.")
    browser.handler.enforce_csrf_checks = True
    return draft


@pytest.fixture
def lines():
    """What the portal's handler writes."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(RedactingFormatter())
    logging.getLogger().addHandler(handler)
    yield lambda: stream.getvalue().splitlines()
    logging.getLogger().removeHandler(handler)


def token_on(browser, page):
    html = browser.get(page).content.decode()
    return re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', html)[1]


def sent_by(page):
    """The fields of the form that sends again, as a browser would send them."""
    found = re.findall(r'<textarea name="([^"]+)" hidden>\n(.*?)</textarea>', page, flags=re.S)
    return {
        unescape(name): unescape(text).replace("\r\n", "\n").replace("\n", "\r\n")
        for name, text in found
    }


def test_page_says_that_the_website_is_away_and_when_to_try_again(browser, call):
    with database_away():
        response = browser.get(address(call))
    page = response.content.decode()
    assert (response.status_code, response["Retry-After"]) == (503, "30")
    assert "Sorry, this website does not work at the moment" in page
    assert "Everything that was saved before is still there" in page
    assert f"<strong>{response['X-Request-ID']}</strong>" in page


def test_log_has_one_line_with_class_host_and_reason(browser, call, lines):
    with database_away():
        response = browser.get(address(call, "return/a%0Ab/"))  # a stranger's line break
    (line,) = [line for line in lines() if " ERROR " in line]
    assert re.search(
        r"no answer to GET /calls/\S+/return/a\\nb/: "
        r"psycopg2.OperationalError, 127.0.0.1: .*Connection refused",
        line,
    )
    assert "\n" not in line
    assert browser.get(address(call))["X-Request-ID"] != response["X-Request-ID"]


def test_what_was_typed_is_sent_again_by_one_press(browser, call, draft):
    page = address(call, "response/evidence/")
    etags = re.search(r'name="_base_etags" value="([^"]*)"', browser.get(page).content.decode())[1]
    typed = {"csrfmiddlewaretoken": token_on(browser, page), "_base_etags": etags, "story": TYPED}
    typed["publication"] = "anonymous"
    with database_away():
        response = browser.post(page, typed | {"action": "save"})
    html = response.content.decode()
    assert response.status_code == 503
    assert "What you sent just now may not be saved" in html
    assert "Text 1" in html
    assert "Text 2" not in html
    assert "for &lt;nothing&gt; &amp; no one" in html
    assert f'<form method="post" action="{page}">' in html
    assert answers_of(draft)["story"] == "Saved before."
    again = browser.post(page, sent_by(html))
    assert again.status_code == 302
    assert answers_of(draft)["story"].splitlines() == TYPED.splitlines()


def test_answer_to_a_question_of_the_team_is_given_back_too(browser, at):
    call = make_asking_call()
    at(while_open(call))
    page = f"/calls/{call.slug}/question/{put_question(make_askable(call))[1]}/"
    typed = {"csrfmiddlewaretoken": token_on(browser, page), "answer": TYPED}
    with database_away():
        html = browser.post(page, typed).content.decode()
    assert "for &lt;nothing&gt; &amp; no one" in html
    assert browser.post(page, sent_by(html)).status_code == 302
    assert Reply.objects.get().text.splitlines() == TYPED.splitlines()


def test_files_have_to_be_chosen_again(browser, call, draft):
    page = address(call, "response/evidence/")
    file = SimpleUploadedFile("report.pdf", b"%PDF-1.7")
    typed = {"csrfmiddlewaretoken": token_on(browser, page), "story": TYPED, "files": file}
    with database_away():
        html = browser.post(page, typed).content.decode()
    assert "Choose the files again afterwards" in html


def test_form_of_another_website_is_not_offered_for_sending(browser, call, draft):
    with database_away():
        response = browser.post(address(call, "response/evidence/"), {"story": "Not mine"})
    assert "Not mine" not in response.content.decode().partition("What you typed")[0]
    assert "Send again" not in response.content.decode()


def test_password_is_not_given_back(browser, db):
    page = "/admin/login/"
    typed = {
        "csrfmiddlewaretoken": token_on(browser, page),
        "username": "jo",
        "password": "hunter22",
    }
    with database_away():
        response = browser.post(page, typed)
    assert response.status_code == 503
    assert "hunter22" not in response.content.decode()
    assert "Send again" not in response.content.decode()


def test_fault_of_the_portals_own_stays_a_500_with_its_number(browser, call, draft, monkeypatch):
    monkeypatch.setattr(sections, "_page", None)
    response = browser.get(address(call, "response/evidence/"))
    assert response.status_code == 500
    assert f"<strong>{response['X-Request-ID']}</strong>" in response.content.decode()


@pytest.mark.parametrize(
    ("path", "first_page"),
    [("/admin/review/", "/admin/"), ("/steering/call/", "/steering/"), ("/calls/call/", "/")],
)
def test_fault_leads_each_to_their_own_first_page(rf, path, first_page):
    page = error_pages.server_error(rf.get(path)).content.decode()
    assert f'<a href="{first_page}">Go to the start page</a>' in page
    assert ("pressed “Submit”" in page) == (first_page == "/")


@pytest.mark.parametrize(
    ("state", "is_one"),
    [
        ("53100", True),  # the disk is full
        ("53300", True),  # too many connections
        ("57P01", True),  # the server is being stopped
        ("25006", True),  # it only reads
        ("08006", True),  # the connection broke
        ("58030", True),  # its disk fails
        ("55P03", False),  # a lock was waited for in vain
        ("57014", False),  # a statement took too long
        ("40P01", False),  # a deadlock
        ("23505", False),  # there is one already
    ],
)
def test_outage_is_told_from_a_fault_by_its_state(state, is_one):
    with pytest.raises(DatabaseError) as raised, connection.cursor() as cursor:
        cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'so it is' USING ERRCODE = '{state}'; END $$")
    outage = outages.outage_of(raised.value)
    assert (outage is not None) == is_one
    if outage:
        assert outage.reason == "so it is"
        assert outage.error.startswith("psycopg2.errors.")


def test_disk_that_is_full_is_an_outage_and_a_missing_file_is_none():
    assert outages.outage_of(OSError(errno.ENOSPC, "No space left on device"))
    assert outages.outage_of(FileNotFoundError(errno.ENOENT, "No such file")) is None
    assert outages.outage_of(DataError("value too long")) is None
    assert outages.outage_of(None) is None


def test_line_of_the_log_has_the_number_of_its_request(call, lines):
    browser = Client()
    response = browser.get("/nowhere/")
    (line,) = [line for line in lines() if "Not Found" in line]
    assert f" django.request [{response['X-Request-ID']}] Not Found: /nowhere/" in line
    logging.getLogger("portal.test").warning("outside of any request")
    assert lines()[-1].endswith(" portal.test outside of any request")


def test_outage_page_of_a_call_is_in_its_language_and_offers_to_send_again(
    browser, call, draft, settings
):
    settings.LANGUAGES = [("en-gb", "British English"), ("ar", "Arabic")]
    Call.objects.filter(pk=call.pk).update(language="ar")
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE[:2],
        "submissions.respondent.languages.LanguageOfCallMiddleware",
        *settings.MIDDLEWARE[2:],
    ]
    browser.handler.load_middleware()
    page = address(call, "response/evidence/")
    typed = {"csrfmiddlewaretoken": token_on(browser, page), "story": TYPED}
    with database_away():
        said = browser.post(page, typed).content.decode()
    assert ("Send again" in said, '<html lang="ar" dir="rtl">' in said) == (True, True)
