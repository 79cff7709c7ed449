"""Two posts to one form of the admin at one moment: real threads on real connections.

One is saved. The other is refused and says what was saved, and the record names who saved it.
"""

import re
from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, User
from accounts.states import Role
from retention.carrying_out import carry_out
from submissions.calls.models import Call
from submissions.calls.retention import DataClass, ends_at
from submissions.definitions.errors import DefinitionRefused
from submissions.definitions.loading import load, parse
from submissions.outbox.models import OutboxEmail
from submissions.responses import amending, drafting, erasing, late_passes, submitting
from submissions.responses.models import Entry, ErasureRequest, Version
from submissions.responses.states import ErasureScope
from tests.forms import form_of
from tests.makers import (
    OPENS_AT,
    PASSWORD,
    SMALL,
    confirm_retention,
    let_members_in,
    make_call,
    make_submitted,
    make_user,
    mark_as_sent,
    while_open,
)
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def staff():
    return [signed_in(name, Role.MANAGER) for name in ("ann", "ben")]


@pytest.fixture
def chiefs():
    return [signed_in(name, is_superuser=True) for name in ("ann", "ben")]


def signed_in(name, group=None, **fields):
    client = Client()
    client.force_login(make_user(group, username=name, is_staff=True, **fields))
    return client


def page(name, row):
    return reverse(f"admin:{name}", args=[row.pk])


def post_at_once(people, address, changes, *, shown_at=None):
    """Both open the page, then post their changes at once; return who won, and the other's page."""
    forms = [form_of(one.get(shown_at or address)) for one in people]
    posts = [
        partial(one.post, address, form | change)
        for one, form, change in zip(people, forms, changes, strict=True)
    ]
    answers = at_once(posts)
    names = ["ann", "ben"]
    saved = [name for name, answer in zip(names, answers, strict=True) if saves(answer)]
    assert len(saved) == 1
    [refused] = [answer for answer in answers if not saves(answer)]
    return saved[0], refused.content.decode()


def saves(answer):
    return answer.status_code == 302


def actors(**which):
    return list(AuditEvent.objects.filter(**which).values_list("actor__username", flat=True))


def test_of_two_who_save_a_call_one_is_told_what_the_other_saved(staff):
    call = make_call(summary="As both saw it.")
    texts = {name: f"By {name}." for name in ("ann", "ben")}
    won, refused = post_at_once(
        staff,
        page("submissions_call_change", call),
        [{"summary": text} for text in texts.values()],
    )
    lost = "ben" if won == "ann" else "ann"
    assert Call.objects.get(pk=call.pk).summary == texts[won]
    assert f"{won} saved “{texts[won]}” here while this page was open." in refused
    assert f"You typed “{texts[lost]}”." in refused
    assert actors(call=call, action="call_changed") == [won]


def test_of_two_closing_times_one_is_set_and_the_other_told(staff, at):
    call = make_call()
    at(while_open(call))
    days = {"ann": 26, "ben": 28}
    won, refused = post_at_once(
        staff,
        page("submissions_call_closing_time", call),
        [
            {"day": f"2019-07-{day}", "time": "12:00", "reason": "More time"}
            for day in days.values()
        ],
    )
    assert Call.objects.get().closes_at.day == days[won]
    assert re.findall(r"it is midday on \w+ (\d+) July 2019", refused) == [str(days[won])]
    lost = "ben" if won == "ann" else "ann"
    assert f'value="2019-07-{days[lost]}"' in refused
    assert list(call.closing_changes.values_list("by__username", flat=True)) == [won]


