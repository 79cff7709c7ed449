import csv
import io

import pytest
from django.test import Client

from accounts.states import Action, Role
from exports.consent import Scope
from exports.counts.response_counts import count_responses
from exports.filters import ExportFilter
from review.duplicates.deciding import decide, take_out
from review.models import Cluster
from review.states import ClusterState
from submissions.responses import amending
from tests.exports.exporting import exported
from tests.makers import CLOSES_AT, OPENS_AT, allow, make_call, make_user, while_open
from tests.review.duplicates.texts import CAMPAIGN, OTHER, PREFACE, compare_all, send

pytestmark = pytest.mark.django_db
SHARED = {"publication": "named", "quote_ok": "yes"}


def decided(cluster, to, **overrides):
    fields = {"up_to": 10**9, "base": 0, "by": make_user(Role.REVIEWER), "at": OPENS_AT}
    return decide(cluster, to=to, name="Fair lots", **fields | overrides)


def rows(call, campaigns, **scope):
    chosen = ExportFilter(campaigns=campaigns).checked(call)
    data = exported(call, export_filter=chosen, scope=Scope(**scope))
    return list(csv.DictReader(io.StringIO(data.decode())))


@pytest.fixture
def call():
    return make_call()


@pytest.fixture
def campaign(call):
    """Three responses of a campaign, and one of its own."""
    three = [
        send(call, text, roles=[role], **SHARED)
        for text, role in ((CAMPAIGN, "provider"), (PREFACE + CAMPAIGN, "commissioner"))
    ]
    three.append(send(call, CAMPAIGN, roles=["provider"], **SHARED))
    own = send(call, OTHER, roles=["provider"], **SHARED)
    compare_all()
    decided(Cluster.objects.get(), ClusterState.CAMPAIGN)
    return [*three, own]


def test_columns_that_everybody_relies_on_stay_as_they_are_unless_campaigns_are_asked_for(
    call, campaign
):
    plain, named, once = (list(rows(call, how)[0]) for how in ("", "named", "once"))
    assert named == [*plain, "campaign"]
    assert once == [*plain, "campaign", "stands_for"]


def test_every_row_names_its_campaign(call, campaign):
    assert [(row["reference"], row["campaign"]) for row in rows(call, "named")] == [
        *((response.reference, "Fair lots") for response in campaign[:3]),
        (campaign[3].reference, ""),
    ]
    chosen = ExportFilter(campaigns="named")
    Cluster.objects.update(name="=Fair lots")
    assert {row["campaign"] for row in rows(call, "named")} == {"'=Fair lots", ""}
    told = exported(call, "dictionary", export_filter=chosen).decode()
    (said,) = (row for row in csv.DictReader(io.StringIO(told)) if row["column"] == "campaign")
    # No short text, whose cells publication empties.
    assert (said["type"], said["notes"]) == ("text", "")


def test_campaign_is_one_row_that_says_for_how_many_it_stands(call, campaign):
    found = [(row["reference"], row["campaign"], row["stands_for"]) for row in rows(call, "once")]
    first, own = campaign[0].reference, campaign[3].reference
    assert found == [(first, "Fair lots", "3"), (own, "", "")]


def test_another_response_stands_for_the_campaign_once_the_first_is_withdrawn(call, campaign):
    amending.withdraw(submission=campaign[0], at=while_open(call))
    assert [row["reference"] for row in rows(call, "once")] == [
        campaign[1].reference,
        campaign[3].reference,
    ]


def test_of_duplicates_the_one_that_staff_chose_is_the_row(call):
    pair = [send(call, CAMPAIGN, **SHARED) for _ in range(2)]
    compare_all()
    decided(Cluster.objects.get(), ClusterState.DUPLICATE, standing=pair[1])
    assert [row["reference"] for row in rows(call, "once")] == [pair[1].reference]
    assert len(rows(call, "")) == 2


def test_what_nobody_decided_or_is_unrelated_all_counts(call):
    pair = [send(call, CAMPAIGN, **SHARED) for _ in range(2)]
    compare_all()
    assert len(rows(call, "once")) == 2
    decided(Cluster.objects.get(), ClusterState.UNRELATED)
    assert [row["reference"] for row in rows(call, "once")] == [one.reference for one in pair]


def test_what_was_taken_out_or_is_proposed_counts_by_itself(call, campaign):
    cluster = Cluster.objects.get()
    others = cluster.members.filter(submission__in=campaign[1:3]).values_list("pk", flat=True)
    by = make_user(Role.REVIEWER)
    take_out(cluster, members=others, base=cluster.lock_version, by=by, at=OPENS_AT)
    proposed = send(call, CAMPAIGN, roles=["provider"], **SHARED)
    compare_all()
    found = [(row["reference"], row["campaign"], row["stands_for"]) for row in rows(call, "once")]
    assert found == [(one.reference, "", "") for one in [*campaign, proposed]]


