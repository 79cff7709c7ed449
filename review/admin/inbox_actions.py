"""What staff do with many responses of the list at once: status, assignment, flag."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from accounts.current_user import current_user
from accounts.models import User
from accounts.rights import may_somewhere, narrowed
from accounts.states import Action
from core import clock
from core.row_keys import row_keys
from review.admin.exporting import ExportAction
from review.bulk import Outcome, change_all, spread
from review.members import reviewers_of
from review.triage import (
    Assignment,
    ChangeOfStatus,
    Flagging,
    StatusChoice,
    assignee_etag,
    status_choices,
    status_etag,
)
from submissions.calls.models import Call
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState

MOST_SAID = 10  # responses of which the page says one by one that they changed
MOST_AT_ONCE = 5_000
CHOSEN = "chosen"  # the responses that the page of an action told of
GONE = "not in the list any more"

Etags = Mapping[int, str]


class StatusForm(forms.Form):
    def __init__(self, *args: Any, calls: Iterable[Call], people: list[User]) -> None:
        super().__init__(*args)
        found = {choice.key: label for call in calls for choice, label in status_choices(call)}
        self.fields["status"] = forms.ChoiceField(
            label="Change the status to", choices=[("", "Choose a status"), *found.items()]
        )


class AssigningForm(forms.Form):
    def __init__(self, *args: Any, calls: Iterable[Call], people: list[User]) -> None:
        super().__init__(*args)
        names = [(str(one.pk), one.get_username()) for one in people]
        self.fields["assignee"] = forms.ChoiceField(
            label="Assign them to", choices=[("", "Choose a member"), *names, ("0", "Nobody")]
        )


class SpreadingForm(forms.Form):
    def __init__(self, *args: Any, calls: Iterable[Call], people: list[User]) -> None:
        super().__init__(*args)
        self.fields["people"] = forms.MultipleChoiceField(
            label="Spread them over",
            choices=[(str(one.pk), one.get_username()) for one in people],
            widget=forms.CheckboxSelectMultiple,
            help_text="We share out the chosen responses that nobody has and that are new or in "
            "review. Each goes to the person with the least to do.",
        )


class InboxActions(ExportAction):
    """The actions of the list. Each row carries what the list showed of it, as etags."""

    actions = (
        "set_status",
        "assign_to",
        "spread_evenly",
        "flag",
        "take_flag_away",
        "export_chosen",
    )

    @admin.display(description=mark_safe('<input type="checkbox" id="action-toggle">'))
    def action_checkbox(self, response: Submission) -> SafeString:
        """The box that chooses the response, and what the list shows of it."""
        box = super().action_checkbox(response)
        if response.current_version is None:
            return box
        etags = {"status": status_etag(response), "assignee": assignee_etag(response)}
        return box + format_html(
            '<input type="hidden" name="base_status_{0}" value="{1}">'
            '<input type="hidden" name="base_assignee_{0}" value="{2}">',
            response.pk,
            *etags.values(),
        )

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return may_somewhere(request.user, Action.CHANGE_STATUS)

    @admin.action(description="Change the status…", permissions=["decide"])
    def set_status(self, request: HttpRequest, chosen: QuerySet[Submission]) -> HttpResponse | None:
        """Ask for the status, then set it."""

        def change(form: forms.Form, keys: list[int]) -> Outcome | str:
            choice = StatusChoice.read(form.cleaned_data["status"])
            if choice is None:
                return "Choose a status."
            by, at = current_user(request), clock.portal_now()
            made = ChangeOfStatus(choice.status, by, at, choice.reason)
            return change_all(keys, made, _etags(request, "status", keys))

        return self._ask(request, chosen, StatusForm, "Change the status", change)

    @admin.action(description="Assign…", permissions=["decide"])
    def assign_to(self, request: HttpRequest, chosen: QuerySet[Submission]) -> HttpResponse | None:
        """Ask for the member, then assign."""

        def change(form: forms.Form, keys: list[int]) -> Outcome:
            to = User.objects.filter(pk=form.cleaned_data["assignee"]).first()
            made = Assignment(to, current_user(request), clock.portal_now())
            return change_all(keys, made, _etags(request, "assignee", keys))

        return self._ask(request, chosen, AssigningForm, "Assign responses", change)

    @admin.action(description="Spread evenly…", permissions=["decide"])
    def spread_evenly(
        self, request: HttpRequest, chosen: QuerySet[Submission]
    ) -> HttpResponse | None:
        """Ask for the members, then assign each response that nobody has to one of them."""

        def change(form: forms.Form, keys: list[int]) -> Outcome:
            people = User.objects.filter(pk__in=form.cleaned_data["people"]).order_by("username")
            etags = _etags(request, "assignee", keys)
            by, at = current_user(request), clock.portal_now()
            return spread(keys, list(people), by=by, at=at, etags=etags)

        return self._ask(request, chosen, SpreadingForm, "Spread responses evenly", change)

    @admin.action(description="Flag", permissions=["decide"])
    def flag(self, request: HttpRequest, chosen: QuerySet[Submission]) -> None:
        self._flag(request, chosen, flagged=True)

    @admin.action(description="Take the flag away", permissions=["decide"])
    def take_flag_away(self, request: HttpRequest, chosen: QuerySet[Submission]) -> None:
        self._flag(request, chosen, flagged=False)

    def _flag(self, request: HttpRequest, chosen: QuerySet[Submission], *, flagged: bool) -> None:
        keys = _keys(request, chosen)
        if _is_too_many(request, keys):
            return
        made = Flagging(flagged, current_user(request), clock.portal_now())
        _tell(request, change_all(keys, made, {}))

    def _ask(
        self,
        request: HttpRequest,
        chosen: QuerySet[Submission],
        form_class: Callable[..., forms.Form],
        title: str,
        change: Callable[[forms.Form, list[int]], Outcome | str],
    ) -> HttpResponse | None:
        """Show the form for the chosen responses; once it is posted, change them and go back."""
        keys, told_of = _keys(request, chosen), _told_of(request)
        gone = Counter({GONE: len(told_of) - len(keys)} if len(told_of) > len(keys) else {})
        if gone and not keys:
            _tell(request, Outcome(left=gone))
            return None
        if _is_too_many(request, keys):
            return None
        by = current_user(request)
        calls = list(Call.objects.filter(submissions__in=keys).distinct())
        people: dict[int, User] = {}
        for call in calls:
            people |= {one.pk: one for one in reviewers_of(call, by=by)}
        data = [request.POST] if "post" in request.POST else []
        form = form_class(*data, calls=calls, people=list(people.values()))
        if form.is_bound and form.is_valid():
            outcome = change(form, keys)
            if isinstance(outcome, Outcome):
                outcome.left += gone
                _tell(request, outcome)
                return None
            form.add_error(None, outcome)
        carried = [
            (name, value)
            for name in request.POST
            if name in {"action", "select_across", ACTION_CHECKBOX_NAME} or name.startswith("base_")
            for value in request.POST.getlist(name)
        ]
        told_of = told_of or keys
        carried.append((CHOSEN, ".".join(map(str, told_of))))
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "form": form,
            "number": len(told_of),
            "carried": carried,
            "back": request.get_full_path(),
        }
        return TemplateResponse(request, "admin/submissions/submission/bulk.html", context)


def _keys(request: HttpRequest, chosen: QuerySet[Submission]) -> list[int]:
    """Return the chosen responses that the person may decide about.

    Those that were ticked count even where they are not in the list any more, because a colleague
    changed what it is narrowed by: the summary tells of them. Where the whole list was chosen,
    those count that its page told of and that are still in the list, or that it showed.
    """
    rows = chosen
    if request.POST.get("select_across") != "1":
        ticked = request.POST.getlist(ACTION_CHECKBOX_NAME)
        rows = Submission.objects.filter(pk__in=row_keys(ticked))
    elif told_of := _told_of(request):
        shown = [key for key in told_of if f"base_status_{key}" in request.POST]
        there = Q(pk__in=chosen.order_by().values("pk")) | Q(pk__in=shown)
        rows = Submission.objects.filter(there, pk__in=told_of)
    rows = rows.exclude(state__in=[SubmissionState.DRAFT, SubmissionState.ERASED])
    own = narrowed(rows, request.user, Action.CHANGE_STATUS)
    return list(own.order_by("pk").values_list("pk", flat=True))


def _told_of(request: HttpRequest) -> list[int]:
    """Return the responses that the page of the action told of; none on the list itself."""
    return row_keys(request.POST.get(CHOSEN, "").split("."))


def _etags(request: HttpRequest, name: str, keys: list[int]) -> Etags:
    """Return what the list showed of each: of those on other pages of it nothing was shown."""
    all_pages = request.POST.get("select_across") == "1"
    shown = {key: request.POST.get(f"base_{name}_{key}") for key in keys}
    return {key: etag or "" for key, etag in shown.items() if etag is not None or not all_pages}


def _is_too_many(request: HttpRequest, keys: list[int]) -> bool:
    if len(keys) > MOST_AT_ONCE:
        messages.error(
            request,
            f"You chose {len(keys):,} responses; {MOST_AT_ONCE:,} at most change at once. Narrow "
            "the list first. Nothing changed.",
        )
    elif not keys:
        messages.error(request, "You may change none of the responses that you chose.")
    return not 0 < len(keys) <= MOST_AT_ONCE


def _tell(request: HttpRequest, outcome: Outcome) -> None:
    """Say how many changed, and why others did not."""
    for sentence in outcome.outdated[:MOST_SAID]:
        messages.error(request, sentence)
    left = dict(outcome.left)
    if outcome.outdated:
        left["changed by somebody else while the page was open"] = len(outcome.outdated)
    said = f"{_responses(outcome.changed)} changed."
    if left:
        parts = ", ".join(f"{number:,} {why}" for why, number in left.items())
        said += f" {sum(left.values()):,} left as before: {parts}."
    (messages.success if outcome.changed else messages.warning)(request, said)


def _responses(number: int) -> str:
    return "1 response" if number == 1 else f"{number:,} responses"
