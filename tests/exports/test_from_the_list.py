"""Exports from the list of responses: what the list shows, under consent, on record."""

import csv
import io
import re
from html import unescape
from urllib.parse import urlencode

import pytest

from accounts.models import AuditEvent
from accounts.states import Action, Role
from exports import asked_for, worker
from exports.filters import ExportFilter
from exports.listed import Listed
from exports.models import ExportRun
from exports.permissions import ExportRefused
from review.searching.entries import write_due
from review.triage import assign, change_status
from submissions.responses.amending import withdraw
from submissions.responses.states import TriageStatus
from tests.exports.exporting import NOW, exported, json_lines, members
from tests.exports.what_files_hold import all_opened
from tests.makers import (
    CLOSES_AT,
    allow,
    just_signed_in,
    make_call,
    make_draft,
    make_submitted,
    make_user,
    while_open,
    withhold,
)

pytestmark = pytest.mark.django_db
LIST = "/admin/submissions/submission/"


@pytest.fixture
def call(at):
    at(NOW)
    return make_call(slug="the-call")


@pytest.fixture
def ann(client, call):
    """A reviewer who may export."""
    client.user = make_user(Role.REVIEWER, username="ann", is_staff=True)
    allow(client.user, Action.EXPORT)
    client.force_login(client.user)
    return client


@pytest.fixture
def nudged(monkeypatch):
    nudges = []
    monkeypatch.setattr(asked_for, "nudge_exports", lambda: nudges.append(1))
    return nudges


def page_of(call):
    return f"/admin/exports/teamfiles/{call.pk}/responses/"


def opened(client, call, query="", only=None):
    given = {"_changelist_filters": query} | ({"only": only} if only else {})
    return client.get(f"{page_of(call)}?{urlencode(given)}")


def pressed(client, call, page, **more):
    """What the form posts, as the page has it."""
    fields = dict(
        re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.content.decode())
    )
    assert set(fields) >= {"_changelist_filters", "only", "rows"}
    fields = {name: unescape(value) for name, value in fields.items()}
    return client.post(page_of(call), {"format": "csv", **fields, **more})


def taken(client, call, query="", only=None, **more):
    answer = pressed(client, call, opened(client, call, query, only), **more)
    assert answer.status_code == 200, answer.content.decode()
    return b"".join(answer.streaming_content)


def references_in(data):
    return {row["reference"] for row in csv.DictReader(io.StringIO(data.decode()))}


def listed(client, query):
    return {row.reference for row in client.get(f"{LIST}?{query}").context["cl"].result_list}


def refused_in(answer):
    return unescape(
        re.search(r'class="errornote" id="error">(.*?)</p>', answer.content.decode())[1]
    )


def test_export_has_what_the_list_shows_under_each_filter_and_search(ann, call):
    ben = make_user(Role.REVIEWER, is_staff=True)
    late = make_submitted(call, story="Paid late by the council", roles=["provider"])
    other = make_submitted(call, story="Paid late too", roles=["commissioner"])
    make_submitted(call, story="Paid on time", roles=["provider"])
    assign(late, to=ben, by=ben, at=CLOSES_AT)
    change_status(other, to=TriageStatus.SET_ASIDE, reason="test", by=ben, at=CLOSES_AT)
    index_all()
    for query, number in {
        "q=late&facet_roles=provider": 1,
        f"assigned={ben.pk}": 1,
        "assigned=nobody&work=to_do": 1,
        "triage_status__exact=set_aside": 1,
        f"q={late.reference}": 1,
        "from=2019-07-01&o=2": 3 if late.submitted_at.month == 7 else 0,
    }.items():
        shown = listed(ann, query)
        assert len(shown) == number, query
        if shown:
            assert references_in(taken(ann, call, query)) == shown, query


def index_all():
    while write_due(until=lambda: False):
        pass


def test_ticked_rows_of_the_list_are_exported_alone(ann, call):
    rows = [make_submitted(call) for _ in range(3)]
    ticked = {"action": "export_chosen", "_selected_action": [rows[0].pk, rows[2].pk]}
    answer = ann.post(f"{LIST}?facet_roles=provider", ticked)
    assert answer.status_code == 302
    page = ann.get(answer.url)
    assert "<strong>2 responses</strong> of the 2 that you ticked" in page.content.decode()
    answer = pressed(ann, call, page)
    data = b"".join(answer.streaming_content)
    assert references_in(data) == {rows[0].reference, rows[2].reference}
    # One that a colleague moved out of the list meanwhile is told of.
    change_status(rows[0], to=TriageStatus.CONSIDERED, by=ann.user, at=NOW)
    page = opened(ann, call, "work=to_do", f"{rows[0].pk}.{rows[2].pk}").content.decode()
    assert "<strong>1 response</strong> of the 2 that you ticked" in page
    assert "1 left out: ticked, and not on the list any more." in page


