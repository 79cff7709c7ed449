"""Staff who enter a response that came another way."""

from datetime import timedelta

from django.test import Client

from accounts.states import Role
from submissions.responses.models import Entry
from tests.makers import make_user

ADMIN = "/admin/submissions/entry/"


def staff(role=Role.REVIEWER):
    client = Client()
    client.force_login(make_user(role))
    return client


def begun(client, call, **overrides):
    came = (call.closes_at - timedelta(days=1)).date().isoformat()
    data = {"channel": "post", "day": came, "time": "09:30", "acknowledgement": "letter"}
    client.post(f"{ADMIN}begin/{call.pk}/", data | overrides)
    return Entry.objects.select_related("submission").get()


def section_of(call, key):
    return call.questionnaire.questions_by_key[key].section.key
