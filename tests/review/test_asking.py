"""Staff ask the author of a response who agreed to it, and read the answer beside the response."""

from copy import deepcopy
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEvent, Membership
from accounts.states import Role
from core.second_press import PRESSED_TWICE
from personal_data.bundle import about
from review.asking import lines_of_digest
from review.first_page import calls_today
from submissions.mail.errors import ResendRefused
from submissions.mail.reminding import is_still_wanted
from submissions.mail.resending import send_to_corrected
from submissions.outbox.models import OutboxEmail
from submissions.responses import amending, asking, erasing, replying
from submissions.responses.errors import QuestionRefused
from submissions.responses.models import FollowUp, Submission
from submissions.responses.states import ErasureScope
from tests.asking import AUTHORS, QUESTION, make_askable, make_asking_call, put_question
from tests.makers import confirm_address, make_call, make_submitted, make_user, while_open
from tests.personal_data.erasures import erase
from tests.review.lists import responses_listed

ANSWER = "Lots 3 and 4."


def make_rows():
    call = make_asking_call()
    return call, make_askable(call), member_of(call, "ann")


@pytest.fixture
def made(rows, db, at):
    made = deepcopy(rows)
    at(while_open(made[0]))
    return made


@pytest.fixture
def call(made):
    return made[0]


@pytest.fixture
def response(made):
    return made[1]


@pytest.fixture
def ann(made):
    return made[2]


def member_of(call, name, role=Role.REVIEWER, **fields):
    person = make_user(username=name, **fields)
    Membership.objects.create(person=person, call=call, role=role)
    return person


def signed_in(person):
    client = Client()
    client.force_login(person)
    return client


def page_of(response, name="ask"):
    return f"/admin/submissions/submission/{response.pk}/{name}/"


def given(call, **fields):
    day = (while_open(call) + timedelta(days=7)).date().isoformat()
    return {"text": QUESTION, "last_day": day} | fields


def text_of(answer):
    return unescape(" ".join(answer.content.decode().split()))


def answer_it(asked, text=ANSWER, *, at=None):
    token, call = asking.answering_token(asked), asked.submission.call
    return replying.answer(call=call, token=token, text=text, at=at or while_open(call))


def test_question_is_shown_as_it_goes_out_and_then_sent(response, ann, call):
    client = signed_in(ann)
    shown = client.post(page_of(response), given(call))
    assert (shown.status_code, FollowUp.objects.count()) == (200, 0)
    said = text_of(shown)
    assert "Which lots were<br>larger than £5m?" in said
    assert f"A question about your response {response.reference}: {call.title}" in said
    assert "The project team" in said
    answer = client.post(page_of(response), given(call, send="yes"))
    assert answer.url == f"{page_of(response, 'change')}#questions"
    asked = FollowUp.objects.get()
    assert (asked.text, asked.asked_by, asked.submission) == (QUESTION, ann, response)
    assert asked.answer_until.isoformat() == "2019-07-30T23:00:00+00:00"
    mail = OutboxEmail.objects.get(kind="question_asked")
    assert (mail.to_address, mail.pk) == (AUTHORS, asked.mail_id)
    event = AuditEvent.objects.get(action="question_asked")
    assert (event.actor, event.submission, event.detail) == (ann, response, {"question": asked.pk})


def test_question_of_a_colleague_who_asked_meanwhile_is_read_first(response, ann, call):
    client = signed_in(ann)
    assert 'name="asked" value="0"' in client.get(page_of(response)).content.decode()
    put_question(response, by=member_of(call, "ben"), text="Which region?")
    for pressed in ({}, {"send": "yes"}):
        refused = client.post(page_of(response), given(call, asked="0", **pressed))
        said = text_of(refused)
        assert (refused.status_code, FollowUp.objects.count()) == (422, 1)
        assert "While this page was open, ben asked its author a question." in said
        assert "Which region?" in said
        assert 'name="asked" value="1"' in said
        assert "Which lots were" in said
    client.post(page_of(response), given(call, asked="1", send="yes"))
    assert [one.asked_by.username for one in FollowUp.objects.all()] == ["ben", "ann"]
    again = client.post(page_of(response), given(call, asked="1", send="yes"))
    assert (again.status_code, FollowUp.objects.count()) == (302, 2)  # a second press


def test_question_is_kept_where_the_contact_address_of_the_call_takes_no_mail(response, ann, call):
    type(call).objects.filter(pk=call.pk).update(contact_email="team@exam ple.org")
    client = signed_in(ann)
    for pressed in ({}, {"send": "yes"}):
        answer = client.post(page_of(response), given(call, **pressed))
        assert (answer.status_code, FollowUp.objects.count()) == (422, 0)
        said = "The call's contact address is not one that mail can be sent to"
        assert said in text_of(answer)
        assert "larger than £5m?" in text_of(answer)


