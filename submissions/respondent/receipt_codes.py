"""Who has the author's own receipt: what every page that asks for its code does with it."""

from datetime import timedelta

from django.http import HttpRequest
from django.utils.translation import gettext as _

from core.throttling import client_wait, wait_before
from submissions.calls.models import Call
from submissions.respondent.forms.return_forms import ReceiptForm
from submissions.respondent.waiting import say_tried_often
from submissions.responses.models import Submission
from submissions.responses.verifying import prove_authorship

TRIES_OF_A_CODE = 10  # an hour


def response_of_receipt(
    request: HttpRequest, call: Call, form: ReceiptForm
) -> tuple[Submission | None, timedelta]:
    """Return the response if the valid form has its author's receipt, else add an error to it.

    With it, how long to wait where that was tried too often.
    """
    reference, code = form.cleaned_data["reference"], form.cleaned_data["code"]
    wait = client_wait(request, "receipt-code", most=TRIES_OF_A_CODE) or wait_before(
        "receipt-code-of", reference, most=TRIES_OF_A_CODE
    )
    if wait:
        form.add_error("code", say_tried_often(wait))
        return None, wait
    submission = prove_authorship(call, reference=reference, code=code)
    if submission is None:
        form.add_error("code", _("The reference and the receipt code do not match"))
    return submission, wait
