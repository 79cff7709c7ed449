"""Where mail about a response goes, and who learns of a new version, address or withdrawal."""

from copy import deepcopy
from datetime import timedelta
from functools import partial

import pytest

from submissions.mail.rendering import render
from submissions.outbox.models import OutboxEmail
from submissions.responses import amending, drafting, returning, submitting
from submissions.responses.addresses import known_address, known_addresses, remember_address
from submissions.responses.confirmed_addresses import look_up_confirmation
from submissions.responses.errors import LinkDead
from submissions.responses.models import ReturnAddress
from submissions.responses.verifying import prove_authorship, receipt_code
from submissions.responses.working_copy import find_response
from tests.makers import (
    complete_answers,
    enqueue_link_mail,
    make_call,
    make_draft,
    make_submitted,
    mark_as_sent,
    send_link,
    while_open,
)

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def rows(made_once):
    return made_once(make_call)


@pytest.fixture
def call(rows, db):
    return deepcopy(rows)


@pytest.fixture
def at(call):
    return while_open(call)


def change(submission, *, at, **answers):
    amending.reopen(submission=submission, at=at)
    call = submission.call
    drafting.save_answers(submission=submission, call=call, values=answers, at=at)
    return submitting.submit(submission=submission, at=at)


def told(**which):
    mails = OutboxEmail.objects.filter(**which).order_by("pk")
    return [(mail.kind, mail.to_address) for mail in mails]


def test_addresses_that_differ_by_a_sharp_s_are_two(call, at):
    submission = make_submitted(call, email="ada@straße.example")
    remember_address(submission=submission, address="ada@strasse.example", at=at)
    assert known_addresses(submission, call) == ["ada@straße.example", "ada@strasse.example"]
    assert told(kind="address_changed") == [("address_changed", "ada@straße.example")]


def test_new_version_is_told_at_every_address_that_was_known_before(call, at):
    submission = make_submitted(call, email="first@example.org")
    remember_address(submission=submission, address="link@example.org", at=at)
    version = change(submission, at=at + HOUR, email="second@example.org")
    assert told(version=version) == [
        ("version_notice", "first@example.org"),
        ("amended", "link@example.org"),
    ]
    again = change(submission, at=at + 2 * HOUR, story="More.")
    assert sorted(told(version=again)) == [
        ("amended", "link@example.org"),
        ("version_notice", "first@example.org"),
        ("version_notice", "second@example.org"),
    ]


def test_changed_answer_takes_the_receipt_along_and_the_old_address_is_told(call, at):
    submission = make_submitted(call, email="first@example.org")
    version = change(submission, at=at + HOUR, email="second@example.org")
    assert told(version=version) == [
        ("version_notice", "first@example.org"),
        ("amended", "second@example.org"),
    ]


def test_capitals_make_no_second_address(call, at):
    submission = make_submitted(call, email="jo@example.org")
    version = change(submission, at=at + HOUR, email="Jo@Example.org")
    assert told(version=version) == [("amended", "Jo@example.org")]


def test_first_version_is_told_where_a_link_went_before(call, at):
    draft = make_draft(call, **complete_answers(call, email="mine@example.org"))
    returning.send_links_to(submission=draft, address="mine@example.org", at=at)
    remember_address(submission=draft, address="other@example.org", at=at)
    version = submitting.submit(submission=draft, at=at)
    assert told(version=version) == [
        ("version_notice", "mine@example.org"),
        ("confirmation", "other@example.org"),
    ]


def test_notice_of_a_version_has_no_answers_and_no_link(call, at):
    submission = make_submitted(call, email="first@example.org")
    change(submission, at=at + HOUR, email="second@example.org", story="Our story.")
    body = render(OutboxEmail.objects.get(kind="version_notice"), at=at).message.body
    assert submission.reference in body
    assert "Our story." not in body
    assert "second@example.org" not in body
    assert "Its receipt did not go to this address." in body  # there may be no other
    assert "http://" not in body