def test_of_two_statuses_one_is_set_and_the_other_told(staff):
    chosen = {"ann": "considered", "ben": "in_review"}
    labels = {"ann": "Considered", "ben": "In review"}
    response = make_submitted()
    shown_at = page("submissions_submission_change", response)
    address = page("submissions_submission_status", response)
    forms = [
        form_of(one.get(shown_at)) | {"status": status}
        for one, status in zip(staff, chosen.values(), strict=True)
    ]
    at_once([partial(one.post, address, form) for one, form in zip(staff, forms, strict=True)])
    response.refresh_from_db()
    [won] = actors(submission=response, action="status_changed")
    lost, loser = ("ben", staff[1]) if won == "ann" else ("ann", staff[0])
    assert response.triage_status == chosen[won]
    assert (
        f"While this page was open, {won} changed the status to “{labels[won]}”. You chose "
        f"“{labels[lost]}”" in loser.get(shown_at).content.decode()
    )


def test_of_two_who_assign_a_response_one_does_and_the_other_is_told(staff):
    let_in = make_call()
    people = {name: User.objects.get(username=name) for name in ("ann", "ben")}
    response = make_submitted(let_in)
    shown_at = page("submissions_submission_change", response)
    address = page("submissions_submission_assign", response)
    forms = [
        form_of(one.get(shown_at)) | {"assignee": person.pk}
        for one, person in zip(staff, people.values(), strict=True)
    ]
    at_once([partial(one.post, address, form) for one, form in zip(staff, forms, strict=True)])
    [won] = actors(submission=response, action="response_assigned")
    assert response.review.assignee == people[won]
    loser = staff[1] if won == "ann" else staff[0]
    told = f"While this page was open, {won} assigned it to {won}."
    assert told in loser.get(shown_at).content.decode()


def test_of_two_who_change_many_each_response_is_changed_once_and_the_other_told(staff):
    call = make_call()
    listed = "/admin/submissions/submission/"
    responses = [make_submitted(call) for _ in range(4)]
    chosen = {"action": "set_status", "_selected_action": [one.pk for one in responses]}
    statuses = {"ann": "considered", "ben": "in_review"}
    forms = []
    for one, status in zip(staff, statuses.values(), strict=True):
        asked = one.post(listed, form_of(one.get(listed)) | chosen)
        forms.append(form_of(asked) | chosen | {"status": status})
    at_once([partial(one.post, listed, form) for one, form in zip(staff, forms, strict=True)])
    events = AuditEvent.objects.filter(action="status_changed")
    assert set(events.values_list("submission", flat=True)) == {one.pk for one in responses}
    assert events.count() == 4
    [won] = set(events.values_list("actor__username", flat=True))
    loser = staff[1] if won == "ann" else staff[0]
    text = loser.get(listed).content.decode()
    assert text.count(f"While this page was open, {won} changed the status to") == 4


def test_of_two_who_take_a_pass_back_one_is_told_who_did(staff, at):
    call = make_call()
    at(call.closes_at + timedelta(hours=1))
    ann = User.objects.get(username="ann")
    late_pass = late_passes.give(
        call=call,
        address="jo@example.org",
        reason="Ill",
        expires_at=call.closes_at + timedelta(days=2),
        by=ann,
        at=call.closes_at,
    )
    address = page("submissions_latepass_revoke", late_pass)
    forms = [form_of(one.get(address)) for one in staff]
    at_once([partial(one.post, address, form) for one, form in zip(staff, forms, strict=True)])
    [won] = actors(action="late_pass_revoked", detail__late_pass=late_pass.pk)
    said = [
        re.findall(
            r'<li class="(?:error|success)">(.*?)</li>',
            one.get(page("submissions_latepass_change", late_pass)).content.decode(),
        )
        for one in staff
    ]
    told = f"This pass was already cancelled, by {won}. Nothing changed."
    expected = [["The pass does not work any more."], [told]]
    assert said == (expected if won == "ann" else expected[::-1])


