"""People in one response at once: real threads on real connections."""

from itertools import count

import pytest

from submissions.mail.live_data import LiveData
from submissions.outbox.models import OutboxEmail
from submissions.responses import drafting, sharing, submitting
from submissions.responses.errors import (
    AccessEnded,
    AlreadySubmitted,
    LinkDead,
    MayNotSubmit,
    SharingRefused,
)
from submissions.responses.models import Colleague, ReturnToken
from submissions.responses.working_copy import find_response, find_response_of, working_answers
from tests.makers import complete_answers, make_call, make_draft, while_open
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
TRIES = 2
_numbers = count()


@pytest.fixture
def call():
    return make_call()


def invite(draft, at):
    """Invite somebody, and return the token in their mail."""
    address = f"colleague{next(_numbers)}@example.org"
    sharing.invite(submission=draft, address=address, at=at)
    mail = OutboxEmail.objects.select_related("call").get(to_address=address)
    return LiveData(at=at).link(mail).token


def let_in(draft, at, name="Ben"):
    """Return the response as a colleague's browser has it."""
    colleague = sharing.join(call=draft.call, token=invite(draft, at), name=name, at=at)
    return find_response_of(access=colleague.public_id, slug=draft.call.slug)


def test_of_two_who_use_one_link_one_gets_in(call):
    at = while_open(call)
    draft = make_draft(call)
    for _ in range(TRIES):
        token = invite(draft, at)

        def join(name, token=token):
            try:
                return sharing.join(call=call, token=token, name=name, at=at).name
            except LinkDead:
                return ""

        first = next(_numbers)
        names = [f"Ada {first}", f"Ben {first}"]
        results = at_once([lambda n=name: join(n) for name in names])
        assert sorted(map(bool, results)) == [False, True]
        joined = Colleague.objects.joined().latest("number")
        assert joined.name == "".join(results)
        sharing.take_away(submission=draft, number=joined.number, at=at)
        OutboxEmail.objects.all().delete()


def test_two_invitations_at_once_of_one_address_make_one(call):
    at = while_open(call)
    for _ in range(TRIES):
        draft = make_draft(call)

        def invite_ben(draft=draft):
            try:
                return sharing.invite(submission=draft, address="ben@example.org", at=at).number
            except SharingRefused:
                return None

        results = at_once([invite_ben, invite_ben])
        assert sorted(results, key=str) == [1, None]
        assert OutboxEmail.objects.filter(submission=draft).count() == 1


def test_what_a_colleague_saves_while_access_ends_is_whole_or_refused(call):
    at = while_open(call)
    outcomes = set()
    for _ in range(TRIES):
        draft = make_draft(call, story="Before")
        theirs = let_in(draft, at)

        def save(theirs=theirs):
            try:
                drafting.save_answers(
                    submission=theirs, call=call, values={"story": "After"}, at=at
                )
            except AccessEnded:
                return "refused"
            return "saved"

        saved, ended = at_once(
            [save, lambda d=draft: sharing.take_away(submission=d, number=1, at=at)]
        )
        assert ended
        fresh = find_response(public_id=draft.public_id, slug=call.slug)
        story = working_answers(fresh, call)["story"]
        assert (saved, story) in {("saved", "After"), ("refused", "Before")}
        with pytest.raises(AccessEnded):
            drafting.save_answers(submission=theirs, call=call, values={"story": "Later"}, at=at)
        outcomes.add(saved)
    assert outcomes <= {"saved", "refused"}


def test_save_that_read_the_response_before_access_ended_is_refused(call):
    """The order that a race only meets by chance."""
    at = while_open(call)
    draft = make_draft(call, story="Before")
    theirs = let_in(draft, at)
    sharing.take_away(submission=draft, number=1, at=at)
    with pytest.raises(AccessEnded):
        drafting.save_answers(submission=theirs, call=call, values={"story": "After"}, at=at)
    fresh = find_response(public_id=draft.public_id, slug=call.slug)
    assert working_answers(fresh, call)["story"] == "Before"


def test_right_to_submit_holds_at_the_moment_of_the_lock(call):
    at = while_open(call)
    for _ in range(TRIES):
        draft = make_draft(call, **complete_answers(call))
        theirs = let_in(draft, at)
        sharing.allow_to_submit(submission=draft, number=1, allowed=True, at=at)

        def submit(theirs=theirs):
            try:
                submitting.submit(submission=theirs, at=at)
            except MayNotSubmit:
                return "refused"
            return "submitted"

        def disallow(draft=draft):
            try:
                sharing.allow_to_submit(submission=draft, number=1, allowed=False, at=at)
            except AlreadySubmitted:
                return "too late"
            return "disallowed"

        results = at_once([submit, disallow])
        draft.refresh_from_db()
        assert (*results, draft.is_draft) in {
            ("submitted", "too late", False),
            ("refused", "disallowed", True),
        }


def test_author_and_colleague_submit_at_once_make_one_version(call):
    at = while_open(call)
    for _ in range(TRIES):
        draft = make_draft(call, **complete_answers(call))
        theirs = let_in(draft, at)
        sharing.allow_to_submit(submission=draft, number=1, allowed=True, at=at)
        versions = at_once(
            [lambda s=one: submitting.submit(submission=s, at=at).pk for one in (draft, theirs)]
        )
        assert versions[0] == versions[1]
        assert not Colleague.objects.present().filter(submission=draft).exists()
        assert not ReturnToken.objects.filter(
            mail__submission=draft, mail__address_given_by="colleague", used_at=None
        ).exists()
