"""Another language is a catalogue; no template and no code is touched for it."""

import json
import re
from datetime import timedelta
from email import message_from_bytes, policy
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.test import Client
from django.utils import translation
from django.utils.translation import trans_real
from docx import Document
from pypdf import PdfReader

from accounts.account_messages import write
from accounts.models import AccountMail, User
from accounts.states import AccountMailKind, Role
from core import clock, spoken_time
from core.canonical import digest
from core.templatetags import word_counts
from evidence_portal.environment import languages_in
from submissions.admin.entry_checking import letter_words
from submissions.calls.models import Call
from submissions.mail.samples import render_sample
from submissions.outbox.states import MailKind
from submissions.respondent.documents.questions import questions_data
from submissions.responses import submitting, versions
from submissions.responses.models import Submission, Version
from tests.catalogues import write_catalogue
from tests.makers import complete_answers, make_call, make_draft, make_user, while_open

CYMRAEG = r"""
msgid ""
msgstr ""
"Language: cy\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Plural-Forms: nplurals=4; plural=(n==1) ? 0 : (n==2) ? 1 : (n==8 || n==11) ? 2 : 3;\n"

msgid "Start now"
msgstr "Dechrau nawr"

msgid "Privacy"
msgstr "Preifatrwydd"

msgid "Save and continue"
msgstr "Cadw a pharhau"

msgid "Choose a new password for the evidence portal"
msgstr "Dewiswch gyfrinair newydd"

msgid "Page not found"
msgstr "Heb ddod o hyd i’r dudalen"

msgid "Error:"
msgstr "Gwall:"

msgid "Your page had expired"
msgstr "Roedd y dudalen ar agor am ormod o amser"

msgctxt "alt. month"
msgid "July"
msgstr "Gorffennaf"

msgid "midday"
msgstr "hanner dydd"

msgid "UK time"
msgstr "amser y DU"

msgid "%(time)s on %(day)s (%(zone)s)"
msgstr "%(time)s, %(day)s (%(zone)s)"

msgid "%(number)s day"
msgid_plural "%(number)s days"
msgstr[0] "%(number)s diwrnod"
msgstr[1] "%(number)s ddiwrnod"
msgstr[2] "%(number)s diwrnod"
msgstr[3] "%(number)s diwrnod"

msgid "{n} word left"
msgid_plural "{n} words left"
msgstr[0] "{n} gair ar ôl"
msgstr[1] "{n} air ar ôl"
msgstr[2] "{n} gair dros ben"
msgstr[3] "{n} o eiriau ar ôl"

msgid "Closes in %(left)s"
msgstr "%(left)s ar ôl"

msgid "Enter an answer to “%(question)s”"
msgstr "Rhowch ateb i “%(question)s”"

msgid "“%(name)s” was not added: the file is damaged, or its type is not really %(type)s"
msgstr "Nid ychwanegwyd “%(name)s”: nid ffeil %(type)s mohoni"

msgid "Answer this only if %(condition)s."
msgstr "Atebwch hwn dim ond os %(condition)s."

msgid "Draft: not submitted"
msgstr "Drafft: heb ei gyflwyno"

msgid "Not provided"
msgstr "Heb ei ddarparu"

msgid "Received: %(instant)s"
msgstr "Derbyniwyd: %(instant)s"

msgid "Response %(reference)s received"
msgstr "Derbyniwyd ymateb %(reference)s"

msgid "Thank you for responding to %(call)s."
msgstr "Diolch am ymateb i %(call)s."

msgid "%(call)s (a call for evidence by %(partners)s)"
msgstr "%(call)s, galwad am dystiolaeth gan %(partners)s"

msgid "%(first)s and %(second)s"
msgstr "%(first)s a %(second)s"

msgid "Post"
msgstr "Y post"
"""


ARABIC = r"""
msgid ""
msgstr ""
"Language: ar\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Plural-Forms: nplurals=6; plural=n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && "
"n%100<=10 ? 3 : n%100>=11 && n%100<=99 ? 4 : 5;\n"

msgid "Start now"
msgstr "ابدأ الآن"

msgctxt "between the names of a list"
msgid ", "
msgstr "، "
"""
PHONE = "020 7946 0018"


