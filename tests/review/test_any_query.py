"""Whatever stands in the query string of a list, the list is a page and never a fault."""

import pytest
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.urls import reverse

from accounts.states import Role
from review.admin.response_filters import OneOf
from submissions.responses.models import Submission
from tests.makers import make_call, make_submitted, make_user
from tests.review.lists import request_of

NONSENSE = ["nonsense", "", "'", "-1", "9" * 30, "[]", "\u0662", "é" * 300]
OF_EVERY_LIST = ["q", "p", "o", "e", "all", "_facets", "_to_field", "_popup"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def superuser(client):
    user = make_user(is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


def specs_of(model_admin, user):
    """Each filter of the list with the parameters that it takes."""
    return [
        (spec, [name for name in spec.expected_parameters() if name])
        for spec in model_admin.get_changelist_instance(request_of(user)).filter_specs
    ]


def rows_of(model_admin, user, query):
    """How many rows the list finds, the filter drawn; None where it refuses what it is asked."""
    try:
        change_list = model_admin.get_changelist_instance(request_of(user, query))
    except (IncorrectLookupParameters, SuspiciousOperation, BadRequest):
        return None
    for spec in change_list.filter_specs:
        if set(query) & set(spec.expected_parameters()):
            list(spec.choices(change_list))
    return change_list.result_count


def test_nul_in_a_query_is_refused_whatever_its_name(client, superuser):
    for name in ("q", "state", "call__id__exact", "unknown"):
        assert client.get("/admin/submissions/submission/", {name: "a\0b"}).status_code == 400
    assert client.get("/admin/review/code/", {"unknown\0": "ab"}).status_code == 400


@pytest.mark.no_cover  # it asks for lists again and again
def test_list_takes_any_value_of_any_filter(client, superuser):
    call = make_call()
    make_submitted(call)
    make_call()
    faults, tried = [], set()
    for model, model_admin in admin.site._registry.items():
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        filters = specs_of(model_admin, superuser)
        drawn = [{"q": "'", "_facets": ""}]
        if model is Submission:  # the others read what every list has with the same lines
            drawn += [{name: NONSENSE[0]} for name in OF_EVERY_LIST]
        pages = [(query, client.get(address, query).status_code) for query in drawn]
        faults += [(address, page) for page in pages if page[1] not in {200, 302, 400}]
        for name in ("q", "p", "o"):
            for value in NONSENSE if model is Submission else ["9" * 30]:
                rows_of(model_admin, superuser, {name: value})
        whole = rows_of(model_admin, superuser, {})
        for spec, names in filters:
            # A filter of a kind that was asked for all before is asked for two, as it is its own.
            kind = (type(spec), type(getattr(spec, "field", None)))
            for name in names:
                # What Django looks up by itself depends on the lookup, not on the field's name.
                read = (*kind, name.rpartition("__")[2])
                for value in NONSENSE if read not in tried else NONSENSE[:2]:
                    found = rows_of(model_admin, superuser, {name: value})
                    # One that the list does not know finds nothing.
                    if isinstance(spec, OneOf) and found != (0 if value else whole):
                        faults.append((address, name, value, found))
                tried.add(read)
    assert faults == []
    assert len(tried) > 25


def test_page_of_a_row_takes_an_empty_field(client, superuser):
    address = reverse("admin:submissions_call_change", args=[make_call().pk])
    for ask in (client.get, client.post):
        assert ask(address, {"_to_field": ""}).status_code == 400


def test_list_of_responses_with_a_filter_that_cannot_be_read_finds_nothing(client, superuser):
    make_submitted(make_call())
    address = reverse("admin:submissions_submission_changelist")
    assert client.get(address, {"nonsense": "1"}).status_code == 400
    page = client.get(address, {"e": "1"})  # where Django leads from a value it cannot read
    assert page.context["cl"].result_count == 0
    assert "The list has no such filter. Choose one of those shown." in page.content.decode()


def test_own_filters_of_responses_are_all_among_those(superuser):
    make_call()
    own = specs_of(admin.site._registry[Submission], superuser)
    found = {name for spec, names in own if isinstance(spec, OneOf) for name in names}
    assert found >= {"state", "facet_roles", "timing"}


def test_steering_pages_refuse_nul_in_a_query(client):
    client.force_login(make_user(Role.STEERING_MEMBER))
    call = make_call()
    for name in ("words", "facet_roles", "unknown"):
        for address in ("", f"{call.slug}/", f"{call.slug}/exports/", f"{call.slug}/export.csv"):
            assert client.get(f"/steering/{address}", {name: "a\0b"}).status_code == 400
    assert client.get(f"/steering/{call.slug}/dictionary.csv", {"q": "\0"}).status_code == 400


def test_steering_export_takes_a_nul_in_what_is_posted(client):
    client.force_login(make_user(Role.STEERING_MEMBER))
    call = make_call()
    make_submitted(call)
    posted = {"format": "csv", "reason": "a\0b", "words": "\0"}
    page = client.post(f"/steering/{call.slug}/exports/", posted)
    assert page.status_code == 200
    assert b"".join(page.streaming_content).count(b"\r\n") == 2
