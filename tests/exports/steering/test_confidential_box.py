"""The page of exports for project staff who may take confidential responses out."""

import csv
import io
import re

import pytest

from accounts.models import AuditEvent, User
from accounts.states import Role
from exports.consent import Scope
from exports.models import ExportRun
from tests.exports.exporting import NOW
from tests.exports.steering.made_files import make_done
from tests.makers import allow, make_call, make_submitted, make_user, withhold

pytestmark = pytest.mark.django_db
PAGE = "/steering/the-call/exports/"
WANTED = {"format": "csv", "confidential": "yes", "reason": "For the report"}


@pytest.fixture(autouse=True)
def call(monkeypatch):
    monkeypatch.setattr("core.clock.portal_now", lambda: NOW)
    monkeypatch.setattr("exports.asked_for.nudge_exports", lambda: None)
    call = make_call(slug="the-call")
    make_submitted(call, story="Secret", publication="confidential")
    make_submitted(call, story="Open", publication="named")
    return call


def signed_in(client, role, *actions):
    user = make_user(role)
    allow(user, *actions)
    client.force_login(user)
    return User.objects.get(pk=user.pk)


def stories(answer):
    data = b"".join(answer.streaming_content).decode()
    return sorted(row["story"] for row in csv.DictReader(io.StringIO(data, newline="")))


def test_box_is_offered_and_taken_from_those_alone_who_have_leave(client):
    signed_in(client, Role.STEERING_MEMBER)
    assert 'name="confidential"' not in client.get(PAGE).content.decode()
    assert client.post(PAGE, WANTED).status_code == 403
    signed_in(client, Role.MANAGER)
    assert client.get(PAGE).status_code == 403
    signed_in(client, Role.STEERING_MEMBER, "export_confidential")
    assert 'name="confidential"' not in client.get(PAGE).content.decode()
    assert client.post(PAGE, WANTED).status_code == 403
    assert not AuditEvent.objects.exists()
    signed_in(client, Role.MANAGER, "export_confidential")
    assert client.get(PAGE).content.decode().count('name="confidential"') == 1
    answer = client.post(PAGE, WANTED)
    assert answer["Content-Disposition"].endswith('"the-call-2019-07-25-confidential.csv"')
    assert stories(answer) == ["Open", "Secret"]


def test_box_that_is_not_ticked_gives_project_staff_the_bare_row_too(client):
    signed_in(client, Role.MANAGER, "export_confidential")
    assert stories(client.post(PAGE, {"format": "csv"})) == ["", "Open"]


def test_box_needs_a_reason_which_goes_on_record(client):
    user = signed_in(client, Role.MANAGER, "export_confidential")
    answer = client.post(PAGE, WANTED | {"reason": " "})
    said = "Give a reason for an export of confidential responses."
    assert (answer.status_code, said in answer.content.decode()) == (422, True)
    for_later = WANTED | {"format": "bundle", "reason": "x" * 501}
    assert client.post(PAGE, for_later).status_code == 422
    assert 'id="id_confidential" aria-describedby="id_confidential_hint" checked' in (
        answer.content.decode()
    )
    stories(client.post(PAGE, WANTED))
    event = AuditEvent.objects.get(action="exported")
    assert (event.actor, event.detail["confidential"], event.detail["reason"]) == (
        user,
        True,
        "For the report",
    )


def test_page_counts_nothing_of_what_confidential_responses_say(client):
    signed_in(client, Role.MANAGER, "export_confidential")
    page = client.get(PAGE, {"words": "secret", "confidential": "yes"}).content.decode()
    assert re.search(r"<strong>(\d+) responses?<", page)[1] == "0"
    page = client.post(PAGE, WANTED | {"words": "secret", "reason": ""}).content.decode()
    assert re.search(r"<strong>(\d+) responses?<", page)[1] == "0"


def test_large_export_waits_with_all_that_was_asked_for(client):
    signed_in(client, Role.MANAGER, "export_confidential")
    answer = client.post(PAGE, WANTED | {"format": "bundle"})
    run = ExportRun.objects.get()
    assert answer["Location"] == f"{PAGE}{run.public_id}/"
    assert (run.confidential, run.named, run.reason, run.rows_total) == (
        True,
        False,
        "For the report",
        2,
    )
    assert "with confidential responses" in client.get(answer["Location"]).content.decode()


def test_confidential_evidence_asks_again_and_needs_leave_at_each_download(client, call):
    user = signed_in(client, Role.MANAGER, "export", "export_confidential")
    run = make_done(user, call, scope=Scope(confidential=True), reason="For the report")
    address = f"{PAGE}{run.public_id}/file/"
    assert b"".join(client.get(address).streaming_content) == b"whole"
    session = client.session
    del session["account_authentication_methods"]
    session.save()
    for answer in (client.get(address), client.post(PAGE, WANTED)):
        assert (answer.status_code, "/account/again/" in answer["Location"]) == (302, True)
    withhold(user, "export_confidential")
    client.force_login(user)
    assert client.get(PAGE).status_code == 200
    assert client.get(address).status_code == 403


def test_names_and_confidential_responses_together_are_refused_unless_of_all(client):
    given = ["export_confidential", "export_named"]
    signed_in(client, Role.MANAGER, *given)
    both = WANTED | {"named": "yes"}
    answer = client.post(PAGE, both)
    said = "An export of those who chose to be named holds no confidential responses."
    assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert stories(client.post(PAGE, both | {"includes_unnamed": "yes"})) == ["Open", "Secret"]