@pytest.fixture
def welsh(tmp_path, settings):
    """A portal that has found a Welsh and an Arabic catalogue beside its code."""
    write_catalogue(tmp_path, "cy", CYMRAEG)
    write_catalogue(tmp_path, "ar", ARABIC)
    settings.LOCALE_PATHS = [tmp_path]
    settings.LANGUAGES = [("en-gb", "British English"), *languages_in(tmp_path).items()]
    settings.MIDDLEWARE = [
        "submissions.respondent.languages.LanguageOfCallMiddleware",
        *settings.MIDDLEWARE,
    ]
    yield
    translation.activate("en-gb")
    trans_real._translations.clear()


def page_of(client, address):
    return client.get(address).content.decode()


def lang_of(page):
    return re.search('<html lang="([^"]*)"', page)[1]


def test_catalogue_is_found_by_being_there(tmp_path):
    assert languages_in(tmp_path) == {}
    write_catalogue(tmp_path, "cy", CYMRAEG)
    write_catalogue(tmp_path, "pt_BR", CYMRAEG)
    (tmp_path / "gd" / "LC_MESSAGES").mkdir(parents=True)
    (tmp_path / "gd" / "LC_MESSAGES" / "django.po").write_text("not compiled")
    assert languages_in(tmp_path) == {"cy": "Cymraeg", "pt-br": "Português Brasileiro"}


@pytest.mark.django_db
def test_call_in_welsh_is_in_welsh_and_another_beside_it_is_not(welsh, client, at):
    call, other = make_call(language="cy"), make_call()
    at(while_open(call))
    page = page_of(client, f"/calls/{call.slug}/")
    assert lang_of(page) == "cy"
    for said in ("Dechrau nawr", "Preifatrwydd", "hanner dydd, Dydd Mercher 24 Gorffennaf 2019"):
        assert said in page
    assert "Start now" not in page
    assert "Heb ddod o hyd i’r dudalen" in page_of(client, f"/calls/{call.slug}/nowhere/")
    page = page_of(client, f"/calls/{other.slug}/")
    assert lang_of(page) == "en-gb"
    assert "Start now" in page
    assert "Dechrau" not in page
    assert lang_of(page_of(client, "/")) == "en-gb"
    client.force_login(make_user(Role.MANAGER))
    previewed = page_of(client, f"/admin/submissions/call/{call.pk}/pages/about/1/")
    assert (lang_of(previewed), "Preifatrwydd" in previewed) == ("cy", True)
    assert lang_of(page_of(client, "/admin/")) == "en-gb"


@pytest.mark.django_db
def test_portals_own_language_is_that_of_a_call_that_says_none(welsh, settings, client, at):
    settings.PORTAL_LANGUAGE = "cy"
    call, english = make_call(), make_call(language="en-gb")
    at(while_open(call))
    assert "Dechrau nawr" in page_of(client, f"/calls/{call.slug}/")
    assert "Start now" in page_of(client, f"/calls/{english.slug}/")
    assert lang_of(page_of(client, "/")) == "cy"
    assert "Heb ddod o hyd i’r dudalen" in page_of(client, "/nowhere/")


@pytest.mark.django_db
def test_what_a_catalogue_lacks_is_in_english_whatever_the_portal_speaks(
    welsh, settings, client, at
):
    settings.PORTAL_LANGUAGE = "cy"
    call = make_call(language="ar")
    at(while_open(call))
    page = page_of(client, f"/calls/{call.slug}/")
    assert "ابدأ الآن" in page
    assert "Privacy</a>" in page
    assert "Preifatrwydd" not in page


@pytest.mark.django_db
def test_mails_about_accounts_are_in_the_portals_language(welsh, settings, at):
    settings.PORTAL_LANGUAGE = "cy"
    User.objects.create_user("ann", "ann@example.org", "Three random words 1")
    mail = AccountMail(kind=AccountMailKind.NEW_PASSWORD, to_address="ann@example.org")
    assert write(mail, at=clock.wall_now()).subject == "Dewiswch gyfrinair newydd"
    assert translation.get_language() == "en-gb"


