"""The pages of responses in the admin, and responses for them."""

from datetime import timedelta
from urllib.parse import quote

from django.urls import reverse

from submissions.responses import amending, drafting, submitting
from tests.makers import make_submitted, while_open


def page_of(response, filters=""):
    address = reverse("admin:submissions_submission_change", args=[response.pk])
    return f"{address}?_changelist_filters={quote(filters)}" if filters else address


def consider_of(response, filters=""):
    address = reverse("admin:submissions_submission_considered", args=[response.pk])
    return f"{address}?_changelist_filters={quote(filters)}" if filters else address


def made(call, number, **answers):
    """Responses in the order of the list: the latest first."""
    start = while_open(call)
    every = [
        make_submitted(call, at=start + timedelta(minutes=n), **answers) for n in range(number)
    ]
    return every[::-1]


def amended(response, **values):
    call, at = response.call, while_open(response.call)
    amending.reopen(submission=response, at=at)
    drafting.save_answers(submission=response, call=call, values=values, at=at)
    submitting.submit(submission=response, at=at)