def test_all_rows_ticked_on_all_pages_are_the_list(ann, call):
    rows = {make_submitted(call).reference for _ in range(3)}
    one = make_submitted(call)
    ticked = {"action": "export_chosen", "_selected_action": [one.pk], "select_across": "1"}
    answer = ann.post(LIST, ticked)
    data = b"".join(pressed(ann, call, ann.get(answer.url)).streaming_content)
    assert references_in(data) == rows | {one.reference}
    assert "only" not in answer.url


def test_list_links_to_the_export_of_its_rows(ann, call):
    make_submitted(call)
    page = ann.get(f"{LIST}?facet_roles=provider").content.decode()
    assert f'href="{page_of(call)}?_changelist_filters=facet_roles%3Dprovider"' in page
    assert "Export this response" in page
    other = make_call(slug="other")
    page = ann.get(LIST).content.decode()
    assert "To export responses, choose their call in the filter" in page
    assert page_of(call) not in page
    page = ann.get(f"{LIST}?call__id__exact={other.pk}").content.decode()
    assert page_of(other) not in page  # nothing to export
    both = {"action": "export_chosen", "_selected_action": [make_submitted(other).pk, 0]}
    assert ann.post(LIST, both).url.startswith(page_of(other))
    of_two = [response.pk for response in (make_submitted(call), make_submitted(other))]
    page = ann.post(LIST, {"action": "export_chosen", "_selected_action": of_two}, follow=True)
    assert "An export is of one call: choose it in the filter first." in page.content.decode()


def test_confidential_responses_stay_out_where_the_list_tells_what_they_say(ann, call):
    secret = make_submitted(call, publication="confidential", quote_ok=None)
    open_one = make_submitted(call)
    # By when they came, and what the list offers: the bare row, as in every export.
    row = next(
        row
        for row in csv.DictReader(
            io.StringIO(taken(ann, call, "timing=on_time&answers_to=facet_age").decode())
        )
        if row["reference"] == secret.reference
    )
    assert (row["publication"], row["roles"], row["story"]) == ("confidential", "", "")
    for query, only, leaves in (
        ("facet_roles=provider", None, True),
        (f"q={secret.reference}", None, False),
        ("", f"{secret.pk}.{open_one.pk}", True),
        ("work=to_do", None, True),
        ("assigned=nobody", None, True),
    ):
        page = opened(ann, call, query, only)
        assert "1 left out: confidential" in page.content.decode(), query
        if leaves:
            assert references_in(taken(ann, call, query, only)) == {open_one.reference}, query


def test_confidential_evidence_needs_its_right_and_a_reason(ann, call):
    secret = make_submitted(call, publication="confidential", quote_ok=None, story="Hidden away")
    answer = pressed(ann, call, opened_as_somebody_who_may(call, ann), confidential="yes")
    assert answer.status_code == 403
    allow(ann.user, Action.EXPORT_CONFIDENTIAL)
    session = ann.session
    session.update(just_signed_in(ann.user))
    session.save()
    page = opened(ann, call, "facet_roles=provider")
    answer = pressed(ann, call, page, confidential="yes")
    assert (answer.status_code, refused_in(answer)) == (
        422,
        "Give a reason for an export of confidential responses.",
    )
    data = taken(ann, call, "facet_roles=provider", confidential="yes", reason="To code them")
    assert secret.reference in references_in(data)
    assert b"Hidden away" in data


def opened_as_somebody_who_may(call, client):
    make_submitted(call)
    return opened(client, call)


def test_drafts_and_withdrawn_responses_are_told_of_and_in_no_export(ann, call):
    make_draft(call)
    gone, here = make_submitted(call), make_submitted(call)
    withdraw(submission=gone, at=while_open(call))
    page = opened(ann, call, "state=all").content.decode()
    assert "<strong>1 response</strong> of the 3 on the list" in page
    assert "2 left out: drafts, and responses that were withdrawn or erased" in page
    assert references_in(taken(ann, call, "state=all")) == {here.reference}
    page = opened(ann, call, "state=withdrawn").content.decode()
    assert "There is nothing to export." in page
    assert 'name="format"' not in page


