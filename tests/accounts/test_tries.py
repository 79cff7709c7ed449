"""Wrong tries earn pauses that grow, for an account and for a client; nobody else is locked out."""

import logging
import re
from datetime import UTC, datetime, timedelta

import pytest
from allauth.core import context
from django.contrib.auth.hashers import MD5PasswordHasher, make_password
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import tries
from accounts.adapters import MFAAdapter
from accounts.models import Tries, User
from accounts.sign_in_form import CodeForm
from tests.makers import PASSWORD, make_user

AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
SIGN_IN = "/steering/sign-in/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def wall(monkeypatch):
    standing = {"now": AT}
    monkeypatch.setattr("core.clock.wall_now", lambda: standing["now"])

    def wait(seconds):
        standing["now"] += timedelta(seconds=seconds)

    return wait


def try_to(client, name, password="nothing like it", **options):
    return client.post(SIGN_IN, {"username": name, "password": password}, **options)


def test_pauses_are_none_for_five_tries_and_then_grow_to_a_quarter_of_an_hour():
    pauses = [tries.pause_after(n, free=5).total_seconds() for n in range(1, 15)]
    assert pauses == [0, 0, 0, 0, 5, 10, 20, 40, 80, 160, 320, 640, 900, 900]


def test_paused_account_is_told_in_plain_words_and_opens_after_the_pause(client, wall):
    user = make_user()
    for _ in range(5):
        assert try_to(client, user.username).status_code == 200
    refused = try_to(client, user.username, PASSWORD)
    assert refused.status_code == 429
    sentence = "There were several wrong tries. Wait 5 seconds, then try again"
    assert sentence in refused.content.decode()
    wall(5)
    assert try_to(client, user.username, PASSWORD).status_code == 302


def test_pause_by_a_clock_that_was_a_year_ahead_ends_when_it_is_right_again(wall):
    account = tries.of_account("password", "ada")
    for _ in range(5):
        assert not tries.count_try(account, at=AT + timedelta(days=365))
    assert not tries.count_try(account, at=AT)
    assert tries.count_try(account, at=AT) == timedelta(seconds=10)


def test_right_password_after_twenty_wrong_ones_signs_in_once_the_pause_is_over(client, wall):
    user = make_user()
    account = tries.of_account("password", user.username)
    for number in range(19):
        tries.count_try(account, at=AT + timedelta(seconds=900) * number)
    wall(900 * 19)
    assert [try_to(client, user.username).status_code for _ in range(2)] == [200, 429]
    wall(900)
    assert try_to(client, user.username, PASSWORD).status_code == 302
    assert not Tries.objects.filter(pk=account.key).exists()


def test_twenty_wrong_passwords_for_one_account_lock_no_other(client):
    first, second = make_user(), make_user()
    for _ in range(20):
        try_to(client, first.username)
    assert try_to(client, second.username, PASSWORD).status_code == 302


def test_client_that_tries_many_names_is_paused(client, wall):
    for _ in range(tries.FREE_OF_CLIENT - 2):
        tries.count_try(tries.of_client("password", "127.0.0.1"), at=AT)
    for number in range(2):
        assert try_to(client, f"name-{number}").status_code == 200
    assert try_to(client, "another").status_code == 429
    assert try_to(client, "another", REMOTE_ADDR="192.0.2.9").status_code == 200


def test_wrong_tries_of_an_office_are_forgotten_overnight(client, wall):
    office, later = tries.of_client("password", "127.0.0.1"), AT + timedelta(hours=14)
    assert not any(tries.count_try(office, at=AT) for _ in range(40))
    assert not any(tries.count_try(office, at=later) for _ in range(38))
    wall(28 * 3600)
    assert Tries.objects.get(pk=office.key).failed == 50
    assert try_to(client, "another").status_code == 200


def test_pauses_of_a_client_that_never_stops_do_not_shrink(wall):
    client, at, waits = tries.of_client("password", "192.0.2.9"), AT, []
    for _ in range(70):
        tries.count_try(client, at=at)
        wait = tries.count_try(client, at=at)
        waits.append(wait)
        at += wait
    assert waits == sorted(waits)
    assert waits[-1] == tries.LONGEST_PAUSE


def test_tries_within_a_pause_make_it_no_longer(client, wall):
    user = make_user()
    for _ in range(5):
        try_to(client, user.username)
    before = list(Tries.objects.order_by("pk").values_list("failed", "wait_until"))
    for _ in range(10):
        assert try_to(client, user.username).status_code == 429
    assert list(Tries.objects.order_by("pk").values_list("failed", "wait_until")) == before


def test_known_and_unknown_names_get_the_same_words_and_status(client, wall):
    user = make_user(username="known")

    def all_answers(name):
        answers = [try_to(client, name) for _ in range(8)]
        return [(a.status_code, a.content.decode().replace(name, "NAME")) for a in answers]

    def without_tokens(answers):
        return [(code, text.split("csrfmiddlewaretoken")[0]) for code, text in answers]

    assert without_tokens(all_answers(user.username)) == without_tokens(all_answers("other"))


