"""Another language is a catalogue; no template is touched for it."""

import re
import struct

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.translation import trans_real

from tests.makers import make_call, while_open

pytestmark = pytest.mark.django_db

CYMRAEG = {
    "Skip to main content": "Neidio i’r prif gynnwys",
    "Start now": "Dechrau nawr",
    "What happens next": "Beth sy’n digwydd nesaf",
    "Privacy": "Preifatrwydd",
    "Save and continue": "Cadw a pharhau",
    "Nothing is saved yet": "Nid oes dim wedi’i gadw eto",
}


def compiled(messages):
    """The messages as a catalogue of GNU gettext (.mo), as msgfmt makes it."""
    pairs = sorted({"": "Content-Type: text/plain; charset=UTF-8\n", **messages}.items())
    texts = [text.encode() for pair in zip(*pairs, strict=True) for text in pair]
    at = 28 + 8 * len(texts)
    tables, body = b"", b""
    for text in texts:
        tables += struct.pack("<II", len(text), at + len(body))
        body += text + b"\0"
    count = len(pairs)
    return struct.pack("<7I", 0x950412DE, 0, count, 28, 28 + 8 * count, 0, 0) + tables + body


@pytest.fixture
def welsh(tmp_path, settings):
    """A Welsh catalogue in a folder of its own, active for the test."""
    folder = tmp_path / "cy" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.mo").write_bytes(compiled(CYMRAEG))
    settings.LOCALE_PATHS = [tmp_path]
    settings.LANGUAGE_CODE = "cy"
    trans_real._translations.clear()
    translation.activate("cy")
    yield
    translation.activate("en-gb")
    trans_real._translations.clear()


def test_welsh_catalogue_turns_the_pages_into_welsh(welsh, client, at):
    call = make_call()
    at(while_open(call))
    page = client.get(f"/calls/{call.slug}/").content.decode()
    assert re.search("<html[^>]*>", page)[0] == '<html lang="cy">'
    for said in ("Skip to main content", "Start now", "What happens next", "Privacy"):
        assert CYMRAEG[said] in page
        assert f">{said}<" not in page
    client.post(f"/calls/{call.slug}/start/")
    section = client.get(f"/calls/{call.slug}/response/about/").content.decode()
    assert CYMRAEG["Save and continue"] in section
    assert CYMRAEG["Nothing is saved yet"] in section


def test_templates_of_respondents_leave_no_sentence_untranslated():
    bare = {}
    for folder in ("calls", "responses", "portal", "statements", "refusals"):
        for path in (settings.BASE_DIR / "templates" / folder).rglob("*.html"):
            html = path.read_text()
            html = re.sub(r"{% blocktranslate.*?endblocktranslate %}", "", html, flags=re.S)
            html = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", " ", html, flags=re.S)
            html = re.sub(r"<[^>]*>", " ", html)
            words = [word for word in re.findall(r"[A-Za-z]{3,}", html) if word != "nbsp"]
            if words and path.name != "server_error.html":
                bare[str(path.relative_to(settings.BASE_DIR))] = words
    assert bare == {}
