"""Uses an upgraded portal, and says what came of it."""

import csv
import hashlib
import io
from datetime import timedelta
from importlib import import_module

from django.apps import apps
from django.core.management import call_command

from accounts.models import User
from core.canonical import digest
from exports.recording import export_chunks
from exports.types import Dataset
from submissions.calls.models import Call
from submissions.outbox.models import OutboxEmail
from submissions.responses import amending, drafting, submitting, verifying
from submissions.responses.models import Attachment, Submission, Version
from tests.makers import complete_answers, make_draft, while_open

# Not run by anybody who upgrades: the way back is a backup. It moves rights all the same.
back_to_groups = import_module("accounts.migrations.0008_members_out_of_groups").back_to_groups


def digest_of(attachment):
    with attachment.file.open() as content:
        return hashlib.sha256(content.read()).hexdigest()


def use():
    """What the release left behind is true still, and goes on: submit, amend, verify, export."""
    call_command("check", stdout=io.StringIO())
    call = Call.objects.get()
    at = while_open(call) + timedelta(hours=12)
    found = {
        "versions whose digest is wrong": [
            version.pk
            for version in Version.objects.all()
            if digest(version.canonical_text) != version.sha256
        ],
        "files whose digest is wrong": [
            file.pk for file in Attachment.objects.all() if digest_of(file) != file.sha256
        ],
        "files": Attachment.objects.filter(name="notes.txt").count(),
    }
    mails = OutboxEmail.objects.count()
    amended = Submission.objects.submitted().filter(versions__number=2).get()
    draft = make_draft(call, at=at, **complete_answers(call))
    version = submitting.submit(submission=draft, at=at)
    amending.reopen(submission=amended, at=at)
    words = {"good_practice": "Ask again."}
    drafting.save_answers(submission=amended, call=call, values=words, at=at)
    again = submitting.submit(submission=amended, at=at + timedelta(minutes=1))
    found["number of the amended version"] = again.number
    found["receipts that verify"] = [
        verifying.version_of(
            call,
            reference=one.submission.reference,
            digest=one.sha256,
            code=verifying.checking_code(one),
        )
        == one
        for one in (version, again)
    ]
    found["mails written"] = OutboxEmail.objects.count() - mails
    exported = b"".join(export_chunks(Dataset(call), "csv", by=None, at=at)).decode()
    rows = list(csv.DictReader(io.StringIO(exported)))
    found["exported"] = len(rows) == Submission.objects.submitted().count() == 6
    found["new ones exported"] = {version.submission.reference, amended.reference} <= {
        row["reference"] for row in rows
    }
    back_to_groups(apps, None)
    people = User.objects.order_by("username")
    found["groups after reversing"] = [
        *people.exclude(groups=None)
        .values_list("username", "groups__name")
        .order_by("username", "groups__name")
    ]
    found["permissions after reversing"] = [
        *people.exclude(user_permissions=None)
        .values_list("username", "user_permissions__codename")
        .order_by("username", "user_permissions__codename")
    ]
    return found
