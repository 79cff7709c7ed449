"""Staff enter a response that came another way, page by page, without a script."""

import re
from copy import deepcopy
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import AuditEvent
from accounts.states import Role
from submissions.calls.models import Call
from submissions.responses import drafting
from submissions.responses.models import Entry, Submission
from tests.forms import form_of
from tests.makers import make_first_call
from tests.submissions.admin.entering import ADMIN, begun, section_of, staff

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def rows(made_once):
    return made_once(make_first_call)


@pytest.fixture
def call(rows, db, at):
    made = deepcopy(rows)
    at(made.closes_at + timedelta(days=9))
    return made


def test_letter_is_entered_and_acknowledged_to_print(call, settings):
    client = staff()
    entry = begun(client, call)
    page = f"{ADMIN}{entry.pk}/in/{section_of(call, 'good_practice')}/"
    form = form_of(client.get(page)) | {"good_practice": "We share rooms.", "action": "save"}
    assert client.post(page, form).headers["Location"] == ADMIN
    check = f"{ADMIN}{entry.pk}/check/"
    shown = client.get(check)
    assert "We share rooms." in shown.content.decode()
    assert "will be confidential" in shown.content.decode()
    assert f'<a href="{page}">Change' in shown.content.decode()
    done = client.post(check, form_of(shown))
    assert done.headers["Location"] == f"{ADMIN}{entry.pk}/letter/"
    response = Submission.objects.get(pk=entry.pk)
    Call.objects.update(title="Who is cold?")
    letter = client.get(f"{ADMIN}{entry.pk}/letter/").content.decode()
    assert "received your response to “Who is cold?” and entered it" in letter
    assert f"<dd>{response.reference}</dd>" in letter
    assert "<dt>How it came</dt><dd>Post</dd>" in letter
    assert '<div lang="en-gb">' in letter
    verify = f"{settings.PORTAL_URL}/calls/{call.slug}/verify/"
    assert f"can check that they match, at {verify}." in letter
    assert (response.state, response.channel) == ("submitted", "post")
    read = client.get(f"/admin/submissions/submission/{entry.pk}/change/").content.decode()
    assert f"Post, entered by {entry.begun_by}" in read


def test_letter_of_before_the_opening_is_kept_and_the_page_says_so(call):
    client = staff()
    day = (call.opens_at - timedelta(days=2)).date().isoformat()
    entry = begun(client, call, day=day)
    report = f"/admin/submissions/call/{call.pk}/closing-report/"
    shown = staff(Role.MANAGER).get(report).content.decode()
    assert "Half entered by the team, of these</th><td>1</td>" in shown
    early = "It came before the call opened"
    assert early in client.get(f"{ADMIN}{entry.pk}/").content.decode()
    page = f"{ADMIN}{entry.pk}/in/{section_of(call, 'good_practice')}/"
    client.post(page, form_of(client.get(page)) | {"good_practice": "We share rooms."})
    check = f"{ADMIN}{entry.pk}/check/"
    assert early in client.get(check).content.decode()
    refused = client.post(check, form_of(client.get(check)))
    assert refused.status_code == 409
    said = f"it came before the call opened at {call.opens_in_words}. It is kept here."
    assert said in refused.content.decode()
    assert "which closed at" not in refused.content.decode()
    Entry.objects.update(received_at=call.grace_ends_at)
    late = "It came after the call closed"
    assert late in client.get(f"{ADMIN}{entry.pk}/").content.decode()
    Entry.objects.update(received_at=call.grace_ends_at - timedelta(seconds=1))
    assert late not in client.get(f"{ADMIN}{entry.pk}/").content.decode()


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_day_on_which_nothing_can_have_come_is_refused(call, day):
    form = {"channel": "post", "day": day, "time": "00:00", "acknowledgement": "none"}
    page = staff().post(f"{ADMIN}begin/{call.pk}/", form)
    assert "Enter a day from 2000 on that has passed." in page.content.decode()
    assert not Entry.objects.exists()


def test_what_is_typed_while_a_colleague_submits_comes_back(call):
    client, colleague = staff(), staff(Role.MANAGER)
    entry = begun(client, call)
    page = f"{ADMIN}{entry.pk}/in/{section_of(call, 'good_practice')}/"
    form = form_of(client.get(page)) | {"good_practice": "We share rooms, and more."}
    colleague.post(page, form_of(colleague.get(page)) | {"good_practice": "We share rooms."})
    check = f"{ADMIN}{entry.pk}/check/"
    colleague.post(check, form_of(colleague.get(check)))
    answer = client.post(page, form)
    assert answer.status_code == 409
    said = answer.content.decode()
    assert "Somebody else has submitted this response." in said
    assert "We share rooms, and more." in said
    assert Submission.objects.get().current_version.texts == {"good_practice": "We share rooms."}