def test_names_are_one_account_in_any_case(client, wall):
    make_user(username="known")
    for name in ("known", "Known", "KNOWN", " known", "kNown"):
        try_to(client, name)
    assert try_to(client, "known").status_code == 429


def test_neither_what_was_typed_nor_where_from_is_kept_or_logged(client, caplog, wall):
    caplog.set_level(logging.DEBUG)
    for _ in range(6):
        try_to(client, "somebodys-name", "somebodys-password", REMOTE_ADDR="192.0.2.77")
    kept = str(list(Tries.objects.values()))
    said = " ".join(record.getMessage() for record in caplog.records)
    for secret in ("somebodys-name", "somebodys-password", "192.0.2.77"):
        assert secret not in kept
        assert secret not in said
    assert "sign-in: a wrong name or password" in said
    assert "sign-in: a try within a pause" in said


def test_tries_are_forgotten_after_a_day(client, wall):
    user = make_user()
    for _ in range(4):
        try_to(client, user.username)
    wall(24 * 3600 + 1)
    for _ in range(4):
        assert try_to(client, user.username).status_code == 200
    wall(24 * 3600 + 1)
    assert tries.forget_old(at=AT + timedelta(days=3)) == 2


def test_links_to_a_new_password_are_limited_with_the_same_words_for_all(client, wall):
    make_user(email="known@example.org")
    for address in ("known@example.org", "other@example.org"):
        codes = [
            client.post("/account/forgotten/", {"email": address}).status_code for _ in range(6)
        ]
        assert codes == [302, 302, 302, 302, 302, 429]


def test_twenty_requests_for_links_to_one_address_lock_no_other(client, wall):
    for _ in range(20):
        client.post("/account/forgotten/", {"email": "one@example.org"})
    assert client.post("/account/forgotten/", {"email": "two@example.org"}).status_code == 302


def test_twenty_wrong_codes_of_one_account_lock_no_other(wall, rf):
    def errors_of(user):
        with context.request_context(rf.post("/")):
            return CodeForm({"code": "000000"}, user=user).errors["code"]

    user, other = make_user(), make_user()
    said = [errors_of(user) for _ in range(20)]
    wrong = [MFAAdapter.error_messages["incorrect_code"]]
    paused = ["There were several wrong tries. Wait 5 seconds, then try again"]
    assert said == [wrong] * 5 + [paused] * 15
    assert errors_of(other) == wrong


def test_client_that_tries_codes_of_many_accounts_is_paused(wall, rf):
    people = [User(pk=number, username=f"name-{number}") for number in range(51)]
    with context.request_context(rf.post("/")):
        said = [CodeForm({"code": "000000"}, user=user).errors["code"][0] for user in people]
    assert ["Wait" in text for text in said] == [False] * tries.FREE_OF_CLIENT + [True]


def test_wrong_passwords_of_somebody_signed_in_are_counted_too(client, wall):
    user = make_user()
    client.force_login(user)
    for _ in range(5):
        client.post("/account/again/", {"password": "nothing like it"})
    refused = client.post("/account/again/", {"password": PASSWORD})
    assert "There were several wrong tries" in refused.content.decode()


def test_wrong_passwords_at_the_sign_in_pause_nobody_who_is_signed_in(client, wall):
    user = make_user()
    client.force_login(user)
    for _ in range(5):
        try_to(Client(), user.username)
    assert client.post("/account/again/", {"password": PASSWORD}).status_code == 302


def test_no_name_is_told_by_hashes_queries_or_words(client, wall, monkeypatch):
    """Known, unknown, of somebody who left, and of somebody without a password."""
    make_user(username="known")
    make_user(username="left", is_active=False)
    User.objects.create(username="without", password=make_password(None))
    hashed = []
    encode = MD5PasswordHasher.encode

    def counted(hasher, password, salt):
        hashed.append(1)
        return encode(hasher, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    seen = set()
    for name in ("known", "unknown", "left", "without"):
        hashed.clear()
        with CaptureQueriesContext(connection) as asked:
            answer = try_to(client, name)
        shape = [re.sub(r"'.*?'|\d+", "", query["sql"]) for query in asked]
        text = re.sub(r'name="csrf\w+" value="\w+"', "", answer.content.decode())
        text = text.replace(f'value="{name}"', "")
        seen.add((answer.status_code, text, len(hashed), tuple(shape)))
    assert [(code, hashes) for code, _, hashes, _ in seen] == [(200, 1)]


def test_try_within_a_pause_hashes_nothing(client, monkeypatch):
    make_user(username="known")
    for _ in range(5):
        try_to(client, "known")

    def refuse(*_args):
        raise AssertionError("hashed")

    monkeypatch.setattr(MD5PasswordHasher, "encode", refuse)
    assert try_to(client, "known").status_code == 429