@pytest.mark.django_db
def test_page_and_mail_in_arabic_are_laid_out_from_the_right(welsh, client, at):
    call = make_call(language="ar", contact_phone=PHONE)
    at(while_open(call))
    number = f'<bdi dir="ltr">{PHONE}</bdi>'
    page = page_of(client, f"/calls/{call.slug}/")
    assert '<html lang="ar" dir="rtl"' in page
    assert number in page
    mail = render_sample(MailKind.CONFIRMATION, call)
    assert '<html lang="ar" dir="rtl">' in mail.html
    assert '<main dir="rtl">' in mail.html
    assert "border-right: 5px" in mail.html
    assert number in mail.html
    assert f"\u200e{PHONE}" in mail.message.body
    welsh_mail = render_sample(MailKind.CONFIRMATION, make_call(language="cy", contact_phone=PHONE))
    assert "rtl" not in welsh_mail.html
    assert "border-left: 5px" in welsh_mail.html
    assert "\u200e" not in welsh_mail.message.body


@pytest.mark.django_db
def test_call_in_arabic_stands_apart_on_the_portals_own_pages(welsh, client, at):
    """What stands after a name, or in it, would go to its other side."""
    title, contact = "القاعات (Halls): دعوة", "فريق (Team)"
    call = make_call(
        language="ar", title=title, summary="أخبرنا.", contact_name=contact, partners=["NCVO", "ب"]
    )
    make_call(accessibility_text="نص.", language="ar")
    at(while_open(call))
    home = page_of(client, "/")
    assert f'lang="ar"><bdi>{title}</bdi></a><p lang="ar"><bdi>أخبرنا.</bdi></p>' in home
    privacy = page_of(client, "/privacy/")
    assert f"For \u2068{title}\u2069: NCVO and ب decide" in privacy
    assert f'<li><bdi lang="ar">{title}</bdi>: <bdi>{contact}</bdi>, <a' in privacy
    assert '<section lang="ar" dir="auto">' in page_of(client, "/accessibility/")


@pytest.mark.django_db
def test_digest_of_a_call_in_another_language_is_in_english(welsh):
    of_welsh = render_sample(MailKind.STAFF_DIGEST, make_call(language="cy"))
    assert " new responses on Wednesday 24 July 2019: " in of_welsh.subject
    title = "القاعات (Halls): دعوة"
    of_arabic = render_sample(MailKind.STAFF_DIGEST, make_call(language="ar", title=title))
    assert f"This is how \u2068{title}\u2069 " in of_arabic.message.body


def test_names_stand_in_a_row_with_the_comma_of_the_language(welsh):
    call = Call(partners=["أ", "ب", "ج"])
    assert call.partners_in_words == "أ, ب and ج"
    with translation.override("ar"):
        assert call.partners_in_words == "أ، ب and ج"


@pytest.mark.django_db
def test_telephone_number_keeps_its_order_in_arabic(welsh):
    call = make_call(evidence_phone=PHONE, evidence_phone_hours="9am to 5pm")
    with translation.override("ar"):
        assert call.other_ways[0].lines == (f"\u200e{PHONE}", "9am to 5pm")
    assert call.other_ways[0].lines == (PHONE, "9am to 5pm")


@pytest.mark.django_db
def test_letter_about_what_staff_entered_is_in_the_calls_language(welsh):
    call = make_call(language="cy")
    draft = make_draft(call, **complete_answers(call))
    version = submitting.submit(submission=draft, at=while_open(call))
    version.submission.channel = "post"
    letter = letter_words(version, call)
    assert letter.startswith('<div lang="cy">')
    assert "<dd>Y post</dd>" in letter
    call.language = "ar"
    assert letter_words(version, call).startswith('<div lang="ar" dir="rtl">')


@pytest.mark.django_db
def test_address_keeps_its_order_in_arabic(welsh):
    call = make_call(evidence_address="12 High Street\nشارع النيل 12\nN1 9RL")
    with translation.override("ar"):
        lines = call.other_ways[0].lines
    assert lines == ("\u200e12 High Street", "شارع النيل 12", "\u200eN1 9RL")


@pytest.mark.django_db
def test_web_address_ends_with_its_slash_in_arabic_and_leads_there(welsh, client, settings, at):
    call = make_call(language="ar")
    at(while_open(call))
    path = f"/calls/{call.slug}/"
    with translation.override("ar"):
        said = questions_data(call, [], is_closed=False)["intro"][1]
    assert f"{settings.PORTAL_URL}{path}\u200e" in said
    assert client.get(f"{path}\u200e").headers["Location"] == path