def test_what_was_typed_into_a_question_that_was_removed_comes_back_and_the_rest_is_saved(call):
    client = staff()
    entry = begun(client, call)
    page = f"{ADMIN}{entry.pk}/in/{section_of(call, 'good_practice')}/"
    form = form_of(client.get(page))
    form |= {"_base_etags": f"{form['_base_etags']} gone:-", "gone": "Their long words."}
    shown = client.post(page, form | {"good_practice": "We share rooms."})
    assert shown.status_code == 409
    said = shown.content.decode()
    for part in ("was taken out of the call meanwhile", "\nTheir long words.</textarea>"):
        assert part in said
    assert form_of(shown)["good_practice"] == "We share rooms."


def test_choice_is_cleared_on_the_page_that_stays(call):
    client = staff()
    entry = begun(client, call)
    page = f"{ADMIN}{entry.pk}/in/{section_of(call, 'public_share')}/"
    client.post(page, form_of(client.get(page)) | {"public_share": "none"})
    form = form_of(client.get(page)) | {"_clear": "public_share"}
    assert client.post(page, form).headers["Location"] == f"{page}#id_public_share"
    assert not entry.submission.answers.filter(question__key="public_share").exists()


def test_two_staff_who_change_one_answer_are_told_and_nothing_is_overwritten(call):
    ann, ben = staff(), staff(Role.MANAGER)
    entry = begun(ann, call)
    page = f"{ADMIN}{entry.pk}/in/{section_of(call, 'good_practice')}/"
    forms = [form_of(one.get(page)) for one in (ann, ben)]
    ann.post(page, forms[0] | {"good_practice": "What Ann typed."})
    told = ben.post(page, forms[1] | {"good_practice": "What Ben typed."})
    assert told.status_code == 409
    said = told.content.decode()
    assert ("What Ann typed." in said, "What Ben typed." in said) == (True, True)
    stored = entry.submission.answers.get(question__key="good_practice")
    assert stored.value == "What Ann typed."


def test_moment_to_come_is_refused_beside_the_form(call):
    later = (call.closes_at + timedelta(days=30)).date().isoformat()
    data = {"channel": "post", "day": later, "time": "09:30", "acknowledgement": "none"}
    answer = staff().post(f"{ADMIN}begin/{call.pk}/", data)
    assert "Enter a day and time that have passed." in answer.content.decode()
    assert Entry.objects.count() == 0


def test_moment_after_the_entry_was_begun_is_refused_in_true_words(call):
    client = staff()
    entry = begun(client, call)
    page = f"{ADMIN}{entry.pk}/"
    form = form_of(client.get(page)) | {"day": "2019-08-20", "time": "09:30"}
    said = client.post(page, form).content.decode()
    assert re.search(r"Enter a day and time before .* 2019 .*, when somebody began to enter", said)
    assert "that have passed" not in said


def test_time_that_came_twice_is_asked_for_and_one_that_never_came_is_refused(call):
    client = staff()
    begin = f"{ADMIN}begin/{call.pk}/"
    data = form_of(client.get(begin)) | {"channel": "email", "acknowledgement": "none"}
    skipped = client.post(begin, data | {"day": "2019-03-31", "time": "01:30"}).content.decode()
    assert "The clocks go forward then, and skip this time." in skipped
    data |= {"day": "2018-10-28", "time": "01:30"}
    asked = client.post(begin, data)
    assert "this time comes twice. Choose which it was." in asked.content.decode()
    client.post(begin, form_of(asked) | {"which": "1"})
    entry = Entry.objects.get()
    assert entry.received_at.isoformat() == "2018-10-28T01:30:00+00:00"
    page = f"{ADMIN}{entry.pk}/"
    client.post(page, form_of(client.get(page)) | {"their_reference": "7"})
    entry.refresh_from_db()
    assert (entry.their_reference, entry.received_at.isoformat()) == (
        "7",
        "2018-10-28T01:30:00+00:00",
    )
    client.post(page, form_of(client.get(page)) | {"which": "0"})
    entry.refresh_from_db()
    assert entry.received_at.isoformat() == "2018-10-28T00:30:00+00:00"


def test_letter_that_came_too_late_is_kept_and_staff_are_told(call):
    client = staff()
    entry = begun(client, call, day=(call.closes_at + timedelta(days=2)).date().isoformat())
    page = f"{ADMIN}{entry.pk}/in/{section_of(call, 'good_practice')}/"
    client.post(page, form_of(client.get(page)) | {"good_practice": "Too late."})
    check = f"{ADMIN}{entry.pk}/check/"
    told = client.post(check, form_of(client.get(check)))
    assert (told.status_code, "It is kept here" in told.content.decode()) == (409, True)
    assert Submission.objects.get(pk=entry.pk).is_draft


def test_half_entered_response_is_discarded(call):
    client = staff()
    entry = begun(client, call)
    page = f"{ADMIN}{entry.pk}/discard/"
    seen = form_of(client.get(page))
    values, at = {"good_practice": "By a colleague."}, entry.begun_at
    drafting.save_answers(submission=entry.submission, call=call, values=values, at=at)
    for posted in (seen, {}):
        told = client.post(page, posted, follow=True)
        assert "so nothing is discarded" in told.content.decode()
    assert Submission.objects.count() == 1
    assert client.post(page, form_of(client.get(page))).headers["Location"] == ADMIN
    assert Submission.objects.count() == 0
    again = client.post(page, follow=True)
    assert "This response is discarded already." in again.content.decode()


