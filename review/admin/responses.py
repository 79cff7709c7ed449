"""Responses: the list, and the page of each. Staff read responses and cannot edit them."""

import logging
from typing import Any, Protocol
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.views.main import ERROR_FLAG, ORDER_VAR
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Count, OuterRef, QuerySet, Subquery, When
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path

from accounts.call_admin import OwnCallsFilter
from accounts.current_user import current_user
from accounts.identity import may_see_identity
from accounts.states import Action
from core.admin.read_only import ReadOnlyAdmin
from core.admin.uk_time import in_uk_time
from core.row_keys import row_key
from core.whole_files import FileLost
from review.admin import (
    across,
    asking,
    coding,
    exporting,
    history,
    identity_search,
    keys,
    noting,
    pictures,
    progress_page,
    response_views,
    saved_filters,
    triage,
    withdrawing,
)
from review.admin.beside import with_what_is_beside
from review.admin.facet_columns import facet_columns
from review.admin.inbox_actions import InboxActions
from review.admin.inbox_filters import (
    AssigneeFilter,
    ChannelFilter,
    FilesFilter,
    FlagFilter,
    NotesFilter,
    QuestionsFilter,
    ReadingFilter,
    ReasonFilter,
    ReceivedFilter,
    SampleFilter,
    WordsFilter,
    WorkFilter,
)
from review.admin.inbox_search import InboxSearch
from review.admin.listed import CameFrom, is_for_rows_alone
from review.admin.reading_faster import similar, unlike
from review.admin.redaction import proposing
from review.admin.response_files import (
    file_download,
    files_of,
    is_hidden_from,
    record_opened,
)
from review.admin.response_filters import (
    ListingFilter,
    PublicationFilter,
    QuotingFilter,
    StateFilter,
    TimingFilter,
    names_answers,
    question_filters,
)
from review.asking import marks, say_marks
from review.members import NO_LONGER, reviews_no_longer
from review.triage import chosen_status, review_of
from submissions.responses.author_metadata.errors import CannotBeCleaned
from submissions.responses.models import Submission, Version
from submissions.responses.scanning import is_held_back, say_attachment, state_of
from submissions.responses.states import Channel

WITHHELD = (
    "You may not see who answered, and the author's details could not be taken out of this file."
)
logger = logging.getLogger(__name__)
HIDDEN = (
    "Words of this file are hidden from you, so you do not get the file. Read the page of the "
    "response."
)
LOST = (
    "The file is {}: the portal does not have what was submitted, so nothing was opened. Tell the "
    "people who run the portal: they can look for it in a backup."
)
FILES_GIVEN = (
    Version.attachments.through.objects.filter(  # type: ignore[misc]  # it misses the annotation
        version=OuterRef("current_version")
    )
    .order_by()
    .values("version")
    .annotate(number=Count("pk"))
    .values("number")
)
LONG_TEXTS = (
    "current_version__texts",
    "current_version__canonical_text",
    "current_version__sha256",
)


class WithFilesGiven(Protocol):
    """A response with what `get_queryset` adds."""

    files_given: int