def test_of_two_who_approve_an_erasure_one_does_and_the_other_is_told(at):
    staff = [signed_in(name, Role.DATA_PROTECTION) for name in ("ann", "ben")]
    let_in = make_call()
    at(while_open(let_in))
    response = make_submitted(let_in)
    asked = erasing.ask(submission=response, scope=ErasureScope.RESPONSE, at=while_open(let_in))
    address = page("submissions_erasurerequest_approve", asked)
    shown_at = page("submissions_erasurerequest_change", asked)
    at_once([partial(one.post, address) for one in staff])
    [won] = actors(submission=response, action="erasure_approved")
    asked.refresh_from_db()
    assert (asked.state, asked.decided_by.username) == ("approved", won)
    loser = staff[1] if won == "ann" else staff[0]
    told = f"This request is not open any more: approved, by {won}."
    assert told in loser.get(shown_at).content.decode()


def test_end_of_a_period_leaves_the_request_that_somebody_decides_about_now():
    response = make_submitted(email="ada@example.org")
    call = response.call
    confirm_retention(call)
    moment = ends_at(call, DataClass.CONTACT_DETAILS)
    asked = erasing.ask(submission=response, scope=ErasureScope.IDENTITY, at=moment)
    OutboxEmail.objects.update(state="sent", sent_at=moment)
    with transaction.atomic():
        ErasureRequest.objects.select_for_update().get()
        # Whoever decides waits for the response next: neither may wait for the other.
        [ended] = at_once([partial(carry_out, at=asked.due_at)])
    assert ended["contact_details"] == 0
    assert carry_out(at=asked.due_at)["contact_details"] == 1


def test_withdrawal_while_the_author_submits_again_is_of_the_version_that_was_seen(staff):
    ann = staff[0]
    response = make_submitted()
    moment = while_open(response.call)
    amending.reopen(submission=response, at=moment)
    drafting.save_answers(
        submission=response, call=response.call, values={"story": "More"}, at=moment
    )
    address = page("submissions_submission_withdraw", response)
    form = form_of(ann.get(address)) | {"reason": "By phone"}
    answer, _ = at_once(
        [
            lambda address=address, form=form: ann.post(address, form),
            lambda response=response, moment=moment: submitting.submit(
                submission=response, at=moment
            ),
        ]
    )
    response.refresh_from_db()
    number = Version.objects.filter(submission=response).count()
    if saves(answer):
        assert (response.state, number) == ("withdrawn", 1)
    else:
        assert (response.state, number) == ("submitted", 2)
        assert "Its author submitted version 2" in answer.content.decode()


def test_mail_is_sent_again_once_by_two_who_chose_it_at_once(staff):
    response = make_submitted(email="jo@example.org")
    mark_as_sent(response.mails.get(), at=response.submitted_at)
    mail = response.mails.get()
    listed = "/admin/submissions/outboxemail/"
    chosen = {"action": "send_chosen_again", "_selected_action": [mail.pk]}
    forms = [form_of(one.get(listed)) | chosen for one in staff]
    at_once(
        [
            lambda one=one, form=form: one.post(listed, form)
            for one, form in zip(staff, forms, strict=True)
        ]
    )
    assert OutboxEmail.objects.filter(resend_of=mail).count() == 1
    [won] = actors(action="mail_resent")
    lost = staff[1] if won == "ann" else staff[0]
    told = f"This page had “Sent”, and meanwhile {won} sent a copy of this mail"
    assert told in lost.get(listed).content.decode()


def test_of_two_who_save_a_user_one_is_told_what_the_other_saved(chiefs):
    person = make_user(username="person", first_name="Old")
    won, refused = post_at_once(
        chiefs,
        page("accounts_user_change", person),
        [{"first_name": name} for name in ("ann", "ben")],
    )
    person.refresh_from_db()
    assert person.first_name == won
    assert f"{won} saved “{won}” here while this page was open." in refused


def test_of_two_passwords_one_is_set_and_the_other_refused(chiefs):
    person = make_user(username="person")
    words = {name: f"a long password by {name}" for name in ("ann", "ben")}
    won, refused = post_at_once(
        chiefs,
        page("auth_user_password_change", person),
        [{"password1": one, "password2": one, "set-password": "x"} for one in words.values()],
    )
    person.refresh_from_db()
    assert person.check_password(words[won])
    assert f"{won} set a password while this page was open." in refused


