"""Each kind of mail can be read before anybody is sent one, and nothing in it runs."""

import html
import re
from base64 import b64encode
from hashlib import sha256

import pytest

from accounts.states import Role
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import MailKind
from submissions.responses.models import Submission
from tests.makers import make_call, make_first_call, make_user

pytestmark = pytest.mark.django_db
PREVIEWS = "/admin/submissions/outboxemail/previews/"


@pytest.fixture
def staff(client):
    client.force_login(make_user(Role.MANAGER, is_staff=True))
    return client


def test_each_kind_is_shown_as_text_and_framed(staff):
    call = make_first_call()
    page = staff.get(PREVIEWS).content.decode()
    frames = re.findall(r'<iframe class="preview" sandbox [^>]*src="([^"]+)"', page)
    assert frames == [f"{PREVIEWS}{call.slug}/{kind}/" for kind in MailKind.values]
    texts = re.findall(r'<pre class="given"[^>]*>(.*?)</pre>', page, flags=re.DOTALL)
    assert len(texts) == len(MailKind)
    for kind, text in zip(MailKind, texts, strict=True):
        assert call.title in html.unescape(text), kind
    assert OutboxEmail.objects.count() + Submission.objects.count() == 0


def test_only_the_page_of_previews_may_frame(staff):
    make_call()
    policy = staff.get(PREVIEWS).headers["Content-Security-Policy"]
    assert "frame-src 'self'" in policy
    assert "default-src 'none'" in policy
    elsewhere = staff.get("/admin/").headers["Content-Security-Policy"]
    assert "frame-src" not in elsewhere


def test_framed_mail_has_a_policy_of_its_own(staff):
    call = make_call()
    for kind in MailKind.values:
        answer = staff.get(f"{PREVIEWS}{call.slug}/{kind}/")
        page = answer.content.decode()
        style = re.search(r"<style>(.*?)</style>", page, flags=re.DOTALL)[1]
        digest = b64encode(sha256(style.encode()).digest()).decode()
        assert answer.headers["Content-Security-Policy"] == (
            f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
            "form-action 'none'; frame-ancestors 'self'; sandbox"
        ), kind
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN", kind


def test_words_of_the_chosen_call_are_shown(staff):
    make_call(title="One call")
    other = make_call(title="Another call", what_happens_next="We will <i>read</i> it.")
    page = staff.get(PREVIEWS, {"call": other.slug}).content.decode()
    assert "We will &lt;i&gt;read&lt;/i&gt; it." in page
    assert f'<option value="{other.slug}" selected>Another call</option>' in page


@pytest.mark.parametrize("path", ["no-such-call/confirmation/", "{slug}/no_such_kind/"])
def test_unknown_sample_is_not_found(staff, path):
    call = make_call()
    assert staff.get(f"{PREVIEWS}{path.format(slug=call.slug)}").status_code == 404


def test_portal_without_a_call_says_so(client):
    client.force_login(make_user(is_superuser=True))
    assert "There is no call yet" in client.get(PREVIEWS).content.decode()


@pytest.mark.parametrize("group", [Role.STEERING_MEMBER, None])
def test_previews_are_for_who_may_see_the_outbox(client, group):
    call = make_call()
    client.force_login(make_user(group, is_staff=True))
    assert client.get(PREVIEWS).status_code == 403
    assert client.get(f"{PREVIEWS}{call.slug}/confirmation/").status_code == 403


def test_call_whose_contact_address_no_mail_can_be_sent_to_is_told_so(staff):
    call = make_call()
    type(call).objects.filter(pk=call.pk).update(contact_email="team@exam ple.org")
    page = staff.get(PREVIEWS)
    assert page.status_code == 200
    assert "The call&#x27;s contact address is not one that mail" in page.content.decode()
    assert staff.get(f"{PREVIEWS}{call.slug}/confirmation/").status_code == 404
