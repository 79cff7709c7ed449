"""Lists that are narrowed to a call offer what is done in that call."""

import re

import pytest
from django.urls import reverse

from accounts.models import Membership
from accounts.states import Role
from tests.makers import make_call, make_user
from tests.review.coding_pages import signed_in

LISTS = {
    "submissions_latepass": {"submissions_latepass_give"},
    "submissions_entry": {"submissions_entry_begin", "submissions_entry_import"},
    "review_memo": {"review_memo_write"},
    "review_quote": {"review_quote_csv"},
    "review_codingsample": {"review_codingsample_draw"},
    "review_reportrun": {"review_reportrun_make"},
    "review_finding": {
        "review_finding_write",
        "review_finding_outline",
        "review_finding_scale",
        "review_reportrun_make",
    },
}


def make_rows():
    boss = make_user(username="boss")
    calls = [make_call(slug=slug, reference_prefix=slug[:2].upper()) for slug in ("mine", "other")]
    for call in calls:
        Membership.objects.create(person=boss, call=call, role=Role.MANAGER)
    return {"boss": boss, "call": calls[0], "calls": calls}


@pytest.fixture
def boss(made):
    return signed_in(made["boss"])


@pytest.fixture
def calls(made):
    return made["calls"]


def tools(page):
    parts = re.findall(r'<ul class="object-tools">.*?</ul>', page.content.decode(), re.DOTALL)
    return set(re.findall(r'href="([^"]+)"', "".join(parts)))


@pytest.mark.parametrize("name", LISTS)
def test_list_of_one_call_offers_what_is_done_in_it(name, boss, calls):
    listed = reverse(f"admin:{name}_changelist")
    of_call = [{reverse(f"admin:{one}", args=[call.pk]) for one in LISTS[name]} for call in calls]
    assert tools(boss.get(listed)) == of_call[0] | of_call[1]
    filtered = f"{listed}?{'submission__' * (name == 'submissions_entry')}call__id__exact"
    assert tools(boss.get(f"{filtered}={calls[0].pk}")) == of_call[0]


def test_list_of_responses_leads_to_the_rest_of_its_call(boss, calls):
    addresses = [
        reverse(f"admin:{name}")
        for name in (
            "submissions_submission_progress",
            "review_code_changelist",
            "review_quote_changelist",
        )
    ]
    listed = reverse("admin:submissions_submission_changelist")
    assert tools(boss.get(listed)) == set(addresses)
    pk = calls[1].pk
    progress, codes, quotes = addresses
    chosen = {f"{progress}#call-{pk}", *(f"{one}?call__id__exact={pk}" for one in (codes, quotes))}
    assert tools(boss.get(f"{listed}?call__id__exact={pk}")) == chosen
    assert f'id="call-{pk}"' in boss.get(progress).content.decode()