def test_record_says_who_exported_what_by_which_filters_and_no_searched_words(ann, call):
    ben = make_user(Role.REVIEWER, username="ben@example.org", is_staff=True)
    response = make_submitted(call, story="Jo Bloggs was paid late")
    assign(response, to=ben, by=ben, at=CLOSES_AT)
    index_all()
    taken(ann, call, f"q=Bloggs&assigned={ben.pk}&facet_roles=provider&flagged=no")
    started, ended = AuditEvent.objects.filter(action__startswith="export").order_by("pk")
    assert (started.action, ended.action) == ("export_started", "exported")
    for event in (started, ended):
        assert (event.actor, event.call, event.at) == (ann.user, call, NOW)
        assert event.detail["through"] == "list of responses"
        assert event.detail["filters"] == {
            "listed": [
                f"assigned to: member {ben.pk}",
                "flag: Not flagged",
                "role: I provide services",
                "search: words that are not kept",
            ]
        }
        assert "Bloggs" not in str(event.detail)
        assert "ben@example.org" not in str(event.detail)
    assert started.detail["responses"] == [response.reference]
    assert (ended.detail["rows"], len(ended.detail["sha256"])) == (1, 64)


def test_steering_group_sees_no_filter_of_staff_on_record(ann, call):
    make_submitted(call)
    taken(ann, call, "flagged=no")
    ann.force_login(make_user(Role.STEERING_MEMBER))
    page = ann.get("/steering/the-call/exports/").content.decode()
    assert "on the list of responses" in page
    assert "Not flagged" not in page
    ann.force_login(ann.user)
    page = ann.get("/steering/the-call/exports/").content.decode()
    assert "on the list of responses; flag: Not flagged" in page


def test_bundle_has_the_chosen_rows_alone_and_no_filter_of_staff(ann, call, nudged):
    response = make_submitted(call, story="Unmistakable words")
    other = make_submitted(call, roles=["commissioner"], story="Other words altogether")
    by_list = ExportFilter(listed=Listed((response.pk,), ("flag: Flagged",)))
    data = exported(call, "bundle", export_filter=by_list, by=ann.user)
    files = members(data)
    assert '"filters": {\n    "listed": true\n  }' in files["manifest.json"].decode()
    assert all(b"Flagged" not in content for content in files.values())
    assert references_in(files["responses.csv"]) == {response.reference}
    inside = b"\n".join(all_opened(data)).replace(b"\0", b"")
    withheld = (other.reference, "Other words altogether")
    assert [words.encode() in inside for words in withheld] == [False, False]


def test_large_export_is_made_by_the_worker_of_the_rows_at_the_time_of_asking(
    ann, call, nudged, monkeypatch
):
    monkeypatch.setitem(asked_for.AT_ONCE, "json", 0)
    wanted = [make_submitted(call) for _ in range(3)]
    answer = pressed(ann, call, opened(ann, call, "work=to_do"), format="json")
    run = ExportRun.objects.get()
    assert (answer.url, nudged) == (f"/steering/the-call/exports/{run.public_id}/", [1])
    assert (run.by, run.rows_total) == (ann.user, 3)
    page = ann.get(answer.url).content.decode()
    assert "on the list of responses; work: To do" in page
    # Meanwhile one leaves the list, one comes, and one is withdrawn.
    change_status(wanted[0], to=TriageStatus.CONSIDERED, by=ann.user, at=NOW)
    make_submitted(call)
    withdraw(submission=wanted[1], at=while_open(call))
    worker.make_next(now=lambda: NOW, wall_now=lambda: NOW)
    run.refresh_from_db()
    assert (run.state, run.error) == ("done", "")
    with run.file.open() as file:
        made = {line["reference"] for line in json_lines(file.read())}
    assert made == {wanted[0].reference, wanted[2].reference}
    event = AuditEvent.objects.get(action="export_started")
    assert event.detail["through"] == "list of responses"
    assert event.detail["responses"] == sorted(made)


def test_two_people_at_once_export_what_their_page_told_of(ann, call, client):
    responses = [make_submitted(call) for _ in range(2)]
    page = opened(ann, call, "work=to_do")
    # A colleague considers one before she presses.
    change_status(responses[0], to=TriageStatus.CONSIDERED, by=ann.user, at=NOW)
    answer = pressed(ann, call, page)
    assert (answer.status_code, refused_in(answer)) == (
        422,
        "The list has changed since this page was shown. Look at the numbers, then export again.",
    )
    assert "<strong>1 response</strong> of the 1 on the list" in answer.content.decode()
    assert not AuditEvent.objects.filter(action="export_started").exists()
    data = b"".join(pressed(ann, call, answer).streaming_content)
    assert references_in(data) == {responses[1].reference}


