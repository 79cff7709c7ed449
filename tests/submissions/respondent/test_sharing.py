"""A response that its author and colleagues work on, as browsers without JavaScript meet it."""

import re
from copy import deepcopy
from datetime import timedelta
from secrets import token_hex

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEvent
from accounts.states import Action
from core import clock
from submissions.mail import sending
from submissions.outbox.models import OutboxEmail
from submissions.respondent import returning as return_views
from submissions.respondent.decorators import FOR_COLLEAGUES
from submissions.responses import attaching, drafting, late_passes, sharing
from submissions.responses.ending.drafts import delete_drafts
from submissions.responses.errors import AccessEnded
from submissions.responses.etags import draft_etag, etag
from submissions.responses.models import Colleague, Submission
from submissions.responses.working_copy import find_response_of
from submissions.urls import response_urls
from tests.makers import (
    complete_answers,
    make_call,
    make_user,
    make_user_who_may,
    press_submit,
    while_open,
)
from tests.submissions.respondent.answering import address, answers_of, start_with, text_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
ADDRESS = "ben@example.org"


@pytest.fixture(autouse=True)
def no_tries_before(settings, monkeypatch):
    """Tries are counted under the secret key, and other tests run beside this one."""
    settings.SECRET_KEY = token_hex()
    monkeypatch.setattr(return_views, "ANSWERED_AFTER", 0)


@pytest.fixture(scope="module")
def rows(made_once):
    return made_once(make_call)


@pytest.fixture
def call(rows, db, at):
    call = deepcopy(rows)
    at(while_open(call))
    return call


@pytest.fixture
def draft(client, call):
    return start_with(client, call, story="As Ada wrote it.")


def invite(client, call, to=ADDRESS):
    return client.post(address(call, "people/"), {"email": to})


def send_mail():
    """Send what is due and return the texts of the mails that went out."""
    before = len(mail.outbox)
    sending.send_due(portal_now=clock.portal_now, wall_now=clock.wall_now)
    return mail.outbox[before:]


def link_in(message):
    text = message.body
    return re.search(r"http://testserver(/calls/\S+/join/[\w-]{43}/)", text)[1]


def error_leads_to(page):
    """The words of what the link of the error summary leads to."""
    html = page.content.decode()
    (target,) = re.findall(r'<a href="#([^"]+)">', html.partition('class="error-summary"')[2])
    return re.search(rf'id="{target}"[^>]*>([^<]*)<', html)[1]


@pytest.fixture
def link(client, call, draft):
    assert invite(client, call).url == address(call, "people/?done=invited")
    (message,) = send_mail()
    return link_in(message)


@pytest.fixture
def ben(link):
    """A colleague's browser that has joined."""
    browser = Client()
    assert browser.post(link, {"name": "Ben"}).status_code == 302
    return browser


def test_invitation_has_nothing_that_somebody_typed(client, call, draft):
    invite(client, call)
    (message,) = send_mail()
    assert message.to == [ADDRESS]
    said = message.body + message.alternatives[0].content
    assert call.title in said
    assert f"until {call.closes_in_words}" in said  # within the 7 days of the link
    for typed in [*complete_answers(call).values(), "As Ada wrote it.", ADDRESS]:
        if isinstance(typed, str):
            assert typed not in said
    row = OutboxEmail.objects.get(kind="colleague_invited")
    assert link_in(message).split("/")[-2] not in row.body
    assert row.address_given_by == "colleague"


