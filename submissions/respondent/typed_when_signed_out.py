"""What members typed while their sign-in ended: it is given back to be copied, and not lost."""

from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme

from submissions.respondent.error_pages import posted_texts

FRAGMENT = "fragment"  # what the script of the pages for coding posts; it says so itself
# What Django raises of a body that is broken, too large or broken off.
UNREADABLE = (BadRequest, MultiPartParserError, SuspiciousOperation, UnreadablePostError)


def lead_to_sign_in(request: HttpRequest, *, at: str) -> HttpResponse:
    """Answer a form of somebody who is not signed in any more; `at` is the path of the sign-in.

    Words that were typed come back, to be copied; without any it leads to the sign-in. Both lead
    back to the page that had the form: many forms are posted to an address that shows none.
    """
    sign_in = redirect_to_login(_page_of_form(request), at)
    typed = typed_texts(request)
    if not typed:
        return sign_in
    context = {"lost_edits": typed, "sign_in": sign_in.headers["Location"]}
    return render(request, "registration/typed.html", context, status=403)


def typed_texts(request: HttpRequest) -> list[dict[str, str]]:
    """Return the texts of more than one word, which nobody wants to type again; no passwords.

    Error pages ask, so a request whose body cannot be read has none.
    """
    try:
        typed = [] if FRAGMENT in request.POST else posted_texts(request, questions={})
    except UNREADABLE:
        return []
    return [
        {**text, "label": text["label"].replace("_", " ").capitalize()}
        for text in typed
        if len(text["text"].split()) > 1 and "password" not in text["label"]
    ]


def _page_of_form(request: HttpRequest) -> str:
    """Return the path of the page that the browser names as the one before, if it is ours."""
    before = request.headers.get("Referer", "")
    host = {request.get_host()}
    if not before or not url_has_allowed_host_and_scheme(before, host, request.is_secure()):
        return request.get_full_path()
    found = urlsplit(before)
    return f"{found.path}?{found.query}" if found.query else found.path
