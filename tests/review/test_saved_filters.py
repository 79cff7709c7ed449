"""Filters of the list under a name: one's own, or shared with the members of a call."""

import pytest
from django.test import Client

from accounts.states import Role
from review.models import SavedFilter
from tests.forms import messages_after
from tests.makers import make_call, make_submitted, make_user

pytestmark = pytest.mark.django_db
LIST = "/admin/submissions/submission/"
PAGE = f"{LIST}saved-filters/"


def signed_in(name, role=Role.REVIEWER):
    client = Client()
    client.user = make_user(role, username=name, is_staff=True)
    client.force_login(client.user)
    return client


def save(client, call, query, **fields):
    posted = {"call": call.pk, "query": query, "name": "To read"} | fields
    return client.post(PAGE, posted)


def names_beside_the_list(client):
    return [saved.name for saved, _ in client.get(LIST).context["saved_filters"]]


def test_filters_are_saved_without_words_and_lead_back_to_the_list():
    ann = signed_in("ann")
    call = make_call()
    saved = save(ann, call, "work=to_do&q=secret+words&p=3&assigned=me&o=2")
    assert saved.url == f"{LIST}?assigned=me&o=2&work=to_do"
    page = ann.get(saved.url)
    assert SavedFilter.objects.get().query == "assigned=me&o=2&work=to_do"
    assert page.context["query_now"] == "assigned=me&o=2&work=to_do"
    assert "“To read” is saved." in page.content.decode()


def test_filters_of_the_same_name_replace_the_old_ones():
    ann = signed_in("ann")
    call = make_call()
    for query in ("work=to_do", "work=done"):
        save(ann, call, query)
    assert [row.query for row in SavedFilter.objects.all()] == ["work=done"]


def test_filters_are_refused_in_words():
    ann = signed_in("ann")
    usual = {"call": make_call().pk, "query": "work=done", "name": "To read"}
    for fields, said in (
        ({"name": "  "}, "Enter a name for the filters."),
        ({"name": "x" * 61}, "Enter a name of 60 characters at most."),
        ({"query": "q=only+words"}, "Choose filters on the list first."),
        ({"call": "0"}, "Choose a call."),
    ):
        assert said in ann.post(PAGE, usual | fields).content.decode()
    assert not SavedFilter.objects.exists()


def test_shared_filters_are_for_the_members_and_own_ones_for_nobody_else():
    ann, ben = signed_in("ann"), signed_in("ben")
    call = make_call()
    save(ann, call, "work=done", name="Mine")
    save(ann, call, "work=to_do", name="Ours", shared="yes")
    assert (names_beside_the_list(ann), names_beside_the_list(ben)) == (["Mine", "Ours"], ["Ours"])
    stranger = signed_in("stranger", None)
    other = make_call()
    assert other.saved_filters.count() == 0
    assert stranger.get(PAGE).status_code == 403


def test_owner_and_manager_delete_and_a_colleague_does_not():
    ann, ben, boss = signed_in("ann"), signed_in("ben"), signed_in("boss", Role.MANAGER)
    call = make_call()
    save(ann, call, "work=done", shared="yes")
    key = SavedFilter.objects.get().pk
    said = messages_after(ben.post(PAGE, {"delete": key}))
    assert said == ["“To read” is ann’s: nothing was deleted."]
    boss.post(PAGE, {"delete": key})
    assert not SavedFilter.objects.exists()
    again = messages_after(boss.post(PAGE, {"delete": key}))
    assert again == ["These saved filters are not here any more."]
    save(ann, call, "work=done")
    key = SavedFilter.objects.get().pk
    boss.post(PAGE, {"delete": key})
    assert SavedFilter.objects.exists()
    ann.post(PAGE, {"delete": key})
    assert not SavedFilter.objects.exists()


def test_list_shows_which_saved_filter_it_is_under():
    ann = signed_in("ann")
    call = make_call()
    make_submitted(call)
    save(ann, call, "work=to_do")
    text = ann.get(f"{LIST}?work=to_do").content.decode()
    assert '<a href="?work=to_do" aria-current="true">To read</a>' in text


def test_filters_of_a_call_are_saved_for_that_call():
    ann = signed_in("ann")
    make_call(title="Another")
    call = make_call(title="Zero")
    query = f"call__id__exact={call.pk}&facet_roles=provider"
    page = ann.get(PAGE, {"query": query})
    assert f'<option value="{call.pk}" selected>' in page.content.decode()
    save(ann, call, query)
    assert SavedFilter.objects.get().call == call
    other = make_call()
    said = save(ann, other, query).content.decode()
    assert "The filters are of another call: choose that one." in said
    assert SavedFilter.objects.count() == 1


def test_saved_filter_of_the_only_call_still_finds_once_there_is_another():
    ann = signed_in("ann")
    call = make_call()
    response = make_submitted(call, roles=["provider"])
    save(ann, call, "facet_roles=provider")
    make_submitted(make_call(), roles=["provider"])
    ((_, leads),) = ann.get(LIST).context["saved_filters"]
    assert leads == f"call__id__exact={call.pk}&facet_roles=provider"
    page = ann.get(f"{LIST}?{leads}")
    assert [row.pk for row in page.context["cl"].result_list] == [response.pk]
    assert f'<a href="?{leads}" aria-current="true">To read</a>'.replace("&", "&amp;") in (
        page.content.decode()
    )
    assert f"?{leads}".replace("&", "&amp;") in ann.get(PAGE).content.decode()


def test_name_with_a_nul_is_kept_without_it():
    ann = signed_in("ann")
    save(ann, make_call(), "work=done\0", name="To\0 read")
    assert list(SavedFilter.objects.values_list("name", "query")) == [("To read", "work=done")]