def test_no_page_for_the_asker_has_the_address(response, ann, call):
    client = signed_in(ann)
    pages = [
        client.get(page_of(response)),
        client.post(page_of(response), given(call)),
        client.post(page_of(response), given(call, send="yes"), follow=True),
    ]
    assert [AUTHORS in page.content.decode() for page in pages] == [False, False, False]


def test_refused_question_comes_back_with_what_is_wrong(response, ann, call):
    client = signed_in(ann)
    for fields, said in (
        ({"text": " "}, "Fill this in."),
        ({"text": "a" * 2_001}, "This one has 2,001."),
        ({"last_day": "2019-07-23"}, "Enter a day after today."),
        ({"last_day": "2019-12-01"}, "Enter a day within 90 days."),
        ({"last_day": "soon"}, "Enter a date as year, month and day, such as 2019-07-24."),
    ):
        answer = client.post(page_of(response), given(call, send="yes", **fields))
        assert (answer.status_code, FollowUp.objects.count()) == (422, 0), fields
        assert said in text_of(answer)
        assert fields.get("text", QUESTION).strip() in unescape(answer.content.decode())


REASONS = {
    "nobody is asked": (
        lambda response: make_submitted(make_call()),
        "This call does not ask respondents whether the team may contact them",
    ),
    "not agreed": (
        lambda response: make_askable(response.call, contact_followup="no"),
        "Its author did not agree to be contacted with questions.",
    ),
    "withdrawn": (
        lambda response: amending.withdraw(submission=response, at=while_open(response.call)),
        "Only the author of a submitted response can be asked.",
    ),
    "by post": (
        lambda response: Submission.objects.update(channel="post"),
        "This response did not come by this website",
    ),
    "to be erased": (
        lambda response: erasing.ask(
            submission=response, scope=ErasureScope.RESPONSE, at=while_open(response.call)
        ),
        "There is an open request to erase it.",
    ),
    "refused": (
        lambda response: replying.refuse_questions(
            call=response.call,
            token=put_question(response)[1],
            refused=True,
            at=while_open(response.call),
        ),
        "Its author stopped questions about this response.",
    ),
    "three wait": (
        lambda response: [put_question(response, text=text) for text in "abc"],
        "3 questions wait for an answer: that is the most at a time.",
    ),
    "no address": (
        lambda response: erase(response, at=while_open(response.call), scope=ErasureScope.IDENTITY),
        "There is no email address of its author",
    ),
}


@pytest.mark.parametrize("name", REASONS)
def test_who_cannot_be_asked_is_not_and_staff_read_why(response, at, name):
    happens, said = REASONS[name]
    made = happens(response)
    of = made if isinstance(made, Submission) else response
    before = FollowUp.objects.count()
    client = signed_in(make_user(is_superuser=True))
    if name in {"not agreed", "three wait"}:
        assert said in text_of(client.get(page_of(of, "change")))
    answer = client.post(page_of(of), given(of.call, text="Another", send="yes"))
    assert (answer.status_code, FollowUp.objects.count()) == (422, before)
    assert said in text_of(answer)
    with pytest.raises(QuestionRefused, match=said):
        put_question(Submission.objects.get(pk=of.pk), text="Another")


def test_question_that_is_sent_twice_goes_out_once(response, ann, call, at):
    client = signed_in(ann)
    for _ in range(2):
        assert client.post(page_of(response), given(call, send="yes")).status_code == 302
    at(while_open(call) + 2 * PRESSED_TWICE)
    answer = client.post(page_of(response), given(call, send="yes"))
    assert "was asked this already" in text_of(answer)
    assert OutboxEmail.objects.filter(kind="question_asked").count() == 1


def test_other_roles_read_questions_and_ask_none(response, call):
    answer_it(put_question(response)[0])
    for role in (Role.CODER, Role.DATA_PROTECTION):
        client = signed_in(member_of(call, role, role))
        shown = text_of(client.get(page_of(response, "change")))
        assert ANSWER in shown
        assert "Ask its author a question" not in shown
        assert client.post(page_of(response), given(call, send="yes")).status_code == 403
    assert FollowUp.objects.count() == 1


def test_answer_stands_beside_the_response_with_the_earlier_ones(response, ann, call):
    asked, _token = put_question(response, by=ann)
    client = signed_in(ann)
    assert "Waiting for an answer until the end of" in text_of(
        client.get(page_of(response, "change"))
    )
    answer_it(asked)
    answer_it(asked, "Lot 3 only.")
    shown = text_of(client.get(page_of(response, "change")))
    assert "Asked by ann" in shown
    assert shown.index("Lot 3 only.") < shown.index("Earlier answers") < shown.index(ANSWER)
    assert "Answered; its author can change the answer until the end of" in shown