UNREADABLE = "The list cannot read its filters any more. Go back to it and choose them again."


def test_filter_that_no_longer_applies_exports_nothing_and_says_so(ann, call):
    make_submitted(call)
    make_call(slug="other")
    for query, said in {
        "assigned=999": "Assigned to: there is no “999”. Choose one of those shown.",
        "reason=gone": ("The list has no filter “reason” now. Go back to it and choose again."),
        f"call__id__exact={call.pk}&reason=gone": (
            "Reason to set aside: there is no “gone”. Choose one of those shown."
        ),
        "e=1": UNREADABLE,
        "call__id__exact=nonsense": UNREADABLE,
    }.items():
        page = opened(ann, call, query).content.decode()
        assert (said in unescape(page), 'name="format"' in page) == (True, False), query
        posted = {"_changelist_filters": query, "only": "", "rows": "", "format": "csv"}
        assert ann.post(page_of(call), posted).status_code == 422, query
    assert not AuditEvent.objects.filter(action="export_started").exists()


def test_who_may_not_export_or_read_gets_nothing(ann, call):
    response = make_submitted(call)
    page = opened(ann, call)
    posted = {"format": "csv", "_changelist_filters": "", "only": ""}
    posted["rows"] = re.search(r'name="rows" value="(\w+)"', page.content.decode())[1]
    steering = make_user(Role.STEERING_MEMBER)
    reader = make_user(Role.REVIEWER, is_staff=True)
    stranger = make_user(is_staff=True)
    for person, status in ((steering, 403), (reader, 403), (stranger, 403)):
        ann.force_login(person)
        assert ann.get(page_of(call)).status_code == status
        assert ann.post(page_of(call), posted).status_code == status
    ann.force_login(reader)
    assert page_of(call) not in ann.get(LIST).content.decode()
    ticked = {"action": "export_chosen", "_selected_action": [response.pk]}
    ann.post(LIST, ticked)
    ann.logout()
    assert ann.get(page_of(call)).status_code == 302
    assert not AuditEvent.objects.filter(action__startswith="export").exists()


def test_member_of_another_call_finds_no_such_page_and_none_of_its_rows(ann, call):
    mine = make_submitted(call)
    other = make_call(slug="other")
    theirs = make_submitted(other)
    ann.user.memberships.filter(call=other).delete()
    ann.force_login(ann.user)
    assert opened(ann, other).status_code == 404
    page = opened(ann, call, "", f"{mine.pk}.{theirs.pk}").content.decode()
    assert "<strong>1 response</strong> of the 2 that you ticked" in page


def test_worker_refuses_rows_of_the_list_to_who_reads_no_responses_any_more(ann, call):
    response = make_submitted(call)
    by_list = ExportFilter(listed=Listed((response.pk,)))
    withhold(ann.user, Action.READ_RESPONSES)
    with pytest.raises(ExportRefused, match="Only those who read responses"):
        exported(call, "csv", export_filter=by_list, by=ann.user)


def test_finished_export_of_the_list_is_for_who_still_reads_responses(ann, call, nudged):
    make_submitted(call)
    run = pressed(ann, call, opened(ann, call), format="bundle").url
    assert ann.get(run).status_code == 200
    withhold(ann.user, Action.READ_RESPONSES)
    ann.force_login(ann.user)
    assert ann.get("/steering/the-call/exports/").status_code == 200
    assert ann.get(run).status_code == 403
    assert ann.get(f"{run}file/").status_code == 403


def test_form_of_the_steering_page_takes_no_rows_of_a_list(ann, call):
    make_submitted(call)
    answer = ann.get("/steering/the-call/exports/?listed=1")
    assert answer.status_code == 422
    assert "There is no filter “listed”." in answer.content.decode()


def test_release_before_refuses_a_run_of_listed_rows():
    """Its worker knows no such filter, and exports nothing rather than everything."""
    written = ExportFilter(listed=Listed((1,))).filters()
    assert list(written) == ["listed"]
    assert ExportFilter.from_filters(written).listed == Listed((1,))


def test_shapes_are_those_of_the_steering_page(ann, call):
    make_submitted(call, roles=["provider"], at=while_open(call))
    data = taken(ann, call, choices="labels", several="apart").decode()
    row = next(csv.DictReader(io.StringIO(data)))
    assert row["roles"] == "I provide services"
    page = opened(ann, call)
    answer = pressed(ann, call, page, order="sideways")
    assert answer.status_code == 422
    answer = pressed(ann, call, page, format="nonsense")
    assert refused_in(answer) == "Select a format."
