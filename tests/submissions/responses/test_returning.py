"""The link back to a response: who gets one, and what one is good for."""

import base64
from datetime import timedelta

import pytest
from django.db import connection

from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import OutboxState
from submissions.responses import amending, returning
from submissions.responses.addresses import known_address
from submissions.responses.errors import LinkDead
from submissions.responses.models import IdentityAnswer, ReturnAddress, ReturnToken, Submission
from tests.makers import (
    enqueue_link_mail,
    make_call,
    make_draft,
    make_submitted,
    mark_as_sent,
    send_link,
    while_open,
)
from tests.personal_data.erasures import erase

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def draft():
    return make_draft()


@pytest.fixture
def at(draft):
    return while_open(draft.call)


def known(draft, address):
    return list(returning.responses_known_by(draft.call, address))


def test_token_has_256_bits_and_only_its_digest_is_kept(draft, at):
    fresh = send_link(draft, at=at)
    assert len(base64.urlsafe_b64decode(f"{fresh.token}=")) == 32
    kept = ReturnToken.objects.values().get()
    assert kept["token_sha256"] == returning.digest(fresh.token)
    assert fresh.token not in str(kept)


def test_link_opens_its_response_once(draft, at):
    fresh = send_link(draft, at=at)
    assert returning.use_link(call=draft.call, token=fresh.token, at=at) == draft
    assert ReturnToken.objects.get().used_at == at
    with pytest.raises(LinkDead):
        returning.use_link(call=draft.call, token=fresh.token, at=at)


def test_looking_a_link_up_uses_nothing(draft, at):
    fresh = send_link(draft, at=at)
    for _ in range(3):
        assert returning.look_up_link(call=draft.call, token=fresh.token, at=at) == draft
    assert ReturnToken.objects.get().used_at is None


@pytest.mark.parametrize("verb", [returning.look_up_link, returning.use_link])
def test_link_lasts_until_just_before_its_expiry(draft, at, verb):
    fresh = send_link(draft, at=at)
    assert fresh.expires_at == at + timedelta(hours=72)
    with pytest.raises(LinkDead):
        verb(call=draft.call, token=fresh.token, at=fresh.expires_at)
    assert verb(call=draft.call, token=fresh.token, at=fresh.expires_at - MICROSECOND) == draft


def opens(draft, fresh, at):
    try:
        return returning.look_up_link(call=draft.call, token=fresh.token, at=at) == draft
    except LinkDead:
        return False


def test_newer_link_takes_the_place_of_the_older_when_it_was_sent(draft, at):
    older = send_link(draft, at=at)
    mail = enqueue_link_mail(draft, at=at + HOUR)
    assert opens(draft, older, at + HOUR)
    newer = returning.make_link(mail=mail, at=at + HOUR)
    assert (opens(draft, older, at + HOUR), opens(draft, newer, at + HOUR)) == (True, True)
    mark_as_sent(mail, at=at + HOUR)
    assert (opens(draft, older, at + HOUR), opens(draft, newer, at + HOUR)) == (False, True)


def test_newer_link_that_was_used_ends_the_older_before_its_mail_is_marked(draft, at):
    older = send_link(draft, at=at)
    newer = returning.make_link(mail=enqueue_link_mail(draft, at=at + HOUR), at=at + HOUR)
    returning.use_link(call=draft.call, token=newer.token, at=at + HOUR)
    assert not opens(draft, older, at + HOUR)


def test_older_link_that_was_used_leaves_the_newer_alone(draft, at):
    older = send_link(draft, at=at)
    newer = returning.make_link(mail=enqueue_link_mail(draft, at=at + HOUR), at=at + HOUR)
    returning.use_link(call=draft.call, token=older.token, at=at + HOUR)
    assert opens(draft, newer, at + HOUR)


def test_of_two_links_sent_in_one_moment_one_lives(draft, at):
    first, second = send_link(draft, at=at), send_link(draft, at=at)
    assert (opens(draft, first, at), opens(draft, second, at)) == (False, True)