def test_page_says_whether_the_mail_of_a_question_went_out(response, ann, call):
    put_question(response, by=ann)
    client = signed_in(ann)
    for state, said in (
        ("waiting", "The mail is not sent yet."),
        ("failed", "The mail could not be delivered."),
        ("sent", ""),
    ):
        sent_at = while_open(call) if state == "sent" else None
        OutboxEmail.objects.filter(kind="question_asked").update(state=state, sent_at=sent_at)
        shown = text_of(client.get(page_of(response, "change")))
        assert f"until the end of Tuesday 6 August 2019. {said}".strip() + "</p>" in shown


def test_unconfirmed_address_is_told_apart(response, ann, call):
    client, warning = signed_in(ann), "may have a slip in it"
    assert warning in text_of(client.get(page_of(response)))
    confirm_address(OutboxEmail.objects.get(submission=response))
    assert warning not in text_of(client.get(page_of(response)))


def test_list_is_narrowed_by_questions(call, ann, at):
    made = {name: make_askable(call) for name in ("answered", "read", "waiting", "over", "none")}
    now = while_open(call)
    for name in ("read", "answered", "over"):
        asked, _token = put_question(made[name], by=ann, days=3)
        if name != "over":
            answer_it(asked)
        if name == "read":
            at(now + timedelta(hours=1))
            signed_in(ann).get(page_of(made[name], "change"))
    at(now + timedelta(days=5))
    put_question(made["waiting"], by=ann, at=now + timedelta(days=5))
    found = {
        "new": {"answered"},
        "waiting": {"waiting"},
        "answered": {"answered", "read"},
        "asked": {"answered", "read", "waiting", "over"},
    }
    for query, names in found.items():
        rows = responses_listed(ann, {"questions": query})
        assert {name for name, one in made.items() if one in rows} == names, query


def test_list_marks_who_was_asked_and_who_answered(call, ann):
    first, second = make_askable(call), make_askable(call)
    answer_it(put_question(first)[0])
    put_question(second)
    shown = text_of(signed_in(ann).get("/admin/submissions/submission/"))
    assert "New (answered a question)" in shown
    assert "New (asked)" in shown


def test_first_page_and_digest_tell_the_asker_of_new_answers(response, ann, call, at):
    ann.email = "ann@example.org"
    ann.save()
    bob = member_of(call, "bob", email="bob@example.org")
    answer_it(put_question(response, by=ann)[0])
    at(while_open(call) + timedelta(minutes=1))

    def told(person):
        (today,) = calls_today(person, at=while_open(call))
        tasks = [task.what for task in today.tasks if "answers" in task.what]
        return tasks + list(lines_of_digest(call, people=[person]).values())

    assert told(ann) == [
        "New answers to your questions: 1 response",
        "1 response has a new answer to a question of yours",
    ]
    assert told(bob) == []
    signed_in(ann).get(page_of(response, "change"))
    assert told(ann) == []


def test_mail_of_a_question_goes_to_nobody_else(response, ann, call):
    put_question(response)
    mail = OutboxEmail.objects.get(kind="question_asked")
    OutboxEmail.objects.update(state="failed")
    mail.refresh_from_db()
    with pytest.raises(ResendRefused):
        send_to_corrected(mail, address="me@example.org", by=ann, at=while_open(call))


def test_mail_of_a_question_is_not_sent_once_the_response_is_withdrawn(response, call):
    put_question(response)
    mail = OutboxEmail.objects.get(kind="question_asked")
    assert is_still_wanted(mail, at=while_open(call))
    amending.withdraw(submission=response, at=while_open(call))
    assert not is_still_wanted(OutboxEmail.objects.get(pk=mail.pk), at=while_open(call))


def test_person_gets_questions_and_answers_in_their_copy(response, call):
    answer_it(put_question(response)[0])
    now = while_open(call)
    assert about(response)["questions_of_staff"] == [
        {"asked": now, "question": QUESTION, "answers": [{"received": now, "answer": ANSWER}]}
    ]


def test_page_of_a_response_asks_as_often_for_three_questions(response, ann):
    client = signed_in(ann)
    numbers = []
    for texts in ("a", "bc"):
        for text in texts:
            asked, _token = put_question(response, text=text)
            answer_it(asked)
        with CaptureQueriesContext(connection) as queries:
            client.get(page_of(response, "change"))
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]
    with CaptureQueriesContext(connection) as queries:
        client.get(page_of(response, "ask"))
    assert len([q for q in queries if 'FROM "submissions_erasurerequest"' in q["sql"]]) == 1
