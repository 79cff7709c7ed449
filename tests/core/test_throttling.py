from datetime import timedelta
from secrets import token_hex

import pytest
from django.test import RequestFactory

from core import throttling
from core.broker import broker
from core.throttling import (
    COUNTED_FOR,
    DAY,
    HOUR,
    Tries,
    client_address,
    wait_before,
    waits_in_turn,
)


@pytest.fixture
def client():
    with broker() as client:
        yield client


@pytest.fixture
def what():
    """A thing to try that no test beside this one tries."""
    return token_hex()


def test_tries_are_counted_for_each_and_for_each_thing(what):
    none, hour = timedelta(0), timedelta(seconds=COUNTED_FOR)
    assert [wait_before(what, "one", most=2) for _ in range(3)] == [none, none, hour]
    assert wait_before(what, "two", most=2) == none
    assert wait_before(f"{what}-2", "one", most=2) == none


def test_tries_are_forgotten_after_the_hour_that_the_first_began(client, what):
    wait_before(what, "one", most=1)
    mark = client.keys(f"portal:tries:{what}:*")[0]
    assert client.ttl(mark) == COUNTED_FOR
    client.expire(mark, 100)
    wait_before(what, "one", most=1)
    assert client.ttl(mark) <= 100
    client.delete(mark)
    assert not wait_before(what, "one", most=1)


def test_mails_to_an_address_are_forgotten_after_a_day(client, what):
    wait_before(what, "mowgli@example.org", most=1, within=DAY)
    (mark,) = client.keys(f"portal:tries:{what}:*")
    assert client.ttl(mark) == 24 * 3600
    assert b"mowgli" not in mark


def test_what_has_to_wait_is_counted_nowhere(client, what):
    def tries(who, most=1, in_all=2):
        return waits_in_turn(
            Tries(f"{what}-to", who, {HOUR: most, DAY: 2}),
            Tries(what, "all", {HOUR: in_all, DAY: 3}),
        )

    none, hour, day = timedelta(0), timedelta(seconds=HOUR), timedelta(seconds=DAY)
    assert tries("ada") == [none, none]
    assert [tries("ada") for _ in range(3)] == [[hour, none]] * 3
    assert tries("bee") == [none, none]
    assert [tries("cat") for _ in range(3)] == [[none, hour]] * 3
    assert tries("cat", in_all=9) == [none, none]  # as in another hour of the day
    assert tries("ada", most=9, in_all=9) == [none, day]
    counts = client.keys(f"portal:tries:{what}*")
    assert {client.ttl(count) > 0 for count in counts} == {True}


def test_a_count_that_ends_while_it_is_taken_back_ends_again(client, what):
    key = next(iter(Tries(what, "all", {HOUR: 1}).keys()))
    throttling._uncount(client, [key])
    assert client.ttl(key) == HOUR


def test_nothing_that_is_kept_says_who_tried(client, what):
    wait_before(what, "192.0.2.7", most=1)
    assert len(client.keys(f"portal:tries:{what}:*")) == 1
    assert not any(b"192.0.2.7" in mark for mark in client.keys(f"portal:tries:{what}:*"))


@pytest.mark.parametrize(
    ("heard", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:0:1::7", "2001:db8:0:1::/64"),
        ("2001:db8:0:1:ffff:ffff:ffff:ffff", "2001:db8:0:1::/64"),
        ("[2001:db8:0:2::7]", "2001:db8:0:2::/64"),
        ("fe80::7%eth0", "fe80::/64"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_client_is_an_address_or_a_network_of_ipv6(settings, heard, client):
    request = RequestFactory().get("/", REMOTE_ADDR=heard)
    assert client_address(request) == client
    settings.TRUSTED_PROXIES = 1
    said = {"X-Forwarded-For": f"198.51.100.7, {heard}"}  # anybody can write the first
    behind = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", headers=said)
    assert client_address(behind) == client