def test_colleague_joins_once_with_a_name_and_edits(client, call, draft, link, at):
    browser = Client()
    said = text_of(browser.get(link))
    assert "Work on a response together" in said
    assert "keeps the response for 90 days at most after you last opened it" in said
    assert browser.post(link, {"name": " \u202e "}).status_code == 422
    assert browser.post(link, {"name": "Ben\r\nB."}).url == address(call, "response/")
    assert Colleague.objects.get().name == "Ben B."
    at(while_open(call) + timedelta(minutes=1))
    page = browser.post(
        address(call, "response/evidence/"), {"story": "As Ben wrote it.", "action": "continue"}
    )
    assert page.status_code == 302
    assert answers_of(draft)["story"] == "As Ben wrote it."
    at(while_open(call) + timedelta(minutes=2))
    client.post(address(call, "response/about/"), {"_base_etags": "", "action": "continue"})
    for rest in ("response/", "response/evidence/"):  # nothing is changed since
        assert re.search(
            r"Last saved at 12:01pm[^,]*, by Ben B\.", text_of(client.get(address(call, rest)))
        )
    assert "computer out of the response" in text_of(browser.get(address(call, "response/")))
    own = text_of(browser.get(address(call, "response/evidence/")))
    assert re.search(r"Last saved at (.+?) Save and continue", own)[1].count(", by") == 0
    said = text_of(client.get(address(call, "people/")))
    assert "Ben B. ben@example.org" in said
    again = Client().post(link, {"name": "Eve"})
    assert (again.status_code, "does not work any more" in text_of(again)) == (410, True)


def test_access_opens_the_response_that_it_is_for(client, call, draft, ben):
    author, eve = Client(), Client()
    theirs = start_with(author, call, story="Of another response.")
    assert invite(author, call, "eve@example.org").status_code == 302
    (message,) = send_mail()
    assert eve.post(link_in(message), {"name": "Eve"}).status_code == 302
    for browser, response in ((ben, draft), (eve, theirs)):
        page = text_of(browser.get(address(call, "response/evidence/")))
        assert answers_of(response)["story"] in page
    client.post(address(call, "people/1/"), {"may_submit": "1"})
    assert "Ben" not in text_of(eve.get(address(call, "response/check/")))
    assert author.post(address(call, "people/1/gone/")).url.endswith("?done=gone")
    assert [one.submission for one in Colleague.objects.present()] == [draft]
    event = AuditEvent.objects.get(action="colleague_ended")
    assert (event.submission, event.detail["colleague"], event.detail["why"]) == (
        theirs,
        1,
        "author",
    )


def test_conflict_names_who_saved(client, call, draft, ben):
    base = etag(answers_of(draft)["story"])
    etags = {"_base_etags": f"story:{base}", "action": "continue"}
    ben.post(address(call, "response/evidence/"), {"story": "Ben's", **etags})
    start_with(Client(), call, story="Of another response.")
    page = client.post(address(call, "response/evidence/"), {"story": "Ada's", **etags})
    assert page.status_code == 409
    assert "Saved by Ben" in text_of(page)
    client.post(address(call, "response/evidence/"), {"story": "Ada's", "action": "continue"})
    page = ben.post(address(call, "response/evidence/"), {"story": "Ben's again", **etags})
    assert "Saved by the person who began this response" in text_of(page)


def test_author_takes_access_back_and_the_colleague_is_told(client, call, draft, ben):
    number = Colleague.objects.get().number
    gone = address(call, f"people/{number}/gone/")
    assert "Take this access back?" in text_of(client.get(gone))
    assert client.post(gone).url == address(call, "people/?done=gone")
    page = ben.post(
        address(call, "response/evidence/"), {"story": "Too late", "action": "continue"}
    )
    assert page.status_code == 410
    said = text_of(page)
    assert "You no longer have access to this response" in said
    assert "ended your access" in said
    assert "Too late" in said
    assert answers_of(draft)["story"] == "As Ada wrote it."
    saved = ben.post(address(call, "response/save/"), {"_section": "evidence", "story": "Again"})
    assert (saved.status_code, "no longer have access" in saved.json()["warning"]) == (410, True)
    ended = Colleague.objects.get()
    assert (ended.address, ended.name, ended.ended_by) == ("", "", "author")
    assert OutboxEmail.objects.get(kind="colleague_invited").to_address == ""


