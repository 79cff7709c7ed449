import pytest

from submissions.domain.rate_limits import COUNTED_FOR, may_try
from submissions.tasks import broker


@pytest.fixture
def client():
    with broker() as client:
        client.flushdb()
        yield client


def test_tries_are_counted_for_each_and_for_each_thing(client):
    assert [may_try(client, "verify", "one", most=2) for _ in range(3)] == [True, True, False]
    assert may_try(client, "verify", "two", most=2)
    assert may_try(client, "return", "one", most=2)


def test_tries_are_forgotten_after_the_hour_that_the_first_began(client):
    may_try(client, "verify", "one", most=1)
    mark = client.keys("portal:tries:verify:*")[0]
    assert client.ttl(mark) == COUNTED_FOR
    client.expire(mark, 100)
    may_try(client, "verify", "one", most=1)
    assert client.ttl(mark) <= 100
    client.delete(mark)
    assert may_try(client, "verify", "one", most=1)


def test_nothing_that_is_kept_says_who_tried(client):
    may_try(client, "verify", "192.0.2.7", most=1)
    assert not any(b"192.0.2.7" in mark for mark in client.keys("*"))
