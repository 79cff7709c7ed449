"""Tokens: shown once, stored as a digest, and useless as soon as anything is wrong with them."""

from datetime import timedelta
from hashlib import sha256

import pytest
from django.db import IntegrityError, transaction

from accounts.account_mail import claim_due
from accounts.account_messages import write
from accounts.models import AccountMail, AuditEvent, Membership
from accounts.states import Action, AuditAction, Role
from core import clock
from exports import tokens
from exports.consent import Scope
from exports.models import ApiToken
from exports.permissions import ExportRefused
from tests.exports.api.pulling import make_token, pull, said
from tests.exports.exporting import NOW
from tests.makers import allow, make_call, make_submitted, make_user, withhold

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/calls/{}/responses"


def test_token_is_stored_as_its_digest_alone():
    token, secret = make_token(make_call())
    assert len(secret) == len("evp_") + 64
    assert secret.startswith("evp_")
    assert token.digest == sha256(secret.encode()).hexdigest()
    stored = ApiToken.objects.values_list().get()
    assert not any(secret in str(value) for value in stored)


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic abc", "evp_x", "Bearer evp_" + "0" * 64, "Bearer \u00e9"],
)
def test_wrong_tokens_get_401_in_plain_words(client, header):
    call = make_call()
    for slug in (call.slug, "no-such-call"):
        answer = client.get(ADDRESS.format(slug), headers={"authorization": header})
        assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
        assert answer["WWW-Authenticate"].startswith('Bearer realm="')
        assert answer.json()["status"] == 401


def test_only_a_token_that_was_sent_is_called_invalid(client):
    call = make_call()
    assert "error" not in client.get(ADDRESS.format(call.slug))["WWW-Authenticate"]
    wrong = pull(client, call, "evp_nothing")
    assert 'error="invalid_token"' in wrong["WWW-Authenticate"]


def revoked(token):
    tokens.revoke(token, by=token.person, at=NOW, wall_now=clock.wall_now())


def over(token):
    past = clock.wall_now() - timedelta(days=100)
    ApiToken.objects.filter(pk=token.pk).update(
        made_at=past, expires_at=past + timedelta(days=100) - timedelta(seconds=1)
    )


def left(token):
    Membership.objects.filter(person=token.person).delete()


def left_and_came_back(token):
    kept = Membership.objects.get(person=token.person)
    Membership.objects.filter(pk=kept.pk).delete()
    kept.pk = None
    kept.save(force_insert=True)


def inactive(token):
    token.person.is_active = False
    token.person.save()


def inactive_for_a_while(token):
    inactive(token)
    token.person.is_active = True
    token.person.save()


@pytest.mark.parametrize(
    "happens", [revoked, over, left, left_and_came_back, inactive, inactive_for_a_while]
)
def test_token_is_useless_at_once(client, happens):
    call = make_call()
    response = make_submitted(call)
    token, secret = make_token(call)
    assert said(pull(client, call, secret)) == [(response.reference, "response")]
    happens(token)
    assert pull(client, call, secret).status_code == 401


def test_member_who_lost_the_right_gets_403(client):
    call = make_call()
    token, secret = make_token(call)
    withhold(token.person, Action.EXPORT)
    answer = pull(client, call, secret)
    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer["WWW-Authenticate"]


def test_token_of_more_is_useless_without_the_right_to_more(client):
    call = make_call()
    by = make_user(Role.REVIEWER)
    allow(by, "export", "export_confidential")
    _token, secret = make_token(call, by=by, scope=Scope(confidential=True))
    assert pull(client, call, secret).status_code == 200
    withhold(by, Action.EXPORT_CONFIDENTIAL)
    assert pull(client, call, secret).status_code == 403


def test_other_calls_are_as_those_that_there_are_not(client):
    call, other = make_call(), make_call()
    _token, secret = make_token(call)
    header = {"authorization": f"Bearer {secret}"}
    answers = [client.get(ADDRESS.format(s), headers=header) for s in (other.slug, "nowhere")]
    assert [answer.status_code for answer in answers] == [404, 404]
    told, told_of_nowhere = (answer.json() for answer in answers)
    assert told.pop("request") != told_of_nowhere.pop("request")
    assert told == told_of_nowhere


def test_no_cookie_opens_or_comes(client):
    call = make_call()
    client.force_login(make_user(Role.STEERING_MEMBER))
    answer = client.get(ADDRESS.format(call.slug))
    assert answer.status_code == 401
    assert answer.cookies == {}
    assert answer["Vary"] == "Authorization"
    assert client.post(ADDRESS.format(call.slug)).status_code == 405
    assert client.get("/api/anything").json()["status"] == 404


