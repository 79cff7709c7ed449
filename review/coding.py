"""Adding codes to the codebook, and putting passages of evidence under them."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.rights import may
from accounts.states import Action
from review.errors import CodingRefused
from review.models import Code, Coding
from submissions.calls.models import Call, Question
from submissions.responses.models import Submission, Version
from submissions.responses.states import SubmissionState


def add_code(
    *, call: Call, name: str, parent: Code | None = None, description: str = "", colour: str = ""
) -> Code:
    """Add a code after its siblings; `colour` is like `#1d70b8`.

    Raises CodingRefused for an empty name, a name that is in use in the call, or a parent of
    another call.
    """
    name = " ".join(name.split())
    if not name:
        raise CodingRefused("Enter the name of the code")
    if parent is not None and parent.call_id != call.pk:
        raise CodingRefused("A code and the code above it belong to one call")
    with transaction.atomic():
        # Locked, so that two people who add the same code at once do not both succeed.
        Call.objects.select_for_update(no_key=True).get(pk=call.pk)
        if Code.objects.filter(call=call, name__iexact=name).exists():
            raise CodingRefused(f"There is a code “{name}” already")
        siblings = Code.objects.filter(call=call, parent=parent).order_by("-position")
        last = siblings.values_list("position", flat=True).first()
        return Code.objects.create(
            call=call,
            parent=parent,
            name=name,
            description=description,
            colour=colour,
            position=0 if last is None else last + 1,
        )


def code_passage(
    *,
    code: Code,
    version: Version,
    question: Question,
    start: int,
    end: int,
    by: User,
    at: datetime,
) -> Coding:
    """Put `[start, end)`, in codepoints of the version's stored answer, under the code.

    Doing it again returns the same coding.
    Raises CodingRefused for a person who may not code in the call, a passage outside the answer,
    an empty one, another call's code, or a response that is withdrawn.
    """
    if not may(by, Action.CODE, version.submission.call_id):
        raise CodingRefused("You may not code in this call")
    with transaction.atomic():
        # Locked, so that nobody erases it meanwhile.
        submission = Submission.objects.select_for_update(no_key=True).get(pk=version.submission_id)
        if {code.call_id, question.call_id} != {submission.call_id}:
            raise CodingRefused("The code, the question and the response belong to one call")
        if submission.state != SubmissionState.SUBMITTED:
            raise CodingRefused("The response is not among those that count")
        text = version.texts.get(question.key, "")
        if not 0 <= start < end <= len(text):
            raise CodingRefused("The passage is not within the answer")
        coding, _ = Coding.objects.get_or_create(
            code=code,
            version=version,
            question=question,
            start=start,
            end=end,
            by=by,
            defaults={"at": at},
        )
    return coding


def quote(coding: Coding) -> str:
    """Return the text of the passage."""
    return coding.version.texts[coding.question.key][coding.start : coding.end]
