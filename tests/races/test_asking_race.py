"""Two answers to one question at once, an answer at its end, two who ask, one who stops it."""

from datetime import timedelta

import pytest

from accounts.models import AuditEvent
from accounts.states import AuditAction
from submissions.outbox.models import OutboxEmail
from submissions.responses import asking, replying
from submissions.responses.errors import AnswerNotTaken, QuestionRefused
from submissions.responses.models import FollowUp, Reply
from tests.asking import make_askable, make_asking_call, put_question
from tests.makers import make_user, while_open
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
TINY = timedelta(microseconds=1)


@pytest.fixture
def response():
    return make_askable(make_asking_call())


def answering(response, token, text, at):
    return lambda: replying.answer(call=response.call, token=token, text=text, at=at)


def replies():
    return list(Reply.objects.order_by("number").values_list("number", "text"))


def test_one_answer_that_is_sent_eight_times_at_once_is_kept_once(response):
    _asked, token = put_question(response)
    verbs = [answering(response, token, "Lot 3.", while_open(response.call))] * 8
    assert {reply.pk for reply in at_once(verbs)} == {Reply.objects.get().pk}
    assert OutboxEmail.objects.filter(kind="question_answered").count() == 1


def test_two_answers_at_once_are_both_kept_in_an_order(response):
    _asked, token = put_question(response)
    texts = [f"Lot {number}." for number in range(6)]
    ends = at_once([answering(response, token, one, while_open(response.call)) for one in texts])
    assert sorted(reply.text for reply in ends) == texts
    assert [number for number, _text in replies()] == [1, 2, 3, 4, 5, 6]


def test_answers_about_the_end_are_taken_by_when_they_came(response):
    asked, token = put_question(response)
    until = asked.answer_until
    moments = [until - TINY, until, until + TINY]
    ends = at_once([answering(response, token, str(at), at) for at in moments])
    assert [str(end) if isinstance(end, AnswerNotTaken) else "kept" for end in ends] == [
        "kept",
        "late",
        "late",
    ]
    assert replies() == [(1, str(until - TINY))]


def test_author_who_stops_questions_by_two_links_at_once_does_it_once(response):
    at = while_open(response.call)
    tokens = [put_question(response, text=text)[1] for text in ("Which lots?", "Why?")]
    at_once(
        [
            lambda token=token: replying.refuse_questions(
                call=response.call, token=token, refused=True, at=at
            )
            for token in tokens * 3
        ]
    )
    assert FollowUp.objects.filter(refused_at=at).count() == 1
    assert AuditEvent.objects.filter(action=AuditAction.QUESTIONS_REFUSED).count() == 1


def test_of_those_who_ask_at_once_no_more_get_in_than_may(response):
    by, at = make_user(is_superuser=True), while_open(response.call)
    day = (at + timedelta(days=3)).date()
    ends = at_once(
        [
            lambda text=f"Lot {number}?": asking.ask(
                response, text=text, last_day=day, by=by, at=at
            )
            for number in range(6)
        ]
    )
    assert sum(isinstance(end, QuestionRefused) for end in ends) == 3
    assert FollowUp.objects.count() == asking.MOST_OPEN
