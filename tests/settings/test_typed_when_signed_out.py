"""What staff typed while their sign-in ended comes back; no password does."""

import pytest
from django.test import Client

from accounts.states import Role
from tests.makers import make_call, make_user, while_open

pytestmark = pytest.mark.django_db
WORDS = "Small partners carry the risk.\n<b>We</b> think so."


@pytest.fixture
def write(at):
    """The address on which a member of the call writes a memo."""
    call = make_call()
    at(while_open(call))
    return f"/admin/review/memo/write/{call.pk}/"


def signed_out(client):
    """The client of somebody whose sign-in ended while a page was open."""
    client.force_login(make_user(Role.REVIEWER))
    client.logout()
    return client


def test_words_come_back_with_the_way_to_the_page_of_the_form(write):
    client = signed_out(Client())
    answer = client.post(write, {"title": "Risk", "text": WORDS, "seen": "1"})
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "Small partners carry the risk.\n&lt;b&gt;We&lt;/b&gt; think so.</textarea>" in page
    assert f'href="/admin/login/?next={write}"' in page
    assert page.count("<textarea") == 1


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("exports/", {"format": "csv", "named": "yes", "reason": "For the report"}),
        ("tokens/", {"name": "For the report", "days": "90"}),
    ],
)
def test_words_at_steering_come_back_with_the_way_to_the_page_of_the_form(at, path, given):
    call = make_call()
    at(while_open(call))
    client = signed_out(Client())
    page = f"/steering/{call.slug}/{path}"
    before = f"http://testserver{page}?timings=on_time"
    answer = client.post(page, given, headers={"Referer": before})
    assert answer.status_code == 403
    text = answer.content.decode()
    assert f'href="/steering/sign-in/?next={page}%3Ftimings%3Don_time"' in text
    assert "For the report</textarea>" in text
    assert text.count("<textarea") == 1
    without = client.post(page, {"format": "csv"}, headers={"Referer": before})
    assert without.status_code == 302
    assert without.headers["Location"] == f"/steering/sign-in/?next={page}%3Ftimings%3Don_time"


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [
        (Role.STEERING_MEMBER, "/steering/the-call/exports/", 403),
        (Role.STEERING_MEMBER, "/steering/another-call/exports/", 404),
        (Role.REVIEWER, "/admin/review/memo/write/1/", 403),
    ],
)
def test_words_come_back_to_whose_membership_ended_meanwhile(client, role, path, status):
    make_call(slug="the-call")
    user = make_user(role)
    client.force_login(user)
    if status == 403:
        user.memberships.all().delete()
    answer = client.post(path, {"format": "csv", "reason": "For <b>our</b> report"})
    page = answer.content.decode()
    assert answer.status_code == status
    assert "For &lt;b&gt;our&lt;/b&gt; report</textarea>" in page
    assert page.count("<textarea") == 1
    assert "<textarea" not in client.get(path).content.decode()


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [
        (Role.STEERING_MEMBER, "/steering/another-call/exports/", 404),
        (Role.STEERING_MEMBER, "/admin/review/codingsample/1/", 403),
        (Role.REVIEWER, "/admin/no-such-page/", 400),
        (None, "/admin/review/codingsample/1/", 302),
    ],
)
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"--b\r\nContent-Disposition: form-data; name=x", "multipart/form-data"),
        (b"reason=For+our+report", "application/x-www-form-urlencoded; charset=latin-1"),
        (b"&".join([b"a=b"] * 11_000), "application/x-www-form-urlencoded"),
    ],
)
def test_body_that_cannot_be_read_changes_no_refusal(
    client, role, path, status, body, content_type
):
    make_call()
    if role:
        client.force_login(make_user(role))
    answer = client.post(path, body, content_type=content_type)
    assert answer.status_code == status


def test_words_come_back_to_nobody_else(client):
    answer = client.post("/no-such-page/", {"reason": "For our report"})
    assert answer.status_code == 404
    assert "report" not in answer.content.decode()


@pytest.mark.parametrize(
    ("given", "before", "led_to"),
    [
        ({"do": "approve"}, "/admin/review/redaction/1/change/?p=2", "change/%3Fp%3D2"),
        ({"password": "three random words"}, "", "decide/"),
        ({"code": "Late payment", "fragment": "1"}, "", "decide/"),
        ({"do": "approve"}, "https://evil.example/a", "decide/"),
    ],
)
def test_without_words_it_leads_to_the_sign_in(write, given, before, led_to):
    client = signed_out(Client())
    before = f"http://testserver{before}" if before.startswith("/") else before
    answer = client.post("/admin/review/redaction/1/decide/", given, headers={"Referer": before})
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/admin/login/?next=/admin/review/redaction/1/{led_to}"


@pytest.mark.parametrize(
    "names",
    [
        ("username", "password"),
        ("old_password", "new_password1", "new_password2"),
        ("password1", "password2"),
    ],
)
def test_page_that_expired_gives_the_words_back_and_no_password(names):
    given = dict.fromkeys(names, "three random words") | {"name": "Pat Example"}
    answer = Client(enforce_csrf_checks=True).post("/account/password/", given)
    page = answer.content.decode()
    assert (answer.status_code, page.count("<textarea")) == (403, 1)
    assert "Pat Example</textarea>" in page
    assert "three random words" not in page
