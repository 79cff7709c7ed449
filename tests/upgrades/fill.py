"""Fills an empty database with a little of everything: `python -m tests.upgrades.fill`."""

import django

django.setup()

from datetime import timedelta

from rehearsal.seeding import seed_responses
from submissions.responses import amending, drafting, submitting
from tests.makers import (
    complete_answers,
    make_attachment,
    make_draft,
    make_first_call,
    make_submitted,
    while_open,
)


def fill():
    call = make_first_call()
    at = while_open(call)
    seed_responses(call=call, count=4, drafts=1, seed=7, at=at)
    make_draft(call, at=at, **complete_answers(call))
    draft = make_draft(call, at=at, **complete_answers(call))
    make_attachment(draft, at=at)
    amended = submitting.submit(submission=draft, at=at).submission
    later = at + timedelta(hours=1)
    amending.reopen(submission=amended, at=later)
    words = {"good_practice": "Ask first what a partner can do."}
    drafting.save_answers(submission=amended, call=call, values=words, at=later)
    submitting.submit(submission=amended, at=at + timedelta(hours=2))
    withdrawn = make_submitted(call, at=at)
    amending.withdraw(submission=withdrawn, at=at + timedelta(hours=1))


if __name__ == "__main__":
    fill()
