"""What each process counts for Prometheus; evidence_portal.metrics_page adds them up.

Labels are names of pages and of outcomes, never of people or of what they typed.
"""

from collections.abc import Callable
from time import perf_counter

from django.http import HttpRequest, HttpResponse
from prometheus_client import Counter, Histogram

ANSWERS = Counter("portal_answers", "Answers to requests", ["page", "method", "status"])
# A page is at the floor of a few milliseconds, or waits for a lock for ten seconds at most.
SECONDS = Histogram(
    "portal_answer_seconds",
    "Time to an answer, without reading the request and sending the answer",
    ["page"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
SAVES = Counter("portal_saves", "Saves of a page of a response", ["outcome"])
REFUSALS = Counter("portal_refusals", "Presses of “Submit” that were refused", ["reason"])
METHODS = frozenset({"GET", "HEAD", "POST"})


class MetricsMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        page = match.view_name if match is not None else "none"
        method = request.method if request.method in METHODS else "other"
        ANSWERS.labels(page, method, str(response.status_code)).inc()
        SECONDS.labels(page).observe(perf_counter() - began)
        return response
