"""Proposing to hide passages of a response: by ticks, by their words, or as they were selected."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from accounts.states import Action
from core import clock
from core.row_keys import row_key
from core.several_lines import SeveralLines
from review.admin.coding_source import Source, latest_version, record_read, source_of
from review.admin.listed import CameFrom
from review.admin.passage_form import PassageForm
from review.coding.places_in_text import Passage, chosen_by_browser
from review.errors import CodingRefused, RedactionRefused
from review.redaction.proposing import propose_all
from review.redaction.readable_texts import sees_redacted
from review.states import RedactionReason
from submissions.responses.models import Submission, Version

PAGE = "admin/review/redaction/propose.html"
REFUSED = 422
MOST_WORDS = 2_000
MOST_PLACES = 200  # in one text; each is a proposal of its own
NOTHING = "Tick what to hide, or enter its words"


class RedactionForm(PassageForm):
    """`exact` are words of the text; with `everywhere`, each place where they stand is meant."""

    exact = SeveralLines(
        label="Or the words to hide",
        required=False,
        max_length=MOST_WORDS,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
        help_text="Copy them out of the text: a name, an address, a number.",
    )
    everywhere = forms.BooleanField(
        label="In every place of this text where they stand", required=False
    )
    reason = forms.ChoiceField(
        label="Why",
        choices=[("", "Choose a reason"), *RedactionReason.choices],
        error_messages={"required": "Choose why it is to be hidden."},
    )
    words = forms.CharField(
        label="In words, for another reason",
        required=False,
        max_length=200,
        help_text="Colleagues see it. Do not repeat what is hidden.",
    )

    def passages(self) -> list[Passage]:
        """Return what is ticked, and where the words stand. Raises RedactionRefused."""
        found = [*self.chosen(), *self._exact()]
        if not found:
            raise RedactionRefused(NOTHING)
        return found

    def _exact(self) -> list[Passage]:
        wanted = self.cleaned_data["exact"]
        if not wanted:
            return []
        places = places_of(wanted, self.text)
        if not places:
            raise RedactionRefused("The text does not have these words. Copy them out of it")
        if len(places) > MOST_PLACES:
            raise RedactionRefused(
                f"The text has these words {len(places):,} times, which is too often to hide each: "
                "copy more of it"
            )
        if len(places) > 1 and not self.cleaned_data["everywhere"]:
            raise RedactionRefused(
                f"The text has these words {len(places)} times: copy more of it, or tick that "
                "every place is meant"
            )
        return places


def places_of(words: str, text: str) -> list[Passage]:
    found, place = [], text.find(words)
    while place >= 0:
        found.append(Passage(place, place + len(words)))
        place = text.find(words, place + len(words))
    return found


def urls(admin: OfOwnCalls) -> list[URLPattern]:
    def page(request: HttpRequest, pk: int, key: str) -> HttpResponseBase:
        return propose_page(request, admin, pk, key)

    return [
        path(
            "<int:pk>/redactions/<slug:key>/",
            admin.admin_site.admin_view(page),
            name="submissions_submission_redact",
        )
    ]


def propose_page(request: HttpRequest, admin: OfOwnCalls, pk: int, key: str) -> HttpResponse:
    """Show the form for one answer or file, or propose what is chosen."""
    response, version = latest_version(request, admin, pk, Action.REDACT)
    if not sees_redacted(request.user, response.call_id):
        raise PermissionDenied
    source = source_of(request, admin, response, version, key)
    is_posted = request.method == "POST"
    form = RedactionForm(request.POST if is_posted else None, text=source.text, version=version)
    error = ""
    if is_posted:
        try:
            number = _propose(request, version, source, form)
        except RedactionRefused as refused:
            error = f"{refused.message}."
        else:
            messages.success(request, say_proposed(number))
            return redirect(page_of(request, response, source))
    record_read(request, response, source)
    selected, not_selected = _selected(request, version, source)
    context: dict[str, Any] = {
        **admin.admin_site.each_context(request),
        "title": f"Hide a passage of {response}",
        "opts": admin.opts,
        "response": response,
        "version": version,
        "source": source,
        "form": form,
        "error": error or not_selected,
        "selected": selected,
        "page_of_response": page_of(request, response, source),
        "suggestions_address": reverse("admin:review_redaction_suggest", args=[response.pk]),
    }
    return TemplateResponse(request, PAGE, context, status=REFUSED if is_posted else 200)


def page_of(request: HttpRequest, response: Submission, source: Source) -> str:
    texts = {"texts": "1"} if source.file_text else {}
    address = CameFrom.of(request).page_of(response.pk, **texts).partition("#")[0]
    return f"{address}#answer-{source.question.key}"


def say_proposed(number: int) -> str:
    said = "1 passage is" if number == 1 else f"{number} passages are"
    return f"{said} proposed to be hidden. Somebody else has to approve it."


def _propose(request: HttpRequest, version: Version, source: Source, form: RedactionForm) -> int:
    if request.POST.get("version") != str(version.number):
        raise RedactionRefused(
            f"While this page was open, its author submitted version {version.number}: open the "
            "response again"
        )
    if not form.is_valid():
        raise RedactionRefused(
            "; ".join(str(e).rstrip(".") for each in form.errors.values() for e in each)
        )
    return propose_all(
        version=version,
        question=source.question,
        file_text=source.file_text,
        passages=[(one.start, one.end) for one in form.passages()],
        reason=RedactionReason(form.cleaned_data["reason"]),
        words=form.cleaned_data["words"],
        by=current_user(request),
        at=clock.portal_now(),
    )


def _selected(request: HttpRequest, version: Version, source: Source) -> tuple[list[Any], str]:
    """Return the passage that a browser selected, to be ticked, or why it cannot be taken."""
    start, end = (row_key(request.GET.get(name, "")) for name in ("start", "end"))
    if start is None or end is None:
        return [], ""
    if request.GET.get("version") != str(version.number):
        return [], "Its author has submitted another version: choose the words again."
    try:
        passage = chosen_by_browser(source.text, start, end)
    except CodingRefused as refused:
        return [], f"{refused.message}."
    value = f"{passage.start}-{passage.end}"
    return [(value, passage.quote(source.text))], ""