@pytest.mark.django_db
def test_name_of_a_file_stands_apart_in_arabic(welsh, client, at):
    """2019 report.txt would be read as report.txt 2019."""
    call = make_call(language="ar")
    at(while_open(call))
    client.post(f"/calls/{call.slug}/start/")
    address = f"/calls/{call.slug}/response/evidence/"
    name = "2019 report.txt"
    for content in (b"", b"What we saw."):
        upload = SimpleUploadedFile(name, content)
        page = client.post(address, {"documents": upload, "action": "upload"}, follow=True)
        said = page.content.decode()
        if not content:
            assert f"“\u2068{name}\u2069” was not added: the file is empty" in said
    assert f"<bdi>{name}</bdi></a>" in said
    assert 'data-added="\u2068{name}\u2069 is added"' in said
    page = page_of(client, f"/calls/{call.slug}/response/check/")
    assert f"<bdi>{name}</bdi></a>" in page


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [MailKind.CONFIRMATION, MailKind.ACKNOWLEDGEMENT])
def test_fingerprint_and_code_keep_their_order_in_arabic(welsh, kind):
    """Digits first, as in 3664 c19f, would be read after what follows them."""
    mail = render_sample(kind, make_call(language="ar"))
    [written] = re.findall(r"([0-9a-f]{4}(?: [0-9a-f]{4}){3})", mail.message.body)
    [code] = re.findall(r"\u200e([0-9A-Z]{4}-[0-9A-Z]{4})", mail.message.body)
    assert f"\u200e{written}" in mail.message.body
    for part in (written, code):
        assert f'<bdi dir="ltr">{part}</bdi>' in mail.html


def test_page_of_an_outage_in_arabic_is_laid_out_from_the_right(welsh):
    with translation.override("ar"):
        assert '<html lang="ar" dir="rtl">' in render_to_string("refusals/server_error.html")


@pytest.mark.django_db
def test_catalogue_that_was_taken_away_leaves_its_calls_in_the_portals_language(
    welsh, settings, client, at
):
    call = make_call(language="cy")
    settings.LANGUAGES = [("en-gb", "British English"), ("ar", "العربية")]
    at(while_open(call))
    assert lang_of(page_of(client, f"/calls/{call.slug}/")) == "en-gb"


@pytest.mark.django_db
def test_what_the_rules_say_is_in_the_calls_language(welsh, client, at):
    call = make_call(language="cy")
    at(while_open(call))
    client.post(f"/calls/{call.slug}/start/")
    address = f"/calls/{call.slug}/response/about/"
    page = page_of(client, address)
    assert "Cadw a pharhau" in page
    assert "1 diwrnod ar ôl" in page
    assert "Atebwch hwn dim ond os" in page_of(client, f"/calls/{call.slug}/questions/")
    page = client.post(address, {"roles": "other", "role_other": ""}).content.decode()
    assert re.search("<title>Gwall: ", page)
    assert "Rhowch ateb i “Describe your role”" in page
    page = client.post(
        f"/calls/{call.slug}/response/evidence/",
        {"documents": SimpleUploadedFile("notes.pdf", b"Minutes."), "action": "upload"},
    )
    assert "Nid ychwanegwyd “notes.pdf”: nid ffeil PDF mohoni" in page.content.decode()


@pytest.mark.django_db
def test_files_with_the_questions_are_in_the_calls_language(welsh, client, at):
    call = make_call(language="cy")
    at(while_open(call))
    word = Document(BytesIO(client.get(f"/calls/{call.slug}/questions.docx").content))
    assert word.core_properties.language == "cy-GB"
    said = [paragraph.text for paragraph in word.paragraphs]
    assert [line for line in said if line.startswith("Atebwch hwn dim ond os")] != []
    pdf = PdfReader(BytesIO(client.get(f"/calls/{call.slug}/questions.pdf").content))
    assert pdf.trailer["/Root"]["/Lang"] == "cy-GB"
    assert "Atebwch hwn dim ond os" in " ".join(page.extract_text() for page in pdf.pages)


@pytest.mark.django_db
def test_refused_post_is_answered_in_the_calls_language(welsh, settings, at):
    call = make_call(language="cy")
    at(while_open(call))
    browser = Client(enforce_csrf_checks=True)
    browser.get(f"/calls/{call.slug}/")
    refused = browser.post(f"/calls/{call.slug}/start/")
    assert refused.status_code == 403
    assert "Roedd y dudalen ar agor am ormod o amser" in refused.content.decode()


