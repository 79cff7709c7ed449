"""The files of a response that staff enter: its original, and those under its questions."""

import logging
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect

from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from accounts.record import record
from accounts.states import AuditAction
from core import clock
from core.outages import StoreAway
from core.row_keys import row_keys
from core.whole_files import FileLost
from submissions.respondent.files import file_response
from submissions.responses.attaching import detach, no_room
from submissions.responses.errors import AlreadySubmitted, FileRefused
from submissions.responses.models import Entry
from submissions.responses.originals import add_original, originals_of
from submissions.responses.scanning import is_held_back, say_attachment, state_of
from submissions.responses.tasks import nudge_scan

logger = logging.getLogger(__name__)


def originals(request: HttpRequest, admin: OfOwnCalls, entry: Entry) -> HttpResponse:
    """Add the chosen files to the originals, or take one out."""
    if request.method == "POST":
        try:
            _change(request, entry)
        except AlreadySubmitted:
            messages.error(request, "Somebody else has submitted this response.")
    return redirect("admin:submissions_entry_enter", entry.pk)


def _change(request: HttpRequest, entry: Entry) -> None:
    at = clock.portal_now()
    removed = request.POST.get("remove")
    if removed:
        found = originals_of(entry.submission).filter(pk__in=row_keys([removed])).first()
        if found is None:
            messages.error(request, "This file is taken out already.")
            return
        detach(submission=entry.submission, public_id=found.public_id, at=at)
        messages.success(request, f"“{found.name}” is taken out.")
        return
    uploads = request.FILES.getlist("originals")
    if not uploads:
        messages.error(request, "Choose a file first.")
    for upload in uploads:
        try:
            added = add_original(entry.submission, upload, at=at)
        except FileRefused as refused:
            messages.error(request, f"{refused.message}.")
        except StoreAway as error:
            logger.error("%s: a file is not kept, %s: %s", entry.submission, error.host, error)
            messages.error(request, f"{no_room(upload).message}.")
            break
        else:
            messages.success(request, f"“{added.name}” is kept beside the response.")
            nudge_scan()


def file(request: HttpRequest, admin: OfOwnCalls, entry: Entry, file: UUID) -> HttpResponseBase:
    """Send a file of what is half entered as a download. Opening it goes on record."""
    attachment = get_object_or_404(
        entry.submission.attachments.select_related("scan"), public_id=file
    )
    if is_held_back(state_of(attachment)):
        messages.error(request, f"The file is {say_attachment(attachment)}.")
        return redirect("admin:submissions_entry_enter", entry.pk)
    try:
        download = file_response(attachment)
    except FileLost as lost:
        logger.error("%s, %s is %s", entry.submission, attachment, lost)
        messages.error(request, f"The file is {lost}: tell the people who run the portal.")
        return redirect("admin:submissions_entry_enter", entry.pk)
    record(
        by=current_user(request),
        at=clock.portal_now(),
        action=AuditAction.FILE_OPENED,
        call=entry.submission.call,
        entry=str(entry.submission.public_id),
        file=str(attachment.public_id),
        sha256=attachment.sha256,
    )
    return download
