"""A call that asks whether the team may contact its respondents, and questions to them."""

from datetime import timedelta

from submissions.responses import asking
from tests.makers import EVIDENCE, YES_NO, make_call, make_submitted, make_user, while_open

MAY_CONTACT = {
    "key": "contact_followup",
    "kind": "radio",
    "label": "May we contact you with questions?",
    "required": True,
    "options": YES_NO,
}
AUTHORS = "ada@example.org"
QUESTION = "Which lots were\nlarger than £5m?"


def make_asking_call(**overrides):
    return make_call(evidence_questions=[*EVIDENCE, MAY_CONTACT], **overrides)


def make_askable(call, **answers):
    return make_submitted(call, email=AUTHORS, **{"contact_followup": "yes"} | answers)


def put_question(response, *, text=QUESTION, by=None, at=None, days=14):
    """A question that an administrator asks, and the token of its link."""
    at = at or while_open(response.call)
    by = by or make_user(is_superuser=True)
    day = (at + timedelta(days=days)).date()
    asked = asking.ask(response, text=text, last_day=day, by=by, at=at)
    return asked, asking.answering_token(asked)