def test_colleague_leaves_and_nobody_elses_access_ends(client, call, draft, ben):
    invite(client, call, "cat@example.org")
    mine, other = Colleague.objects.order_by("number")
    assert ben.post(address(call, f"people/{other.number}/gone/")).url.endswith("?done=was_gone")
    assert Colleague.objects.present().count() == 2
    left = ben.post(address(call, f"people/{mine.number}/gone/"))
    assert left.url == address(call, "?left=1")
    assert list(Colleague.objects.present()) == [other]
    assert OutboxEmail.objects.get(to_address="cat@example.org").state == "waiting"
    assert ben.get(address(call, "response/")).status_code == 404


def test_invitation_taken_back_lets_nobody_in(client, call, draft, link):
    client.post(address(call, "people/1/gone/"))
    for page in (Client().get(link), Client().post(link, {"name": "Ben"})):
        assert (page.status_code, "This invitation has ended" in text_of(page)) == (410, True)


def test_expired_link_lets_nobody_in(client, call, at):
    begun = call.closes_at - 8 * DAY
    at(begun)
    start_with(client, call)
    invited = text_of(client.get(invite(client, call).url))
    assert "within 7 days and only while the response can be submitted." in invited
    (message,) = send_mail()
    assert "until midday on Tuesday 23 July 2019 (UK time)" in message.body
    at(begun + 7 * DAY - timedelta(microseconds=1))
    assert Client().get(link_in(message)).status_code == 200
    at(begun + 7 * DAY)
    page = Client().post(link_in(message), {"name": "Ben"})
    assert (page.status_code, "does not work any more" in text_of(page)) == (410, True)
    assert not Colleague.objects.joined().exists()


def test_after_closing_nobody_is_invited_and_access_can_end(client, call, draft, ben, at):
    at(call.closes_at)
    page = invite(client, call, "cat@example.org")
    assert (page.status_code, "nobody else can be invited" in text_of(page)) == (422, True)
    assert error_leads_to(page) == "This call is closed: nobody else can be invited now."
    assert "See who is in this response" in text_of(client.get(address(call, "response/")))
    closed = text_of(ben.get(address(call, "response/")))
    assert "This call is closed" in closed
    assert "You can open it in this browser only. Nobody gets a new link" in closed
    assert "Get a link by email" not in closed
    for browser in (client, ben):
        said = text_of(browser.get(address(call, "people/")))
        offered = "You can submit it|Can submit|Cannot submit|Send a link for another device"
        assert re.findall(offered, said) == []
    page = client.post(address(call, "people/1/link/"))  # that was open since before
    assert (page.status_code, "nobody else can be invited" in text_of(page)) == (422, True)
    for rest in ("leave/", "forget/"):
        said = text_of(ben.get(address(call, f"response/{rest}")))
        assert ("Ask the person who started" in said, "Nobody gets a new link" in said) == (0, 1)
    client.post(address(call, "people/1/gone/"))
    assert ben.get(address(call, "response/")).status_code == 410


def test_closed_call_says_so_to_who_opens_the_link(client, call, at):
    at(call.closes_at - DAY)
    start_with(client, call)
    invite(client, call)
    (message,) = send_mail()
    at(call.closes_at)
    page = Client().get(link_in(message))
    assert (page.status_code, "This call is closed" in text_of(page)) == (410, True)


def test_what_was_done_is_said_again_only_while_it_is_so(client, call, draft, ben, at):
    def page(done):
        return text_of(client.get(address(call, f"people/?done={done}")))

    client.post(address(call, "people/1/"), {"may_submit": "1"})
    assert "The link is on its way" in page("sent")
    assert "They can submit now" in page("allowed")
    assert "They can no longer submit" not in page("not_allowed")
    at(call.closes_at)
    assert "The link is on its way" not in page("sent")
    assert "They may submit, but the call is not open" in page("allowed")
    client.post(address(call, "people/1/"))
    assert "They may submit" not in page("allowed")
    assert "They can no longer submit" in page("not_allowed")


@pytest.mark.parametrize("is_open", [True, False])
def test_colleague_who_signs_a_computer_out_is_told_whom_to_ask(call, ben, at, is_open):
    at(while_open(call) if is_open else call.closes_at)
    left = ben.post(address(call, "response/forget/"), {"confirmed": "1"}, follow=True)
    said = text_of(left)
    assert "This computer is signed out" in said
    assert ("Ask the person who started the response to send you one." in said) == is_open
    assert "Get a link by email to open it again." not in said


