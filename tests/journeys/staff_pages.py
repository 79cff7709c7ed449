"""What journeys through the pages of staff share."""

import os
from pathlib import Path

from tests.makers import PASSWORD


def sign_in(page, address, user):
    page.goto(address)
    page.get_by_label("Username").fill(user.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login/" not in url and "/sign-in/" not in url)


def keep_screenshot(page, name):
    """Save a picture of the whole page, if SCREENSHOTS names a folder."""
    if folder := os.environ.get("SCREENSHOTS"):
        width = page.viewport_size["width"]
        page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
