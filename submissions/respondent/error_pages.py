"""The error pages, in the portal's own look.

`first_page` is the page of staff or of members on which one of them goes on, "" for respondents.
"""

import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.template.loader import get_template
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import outages, request_ids
from core.direction import isolated
from submissions.calls.models import Call, Question
from submissions.respondent import outage_page
from submissions.respondent.forms.conflict_choices import MERGED
from submissions.respondent.waiting import minutes_of, retry_after
from submissions.responses.answering import LONGEST_KEPT
from submissions.responses.attaching import presentable_name

LONGEST_COPY = LONGEST_KEPT
MOST_COPIES = 1000  # more than a page of a call posts
# Views that only take POSTs, each with the view whose page has the form.
TAKE_FORMS_OF = {
    "start": "call",
    "return_open": "return",
    "delete_draft": "response",
    "person": "people",
    "person_link": "people",
}
# Fields that are no answers. No page shows a password again.
NOT_ANSWERS = frozenset(
    {
        "csrfmiddlewaretoken",
        "action",
        "token",
        "username",
        "password",
        "password1",
        "password2",
        "old_password",
        "new_password1",
        "new_password2",
        "credential",
    }
)
# Fields of respondents' other forms, with what stands above them.
LABELS = {
    "answer": gettext_lazy("Your answer"),
    "email": gettext_lazy("Email address"),
    "name": gettext_lazy("Your name"),
    "reference": gettext_lazy("Reference"),
}
# What buttons and choices post that are no question's: nobody typed it.
PRESSED = frozenset({"again", "another", "confirmed", "may_submit", "scope"})


def bad_request(
    request: HttpRequest, exception: Exception | None = None, *, first_page: str = ""
) -> HttpResponse:
    """Answer 400; to a NUL in the query with a link to the same address without it."""
    context = {"readable": _without_nul(request.GET), "first_page": first_page}
    return render(request, "refusals/bad_request.html", context, status=400)


def has_nul(query: QueryDict) -> bool:
    return any("\0" in text for name, texts in query.lists() for text in (name, *texts))


def _without_nul(query: QueryDict) -> str:
    """Return the query string without its NUL characters; "" if it has none."""
    if not has_nul(query):
        return ""
    readable = QueryDict(mutable=True)
    for name, texts in query.lists():
        readable.setlist(name.replace("\0", ""), [text.replace("\0", "") for text in texts])
    return readable.urlencode()


def forbidden(
    request: HttpRequest,
    exception: Exception | None = None,
    *,
    lost_edits: Sequence[Mapping[str, Any]] = (),
    first_page: str = "",
) -> HttpResponse:
    """Answer 403; `lost_edits` are what was typed, as `posted_texts` returns it."""
    context = {"lost_edits": lost_edits, "first_page": first_page}
    return render(request, "refusals/forbidden.html", context, status=403)


def not_found(
    request: HttpRequest,
    exception: Exception | None = None,
    *,
    lost_edits: Sequence[Mapping[str, Any]] = (),
    first_page: str = "",
) -> HttpResponse:
    """Answer 404; `lost_edits` are what was typed, as `posted_texts` returns it."""
    context = {"lost_edits": lost_edits, "first_page": first_page}
    return render(request, "refusals/not_found.html", context, status=404)


def server_error(request: HttpRequest, *, first_page: str = "") -> HttpResponse:
    """Answer 503 to an outage, and 500 to a fault of the portal's own.

    Django calls this while it handles the exception.
    """
    outage = outages.outage_of(sys.exc_info()[1])
    if outage is not None:
        # Which questions they answer, the database would know.
        return outage_page.unavailable(request, outage, posted_texts(request, questions={}))
    # Without a request no context processor runs: one of them may be what failed.
    context = {"number": request_ids.current(), "first_page": first_page}
    return HttpResponse(get_template("refusals/server_error.html").render(context), status=500)


def too_many(request: HttpRequest, call: Call, wait: timedelta) -> HttpResponse:
    """Say that too many responses were begun, and in how many minutes another may be."""
    context = {"call": call, "minutes": minutes_of(wait)}
    return retry_after(render(request, "refusals/too_many.html", context, status=429), wait)


def posted_texts(
    request: HttpRequest, *, questions: dict[str, Question] | None = None
) -> list[dict[str, Any]]:
    """Return what was posted, to be given back because it cannot be saved.

    Each has the `label` of its question or field (the field's name if there is neither), the
    `text` (labels of the choices, names of files), and whether it was `cut` at LONGEST_COPY
    characters. There are MOST_COPIES at most. The questions are the call's, unless given.
    """
    match = request.resolver_match
    labels = LABELS if request.path_info.startswith("/calls/") else {}
    if questions is None:
        questions = _questions_of(match.kwargs.get("slug", "") if match else "")
    typed = []
    for posted, texts in request.POST.lists():
        name = posted.removeprefix(MERGED)
        question = questions.get(name)
        for text in texts:
            if name in NOT_ANSWERS or name.startswith("_") or not text.strip():
                continue
            if name in PRESSED and question is None and len(text.split()) == 1:
                continue
            said = question.option_labels.get(text, text) if question else text
            typed.append(
                {
                    "label": question.label if question else str(labels.get(name, name)),
                    "text": said[:LONGEST_COPY],
                    "cut": len(said) > LONGEST_COPY,
                }
            )
    for name, uploads in request.FILES.lists():
        label = questions[name].label if name in questions else name
        typed += [{"label": label, "text": say_upload(one), "cut": False} for one in uploads]
    return typed[:MOST_COPIES]


def say_upload(upload: UploadedFile) -> str:
    name = isolated(presentable_name(upload.name or ""))
    return _("File that was not added: %(name)s") % {"name": name}


def _questions_of(slug: str) -> dict[str, Question]:
    call = Call.objects.filter(slug=slug).first()
    if call is None:
        return {}
    rows = {
        row_key: row
        for question in call.questions_in_order
        for row_key, row in _rows_of(question).items()
    }
    return {**rows, **call.questions_by_key}


def _rows_of(question: Question) -> dict[str, Question]:
    """A matrix posts a name for each row."""
    return {
        f"{question.key}_{row['key']}": Question(
            key=question.key, label=f"{question.label} {row['label']}", options=question.options
        )
        for row in question.rows
    }


def _page_of(request: HttpRequest) -> str:
    """Return the address of the page whose form was posted: mostly the address posted to."""
    match = request.resolver_match
    if match is None or match.url_name not in TAKE_FORMS_OF:
        return request.path
    return reverse(TAKE_FORMS_OF[match.url_name], args=[match.kwargs["slug"]])


def csrf_failure(
    request: HttpRequest, lost_edits: list[dict[str, Any]] | None = None
) -> HttpResponse:
    """Say that the form expired or that the browser blocks cookies; give back what was typed.

    A browser that sends no cookie at all takes none.
    """
    context = {
        "lost_edits": posted_texts(request) if lost_edits is None else lost_edits,
        "back": _page_of(request),
        "blocks_cookies": not request.COOKIES,
    }
    return render(request, "refusals/expired.html", context, status=403)
