import re
from copy import deepcopy
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEvent
from accounts.states import Action, AuditAction, Role
from review.duplicates.counting_once import standing_of
from review.duplicates.deciding import decide, take_out
from review.errors import DecisionOutdated, DecisionRefused
from review.models import Cluster, ClusterMember
from review.states import ClusterState, MemberState
from submissions.responses import amending
from submissions.responses.addresses import remember_address
from tests.forms import form_of
from tests.makers import (
    OPENS_AT,
    confirm_address,
    enqueue_link_mail,
    make_call,
    make_submitted,
    make_user,
    while_open,
    withhold,
)
from tests.review.duplicates.texts import CAMPAIGN, OTHER, PREFACE, compare_all, found, send

pytestmark = pytest.mark.django_db


def make_rows():
    call = make_call()
    responses = [send(call, text) for text in (CAMPAIGN, PREFACE + CAMPAIGN, CAMPAIGN)]
    compare_all()
    return {"call": call, "three": responses, "empty": make_call()}


@pytest.fixture
def made(rows, db):
    return deepcopy(rows)


@pytest.fixture
def empty(made):
    """A call without responses."""
    return made["empty"]


@pytest.fixture
def three(made):
    """Three responses of one campaign, the first submitted first."""
    return made["three"]


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def page_of(cluster):
    return f"/admin/review/cluster/{cluster.pk}/change/"


def decided(cluster, **overrides):
    fields = {
        "to": ClusterState.CAMPAIGN,
        "up_to": 10**9,
        "base": cluster.lock_version,
        "by": make_user(Role.REVIEWER),
        "at": OPENS_AT,
        "name": "Fair lots",
    }
    return decide(cluster, **fields | overrides)


def states():
    return list(ClusterMember.objects.order_by("pk").values_list("state", flat=True))


def test_campaign_gets_its_name_and_confirms_what_its_page_showed(three):
    reviewer = make_user(Role.REVIEWER)
    cluster = Cluster.objects.get()
    last = ClusterMember.objects.latest("pk").pk
    form = {"do": "decide", "to": "campaign", "name": " Fair  lots", "text": CAMPAIGN}
    answer = signed_in(reviewer).post(page_of(cluster), form | {"base": "0", "up_to": str(last)})
    assert answer.headers["Location"] == page_of(cluster)
    cluster.refresh_from_db()
    said = (cluster.state, cluster.name, cluster.text, cluster.standing, cluster.decided_by)
    assert said == ("campaign", "Fair lots", CAMPAIGN, three[0], reviewer)
    assert states() == [MemberState.CONFIRMED] * 3
    event = AuditEvent.objects.get(action=AuditAction.DUPLICATES_DECIDED)
    assert (event.actor, event.call, event.detail["name"], event.detail["confirmed"]) == (
        reviewer,
        cluster.call,
        "Fair lots",
        3,
    )


def test_later_arrival_is_a_proposal_of_the_campaign(call, three):
    cluster = decided(Cluster.objects.get())
    send(call, CAMPAIGN)
    compare_all()
    assert states() == [MemberState.CONFIRMED] * 3 + [MemberState.PROPOSED]
    client = signed_in(make_user(Role.REVIEWER))
    waiting = client.get("/admin/review/cluster/?waiting=yes").context["cl"].result_list
    assert [(row.pk, row.number, row.new) for row in waiting] == [(cluster.pk, 4, 1)]


def test_decision_says_nothing_of_what_arrived_after_its_page(call, three):
    cluster = Cluster.objects.get()
    shown = ClusterMember.objects.latest("pk").pk
    send(call, CAMPAIGN)
    compare_all()
    decided(cluster, up_to=shown)
    assert states() == [MemberState.CONFIRMED] * 3 + [MemberState.PROPOSED]


def test_decision_is_refused_where_another_set_joined_after_its_page(call, three):
    both = [
        Cluster.objects.get(),
        Cluster.objects.create(call=call, kind="text", found_at=OPENS_AT),
    ]
    earlier = ClusterMember.objects.filter(submission=three[1])
    earlier.update(cluster=both[1])
    shown = ClusterMember.objects.latest("pk").pk
    send(call, PREFACE + CAMPAIGN)
    compare_all()
    kept = Cluster.objects.get()
    page = next(one for one in both if one.pk == kept.pk)
    with pytest.raises(DecisionOutdated) as refused:
        decided(page, up_to=shown)
    assert refused.value.message == (
        "While this page was open, responses came into this set, or left it. It is now: to decide"
    )
    assert states() == [MemberState.PROPOSED] * 4


