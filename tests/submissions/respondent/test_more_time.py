"""What somebody does who needs more time is one sentence, from one place."""

import html
import re

import pytest
from django.conf import settings

from tests.makers import make_call, while_open

TEMPLATES = settings.BASE_DIR / "templates"
RULE = (
    "A call closes at the same moment for everybody. If you need more time, for example because of "
    "a disability, ask the people who run the call, before it closes if you can."
)
TOO_LATE = (
    "A call closes at the same moment for everybody. If something kept you from submitting in "
    "time, for example a disability, ask the people who run the call for more time."
)
# Pages and mails for somebody who was given more time already, and how long their data is kept.
GIVEN = {"late_passes/late_pass.html", "emails/late_pass.html", "emails/late_pass.txt"}
GIVEN |= {"statements/retention.html", "responses/closed.html"}


def words_of(page):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.content.decode())).split())


@pytest.mark.django_db
def test_each_page_that_speaks_of_more_time_says_the_same_once(client, at):
    call = make_call()
    at(while_open(call))
    client.post(f"/calls/{call.slug}/start/")
    open_pages = [f"/calls/{call.slug}/", f"/calls/{call.slug}/accessibility/", "/accessibility/"]
    dead_pass = f"/calls/{call.slug}/late-pass/{'A' * 43}/"
    for path in (*open_pages, dead_pass):
        assert (path, words_of(client.get(path)).count(RULE)) == (path, 1)
    at(call.closes_at)
    closed = client.get(f"/calls/{call.slug}/response/")
    assert closed.templates[0].name == "responses/closed.html"
    assert words_of(closed).count(TOO_LATE) == 1
    assert RULE not in words_of(closed)
    assert words_of(client.get(dead_pass)).count(TOO_LATE) == 1
    assert "more time" not in words_of(client.get(f"/calls/{call.slug}/"))


def test_no_other_template_has_a_rule_of_its_own():
    speaking = {
        path.relative_to(TEMPLATES).as_posix()
        for path in [*TEMPLATES.rglob("*.html"), *TEMPLATES.rglob("*.txt")]
        if "admin" not in path.parts
        and re.search(
            r"more time|extra time|extension|same moment|still be taken", path.read_text()
        )
    }
    assert speaking - GIVEN == {"portal/more_time.html"}


def test_no_call_that_comes_with_the_portal_has_a_rule_of_its_own():
    for path in (settings.BASE_DIR / "submissions" / "definitions").glob("*.toml"):
        assert not re.search(r"more time|extra time|same for everyone|extension", path.read_text())
