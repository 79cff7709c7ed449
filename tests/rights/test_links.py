"""Pages of the admin lead their reader to no page that refuses them."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.states import Role
from tests.makers import make_user
from tests.rights.two_calls import Side

REFUSED = r'href="(/admin/accounts/user/|[^"]*/closing-time/|[^"]*/entry/"|[^"]*/take-back/)'


@pytest.fixture
def ours(db, settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path
    side = Side("ours", boss=User.objects.create_superuser("maker"))
    monkeypatch.setattr("core.clock.portal_now", lambda: side.at)
    return side


def links(person, rows):
    client = Client()
    client.force_login(person)
    pages = {}
    for name, row in rows.items():
        answer = client.get(reverse(f"admin:{name}_change", args=[row.pk]))
        assert (name, answer.status_code) == (name, 200)
        pages[name] = len(re.findall(REFUSED, answer.content.decode()))
    return pages


def test_pages_lead_their_reader_to_none_that_refuses_them(ours):
    rows = {
        "submissions_call": ours.call,
        "accounts_auditevent": ours.event,
        "accounts_membership": ours.membership,
        "submissions_latepass": ours.late_pass,
    }
    reader = make_user(Role.DATA_PROTECTION)
    assert set(links(reader, rows).values()) == {0}
    tokens = {"exports_apitoken": ours.token_of(ours.member)}
    assert links(make_user(Role.MANAGER), tokens) == {"exports_apitoken": 0}
    boss = User.objects.get(username="maker")
    assert 0 not in links(boss, rows | tokens).values()
