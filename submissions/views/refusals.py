"""The pages for what cannot be done, in the portal's own look."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

LONGEST_COPY = 200_000


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "refusals/bad_request.html", status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "refusals/forbidden.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "refusals/not_found.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    return render(request, "refusals/server_error.html", status=500)


def typed_texts(request: HttpRequest) -> list[dict[str, Any]]:
    """Return every longer text that was posted, to be given back where it cannot be kept."""
    return [
        {"name": name, "text": text[:LONGEST_COPY]}
        for name, texts in request.POST.lists()
        for text in texts
        if " " in text.strip() and not name.startswith("_")
    ]


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that the form expired, and give back every longer text that was in it."""
    context = {"typed": typed_texts(request), "back": request.path}
    return render(request, "refusals/expired.html", context, status=403)