def test_mail_that_was_deferred_and_sent_last_has_the_link_that_lives(draft, at):
    deferred = enqueue_link_mail(draft, at=at)
    returning.make_link(mail=deferred, at=at)
    newer = send_link(draft, at=at + HOUR)
    again = returning.make_link(mail=deferred, at=at + 2 * HOUR)
    mark_as_sent(deferred, at=at + 2 * HOUR)
    assert (opens(draft, newer, at + 2 * HOUR), opens(draft, again, at + 2 * HOUR)) == (False, True)


def test_mail_that_came_back_gives_the_older_link_its_place_again(draft, at):
    older = send_link(draft, at=at)
    newer = send_link(draft, at=at + HOUR)
    returned = OutboxEmail.objects.filter(sent_at=at + HOUR)
    returned.update(state=OutboxState.FAILED, sent_at=None)
    assert opens(draft, older, at + HOUR)
    # It may have arrived all the same, until a link is sent after it.
    assert opens(draft, newer, at + HOUR)
    later = at + 2 * HOUR
    send_link(draft, at=later)
    assert (opens(draft, older, later), opens(draft, newer, later)) == (False, False)


def test_mail_written_again_has_the_same_link_for_longer(draft, at):
    mail = enqueue_link_mail(draft, at=at)
    first = returning.make_link(mail=mail, at=at)
    second = returning.make_link(mail=mail, at=at + HOUR)
    assert (second.token, second.expires_at) == (first.token, first.expires_at + HOUR)
    assert ReturnToken.objects.get().expires_at == second.expires_at
    assert returning.make_link(mail=enqueue_link_mail(draft, at=at), at=at).token != first.token


def test_link_that_was_used_stays_used_when_its_mail_is_written_again(draft, at):
    mail = enqueue_link_mail(draft, at=at)
    fresh = returning.make_link(mail=mail, at=at)
    returning.use_link(call=draft.call, token=fresh.token, at=at)
    assert not opens(draft, returning.make_link(mail=mail, at=at + HOUR), at + HOUR)


def test_link_cannot_be_made_without_the_portals_secret(draft, at, settings):
    mail = enqueue_link_mail(draft, at=at)
    fresh = returning.make_link(mail=mail, at=at)
    settings.SECRET_KEY = "another"
    assert returning.make_link(mail=mail, at=at).token != fresh.token


def test_link_of_one_response_leaves_the_others_alone(draft, at):
    other = make_draft(draft.call)
    first = send_link(draft, at=at)
    send_link(other, at=at)
    assert returning.use_link(call=draft.call, token=first.token, at=at) == draft


def test_link_opens_nothing_under_another_call(draft, at):
    fresh = send_link(draft, at=at)
    with pytest.raises(LinkDead):
        returning.use_link(call=make_call(), token=fresh.token, at=at)


@pytest.mark.parametrize("token", ["", "x", "é", "a" * 43])
def test_unknown_token_is_dead(draft, at, token):
    send_link(draft, at=at)
    with pytest.raises(LinkDead):
        returning.use_link(call=draft.call, token=token, at=at)


@pytest.mark.parametrize("asked", ["Siân@example.org", "siân@EXAMPLE.org"])
def test_response_is_known_by_the_address_given_for_its_link(draft, at, asked):
    returning.remember_address(submission=draft, address="siân@example.org", at=at)
    assert known(draft, asked) == [draft]


@pytest.mark.parametrize("asked", ["Jo@Example.org", "jo@example.org"])
def test_response_is_known_by_the_address_in_its_answers(asked):
    submission = make_submitted(email="Jo@example.org")
    make_submitted(submission.call, email="other@example.org")
    assert known(submission, asked) == [submission]


def test_words_that_only_hold_the_address_do_not_know_a_response():
    draft = make_draft(email="jo@example.org")
    assert known(draft, "o@example.org") == []
    assert known(draft, '"jo@example.org"') == []
    assert known(make_draft(), "jo@example.org") == []


def test_other_identity_answers_are_no_addresses():
    question = {"key": "name", "kind": "short", "label": "Name", "identity": True}
    call = make_call(about_questions=[question])
    draft = make_draft(call, name="jo@example.org")
    assert known(draft, "jo@example.org") == []


