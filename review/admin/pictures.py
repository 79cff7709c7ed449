"""The pictures among a response's files, drawn anew by the portal, beside the answers."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path

from accounts.call_admin import OfOwnCalls
from accounts.states import Action
from core.pictures import NoPicture, draw
from core.whole_files import FileLost, open_whole
from review.admin.response_files import is_hidden_from, record_opened
from submissions.responses.models import Attachment, Submission
from submissions.responses.scanning import is_held_back, state_of


def urls(admin: OfOwnCalls) -> list[URLPattern]:
    def page(request: HttpRequest, pk: int, public_id: UUID) -> HttpResponse:
        return show(request, admin, pk, public_id)

    return [
        path(
            "<int:pk>/files/<uuid:public_id>/picture/",
            admin.admin_site.admin_view(page),
            name="submissions_submission_picture",
        )
    ]


def show(request: HttpRequest, admin: OfOwnCalls, pk: int, public_id: UUID) -> HttpResponse:
    """Send the picture. That it was seen goes on record, as for the file itself.

    404 for a file that is held back, hidden from the reader, lost, or no picture that can be drawn.
    """
    if request.method != "GET":
        raise PermissionDenied
    responses = Submission.objects.select_related("call")
    response = admin.own_row(request, Action.OPEN_FILES, responses, pk=pk)
    files = Attachment.objects.filter(versions__submission=pk).distinct()
    attachment = get_object_or_404(files, submission=pk, public_id=public_id)
    if is_held_back(state_of(attachment)) or is_hidden_from(
        request.user, attachment, response.call_id
    ):
        raise Http404
    try:
        with open_whole(attachment.file, sha256=attachment.sha256) as stored:
            drawn = draw(attachment.file_type, stored.read())
    except (FileLost, NoPicture) as error:
        raise Http404 from error
    record_opened(request, response, attachment, picture=True)
    answer = HttpResponse(drawn, content_type="image/jpeg")
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer
