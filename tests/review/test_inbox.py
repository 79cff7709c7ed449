"""The list as an inbox: what it shows, what narrows it, and what changes many at once."""

import re
from datetime import timedelta

import pytest
from django.contrib import admin
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEvent, Membership
from accounts.record import record
from accounts.states import AuditAction, Role
from review.admin import response_filters
from review.bulk import Outcome, spread
from review.models import Review
from review.progress import progress
from review.saved_filters import kept_query
from review.triage import assign, change_status, flag
from submissions.calls.models import Call
from submissions.responses.amending import withdraw
from submissions.responses.models import Submission
from submissions.responses.states import TriageStatus
from submissions.responses.submitting import submit
from tests.forms import form_of, messages_after
from tests.makers import (
    CLOSES_AT,
    complete_answers,
    make_attachment,
    make_call,
    make_draft,
    make_submitted,
    make_user,
    while_open,
)
from tests.review.lists import request_of, responses_listed

pytestmark = pytest.mark.django_db
LIST = "/admin/submissions/submission/"
AT = CLOSES_AT


@pytest.fixture
def ann(client):
    client.user = make_user(Role.REVIEWER, username="ann", is_staff=True)
    client.force_login(client.user)
    return client


@pytest.fixture
def ben():
    return make_user(Role.REVIEWER, username="ben", is_staff=True)


def listed(client, query=""):
    return {row.pk for row in responses_listed(client.user, query.removeprefix("?"))}


def filters(client, query=""):
    request = request_of(client.user, QueryDict(query))
    return admin.site._registry[Submission].get_changelist_instance(request).filter_specs


def messages_of(page):
    return re.findall(r'<li class="(?:error|success|warning)">(.*?)</li>', page.content.decode())


def test_list_is_narrowed_by_what_staff_did(ann, ben):
    call = make_call()
    mine, theirs, free = (make_submitted(call) for _ in range(3))
    assign(mine, to=ann.user, by=ben, at=AT)
    assign(theirs, to=ben, by=ben, at=AT)
    flag(theirs, flagged=True, by=ben, at=AT)
    change_status(theirs, to=TriageStatus.SET_ASIDE, reason="test", by=ben, at=AT)
    record(by=ann.user, at=AT, action=AuditAction.RESPONSE_OPENED, call=call, submission=mine)
    found = {
        "?assigned=me": {mine.pk},
        "?assigned=nobody": {free.pk},
        f"?assigned={ben.pk}": {theirs.pk},
        "?flagged=yes": {theirs.pk},
        "?flagged=no": {mine.pk, free.pk},
        "?work=to_do": {mine.pk, free.pk},
        "?work=done": {theirs.pk},
        "?reason=test": {theirs.pk},
        "?reason=abusive": set(),
        "?triage_status__exact=set_aside": {theirs.pk},
        "?reading=unread": {theirs.pk, free.pk},
        "?reading=read": {mine.pk},
        "?work=to_do&assigned=me&reading=read": {mine.pk},
        "?assigned=nonsense": set(),
    }
    assert {query: listed(ann, query) for query in found} == found


def test_response_is_unread_again_once_its_author_submits_another_version(ann):
    response = make_submitted()
    before = response.submitted_at - timedelta(seconds=1)
    of = {"call": response.call, "submission": response}
    record(by=ann.user, at=before, action=AuditAction.RESPONSE_OPENED, **of)
    assert listed(ann, "?reading=unread") == {response.pk}


def test_list_is_narrowed_by_when_a_response_came(ann, at):
    call = make_call()
    old = make_submitted(call, at=CLOSES_AT - timedelta(days=10))
    evening = make_submitted(call, at=CLOSES_AT - timedelta(days=2))
    new = make_submitted(call, at=CLOSES_AT - timedelta(hours=1))
    record(by=ann.user, at=CLOSES_AT - timedelta(days=1), action=AuditAction.RESPONSE_OPENED)
    record(by=ann.user, at=CLOSES_AT, action=AuditAction.SIGNED_IN)
    at(CLOSES_AT)
    found = {
        "?received=visit": {new.pk},
        "?received=today": {new.pk},
        "?received=week": {evening.pk, new.pk},
        "?from=2019-07-22&until=2019-07-22": {evening.pk},
        "?until=2019-07-22": {old.pk, evening.pk},
        "?from=nonsense": set(),
    }
    assert {query: listed(ann, query) for query in found} == found


def test_list_takes_the_first_and_the_last_day_of_all(ann):
    response = make_submitted()
    for query in ("?until=9999-12-31", "?from=0001-01-01"):
        assert listed(ann, query) == {response.pk}


def test_filter_by_a_question_that_is_gone_finds_nothing_and_says_so(ann):
    response = make_submitted()
    for name in ("gone", "fairness.gone"):
        page = ann.get(f"{LIST}?facet_{name}=yes")
        assert not page.context["cl"].result_list
        said = f"The list has no filter “{name}” any more: it finds nothing. Choose another filter."
        assert messages_of(page) == [said]
    filters = "?_changelist_filters=facet_gone%3Dyes"
    assert ann.get(f"{LIST}{response.pk}/change/{filters}").status_code == 200


def test_reason_that_the_call_has_no_more_narrows_the_list(ann, ben):
    call = make_call()
    response = make_submitted(call)
    change_status(response, to=TriageStatus.SET_ASIDE, reason="test", by=ben, at=AT)
    Review.objects.update(reason="sent_by_mistake")
    assert listed(ann, "?reason=sent_by_mistake") == {response.pk}
    assert listed(ann, "?reason=test") == set()
    assert listed(ann, "?reason=nonsense") == set()


def test_everything_came_since_the_last_visit_at_the_first(ann):
    response = make_submitted()
    assert listed(ann, "?received=visit") == {response.pk}


def test_list_is_narrowed_by_words_files_channel_and_closed_questions(ann):
    question = make_call().questions.get(key="fairness")
    question.rows.append({"key": "range", "label": "Range"})  # the name of a look-up, too
    question.save()
    call = Call.objects.get(pk=question.call_id)
    draft = make_draft(call, **complete_answers(call, story="One two three"))
    make_attachment(draft)
    with_file = submit(submission=draft, at=while_open(call)).submission
    other = make_submitted(
        call,
        story="word " * 300,
        history=["bid", "led"],
        fairness={"money": "good", "range": "good"},
    )
    Submission.objects.filter(pk=other.pk).update(channel="post")
    found = {
        "?words=250-999": {other.pk},
        "?words=1-249": {with_file.pk},
        "?files=yes": {with_file.pk},
        "?files=no": {other.pk},
        "?channel=post": {other.pk},
        "?facet_history=led": {other.pk},
        "?facet_fairness.money=good": {other.pk},
        "?facet_fairness.money=poor": set(),
        "?facet_fairness.range=good": {other.pk},
        "?facet_age=adult": {with_file.pk, other.pk},
        "?facet_declaration=yes": {with_file.pk, other.pk},
        "?facet_declaration=no": set(),
    }
    assert {query: listed(ann, query) for query in found} == found
    titles = [spec.title for spec in filters(ann)]
    assert "How fair was each of these? Split of money" in titles
    assert "Email address" not in titles


def test_list_of_many_questions_offers_the_answers_to_the_one_that_is_asked_for(ann, monkeypatch):
    monkeypatch.setattr(response_filters, "MOST_SHOWN", 2)
    call = make_call()
    led, bid = (make_submitted(call, history=[each]) for each in ("led", "bid"))

    def offered(query):
        specs = filters(ann, query.removeprefix("?"))
        return [spec.title for spec in specs if getattr(spec, "is_of_a_question", False)]

    history = call.questions.get(key="history").label
    first, *facets = reversed(offered(""))
    assert first == "another question"
    assert history not in facets
    assert offered("?answers_to=facet_history") == [*reversed(facets), history, first]
    page = ann.get(f"{LIST}?answers_to=facet_history").content.decode()
    opened = re.findall(r'data-filter-title="([^"]*)" open', page)
    assert opened == [history]
    assert offered("?facet_history=led") == [*reversed(facets), history, first]
    assert listed(ann, "?answers_to=facet_history") == {led.pk, bid.pk}
    assert listed(ann, "?answers_to=facet_declaration&facet_history=led") == {led.pk}
    assert kept_query("answers_to=facet_history&facet_history=led") == "facet_history=led"


def test_list_asks_as_much_for_assigned_responses_as_for_one(ann, ben):
    call = make_call()
    counts = []
    for more in (1, 3):
        for _ in range(more):
            response = make_submitted(call)
            assign(response, to=ben, by=ben, at=AT)
            change_status(response, to=TriageStatus.SET_ASIDE, reason="test", by=ben, at=AT)
        with CaptureQueriesContext(connection) as queries:
            ann.get(LIST)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def choose(client, responses, action, *, address=LIST, is_opened=False, **fields):
    """What the page answers once `action` was chosen for the responses in its list.

    A list that is opened before says how each response was.
    """
    shown = form_of(client.get(address)) if is_opened else {"index": "0", "select_across": "0"}
    chosen = {"action": action, "_selected_action": [one.pk for one in responses]}
    return client.post(address, shown | chosen | fields)


