"""Reading one response after the other: consent, place in the list, considered and next."""

import html
import re
from datetime import timedelta

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEvent
from accounts.states import Role
from review.admin.listed import FILTERS, Listed
from review.admin.responses import ResponseAdmin
from review.searching.entries import write_due
from review.triage import change_status
from submissions.responses import amending, submitting
from submissions.responses.models import Submission
from submissions.responses.states import TriageStatus
from tests.forms import form_of
from tests.makers import (
    EVIDENCE,
    complete_answers,
    make_attachment,
    make_call,
    make_draft,
    make_submitted,
    make_user,
    while_open,
)
from tests.review.lists import request_of, responses_listed
from tests.review.response_pages import amended, consider_of, made, page_of

LIST = "/admin/submissions/submission/"


@pytest.fixture
def staff(client):
    client.user = make_user(Role.MANAGER)
    client.force_login(client.user)
    return client


def steps(page):
    """Where “previous”, the place and “next” lead, and what the place says."""
    bar = page.content.decode().partition('class="reading-bar"')[2].partition("</nav>")[0]
    links = dict(re.findall(r'<a href="([^"]*)" rel="(\w+)"', bar))
    found = {rel: html.unescape(address) for address, rel in links.items()}
    place = re.search(r'<a href="([^"]*)" data-key="u">([^<]*of \d+)</a>', bar)
    return found.get("prev"), place[2], found.get("next"), html.unescape(place[1])


def under(response, user, filters):
    """Where the response stands in the list, as its page says it."""
    request = request_of(user, {FILTERS: filters})
    return Listed(admin.site._registry[Submission], request, response)


@pytest.mark.django_db
def test_page_leads_to_the_next_and_the_previous_of_the_whole_list(staff):
    newest, middle, oldest = made(make_call(), 3)
    assert steps(staff.get(page_of(newest))) == (None, "1 of 3", page_of(middle), LIST)
    assert steps(staff.get(page_of(middle))) == (page_of(newest), "2 of 3", page_of(oldest), LIST)
    last = under(oldest, staff.user, "")
    assert (last.previous, last.place, last.total, last.next) == (page_of(middle), 3, 3, None)


