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
# Lists of each kind; the others read what every list has with the same lines.
ALL_VALUES_IN = ("Submission", "AuditEvent", "Code")
pytestmark = pytest.mark.django_db


@pytest.fixture
def superuser(client):
    user = make_user(is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


def filters_of(model_admin, user):
    """Every parameter that the list's filters take, by whether only its own values count."""
    specs = model_admin.get_changelist_instance(request_of(user)).filter_specs
    return {
        name: isinstance(spec, OneOf)
        for spec in specs
        for name in spec.expected_parameters()
        if name
    }


def rows_of(model_admin, user, query):
    """How many rows the list finds, its filters drawn; None where it refuses what it is asked."""
    try:
        change_list = model_admin.get_changelist_instance(request_of(user, query))
    except (IncorrectLookupParameters, SuspiciousOperation, BadRequest):
        return None
    for spec in change_list.filter_specs:
        list(spec.choices(change_list))
    return change_list.result_count


@pytest.mark.no_cover  # it asks for lists again and again
@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model.__name__)
def test_list_takes_any_value_of_any_filter(client, superuser, model):
    call = make_call()
    make_submitted(call)
    make_call()
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    filters = filters_of(admin.site._registry[model], superuser)
    # The codebook is a tree, which no filter narrows.
    whole = getattr(client.get(address).context.get("cl"), "result_count", None)
    for name in [*filters, *OF_EVERY_LIST, "unknown\0"]:
        assert client.get(address, {name: "a\0b"}).status_code == 400, name
    for name in [*filters, *OF_EVERY_LIST]:
        assert client.get(address, {name: NONSENSE[0]}).status_code in {200, 302, 400}, name
    for name in OF_EVERY_LIST if model.__name__ in ALL_VALUES_IN else ["q"]:
        for value in NONSENSE[1:]:
            assert client.get(address, {name: value}).status_code in {200, 302, 400}, (name, value)
    for name, is_own in filters.items():
        for value in NONSENSE:
            found = rows_of(admin.site._registry[model], superuser, {name: value})
            if is_own:  # one that the list does not know finds nothing
                assert found == (0 if value else whole), (name, value)


@pytest.mark.parametrize("method", ["get", "post"])
def test_page_of_a_row_takes_an_empty_field(client, superuser, method):
    address = reverse("admin:submissions_call_change", args=[make_call().pk])
    assert getattr(client, method)(address, {"_to_field": ""}).status_code == 400


def test_list_of_responses_with_a_filter_that_cannot_be_read_finds_nothing(client, superuser):
    make_submitted(make_call())
    address = reverse("admin:submissions_submission_changelist")
    assert client.get(address, {"nonsense": "1"}).status_code == 400
    page = client.get(address, {"e": "1"})  # where Django leads from a value it cannot read
    assert page.context["cl"].result_count == 0
    assert "The list has no such filter. Choose one of those shown." in page.content.decode()


def test_own_filters_of_responses_are_all_among_those(superuser):
    make_call()
    own = filters_of(admin.site._registry[Submission], superuser)
    assert {name for name, is_own in own.items() if is_own} >= {"state", "facet_roles", "timing"}


@pytest.mark.parametrize(
    "address", ["", "{slug}/", "{slug}/exports/", "{slug}/export.csv", "{slug}/dictionary.csv"]
)
def test_steering_pages_refuse_nul_in_a_query(client, address):
    client.force_login(make_user(Role.STEERING_MEMBER))
    call = make_call()
    for name in ("words", "facet_roles", "since", "order", "quotable", "unknown"):
        page = client.get(f"/steering/{address.format(slug=call.slug)}", {name: "a\0b"})
        assert page.status_code == 400


def test_steering_export_takes_a_nul_in_what_is_posted(client):
    client.force_login(make_user(Role.STEERING_MEMBER))
    call = make_call()
    make_submitted(call)
    posted = {"format": "csv", "reason": "a\0b", "words": "\0"}
    page = client.post(f"/steering/{call.slug}/exports/", posted)
    assert page.status_code == 200
    assert b"".join(page.streaming_content).count(b"\r\n") == 2
