"""Staff search responses by words: what is found, in which order, and what is said of it."""

import re

import pytest
from django.urls import reverse

from accounts.models import AuditEvent
from accounts.states import Role
from review.noting import add_note
from review.searching.entries import due, write_due
from tests.makers import make_call, make_submitted, make_user, while_open
from tests.personal_data.erasures import erase

LIST = reverse("admin:submissions_submission_changelist")


@pytest.fixture
def call(db, at):
    call = make_call()
    at(while_open(call))
    return call


@pytest.fixture
def staff(client, call):
    client.user = make_user(Role.REVIEWER)
    client.force_login(client.user)
    return client


def written():
    return write_due(until=lambda: False)


def found(client, typed, **filters):
    return [str(row) for row in client.get(LIST, {"q": typed} | filters).context["cl"].result_list]


def said(client, typed):
    text = client.get(LIST, {"q": typed}).content.decode()
    part = re.search(r'<div class="searched".*?</div>', text, re.S)[0]
    return " ".join(re.sub(r"<[^>]*>", " ", part).split())


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("waiting", "ab"),
        ("wait list", "a"),
        ('"waiting list"', "a"),
        ("“waiting list”", "a"),
        ('"list waiting"', ""),
        ("waiting OR mayor", "abc"),
        ("waiting or mayor", "abc"),
        ("waiting list OR mayor", "ac"),
        ("waiting -list", "b"),
        ('-"waiting list"', "bc"),
        ("organisat*", "ab"),
        ("ORGANISAT*", "ab"),
        ("organisation", "ab"),  # the stem is that of “organised”, too
        ("-organisat* mayor", "c"),
        ('"the waiting"', "ab"),
        ("partnership", "b"),  # the label of a choice
        ("the mayor", "c"),
    ],
)
def test_typed_words_find(call, staff, typed, names):
    made = {
        "a": make_submitted(call, story="The waiting list of our organisation is long."),
        "b": make_submitted(call, story="We organise waiting. Organisations.", history=["led"]),
        "c": make_submitted(call, story="The mayor came."),
    }
    assert written() == 3
    by_reference = {str(response): name for name, response in made.items()}
    assert "".join(sorted(by_reference[one] for one in found(staff, typed))) == names


def test_best_comes_first_with_its_words_marked(call, staff):
    weak = make_submitted(call, story="Long ago " + "and then so on " * 60 + "a mayor came.")
    strong = make_submitted(call, story="Mayors <b> are mayors: the mayor says so.")
    written()
    assert found(staff, "mayor") == [str(strong), str(weak)]
    assert found(staff, "mayor", o="1") == sorted([str(strong), str(weak)])
    text = staff.get(LIST, {"q": "mayor"}).content.decode()
    excerpts = re.findall(r'<p class="excerpt"><a href="(.*?)">(.*?)</a>\n(.*?)</p>', text)
    (address, where, first), (_, _, second) = excerpts
    assert address == (
        f"/admin/submissions/submission/{strong.pk}/change/"
        "?_changelist_filters=q%3Dmayor#answer-story"
    )
    assert where == "What happened?"
    assert first == (
        "<mark>Mayors</mark> &lt;b&gt; are <mark>mayors</mark>: the <mark>mayor</mark> says so."
    )
    assert second.startswith("… ")
    assert second.endswith("a <mark>mayor</mark> came.")
    assert "The best come first." in said(staff, "mayor")


def test_excerpts_go_on_record_without_the_words(call, staff):
    response = make_submitted(call, story="The mayor came.")
    written()
    found(staff, "mayor")
    event = AuditEvent.objects.get(action="answers_searched")
    assert (event.actor, event.call) == (staff.user, call)
    assert event.detail == {"shown": [str(response)]}
    found(staff, "nobody")
    found(staff, str(response))
    assert AuditEvent.objects.filter(action="answers_searched").count() == 1


def test_note_is_found_once_its_entry_is_written_anew(call, staff):
    response = make_submitted(call, story="Nothing.")
    written()
    add_note(response, text="Ask the treasurer.", by=staff.user, at=while_open(call))
    assert found(staff, "treasurer") == []
    assert "1 response arrived or changed just now" in said(staff, "treasurer")
    assert written() == 1
    assert found(staff, "treasurer") == [str(response)]
    assert "just now" not in said(staff, "treasurer")
    assert f"Note by {staff.user}" in staff.get(LIST, {"q": "treasurer"}).content.decode()
    assert written() == 0


def test_erasure_ends_the_entry(call, staff):
    response = make_submitted(call, story="The mayor came.")
    written()
    erase(response, at=while_open(call))
    assert not due().exists()
    assert found(staff, "mayor", state="all") == []
