"""Every kind of mail, none forgotten: the same in text and HTML, headers, no live token."""

import html
import re
from dataclasses import replace
from email import message_from_bytes, policy

import pytest
from django.template import engines
from django.utils.translation import override

from core.templatetags.plain_text import paragraphs, underlined
from submissions.mail.rendering import LEFT_OUT, MESSAGES, render, render_with
from submissions.mail.samples import SampleData, render_sample, sample_mail
from submissions.outbox.models import OutboxEmail
from submissions.outbox.queue import ANSWERS_LEFT_OUT
from submissions.outbox.states import MailKind
from submissions.responses.models import LatePass, ReturnToken, Submission
from tests.makers import make_call, make_first_call, while_open

pytestmark = pytest.mark.django_db
TOKEN = "opens-something"


def words_of_html(page):
    body = page[page.index("<main>") :]
    return html.unescape(re.sub(r"<[^>]+>", " ", body)).split()


def test_each_kind_has_a_message():
    assert set(MESSAGES) == set(MailKind)


def test_kind_says_the_same_in_text_and_html():
    call = make_first_call()
    for kind in MailKind.values:
        rendered = render_sample(kind, call)
        text = re.sub(r"^-+$", "", rendered.message.body, flags=re.MULTILINE)
        said = [word.rstrip(":") for word in text.split() if not word.startswith("http")]
        assert [word.rstrip(":") for word in words_of_html(rendered.html)] == said, kind
        assert len(said) > 40, kind
        links = re.findall(r"^https?://\S+$", rendered.message.body, flags=re.MULTILINE)
        assert links == re.findall(r'href="([^"]+)"', rendered.html), kind


def test_title_with_an_end_of_its_own_is_quoted_where_a_sentence_ends():
    call = make_call(title="Who is cold?", partners=[])
    bodies = [render_sample(kind, call).message.body for kind in MailKind.values]
    assert [body for body in bodies if "?." in body] == []
    assert (
        "responding to “Who is cold?”." in render_sample(MailKind.CONFIRMATION, call).message.body
    )


def test_kind_has_the_headers_of_every_mail():
    call = make_call(contact_name="The team", contact_email="ask@example.org")
    for kind in MailKind.values:
        rendered = render_sample(kind, call)
        raw = rendered.message.message().as_bytes(linesep="\r\n")
        message = message_from_bytes(raw, policy=policy.default)
        assert message["Message-ID"] == "<sample@example.org>", kind
        assert message["Auto-Submitted"] == "auto-generated", kind
        assert message["Reply-To"] == "The team <ask@example.org>", kind
        assert message["To"] == "respondent@example.org", kind
        assert message["Subject"] == rendered.message.subject, kind
        assert rendered.message.subject.endswith(f": {call.title}"), kind
        parts = [part.get_content_type() for part in message.iter_parts()]
        assert parts == ["text/plain", "text/html"], kind


def test_names_and_domains_of_other_letters_stay_mailboxes(settings):
    settings.DEFAULT_FROM_EMAIL = "Tŷ Cymdeithas <evidence@tŷ.example>"
    name = "Zoë Llŷr, " * 15 + "Zoë"
    call = make_call(contact_name=name, contact_email="gofyn@tŷ.example")
    mail = sample_mail(MailKind.WITHDRAWN, call, at=call.closes_at)
    mail.to_address = "b@münchen.example"
    raw = render(mail, at=mail.created_at).message.message().as_bytes(linesep="\r\n")
    message = message_from_bytes(raw, policy=policy.default)
    (sender,), (to,), (ask,) = (message[key].addresses for key in ("From", "To", "Reply-To"))
    assert (sender.display_name, sender.addr_spec) == (
        "Tŷ Cymdeithas",
        "evidence@xn--t-foa.example",
    )
    assert to.addr_spec == "b@xn--mnchen-3ya.example"
    assert (ask.display_name.split(), ask.addr_spec) == (name.split(), "gofyn@xn--t-foa.example")


def test_kind_fits_a_phone():
    call = make_call()
    for kind in MailKind.values:
        page = render_sample(kind, call).html
        assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in page, kind
        assert not re.search(r"<(table|img|script|link)\b|\bsrc=|(?<!-)\bwidth:\s*\d", page), kind


def test_rehearsal_is_told_in_each_kind(settings):
    settings.REHEARSAL = True
    call = make_call()
    for kind in MailKind.values:
        rendered = render_sample(kind, call)
        assert rendered.message.subject.startswith("Rehearsal: "), kind
        assert "This is a rehearsal." in rendered.message.body, kind