def test_nobody_invites_themselves_or_somebody_twice_and_two_have_two_names(
    client, call, draft, ben
):
    own = complete_answers(call)["email"]
    client.post(address(call, "response/leave/"), {"email": "ada@example.org"})
    send_mail()
    for to in (own.upper(), "Ada@example.org"):
        assert "This is your own address" in text_of(invite(client, call, to))
    assert "is in your response already" in text_of(invite(client, call, ADDRESS.upper()))
    invite(client, call, "cat@example.org")
    again = invite(client, call, "cat@example.org")
    assert (again.status_code, "invited this person already" in text_of(again)) == (422, True)
    assert Colleague.objects.count() == 2
    invite(client, call, "dan@example.org")
    link, dans = map(link_in, send_mail())
    assert Client().get(link.replace(call.slug, make_call().slug)).status_code == 410
    page = Client().post(link, {"name": "BEN"})
    assert (page.status_code, "has this name" in text_of(page)) == (422, True)
    for invitation, name in ((link, "Cat"), (dans, "Dan")):
        assert Client().post(invitation, {"name": name}).status_code == 302


def test_address_that_is_none_invites_nobody(client, call, draft):
    for to in ["", "nobody", "a@example.org\r\nBcc: b@example.org", "a,b@c.org"]:
        assert invite(client, call, to).status_code == 422, to
        assert not OutboxEmail.objects.exists(), to
        assert not Colleague.objects.exists(), to


def test_invitations_have_limits(client, call, draft, at):
    for n in range(sharing.MOST_AT_ONCE):
        assert invite(client, call, f"colleague{n}@example.org").status_code == 302
    more = invite(client, call, "more@example.org")
    assert (more.status_code, "10 people already" in text_of(more)) == (422, True)
    again = client.post(address(call, "people/2/link/"))
    assert (again.status_code, "Try again in an hour" in text_of(again)) == (422, True)
    assert OutboxEmail.objects.count() == sharing.INVITATIONS_AN_HOUR
    first, *_others, tenth = send_mail()
    for message, name in ((first, "One"), (tenth, "Ten")):
        assert Client().post(link_in(message), {"name": name}).status_code == 302
    author_of_another = Client()
    start_with(author_of_another, call)
    assert invite(author_of_another, call).status_code == 302
    at(while_open(call) + timedelta(hours=1))
    assert client.post(address(call, "people/2/link/")).url.endswith("?done=sent")


def test_one_address_is_invited_five_times_an_hour(client, call, draft):
    invite(client, call)
    for _ in range(4):
        assert client.post(address(call, "people/1/link/")).status_code == 302
    page = client.post(address(call, "people/1/link/"))
    assert (page.status_code, "Try again in" in text_of(page)) == (429, True)
    assert page["Retry-After"]


def test_fresh_link_opens_another_device_and_ends_older_ones(client, call, draft, link):
    author_of_another = Client()
    start_with(author_of_another, call)
    invite(author_of_another, call, "eve@example.org")
    author_of_another.post(address(call, "people/1/link/"))
    *_first, for_eve = send_mail()
    client.post(address(call, "people/1/link/"))
    (for_ben,) = send_mail()
    assert (for_eve.to, for_ben.to) == (["eve@example.org"], [ADDRESS])
    newer = link_in(for_ben)
    phone = Client()
    assert phone.post(newer, {"name": "Ben"}).status_code == 302
    assert Client().post(link_in(for_eve), {"name": "Eve"}).status_code == 302
    assert Client().post(link, {"name": "Ben"}).status_code == 410
    client.post(address(call, "people/1/link/"))
    laptop = Client()
    assert laptop.post(link_in(send_mail()[0]), {"name": "Ben"}).status_code == 302
    assert [b.get(address(call, "response/")).status_code for b in (phone, laptop)] == [200, 200]
    names = Colleague.objects.order_by("name").values_list("address", "name")
    assert list(names) == [(ADDRESS, "Ben"), ("eve@example.org", "Eve")]
    joined = AuditEvent.objects.filter(action="colleague_joined").order_by("pk")
    assert joined.first().submission == draft


