"""Every word for respondents is one that a catalogue can reach."""

import ast
import re
from html import unescape
from pathlib import Path

import pytest
from django.conf import settings as portal
from django.utils import translation
from django.utils.translation import trans_real

from submissions.mail.samples import UNFINISHED, render_sample
from submissions.outbox.states import MailKind
from tests.makers import make_call, while_open

ROOT = Path(portal.BASE_DIR)


class Marked:
    """A language in which every text that a catalogue can reach stands in brackets."""

    def gettext(self, message):
        return f"⟦{message.rpartition(chr(4))[2]}⟧"

    def ngettext(self, singular, plural, number):
        return self.gettext(singular if number == 1 else plural)

    def language(self):
        return "gd"

    to_language = language


@pytest.fixture
def marked(settings):
    settings.LANGUAGES = [*settings.LANGUAGES, ("gd", "Marked")]
    middleware = "submissions.respondent.languages.LanguageOfCallMiddleware"
    settings.MIDDLEWARE = [middleware, *settings.MIDDLEWARE]
    trans_real._translations["gd"] = Marked()
    yield
    translation.activate("en-gb")
    trans_real._translations.clear()


def out_of_reach(html, call):
    """The words of a page that are neither in brackets nor the call's own."""
    spoken = re.findall(r'\s(?:alt|aria-label|title|data-[a-z-]+)="([^"]*)"', html)
    text = unescape(re.sub(r"(?s)<style>.*?</style>|<[^>]+>", "\n", "\n".join([html, *spoken])))
    while "⟦" in text:
        text = re.sub("⟦[^⟦⟧]*⟧", "", text)
    own = {call.title, call.slug, "Own", "session", "csrf"} | {r.label for r in call.roles.all()}
    for question in call.questions_in_order:
        own |= {question.label, question.missing, *question.hint.split("\n")}
        own |= {part["label"] for part in (*question.options, *question.rows)}
        own |= {option.get("hint", "") for option in question.options}
        own |= {question.section.title}
    lines = {line.strip(" ,") for line in re.split("\n| – |:", text)}
    return {line for line in lines if re.search("[a-z]{2} [a-z]{2}|^[A-Z][a-z]", line)} - own


OWN_WORDS = ("summary", "about", "what_happens_next", "contact_name", "help_text")


@pytest.fixture
def marked_call(marked, at):
    own = dict.fromkeys(OWN_WORDS, "Own")
    call = make_call(language="gd", title="Own", partners=["Own", "Own"], **own)
    at(while_open(call))
    return call


@pytest.mark.django_db
def test_no_word_of_the_pages_is_out_of_reach(marked_call, client):
    call, base = marked_call, f"/calls/{marked_call.slug}/"
    found = {}
    for rest in ("", "questions/", "return/", "verify/", "privacy/", "accessibility/", "cookies/"):
        found[rest] = out_of_reach(client.get(base + rest).content.decode(), call)
    found["nothing held"] = out_of_reach(client.get(f"{base}response/").content.decode(), call)
    client.post(f"{base}start/")
    for rest in ("", "about/", "evidence/", "evidence/2/", "check/", "leave/", "forget/", "text/"):
        found[f"response/{rest}"] = out_of_reach(
            client.get(f"{base}response/{rest}").content.decode(), call
        )
    refused = client.post(f"{base}response/about/", {"roles": "other"})
    found["refused"] = out_of_reach(refused.content.decode(), call)
    assert {page: words for page, words in found.items() if words} == {}


@pytest.mark.django_db
@pytest.mark.parametrize("kind", sorted(UNFINISHED | {MailKind.WITHDRAWN}))
def test_no_word_of_a_mail_is_out_of_reach(marked_call, kind):
    assert out_of_reach(render_sample(kind, marked_call).html, marked_call) == set()


STAFF_ALONE = {"admin", "steering", "registration"}


def respondents_templates():
    folder = ROOT / "templates"
    return sorted(
        path
        for path in folder.rglob("*.*")
        if path.relative_to(folder).parts[0] not in STAFF_ALONE and path.stem != "staff_digest"
    )