@pytest.mark.django_db
def test_time_is_spoken_with_the_plural_that_welsh_has(welsh):
    with translation.override("cy"):
        days = [spoken_time.say_left(timedelta(days=number)) for number in (1, 2, 3)]
    assert days == ["1 diwrnod", "2 ddiwrnod", "3 diwrnod"]
    assert spoken_time.say_left(timedelta(days=2)) == "2 days"


def said_of_words(tag, number):
    """What static/js/portal.js makes of the attribute."""
    forms, places = json.loads(tag())
    at = number if number < 200 else number % 100 + 100
    return forms[int(places[at]) if at < len(places) else 0].replace("{n}", str(number))


def test_words_left_have_the_plurals_of_the_language(welsh):
    numbers = (0, 1, 2, 3, 8, 11, 12, 100, 101, 108, 201, 208, 211, 1_002)
    for language, tag, singular, plural in (
        ("cy", word_counts.words_left, "{n} word left", "{n} words left"),
        ("cy", word_counts.words_over, "{n} word too many", "{n} words too many"),
        ("ar", word_counts.words_left, "{n} word left", "{n} words left"),
        ("en-gb", word_counts.words_left, "{n} word left", "{n} words left"),
    ):
        with translation.override(language):
            expected = [
                translation.ngettext(singular, plural, n).replace("{n}", str(n)) for n in numbers
            ]
            assert [said_of_words(tag, number) for number in numbers] == expected
    with translation.override("cy"):
        assert said_of_words(word_counts.words_left, 2) == "2 air ar ôl"
        assert said_of_words(word_counts.words_left, 211) == "211 o eiriau ar ôl"
    assert word_counts.words_left() == '[["{n} words left","{n} word left"],"01"]'


@pytest.mark.django_db
def test_mail_is_in_its_calls_language_whatever_the_worker_speaks(welsh):
    call = make_call(language="cy", title="Neuaddau", partners=["Un", "Dau"])
    rendered = render_sample(MailKind.CONFIRMATION, call)
    message = message_from_bytes(rendered.message.message().as_bytes(), policy=policy.default)
    assert re.fullmatch(r"Derbyniwyd ymateb TST-\S+: Neuaddau", message["Subject"])
    text = message.get_body(("plain",)).get_content()
    assert "Diolch am ymateb i Neuaddau, galwad am dystiolaeth gan Un a Dau." in text
    assert "hanner dydd, Dydd Mercher 24 Gorffennaf 2019 (amser y DU)" in text
    assert lang_of(rendered.html) == "cy"
    assert translation.get_language() == "en-gb"


@pytest.mark.django_db
def test_how_a_letter_came_is_said_in_the_calls_language(welsh):
    text = render_sample(MailKind.ACKNOWLEDGEMENT, make_call(language="cy")).message.body
    assert "How it came: Y post\n" in text


@pytest.mark.django_db
def test_digested_text_is_the_same_in_every_language(welsh, client, at):
    call = make_call(language="cy")
    at(while_open(call))
    client.post(f"/calls/{call.slug}/start/")
    draft = page_of(client, f"/calls/{call.slug}/response/text/")
    assert "Drafft: heb ei gyflwyno" in draft
    assert "Heb ei ddarparu" in draft
    submission = Submission.objects.get()
    texts = []
    for language in ("cy", "en-gb", None):
        with translation.override(language):
            content = versions.Content(call, call.questions_in_order, complete_answers(call), {})
            version, _ = versions.build_version(
                submission, content, reference="TST-0000-0000", at=while_open(call)
            )
        assert version.sha256 == digest(version.canonical_text)
        texts.append(version.canonical_text)
    assert texts[0] == texts[1] == texts[2]
    assert "Received: 12:00:00pm on Tuesday 23 July 2019 (UK time), which is" in texts[0]
    assert "Not provided" in texts[0]


@pytest.mark.django_db
def test_submitting_in_welsh_stores_the_text_of_the_source(welsh, client, at):
    call = make_call(language="cy")
    draft = make_draft(call, **complete_answers(call))
    with translation.override("cy"):
        submitting.submit(submission=draft, at=while_open(call))
    assert "Not provided" in Version.objects.get().canonical_text