def test_password_takes_no_other_change_of_the_person_back(chiefs):
    person = make_user(username="person")
    password = page("auth_user_password_change", person)
    change = page("accounts_user_change", person)
    first = form_of(chiefs[0].get(change))
    first.pop("is_active")
    second = form_of(chiefs[1].get(password)) | {
        "password1": "a long password",
        "password2": "a long password",
        "set-password": "x",
    }
    answers = at_once(
        [lambda: chiefs[0].post(change, first), lambda: chiefs[1].post(password, second)]
    )
    assert [answer.status_code for answer in answers] == [302, 302]
    person.refresh_from_db()
    assert not person.is_active
    assert person.check_password("a long password")


def test_two_administrators_cannot_take_each_others_rights_at_once(chiefs):
    people = [User.objects.get(username=name) for name in ("ann", "ben")]
    addresses = [page("accounts_user_change", person) for person in reversed(people)]
    posts = []
    for chief, address in zip(chiefs, addresses, strict=True):
        form = form_of(chief.get(address))
        form.pop("is_superuser")
        posts.append(partial(chief.post, address, form))
    at_once(posts)
    assert User.objects.filter(is_superuser=True).count() == 1


def test_own_new_password_does_not_give_a_right_back(chiefs):
    person = make_user(username="person", is_superuser=True)
    own = Client()
    own.force_login(person)
    change = page("accounts_user_change", person)
    posted = form_of(chiefs[0].get(change))
    posted.pop("is_superuser")
    new = {
        "old_password": PASSWORD,
        "new_password1": "a long password",
        "new_password2": "a long password",
    }
    at_once(
        [
            lambda: own.post("/account/password/", new),
            lambda: chiefs[0].post(change, posted),
        ]
    )
    person.refresh_from_db()
    assert not person.is_superuser


def test_load_beside_a_save_takes_back_nothing(staff):
    text = SMALL.read_text(encoding="utf-8")
    call = load(parse(text, source="small.toml"), by=None, at=OPENS_AT).call
    let_members_in(call)
    other = text.replace("[call]", '[call]\nhelp_text = "By the file."', 1)
    assert other != text
    address = page("submissions_call_change", call)
    posted = form_of(staff[0].get(address)) | {"help_text": "By Ann."}

    def load_other():
        return load(parse(other, source="small.toml"), by=None, at=OPENS_AT)

    saved, loaded = at_once([lambda: staff[0].post(address, posted), load_other])
    help_text = Call.objects.get().help_text
    if saves(saved):
        assert help_text == "By Ann."
        assert isinstance(loaded, DefinitionRefused)
    else:
        assert help_text == "By the file."
        assert "saved “By the file.” here while this page was open." in saved.content.decode()


def test_of_two_who_make_one_person_a_member_one_is_told(chiefs):
    call = make_call()
    make_user(username="pat")
    fields = {"typed_person": "pat", "call": call.pk, "role": Role.CODER}
    add = reverse("admin:accounts_membership_add")
    answers = at_once([partial(chief.post, add, fields) for chief in chiefs])
    assert sorted(answer.status_code for answer in answers) == [200, 302]
    told = next(answer for answer in answers if answer.status_code == 200)
    assert "This person is a member of the call already." in told.content.decode()


def test_two_presses_at_once_begin_one_response(staff, at):
    call = make_call()
    at(call.closes_at + timedelta(days=9))
    came = {"channel": "post", "time": "09:30", "acknowledgement": "letter"}
    came["day"] = (call.closes_at - timedelta(days=1)).date().isoformat()
    begin = f"/admin/submissions/entry/begin/{call.pk}/"
    at_once([lambda: staff[0].post(begin, came)] * 2)
    assert Entry.objects.count() == 1