@pytest.mark.parametrize("path", respondents_templates(), ids=lambda path: path.name)
def test_template_leaves_no_word_untranslated(path):
    html = path.read_text()
    html = re.sub(r"{% blocktranslate.*?endblocktranslate %}", "", html, flags=re.S)
    html = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", " ", html, flags=re.S)
    attributes = re.findall(r'\s(?:alt|aria-label|title|placeholder)="([^"]*\w{3}[^"]*)"', html)
    attributes += re.findall(r'\sdata-[a-z-]+="([^"]*[a-z]{2} [a-z]{2}[^"]*)"', html)
    html = re.sub(r"<style>.*?</style>|<[^>]*>", " ", html, flags=re.S)
    words = [word for word in re.findall(r"[A-Za-z]{3,}", html) if word != "nbsp"]
    assert words + attributes == []


# What is read by staff, operators and developers, in the slices that speak to respondents.
NOT_FOR_RESPONDENTS = {
    "mail/bounces.py",
    "mail/caps.py",
    "mail/closing_report.py",
    "mail/staff_digests.py",
    "mail/errors.py",
    "mail/live_data.py",
    "mail/mail_health.py",
    "mail/mail_server.py",
    "mail/messages/staff_digest.py",
    "mail/providers.py",
    "mail/resending.py",
    "mail/samples.py",
    "mail/sending.py",
    "mail/tasks.py",
    "mail/webhooks.py",
}
SPEAKING_FOLDERS = (
    "mail",
    "mail/messages",
    "respondent",
    "respondent/documents",
    "respondent/forms",
)
SPEAKING_FILES = (
    "submissions/responses/answering.py",
    "submissions/responses/attaching.py",
    "submissions/responses/file_types/detecting.py",
    "submissions/responses/file_types/refusals.py",
    "submissions/responses/transcript.py",
    "submissions/calls/models/calls.py",
    "core/spoken_time.py",
)
# Chosen among texts that `gettext_noop` marks for the catalogue.
MARKED_ELSEWHERE = {
    "_(sentence)",
    "_(came_by)",
    "_(MACRO_ENDING)",
    "_(forms[0])",
    "_(forms[1])",
}
# Headers, attributes and statements in SQL: no words for people.
HEADERS = re.compile(r"[A-Za-z-]+: [a-z]+/|.*[a-z-]=|\s*(SELECT|INSERT|WITH|UPDATE) ")
FOR_STAFF = {"help_text", "name", "condition", "violation_error_message"}
TRANSLATORS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "pgettext"}


def speaking_sources():
    folder = ROOT / "submissions"
    found = [path for name in SPEAKING_FOLDERS for path in (folder / name).glob("*.py")]
    found = [path for path in found if str(path.relative_to(folder)) not in NOT_FOR_RESPONDENTS]
    return sorted([*found, *(ROOT / name for name in SPEAKING_FILES)])


def untranslated(tree):
    """Every sentence in the code that no catalogue can reach: (line, text)."""
    quiet = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            known = all(isinstance(text, ast.Constant) for text in node.args[:2])
            if name in TRANSLATORS and not known and ast.unparse(node) not in MARKED_ELSEWHERE:
                yield node.lineno, ast.unparse(node)
            if name in TRANSLATORS or name.startswith(("logger.", "re.", "attempts.")):
                quiet.update(map(id, ast.walk(node)))
        elif isinstance(node, ast.Raise) and "ValueError" in ast.unparse(node):
            quiet.update(map(id, ast.walk(node)))  # for developers
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            quiet.add(id(node.value))
        elif isinstance(node, ast.keyword) and node.arg in FOR_STAFF:
            quiet.update(map(id, ast.walk(node)))
        elif isinstance(node, ast.AnnAssign | ast.arg):
            quiet.update(map(id, ast.walk(node.annotation)) if node.annotation else ())
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in quiet:
            words = re.search(r"[A-Za-z’]{2,}[,.:;]? [a-z]{2,}", node.value)
            if words and not HEADERS.match(node.value):
                yield node.lineno, node.value


@pytest.mark.parametrize(
    "path", speaking_sources(), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_code_says_nothing_that_no_catalogue_can_reach(path):
    assert list(untranslated(ast.parse(path.read_text()))) == []
