"""The fuzzer finds what it looks for, and nothing in pages as they should be."""

from random import Random

import pytest
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.html import escape

from tests.fuzz import asking, payloads
from tests.fuzz.asking import Target
from tests.fuzz.judging import faults_of, faults_of_log
from tests.fuzz.surface import Page, names_in_code


def judged(answer, path="/"):
    answer.headers.setdefault("X-Content-Type-Options", "nosniff")
    answer.headers.setdefault("Content-Security-Policy", "default-src 'none'")
    return faults_of(answer, answer.content, path)


@pytest.mark.parametrize("text", payloads.MARKUPS)
@pytest.mark.parametrize("frame", ["<p>{}</p>", '<a title="{}">', "<textarea>{}</textarea>"])
def test_escaped_text_is_no_fault(frame, text):
    assert judged(HttpResponse(frame.format(escape(text)))) == []


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        (f"<p>{payloads.MARKUP}</p>", "<fuzz onfuzz> is markup"),
        ('<input value="" onfuzz="x" a="">', "<input value onfuzz a> is markup"),
        (f"<textarea>{payloads.MARKUP}</textarea>", "<fuzz onfuzz> is markup"),
        ('<a href="\x01javascript:fuzz()">', "<a> leads to a script"),
        (f"<p>{payloads.PRODUCT}</p>", "a template was run"),
        ('<p>File "/portal/core/clock.py", line 9</p>', "a traceback"),
    ],
)
def test_fault_of_a_page_is_found(page, fault):
    assert judged(HttpResponse(page)) == [fault]


def test_error_is_found_but_for_a_portal_that_says_itself_that_it_is_not_ready():
    assert judged(HttpResponse(status=500)) == ["status 500"]
    assert judged(HttpResponse(status=503), "/steering/") == ["status 503"]
    assert judged(HttpResponse(status=503), "/readyz/") == []


@pytest.mark.parametrize(
    "location", ["https://fuzz.invalid/", "//fuzz.invalid/", "/\\fuzz.invalid/"]
)
def test_redirect_elsewhere_is_found(location):
    answer = HttpResponseRedirect("/")
    answer.headers["Location"] = location
    assert f"it leads to {location}" in judged(answer)


def test_headers_that_are_missing_or_made_by_the_request_are_found():
    answer = HttpResponse("<p>")
    assert faults_of(answer, b"<p>", "/") == ["no content security policy", "no nosniff"]
    answer = HttpResponse(headers={"X-Fuzz": "1"})
    assert judged(answer) == ["a header out of what was sent"]
    for name, path in (("fuzz", "/"), ("csrf", "/fuzz")):
        answer = HttpResponse()
        answer.set_cookie(name, "1", path=path)
        assert judged(answer) == ["a header out of what was sent"]


def test_token_that_happens_to_read_like_a_payload_is_no_fault():
    answer = HttpResponse()
    answer.set_cookie("csrf", "RTFUZzRbtsTFGrKWWnaFKXrJC7oi0GTx")
    assert judged(answer) == []


def test_errors_and_forged_lines_of_the_log_are_found():
    line = "2026-11-27 08:00:00,000 {} django.request said"
    assert faults_of_log([line.format("WARNING")]) == []
    assert faults_of_log([line.format("ERROR")])[0].startswith("logged: ")
    assert faults_of_log([line.format("INFO") + "\nforged"])[0].startswith("a forged line")


def test_page_offers_its_fields_and_the_parameters_of_its_links():
    page = Page(
        "/here/",
        '<a href="?order=1"></a><a href="/else/?not=1"></a>'
        '<form method="post" action="/there/" id="f"><input name="a" value="1">'
        '<textarea name="b">words</textarea><select name="c"><option value="x" selected>X'
        '<option value="y">Y</select><input type="radio" name="d" value="p">'
        '<button name="go" value="now">Go</button></form><input name="e" form="f">',
    )
    (form,) = page.forms
    assert page.parameters == {"order": "1"}
    assert (form.method, form.action) == ("POST", "/there/")
    assert {name: one.value for name, one in form.fields.items()} == {
        "a": "1",
        "b": "words",
        "c": "x",
        "d": "",
        "e": "",
    }
    assert (form.fields["c"].options, form.buttons) == (["x", "y"], [("go", "now")])


def test_names_that_views_read_are_found_in_the_code():
    assert {"return"} <= set(names_in_code("GET"))
    assert {"token", "_section"} <= set(names_in_code("POST"))


def test_request_of_a_seed_is_the_same_each_time_and_has_what_it_must():
    names = [f"name{number}" for number in range(9)]
    target = Target(0, "x/", 0, dict.fromkeys(names, ""), names=names)
    first, again = (asking.make(target, "/x/", seed="s:1", must={"name3"}) for _ in range(2))
    assert first == again
    assert "name3" in first.hostile
    assert asking.make(target, "/x/", seed="s:2", must={"name3"}) != first


def test_every_value_can_be_sent():
    for values in payloads.VALUES:
        for one in values:
            assert asking.urlencoded([(one, one)])
            assert asking.multipart([(one, one)], [("f", one, b"x")])
    assert isinstance(asking.value(Random(1)), str)