def test_withdrawal_is_told_at_every_address(call, at):
    submission = make_submitted(call, email="first@example.org")
    change(submission, at=at + HOUR, email="second@example.org")
    amending.withdraw(submission=submission, at=at + 2 * HOUR)
    assert told(kind="withdrawn") == [
        ("withdrawn", "first@example.org"),
        ("withdrawn", "second@example.org"),
    ]


def test_changed_address_is_told_to_the_old_one_without_the_new(call, at):
    submission = make_submitted(call, email="first@example.org")
    remember_address(submission=submission, address="new@example.org", at=at)
    (mail,) = OutboxEmail.objects.filter(kind="address_changed")
    assert (mail.to_address, mail.submission) == ("first@example.org", submission)
    body = render(mail, at=at).message.body
    assert submission.reference in body
    assert "new@example.org" not in body
    assert "http://" not in body
    remember_address(submission=submission, address="NEW@example.org", at=at)
    assert OutboxEmail.objects.filter(kind="address_changed").count() == 1


def test_changed_address_is_told_to_those_of_what_another_tab_submitted_meanwhile(call, at):
    draft = make_draft(call, **complete_answers(call, email="link@example.org"))
    remember_address(submission=draft, address="link@example.org", at=at)
    held = find_response(public_id=draft.public_id, slug=call.slug)
    drafting.save_answers(submission=draft, call=call, values={"email": "late@example.org"}, at=at)
    submitting.submit(submission=draft, at=at)
    assert returning.send_links_to(submission=held, address="new@example.org", at=at)
    assert ("address_changed", "late@example.org") in told()


def test_answer_that_replaces_an_address_is_told_to_it(call, at):
    draft = make_draft(call, email="old@example.org")
    returning.enqueue_links(call=call, address="old@example.org", at=at)
    save = partial(drafting.save_answers, submission=draft, call=call)
    save(values={"story": "More."}, at=at)
    assert told(kind="address_changed") == []
    for typed in ("new@example.or", "new@example.org", "old@example.org", "new@example.org"):
        save(values={"email": typed}, at=at)
    assert told(kind="address_changed") == [("address_changed", "old@example.org")]
    save(values={"email": "old@example.org"}, at=at + HOUR)
    save(values={"email": ""}, at=at + HOUR)
    assert told(kind="address_changed") == [("address_changed", "old@example.org")] * 2


def test_address_of_a_version_is_told_of_another_before_that_is_submitted(call, at):
    submission = make_submitted(call, email="first@example.org")
    amending.reopen(submission=submission, at=at)
    drafting.save_answers(
        submission=submission, call=call, values={"email": "second@example.org"}, at=at
    )
    assert told(kind="address_changed") == [("address_changed", "first@example.org")]
    returning.enqueue_links(call=call, address="second@example.org", at=at)
    amending.discard_changes(submission=submission, at=at)
    assert told(kind="address_changed") == [
        ("address_changed", "first@example.org"),
        ("address_changed", "second@example.org"),
    ]


def is_live(link, call, *, at):
    try:
        return bool(returning.look_up_link(call=call, token=link.token, at=at))
    except LinkDead:
        return False


def test_link_ends_once_its_address_is_replaced_as_it_may_have_gone_to_a_stranger(call, at):
    draft = make_draft(call, email="slip@example.org")
    link = send_link(draft, at=at, address="SLIP@example.org")
    opened = find_response(public_id=draft.public_id, slug=call.slug)
    drafting.save_answers(submission=opened, call=call, values={"story": "Mine."}, at=at)
    assert is_live(link, call, at=at)
    opened = find_response(public_id=draft.public_id, slug=call.slug)
    drafting.save_answers(submission=opened, call=call, values={"email": "jo@example.org"}, at=at)
    assert not is_live(link, call, at=at)
    remember_address(submission=draft, address="links@example.org", at=at)
    link = send_link(draft, at=at + HOUR, address="links@example.org")
    drafting.save_answers(submission=draft, call=call, values={"email": "al@example.org"}, at=at)
    assert is_live(link, call, at=at + HOUR)
    remember_address(submission=draft, address="other@example.org", at=at + HOUR)
    assert not is_live(link, call, at=at + HOUR)


