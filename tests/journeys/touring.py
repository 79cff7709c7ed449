"""Going straight to a page in a state, with the response and the clock that it takes."""

from importlib import import_module

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY
from django.contrib.auth import SESSION_KEY as USER_SESSION_KEY
from django.test.signals import template_rendered

from submissions.respondent.browser_session import SESSION_KEY, THROUGH_ACCESS
from tests.journeys.conftest import WIDTHS
from tests.makers import just_signed_in

# Fills in a form of one's own beside the page's, with its token, and sends it.
POST = """([address, fields]) => {
  const form = document.createElement("form");
  form.method = "post";
  form.action = address;
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  for (const [name, value] of Object.entries({ csrfmiddlewaretoken: token, ...fields })) {
    const field = document.createElement("textarea");
    [field.name, field.value] = [name, value];
    form.append(field);
  }
  document.body.append(form);
  form.submit();
}"""
OF_A_PAGE = ("<main", '{% extends "base.html" %}', '{% extends "bare.html" %}')
PAGES = ("calls", "follow_ups", "late_passes", "refusals", "responses", "sharing", "statements")


def page_templates():
    """The templates that are a whole page for respondents."""
    folder = settings.BASE_DIR / "templates"
    return {
        f"{part}/{path.name}"
        for part in PAGES
        for path in (folder / part).glob("*.html")
        if any(sign in path.read_text() for sign in OF_A_PAGE)
    }


class Tour:
    """A browser's page that holds what it is told to, and looks at each stop.

    `seen` has the page templates that were looked at. Of each the first stop is looked at at both
    widths, and the others at the narrow one, where they have the least room.
    """

    def __init__(self, page, look, call):
        self.page = page
        self.call = call
        self.seen = set()
        self._look = look
        self._pages = page_templates()
        self._drawn = ""
        template_rendered.connect(self._note)

    def end(self):
        template_rendered.disconnect(self._note)

    def _note(self, template, **_kwargs):
        if template.name in self._pages:
            self._drawn = template.name

    def visit(self, rest="", name=""):
        """Open a page below the call's address, or anywhere by an address from the root."""
        address = rest if rest.startswith("/") else f"/calls/{self.call.slug}/{rest}"
        self.page.goto(address)
        return self.look(name or rest.strip("/").replace("/", "-") or "call")

    def look(self, name):
        self.page.wait_for_load_state()  # a press may lead to another page
        self._look(self.page, name, [WIDTHS["narrow"]] if self._drawn in self.seen else None)
        self.seen.add(self._drawn)
        return self

    def post(self, rest, name, **fields):
        """Send `fields` to a page below the call's address, and look at what comes."""
        if not self.page.locator("[name=csrfmiddlewaretoken]").count():
            self.page.goto(f"/calls/{self.call.slug}/return/")
        with self.page.expect_navigation():
            self.page.evaluate(POST, [f"/calls/{self.call.slug}/{rest}", fields])
        return self.look(name)

    def press(self, name, after=""):
        self.page.get_by_role("button", name=name, exact=True).first.click()
        return self.look(after) if after else self

    def fill(self, label, text):
        self.page.get_by_label(label).fill(text)
        return self

    def hold(self, submission):
        """Let the browser hold this response of the call, and no other; None: nothing."""
        session = import_module(settings.SESSION_ENGINE).SessionStore()
        if submission is not None:
            session[SESSION_KEY] = {submission.call.slug: str(submission.public_id)}
        return self._sit_in(session)

    def hold_as(self, colleague):
        """Let the browser hold the colleague's response through their access."""
        session = import_module(settings.SESSION_ENGINE).SessionStore()
        held = f"{THROUGH_ACCESS}{colleague.public_id}"
        session[SESSION_KEY] = {colleague.submission.call.slug: held}
        return self._sit_in(session)

    def sign_in(self, user):
        session = import_module(settings.SESSION_ENGINE).SessionStore()
        session[USER_SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.update(just_signed_in(user))
        return self._sit_in(session)

    def _sit_in(self, session):
        session.save()
        self.page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session.session_key}
        self.page.context.add_cookies([cookie | {"url": self.base_url}])
        return self

    @property
    def base_url(self):
        return self.page.evaluate("location.origin")
