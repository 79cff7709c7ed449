"""What a page's post does to the files of a response."""

from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404
from django.utils.translation import gettext as _

from submissions.calls.models import Question
from submissions.respondent.forms.section_form import SectionForm
from submissions.respondent.response_context import ResponseContext
from submissions.responses import attaching
from submissions.responses.errors import FileRefused


def change_files(held: ResponseContext, form: SectionForm) -> dict[str, list[str]]:
    """Take the page's removals, replacements and uploads; return refusals by question."""
    refused: dict[str, list[str]] = {}
    if form.file_to_remove:
        attaching.detach(
            submission=held.submission, public_id=_read_id(form.file_to_remove), at=held.received_at
        )
    replaced = _file_to_replace(held, form)
    if replaced is not None and not form.uploads:
        refused[replaced[0]] = [_("Choose the file that is to take its place, then press Replace")]
    for key, uploads in form.uploads.items():
        question = held.call.questions_by_key[key]
        for number, upload in enumerate(uploads):
            in_place_of = replaced[1] if replaced and replaced[0] == key and number == 0 else None
            try:
                _take(held, question, upload, in_place_of)
            except FileRefused as refusal:
                refused.setdefault(key, []).append(refusal.message)
    return refused


def _take(
    held: ResponseContext, question: Question, upload: UploadedFile, in_place_of: UUID | None
) -> None:
    given = {
        "submission": held.submission,
        "question": question,
        "upload": upload,
        "at": held.received_at,
    }
    if in_place_of is None:
        attaching.attach(**given)
    else:
        attaching.replace(**given, public_id=in_place_of)


def _file_to_replace(held: ResponseContext, form: SectionForm) -> tuple[str, UUID] | None:
    """The question and the file; one that is gone already leaves its place to the new one."""
    if not form.file_to_replace:
        return None
    public_id = _read_id(form.file_to_replace)
    for key, files in held.files.items():
        if any(file.public_id == public_id for file in files):
            return key, public_id
    return None


def _read_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None
