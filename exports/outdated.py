"""Kept files with what no export may have any more: nobody gets them, and they are deleted.

A file that was made before may have

- words that are hidden by now;
- a response that was withdrawn;
- one whose author has since chosen otherwise what may become of it;
- those of a call that publishes less by now;
- files of confidential responses that their call no longer shares.

Whatever an export chose, the file counts as having the response. An erasure itself ends the files
with its response. Of a response that was always confidential, a file without confidential evidence
has the bare row. That words of it are hidden, or that its author chose otherwise, does not end such
a file: it would tell.
"""

from datetime import timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce

from accounts.models import AuditEvent
from accounts.states import AuditAction
from exports.consent import PUBLISHED
from exports.models import ExportRun
from exports.states import ExportState
from review.models import Redaction
from review.states import LIVE_REDACTIONS
from submissions.calls.states import PublicationPolicy
from submissions.responses.models import Submission, Version
from submissions.responses.states import SubmissionState

# What an author allows, as the filters by it have it (`exports.filters.consent_options`).
CHOSEN = {
    key: Coalesce(KT(f"choices__{key}"), Value(""), output_field=TextField())
    for key in ("publication", "org_name_listed", "quote_ok")
}
# What a load of the call's definition puts on record.
PUBLICATION = "call.publication: changed"
SHARING = "call.shares_confidential_files: changed"
COMMITTED_WITHIN = timedelta(seconds=5)  # from the moment of a decision to its commit


def outdated() -> QuerySet[ExportRun]:
    """Return the finished exports whose file, where it is still kept, nobody may have any more."""
    return ExportRun.objects.filter(
        Exists(_hidden_words().filter(_was_shown("version__submission")))
        | Exists(_chosen_otherwise().filter(_was_shown("submission")))
        | Q(Exists(_hidden_words()) | Exists(_chosen_otherwise()), confidential=True)
        | Exists(_withdrawn())
        | Exists(_loaded_since(PUBLICATION))  # after a response, only ever stricter
        | Q(
            Exists(_loaded_since(SHARING)), confidential=True, call__shares_confidential_files=False
        ),
        state=ExportState.DONE,
    )


def _hidden_words() -> QuerySet[Redaction]:
    return Redaction.objects.alias(there_by=F("decided_at") + COMMITTED_WITHIN).filter(
        call=OuterRef("call"), state__in=LIVE_REDACTIONS, there_by__gte=OuterRef("asked_at")
    )


def _was_shown(response: str) -> Q:
    """Return the condition of a row whose response, at that path, was ever shown without leave."""
    shown = Version.objects.filter(
        submission=OuterRef(response), choices__publication__in=PUBLISHED
    )
    policy = f"{response}__call__publication"
    asked = Q(Exists(shown), **{policy: PublicationPolicy.ASKED})
    return asked | Q(**{policy: PublicationPolicy.NOT_ASKED})


def _withdrawn() -> QuerySet[Submission]:
    return Submission.objects.alias(there_by=F("withdrawn_at") + COMMITTED_WITHIN).filter(
        call=OuterRef("call"),
        state=SubmissionState.WITHDRAWN,
        submitted_at__lte=OuterRef("finished_at"),
        there_by__gte=OuterRef("started_at"),
    )


def _chosen_otherwise() -> QuerySet[Version]:
    """Return latest versions that came since, where one before had another choice."""
    before = Version.objects.alias(**CHOSEN).filter(
        ~Q(**{key: OuterRef(key) for key in CHOSEN}),
        submission=OuterRef("submission"),
        number__lt=OuterRef("number"),
    )
    versions = Version.objects.alias(there_by=F("received_at") + COMMITTED_WITHIN)
    return versions.alias(**CHOSEN).filter(
        Exists(before),
        submission__call=OuterRef("call"),
        submission__state=SubmissionState.SUBMITTED,
        submission__current_version=F("pk"),
        submission__submitted_at__lte=OuterRef("finished_at"),
        there_by__gte=OuterRef("started_at"),
    )


def _loaded_since(change: str) -> QuerySet[AuditEvent]:
    """Return the loads of the call that changed this rule."""
    return AuditEvent.objects.filter(
        call=OuterRef("call"),
        action=AuditAction.CALL_LOADED,
        detail__changes__contains=[change],
        at__gte=OuterRef("started_at") - COMMITTED_WITHIN,
    )
