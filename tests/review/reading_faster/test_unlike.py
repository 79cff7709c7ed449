"""Unread responses that are unlike the read ones: an order in which to read, for one reader."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEvent
from accounts.record import record
from accounts.states import Action, AuditAction, Role
from review.reading_faster import unlike
from review.reading_faster.unlike import most_unlike
from review.searching.entries import write_due
from submissions.responses.amending import withdraw
from submissions.responses.models import Submission
from submissions.responses.states import TriageStatus
from tests.makers import make_call, make_submitted, make_user, while_open, withhold
from tests.review.redaction_makers import make_redaction

pytestmark = pytest.mark.django_db
PAGE = "/admin/submissions/submission/unlike/"
COMMON = "Funding from the council was late and the contract was short"


@pytest.fixture
def call(at):
    call = make_call()
    at(while_open(call))
    return call


def open_by(person, response):
    record(
        by=person,
        at=while_open(response.call),
        action=AuditAction.RESPONSE_OPENED,
        call=response.call,
        submission=response,
        version=1,
    )


def rows(call):
    return Submission.objects.filter(call=call)


def compared(call, person):
    return most_unlike(call, rows(call), reader=person)


def test_response_with_the_largest_share_of_new_words_comes_first(call):
    ada = make_user(Role.REVIEWER)
    open_by(ada, make_submitted(call, story=f"{COMMON}."))
    near = make_submitted(call, story=f"{COMMON}. Volunteers.")
    far = make_submitted(call, story="Rivers flooded orchards while beavers built dams upstream.")
    make_submitted(call, story=f"{COMMON}!")
    found = compared(call, ada)
    assert [(one.response, one.new, one.words) for one in found.found] == [
        (far, 7, 7),
        (near, 1, 6),
    ]
    assert found.found[0].said == [
        "rivers",
        "flooded",
        "orchards",
        "beavers",
        "built",
        "dams",
        "upstream",
    ]
    assert found.found[1].said == ["volunteers"]
    assert (found.read, found.unread, found.left) == (1, 3, 0)


def test_short_response_comes_after_a_long_one_with_as_many_new_words_in_it(call):
    ada = make_user(Role.REVIEWER)
    open_by(ada, make_submitted(call, story=COMMON))
    short = make_submitted(call, story="Beavers")
    long = make_submitted(call, story=f"{COMMON}, while beavers built dams along rivers upstream")
    assert [one.response for one in compared(call, ada).found] == [long, short]


def test_each_reader_has_an_order_of_their_own(call):
    ada, bo = make_user(Role.REVIEWER), make_user(Role.REVIEWER)
    first, second = (make_submitted(call, story=text) for text in (COMMON, "Beavers build dams"))
    open_by(ada, first)
    open_by(bo, second)
    assert [one.response for one in compared(call, ada).found] == [second]
    assert [one.response for one in compared(call, bo).found] == [first]


def test_who_has_read_nothing_or_all_gets_no_order(client, call):
    ada = make_user(Role.REVIEWER, is_staff=True)
    response = make_submitted(call, story=COMMON)
    client.force_login(ada)
    assert "You have not read any response of this call yet" in client.get(PAGE).content.decode()
    open_by(ada, response)
    assert "You have read all of them." in client.get(PAGE).content.decode()
    assert not AuditEvent.objects.filter(action="unlike_read").exists()


def test_responses_that_do_not_count_are_left_out(call):
    ada = make_user(Role.REVIEWER)
    open_by(ada, make_submitted(call, story=COMMON))
    gone, aside, stays = (make_submitted(call, story=f"Beavers {n}") for n in range(3))
    withdraw(submission=gone, at=while_open(call))
    Submission.objects.filter(pk=aside.pk).update(triage_status=TriageStatus.SET_ASIDE)
    make_submitted(make_call(), story="Otters swim")
    read_aside = make_submitted(call, story="Beavers")
    open_by(ada, read_aside)
    Submission.objects.filter(pk=read_aside.pk).update(triage_status=TriageStatus.SET_ASIDE)
    found = compared(call, ada)
    assert ([one.response for one in found.found], found.read) == ([stays], 1)


def test_more_than_are_compared_are_counted(call, monkeypatch):
    monkeypatch.setattr(unlike, "MOST_COMPARED", 2)
    ada = make_user(Role.REVIEWER)
    open_by(ada, make_submitted(call, story=COMMON))
    for n in range(3):
        make_submitted(call, story=f"Beavers build {n}")
    for _ in range(2):
        open_by(ada, make_submitted(call, story=COMMON))
    found = compared(call, ada)
    assert (len(found.found), found.unread, found.left) == (2, 2, 1)
    assert (found.read, found.earlier) == (2, 1)
    assert compared(call, ada) == found


def test_page_keeps_to_the_filters_of_the_list_and_is_on_record(client, call):
    ada = make_user(Role.REVIEWER, is_staff=True)
    client.force_login(ada)
    open_by(ada, make_submitted(call, story=COMMON))
    provider = make_submitted(call, story="Beavers build", roles=["provider"])
    make_submitted(call, story="Otters swim", roles=["commissioner"])
    answer = client.get(f"{PAGE}?_changelist_filters=facet_roles%3Dprovider")
    assert [one.unlike.response for one in answer.context["shown"]] == [provider]
    text = answer.content.decode()
    assert "beavers, build" in text
    assert "How these were found" in text
    (link,) = re.findall(rf'href="([^"]*/{provider.pk}/change/[^"]*)"', text)
    assert link.endswith("?_changelist_filters=facet_roles%3Dprovider")
    event = AuditEvent.objects.get(action="unlike_read")
    assert (event.actor, event.call, event.detail) == (ada, call, {"shown": [provider.reference]})


def test_page_asks_no_more_of_the_database_for_more_responses(client, call):
    ada = make_user(Role.REVIEWER, is_staff=True)
    client.force_login(ada)
    open_by(ada, make_submitted(call, story=COMMON))
    page, seen = f"{PAGE}?_changelist_filters=call__id__exact%3D{call.pk}", []
    for stories in (["Beavers build"], ["Otters swim", "Badgers dig"]):
        for story in stories:
            make_submitted(call, story=story)
        client.get(page)
        with CaptureQueriesContext(connection) as queries:
            client.get(page)
        seen.append(len(queries))
    assert seen[0] == seen[1]


def test_reader_of_several_calls_chooses_one_and_gets_no_other(client, call):
    ada = make_user(Role.REVIEWER, is_staff=True)
    other = make_call(title="Other call")
    client.force_login(ada)
    assert [each for each, _ in client.get(PAGE).context["calls"]] == [call, other]
    ours = f"{PAGE}?_changelist_filters=call__id__exact%3D{call.pk}"
    assert client.get(ours).context["call"] == call
    withhold(ada, Action.READ_RESPONSES)
    client.force_login(ada)
    assert client.get(ours).status_code == 403


def test_list_of_responses_leads_to_it(client, call):
    client.force_login(make_user(Role.REVIEWER, is_staff=True))
    page = client.get("/admin/submissions/submission/?triage_status__exact=unread")
    assert (
        f'href="{PAGE}?_changelist_filters=triage_status__exact%3Dunread"' in page.content.decode()
    )


def test_hidden_words_count_for_nothing_to_who_may_not_see_them(call):
    insider, outsider = make_user(Role.REVIEWER), make_user(Role.REVIEWER)
    withhold(outsider, Action.SEE_REDACTED)
    read = make_submitted(call, story=f"{COMMON}. Zebediah.")
    unread = make_submitted(call, story=f"{COMMON}. Hezekiah and Zebediah.")
    make_redaction(read, "Zebediah")
    make_redaction(unread, "Hezekiah")
    for reader in (insider, outsider):
        open_by(reader, read)
    assert [one.said for one in compared(call, insider).found] == [["hezekiah"]]
    assert [one.said for one in compared(call, outsider).found] == [["zebediah"]]


def test_words_of_a_script_without_spaces_count_each(call):
    """“The contract was short” and “the contract was short, and money came late”."""
    insider, outsider = make_user(Role.REVIEWER), make_user(Role.REVIEWER)
    withhold(outsider, Action.SEE_REDACTED)
    read = make_submitted(call, story="สัญญาสั้นเกินไป")
    unread = make_submitted(call, story="สัญญาสั้นเกินไปและเงินมาช้า อาสาสมัคร")
    make_redaction(unread, "อาสาสมัคร")
    write_due(until=lambda: False)
    for reader in (insider, outsider):
        open_by(reader, read)
    said = ["และ", "เงิน", "มา", "ช้า"]
    assert [one.said for one in compared(call, insider).found] == [[*said, "อาสา", "สมัคร"]]
    [one] = compared(call, outsider).found
    assert (one.said, one.new, one.words) == (said, 4, 8)
