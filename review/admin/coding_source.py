"""Which text is coded: an answer of the latest version, or what was read of one of its files."""

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse

from accounts.call_admin import OfOwnCalls
from accounts.states import Action, AuditAction
from review.admin.listed import CameFrom
from review.admin.response_files import record_opened
from review.admin.shown_on_record import record_shown
from review.coding.codings import can_be_coded
from review.models import Coding, FileText, FindingPassage, Quote
from review.redaction.readable_texts import answers_for, file_text_for
from review.texts.reading_due_files import text_beside
from submissions.calls.models import Question
from submissions.calls.states import QuestionKind
from submissions.responses.models import Attachment, Submission, Version
from submissions.responses.states import SubmissionState

FILE = "file"


@dataclass(frozen=True)
class Source:
    """A text that can be coded: an answer, or what was read of a file that answers `question`."""

    question: Question
    text: str
    file_text: FileText | None = None

    @property
    def name(self) -> str:
        """What tells it on the page from the others."""
        if self.file_text is None:
            return self.question.key
        return f"file-{self.file_text.attachment.public_id}"

    @property
    def title(self) -> str:
        return self.file_text.attachment.name if self.file_text else self.question.label

    def has(self, passage: Coding | Quote) -> bool:
        file = self.file_text.pk if self.file_text else None
        return passage.question_id == self.question.pk and passage.file_text_id == file

    def address(self, page: str, response: Submission, came_from: CameFrom) -> str:
        """Return the address of one of the pages for coding, which carries the file on."""
        where = reverse(
            f"admin:submissions_submission_{page}", args=[response.pk, self.question.key]
        )
        if self.file_text is None:
            return f"{where}{came_from.query}"
        file = str(self.file_text.attachment.public_id)
        return f"{where}{came_from.query_with(**{FILE: file})}"


def address_of_passage(passage: Coding | FindingPassage | Quote) -> str:
    """Return where the passage stands on the page of its response, in the version that has it."""
    response = passage.version.submission
    query: dict[str, object] = {}
    if passage.version_id != response.current_version_id:
        query["version"] = passage.version.number
    if passage.file_text_id is not None:
        query["texts"] = 1
    address = reverse("admin:submissions_submission_change", args=[response.pk])
    asked = f"?{urlencode(query)}" if query else ""
    return f"{address}{asked}#answer-{passage.question.key}"


def latest_version(
    request: HttpRequest, admin: OfOwnCalls, pk: int, action: Action = Action.CODE
) -> tuple[Submission, Version]:
    """Return the response with its latest version, to somebody who may code it, or do `action`."""
    counting = Submission.objects.filter(state=SubmissionState.SUBMITTED)
    rows = counting.select_related("call", "current_version")
    response = admin.own_row(request, action, rows, pk=pk)
    version = response.submitted_version
    version.submission = response
    return response, version


def source_of(
    request: HttpRequest, admin: OfOwnCalls, response: Submission, version: Version, key: str
) -> Source:
    """Return the answer to the question, or the file that the address names. Raises Http404."""
    question = response.call.questions_by_key.get(key)
    if question is None:
        raise Http404
    if question.kind == QuestionKind.FILE:
        return _file_source(request, admin, version, question)
    if can_be_coded(question, version):
        return Source(question, answers_for(request.user, version, response.call_id)[key])
    raise Http404


def record_read(request: HttpRequest, response: Submission, source: Source) -> None:
    """Put on record that a page shows the whole answer; of a file, `source_of` does."""
    if source.file_text is None:
        shown = [(response.call, response)]
        record_shown(request, AuditAction.QUESTION_READ, shown, question=source.question.key)


def _file_source(
    request: HttpRequest, admin: OfOwnCalls, version: Version, question: Question
) -> Source:
    """Return the version's file that the address names. Showing its text goes on record."""
    response = version.submission
    admin.own_row(request, Action.OPEN_FILES, Submission.objects.all(), pk=response.pk)
    files = Attachment.objects.filter(versions=version, question=question)
    files = files.select_related("scan", "extracted", "question", "submission")
    try:
        wanted = UUID(request.GET.get(FILE, ""))
    except ValueError:
        raise Http404 from None
    attachment = get_object_or_404(files, public_id=wanted)
    found = text_beside(attachment)
    if found is None or not found.text:
        raise Http404
    if request.method == "GET":
        record_opened(request, response, attachment, text=True)
    return Source(question, file_text_for(request.user, found, response.call_id), found)
