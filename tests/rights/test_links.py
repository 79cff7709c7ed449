"""Pages of the admin lead their reader to no page that refuses them."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.states import Action, Role
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import OutboxState
from tests.makers import make_user, withhold
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


def refusing(person, *addresses):
    """Return the links of these pages which the person may not follow."""
    client = Client()
    client.force_login(person)
    pages = [client.get(address) for address in addresses]
    assert {page.status_code for page in pages} == {200}
    shown = "".join(page.content.decode() for page in pages)
    found = set(re.findall(r'href="(/admin/[^"]*)"', shown)) - {reverse("admin:logout")}
    assert found
    return {address for address in found if client.get(address).status_code in {403, 404}}


def test_pages_beside_responses_lead_to_none_for_who_may_not_read_them(ours):
    OutboxEmail.objects.update(state=OutboxState.FAILED, sent_at=None)
    report = reverse("admin:submissions_call_closing_report", args=[ours.call.pk])
    reader = make_user(Role.MANAGER)
    withhold(reader, Action.READ_RESPONSES)
    others = [
        reverse("admin:submissions_erasurerequest_changelist"),
        reverse("admin:submissions_erasurerequest_change", args=[ours.erasure.pk]),
        reverse("admin:submissions_outboxemail_change", args=[ours.mail.pk]),
    ]
    assert refusing(reader, report, *others) == set()
    assert refusing(make_user(Role.REVIEWER), report) == set()


def test_memo_is_deleted_only_where_its_page_offers_it(ours):
    page = reverse("admin:review_memo_change", args=[ours.memo.pk])
    deleting, reading = make_user(Role.MANAGER), make_user(Role.MANAGER)
    withhold(reading, Action.CODE)
    offered = {}
    for person in (deleting, reading):
        client = Client()
        client.force_login(person)
        answer = client.get(page)
        assert answer.status_code == 200
        offered[person] = "Delete the memo" in answer.content.decode()
    assert offered == {deleting: True, reading: False}