def test_text_of_a_response_that_was_withdrawn_after_the_page_is_not_stored(call, three):
    cluster = decided(Cluster.objects.get(), text=CAMPAIGN)
    amending.withdraw(submission=three[0], at=while_open(call))
    compare_all()
    with pytest.raises(DecisionOutdated):
        decided(cluster, text=CAMPAIGN)
    cluster.refresh_from_db()
    assert (cluster.text, cluster.changed_by) == ("", None)


def test_of_two_who_decide_at_once_the_second_is_refused_with_the_name_of_the_first(three):
    cluster = Cluster.objects.get()
    first = make_user(Role.REVIEWER, username="ada")
    for _ in range(2):  # as at a second press
        decided(cluster, by=first)
    assert Cluster.objects.get().lock_version == 1
    form = {"do": "decide", "to": "duplicate", "base": "0", "up_to": "999999", "name": "My name"}
    second = signed_in(make_user(Role.REVIEWER))
    unchosen = second.post(page_of(cluster), form | {"to": ""})
    assert unchosen.context["base"] == 0  # nobody told them yet
    answer = second.post(page_of(cluster), form)
    assert answer.status_code == 422
    assert answer.context["error"] == (
        "While this page was open, ada changed this set. It is now: campaign, “Fair lots”. "
        "Nothing of yours was saved: what you chose is below. Look again."
    )
    assert (answer.context["chosen"], answer.context["name"]) == ("duplicate", "My name")
    assert Cluster.objects.get().state == ClusterState.CAMPAIGN
    with pytest.raises(DecisionOutdated):
        decided(cluster)


def test_name_is_given_back_where_the_set_is_gone(three):
    client, cluster = signed_in(make_user(Role.REVIEWER)), Cluster.objects.get()
    where = page_of(cluster)
    cluster.delete()
    page = client.post(where, {"do": "decide", "to": "campaign", "name": "My name"}, follow=True)
    said = [str(one) for one in page.context["messages"]]
    assert said == ["This set is there no more. Nothing was saved. You wrote: “My name”"]


def test_nothing_is_moved_without_a_tick(three):
    client, cluster = signed_in(make_user(Role.REVIEWER)), Cluster.objects.get()
    for do, said in (
        ("take_out", "do not belong here."),
        ("readmit", "to put back. One that is"),
    ):
        page = client.post(page_of(cluster), {"do": do, "base": "0"})
        assert page.status_code == 422
        assert said in page.context["error"]
        assert Cluster.objects.get().lock_version == cluster.lock_version


def arrives_earlier(call):
    """A letter that staff enter late was received before all others."""
    return send(call, CAMPAIGN, at=OPENS_AT + timedelta(days=1))


def test_response_that_nobody_saw_does_not_stand_for_the_others(call, three):
    cluster = Cluster.objects.get()
    shown = ClusterMember.objects.latest("pk").pk
    arrives_earlier(call)
    compare_all()
    decided(cluster, up_to=shown)
    cluster.refresh_from_db()
    assert cluster.standing == three[0]
    page = signed_in(make_user(Role.REVIEWER)).get(page_of(cluster)).content.decode()
    assert "is not in this set any more" not in page


def test_response_that_nobody_saw_does_not_stand_in_for_one_that_is_taken_out(call, three):
    cluster = decided(Cluster.objects.get())
    arrives_earlier(call)
    compare_all()
    first = ClusterMember.objects.get(submission=three[0])
    given = {"base": cluster.lock_version, "by": make_user(Role.REVIEWER), "at": OPENS_AT}
    take_out(cluster, members=[first.pk], **given)
    cluster.refresh_from_db()
    assert cluster.standing == three[1]


def test_what_only_one_response_says_is_not_what_they_have_in_common(empty):
    send(empty, CAMPAIGN, roles=["commissioner"], commissioner_view=OTHER)
    send(empty, CAMPAIGN)
    compare_all()
    cluster = Cluster.objects.get(call=empty)
    page = signed_in(make_user(Role.REVIEWER)).get(page_of(cluster))
    assert [shown.label for shown in page.context["page"].text] == ["What happened?"]
    assert page.context["text"] == CAMPAIGN
    first = page.context["page"].reference
    said = f"leaves open what {first} answers: What do you see as a commissioner? (49 words)."
    assert said in page.content.decode()


