"""A response to code and its coder, and what the page for coding posts."""

from django.test import Client
from django.urls import reverse

from accounts.models import Membership
from accounts.states import Role
from tests.makers import make_user

STORY = "Fair pay 😎. Rivals share. They do.\n\nAnother paragraph of one sentence"


def coder(call, name="ada", role=Role.CODER):
    person = make_user(username=name)
    Membership.objects.create(person=person, call=call, role=role)
    return person


def signed_in(person):
    client = Client()
    client.force_login(person)
    return client


def address(response, key="story", what="code"):
    return reverse(f"admin:submissions_submission_{what}", args=[response.pk, key])


def page(client, response, query=""):
    where = reverse("admin:submissions_submission_change", args=[response.pk])
    return client.get(f"{where}{query}").content.decode()


def post(client, response, *, key="story", **given):
    return client.post(address(response, key), {"version": "1", "code": "Pay"} | given)


def part(words):
    """What the form posts for these words of the story."""
    start = STORY.index(words)
    return f"{start}-{start + len(words)}"


def of_words(words, text=STORY):
    """What a browser posts for these words of the answer."""
    start = len(text[: text.index(words)].encode("utf-16-le")) // 2
    end = start + len(words.encode("utf-16-le")) // 2
    return {"start": str(start), "end": str(end), "quote": words, "fragment": "1"}