def test_too_many_pulls_wait(client, monkeypatch):
    call = make_call()
    _token, secret = make_token(call)
    monkeypatch.setattr(
        "exports.api.access.wait_before", lambda *_args, **_options: timedelta(seconds=90)
    )
    answer = pull(client, call, secret)
    assert (answer.status_code, answer["Retry-After"]) == (429, "90")
    assert "more than 1,200 times in an hour. Ask again in 90 seconds." in answer.json()["detail"]


def test_right_token_goes_on_where_wrong_ones_wait(client, monkeypatch):
    call = make_call()
    _token, secret = make_token(call)
    monkeypatch.setattr(
        "exports.api.access.client_wait", lambda *_args, **_options: timedelta(seconds=9)
    )
    refused = pull(client, call, "evp_wrong")
    assert refused.status_code == 429
    assert "wrong, over or revoked" in refused.json()["detail"]
    assert pull(client, call, secret).status_code == 200


def test_token_lasts_a_year_at_most():
    call = make_call()
    with pytest.raises(tokens.TokenRefused):
        make_token(call, days=366)
    token, _secret = make_token(call, days=365)
    with pytest.raises(IntegrityError), transaction.atomic():
        ApiToken.objects.filter(pk=token.pk).update(
            expires_at=token.made_at + timedelta(days=365, seconds=1)
        )


@pytest.mark.parametrize("scope", [Scope(named=True), Scope(confidential=True)])
def test_nobody_makes_a_token_of_more_than_they_may_export(scope):
    call = make_call()
    with pytest.raises(ExportRefused):
        make_token(call, scope=scope)
    assert not ApiToken.objects.exists()


def test_person_has_so_many_tokens_of_each_call(monkeypatch):
    monkeypatch.setattr(tokens, "MOST", 1)
    call, other = make_call(), make_call()
    by = make_user(Role.STEERING_MEMBER)
    make_token(other, by=by)
    make_token(call)
    token, _secret = make_token(call, by=by)
    with pytest.raises(tokens.TokenRefused, match="Revoke one first"):
        make_token(call, by=by)
    revoked(token)
    make_token(call, by=by)


def test_use_is_noted_once_a_minute(client):
    call = make_call()
    token, secret = make_token(call)
    pull(client, call, secret)
    token.refresh_from_db()
    first = token.last_used_at
    pull(client, call, secret)
    token.refresh_from_db()
    assert token.last_used_at == first is not None
    unused, _secret = make_token(call)
    later = first + tokens.NOTED_EVERY + timedelta(seconds=1)
    tokens.note_use(token, wall_now=later)
    noted = dict(ApiToken.objects.values_list("pk", "last_used_at"))
    assert noted == {token.pk: later, unused.pk: None}


def test_person_is_warned_once_of_tokens_that_end():
    call = make_call()
    person = make_user(Role.STEERING_MEMBER, email="analyst@example.org")
    now = clock.wall_now()
    for name in ("R", "Python"):
        make_token(call, by=person, name=name, days=30, at=now - timedelta(days=20))
    make_token(call, by=person, days=30, at=now)
    assert tokens.warn_of_ends(wall_now=now) == 1
    assert tokens.warn_of_ends(wall_now=now) == 0
    (mail,) = claim_due(wall_now=now)
    written = write(mail, at=now)
    assert written.to == ["analyst@example.org"]
    assert "ends within 14 days" in written.body
    assert AccountMail.objects.count() == 1


def test_ended_tokens_are_deleted_after_ninety_days():
    token, _secret = make_token(make_call())
    end = token.expires_at
    assert not tokens.usable(ApiToken.objects.all(), at=end)
    assert tokens.delete_ended(wall_now=end + timedelta(days=89)) == 0
    assert tokens.delete_ended(wall_now=end + timedelta(days=90)) == 1
    early, _secret = make_token(make_call())
    revoked(early)
    assert tokens.delete_ended(wall_now=clock.wall_now() + timedelta(days=90)) == 1


def test_making_and_revoking_are_on_record():
    call = make_call()
    token, _secret = make_token(call)
    revoked(token)
    events = AuditEvent.objects.filter(
        call=call, action__in=[AuditAction.TOKEN_MADE, AuditAction.TOKEN_REVOKED]
    ).order_by("pk")
    assert [(event.action, event.detail["token"]) for event in events] == [
        ("token_made", token.hint),
        ("token_revoked", token.hint),
    ]
    assert "R" not in [value for event in events for value in event.detail.values()]