def test_answers_that_are_not_alike_are_named_beside_those_that_are(empty):
    send(empty, CAMPAIGN, roles=["commissioner"], commissioner_view="We fund ten refuges.")
    other = send(empty, CAMPAIGN, roles=["commissioner"], commissioner_view=OTHER)
    compare_all()
    page = signed_in(make_user(Role.REVIEWER)).get(page_of(Cluster.objects.get(call=empty)))
    [_, shown] = page.context["page"].members
    assert (shown.member.submission, shown.left_open) == (other, [])
    assert [(answer.label, answer.words) for answer in shown.unlike] == [
        ("What do you see as a commissioner?", 49)
    ]
    text = " ".join(page.content.decode().split())
    assert "Answers like those of" in text
    assert "which are not alike: What do you see as a commissioner? (49 words)." in text


def test_text_of_a_campaign_that_stands_in_two_answers_is_left_out_of_neither(empty):
    short = "Nobody pays for the hours that a small charity spends on its bid."
    both = {"roles": ["commissioner"], "commissioner_view": short}
    send(empty, CAMPAIGN, **both)
    send(empty, CAMPAIGN, **both)
    compare_all()
    cluster = decided(Cluster.objects.get(call=empty), text=f"{CAMPAIGN}\n\n{short}")
    page = signed_in(make_user(Role.REVIEWER)).get(page_of(cluster)).context["page"]
    for shown in page.members:
        [answer] = shown.answers
        assert [piece.kind for piece in answer.pieces] == ["same", "skipped", "same"]
        assert (shown.unlike, shown.left_open) == ([], [])


@pytest.mark.parametrize("again", [False, True])
def test_text_of_a_campaign_ends_with_the_response_that_it_was_taken_from(call, three, again):
    client = signed_in(make_user(Role.REVIEWER))
    cluster = Cluster.objects.get()
    form = {"do": "decide", "to": "campaign", "name": "Fair lots", "standing": str(three[2].pk)}
    for _ in range(1 + again):
        posted = form_of(client.get(page_of(cluster))) | form
        assert client.post(page_of(cluster), posted).status_code == 302
    cluster.refresh_from_db()
    assert (cluster.text, cluster.standing, cluster.text_from) == (CAMPAIGN, three[2], three[0])
    outdated = form_of(client.get(page_of(cluster))) | form
    amending.withdraw(submission=three[0], at=while_open(call))
    compare_all()
    cluster.refresh_from_db()
    assert cluster.text == ""
    # What somebody had open meanwhile is not put back: the page begins with another's words.
    page = client.post(page_of(cluster), outdated | {"text": "His words"})
    assert (page.context["text"], page.context["text_from"]) == (CAMPAIGN, str(three[2].pk))


def test_campaign_without_a_name_is_refused(three):
    for name, said in (
        ("  ", "Enter a name for the campaign."),
        ("x" * 101, "Give the campaign a name of 100 characters or fewer."),
    ):
        with pytest.raises(DecisionRefused) as refused:
            decided(Cluster.objects.get(), name=name)
        assert refused.value.message == said


def test_name_of_another_campaign_of_the_call_is_refused(call, three):
    decided(Cluster.objects.get())
    send(call, OTHER)
    send(call, OTHER)
    compare_all()
    with pytest.raises(DecisionRefused) as refused:
        decided(Cluster.objects.get(state="open"), name="FAIR LOTS")
    assert refused.value.message == "There is a campaign “FAIR LOTS” already in this call."


def test_response_that_counts_is_one_of_the_set(call, three):
    with pytest.raises(DecisionRefused):
        decided(Cluster.objects.get(), standing=send(call, OTHER))


def test_response_taken_out_is_not_proposed_there_again_and_can_be_readmit(three):
    client = signed_in(make_user(Role.REVIEWER))
    cluster = Cluster.objects.get()
    member = ClusterMember.objects.get(submission=three[1])
    client.post(page_of(cluster), {"do": "take_out", "member": member.pk, "base": "0"})
    three[1].signature.delete()
    compare_all()
    assert ClusterMember.objects.get(submission=three[1]).state == MemberState.REJECTED
    assert AuditEvent.objects.get(action=AuditAction.DUPLICATES_CHANGED).detail == {
        "set": cluster.pk,
        "after": "rejected",
        "references": [three[1].reference],
    }
    client.post(page_of(cluster), {"do": "readmit", "member": member.pk, "base": "1"})
    assert ClusterMember.objects.get(submission=three[1]).state == MemberState.PROPOSED


