"""The page on which administrators load a definition, once they have seen what it would do."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import OperationalError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse

from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from accounts.rights import is_administrator
from core import clock
from core.outages import outage_of
from core.time_limits import latest_moment
from submissions.calls.models import Call
from submissions.definitions import loading
from submissions.definitions.broken_toml import explain_encoding
from submissions.definitions.errors import DefinitionRefused
from submissions.definitions.lines import said
from submissions.definitions.types import CallDefinition
from submissions.definitions.wording import undone
from submissions.definitions.writing import written

LARGEST_FILE = 1_000_000  # bytes; load_call takes larger ones
EXAMPLE = Path(__file__).with_name("example_call.toml")  # the small call of the guide
SOURCE = "The file"
TAKE = "take_file:"
NO_MEMBERS = (
    "Nobody is a member of it yet: invite people under Invitations, or add those who sign in "
    "already under Memberships."
)


class DefinitionForm(forms.Form):
    """A definition, typed or in a file; `cleaned_data["text"]` has it."""

    text = forms.CharField(
        label="Definition",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false", "class": "definition"}),
    )
    file = forms.FileField(
        label="Or a file (.toml)",
        required=False,
        help_text=f"A TOML file of up to {LARGEST_FILE // 1_000_000} MB, in place of the text.",
        widget=forms.FileInput(attrs={"accept": ".toml"}),
        error_messages={"empty": "The file is empty"},
    )

    def clean_text(self) -> str:
        # Browsers post CRLF, which would make a large file too large.
        text: str = self.cleaned_data["text"]
        return text.replace("\r\n", "\n")

    def clean_file(self) -> str | None:
        """Return the text of the file."""
        file: UploadedFile | None = self.cleaned_data["file"]
        if file is None:
            return None
        if file.size is None or file.size > LARGEST_FILE:
            raise forms.ValidationError(
                f"The file has {file.size:,} bytes; this page takes {LARGEST_FILE:,} at most"
            )
        try:
            return file.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise forms.ValidationError(f"The file {explain_encoding(error)}") from None

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if cleaned.get("file") is not None:
            cleaned["text"] = cleaned["file"]
        elif not cleaned.get("text", "").strip() and not self.errors:
            self.add_error("text", "Write a definition here, or choose a file")
        return cleaned


class OptionsForm(forms.Form):
    """What else a load may do, by the names of load_call; `paths` may be given to take_file."""

    reword = forms.BooleanField(
        label="--reword: it asks the same as before where it changes the words and rules of "
        "questions that people have answered already",
        required=False,
    )
    reset_times = forms.BooleanField(
        label="--reset-times: take the file’s opening time, closing time and grace period, "
        "also where staff have changed the portal’s",
        required=False,
    )

    def __init__(self, data: Mapping[str, Any], *, paths: Iterable[str]) -> None:
        super().__init__(data)
        for path in paths:
            self.fields[f"{TAKE}{path}"] = forms.BooleanField(
                label=f"--take-file {path}: take the file’s words there", required=False
            )

    def taken(self) -> frozenset[str]:
        """Return the paths at which the file's words are wanted."""
        chosen = {name for name, value in self.cleaned_data.items() if value}
        return frozenset(name.removeprefix(TAKE) for name in chosen if name.startswith(TAKE))


def load_page(request: HttpRequest, admin: OfOwnCalls) -> HttpResponse:
    """Say what a definition would do, and load it for somebody who has seen that.

    Raises PermissionDenied for whoever is no administrator: a definition says what a call promises.
    """
    if not is_administrator(current_user(request)):
        raise PermissionDenied
    if request.method != "POST":
        return _shown(request, admin, _to_start_from(request.GET))
    form = DefinitionForm(request.POST, request.FILES)
    if not form.is_valid():
        return _shown(request, admin, form, status=422)
    return _look(request, admin, form.cleaned_data["text"])


def _to_start_from(query: Mapping[str, str]) -> DefinitionForm:
    """Return the page's form: with the definition of a call that was chosen, or the example."""
    if slug := query.get("from"):
        return DefinitionForm(initial={"text": written(get_object_or_404(Call, slug=slug))})
    if "example" in query:
        return DefinitionForm(initial={"text": EXAMPLE.read_text(encoding="utf-8")})
    return DefinitionForm()


def _look(request: HttpRequest, admin: OfOwnCalls, text: str) -> HttpResponse:
    form = DefinitionForm(initial={"text": text})
    try:
        definition = loading.parse(text, source=SOURCE)
    except DefinitionRefused as refused:
        problems = said(refused, text, source=SOURCE)
        return _shown(request, admin, form, problems=problems, status=422)
    call = Call.objects.filter(slug=definition.slug).first()
    options = OptionsForm(request.POST, paths=undone(call, definition) if call else ())
    options.is_valid()  # of boxes to tick only: it has no errors
    more: dict[str, Any] = {"options": options if call else None}
    try:
        result, seen = _load(request, definition, options)
    except DefinitionRefused as refused:
        more["problems"] = refused.problems
        return _shown(request, admin, form, **more, status=422)
    except OperationalError as error:
        if outage_of(error) is not None:
            raise
        # A lock that was waited for in vain, or a deadlock: both pass.
        return _shown(request, admin, form, **more, is_busy=True, status=503)
    if seen is None:
        of_new = f" {NO_MEMBERS}" if result.outcome == "created" else ""
        messages.success(request, f"{result.call.title}: {result.outcome}.{of_new}")
        return redirect("admin:submissions_call_change", result.call.pk)
    more["is_other"] = "load" in request.POST
    more["is_over"] = result.call.has_closed_at(clock.portal_now())
    return _shown(request, admin, form, **more, result=result, seen=seen, no_members=NO_MEMBERS)


def _load(
    request: HttpRequest, definition: CallDefinition, options: OptionsForm
) -> tuple[loading.LoadResult, str | None]:
    """Load it if it does what was seen before; else take it back, and return a name for that.

    Raises DefinitionRefused.
    """
    at = clock.portal_now()
    with transaction.atomic():
        loading.lock_calls([definition])
        last = Call.objects.filter(slug=definition.slug).values_list("definition_digest", flat=True)
        before = last.first()
        result = loading.load(
            definition,
            by=current_user(request),
            at=at,
            reword=options.cleaned_data["reword"],
            reset_times=options.cleaned_data["reset_times"],
            # A rehearsal may prepare a call of the real years to come.
            latest=latest_moment(max(at, clock.wall_now())),
            take_file=options.taken(),
        )
        # Two definitions may change the same parts: the second undoes what the first says.
        does = f"{before} {definition.digest()} {result.in_words()}"
        seen = sha256(does.encode()).hexdigest()
        if "load" in request.POST and request.POST.get("seen") == seen:
            return result, None
        transaction.set_rollback(True)
    return result, seen


def _shown(
    request: HttpRequest, admin: OfOwnCalls, form: DefinitionForm, *, status: int = 200, **more: Any
) -> HttpResponse:
    problems = [problem.removeprefix(f"{SOURCE}: ") for problem in more.pop("problems", ())]
    context = {
        **admin.admin_site.each_context(request),
        "title": "Load a definition",
        "opts": admin.opts,
        "definition_form": form,
        "is_begun": bool(form["text"].value()),
        "calls": Call.objects.order_by("-opens_at"),
        "problems": problems,
        **more,
    }
    return TemplateResponse(request, "admin/submissions/call/load.html", context, status=status)
