"""A list of the admin without the page around it, which takes ten times as long to draw."""

from django.contrib.messages.storage.cookie import CookieStorage
from django.test import RequestFactory


def request_of(user, query=None):
    """The request with which somebody opens a list."""
    request = RequestFactory().get("/", query)
    request.user, request.session = user, {}
    request._messages = CookieStorage(request)
    return request