def test_colleague_without_the_right_or_whose_was_taken_back_sees_who_submits(
    client, call, draft, ben
):
    said = text_of(ben.get(address(call, "response/check/")))
    assert "The person who started this response submits it." in said
    assert "Submit now" not in said
    assert "You then get" not in said
    assert "Submit now" in text_of(client.get(address(call, "response/check/")))
    checked = draft_etag(answers_of(draft), {})
    for is_taken_back in (False, True):
        if is_taken_back:
            client.post(address(call, "people/1/"), {"may_submit": "1"})
            client.post(address(call, "people/1/"))
        page = ben.post(address(call, "response/check/"), {"_expected_etag": checked})
        assert (page.status_code, "You cannot submit it" in text_of(page)) == (403, True)
        assert not _has_button(ben, call)
        assert Submission.objects.get().is_draft


def test_colleague_with_the_right_submits_and_sharing_ends(client, call, draft, ben):
    client.post(address(call, "people/1/"), {"may_submit": "1"})
    said = text_of(ben.get(address(call, "response/check/")))
    assert "The person who started it then has the receipt, and your access ends." in said
    assert "You then get" not in said
    page = press_submit(ben, call, follow=True)
    submission = Submission.objects.get()
    said = text_of(page)
    assert page.status_code == 200
    assert f"The response was submitted Its reference is {submission.reference}" in said
    assert not submission.is_draft
    page = invite(client, call, "cat@example.org")  # on a page that was open since before
    assert (page.status_code, "cat@example.org" in page.content.decode()) == (409, True)
    assert "This response was submitted by someone else" in text_of(page)
    for posted in ({}, {"may_submit": "1"}):
        page = client.post(address(call, "people/1/"), posted)
        assert page.url == address(call, "response/submitted/")
    receipt = ben.get(address(call, "response/receipt/"))
    assert receipt["Content-Type"].startswith("text/html")
    assert "receipt code" not in text_of(receipt).lower()
    ended = Colleague.objects.get()
    assert (ended.ended_by, ended.address, ended.name) == ("submitted", "", "")
    events = AuditEvent.objects.filter(action__startswith="colleague").order_by("pk")
    assert list(events.values_list("action", flat=True)) == [
        "colleague_invited",
        "colleague_joined",
        "colleague_allowed",
        "colleague_submitted",
        "colleague_ended",
    ]


def _has_button(browser, call):
    return 'name="_expected_etag"' in browser.get(address(call, "response/check/")).content.decode()


def test_colleague_opens_no_page_of_the_author_and_manages_nobody(client, call, ben):
    refused = set()
    for route in response_urls:
        rest = str(route.pattern)
        if "<" in rest or route.name in FOR_COLLEAGUES | {"save", "own_file"}:
            continue
        for answer in (
            ben.get(address(call, f"response/{rest}")),
            ben.post(address(call, f"response/{rest}")),
        ):
            is_led = answer.headers.get("Location") == address(call, "response/")
            if answer.status_code != 405 and not is_led:
                assert (route.name, answer.status_code) == (route.name, 403)
        refused.add(route.name)
    assert refused == {
        "submitted",
        "receipt",
        "amend",
        "discard",
        "withdraw",
        "erase",
        "erase_stop",
        "delete_draft",
    }
    for rest in ("people/1/", "people/1/link/"):
        assert ben.post(address(call, rest), {"may_submit": "1"}).status_code == 403
    assert ben.post(address(call, "people/"), {"email": "x@example.org"}).status_code == 403
    said = text_of(ben.get(address(call, "people/")))
    assert ADDRESS not in said
    assert "Ben (you)" in said
    assert Colleague.objects.count() == 1
    theirs = find_response_of(access=Colleague.objects.get().public_id, slug=call.slug)
    with pytest.raises(AccessEnded):
        sharing.take_away(submission=theirs, number=2, at=while_open(call))
    assert not Colleague.objects.get().may_submit