def test_status_of_many_is_set_with_a_summary_of_what_was_left(ann, ben):
    call = make_call()
    responses = [make_submitted(call) for _ in range(3)]
    change_status(responses[0], to=TriageStatus.CONSIDERED, by=ben, at=AT)
    asked = choose(ann, responses, "set_status", is_opened=True)
    assert "You chose 3 responses." in asked.content.decode()
    answer = ann.post(
        LIST,
        form_of(asked)
        | {"_selected_action": [one.pk for one in responses], "status": "considered"},
        follow=True,
    )
    assert messages_of(answer) == ["2 responses changed. 1 left as before: 1 so already."]
    assert set(Submission.objects.values_list("triage_status", flat=True)) == {"considered"}
    events = AuditEvent.objects.filter(action="status_changed", actor=ann.user)
    assert {event.submission_id for event in events} == {one.pk for one in responses[1:]}
    assert list(Review.objects.filter(decided_by=ann.user).values_list("submission")) == [
        (one.pk,) for one in responses[1:]
    ]


def test_of_many_those_that_somebody_changed_meanwhile_are_left_with_the_name(ann, ben):
    call = make_call()
    responses = [make_submitted(call) for _ in range(2)]
    asked = choose(ann, responses, "set_status", address=f"{LIST}?work=to_do", is_opened=True)
    change_status(responses[0], to=TriageStatus.CONSIDERED, by=ben, at=AT)
    posted = form_of(asked) | {
        "_selected_action": [one.pk for one in responses],
        "status": "set_aside.test",
    }
    answer = ann.post(f"{LIST}?work=to_do", posted)
    assert messages_after(answer) == [
        f"{responses[0]} is left as it is. While this page was open, ben changed the status to "
        "“Considered”.",
        "1 response changed. 1 left as before: 1 changed by somebody else while the page was open.",
    ]
    statuses = Submission.objects.order_by("pk").values_list("triage_status", flat=True)
    assert list(statuses) == ["considered", "set_aside"]


def test_of_the_whole_list_those_that_left_it_or_came_meanwhile_are_left(ann, ben, monkeypatch):
    monkeypatch.setattr("core.admin.read_only.ReadOnlyAdmin.list_per_page", 1)
    call = make_call()
    seen, unseen, stays = (make_submitted(call, at=AT - timedelta(days=n)) for n in (1, 3, 2))
    address = f"{LIST}?work=to_do"
    opened = {"address": address, "is_opened": True, "select_across": "1"}
    asked = choose(ann, [seen], "set_status", **opened)
    assert "You chose 3 responses." in asked.content.decode()
    for response in (seen, unseen):
        change_status(response, to=TriageStatus.CONSIDERED, by=ben, at=AT)
    late = make_submitted(call)
    posted = form_of(asked) | {"_selected_action": [seen.pk], "status": "set_aside.test"}
    answer = ann.post(address, posted)
    assert messages_after(answer) == [
        f"{seen} is left as it is. While this page was open, ben changed the status to "
        "“Considered”.",
        "1 response changed. 2 left as before: 1 not in the list any more, 1 changed by somebody "
        "else while the page was open.",
    ]
    statuses = dict(Submission.objects.values_list("pk", "triage_status"))
    assert (statuses[stays.pk], statuses[late.pk]) == ("set_aside", "unread")


def test_nothing_is_left_of_the_whole_list(ann, ben, monkeypatch):
    monkeypatch.setattr("core.admin.read_only.ReadOnlyAdmin.list_per_page", 1)
    call = make_call()
    shown, unseen = (make_submitted(call, at=AT - timedelta(days=n)) for n in (1, 2))
    address = f"{LIST}?assigned=nobody"
    asked = choose(ann, [shown], "assign_to", address=address, select_across="1")
    posted = {name: value for name, value in form_of(asked).items() if "base_" not in name}
    for response in (shown, unseen):
        assign(response, to=ben, by=ben, at=AT)
    posted |= {"_selected_action": [shown.pk], "assignee": ann.user.pk}
    answer = ann.post(address, posted)
    assert messages_after(answer) == [
        "0 responses changed. 2 left as before: 2 not in the list any more."
    ]


def test_many_are_assigned_and_flagged(ann, ben):
    call = make_call()
    responses = [make_submitted(call) for _ in range(2)]
    keys = [one.pk for one in responses]
    asked = choose(ann, responses, "assign_to")
    ann.post(LIST, form_of(asked) | {"_selected_action": keys, "assignee": ben.pk})
    choose(ann, responses, "flag")
    rows = Review.objects.order_by("pk").values_list("assignee__username", "flagged")
    assert list(rows) == [("ben", True), ("ben", True)]
    choose(ann, responses[:1], "take_flag_away")
    assert list(Review.objects.order_by("pk").values_list("flagged", flat=True)) == [False, True]


