"""The page of one's tokens, and the managers' list."""

import re
from datetime import UTC, datetime

import pytest

from accounts.states import Role
from core.admin.uk_time import in_uk_time
from exports.consent import Scope
from exports.models import ApiToken
from tests.exports.api.pulling import make_token, pull, said
from tests.exports.steering.pages import tables
from tests.makers import allow, make_call, make_submitted, make_user

pytestmark = pytest.mark.django_db


def test_token_is_shown_once_and_reads(steering, client):
    call = make_call()
    steering.force_login(steering.user)
    response = make_submitted(call)
    address = f"/steering/{call.slug}/tokens/"
    page = steering.post(address, {"name": "R on my laptop", "days": "30"}).content.decode()
    (secret,) = re.findall(r"evp_[0-9a-f]{64}", page)
    assert said(pull(client, call, secret)) == [(response.reference, "response")]
    again = steering.get(address).content.decode()
    assert secret not in again
    assert "R on my laptop" in again
    assert secret[:12] in again


def test_making_a_token_asks_again(steering):
    call = make_call()
    session = steering.session
    del session["account_authentication_methods"]
    session.save()
    answer = steering.post(f"/steering/{call.slug}/tokens/", {"name": "R", "days": "30"})
    assert answer.status_code == 302
    assert "/account/again/" in answer.url
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize("posted", [{"name": ""}, {"name": "x" * 61}, {"name": "R", "days": "9"}])
def test_page_says_what_is_wrong(steering, posted):
    call = make_call()
    answer = steering.post(f"/steering/{call.slug}/tokens/", {"days": "30"} | posted)
    assert answer.status_code == 422
    assert "There is a problem" in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_named_token_is_not_for_who_may_not_name(steering):
    call = make_call()
    posted = {"name": "R", "days": "30", "named": "yes", "reason": "Mine"}
    answer = steering.post(f"/steering/{call.slug}/tokens/", posted)
    assert (answer.status_code, ApiToken.objects.count()) == (422, 0)


def test_own_token_is_revoked_and_no_other(steering):
    call = make_call()
    mine, _secret = make_token(call, by=steering.user)
    other, _secret = make_token(call)
    answers = [
        steering.post(f"/steering/{call.slug}/tokens/{token.pk}/revoke/").status_code
        for token in (mine, other)
    ]
    assert answers == [302, 404]
    assert set(ApiToken.objects.in_force()) == {other}


def test_many_pulls_of_a_day_are_one_line_on_record(steering, client):
    call = make_call()
    for _ in range(3):
        make_submitted(call)
    token, secret = make_token(call, by=steering.user)
    for _ in range(4):
        pull(client, call, secret, limit=2)
    page = steering.get(f"/steering/{call.slug}/exports/").content.decode()
    assert page.count(f"{token.hint}…") == 1
    (*_head, row) = tables(page)["Fetched by programs, on record"]
    assert row[-2:] == ["4", "8"]
    assert "Nothing has been exported yet." in page


def test_pulls_are_told_by_the_calls_days_and_to_who_may_know_how_many(
    steering, client, monkeypatch
):
    call = make_call(timezone="Asia/Tokyo", hides_small_counts=True)
    for _ in range(3):
        make_submitted(call)
    by = make_user(Role.REVIEWER)
    allow(by, "export", "export_confidential")
    scope = Scope(confidential=True)
    secrets = make_token(call, by=steering.user)[1], make_token(call, by=by, scope=scope)[1]
    for hour in (14, 16):  # the next day in Tokyo
        moment = datetime(2019, 7, 24, hour, tzinfo=UTC)
        monkeypatch.setattr("core.clock.portal_now", lambda moment=moment: moment)
        for secret in secrets:
            pull(client, call, secret)
    page = steering.get(f"/steering/{call.slug}/exports/").content.decode()
    rows = tables(page)["Fetched by programs, on record"][1:]
    assert sorted(row[-2:] for row in rows) == [["1", ""]] * 2 + [["1", "fewer than 5"]] * 2


def test_manager_sees_and_revokes_tokens_of_the_own_call_alone(client):
    call = make_call()
    manager = make_user(Role.MANAGER, is_staff=True)
    token, _secret = make_token(call, name="zq01xname")
    elsewhere = make_call()
    manager.memberships.filter(call=elsewhere).delete()
    other, _secret = make_token(elsewhere, name="zq02xname")
    client.force_login(manager)
    address = "/admin/exports/apitoken/"
    page = client.get(address).content.decode()
    assert "zq01xname" in page
    assert "zq02xname" not in page
    made = in_uk_time(token.made_at)
    assert made in page
    row = client.get(f"{address}{token.pk}/change/").content.decode()
    assert made in row
    assert row.count("(UK time)") == 4
    assert token.digest not in row
    chosen = {"action": "revoke", "_selected_action": [token.pk, other.pk]}
    client.post(address, chosen)
    assert set(ApiToken.objects.in_force()) == {other}