def test_colleague_leaves_the_authors_address_alone(client, call, draft, ben):
    before = answers_of(draft)["email"]
    page = ben.get(address(call, "response/about/"))
    assert 'name="email"' not in page.content.decode()
    assert "Only the person who began this response can answer this question" in text_of(page)
    ben.post(address(call, "response/about/"), {"email": ADDRESS, "action": "save"})
    ben.post(address(call, "response/save/"), {"_section": "about", "email": ADDRESS})
    theirs = find_response_of(access=Colleague.objects.get().public_id, slug=call.slug)
    drafting.save_answers(
        submission=theirs, call=call, values={"email": ADDRESS}, at=while_open(call)
    )
    assert answers_of(draft)["email"] == before
    assert ben.post(address(call, "response/leave/"), {"email": ADDRESS}).status_code == 200
    Client().post(address(call, "return/"), {"email": ADDRESS})
    assert not OutboxEmail.objects.filter(kind="return_link").exists()


def test_page_of_a_colleague_costs_one_query_more_at_most(client, call, draft, ben):
    counts = []
    for browser in (client, ben):
        browser.get(address(call, "response/evidence/"))
        with CaptureQueriesContext(connection) as queries:
            browser.get(address(call, "response/evidence/"))
        counts.append(len(queries))
    assert counts[1] <= counts[0] + 1


def test_page_of_people_reads_as_often_for_three_as_for_one(client, call, draft):
    counts = []
    for n in range(3):
        invite(client, call, f"colleague{n}@example.org")
        with CaptureQueriesContext(connection) as queries:
            client.get(address(call, "people/"))
        counts.append(len(queries))
    assert counts[0] == counts[2]


@pytest.mark.parametrize("ending", ["amend/discard", "withdraw"])
def test_changes_of_a_submitted_response_are_shared_anew(client, call, ending):
    start_with(client, call)
    press_submit(client, call)
    assert client.get(address(call, "people/")).url == address(call, "response/submitted/")
    client.post(address(call, "response/amend/"))
    invite(client, call)
    ben = Client()
    invitation = next(m for m in send_mail() if m.to == [ADDRESS])
    ben.post(link_in(invitation), {"name": "Ben"})
    assert "Discard my changes" not in text_of(ben.get(address(call, "response/")))
    assert "See your receipt" in text_of(client.get(address(call)))
    assert "See your receipt" not in text_of(ben.get(address(call)))
    drafting.save_answers(
        submission=Submission.objects.get(),
        call=call,
        values={"story": "Less."},
        at=clock.portal_now(),
    )
    # What its author took out since is not for a colleague.
    for browser, taken_out in ((client, True), (ben, False)):
        text = browser.get(address(call, "response/text/")).content.decode()
        assert ("Less." not in text) is taken_out
        page = browser.get(address(call, "response/forget/")).content.decode()
        assert f'href="{address(call, "response/text/?changes")}"' in page
    client.post(address(call, f"response/{ending}/"))
    assert ben.get(address(call, "response/")).status_code == 410


def test_own_browser_does_not_use_the_link_up(client, call, draft, link):
    for page in (client.get(link), client.post(link, {"name": "Ada"})):
        assert "This is your own response" in text_of(page)
    assert not Colleague.objects.joined().exists()
    assert Client().post(link, {"name": "Ben"}).status_code == 302


def test_deleted_draft_says_so_to_the_colleague(client, call, draft, ben, link, at):
    delete_drafts(Submission.objects.all(), limit=1)
    assert not Colleague.objects.exists()
    assert ben.get(address(call, "response/")).status_code == 410
    assert Client().get(link).status_code == 410
    at(call.closes_at + 91 * DAY)  # the record names it, so that its row stays
    said = text_of(client.get(address(call, "response/")))
    assert "There is nothing in your draft. We keep unfinished responses for a" in said
    assert re.findall("Nothing that you wrote is lost|Download your draft|Your draft ", said) == []


