"""What the page of exports tells of earlier ones, and to whom."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from accounts.models import AuditEvent
from accounts.record import record
from accounts.states import Action, AuditAction, Role
from exports import export_runs
from exports.consent import Scope
from exports.filters import ExportFilter
from exports.recording import export_chunks
from exports.steering.on_record import latest_on_record
from exports.types import Dataset
from tests.exports.counted_call import NOW
from tests.makers import (
    allow,
    make_call,
    make_submitted,
    make_user,
    make_user_who_may,
    withhold,
)

PAGE = "/steering/the-call/exports/"

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nudged")]


def test_each_export_is_listed_once_and_one_without_an_end_by_its_start(steering):
    call = make_call(slug="the-call")
    for _ in range(3):
        b"".join(export_chunks(Dataset(call), "csv", by=steering.user, at=NOW))
    record(
        by=steering.user,
        at=NOW - timedelta(hours=1),
        action=AuditAction.EXPORT_STARTED,
        call=call,
        attempt="killed",
        format="json",
    )
    assert AuditEvent.objects.count() == 7
    latest = latest_on_record(call, 50, reader=steering.user)
    told = [event.event + ": " + event.what for event in latest]
    assert told == ["Exported responses: CSV"] * 3 + ["Started an export: JSON lines"]
    # As many as are asked for, though the starts among the latest are left out.
    assert len(latest_on_record(call, 3, reader=steering.user)) == 3
    page = steering.get(PAGE).content.decode()
    assert (page.count("Exported responses: CSV"), page.count("Started an export")) == (3, 1)


def test_page_says_where_it_shows_only_the_latest_exports(steering, monkeypatch):
    call = make_call(slug="the-call")
    for view in ("overview", "choosing"):
        monkeypatch.setattr(f"exports.steering.{view}.SHOWN_ON_RECORD", 2)
    for number, said in ((2, 0), (3, 1)):
        while AuditEvent.objects.filter(action=AuditAction.EXPORTED).count() < number:
            b"".join(export_chunks(Dataset(call), "csv", by=steering.user, at=NOW))
        for address in (PAGE, "/steering/the-call/"):
            page = steering.get(address).content.decode()
            assert page.count("Exported responses: CSV") == 2
            assert page.count("Only the latest 2 are shown here.") == said


def test_who_may_not_export_sees_of_the_exports_of_others_who_what_and_when_alone(steering, client):
    call = make_call(slug="the-call")
    make_submitted(call, roles=["provider"])
    chosen = ExportFilter(facets={"roles": ("provider",)})
    b"".join(export_chunks(Dataset(call, chosen), "csv", by=steering.user, at=NOW))
    (seen,) = latest_on_record(call, 5, reader=steering.user)
    assert (seen.rows, len(seen.chosen), len(seen.digest)) == ("1", 1, 64)
    reader = make_user(Role.STEERING_MEMBER)
    withhold(reader, Action.EXPORT)
    (told,) = latest_on_record(call, 5, reader=reader)
    assert told == replace(seen, rows="", chosen=[], digest="")
    client.force_login(reader)
    page = client.get("/steering/the-call/").content.decode()
    assert "Exported responses: CSV" in page
    assert "SHA-256" not in page


def test_digest_of_a_named_export_is_for_those_who_may_have_one(steering):
    call = make_call(slug="the-call")
    by = make_user_who_may(Action.EXPORT, Action.SEE_IDENTITY, Action.EXPORT_NAMED)
    made = export_chunks(Dataset(call, named=True), "csv", by=by, at=NOW, reason="To thank them")
    b"".join(made)
    records = [latest_on_record(call, 1, reader=reader)[0] for reader in (by, steering.user)]
    assert [len(event.digest) for event in records] == [64, 0]


@pytest.mark.parametrize("sees_identity", [True, False])
def test_address_that_somebody_typed_is_on_record_for_those_who_may_see_it(steering, sees_identity):
    call = make_call(slug="the-call")
    if sees_identity:
        allow(steering.user, Action.SEE_IDENTITY)
        steering.force_login(steering.user)
    record(
        by=make_user(),
        at=NOW,
        action=AuditAction.EXPORTED,
        call=call,
        attempt="any",
        format="csv",
        filters={"words": "to ada@example.org"},
        reason="Asked by ada@example.org",
    )
    shown = "ada@example.org" if sees_identity else "[address]"
    for page in (PAGE, "/steering/the-call/"):
        text = steering.get(page).content.decode()
        assert re.findall(r"(?:Words|Reason): [^<]*", text) == [
            f"Words: to {shown}",
            f"Reason: Asked by {shown}",
        ]


def test_reason_of_an_export_is_masked_for_those_who_may_not_see_who_answered(client):
    call = make_call(slug="the-call")
    user = make_user_who_may(Action.READ_RESPONSES, Action.EXPORT_CONFIDENTIAL)
    client.force_login(user)
    run = export_runs.enqueue(
        call=call,
        by=user,
        at=NOW,
        file_format="csv",
        filters={},
        rows_total=1,
        scope=Scope(confidential=True),
        reason="Asked by ada@example.org",
    )
    text = client.get(f"{PAGE}{run.public_id}/").content.decode()
    assert re.findall(r"<dt>Reason</dt><dd>([^<]*)</dd>", text) == ["Asked by [address]"]