@pytest.mark.django_db
def test_steps_keep_to_the_filters_and_order_of_the_list(staff):
    call = make_call()
    make_call()
    start = while_open(call)
    answers = [
        {"roles": ["commissioner"], "story": "A needle"},
        {"roles": ["provider"]},
        {"roles": ["commissioner"], "story": "Needles"},
    ]
    for minute, given in enumerate(answers):
        make_submitted(call, at=start + timedelta(minutes=minute // 2), **given)
    Submission.objects.filter(pk=Submission.objects.first().pk).update(triage_status="considered")
    make_draft(call)
    write_due(until=lambda: False)
    lists = {"q=needle": 2, "timing=on_time&p=9": 3, "o=2": 3}
    # Each column, one way or the other. A draft was never received: NULL is above all else.
    lists |= {f"state=all&o={'-' * (column % 2)}{column}": 4 for column in range(9)}
    for filters, number in lists.items():
        listed = responses_listed(staff.user, filters.removesuffix("&p=9"))
        around = [None, *(page_of(response, filters) for response in listed), None]
        for place, response in enumerate(listed, start=1):
            if number == 4 and place != 2 and response.state != "draft":
                continue  # of each order, the second and the draft
            shown = under(response, staff.user, filters)
            assert (shown.previous, shown.place, shown.total, shown.next) == (
                around[place - 1],
                place,
                number,
                around[place + 1],
            ), filters
        assert len(around) == number + 2


@pytest.mark.django_db
def test_response_that_left_the_list_still_leads_on_from_its_place(staff):
    newest, middle, oldest = made(make_call(), 3)
    Submission.objects.filter(pk=middle.pk).update(triage_status=TriageStatus.CONSIDERED)
    filters = "triage_status__exact=unread"
    listed = staff.get(page_of(middle, filters)).context["listed"]
    assert (listed.previous, listed.place, listed.total, listed.next) == (
        page_of(newest, filters),
        None,
        2,
        page_of(oldest, filters),
    )


@pytest.mark.django_db
def test_page_leads_back_to_the_page_of_the_list_that_has_the_response(staff, monkeypatch):
    monkeypatch.setattr(ResponseAdmin, "list_per_page", 2)
    every = made(make_call(), 5)
    back = [under(one, staff.user, "o=-2&p=9").back for one in every]
    assert back == [f"{LIST}?o=-2{page}" for page in ["", "", "&p=2", "&p=2", "&p=3"]]
    assert f'href="{html.escape(page_of(every[2], "o=-2&p=2"))}"' in (
        staff.get(back[2]).content.decode()
    )


@pytest.mark.django_db
def test_considered_and_next_sets_the_status_and_leads_on(staff):
    newest, oldest = made(make_call(), 2)
    filters = "triage_status__exact=unread&o=-3"
    for response, then in ((newest, page_of(oldest, filters)), (oldest, f"{LIST}?{filters}")):
        seen = form_of(staff.get(page_of(response, filters)))
        answer = staff.post(consider_of(response, filters), {"base_etag": seen["base_etag"]})
        assert (answer.status_code, answer["Location"]) == (302, then)
        response.refresh_from_db()
        assert response.triage_status == TriageStatus.CONSIDERED
    events = AuditEvent.objects.filter(action="status_changed").order_by("pk")
    assert [(event.submission, event.actor, event.detail["after"]) for event in events] == [
        (newest, staff.user, "considered"),
        (oldest, staff.user, "considered"),
    ]


@pytest.mark.django_db
def test_considered_and_next_never_overwrites_what_somebody_else_chose(staff):
    response, following = made(make_call(), 2)
    bea = make_user(Role.REVIEWER, username="bea")
    mine = {"base_etag": form_of(staff.get(page_of(response)))["base_etag"]}
    change_status(response, to=TriageStatus.IN_REVIEW, by=bea, at=while_open(response.call))
    answer = staff.post(consider_of(response, "o=2"), mine)
    assert answer["Location"].startswith(page_of(response).partition("?")[0])
    page = staff.get(answer["Location"])
    assert "bea changed the status to “In review”. Your “considered” is not saved." in (
        page.content.decode()
    )
    response.refresh_from_db()
    assert response.triage_status == TriageStatus.IN_REVIEW
    again = {"base_etag": form_of(page)["base_etag"]}
    assert staff.post(consider_of(response), again)["Location"] == page_of(following)
    response.refresh_from_db()
    assert response.triage_status == TriageStatus.CONSIDERED


@pytest.mark.django_db
def test_who_may_not_change_the_status_has_no_such_button_and_is_refused(client):
    response = make_submitted()
    client.force_login(make_user(Role.CODER))
    assert "/considered/" not in client.get(page_of(response)).content.decode()
    assert client.post(consider_of(response)).status_code == 403
    response.refresh_from_db()
    assert response.triage_status == TriageStatus.UNREAD


def said_consent(page):
    text = page.content.decode()
    assert text.index('id="consent"') < text.index('class="answers"')
    found = re.search(r'<p class="(consent[^"]*)" id="consent">(.*?)</p>', text)
    return found[1], html.unescape(re.sub("<[^>]*>", "", found[2]))


@pytest.mark.django_db
def test_page_says_first_what_the_author_allows(staff):
    listed = {
        "key": "org_name_listed",
        "kind": "radio",
        "label": "May we list your organisation?",
        "options": [{"key": "yes", "label": "Yes"}, {"key": "no", "label": "No"}],
    }
    named = {"key": "org_name", "kind": "short", "label": "Which one?", "identity": True}
    call = make_call(evidence_questions=[*EVIDENCE, named, listed])
    response = make_submitted(call, publication="named", org_name_listed="yes")
    assert said_consent(staff.get(page_of(response))) == (
        "consent",
        "Publish with the names of the person and the organisation. You may quote it. "
        "The organisation may be listed as one that answered.",
    )
    amended(response, publication="anonymous", quote_ok="no", org_name_listed="no")
    assert said_consent(staff.get(page_of(response))) == (
        "consent",
        "Publish without names. Do not quote it. "
        "Do not list the organisation as one that answered.",
    )
    amended(response, publication="confidential")
    # An earlier version says what the latest allows.
    for query in ({}, {"version": 1}):
        assert said_consent(staff.get(page_of(response), query)) == (
            "consent withheld",
            "Do not publish: project team only.",
        )
    amending.withdraw(submission=response, at=while_open(call))
    assert said_consent(staff.get(page_of(response))) == (
        "consent withheld",
        "Withdrawn: do not use it.",
    )


@pytest.mark.django_db
def test_page_says_what_the_call_allows_where_it_asks_nobody(staff):
    questions = [{"key": "story", "kind": "long", "label": "What happened?"}]
    for policy, said in (
        ("never", "Do not publish: project team only. This call publishes no response."),
        (
            "not asked",
            "Use it inside: do not publish or quote. The call asks nobody about publication.",
        ),
    ):
        call = make_call(evidence_questions=questions, publication=policy)
        shown = said_consent(staff.get(page_of(make_submitted(call))))
        assert shown == ("consent withheld", said)


@pytest.mark.django_db
def test_unanswered_questions_are_folded_in_their_place(staff):
    response = make_submitted(make_call(), story="A story", fairness={"money": "poor"})
    text = staff.get(page_of(response)).content.decode()
    order = re.findall(r'<summary>([^<]*)</summary>|id="answer-(\w+)"', text)
    assert [summary or key for summary, key in order][2:] == [
        "1 question not answered",
        "history",
        "fairness",
        "story",
        "1 question not answered",
        "documents",
        "publication",
        "quote_ok",
        "declaration",
    ]


@pytest.mark.django_db
def test_page_takes_as_many_queries_in_a_long_list_as_in_a_short_one(staff):
    call = make_call()
    first = make_submitted(call)

    def queries():
        with CaptureQueriesContext(connection) as taken:
            staff.get(page_of(first, "o=-2"))
        return len(taken)

    staff.get(page_of(first, "o=-2"))
    alone = queries()
    made(call, 5)
    assert queries() == alone
    assert alone <= 25, "something is asked twice, or for nothing"


@pytest.mark.django_db
def test_keys_are_turned_off_and_on_for_one_person(staff):
    response = make_submitted()
    other = Client()
    other.force_login(make_user(Role.CODER))
    keys = reverse("admin:submissions_submission_keys")

    def has_script(client, address):
        return "js/staff.js" in client.get(address).content.decode()

    for said, shown, is_again in (
        ("off", False, False),
        ("off", False, True),
        ("on", True, False),
        ("on", True, True),
    ):
        assert staff.post(keys, {"keys": said})["Location"] == keys
        button = "Turn the keys off" if shown else "Turn the keys on"
        assert button in staff.get(keys).content.decode()
        if is_again:
            continue
        assert has_script(staff, page_of(response) if said == "off" else LIST) == shown
        if said == "off":
            assert has_script(other, LIST)


def marked(page):
    """What the page marks as added and as removed, and its summaries of what is folded."""
    text = page.content.decode().partition('class="answers"')[2]
    found = {
        tag: re.findall(rf'<{tag}><span class="visually-hidden">[^<]*</span>([^<]*)<', text)
        for tag in ("ins", "del")
    }
    return found["ins"], found["del"], re.findall(r"<summary>([^<]*)</summary>", text)


@pytest.mark.django_db
def test_page_marks_the_words_that_changed_since_the_version_before(staff):
    response = make_submitted(
        make_call(), story="We bid alone & lost.\nTwice.", roles=["provider"], publication="named"
    )
    amended(response, story="We bid alone & won.\nTwice.", roles=["provider", "commissioner"])
    page = staff.get(page_of(response), {"version": 2, "since": 1})
    assert marked(page) == (
        ["- I commission services\n", "won.\n"],
        ["lost.\n"],
        ["1 answer not changed", "2 answers not changed", "5 answers not changed"],
    )
    assert "What changed since version 1" in page.content.decode()
    event = AuditEvent.objects.filter(action="response_opened").latest("pk")
    assert event.detail == {"version": 2, "identity": True, "since": 1}
    for query in ({"version": 1, "since": 2}, {"since": 9}, {"since": "x"}, {"since": 2}):
        assert marked(staff.get(page_of(response), query))[:2] == ([], [])


@pytest.mark.django_db
def test_change_of_who_answered_is_marked_for_those_who_may_see_it(staff, client):
    response = make_submitted(make_call(), email="old@example.org")
    amended(response, email="new@example.org")
    query = {"version": 2, "since": 1}
    assert marked(staff.get(page_of(response), query))[:2] == (
        ["new@example.org"],
        ["old@example.org"],
    )
    client.force_login(make_user(Role.REVIEWER))
    page = client.get(page_of(response), query)
    assert marked(page)[:2] == ([], [])
    assert "example.org" not in page.content.decode()


@pytest.mark.django_db
def test_page_of_a_response_takes_as_many_queries_with_many_versions_and_files_as_with_few(staff):
    call = make_call()
    response = make_draft(call, **complete_answers(call))
    make_attachment(response)
    response = submitting.submit(submission=response, at=while_open(call)).submission
    amended(response, story="Version 2")

    def queries():
        with CaptureQueriesContext(connection) as taken:
            staff.get(page_of(response), {"version": 2, "since": 1})
        return len(taken)

    staff.get(page_of(response), {"version": 2, "since": 1})
    few = queries()
    for number in range(2):
        make_attachment(response, name=f"{number}.txt")
        amended(
            response, story=f"Version {number + 3}", roles=["provider", "other"], role_other="x"
        )
    assert queries() == few
