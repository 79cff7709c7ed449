"""Who answered, files, evidence and the record end one after the other, and nothing else does."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.urls import reverse

from accounts import chain
from accounts.models import AuditEvent
from accounts.record import record
from accounts.states import AuditAction
from personal_data import erasing
from retention import of_record
from retention.carrying_out import carry_out
from retention.endings import ENDINGS
from retention.models import RetentionConfirmation
from retention.of_responses import CONTACT_DETAILS, EVIDENCE
from submissions.calls.models import Call
from submissions.calls.retention import DataClass, default_periods, ends_at
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import OutboxState
from submissions.responses import amending, late_passes, submitting
from submissions.responses import erasing as requests
from submissions.responses.entering import Came, begin_entry
from submissions.responses.evidence_checks.weekly_check import check_evidence
from submissions.responses.models import (
    Attachment,
    Entry,
    ErasureRequest,
    LatePass,
    Submission,
    Version,
)
from submissions.responses.models.attachments import private_storage
from submissions.responses.states import Acknowledgement, Channel, ErasureScope
from submissions.responses.verifying import checking_code
from tests.makers import (
    complete_answers,
    confirm_address,
    confirm_retention,
    make_attachment,
    make_call,
    make_draft,
    make_submitted,
    make_user,
    mark_as_sent,
    while_open,
)
from tests.personal_data.everything_typed import (
    WORDS,
    dumped,
    found_in,
    kept_files,
    live_through,
)

MICROSECOND = timedelta(microseconds=1)
OF_EVIDENCE = {"zqrole2x", "zqstory3x", "zqperson4x", "zqview5x", "zqnewstory6x"}
OF_QUESTIONS = {"zqasked13x", "zqanswered14x"}
IN_FILES = {"zqcontent10x", "zqdropped11x"}


@pytest.fixture
def call(db):
    """A call whose files end before its evidence."""
    call = make_call()
    Call.objects.filter(pk=call.pk).update(
        retention=default_periods() | {"files": "18 months after closing"}
    )
    confirm_retention(call)
    return Call.objects.get(pk=call.pk)


@pytest.fixture
def response(call):
    """A submitted response with a file, whose mails are out."""
    draft = make_draft(call, **complete_answers(call, email="ada@example.org", story="So it was."))
    make_attachment(draft, name="ada.txt")
    submitted = submitting.submit(submission=draft, at=while_open(call)).submission
    for mail in submitted.mails.all():
        mark_as_sent(mail, at=while_open(call))
    return submitted


def hold(client, response):
    """Let the client have the response open."""
    session = client.session
    session["responses"] = {response.call.slug: str(response.public_id)}
    session.save()


def end(call, data_class):
    """Carry out what ends with the class, in the database and then in the files."""
    at = ends_at(call, data_class)
    ended = carry_out(at=at)
    erasing.carry_out_all(at=at)
    return ended


def problems():
    return check_evidence(wall_now=datetime.now(UTC))[1]


@pytest.mark.no_cover  # the rest of this file carries out the same
@pytest.mark.django_db(transaction=True)
def test_nothing_that_was_typed_outlives_its_class(monkeypatch, tmp_path):
    monkeypatch.setattr(private_storage(), "location", str(tmp_path))
    call = live_through()["call"]
    Call.objects.update(retention=default_periods() | {"files": "18 months after closing"})
    confirm_retention(call)
    call.refresh_from_db()

    def left():
        return found_in([*dumped(), *kept_files(tmp_path)])

    assert left() == set(WORDS)
    end(call, DataClass.MAILS)
    end(call, DataClass.CONTACT_DETAILS)
    assert left() == OF_EVIDENCE | OF_QUESTIONS | IN_FILES
    end(call, DataClass.FILES)
    assert left() == OF_EVIDENCE | OF_QUESTIONS
    assert problems() == []
    end(call, DataClass.EVIDENCE)
    assert left() == set()
    assert problems() == []
    chain.seal()
    end(call, DataClass.RECORD)
    assert problems() == []
    assert Submission.objects.filter(state="erased").count() == 2


@pytest.mark.parametrize(
    ("data_class", "counted"),
    [
        (DataClass.CONTACT_DETAILS, "contact_details"),
        (DataClass.FILES, "responses_with_files"),
        (DataClass.EVIDENCE, "responses"),
    ],
)
def test_class_ends_to_the_moment_once_and_goes_on_record(call, response, data_class, counted):
    at = ends_at(call, data_class)
    carry_out(at=at - MICROSECOND)
    erasing.carry_out_all(at=at - MICROSECOND)
    assert not AuditEvent.objects.filter(detail__data_class=data_class.value).exists()
    assert carry_out(at=at)[counted] == 1
    assert carry_out(at=at) == {}
    event = AuditEvent.objects.get(detail__data_class=data_class.value)
    assert (event.action, event.detail["ended"]) == ("data_ended", {counted: 1})
    assert not OutboxEmail.objects.exclude(to_address="", body="").exists()


def test_files_end_alone_and_the_page_of_the_response_says_so(call, response, client, at):
    at(ends_at(call, DataClass.FILES))
    hold(client, response)
    file = response.attachments.get()
    stored = file.file
    end(call, DataClass.CONTACT_DETAILS)
    end(call, DataClass.FILES)
    assert not response.attachments.exists()
    assert not stored.storage.exists(stored.name)
    version = Version.objects.get(submission=response)
    assert version.texts["story"] == "So it was."
    assert [str(request.scope) for request in ErasureRequest.objects.order_by("pk")] == [
        "identity",
        "files",
    ]
    assert problems() == []
    page = client.get(reverse("submitted", args=[call.slug])).content.decode()
    assert "We deleted the files of this response" in page
    assert "We erased who gave this response." in page


def test_receipt_stays_genuine_and_says_that_the_time_has_ended(call, response, client):
    version = Version.objects.get(submission=response)
    given = {"reference": response.reference, "digest": version.sha256}
    given["code"] = checking_code(version)
    end(call, DataClass.EVIDENCE)
    page = client.post(reverse("verify", args=[call.slug]), given).content.decode()
    assert "because the time that we keep responses had ended" in page


def test_response_with_a_mail_that_is_not_out_waits_for_it(call, response):
    at = ends_at(call, DataClass.EVIDENCE)
    OutboxEmail.objects.filter(submission=response).update(state=OutboxState.WAITING, sent_at=None)
    carry_out(at=at)
    response.refresh_from_db()
    assert response.state == "submitted"
    OutboxEmail.objects.filter(submission=response).update(state=OutboxState.SENT, sent_at=at)
    assert carry_out(at=at)["responses"] == 1


def test_request_that_its_author_never_confirmed_keeps_nothing(call, response):
    at = ends_at(call, DataClass.EVIDENCE)
    confirm_address(response.mails.get())
    request = requests.ask(submission=response, scope=ErasureScope.IDENTITY, at=at)
    OutboxEmail.objects.filter(submission=response).update(state=OutboxState.SENT, sent_at=at)
    carry_out(at=at)
    response.refresh_from_db()
    assert (response.state, EVIDENCE.due(call, at=at)) == ("submitted", 0)
    carry_out(at=at + timedelta(hours=72))
    response.refresh_from_db()
    request.refresh_from_db()
    assert (response.state, request.state) == ("erased", "withdrawn")


@pytest.mark.parametrize("alone", ["number of a letter", "reason of a late pass", "original"])
def test_whatever_else_names_its_author_ends_with_who_answered(call, alone):
    response = make_submitted(call)
    OutboxEmail.objects.update(state=OutboxState.SENT, sent_at=while_open(call))
    at = ends_at(call, DataClass.CONTACT_DETAILS)
    end(call, DataClass.CONTACT_DETAILS)
    assert CONTACT_DETAILS.held(call) == 0
    came = {"by": make_user(is_superuser=True), "at": while_open(call)}
    if alone == "number of a letter":
        letter = Came(Channel.POST, came["at"], Acknowledgement.NONE, their_reference="Ada, 3")
        entry = begin_entry(letter, call=call, **came)
        Entry.objects.filter(pk=entry.pk).update(submission=response)
    elif alone == "reason of a late pass":
        ends = call.closes_at + timedelta(days=1)
        late = late_passes.give(
            call=call, address="ada@example.org", reason="Ada was ill", expires_at=ends, **came
        )
        LatePass.objects.filter(pk=late.pk).update(submission=response, address="")
        at = ends_at(call, DataClass.CONTACT_DETAILS, counted_from=ends)
    else:
        scan = Attachment(submission=response, name="file.txt", file_type="txt", size=4)
        scan.sha256, scan.uploaded_at = "0" * 64, came["at"]
        scan.file.save(scan.name, ContentFile(b"Ada."), save=True)
    assert carry_out(at=at)["contact_details"] == 1
    assert CONTACT_DETAILS.held(call) == 0


def test_request_that_nobody_decides_keeps_nothing_beyond_its_month(call, response):
    at = ends_at(call, DataClass.CONTACT_DETAILS)
    requests.ask(submission=response, scope=ErasureScope.RESPONSE, at=at)
    other = make_submitted(call, email="bo@example.org")
    theirs = requests.ask(submission=other, scope=ErasureScope.IDENTITY, at=at)
    OutboxEmail.objects.update(state=OutboxState.SENT, sent_at=at)
    assert carry_out(at=theirs.due_at - MICROSECOND)["contact_details"] == 0
    # Whoever asked for all of it to be erased can still be answered.
    assert carry_out(at=theirs.due_at)["contact_details"] == 1
    assert list(ErasureRequest.objects.order_by("pk").values_list("submission", "state")) == [
        (response.pk, "asked"),
        (other.pk, "withdrawn"),
        (other.pk, "erased"),
    ]
    erasing.carry_out_all(at=theirs.due_at)
    assert end(call, DataClass.EVIDENCE)["responses"] == 2
    assert set(Submission.objects.values_list("state", flat=True)) == {"erased"}
    assert problems() == []


def test_withdrawn_response_ends_with_the_evidence(call, response):
    amending.withdraw(submission=response, at=while_open(call))
    OutboxEmail.objects.filter(submission=response).update(
        state=OutboxState.SENT, sent_at=while_open(call)
    )
    assert end(call, DataClass.EVIDENCE)["responses"] == 1
    response.refresh_from_db()
    assert response.is_erased
    assert problems() == []


def test_late_pass_moves_the_end_of_its_own_response(call, response):
    late = late_passes.give(
        call=call,
        address="ada@example.org",
        reason="Was ill",
        expires_at=call.closes_at + timedelta(days=30),
        by=make_user(is_superuser=True),
        at=while_open(call),
    )
    other = make_submitted(call)
    type(late).objects.filter(pk=late.pk).update(submission=response)
    passes = {"reason": "Was ill", "by": late.given_by, "at": while_open(call)}
    taken_back = late_passes.give(
        call=call, address="bo@example.org", expires_at=late.expires_at, **passes
    )
    late_passes.revoke(taken_back, by=late.given_by, at=while_open(call))
    type(late).objects.filter(pk=taken_back.pk).update(submission=other)
    for mail in OutboxEmail.objects.all():
        mark_as_sent(mail, at=while_open(call))
    at = ends_at(call, DataClass.EVIDENCE)
    assert carry_out(at=at)["responses"] == 1
    other.refresh_from_db()
    assert other.is_erased
    erasing.carry_out_all(at=at)
    later = ends_at(call, DataClass.EVIDENCE, counted_from=late.expires_at)
    assert carry_out(at=later)["responses"] == 1


def test_worker_that_dies_in_a_batch_is_followed_by_one_that_goes_on(call, response, monkeypatch):
    make_submitted(call)
    for mail in OutboxEmail.objects.all():
        mark_as_sent(mail, at=while_open(call))
    at = ends_at(call, DataClass.EVIDENCE)
    calls = []

    def die_at_the_second(*args, **options):
        calls.append(1)
        if len(calls) == 2:
            raise SystemExit
        return erasing.erase_from_database(*args, **options)

    monkeypatch.setattr("retention.of_responses.erase_from_database", die_at_the_second)
    with pytest.raises(SystemExit):
        carry_out(at=at)
    carry_out(at=at)
    assert Submission.objects.filter(state="erased").count() == 2
    assert problems() == []


def test_record_ends_six_years_after_closing_and_its_chain_holds(call, response):
    record(by=None, at=while_open(call), action=AuditAction.CALL_CHANGED, call=make_call())
    chain.seal()
    at = ends_at(call, DataClass.RECORD)
    end(call, DataClass.EVIDENCE)
    chain.seal()
    written = AuditEvent.objects.filter(call=call).count()
    carry_out(at=at - MICROSECOND)
    assert AuditEvent.objects.filter(call=call).count() == written
    assert carry_out(at=at) == {"events": written}
    left = AuditEvent.objects.filter(call=call).order_by("pk")
    assert list(left.values_list("action", flat=True)) == ["record_ended", "data_ended"]
    assert carry_out(at=at) == {}
    assert problems() == []
    record(by=None, at=at, action=AuditAction.CALL_CHANGED, call=call)  # not sealed yet
    Call.objects.filter(pk=call.pk).update(closes_at=call.closes_at + timedelta(days=1))
    assert carry_out(at=at + timedelta(days=1)) == {"events": 1}
    assert list(chain.ChainCheck().problems()) == []


def test_record_that_nobody_ends_is_told_to_administrators(call, response, client, at):
    chain.seal()
    end = ends_at(call, DataClass.RECORD)
    client.force_login(make_user(is_superuser=True))
    told = "its record has passed its period and is still here"
    for days, is_told in ((6, False), (7, True)):
        at(end + timedelta(days=days))
        assert (told in client.get("/admin/").content.decode()) is is_told
    RetentionConfirmation.objects.update(at=end + timedelta(days=1))
    assert told not in client.get("/admin/").content.decode()
    at(end + timedelta(days=8))
    assert told in client.get("/admin/").content.decode()
    carry_out(at=end + timedelta(days=8), only=DataClass.RECORD)
    assert told not in client.get("/admin/").content.decode()


def test_event_that_no_ending_names_is_missed_all_the_same(call, response):
    chain.seal()
    end(call, DataClass.EVIDENCE)
    chain.seal()
    end(call, DataClass.RECORD)
    chain.seal()
    gone = AuditEvent.objects.get(action="data_ended", detail__data_class="record")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL portal.purging = 'on'")
        cursor.execute("DELETE FROM accounts_auditevent WHERE id = %s", [gone.pk])
    assert list(chain.ChainCheck().problems()) == [f"record {gone.pk}: it is gone"]


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (timedelta(days=-1), "it ends events before their period is over"),
        (timedelta(days=36_500), "it ends events by a time that had not come"),
    ],
)
def test_forged_ending_of_a_removed_event_is_found(call, response, at, said):
    gone = AuditEvent.objects.filter(call=call).earliest("pk")
    chain.seal()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL portal.purging = 'on'")
        cursor.execute("DELETE FROM accounts_auditevent WHERE id = %s", [gone.pk])
    moment = ends_at(call, DataClass.RECORD) + at
    forged = record(
        by=None,
        at=moment,
        action=AuditAction.RECORD_ENDED,
        call=call,
        events=[[gone.pk, gone.pk]],
    )
    chain.seal()
    assert problems() == [f"record {forged.pk}: {said}"]


def test_runs_name_each_event_once():
    assert of_record.runs_of([1, 2, 3, 7, 9, 10]) == [[1, 3], [7, 7], [9, 10]]
    assert of_record.runs_of([]) == []


def test_every_class_has_an_ending():
    assert {ending.data_class for ending in ENDINGS} == set(DataClass)