def test_signing_in_and_out_makes_no_author_of_a_colleague(call, draft, ben):
    ben.force_login(make_user(is_staff=True))
    ben.post("/admin/logout/")
    assert ben.get(address(call, "response/")).status_code == 200
    assert "Send me a link" not in text_of(ben.get(address(call, "response/leave/")))
    assert ben.get(address(call, "response/erase/")).status_code == 403


def test_answer_that_leads_to_help_ends_sharing_and_stops_the_mail(client, call, draft, ben):
    invite(client, call, "cat@example.org")
    about = address(call, "response/about/")
    ben.post(about, {"age": "child", "action": "save"})
    assert answers_of(draft)["age"] != "child"
    values = {"age": "child"}
    drafting.save_answers(submission=draft, call=call, values=values, at=while_open(call))
    assert send_mail() == []
    page = invite(client, call, "dan@example.org")
    assert (page.status_code, "this is not shared" in text_of(page)) == (422, True)
    assert error_leads_to(page).startswith("One of your answers leads to a page of help.")
    client.post(about, {"age": "child", "action": "continue"})
    assert ben.get(address(call, "response/")).status_code == 410
    assert [one.ended_by for one in Colleague.objects.all()] == ["help", "help"]
    assert not OutboxEmail.objects.exclude(to_address="").exists()


def test_file_of_a_colleague_is_kept_and_none_after_access_ended(client, call, draft, ben):
    evidence = address(call, "response/evidence/2/")
    notes = SimpleUploadedFile("notes.txt", b"Minutes of the meeting.\n")
    ben.post(evidence, {"_base_etags": "", "documents": notes, "action": "upload"})
    (kept,) = draft.attachments.all()
    own_file = address(call, f"response/files/{kept.public_id}/")
    for browser in (client, ben):
        assert browser.get(own_file).getvalue() == b"Minutes of the meeting.\n"
    theirs = find_response_of(access=Colleague.objects.get().public_id, slug=call.slug)
    client.post(address(call, "people/1/gone/"))
    assert ben.get(own_file).status_code == 404
    with pytest.raises(AccessEnded):
        attaching.detach(submission=theirs, public_id=kept.public_id, at=while_open(call))
    assert draft.attachments.count() == 1


def test_late_pass_of_the_response_lets_its_author_invite(client, call, draft, at):
    by = make_user_who_may(Action.GIVE_LATE_PASSES)
    late_passes.give(
        call=call,
        submission=draft,
        reason="Their office flooded.",
        expires_at=call.closes_at + 2 * DAY,
        by=by,
        at=call.closes_at,
    )
    at(call.closes_at + DAY)
    invited = text_of(client.get(invite(client, call).url))
    until = "It works once, until midday on Friday 26 July 2019 (UK time)."
    assert until in invited
    message = next(one for one in send_mail() if one.to == [ADDRESS])
    assert until.replace("It", "The link") in " ".join(message.body.split())
    ben = Client()
    assert ben.post(link_in(message), {"name": "Ben"}).status_code == 302
    assert ben.get(address(call, "response/")).status_code == 200
    at(call.closes_at + 2 * DAY)
    assert "This call is closed" in text_of(ben.get(address(call, "response/")))


def test_own_late_pass_of_a_colleague_is_not_for_the_response(call, draft, ben, at):
    by = make_user_who_may(Action.GIVE_LATE_PASSES)
    given = late_passes.give(
        call=call,
        address=ADDRESS,
        reason="Ill on the last day.",
        expires_at=call.closes_at + 2 * DAY,
        by=by,
        at=call.closes_at,
    )
    at(call.closes_at + DAY)
    mail_of_pass = OutboxEmail.objects.get(kind="late_pass")
    token = late_passes.make_link(given, mail=mail_of_pass)
    ben.post(address(call, f"late-pass/{token}/"))
    given.refresh_from_db()
    assert given.submission not in (None, draft)
    draft.refresh_from_db()
    assert draft.is_draft
