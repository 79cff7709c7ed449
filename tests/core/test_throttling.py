from secrets import token_hex

import pytest

from core.broker import broker
from core.throttling import COUNTED_FOR, DAY, may_try, wait_before


@pytest.fixture
def client():
    with broker() as client:
        yield client


@pytest.fixture
def what():
    """A thing to try that no test beside this one tries."""
    return token_hex()


def test_tries_are_counted_for_each_and_for_each_thing(what):
    assert [may_try(what, "one", most=2) for _ in range(3)] == [True, True, False]
    assert may_try(what, "two", most=2)
    assert may_try(f"{what}-2", "one", most=2)


def test_tries_are_forgotten_after_the_hour_that_the_first_began(client, what):
    may_try(what, "one", most=1)
    mark = client.keys(f"portal:tries:{what}:*")[0]
    assert client.ttl(mark) == COUNTED_FOR
    client.expire(mark, 100)
    may_try(what, "one", most=1)
    assert client.ttl(mark) <= 100
    client.delete(mark)
    assert may_try(what, "one", most=1)


def test_mails_to_an_address_are_forgotten_after_a_day(client, what):
    wait_before(what, "ada@example.org", most=1, within=DAY)
    (mark,) = client.keys(f"portal:tries:{what}:*")
    assert client.ttl(mark) == 24 * 3600
    assert b"ada" not in mark


def test_nothing_that_is_kept_says_who_tried(client, what):
    may_try(what, "192.0.2.7", most=1)
    assert len(client.keys(f"portal:tries:{what}:*")) == 1
    assert not any(b"192.0.2.7" in mark for mark in client.keys(f"portal:tries:{what}:*"))
