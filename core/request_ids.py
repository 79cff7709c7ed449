"""The number of a request: people quote it, and the log, the answer and the error page have it.

It is drawn here and never taken from outside: a proxy finds it in the answer's `X-Request-ID`.
"""

import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
_current: ContextVar[str] = ContextVar("request_id", default="")


def current() -> str:
    """Return for instance "3f2a1b7c"; "" outside of a request."""
    return _current.get()


@contextmanager
def within(number: str) -> Iterator[None]:
    """Go on under the number of a request that is over, whose answer is still being sent."""
    token = _current.set(number)
    try:
        yield
    finally:
        _current.reset(token)


def of_record(record: logging.LogRecord) -> str:
    """Return the number of the request that a line of the log is about; "" if of none.

    Django logs refused requests after every middleware, with the request beside the words.
    """
    return current() or getattr(getattr(record, "request", None), "number", "")


class RequestIdMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        number = secrets.token_hex(4)
        request.number = number  # type: ignore[attr-defined]  # our attribute
        token = _current.set(number)
        try:
            response = self.get_response(request)
        finally:
            _current.reset(token)
        response.headers[HEADER] = number
        return response
