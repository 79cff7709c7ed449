"""Two who use one link at once: one gets in."""

import pytest

from submissions.responses import returning
from submissions.responses.errors import LinkDead
from submissions.responses.models import ReturnToken, Submission
from tests.makers import enqueue_link_mail, make_draft, send_link, while_open
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_eight_who_post_one_link_one_wins():
    draft = make_draft()
    at = while_open(draft.call)
    fresh = send_link(draft, at=at)
    ends = at_once([lambda: returning.use_link(call=draft.call, token=fresh.token, at=at)] * 8)
    assert [end for end in ends if isinstance(end, Submission)] == [draft]
    assert sum(isinstance(end, LinkDead) for end in ends) == 7


def test_mail_written_by_two_workers_at_once_has_one_link():
    draft = make_draft()
    at = while_open(draft.call)
    mail = enqueue_link_mail(draft, at=at)
    ends = at_once([lambda: returning.make_link(mail=mail, at=at)] * 6)
    assert [end for end in ends if isinstance(end, Exception)] == []
    assert ReturnToken.objects.get().token_sha256 == returning.digest(ends[0].token)