def test_what_is_kept_of_a_kind_opens_nothing():
    call = make_call()
    for kind in MailKind.values:
        mail = sample_mail(kind, call, at=while_open(call))
        rendered = render_with(mail, DataWithToken(call, while_open(call)))
        assert TOKEN not in rendered.kept, kind
        assert (TOKEN in rendered.message.body) == (LEFT_OUT in rendered.kept), kind
        assert (TOKEN in rendered.message.body) == (TOKEN in rendered.html), kind


class DataWithToken(SampleData):
    """Samples whose links could open something."""

    def link(self, mail):
        return replace(super().link(mail), token=TOKEN)

    def late_pass(self, mail):
        return super().late_pass(mail)[0], TOKEN

    def erasure(self, mail):
        return super().erasure(mail)[0], TOKEN

    def follow_up(self, mail):
        asked, _token, reply = super().follow_up(mail)
        return asked, TOKEN, reply

    def opt_out_token(self, mail):
        return TOKEN


def test_sample_holds_no_token():
    call = make_call()
    for kind in MailKind.values:
        rendered = render_sample(kind, call)
        body = rendered.kept.replace(ANSWERS_LEFT_OUT, sample_text(rendered))
        assert rendered.message.body == body, kind


def sample_text(rendered):
    """The answers of the sample, as its text has them."""
    answer = re.search(r"^Your answer:\n\n.*$", rendered.message.body, re.MULTILINE)
    if answer:
        return answer[0]
    found = re.search(r"this email\.\n\n(.*?)\n\nWhat happens", rendered.message.body, re.DOTALL)
    return found[1] if found else ""


def test_samples_leave_nothing_behind():
    call = make_call()
    for kind in MailKind:
        render_sample(kind, call)
    for model in (OutboxEmail, Submission, ReturnToken, LatePass):
        assert model.objects.count() == 0


def test_filters_shape_plain_text():
    assert underlined("<i>") == "<i>\n---"
    assert paragraphs(" One.\r\n\r\n\r\nTwo,\r\nstill two. \n") == "One.\n\nTwo,\nstill two."


def test_a_calls_words_are_escaped_in_html_only():
    call = make_call(title="<b>", what_happens_next="<i> & co.", contact_name="<u>")
    rendered = render_sample(MailKind.CONFIRMATION, call)
    assert rendered.message.subject.endswith(": <b>")
    assert "\n<i> & co.\n" in rendered.message.body
    assert "<p>&lt;i&gt; &amp; co.</p>" in rendered.html
    assert not re.search("<[biu]>", rendered.html)


def two_confirmations(first, second):
    for call, reference in ((first, "FIRST"), (second, "SECOND")):
        mail = sample_mail(MailKind.CONFIRMATION, call, at=call.closes_at)
        mail.submission.reference = reference
        yield mail, SampleData(call, call.closes_at)


def test_mails_of_one_call_share_what_all_its_mails_say():
    call = make_call(what_happens_next="We read it.")
    parts = {}
    (first, data), (second, _) = two_confirmations(call, call)
    one = render_with(first, data, parts)
    shared = len(parts)
    # Read again, and changed meanwhile: the mails of one batch say the same.
    call.what_happens_next = "We read it twice."
    two = render_with(second, data, parts)
    assert len(parts) == shared > 0
    assert two.html == one.html.replace("FIRST", "SECOND")
    assert two.message.body == one.message.body.replace("FIRST", "SECOND")
    assert "<p>We read it twice.</p>" in render_with(second, data).html


def test_mails_of_two_calls_share_nothing():
    parts = {}
    calls = [make_call(slug=slug, contact_name=f"Team {slug}") for slug in ("one", "two")]
    pages = [render_with(mail, data, parts).html for mail, data in two_confirmations(*calls)]
    assert ["Team one" in page for page in pages] == [True, False]
    assert ["Team two" in page for page in pages] == [False, True]


def test_part_shared_by_a_call_is_rendered_in_each_language():
    template = engines["django"].from_string(
        "{% load i18n once_per_call %}"
        "{% once_per_call %}{% get_current_language as language %}{{ language }}"
        "{% endonce_per_call %}"
    )
    context = {"call": make_call(), "portal_url": "", "parts_of_calls": {}}
    shown = []
    for language in ("en-gb", "cy", "en-gb"):
        with override(language):
            shown.append(template.render(context))
    assert shown == ["en-gb", "cy", "en-gb"]


def test_part_shared_by_a_call_sees_nothing_of_one_mail():
    template = engines["django"].from_string(
        "{% load once_per_call %}{% once_per_call %}"
        "{{ call.title }}, {{ portal_url }}, <{{ token }}>{% endonce_per_call %}"
    )
    context = {"call": make_call(title="Rivers"), "portal_url": "https://portal.example"}
    shown = template.render({**context, "token": TOKEN, "parts_of_calls": {}})
    assert shown == "Rivers, https://portal.example, <>"
