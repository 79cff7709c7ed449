"""A second factor in a browser: a passkey of a virtual authenticator, and an app's code."""

import re
import time

import pytest
from allauth.mfa.totp.internal import auth
from playwright.sync_api import expect

from accounts.states import Role
from tests.journeys.staff_pages import sign_in
from tests.makers import PASSWORD, make_call, make_user

pytestmark = pytest.mark.django_db(transaction=True)

# As in some browsers, and at an address that is not safe.
WITHOUT_PASSKEYS = """() => {
  window.PublicKeyCredential = undefined;
  Object.defineProperty(navigator, "credentials", { value: undefined });
}"""


@pytest.fixture
def staff(settings):
    settings.SECOND_FACTOR_REQUIRED = True
    # Browsers have no passkeys for numbers such as 127.0.0.1.
    settings.PORTAL_HOST = "localhost"
    make_call()
    return make_user(Role.MANAGER)


def with_authenticator(page):
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_passkey_is_set_up_and_signs_in(open_browser, look, staff, live_server):
    page = open_browser(320)

    def check(name):
        look(page, name, [320])

    with_authenticator(page)
    here = re.sub(r"//[^:]+:", "//localhost:", live_server.url)
    sign_in(page, f"{here}/admin/", staff)
    page.wait_for_url("**/account/second-factor/")
    check("second-factor")
    page.get_by_role("link", name="Add a passkey").click()
    check("passkey")
    page.evaluate(WITHOUT_PASSKEYS)
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("alert")).to_have_text(
        "This browser has no passkeys here. Use another browser, or another way."
    )
    page.reload()
    page.get_by_role("button", name="Add a passkey").click()
    page.wait_for_url("**/recovery-codes/")
    check("recovery-codes")
    page.get_by_role("link", name="I have kept them").click()
    check("account")
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, f"{here}/admin/", staff)
    page.wait_for_url("**/account/second-factor/code/")
    check("second-factor-asked")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{here}/admin/")
    page.goto(f"{here}/account/again/")
    check("again")
    page.get_by_role("link", name="use a passkey").click()
    check("passkey-again")
    page.evaluate("document.querySelector('form[data-passkey]').submit()")  # without a passkey
    expect(page.get_by_role("alert").first).to_contain_text("The passkey was not accepted")
    check("passkey-refused")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{here}/admin/")


def test_app_is_set_up_without_javascript(open_browser, staff):
    page = open_browser(320, java_script_enabled=False)
    sign_in(page, "/admin/", staff)
    page.get_by_role("link", name="Set up an app").click()
    secret = page.locator("code").inner_text()
    code = auth.format_hotp_value(auth.hotp_value(secret, int(time.time()) // 30))
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Set up the app").click()
    expect(page.locator("li code")).to_have_count(10)
    page.goto("/admin/")
    expect(page).to_have_title(re.compile("^Project staff"))


def test_second_press_while_the_first_is_on_its_way_is_not_sent(open_browser, staff):
    page = open_browser(320)
    posts = []
    page.on("request", lambda asked: posts.append(asked.url) if asked.method == "POST" else None)
    page.goto("/admin/")
    page.get_by_label("Username").fill(staff.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").dblclick()
    page.get_by_role("link", name="Set up an app").click()
    secret = page.locator("code").inner_text()
    code = auth.format_hotp_value(auth.hotp_value(secret, int(time.time()) // 30))
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Set up the app").dblclick()
    expect(page.locator("li code")).to_have_count(10)
    assert len(posts) == 2
