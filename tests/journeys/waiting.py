"""Waiting for what a browser does in its own time, however busy the machine is."""

from contextlib import suppress

from playwright.sync_api import Error


def wait_for(page, condition, what):
    """Wait until `condition()` is true, and give the browser's messages their turn meanwhile."""
    for _ in range(300):
        if condition():
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{what} on {page.url}")


def wait_until(page, expression, argument=None):
    """Wait until a script says yes, also under a policy that lets no page evaluate text.

    Playwright's own wait evaluates it in the page from the second time on.
    """

    def said_yes():
        # Of a page that is just being left there is no answer.
        with suppress(Error):
            return page.evaluate(expression, argument)

    wait_for(page, said_yes, f"{expression} is not so")


def stay_when_asked(page):
    """Try to leave the page, which must ask first; whoever is asked stays."""
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.evaluate("location.assign('/cookies/')")
    wait_for(page, lambda: asked, "nobody was asked on leaving")
    assert asked == ["beforeunload"]
