"""The filters of the list of responses by what staff did, and by how and when each came.

Who has it, what is still to do, what somebody read; its day, its length, its files, its channel.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.admin.views.main import ChangeList
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest

from accounts.current_user import current_user
from accounts.models import User
from accounts.rights import calls_of
from accounts.states import Action
from core import clock
from core.admin.uk_time import in_uk_time
from core.spoken_time import UK
from review import asking
from review.admin.response_filters import Choices, OneOf, calls_read, chosen_call
from review.bulk import TO_DO
from review.coding.samples import to_code
from review.members import reviews_no_longer
from review.models import Note, Review
from review.triage import say_reason
from review.visits import last_visit, unread_by
from submissions.responses.models import Version
from submissions.responses.states import Channel, TriageStatus

FILES = Version.attachments.through.objects
WORDS = {"0": (0, 0), "1-249": (1, 249), "250-999": (250, 999), "1000-": (1000, None)}


class WorkFilter(OneOf):
    title = "work"
    parameter_name = "work"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [("to_do", "To do"), ("done", "Done")]

    def narrowed(self, queryset: QuerySet) -> QuerySet:
        if self.value() is None:
            return queryset
        to_do = Q(triage_status__in=TO_DO)
        return queryset.filter(to_do if self.value() == "to_do" else ~to_do)


class SampleFilter(OneOf):
    title = "samples to code"
    parameter_name = "sampled"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        self.reader = current_user(request)
        return [("me", "By me, not done yet")]

    def narrowed(self, queryset: QuerySet) -> QuerySet:
        if self.value() is None:
            return queryset
        return queryset.filter(Exists(to_code(self.reader).filter(submission=OuterRef("pk"))))


class AssigneeFilter(OneOf):
    """Mine, unassigned, or of one of those who have a response of the reader's calls."""

    title = "assigned to"
    parameter_name = "assigned"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        self.reader = current_user(request)
        calls = calls_of(request.user, Action.READ_RESPONSES)
        having = Review.objects.filter(assignee__isnull=False, submission__call__in=calls)
        people = User.objects.filter(pk__in=having.values("assignee")).exclude(pk=self.reader.pk)
        others = [(str(one.pk), one.get_username()) for one in people.order_by("username")]
        return [("me", "Me"), ("nobody", "Nobody, or no longer a reviewer"), *others]

    def narrowed(self, queryset: QuerySet) -> QuerySet:
        chosen = self.value()
        if chosen is None:
            return queryset
        if chosen == "nobody":
            return queryset.filter(Q(review__assignee=None) | reviews_no_longer())
        return queryset.filter(review__assignee=self.reader.pk if chosen == "me" else chosen)


class ReadingFilter(OneOf):
    title = "reading"
    parameter_name = "reading"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        self.reader = current_user(request)
        return [("unread", "Unread by me"), ("read", "Read by me")]

    def narrowed(self, queryset: QuerySet) -> QuerySet:
        if self.value() is None:
            return queryset
        unread = unread_by(self.reader, queryset)
        return (
            unread
            if self.value() == "unread"
            else queryset.exclude(pk__in=unread.order_by().values("pk"))
        )


class FlagFilter(OneOf):
    title = "flag"
    parameter_name = "flagged"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [("yes", "Flagged"), ("no", "Not flagged")]

    def narrowed(self, queryset: QuerySet) -> QuerySet:
        if self.value() is None:
            return queryset
        flagged = Q(review__flagged=True)
        return queryset.filter(flagged if self.value() == "yes" else ~flagged)


class NotesFilter(OneOf):
    title = "notes"
    parameter_name = "notes"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        self.reader = current_user(request)
        return [("to_me", "Open, to me"), ("open", "Open"), ("any", "Any")]

    def narrowed(self, queryset: QuerySet) -> QuerySet:
        notes = Note.objects.filter(submission=OuterRef("pk"))
        if self.value() is None:
            return queryset
        if self.value() != "any":
            notes = notes.filter(resolved_at=None)
        if self.value() == "to_me":
            notes = notes.filter(mentions=self.reader)
        return queryset.filter(Exists(notes))


class QuestionsFilter(OneOf):
    title = "questions to its author"
    parameter_name = "questions"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        self.reader = current_user(request)
        return [
            ("new", "With an answer to me, not read"),
            ("waiting", "Waiting for an answer"),
            ("answered", "Answered"),
            ("asked", "Asked"),
        ]

    def narrowed(self, queryset: QuerySet) -> QuerySet:
        chosen: dict[str, Callable[[], Any]] = {
            "new": lambda: asking.has_new_answer(self.reader),
            "waiting": lambda: asking.waiting_at(clock.portal_now()),
            "answered": asking.answered,
            "asked": asking.asked,
        }
        value = self.value()
        return queryset.filter(chosen[value]()) if value else queryset