def test_link_to_the_address_of_a_version_ends_with_the_next_one(call, at):
    submission = make_submitted(call, email="slip@example.org")
    link = send_link(submission, at=at, address="slip@example.org")
    receipt = returning.make_link(mail=submission.mails.get(kind="confirmation"), at=at)
    amending.reopen(submission=submission, at=at)
    values = {"email": "jo@example.org"}
    drafting.save_answers(submission=submission, call=call, values=values, at=at)
    assert is_live(link, call, at=at)
    look_up_confirmation(call=call, token=receipt.token, at=at)
    submitting.submit(submission=submission, at=at)
    assert not is_live(link, call, at=at)
    with pytest.raises(LinkDead):
        look_up_confirmation(call=call, token=receipt.token, at=at)


def test_address_changes_no_more_than_three_times_an_hour(call, at):
    draft = make_draft(call)
    given = [
        returning.send_links_to(submission=draft, address=f"{number}@example.org", at=at)
        for number in range(4)
    ]
    assert given == [True, True, True, False]
    assert ReturnAddress.objects.get().address == "2@example.org"


def test_address_that_staff_gave_in_an_earlier_release_leads_nowhere(call, at):
    submission = make_submitted(call, email="author@example.org")
    ReturnAddress.objects.create(
        submission=submission, address="staff@example.org", given_at=at, given_by="staff"
    )
    other = make_submitted(call, email="else@example.org")
    remember_address(submission=other, address="link@example.org", at=at)
    answers = {"email": "author@example.org"}
    assert known_address(submission, call, answers) == "author@example.org"
    assert known_addresses(submission, call) == ["author@example.org"]
    assert returning.enqueue_links(call=call, address="staff@example.org", at=at) == 0
    remember_address(submission=submission, address="staff@example.org", at=at)
    assert ReturnAddress.objects.get(submission=submission).given_by == "author"


def test_address_is_confirmed_by_the_first_use_of_its_link(call, at):
    draft = make_draft(call)
    remember_address(submission=draft, address="JO@example.org", at=at)
    mail = enqueue_link_mail(draft, at=at)
    token = returning.make_link(mail=mail, at=at).token
    mark_as_sent(mail, at=at)
    assert ReturnAddress.objects.get().confirmed_at is None
    returning.use_link(call=call, token=token, at=at + HOUR)
    remember_address(submission=draft, address="Jo@example.org", at=at)
    assert ReturnAddress.objects.get().confirmed_at == at + HOUR
    remember_address(submission=draft, address="new@example.org", at=at)
    assert ReturnAddress.objects.get().confirmed_at is None


def test_receipt_code_proves_who_holds_the_receipt_of_any_version(call, at, settings):
    submission = make_submitted(call)
    first = submission.current_version
    code = receipt_code(first)
    version = change(submission, at=at + HOUR, story="More.")
    assert len({code, receipt_code(version)}) == 2
    for one in (code, receipt_code(version)):
        found = prove_authorship(call, reference=submission.reference, code=one)
        assert found == submission
        assert prove_authorship(make_call(), reference=submission.reference, code=one) is None
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"
    assert prove_authorship(call, reference=submission.reference, code=code) == submission


@pytest.mark.parametrize("what", ["fingerprint", "digest", "another's code", "another call"])
def test_what_others_can_see_of_a_receipt_proves_nothing(call, what):
    submission = make_submitted(call)
    version, asked = submission.current_version, call
    code = {
        "fingerprint": version.receipt_digest.upper().replace(" ", "-"),
        "digest": version.sha256,
        "another's code": receipt_code(make_submitted(call).current_version),
        "another call": receipt_code(version),
    }[what]
    if what == "another call":
        asked = make_call()
    assert prove_authorship(asked, reference=submission.reference, code=code) is None
