"""The stylesheet, the script and what the templates may hold."""

import gzip
import re
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

from core.accent import DARK_GROUND, LIGHT_GROUND, contrast
from core.words import _STRETCH as _UNSPACED
from core.words import count_words

ROOT = Path(settings.BASE_DIR)
CSS = (ROOT / "static/css/portal.css").read_text()
SCRIPT = (ROOT / "static/js/portal.js").read_text()
# Mails, and the page in the copy of what a person gave, are read without the portal's style sheet.
APART = {"emails", "personal_data"}
TEMPLATES = sorted(
    path
    for path in (ROOT / "templates").rglob("*.html")
    if path.relative_to(ROOT / "templates").parts[0] not in APART
)


def palette(css):
    """The custom properties of the first `:root` block in `css` that are colours."""
    block = css[css.index(":root {") :]
    found = re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", block[: block.index("}")])
    return {name: _six_digits(colour) for name, colour in found}


def _six_digits(colour):
    return colour if len(colour) == 7 else "#" + "".join(c * 2 for c in colour[1:])


DAY = palette(CSS)
NIGHT = DAY | palette(CSS[CSS.index("prefers-color-scheme: dark") :])


def test_stylesheet_and_script_are_small():
    together = sum(len(gzip.compress(text.encode(), 6)) for text in (CSS, SCRIPT))
    assert 1_000 < together < 14_800


def test_no_template_has_an_inline_style_or_script():
    inline = r"<style|\sstyle\s*=|<script(?![^>]*\ssrc=)|\son[a-z]+\s*=|javascript:"
    found = {str(path): re.findall(inline, path.read_text(), re.IGNORECASE) for path in TEMPLATES}
    assert len(found) > 100
    assert {name: those for name, those in found.items() if those} == {}


def test_heading_over_a_button_alone_is_not_printed():
    """The button is not, so on paper the heading would stand over nothing."""
    alone = r"<h2>.*</h2>\n<form[^>]*>{% csrf_token %}<button"
    assert [path.name for path in TEMPLATES if re.search(alone, path.read_text())] == []


@pytest.mark.parametrize("colours", [DAY, NIGHT], ids=["day", "night"])
def test_text_is_readable_on_every_ground(colours):
    pairs = [
        (text, ground)
        for text in ("ink", "muted", "accent", "error")
        for ground in ("paper", "surface", "tint")
    ]
    pairs += [("on-accent", "accent"), ("error", "error-tint"), ("good", "good-tint")]
    pairs += [("warn", "warn-tint"), ("warn", "paper"), ("paper", "error"), ("ink", "error-tint")]
    too_pale = {
        pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2)
        for pair in pairs
        if contrast(colours[pair[0]], colours[pair[1]]) < 4.5
    }
    assert too_pale == {}


@pytest.mark.parametrize("colours", [DAY, NIGHT], ids=["day", "night"])
def test_edges_of_fields_and_the_focus_stand_out(colours):
    assert contrast(colours["edge"], colours["paper"]) >= 3
    assert contrast(colours["edge"], colours["surface"]) >= 3
    # The focus is two rings: whatever the ground, one of them stands out, and they from each other.
    assert contrast(colours["focus"], colours["focus-ink"]) >= 3


def test_grounds_that_accents_are_measured_on_are_the_stylesheets():
    grounds = ("paper", "surface", "tint")
    white, black = "#ffffff", "#000000"
    assert min((DAY[g] for g in grounds), key=lambda c: contrast(c, black)) == LIGHT_GROUND
    assert min((NIGHT[g] for g in grounds), key=lambda c: contrast(c, white)) == DARK_GROUND


@pytest.mark.no_cover  # it counts in a million texts what tests of words count
def test_script_counts_words_as_the_server_does():
    [pattern] = re.findall(r"const WORDS = /(.+)/g;", SCRIPT)
    words = re.compile(pattern)
    [ranges] = re.findall(r"const UNSPACED = /\(\[(.+)\]\+\)/u;", SCRIPT)
    escaped = re.sub(r"\\u(?:\{(\w+)\}|(\w{4}))", lambda m: chr(int(m[1] or m[2], 16)), ranges)
    unspaced = re.compile(f"[{escaped}]")
    signs = [chr(number) for number in range(sys.maxunicode + 1)]
    apart = {sign for sign in signs if unspaced.match(sign)}
    assert apart ^ {sign for sign in signs if _UNSPACED.match(sign)} == set()
    texts = [f"a{sign}b" for sign in signs if sign not in apart]
    for place in range(0, len(texts), 64):
        some = texts[place : place + 64]
        text = "\n".join(some)
        if len(words.findall(text)) != count_words(text):
            differ = [one for one in some if len(words.findall(one)) != count_words(one)]
            pytest.fail(f"{differ!a} have other words on one side")


@pytest.mark.parametrize("page", ["refusals/server_error.html", "refusals/outage.html"])
def test_page_of_a_failure_needs_nothing_of_what_may_have_failed(page):
    sources = [get_template(name).template.source for name in (page, "bare.html")]
    html = "\n".join(sources)
    tags = set(re.findall(r"{%\s*(\w+)", html))
    assert tags <= {
        *("extends", "include", "load", "translate", "for", "endfor"),
        *("get_current_language", "get_current_language_bidi"),
        *("if", "elif", "else", "endif", "blocktranslate", "endblocktranslate"),
        *("block", "endblock"),
    }
    given = {" language ", " number ", " name ", " text ", " address "}
    given.add(' first_page|default:"/" ')
    assert set(re.findall(r"{{(.*?)}}", html)) <= given
    for address in re.findall(r'(?:href|src)="/static/([^"]+)"', html):
        assert (ROOT / "static" / address).is_file()