class ReasonFilter(OneOf):
    """Why responses were set aside, by the reasons of the chosen call."""

    title = "reason to set aside"
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        call = chosen_call(request, calls_read(request))
        if call is None:
            return []
        given = request.GET.get(self.parameter_name, "")
        keys = list(call.set_aside_labels)
        # It may be one that the call had before, which responses still have.
        if given and given not in keys:
            had = Review.objects.filter(submission__call=call, reason=given)
            keys += had.values_list("reason", flat=True)[:1]
        return [(key, say_reason(key, call)) for key in keys]

    def narrowed(self, queryset: QuerySet) -> QuerySet:
        if self.value() is None:
            return queryset
        return queryset.filter(triage_status=TriageStatus.SET_ASIDE, review__reason=self.value())


class ReceivedFilter(OneOf):
    """By the day on which the version that counts was received, in UK time, or since when."""

    title = "received"
    parameter_name = "received"
    more_parameters = ("from", "until")
    template = "admin/submissions/submission/received_filter.html"

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any
    ) -> None:
        self.days = {name: _last(params.pop(name, "")) for name in self.more_parameters}
        super().__init__(request, params, model, model_admin)

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        self.visited = last_visit(current_user(request))
        since = (
            f"Since my last visit, {in_uk_time(self.visited)}"
            if self.visited
            else ("Since my last visit: this is the first")
        )
        return [("visit", since), ("today", "Today"), ("week", "In the last 7 days")]

    def expected_parameters(self) -> list[str | None]:
        return [*self.parameters()]

    def days_in_words(self) -> list[tuple[str, str]]:
        """Return the days from and until which the list is narrowed; what is no day is none."""
        return [(name, str(day)) for name, given in self.days.items() if (day := _day(given))]

    def choices(self, changelist: ChangeList) -> Any:
        """Leave the days out of the links, and note what their form carries from the address."""
        own = {self.parameter_name, *self.more_parameters}
        self.carried = [each for each in changelist.params.items() if each[0] not in own]
        for choice, (key, _) in zip(
            super().choices(changelist), [("", ""), *self.lookup_choices], strict=True
        ):
            new = {str(self.parameter_name): key} if key else {}
            link = changelist.get_query_string(new, [str(one) for one in own if one not in new])
            selected = choice["selected"] and (bool(key) or not any(self.days.values()))
            yield choice | {"query_string": link, "selected": selected}

    def narrowed(self, queryset: QuerySet) -> QuerySet:
        zone = ZoneInfo(UK)
        today = clock.portal_now().astimezone(zone).date()
        since = {"today": today, "week": today - timedelta(days=6)}.get(self.value() or "")
        if self.value() == "visit" and self.visited:
            queryset = queryset.filter(current_version__received_at__gt=self.visited)
        elif since is not None:
            queryset = queryset.filter(current_version__received_at__gte=_midnight(since))
        for name, given in self.days.items():
            day = _day(given)
            if given and day is None:
                return queryset.none()
            if day is not None and name == "from":
                queryset = queryset.filter(current_version__received_at__gte=_midnight(day))
            elif day is not None and day < date.max:
                after = _midnight(day + timedelta(days=1))
                queryset = queryset.filter(current_version__received_at__lt=after)
        return queryset


class WordsFilter(OneOf):
    title = "words"
    parameter_name = "words"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        labels = ("None", "1 to 249", "250 to 999", "1,000 or more")
        return list(zip(WORDS, labels, strict=True))

    def narrowed(self, queryset: QuerySet) -> QuerySet:
        chosen = self.value()
        if chosen is None:
            return queryset
        least, most = WORDS[chosen]
        queryset = queryset.filter(current_version__words__gte=least)
        return queryset if most is None else queryset.filter(current_version__words__lte=most)


class FilesFilter(OneOf):
    title = "files"
    parameter_name = "files"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [("yes", "With files"), ("no", "Without files")]

    def narrowed(self, queryset: QuerySet) -> QuerySet:
        if self.value() is None:
            return queryset
        with_files = Exists(FILES.filter(version=OuterRef("current_version")))
        return queryset.filter(with_files if self.value() == "yes" else ~with_files)


class ChannelFilter(OneOf):
    title = "how it came"
    parameter_name = "channel"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return Channel.choices

    def narrowed(self, queryset: QuerySet) -> QuerySet:
        return queryset.filter(channel=self.value()) if self.value() else queryset


def _last(given: Any) -> str:
    return str(given[-1] if isinstance(given, list) and given else given or "")


def _day(given: str) -> date | None:
    try:
        return date.fromisoformat(given)
    except ValueError:
        return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(UK))