@admin.register(Submission)
class ResponseAdmin(InboxSearch, InboxActions, ReadOnlyAdmin):
    sees = Action.READ_RESPONSES
    nothing_yet = "Nobody has submitted a response yet. What somebody is still writing is not here."
    list_display = (
        "said_reference",
        "received",
        "status",
        "assignee",
        "timing",
        "words",
        "files",
        "state",
        "call",
    )
    list_filter = (
        ("call", OwnCallsFilter),
        WorkFilter,
        AssigneeFilter,
        ReadingFilter,
        ReceivedFilter,
        FlagFilter,
        NotesFilter,
        QuestionsFilter,
        SampleFilter,
        "triage_status",
        ReasonFilter,
        StateFilter,
        TimingFilter,
        ChannelFilter,
        WordsFilter,
        FilesFilter,
        PublicationFilter,
        ListingFilter,
        QuotingFilter,
    )
    ordering = ("-submitted_at", "-pk")

    def get_list_display(self, request: HttpRequest) -> list[Any] | tuple[Any, ...]:
        """Put in the chosen call's facets; leave out the state, unless several are listed."""
        if is_for_rows_alone(request) and ORDER_VAR not in request.GET:
            return self.list_display
        shown = list(super().get_list_display(request))
        if request.GET.get("state") != "all":
            shown.remove("state")
        place = shown.index("timing")
        return [*shown[:place], *facet_columns(request), *shown[place:]]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        shown = list(super().get_list_filter(request))
        if is_for_rows_alone(request) and not names_answers(request.GET):
            return shown
        return [*shown, *question_filters(request)]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Submission]:
        responses = super().get_queryset(request)
        if ERROR_FLAG in request.GET:
            responses = responses.none()
        return (
            responses.select_related("call", "current_version", "review__assignee")
            .defer(*LONG_TEXTS)
            .annotate(
                files_given=Coalesce(Subquery(FILES_GIVEN), 0),
                assignee_reviews_no_longer=Case(
                    When(reviews_no_longer(), then=True), default=False
                ),
                **marks(),
            )
        )

    @admin.display(description="reference", ordering="reference")
    def said_reference(self, response: Submission) -> str:
        return str(response)

    @admin.display(description="status", ordering="triage_status")
    def status(self, response: Submission) -> str:
        said = chosen_status(response).label(response.call)
        marked = ["flagged"] * review_of(response).flagged + say_marks(response)
        return f"{said} ({', '.join(marked)})" if marked else said

    @admin.display(description="assigned to", ordering="review__assignee__username", empty_value="")
    def assignee(self, response: Any) -> str:
        assignee = review_of(response).assignee
        left = f", {NO_LONGER}" if response.assignee_reviews_no_longer else ""
        return f"{assignee}{left}" if assignee else ""

    @admin.display(description="timing", ordering="current_version__timing")
    def timing(self, response: Submission) -> str:
        version = response.current_version
        return version.get_timing_display() if version else ""

    @admin.display(description="words", ordering="current_version__words")
    def words(self, response: Submission) -> str:
        return f"{response.current_version.words:,}" if response.current_version else ""

    @admin.display(description="received (UK time)", ordering="submitted_at")
    def received(self, response: Submission) -> str:
        """Say when, how it came where not by this website, and when its author changed it."""
        said = [in_uk_time(response.submitted_at)]
        if response.channel != Channel.WEB:
            said.append(Channel(response.channel).in_a_sentence)
        version = response.current_version
        if version and version.number > 1:
            said.append(f"changed {in_uk_time(version.received_at)}")
        return ", ".join(said)

    @admin.display(description="files", ordering="files_given")
    def files(self, response: WithFilesGiven) -> int:
        return response.files_given

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path(
                "<int:pk>/files/<uuid:public_id>/",
                wrap(self.download),
                name="submissions_submission_file",
            ),
            *triage.urls(self),
            *response_views.urls(self),
            *keys.urls(self),
            *across.urls(self),
            *noting.urls(self),
            *asking.urls(self),
            *coding.urls(self),
            *proposing.urls(self),
            *pictures.urls(self),
            *withdrawing.urls(self),
            *identity_search.urls(self),
            *saved_filters.urls(self),
            *progress_page.urls(self),
            *similar.urls(self),
            *unlike.urls(self),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list and, to those who may see who answered, the search for that.

        Where Django dropped a filter whose value it cannot read, the list finds nothing.
        """
        if ERROR_FLAG in request.GET:
            messages.error(request, "The list has no such filter. Choose one of those shown.")
        search: dict[str, Any] = {
            "has_keys": keys.has_keys(current_user(request)),
            **saved_filters.beside_the_list(request),
            **exporting.beside_the_list(request),
        }
        if searched := identity_search.calls_searched(request):
            search["identity_search"] = identity_search.form_beside_the_list(request, searched)
        page = super().changelist_view(request, search | (extra_context or {}))
        return self.show_excerpts(request, page)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the response to read. Opening it goes on record; there is nothing to post."""
        if request.method not in {"GET", "HEAD"} or not self.has_view_permission(request):
            raise PermissionDenied
        rows = with_what_is_beside(self.get_queryset(request))
        response = rows.filter(pk=row_key(object_id) or 0).first()  # no row has the key 0
        if response is None:
            return self._get_obj_does_not_exist_redirect(  # type: ignore[attr-defined]  # no stub
                request, self.opts, object_id
            )
        return response_views.show(request, self, response)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        return history.show(request, self, object_id)

    def download(self, request: HttpRequest, pk: int, public_id: UUID) -> HttpResponseBase:
        """Send a submitted file as a download. Opening it goes on record.

        People who may not see who answered get a copy without its author's details.
        """
        if request.method != "GET":
            raise PermissionDenied
        response = self.own_row(request, Action.OPEN_FILES, Submission.objects.all(), pk=pk)
        here = CameFrom.of(request).page_of(pk)
        attachment = get_object_or_404(files_of(response, reader=request.user), public_id=public_id)
        if is_held_back(state_of(attachment)):
            messages.error(request, f"The file is {say_attachment(attachment)}.")
            return redirect(here)
        if is_hidden_from(request.user, attachment, response.call_id):
            messages.error(request, HIDDEN)
            return redirect(here)
        try:
            download = file_download(
                attachment, sees_identity=may_see_identity(request.user, response.call_id)
            )
        except FileLost as lost:
            logger.error("%s, %s is %s", attachment.submission, attachment, lost)
            messages.error(request, LOST.format(lost))
            return redirect(here)
        except CannotBeCleaned as error:
            messages.error(request, f"{WITHHELD} {error.reason}")
            return redirect(here)
        record_opened(request, response, attachment)
        return download
