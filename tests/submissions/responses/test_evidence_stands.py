"""What the database itself refuses, whoever asks."""

from functools import partial

import pytest
from django.db import IntegrityError, connection, transaction

from accounts import record
from accounts.models import AuditEvent
from submissions.responses.models import Submission, Version, VersionIdentity
from tests.makers import (
    complete_answers,
    make_attachment,
    make_call,
    make_draft,
    make_submitted,
    while_open,
)

pytestmark = pytest.mark.django_db


def refused_by(verb):
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        verb()
    return refusal.value.__cause__.diag.constraint_name


def test_version_cannot_be_changed():
    version = make_submitted().current_version
    change = Version.objects.filter(pk=version.pk)
    for field, value in [
        ("texts", {}),
        ("choices", {}),
        ("canonical_text", "x"),
        ("words", 1),
        ("timing", "grace"),
    ]:
        refused = refused_by(partial(change.update, **{field: value}))
        assert (field, refused) == (field, "submissions_version_stands")


def test_version_cannot_be_deleted():
    submission = make_submitted()

    def delete():
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM submissions_versionidentity")

    assert refused_by(delete) == "submissions_versionidentity_stands"
    identity = VersionIdentity.objects.filter(version=submission.current_version)
    assert refused_by(lambda: identity.update(answers={})) == "submissions_versionidentity_stands"


def test_purge_may_delete_what_nothing_else_may():
    make_submitted()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL portal.purging = 'on'")
        cursor.execute("DELETE FROM submissions_versionidentity")
    assert VersionIdentity.objects.count() == 0


def test_files_of_a_version_cannot_be_swapped():
    call = make_call()
    draft = make_draft(call, **complete_answers(call))
    attachment = make_attachment(draft)
    assert (
        refused_by(lambda: type(attachment).objects.update(sha256="0" * 64))
        == "submissions_attachment_stands"
    )


def test_submission_never_becomes_a_draft_again():
    submission = make_submitted()
    change = Submission.objects.filter(pk=submission.pk)
    back = {"state": "draft", "reference": None, "submitted_at": None, "current_version": None}
    assert refused_by(lambda: change.update(**back)) == "submissions_submission_receipt_stands"
    assert (
        refused_by(lambda: change.update(reference="TST-2222-222R"))
        == "submissions_submission_receipt_stands"
    )


def test_submission_without_receipt_is_refused():
    draft = make_draft()
    change = Submission.objects.filter(pk=draft.pk)
    assert (
        refused_by(lambda: change.update(state="submitted"))
        == "submissions_submission_draft_has_no_receipt"
    )


def test_audit_event_can_neither_change_nor_go():
    event = record.record(by=None, at=while_open(make_call()), action="exported")
    assert refused_by(lambda: AuditEvent.objects.update(detail={})) == "accounts_auditevent_stands"
    assert refused_by(event.delete) == "accounts_auditevent_stands"


def test_second_confirmation_of_one_version_is_refused():
    mail = make_submitted().mails.get()
    mail.pk = None
    mail.message_id = "<another@example.org>"
    assert refused_by(mail.save) == "submissions_outboxemail_once_a_version"


def test_value_outside_the_rule_is_refused():
    submission = make_submitted()
    rows = {
        "call": type(submission.call).objects.all(),
        "section": submission.call.sections.filter(position=0),
        "question": submission.call.questions.all(),
        "submission": Submission.objects.all(),
        "outboxemail": submission.mails.all(),
    }
    for table, changes, constraint in [
        ("call", {"closes_at": "2019-01-01T00:00Z"}, "submissions_call_closes_after_opening"),
        ("call", {"reference_prefix": "rtr"}, "submissions_call_reference_prefix"),
        ("call", {"accent_colour": "red"}, "submissions_call_accent_colour"),
        ("section", {"key": "check"}, "submissions_section_key_not_reserved"),
        ("question", {"kind": "essay"}, "submissions_question_kind"),
        ("submission", {"channel": "pigeon"}, "submissions_submission_channel"),
        ("submission", {"triage_status": "lost"}, "submissions_submission_triage_status"),
        ("outboxemail", {"state": "gone"}, "submissions_outboxemail_state"),
        ("outboxemail", {"state": "sent"}, "submissions_outboxemail_sent_has_time"),
        ("outboxemail", {"state": "claimed"}, "submissions_outboxemail_claimed_has_time"),
    ]:
        assert refused_by(partial(rows[table].update, **changes)) == constraint