def test_confidential_response_tells_nothing_of_its_campaign(call, client):
    hidden = send(call, CAMPAIGN, publication="confidential")
    shown = [send(call, CAMPAIGN, **SHARED) for _ in range(2)]
    compare_all()
    decided(Cluster.objects.get(), ClusterState.CAMPAIGN)
    found = [(row["reference"], row["campaign"], row["stands_for"]) for row in rows(call, "once")]
    assert found == [(hidden.reference, "", ""), (shown[0].reference, "Fair lots", "2")]
    all_of_it = rows(call, "once", confidential=True)
    assert [(row["reference"], row["stands_for"]) for row in all_of_it] == [(hidden.reference, "3")]
    reader = make_user(Role.REVIEWER, is_staff=True)
    allow(reader, Action.EXPORT)
    client.force_login(reader)
    page = client.get(f"/admin/exports/teamfiles/{call.pk}/responses/?campaigns=once")
    assert (page.context["number"], page.context["confidential"]) == (2, 0)


def test_campaign_of_one_shown_response_is_named_to_those_alone_who_see_another(call, client):
    """The others say the same."""
    hidden = send(call, CAMPAIGN, publication="confidential")
    shown = send(call, CAMPAIGN, **SHARED)
    compare_all()
    client.force_login(make_user(Role.STEERING_MEMBER))

    def told():
        page = client.get(f"/steering/{call.slug}/")
        counts = client.get(f"/steering/{call.slug}/counts/")
        pages = [answer.context["has_campaigns"] for answer in (page, counts)]
        return rows(call, "named"), rows(call, "once"), pages

    before = told()
    decided(Cluster.objects.get(), ClusterState.CAMPAIGN)
    assert told() == before
    all_of_it = rows(call, "once", confidential=True)
    assert [(row["campaign"], row["stands_for"]) for row in all_of_it] == [("Fair lots", "2")]
    assert [row["reference"] for row in before[0]] == [hidden.reference, shown.reference]


def test_named_export_counts_a_campaign_by_those_who_chose_to_be_named(call):
    send(call, CAMPAIGN, publication="anonymous", quote_ok="yes")
    named = send(call, CAMPAIGN, **SHARED)
    compare_all()
    decided(Cluster.objects.get(), ClusterState.CAMPAIGN)
    scopes = ({"named": True}, {"named": True, "includes_unnamed": True})
    found = [rows(call, "once", **scope)[0] for scope in scopes]
    assert [(row["reference"] == named.reference, row["stands_for"]) for row in found] == [
        (True, ""),
        (False, "2"),
    ]


def test_charts_count_the_campaign_once(call, campaign):
    everything = count_responses(call, at=CLOSES_AT)
    once = count_responses(call, at=CLOSES_AT, once=True)
    assert (everything.total, once.total) == (4, 2)
    by_role = {option.key: option.responses for option in once.by_facet["roles"]}
    assert (by_role["provider"], by_role["commissioner"]) == (2, 0)
    assert sum(day.responses for day in once.by_day) == 2


def test_steering_page_says_which_it_counts(call, campaign, at):
    at(while_open(call))
    client = Client()
    client.force_login(make_user(Role.STEERING_MEMBER))
    page = client.get(f"/steering/{call.slug}/?campaigns=once")
    assert page.context["counts"].total == 2
    assert "Each campaign is counted once, and duplicates are not counted." in page.text
    # So do the page of all questions that it leads to, and the file that this one offers.
    assert f'<a href="/steering/{call.slug}/counts/?campaigns=once">' in page.text
    page = client.get(f"/steering/{call.slug}/counts/?campaigns=once")
    assert page.context["counts"].total == 2
    assert "Each campaign is counted once, and duplicates are not counted." in page.text
    assert '<input type="hidden" name="campaigns" value="once">' in page.text
    for address in (f"/steering/{call.slug}/", f"/steering/{call.slug}/counts/"):
        page = client.get(address)
        assert page.context["counts"].total == 4
        assert "All responses are counted, those of campaigns and duplicates too." in page.text
        assert '<input type="hidden" name="campaigns"' not in page.text


def test_call_that_hides_small_counts_is_not_counted_once(call, campaign):
    call.hides_small_counts = True
    call.save()
    counts = [count_responses(call, at=CLOSES_AT, once=once) for once in (False, True)]
    assert counts[0] == counts[1]
