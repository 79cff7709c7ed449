"""Finding everything about a person, and making a copy of it for them. Both go on record.

It is posted, so that a name or an address is neither in the server's log nor in the browser's
history.
"""

from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from accounts.asking_again import ask_again
from accounts.current_user import current_user
from accounts.record import record
from accounts.rights import Person, calls_of, narrowed
from accounts.states import Action, AuditAction
from core import clock
from core.admin.uk_time import in_uk_time
from core.row_keys import row_keys
from personal_data import bundle
from personal_data.admin.forms import CopyForm, PersonForm
from personal_data.finding import find_person
from submissions.calls.models import Call
from submissions.responses.models import Submission

# A copy has who answered, every answer and every file.
NEEDED = (Action.READ_RESPONSES, Action.SEE_IDENTITY, Action.OPEN_FILES, Action.SEE_MAILS)


def urls(admin: ModelAdmin) -> list[URLPattern]:
    def page(request: HttpRequest) -> HttpResponse:
        return search(request, admin)

    wrap = admin.admin_site.admin_view
    name = "submissions_erasurerequest"
    return [
        path("person/", wrap(page), name=f"{name}_person"),
        path("person/copy/", wrap(copy), name=f"{name}_copy"),
    ]


def search(request: HttpRequest, admin: ModelAdmin) -> HttpResponse:
    """Find what there is about a person. The record says why, in which call, and what was shown."""
    calls = _calls(request.user)
    form = PersonForm(request.POST if request.method == "POST" else None, calls=calls)
    context: dict[str, Any] = {
        **admin.admin_site.each_context(request),
        "title": "Find a person",
        "opts": admin.opts,
        "form": form,
    }
    if form.is_bound and form.is_valid():
        call, reason = form.cleaned_data["call"], form.cleaned_data["reason"]
        found = find_person(form.cleaned_data["words"], call=call)
        record(
            by=current_user(request),
            at=clock.portal_now(),
            action=AuditAction.IDENTITY_SEARCHED,
            call=call,
            found=len(found.responses) + len(found.mentions),
            shown=found.shown,
            reason=reason,
        )
        context |= {
            "found": found,
            "rows": [
                (one, in_uk_time(one.submitted_at), ", ".join(where))
                for one, where in found.responses.items()
            ],
            "reason": reason,
        }
    return TemplateResponse(request, "admin/submissions/erasurerequest/person.html", context)


def copy(request: HttpRequest) -> HttpResponseBase:
    """Send a ZIP with everything of the chosen responses, for the person to read.

    It asks for the password, a code or the passkey again: it is a named export of these.
    """
    if request.method != "POST":
        return redirect("admin:submissions_erasurerequest_person")
    own = Submission.objects.filter(call__in=_calls(request.user))
    chosen = row_keys(request.POST.getlist("responses"))
    responses = own.filter(pk__in=chosen).select_related("call").order_by("pk")
    form = CopyForm(request.POST, choices=[response.pk for response in responses])
    if not form.is_valid():
        messages.error(request, "Choose the responses to copy.")
        return redirect("admin:submissions_erasurerequest_person")
    ask_again(request)
    at = clock.portal_now()
    for response in responses:
        record(
            by=current_user(request),
            at=at,
            action=AuditAction.PERSONAL_DATA_GIVEN,
            call=response.call,
            submission=response,
            reason=form.cleaned_data["reason"],
        )
    answer = StreamingHttpResponse(
        bundle.pieces(list(responses), at=at), content_type=bundle.CONTENT_TYPE
    )
    answer["Content-Disposition"] = 'attachment; filename="personal-data.zip"'
    answer["Cache-Control"] = "no-store"
    return answer


def calls_to_search(person: Person) -> QuerySet[Call]:
    """Return the calls in which the person may look for everything about somebody."""
    calls: QuerySet[Call] = calls_of(person, Action.FIND_PERSON)
    for action in NEEDED:
        calls = narrowed(calls, person, action, path="pk")
    return calls


def _calls(person: Person) -> QuerySet[Call]:
    """Return the calls to search. Raises PermissionDenied if there are none."""
    calls = calls_to_search(person)
    if not calls:
        raise PermissionDenied
    return calls
