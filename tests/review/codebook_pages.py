"""Somebody at the pages of a codebook, and codings that they find."""

import re

from django.test import Client

from review.coding.codings import code_passage
from tests.makers import OPENS_AT, make_submitted, make_user


def signed_in(role=None, **fields):
    client = Client()
    client.force_login(make_user(role, **fields))
    return client


def coded(code, *, by, response=None, start=0, end=4, text="Fair pay for all"):
    response = response or make_submitted(code.call, story=text)
    question = code.call.questions.get(key="story")
    version = response.current_version
    return code_passage(
        code=code, version=version, question=question, start=start, end=end, by=by, at=OPENS_AT
    )


def words(page):
    """The text of the page's content, in which pictures are what they say."""
    content = re.split(r'<div id="content-main"[^>]*>', page.content.decode(), maxsplit=1)[1]
    content = content.partition("<footer")[0]
    said = re.sub(r'<svg[^>]*aria-label="([^"]*)".*?</svg>', r"[\1]", content, flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", said).split())
