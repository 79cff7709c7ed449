"""The chain of the record, and what breaks it: all that the owner of the tables could do."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from accounts import chain
from accounts.models import AuditEvent, AuditSeal
from accounts.record import record
from tests.makers import OPENS_AT, make_call, make_user
from tests.threads import at_once


def write(number=1, **detail):
    return [record(by=None, at=OPENS_AT, action="exported", **detail) for _ in range(number)]


def sql(*statements):
    """What somebody does who owns the tables: triggers do not hold them."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET session_replication_role = DEFAULT")


def problems(*heads):
    return list(chain.ChainCheck().problems(known_heads=heads))


@pytest.fixture
def events(db):
    """Three sealed events."""
    written = write(3, why="it’s “so”\nand more")
    chain.seal()
    return [event.pk for event in written]


def test_chain_of_what_was_written_is_whole(events):
    call, user = make_call(), make_user()
    record(by=user, at=OPENS_AT + timedelta(microseconds=7), action="exported", call=call)
    assert chain.seal() == 1
    assert chain.seal() == 0
    assert AuditSeal.objects.count() == 4
    assert problems() == []


def test_event_that_was_changed_is_found(events):
    sql(f"UPDATE accounts_auditevent SET actor_id = NULL, detail = '{{}}' WHERE id = {events[1]}")
    assert problems() == [f"record {events[1]}: it was changed after it was sealed"]


def test_event_that_was_removed_is_found(events):
    sql(f"DELETE FROM accounts_auditevent WHERE id = {events[1]}")
    assert problems() == [f"record {events[1]}: it is gone"]


def test_event_that_was_removed_with_its_seal_is_found(events):
    sql(
        f"DELETE FROM accounts_auditevent WHERE id = {events[1]}",
        f"DELETE FROM accounts_auditseal WHERE event_id = {events[1]}",
    )
    assert problems() == ["record: seal 2 before seal 3: gone"]


def test_last_events_that_were_removed_with_their_seals_are_found_by_a_head_of_before(events):
    known = chain.head()
    sql("DELETE FROM accounts_auditevent", "DELETE FROM accounts_auditseal")
    write()
    assert problems() == []
    assert problems(known) == [
        f"record: the head {known} is not in the chain: it was rewritten since"
    ]


def test_two_events_that_changed_places_are_found(events):
    first, second, _ = events
    sql(
        f"UPDATE accounts_auditseal SET event_id = 0 WHERE event_id = {first}",
        f"UPDATE accounts_auditseal SET event_id = {first} WHERE event_id = {second}",
        f"UPDATE accounts_auditseal SET event_id = {second} WHERE event_id = 0",
    )
    assert problems() == [
        f"record {second}: its seal 1 does not follow from the one before",
        f"record {second}: it was changed after it was sealed",
        f"record {first}: its seal 2 does not follow from the one before",
        f"record {first}: it was changed after it was sealed",
    ]


def put_in_before(event):
    """An event with an id that is smaller, as a transaction leaves it that commits late."""
    earlier = AuditEvent(pk=event - 1, at=OPENS_AT, action="exported")
    earlier.save(force_insert=True)
    assert chain.seal() == 1
    return earlier.pk


def test_event_that_committed_late_is_sealed_after_those_with_greater_ids(events):
    put_in_before(events[0])
    assert problems() == []


def test_event_put_in_among_those_of_long_before_is_found(events, monkeypatch):
    monkeypatch.setattr(chain, "LONGEST_TRANSACTION", timedelta(0))
    event = put_in_before(events[0])
    assert problems() == [f"record {event}: it was put in afterwards"]


def test_head_that_staff_have_in_a_mail_is_in_the_chain(events):
    known = chain.head()
    write()
    chain.seal()
    assert problems(known, chain.head()) == []


def test_event_that_nobody_seals_is_found(db):
    [event] = write()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION accounts_seal_record(lookback bigint, most integer) "
            "RETURNS integer LANGUAGE sql AS 'SELECT 0'"
        )
    assert problems() == [f"record {event.pk}: it cannot be sealed"]


def test_seal_cannot_be_changed_or_deleted(events):
    for change in (lambda: AuditSeal.objects.update(sha256=""), AuditSeal.objects.all().delete):
        with pytest.raises(Exception, match="what was recorded stands"), transaction.atomic():
            change()


def test_verify_audit_says_the_head_and_ends_with_1_where_a_row_was_changed(events):
    out = io.StringIO()
    call_command("verify_audit", head=[chain.head().upper()], stdout=out)
    assert out.getvalue() == f"3 audit events checked, head {chain.head()}: no problem.\n"
    sql(f"UPDATE accounts_auditevent SET action = 'file_opened' WHERE id = {events[0]}")
    with pytest.raises(CommandError, match=r"3 audit events checked, head \w{64}: 1 problem\."):
        call_command("verify_audit", stdout=io.StringIO())


@pytest.mark.parametrize("part", [slice(4), slice(63), slice(0)])
def test_verify_audit_takes_no_part_of_a_head_for_a_record_that_was_rewritten(events, part):
    with pytest.raises(CommandError, match="a head has 64 characters"):
        call_command("verify_audit", head=[chain.head()[part]], stdout=io.StringIO())


@pytest.mark.django_db(transaction=True)
def test_eight_who_write_and_seal_at_once_make_one_chain():
    def write_and_seal():
        write(5)
        return chain.seal()

    sealed = at_once([write_and_seal] * 8)
    assert sum(sealed) + chain.seal() == 40
    numbers = AuditSeal.objects.order_by("number").values_list("number", flat=True)
    assert list(numbers) == list(range(1, 41))
    assert problems() == []


@pytest.mark.django_db(transaction=True)
def test_writing_an_event_waits_for_no_transaction_that_writes_another():
    def stay_open():
        with transaction.atomic():
            write()
            chain.seal()
            chains = at_once([lambda: (write()[0], AuditEvent.objects.count())])
            return chains[0][1]

    # The other one wrote, while this one held what it had written and the chain.
    assert at_once([stay_open]) == [1]