@pytest.mark.parametrize("to", [ClusterState.CAMPAIGN, ClusterState.DUPLICATE])
def test_page_names_who_counts_once_the_chosen_one_is_withdrawn(call, three, empty, to):
    cluster = decided(Cluster.objects.get(), to=to, standing=three[2])
    client = signed_in(make_user(Role.REVIEWER))
    counts = r"<dt>Counts</dt><dd><a href=\"/admin/submissions/submission/(\d+)/change/\">"
    shown = client.get(page_of(cluster)).content.decode()
    assert re.search(counts, shown)[1] == str(three[2].pk)
    assert "in this set any more" not in shown
    amending.withdraw(submission=three[2], at=while_open(call))
    compare_all()
    shown = client.get(page_of(cluster)).content.decode()
    assert re.search(counts, shown)[1] == str(three[0].pk)
    assert "as the one that was chosen is not in this set any more" in shown
    assert three[2].reference not in shown.partition("The responses")[0]
    assert [standing_of(one).left_out for one in (call, empty)] == [1, 0]


def test_page_marks_differences_in_words(three):
    page = signed_in(make_user(Role.CODER)).get(page_of(Cluster.objects.get())).content.decode()
    added = re.findall(r"<ins><b>\[added:</b> (.*?)<b>\]</b></ins>", page, re.S)
    assert [" ".join(one.split()) for one in added] == [PREFACE.strip()]
    assert "words are the same]" in page


def test_opening_the_page_is_on_record_for_each_response_that_it_shows(three):
    reader = make_user(Role.CODER)
    signed_in(reader).get(page_of(Cluster.objects.get()))
    events = AuditEvent.objects.filter(action=AuditAction.RESPONSE_OPENED, actor=reader)
    assert {event.submission for event in events} == set(three)


def test_coder_reads_and_decides_nothing(three):
    client = signed_in(make_user(Role.CODER))
    cluster = Cluster.objects.get()
    assert 'name="to"' not in client.get(page_of(cluster)).content.decode()
    assert client.post(page_of(cluster), {"do": "decide"}).status_code == 403


def test_set_of_one_sender_is_shown_to_those_who_may_see_who_answered(empty):
    at = while_open(empty)
    for text in (OTHER, CAMPAIGN):
        one = make_submitted(empty, story=text)
        remember_address(submission=one, address="jo@example.org", at=at)
        confirm_address(enqueue_link_mail(one, at=at))
    compare_all()
    cluster = Cluster.objects.get(call=empty)
    seen = {}
    for role in (Role.MANAGER, Role.REVIEWER):
        client = signed_in(make_user(role))
        listed = (
            client.get(f"/admin/review/cluster/?call__id__exact={empty.pk}")
            .context["cl"]
            .result_list
        )
        seen[role] = (len(listed), client.get(page_of(cluster)).status_code)
    assert seen == {Role.MANAGER: (1, 200), Role.REVIEWER: (0, 302)}
    shy = make_user(Role.MANAGER)
    withhold(shy, Action.SEE_IDENTITY)
    with pytest.raises(DecisionRefused):
        decided(cluster, by=shy, to=ClusterState.DUPLICATE)


def test_page_of_a_response_leads_to_the_sets_that_its_reader_may_see(call, three):
    decided(Cluster.objects.get())
    address = f"/admin/submissions/submission/{three[0].pk}/change/"
    page = signed_in(make_user(Role.CODER)).get(address).content.decode()
    listed = re.search(r'<h2 id="alike">.*?<ul>(.*?)</ul>', page, re.S)[1]
    said = re.sub(r"<[^>]+>", "", listed)
    assert said == "Fair lots: campaign, the same words, confirmed here"


def test_closing_report_says_what_counting_once_leaves_out(call, three):
    reader = signed_in(make_user(Role.MANAGER))
    address = f"/admin/submissions/call/{call.pk}/closing-report/"

    def said():
        page = reader.get(address).content.decode()
        table = page[page.index("<caption>Campaigns") : page.index("<caption>Mails")]
        return re.findall(r"<td>(?:<a [^>]*>)?(\d+)", table)

    assert said() == ["3", "0", "0", "3"]
    decided(Cluster.objects.get())
    assert said() == ["1", "2", "1", "0"]


def test_pages_cost_the_same_number_of_queries_however_many_there_are(call, three):
    client = signed_in(make_user(Role.REVIEWER))
    addresses = ("/admin/review/cluster/", page_of(Cluster.objects.get()))

    def queries():
        numbers = []
        for address in addresses:
            with CaptureQueriesContext(connection) as seen:
                client.get(address)
            numbers.append(len(seen))
        return numbers

    queries()
    before = queries()
    for text in (CAMPAIGN, PREFACE + CAMPAIGN, OTHER, OTHER):
        send(call, text)
    compare_all()
    assert len(found()) == 2
    assert queries() == before
