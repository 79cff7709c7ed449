"""The steering group's pages."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from exports.counts.types import Counts
from submissions.calls.models import Call
from submissions.definitions.loading import load, parse
from tests.exports.counted_call import make_counted_call
from tests.exports.steering.pages import tables
from tests.makers import (
    OPENS_AT,
    SMALL,
    let_members_in,
    make_call,
    make_submitted,
    make_user,
)

pytestmark = pytest.mark.usefixtures("clock_after_closing")


@pytest.mark.django_db
def test_page_shows_charts_or_the_same_as_tables(steering):
    make_counted_call()
    text = steering.get("/steering/the-call/").content.decode()
    shown = tables(steering.get("/steering/the-call/?view=tables").content.decode())
    assert [row for row in shown["Responses by day"] if row[1] != "0"] == [
        ["Day", "Responses"],
        ["Wed 29 May 2019", "1"],
        ["Fri 31 May 2019", "1"],
        ["Wed 24 July 2019 closing day", "2"],
    ]
    assert shown["Responses by role"] == [
        ["Role", "Responses", "Share"],
        ["I provide services", "3", "75%"],
        ["I commission services", "0", "0%"],
        ["Something else", "3", "75%"],
    ]
    assert shown["Responses by income band"][1:] == [
        ["Under £10,000", "2", "50%"],
        ["£10,000 to £25,000", "1", "25%"],
        ["Not answered", "1", "25%"],
    ]
    assert ["Story", "4", "100%"] in shown["Completion of each question"]
    assert text.count('role="img"') == len(shown) == 5
    assert tables(text) == {}
    assert "closes midday, Wed 24 July" in text
    assert 'href="/steering/the-call/export.csv"' in text
    # What loads comes from here, and nothing is styled in the page; the icon is in it.
    text = text.replace("xmlns='http://www.w3.org/2000/svg'", "")
    assert re.findall(r'(?:src|xlink:href)="(?!/static/)[^"]*"', text) == []
    assert not re.search(r"https?://|<style| style=", text)


@pytest.mark.django_db
def test_shares_leave_out_confidential_responses_and_the_page_says_so(steering):
    call = make_call(slug="the-call")
    page = "/steering/the-call/?view=tables&open=all"
    make_submitted(call, story="Words", publication="confidential")
    assert "Length of responses" not in tables(steering.get(page).content.decode())
    for _other in range(2):
        make_submitted(call, story="Words", publication="anonymous")
    text = steering.get(page).content.decode()
    assert ["Which describes you?", "2", "100%"] in tables(text)["Completion of each question"]
    assert ["Under 250", "2", "100%"] in tables(text)["Length of responses"]
    assert text.count("Out of the 2 responses that are not confidential.") == 2
    assert text.count("Some questions are asked only of some people.") == 1
    Call.objects.update(hides_small_counts=True)
    for _more in range(6):
        make_submitted(call, story="Words", publication="anonymous")
    text = steering.get(page).content.decode()
    assert "that are not confidential." not in text
    assert text.count("Out of all responses, without the words of confidential ones.") == 2


@pytest.mark.django_db
def test_parts_fold_and_the_address_opens_them(steering):
    make_counted_call()
    for query, opened in {
        "": ["by-day"],
        "?open=roles": ["by-day", "roles"],
        "?view=tables": [],
        "?view=tables&open=by-day": ["by-day"],
        "?open=all": ["by-day", "roles", "income_band", "length", "completion"],
        "?open=<b>&view=anything": ["by-day"],
    }.items():
        text = steering.get(f"/steering/the-call/{query}").content.decode()
        assert re.findall(r'id="part-([\w-]+)" open>', text) == opened, query
        assert len(re.findall(r'<details class="part"', text)) == 5, query
        assert "<b>" not in text, query


@pytest.mark.django_db
def test_links_jump_to_each_part_and_keep_how_somebody_looks(steering):
    make_counted_call()
    text = steering.get("/steering/the-call/?view=tables").content.decode()
    jumps = text[text.index('<nav class="jumps"') :].partition("</nav>")[0]
    assert re.findall(r'href="([^"]*)">([^<]*)<', jumps) == [
        ("?view=tables&amp;open=by-day#part-by-day", "Days"),
        ("?view=tables&amp;open=roles#part-roles", "Role"),
        ("?view=tables&amp;open=income_band#part-income_band", "Income band"),
        ("?view=tables&amp;open=length#part-length", "Length"),
        ("?view=tables&amp;open=completion#part-completion", "Completion"),
        ("/steering/the-call/counts/", "Answers to every closed question"),
    ]


@pytest.mark.django_db
def test_bar_is_as_long_as_its_share_of_the_longest(steering):
    make_counted_call()
    text = steering.get("/steering/the-call/").content.decode()
    band = text[text.index('aria-labelledby="facet-income_band-title') :].partition("</svg>")[0]
    assert re.findall(r'class="chart-bar(?: chart-bar--none)?"[^>]* width="([\d.]+)%"', band) == [
        "80.0",
        "40.0",
        "40.0",
    ]


@pytest.mark.django_db
def test_language_that_writes_a_comma_moves_no_part_of_a_chart(steering):
    def placed(page):
        return re.findall(r' (?:x|y|x1|y1|width|height)="([^"]*)"', page.content.decode())

    make_counted_call()
    english = placed(steering.get("/steering/the-call/"))
    with translation.override("de"):
        german = steering.get("/steering/the-call/")
    assert placed(german) == english
    assert "Mi 24 Juli" in german.content.decode()
    assert "40.0%" in english


@pytest.mark.django_db
def test_page_before_the_first_response_says_so(steering):
    make_call(slug="the-call")
    text = steering.get("/steering/the-call/").content.decode()
    assert "No response has been submitted yet." in text
    assert "<svg" not in text


@pytest.mark.django_db
def test_closing_moment_is_marked_before_it_comes(steering, monkeypatch):
    call = make_call(slug="the-call")
    at = OPENS_AT + timedelta(days=1)
    monkeypatch.setattr("core.clock.portal_now", lambda: at)
    make_submitted(call, at=OPENS_AT)
    text = steering.get("/steering/the-call/").content.decode()
    shown = tables(steering.get("/steering/the-call/?view=tables").content.decode())
    # 56 days and a half of 57, as the call closes at midday of its last day.
    assert 'class="chart-closing" x1="99.123%"' in text
    assert len(shown["Responses by day"]) == 3


@pytest.mark.django_db
def test_call_without_facets_shows_no_chart_of_them(steering):
    call = make_call(slug="the-call", facets=[])
    make_submitted(call)
    shown = tables(steering.get("/steering/the-call/?view=tables").content.decode())
    assert list(shown) == [
        "Responses by day",
        "Length of responses",
        "Completion of each question",
    ]


@pytest.mark.django_db
def test_bands_are_drawn_beside_the_facet_with_their_notes(steering):
    text = SMALL.read_text(encoding="utf-8")
    call = load(parse(text, source="small.toml"), by=None, at=OPENS_AT).call
    let_members_in(call)
    for size in ("large", "none", "small", "small"):
        make_submitted(call, roles=["provider"], size=size)
    page = steering.get("/steering/small/?view=tables").content.decode()
    shown = tables(page)
    assert re.findall(r"<h2>(Responses by [^<]*)</h2>", page) == [
        "Responses by day",
        "Responses by part",
        "Responses by NHS size",
    ]
    assert shown["As the call asks"] == [
        ["NHS size", "Responses", "Share"],
        ["Large", "1", "25%"],
        ["Small", "2", "50%"],
        ["No size", "1", "25%"],
    ]
    assert shown["In halves"][1:] == [
        ["Upper half", "1", "25%"],
        ["Lower half (or nothing)", "3", "75%"],
    ]
    assert re.findall(r"(?i)income|ncvo|lloyds|service area|capacity", page) == []


@pytest.mark.django_db
def test_large_numbers_have_separators(steering, monkeypatch):
    make_call(slug="the-call", facets=[])
    counts = Counts(total=101_234, median_words=2_400)
    monkeypatch.setattr("exports.steering.overview.count_responses", lambda call, at, once: counts)
    text = steering.get("/steering/the-call/").content.decode()
    assert re.findall('<dd(?: class="total")?>(.*?)</dd>', text)[:2] == ["101,234", "2,400"]


@pytest.mark.django_db
def test_single_call_is_shown_at_once_and_several_to_choose_from(steering):
    make_call(slug="first-call", title="First")
    assert "How the call is going" in steering.get("/steering/").content.decode()
    make_call(slug="second-call", title="Second")
    text = steering.get("/steering/").content.decode()
    assert re.findall(r'href="(/steering/[^"]+/)"', text) == [
        "/steering/first-call/",
        "/steering/second-call/",
    ]
    assert "First" in steering.get("/steering/first-call/").content.decode()


@pytest.mark.django_db
def test_page_without_any_call_says_so(client):
    client.force_login(make_user(is_superuser=True))
    assert "No call has been set up yet." in client.get("/steering/").content.decode()


@pytest.mark.django_db
def test_unknown_call_is_not_found(steering):
    make_call()
    for path in ("", "counts/", "export.csv", "dictionary.csv"):
        assert steering.get(f"/steering/no-such-call/{path}").status_code == 404, path


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "status", "is_said"),
    [("nope/", 404, "a call of which you are not a member"), ("?q=%00", 400, "cannot be read")],
)
def test_member_is_led_back_to_the_pages_of_members(steering, path, status, is_said):
    make_call()
    answer = steering.get(f"/steering/{path}")
    page = answer.content.decode()
    assert (answer.status_code, "giving evidence" in page) == (status, False)
    assert is_said in page
    assert '<a href="/steering/">Go to the start page</a>' in page
    steering.logout()
    stranger = steering.get("/steering/a/b/").content.decode()
    assert "If you were giving evidence" in stranger
    assert '<a href="/">Go to the start page</a>' in stranger


@pytest.mark.django_db
def test_page_asks_as_much_for_three_responses_as_for_one(steering):
    call = make_call(slug="the-call")
    counts = []
    for more in (1, 2):
        for _ in range(more):
            make_submitted(call)
        with CaptureQueriesContext(connection) as queries:
            steering.get("/steering/the-call/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