def test_address_is_found_by_indexes_however_many_responses_there_are(draft):
    at, call = draft.started_at, draft.call
    question = call.questions.get(kind="email")
    many = Submission.objects.bulk_create(
        Submission(call=call, started_at=at, saved_at=at) for _ in range(3000)
    )
    IdentityAnswer.objects.bulk_create(
        IdentityAnswer(
            submission=one, question=question, value=f"{number}@example.org", saved_at=at
        )
        for number, one in enumerate(many)
    )
    ReturnAddress.objects.bulk_create(
        ReturnAddress(submission=one, address=f"{number}@example.net", given_at=at)
        for number, one in enumerate(many)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE submissions_submission, submissions_identityanswer")
        cursor.execute("ANALYZE submissions_returnaddress")
    found = returning.responses_known_by(call, "7@example.org")
    assert list(found) == [many[7]]
    plan = found.explain()
    assert "submissions_return_by_address" in plan
    assert "submissions_identity_by_value" in plan
    assert "submissions_submission_pkey" in plan
    assert "Seq Scan on submissions_submission" not in plan


def test_each_response_under_an_address_gets_a_mail(at):
    call = make_call()
    responses = [make_draft(call, email="jo@example.org"), make_submitted(call)]
    returning.remember_address(submission=responses[1], address="JO@example.org", at=at)
    assert returning.enqueue_links(call=call, address="jo@example.org", at=at) == 2
    mails = OutboxEmail.objects.filter(kind="return_link")
    assert {mail.submission for mail in mails} == set(responses)
    assert {mail.to_address for mail in mails} == {"jo@example.org"}


def test_one_response_gets_three_links_an_hour(draft, at):
    returning.remember_address(submission=draft, address="jo@example.org", at=at)
    enqueued = [
        returning.enqueue_links(call=draft.call, address="jo@example.org", at=at) for _ in range(4)
    ]
    assert enqueued == [1, 1, 1, 0]
    later = at + HOUR
    assert returning.enqueue_links(call=draft.call, address="jo@example.org", at=later) == 1


def test_withdrawn_response_still_leads_back(at):
    submission = make_submitted(email="jo@example.org")
    amending.withdraw(submission=submission, at=submission.submitted_at)
    assert known(submission, "jo@example.org") == [submission]


def test_new_address_takes_the_place_of_the_old_and_forgets_a_refusal(draft, at):
    returning.remember_address(submission=draft, address="old@example.org", at=at)
    ReturnAddress.objects.update(reminders_refused_at=at)
    returning.remember_address(submission=draft, address="old@example.org", at=at + HOUR)
    assert ReturnAddress.objects.get().reminders_refused_at == at
    returning.remember_address(submission=draft, address="new@example.org", at=at + HOUR)
    kept = ReturnAddress.objects.get()
    assert (kept.address, kept.given_at) == ("new@example.org", at + HOUR)
    assert kept.reminders_refused_at is None


def test_link_to_an_address_that_was_replaced_confirms_not_the_present_one(draft, at):
    fresh = send_link(draft, at=at, address="old@example.org")
    returning.remember_address(submission=draft, address="new@example.org", at=at)
    returning.use_link(call=draft.call, token=fresh.token, at=at)
    assert ReturnAddress.objects.get().confirmed_at is None


def test_erased_response_takes_no_address_and_sends_no_link(at):
    response = make_submitted()
    erase(response, at=at)
    assert not returning.send_links_to(submission=response, address="jo@example.org", at=at)
    assert not ReturnAddress.objects.exists()
    assert not OutboxEmail.objects.filter(kind="return_link").exists()


def test_known_address_is_the_links_then_the_answers(draft, at):
    call = make_call()
    answers = {"email": "answer@example.org"}
    assert known_address(draft, call, {}) == ""
    assert known_address(draft, call, answers) == "answer@example.org"
    returning.remember_address(submission=draft, address="link@example.org", at=at)
    assert known_address(draft, call, answers) == "link@example.org"
