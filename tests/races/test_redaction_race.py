"""Two who propose to hide the same words at once, and who decide about one proposal at once."""

from functools import partial

import pytest

from accounts.models import AuditEvent
from accounts.states import AuditAction, Role
from review.errors import RedactionRefused
from review.models import Redaction
from review.redaction.redacting import approve, refuse
from review.states import RedactionState
from tests.makers import OPENS_AT, make_submitted, make_user
from tests.review.redaction_makers import make_proposed
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def response():
    return make_submitted(story="Jo Bloggs said so.")


def people(number):
    return [make_user(Role.REVIEWER) for _ in range(number)]


def test_of_those_who_propose_the_same_words_at_once_one_does(response):
    ends = at_once([partial(make_proposed, response, "Jo Bloggs", by=by) for by in people(4)])
    proposed = Redaction.objects.get()
    assert [end for end in ends if not isinstance(end, RedactionRefused)] == [proposed]
    assert {str(end) for end in ends if end != proposed} == {
        f"{proposed.proposed_by} has proposed that already"
    }


def test_of_those_who_decide_about_a_proposal_at_once_one_does(response):
    waiting = make_proposed(response, "Jo Bloggs")
    verbs = [approve, partial(refuse, words="No secret")] * 3
    ends = at_once(
        [
            partial(verb, waiting, by=by, at=OPENS_AT)
            for verb, by in zip(verbs, people(6), strict=True)
        ]
    )
    waiting.refresh_from_db()
    did = {
        RedactionState.APPROVED: AuditAction.REDACTION_APPROVED,
        RedactionState.REFUSED: AuditAction.REDACTION_REFUSED,
    }
    event = AuditEvent.objects.get(action__in=did.values())
    assert (event.action, event.actor) == (did[waiting.state], waiting.decided_by)
    assert [type(end) for end in ends if end is not None] == [RedactionRefused] * 5