def test_member_of_another_call_and_coder_find_no_entry(call):
    entry = begun(staff(), call)
    client = staff(Role.CODER)
    assert client.get(f"{ADMIN}{entry.pk}/").status_code == 403


def test_half_entered_response_opens_for_who_began_it_and_who_may_see_who_answers(call):
    own = staff()
    entry = begun(own, call)
    assert "is on record" not in own.get(f"{ADMIN}{entry.pk}/").content.decode()
    told = staff().get(f"{ADMIN}{entry.pk}/", follow=True).content.decode()
    assert f"This response was begun by {entry.begun_by}." in told
    manager = staff(Role.MANAGER)
    said = "Each page of it that you open is on record, with your name and the time."
    assert said in manager.get(f"{ADMIN}{entry.pk}/").content.decode()
    assert manager.get(f"{ADMIN}{entry.pk}/check/").status_code == 200
    opened = AuditEvent.objects.filter(action="response_opened").values_list("actor", "detail")
    reader, of_entry = manager.session["_auth_user_id"], {"entry": str(entry.submission.public_id)}
    assert list(opened) == [(int(reader), of_entry)] * 2


def entered(client, entry, **answers):
    key = "good_practice"
    page = f"{ADMIN}{entry.pk}/in/{section_of(entry.submission.call, key)}/"
    client.post(page, form_of(client.get(page)) | {key: "We share."} | answers)
    check = f"{ADMIN}{entry.pk}/check/"
    return client.post(check, form_of(client.get(check)))


def test_acknowledgement_by_mail_without_an_address_is_refused(call):
    client = staff()
    entry = begun(client, call, acknowledgement="mail")
    told = entered(client, entry)
    assert told.status_code == 422
    assert "No email address is among the answers" in told.content.decode()
    assert Submission.objects.get(pk=entry.pk).is_draft


def test_original_opens_for_who_may_see_who_answered(call):
    reviewer, manager = staff(), staff(Role.MANAGER)
    entry = begun(reviewer, call)
    scan = SimpleUploadedFile("letter from Ann.txt", b"Dear all, yours, Ann")
    added = reviewer.post(f"{ADMIN}{entry.pk}/originals/", {"originals": scan}, follow=True)
    assert "“letter from Ann.txt” is kept beside the response." in added.content.decode()
    (original,) = entry.submission.attachments.all()
    own = reviewer.get(f"{ADMIN}{entry.pk}/files/{original.public_id}/")
    assert b"".join(own) == b"Dear all, yours, Ann"
    entered(reviewer, entry)
    address = f"/admin/submissions/submission/{entry.pk}/files/{original.public_id}/"
    assert reviewer.get(address).status_code == 404
    assert b"".join(manager.get(address)) == b"Dear all, yours, Ann"
    version = Submission.objects.get(pk=entry.pk).current_version
    assert (version.attachments.count(), "Ann" in version.canonical_text) == (0, False)
    shown = [
        one.get(f"/admin/submissions/submission/{entry.pk}/change/").content.decode()
        for one in (reviewer, manager)
    ]
    assert ["letter from Ann" in page for page in shown] == [False, True]


def test_original_is_taken_out_again(call):
    client = staff()
    entry = begun(client, call)
    page = f"{ADMIN}{entry.pk}/originals/"
    client.post(page, {"originals": SimpleUploadedFile("a.txt", b"A letter.")})
    removed = {"remove": entry.submission.attachments.get().pk}
    client.post(page, removed)
    assert entry.submission.attachments.filter(removed_at=None).count() == 0
    again = client.post(page, removed, follow=True)
    assert "This file is taken out already." in again.content.decode()


def test_list_of_responses_says_how_one_came(call):
    client = staff()
    entered(client, begun(client, call, channel="in_person"))
    rows = client.get("/admin/submissions/submission/").content.decode()
    assert ":30:00, in person</td>" in rows


def test_answer_to_a_question_that_is_not_asked_is_named_before_submitting(call):
    client = staff()
    entry = begun(client, call)
    page = f"{ADMIN}{entry.pk}/in/{section_of(call, 'org_name')}/"
    client.post(page, form_of(client.get(page)) | {"org_name": "A charity"})
    label = call.questions_by_key["org_name"].label
    assert f"<li>{label}</li>" in client.get(f"{ADMIN}{entry.pk}/check/").content.decode()


def test_second_press_of_the_button_begins_no_second_response(call, at):
    client = staff()
    first = begun(client, call)
    assert begun(client, call) == first
    at(call.closes_at + timedelta(days=9, seconds=30))
    came = {"channel": "post", "time": "09:30", "acknowledgement": "letter"}
    came["day"] = (call.closes_at - timedelta(days=1)).date().isoformat()
    client.post(f"{ADMIN}begin/{call.pk}/", came)  # later, another letter of the same post
    assert Entry.objects.count() == 2
    client.post(f"{ADMIN}begin/{call.pk}/", came | {"their_reference": "L2"})
    staff().post(f"{ADMIN}begin/{call.pk}/", came)
    assert Entry.objects.count() == 4