def test_spreading_gives_each_as_much_to_do_and_leaves_what_is_assigned_or_done(ann, ben):
    call = make_call()
    responses = [make_submitted(call) for _ in range(7)]
    assign(responses[0], to=ben, by=ben, at=AT)
    change_status(responses[1], to=TriageStatus.CONSIDERED, by=ben, at=AT)
    asked = choose(ann, responses, "spread_evenly")
    posted = form_of(asked) | {
        "_selected_action": [one.pk for one in responses],
        "people": [ann.user.pk, ben.pk],
    }
    answer = ann.post(LIST, posted)
    assert messages_after(answer) == [
        "5 responses changed. 2 left as before: 1 assigned already, 1 done already."
    ]
    has = {one: Review.objects.filter(assignee=one).count() for one in (ann.user, ben)}
    assert has == {ann.user: 3, ben: 3}
    # What is not assigned after all counts for nobody.
    keys = [make_submitted(call).pk for _ in range(4)]
    for gone in Submission.objects.filter(pk__in=keys[::2]):
        withdraw(submission=gone, at=while_open(call))
    assert spread(keys, [ann.user, ben], by=ben, at=AT, etags={}).changed == 2
    assert {Review.objects.filter(assignee=one).count() for one in (ann.user, ben)} == {4}


def test_what_somebody_had_who_reviews_no_longer_is_nobodys(ann, ben):
    call = make_call()
    kept, left = make_submitted(call), make_submitted(call)
    assign(kept, to=ann.user, by=ben, at=AT)
    assign(left, to=ben, by=ben, at=AT)
    nobodys = "?assigned=nobody&work=to_do"
    assert listed(ann, nobodys) == set()
    bens = Membership.objects.filter(person=ben)
    bens.update(role=Role.CODER)
    assert listed(ann, nobodys) == {left.pk}
    bens.update(also=["change_status"])
    assert listed(ann, nobodys) == set()
    bens.update(role=Role.REVIEWER, also=[], without=["change_status"])
    assert listed(ann, nobodys) == {left.pk}
    bens.delete()
    assert listed(ann, nobodys) == {left.pk}
    page = reverse("admin:submissions_submission_change", args=[left.pk])
    for where in (LIST, page):
        assert "ben, no longer a reviewer<" in ann.get(where).content.decode()
    lines = [one for one in progress(call) if one.group == "To do, assigned to"]
    assert [one.what for one in lines] == [str(ann.user), "ben, no longer a reviewer"]
    page = reverse("admin:submissions_submission_change", args=[kept.pk])
    assert "no longer a reviewer" not in ann.get(page).content.decode()
    assert "To do and assigned to nobody: 1 response" in ann.get("/admin/").content.decode()
    assert spread([kept.pk, left.pk], [ann.user], by=ann.user, at=AT, etags={}).changed == 1
    assert Review.objects.filter(assignee=ann.user).count() == 2


def test_spreading_over_two_calls_gives_nobody_what_they_may_not_decide(ann, ben):
    calls = [make_call(), make_call()]
    Membership.objects.filter(person=ben, call=calls[1]).delete()
    keys = [make_submitted(call).pk for call in calls for _ in range(3)]
    given = {"by": ann.user, "at": AT, "etags": {}}
    assert spread(keys, [ann.user, ben], **given) == Outcome(changed=6)
    has = Review.objects.values_list("assignee__username", "submission__call")
    assert {call for name, call in has if name == "ben"} == {calls[0].pk}
    assert {call for name, call in has if name == "ann"} == {call.pk for call in calls}
    alone = make_submitted(calls[1]).pk
    left = "of a call in which nobody of them may change the status"
    assert spread([alone], [ben], **given).left == {left: 1}


def test_many_cost_no_more_queries_than_two(ann):
    call = make_call()
    counts = []
    for number in (2, 6):
        responses = [make_submitted(call) for _ in range(number)]
        with CaptureQueriesContext(connection) as queries:
            choose(ann, responses, "flag")
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert Review.objects.filter(flagged=True).count() == 8


def test_page_after_the_last_shows_the_last_with_the_filter(ann, monkeypatch):
    monkeypatch.setattr("core.admin.read_only.ReadOnlyAdmin.list_per_page", 2)
    call = make_call()
    made = [make_submitted(call) for _ in range(3)]
    for asked in ("11", "0"):
        page = ann.get(f"{LIST}?work=to_do&p={asked}")
        shown = page.context["cl"]
        expected = (2, [made[0].pk]) if asked == "11" else (1, [made[2].pk, made[1].pk])
        assert (shown.page_num, [row.pk for row in shown.result_list]) == expected
