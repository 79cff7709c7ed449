"""Progress in numbers, as a page and a file; what staff decided; the first page of the admin."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Membership
from accounts.record import record
from accounts.states import Action, AuditAction, Role
from review.progress import progress
from review.triage import assign, change_status, flag
from submissions.outbox.models import OutboxEmail
from submissions.responses.entering import Came, begin_entry
from submissions.responses.models import Submission
from submissions.responses.states import Acknowledgement, Channel, TriageStatus
from tests.makers import (
    CLOSES_AT,
    make_call,
    make_draft,
    make_submitted,
    make_user,
    while_open,
    withhold,
)
from tests.review.lists import responses_listed

pytestmark = pytest.mark.django_db
LIST = "/admin/submissions/submission/"
AT = CLOSES_AT


@pytest.fixture
def ann(client):
    client.user = make_user(Role.REVIEWER, username="ann", is_staff=True)
    client.force_login(client.user)
    return client


@pytest.fixture
def reviewed(ann):
    """A call with a response of each kind."""
    call = make_call(slug="halls")
    ben = make_user(Role.REVIEWER, username="@ben", is_staff=True)
    made = {name: make_submitted(call) for name in ("new", "mine", "done", "test", "other", "gone")}
    Submission.objects.filter(pk=made["gone"].pk).update(state="withdrawn", withdrawn_at=AT)
    assign(made["mine"], to=ann.user, by=ben, at=AT)
    change_status(made["mine"], to=TriageStatus.IN_REVIEW, by=ann.user, at=AT)
    change_status(made["done"], to=TriageStatus.CONSIDERED, by=ben, at=AT)
    change_status(made["test"], to=TriageStatus.SET_ASIDE, reason="test", by=ann.user, at=AT)
    change_status(made["other"], to=TriageStatus.SET_ASIDE, reason="test", by=ben, at=AT)
    flag(made["new"], flagged=True, by=ben, at=AT)
    return call, made


def test_progress_counts_what_came_how_it_is_and_who_decided(reviewed):
    call, _ = reviewed
    lines = [(line.group, line.what, line.number) for line in progress(call) if line.number]
    assert lines == [
        ("Received", "in all", 6),
        ("Received", "of these withdrawn", 1),
        ("Status", "New", 1),
        ("Status", "In review", 1),
        ("Status", "Considered", 1),
        ("Status", "Set aside", 2),
        ("Set aside", "Sent as a test", 2),
        ("Considered by", "@ben", 1),
        ("Set aside by", "@ben", 1),
        ("Set aside by", "ann", 1),
        ("To do, assigned to", "ann", 1),
        ("To do, assigned to", "nobody", 1),
    ]


def test_links_of_the_table_lead_to_as_many_responses_as_it_says(ann, reviewed):
    call, _ = reviewed
    counted = {line.query: line.number for line in progress(call) if line.query}
    assert {query: len(responses_listed(ann.user, query)) for query in counted} == counted


def test_erased_drafts_are_in_no_list_that_the_table_leads_to(ann, reviewed):
    call, _ = reviewed
    assert "state=erased" in {line.query for line in progress(call)}
    Submission.objects.filter(pk=make_draft(call).pk).update(state="erased")
    assert "state=erased" not in {line.query for line in progress(call)}


def test_refused_form_gives_back_what_was_typed(ann):
    response = make_submitted()
    withhold(ann.user, Action.WRITE_NOTES)
    ann.force_login(ann.user)
    page = f"{LIST}{response.pk}/notes/"
    refused = ann.post(page, {"text": "Who are “they”?", "question": ""})
    assert (refused.status_code, "Who are “they”?" in refused.content.decode()) == (403, True)
    make_call()
    ben = make_user(Role.REVIEWER, username="ben")
    Membership.objects.filter(person=ben, call=response.call).delete()
    ann.force_login(ben)
    gone = ann.post(page, {"text": "Who are “they”?", "question": ""})
    assert (gone.status_code, "Who are “they”?" in gone.content.decode()) == (404, True)


def test_table_is_downloaded_with_nothing_that_a_spreadsheet_runs(ann, reviewed, at):
    at(datetime(2019, 7, 24, 23, 30, tzinfo=UTC))
    page = ann.get(f"{LIST}progress/").content.decode()
    address = reverse("admin:submissions_submission_progress_csv", args=["halls"])
    assert f'href="{address}"' in page
    answer = ann.get(address)
    lines = answer.content.decode("utf-8-sig").split("\r\n")
    assert lines[:2] == ["part,what,responses", "Received,in all,6"]
    assert "Considered by,'@ben,1" in lines
    name = "halls-progress-2019-07-25.csv"  # half past midnight in the UK
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'


def test_table_of_another_call_is_not_there(ann, reviewed):
    other = make_call()
    Membership.objects.filter(call=other).delete()
    ann.force_login(ann.user)  # changed rights end a sign-in
    address = reverse("admin:submissions_submission_progress_csv", args=[other.slug])
    assert ann.get(address).status_code == 404
    assert other.title not in ann.get(f"{LIST}progress/").content.decode()


def test_history_of_a_response_says_what_staff_decided(ann, reviewed):
    _, made = reviewed
    page = ann.get(reverse("admin:submissions_submission_history", args=[made["mine"].pk]))
    assert [(who, what) for _, who, what in page.context["decisions"]] == [
        ("ann", "Status: In review"),
        ("@ben", "Assigned to ann"),
    ]
    aside = ann.get(reverse("admin:submissions_submission_history", args=[made["test"].pk]))
    [(_, who, what)] = aside.context["decisions"]
    assert (who, what) == ("ann", "Status: Set aside: Sent as a test")


def to_do(page):
    return re.findall(r'<li><a href="([^"]*)">([^<]*: \d[^<]*)</a></li>', page.content.decode())


def test_first_page_says_what_there_is_to_do(ann, reviewed, at):
    call, _ = reviewed
    at(AT - timedelta(hours=2))
    record(by=ann.user, at=AT - timedelta(days=30), action=AuditAction.RESPONSE_OPENED)
    record(by=ann.user, at=AT - timedelta(days=20), action=AuditAction.SIGNED_IN)
    came = Came(Channel.POST, AT - timedelta(days=1), Acknowledgement.NONE)
    begin_entry(came, call=call, by=ann.user, at=AT - timedelta(hours=3))
    page = ann.get("/admin/")
    assert to_do(page) == [
        (f"{LIST}?received=visit", "Since your last visit: 5 responses"),
        (f"{LIST}?assigned=me&amp;work=to_do", "Yours to do: 1 response"),
        (f"{LIST}?triage_status__exact=unread", "New: 1 response"),
        (f"{LIST}?assigned=nobody&amp;work=to_do", "To do and assigned to nobody: 1 response"),
        (f"{LIST}?flagged=yes&amp;work=to_do", "Flagged and to do: 1 response"),
        ("/admin/submissions/entry/?", "Half entered, to submit or discard: 1 response"),
    ]
    make_call()
    halls = f"/admin/submissions/entry/?submission__call__id__exact={call.pk}"
    assert (halls, "Half entered, to submit or discard: 1 response") in to_do(ann.get("/admin/"))
    assert "1 entered response" in ann.get(halls).content.decode()
    assert f"<strong>Closes at {call.closes_in_words}</strong>" in page.content.decode()
    for query, said in to_do(page)[:-1]:
        listed = responses_listed(ann.user, query.partition("?")[2].replace("&amp;", "&"))
        assert said.split()[-2] == str(len(listed))


def test_first_page_asks_as_much_for_three_calls_as_for_two(ann, at):
    counts = []
    for number in (2, 1):
        for _ in range(number):
            make_submitted(make_call())
        at(while_open(Submission.objects.first().call))
        ann.user.rights_by_call = None
        with CaptureQueriesContext(connection) as queries:
            ann.get("/admin/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(("role", "told"), [(Role.MANAGER, True), (Role.REVIEWER, False)])
def test_first_page_tells_of_failed_mails_those_who_see_mails(client, role, told):
    client.force_login(make_user(role, is_staff=True))
    make_submitted(email="jo@example.org")
    OutboxEmail.objects.update(state="failed")
    assert ("1 mail failed." in client.get("/admin/").content.decode()) is told


def test_staff_get_an_error_page_that_leads_back_to_the_admin(ann):
    make_call()
    page = ann.get("/admin/nowhere/")
    assert (page.status_code, "There is no such page" in page.content.decode()) == (404, True)
    assert 'href="/admin/"' in page.content.decode()
    refused = ann.post(f"{LIST}1/change/")
    assert (refused.status_code, "You may not do this" in refused.content.decode()) == (403, True)
    garbled = ann.get(f"{LIST}?q=a%00b").content.decode()
    assert ('<a href="?q=ab">' in garbled, 'href="/admin/"' in garbled) == (True, True)
    ann.logout()
    assert "You may not do this" not in ann.get("/steering/").content.decode()


def test_history_of_what_nobody_edits_leads_to_its_page(client):
    client.force_login(make_user(Role.MANAGER, is_staff=True))
    make_submitted(email="jo@example.org")
    mail = OutboxEmail.objects.get()
    names = "admin:submissions_outboxemail_history", "admin:submissions_outboxemail_change"
    history, page = (reverse(name, args=[mail.pk]) for name in names)
    assert client.get(history).headers["Location"] == page
