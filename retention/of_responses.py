"""Ending what was submitted: who answered, the files, and at last the evidence.

Each response gets a request to erase of the ground of retention, by which the database lets its
evidence be emptied, and which the receipt and the record speak of. It is carried out at once in the
database; the worker that carries out requests deletes the files.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat

from personal_data.erasing import erase_from_database
from submissions.calls.models import Call
from submissions.calls.retention import DataClass, period_of
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import UNFINISHED
from submissions.responses.ending.drafts import NUMBERED, WITH_REASON
from submissions.responses.ending.late import responses_kept_longer
from submissions.responses.erasing import end_by_retention, gives_way
from submissions.responses.models import (
    Attachment,
    ErasureRequest,
    IdentityAnswer,
    ReturnAddress,
    Submission,
    VersionIdentity,
)
from submissions.responses.states import ErasureScope, SubmissionState

SUBMITTED = (SubmissionState.SUBMITTED, SubmissionState.WITHDRAWN)


@dataclass(frozen=True)
class OfResponses:
    """A class of data of submitted responses, with what of a response a request to erase names."""

    data_class: DataClass
    scope: ErasureScope
    counted_as: str

    def held(self, call: Call) -> int:
        return self._that_have_it(call).count()

    def due(self, call: Call, *, at: datetime) -> int:
        return self._that_may_end(call, at).count()

    def end_some(self, call: Call, *, at: datetime, limit: int) -> Counter[str]:
        """End it in up to `limit` responses, in the caller's transaction.

        One that somebody has locked, or with a mail that is not out yet, is left for the next run.
        """
        locked = self._that_may_end(call, at).select_for_update(
            skip_locked=True, no_key=True, of=("self",)
        )
        ended = 0
        for response in locked[:limit]:
            request = end_by_retention(
                submission=response,
                scope=self.scope,
                rule=f"{self.data_class.label}: {period_of(call, self.data_class)}",
                by=None,
                at=at,
            )
            ended += request is not None and erase_from_database(request, at=at)
        return +Counter({self.counted_as: ended})

    def _that_may_end(self, call: Call, at: datetime) -> QuerySet[Submission]:
        unsent = OutboxEmail.objects.filter(submission=OuterRef("pk"), state__in=UNFINISHED)
        requests = ErasureRequest.objects.open().exclude(gives_way(self.scope, at))
        asked = requests.filter(submission=OuterRef("pk"))
        late = responses_kept_longer(call, self.data_class, at=at)
        having = self._that_have_it(call).exclude(pk__in=late)
        return having.exclude(Exists(unsent)).exclude(Exists(asked)).order_by("pk")

    def _that_have_it(self, call: Call) -> QuerySet[Submission]:
        responses = Submission.objects.filter(call=call, state__in=SUBMITTED)
        if self.scope == ErasureScope.RESPONSE:
            return responses
        files = Attachment.objects.filter(submission=OuterRef("pk"))
        if self.scope == ErasureScope.FILES:
            return responses.filter(Exists(files))
        of_versions = VersionIdentity.objects.filter(version__submission=OuterRef("pk"))
        # An original says who answered, whatever its name.
        named_files = files.exclude(
            name=Concat(Value("file."), F("file_type")), question__isnull=False
        )
        return responses.filter(
            Q(Exists(of_versions.exclude(answers={})))
            | Q(Exists(IdentityAnswer.objects.filter(submission=OuterRef("pk"))))
            | Q(Exists(ReturnAddress.objects.filter(submission=OuterRef("pk"))))
            | Q(Exists(named_files))
            | Q(Exists(NUMBERED.filter(submission=OuterRef("pk"))))
            | Q(Exists(WITH_REASON.filter(submission=OuterRef("pk"))))
        )


CONTACT_DETAILS = OfResponses(DataClass.CONTACT_DETAILS, ErasureScope.IDENTITY, "contact_details")
FILES = OfResponses(DataClass.FILES, ErasureScope.FILES, "responses_with_files")
EVIDENCE = OfResponses(DataClass.EVIDENCE, ErasureScope.RESPONSE, "responses")
