"""What the portal suggests to hide: by its form, and by the names of who answered."""

import pytest

from accounts.states import Action, Role
from core.clock import wall_now
from review.models import Redaction
from review.redaction.suggesting import Kind, Names, found_in, suggestions
from review.searching.entries import texts_of_files
from review.states import RedactionState
from review.texts import reading_due_files
from submissions.calls.states import ORGANISATION_NAME
from submissions.responses.submitting import submit
from tests.makers import (
    complete_answers,
    make_attachment,
    make_call,
    make_draft,
    make_submitted,
    make_user,
    while_open,
    withhold,
)
from tests.review.coding_pages import signed_in
from tests.review.redaction_makers import make_redaction

NAME = {"key": "name", "kind": "short", "label": "Name", "identity": True}
ORGANISATION = {
    "key": ORGANISATION_NAME,
    "kind": "short",
    "label": "Organisation",
    "identity": True,
}


@pytest.mark.parametrize(
    ("text", "words", "kind"),
    [
        ("Write to jo.bloggs+x@mail.example.org.", "jo.bloggs+x@mail.example.org", Kind.EMAIL),
        ("Ring 020 7946 0018 now", "020 7946 0018", Kind.PHONE),
        ("Ring +44 (0)20 7946 0018", "+44 (0)20 7946 0018", Kind.PHONE),
        ("Ring (0113) 496 0000.", "(0113) 496 0000", Kind.PHONE),
        ("Ring 07700900123", "07700900123", Kind.PHONE),
        ("Ring 0044 20 7946 0958 now", "0044 20 7946 0958", Kind.PHONE),
        ("Ring 0044 7700 900123.", "0044 7700 900123", Kind.PHONE),
        ("Ring (0)20 7946 0958", "(0)20 7946 0958", Kind.PHONE),
        ("Ring 07700\u00a0900123", "07700\u00a0900123", Kind.PHONE),
        ("Ring 020 – 7946 0958", "020 – 7946 0958", Kind.PHONE),
        ("Ring 020 7946 0018 in 2019", "020 7946 0018", Kind.PHONE),
        ("At LS1 4DY in Leeds", "LS1 4DY", Kind.POSTCODE),
        ("at ec1a1bb", "ec1a1bb", Kind.POSTCODE),
        ("Registered charity number: 1054160.", "1054160", Kind.CHARITY),
        ("charity no. 225922-1", "225922-1", Kind.CHARITY),
        ("a charity (no. 1234567)", "1234567", Kind.CHARITY),
        ("Charity number is 1234567", "1234567", Kind.CHARITY),
        ("a charity in England and Wales (1234567)", "1234567", Kind.CHARITY),
        ("Charity registration no 1234567", "1234567", Kind.CHARITY),
        ("We are SC012345 there", "SC012345", Kind.CHARITY),
        ("See https://www.example.org/us?a=1, there", "https://www.example.org/us?a=1", Kind.WEB),
        ("See our-hall.org.uk/about.", "our-hall.org.uk/about", Kind.WEB),
        ("Follow @our_hall!", "@our_hall", Kind.HANDLE),
    ],
)
def test_form_of_words_tells_what_they_are(text, words, kind):
    places = found_in(text, Names())
    assert [(text[start:end], found) for start, end, found in places] == [(words, kind)]


@pytest.mark.parametrize(
    "text",
    ["In 2019 we had 1,054,160 pounds.", "The A1 road, M25 and B12", "Fair. Play. Now", "a @ b"],
)
def test_other_words_are_not_suggested(text):
    assert found_in(text, Names()) == []


@pytest.mark.parametrize(
    "endless", ["a", "a.", "0", "@", "a-", "a@b.cd ", "http://", "é\u0301", "("]
)
def test_no_text_takes_long(endless):
    before = wall_now()
    found_in(endless * (100_000 // len(endless)), Names())
    assert (wall_now() - before).total_seconds() < 5


def test_many_names_that_begin_alike_take_no_longer():
    names = Names()
    for number in range(20_000):
        names.add(f"The Trust of Town {number}", Kind.OTHER)
    text = "The trust of town met. " * 800 + "The Trust of Town 7"
    before = wall_now()
    assert len(found_in(text, names)) == 1
    assert (wall_now() - before).total_seconds() < 5


def test_names_are_whole_words_in_any_case_with_or_without_accents():
    names = Names()
    names.add("José Núñez", Kind.OTHER)
    text = "JOSE NUNEZ, Jose\u0301 Nu\u0301n\u0303ez, José-Núñez and José Núñezza; José. Then Núñez"
    places = [text[start:end] for start, end, _ in found_in(text, names)]
    assert places == ["JOSE NUNEZ", "Jose\u0301 Nu\u0301n\u0303ez", "José-Núñez"]
    names.add("सीमा गुप्ता", Kind.OTHER)
    names.add("王小明", Kind.AUTHOR)
    assert [(start, end) for start, end, _ in found_in("我叫王小明。", names)] == [(2, 5)]
    text = "यह सीमा गुप्ता हैं।"
    assert [text[start:end] for start, end, _ in found_in(text, names)] == ["सीमा गुप्ता"]
    for name in ("Ann Lee", "Lee Ann Marie", "Marie Jo", "–"):
        names.add(name, Kind.OTHER)
    # Of two that overlap, the longer one.
    assert [place[:2] for place in found_in("Ann Lee Ann Marie – Lee Ann Marie Jo", names)] == [
        (4, 17),
        (20, 33),
    ]


@pytest.fixture
def call(db, at):
    call = make_call(
        about_questions=[
            {"key": "email", "kind": "email", "label": "Email", "identity": True},
            NAME,
            ORGANISATION,
        ],
        roles=[],
    )
    at(while_open(call))
    return call


def suggested(response, **given):
    version = response.current_version
    files = texts_of_files([version.pk])
    return [(one.words, one.kind) for one in suggestions(version, response.call, files=files)]


def test_names_of_who_answered_this_response_and_others_are_suggested(call):
    make_submitted(call, name="Amina Yusuf", org_name="Hope", story="Mine")
    make_submitted(make_call(about_questions=[NAME], roles=[]), name="Else Where", story="x")
    response = make_submitted(
        call,
        name="Jo Bloggs",
        org_name="Leeds Hall",
        story="Bloggs of Leeds Hall met amina yusuf, Hope and Else Where of Leeds.",
    )
    assert suggested(response) == [
        ("Bloggs", Kind.AUTHOR),
        ("Leeds Hall", Kind.AUTHOR),
        ("amina yusuf", Kind.OTHER),
    ]


def test_texts_of_files_are_looked_through(call):
    draft = make_draft(call, **complete_answers(call, name="Jo Bloggs", story="No name"))
    make_attachment(draft, content=b"By Bloggs, LS1 4DY.")
    response = submit(submission=draft, at=while_open(call)).submission
    reading_due_files.read_due(now=wall_now, until=lambda: False)
    assert suggested(response) == [("Bloggs", Kind.AUTHOR), ("LS1 4DY", Kind.POSTCODE)]


def test_what_is_hidden_is_not_suggested_again(call):
    response = make_submitted(call, name="Jo Bloggs", story="Bloggs, LS1 4DY")
    make_redaction(response, "Bloggs")
    assert suggested(response) == [("LS1 4DY", Kind.POSTCODE)]


@pytest.fixture
def response(call):
    make_submitted(call, name="Amina Yusuf", story="Mine")
    return make_submitted(call, name="Jo Bloggs", story="Bloggs, Amina Yusuf, LS1 4DY")


@pytest.fixture
def ann(call):
    return make_user(Role.REVIEWER, username="ann")


def address(response):
    return f"/admin/review/redaction/suggestions/{response.pk}/"


def propose(client, response, **given):
    return client.post(address(response), {"version": "1", "reason": "third_person"} | given)


def test_page_does_not_tell_whose_name_it_is_to_who_may_not_see_that(response, ann):
    kinds = [
        [one.kind for one in signed_in(person).get(address(response)).context["suggestions"]]
        for person in (make_user(Role.MANAGER), ann)
    ]
    assert kinds == [
        ["From who answered", "From who answered another response", "A postcode"],
        ["A name", "A name", "A postcode"],
    ]


def test_one_suggestion_is_proposed_and_nothing_is_hidden(response, ann):
    client = signed_in(ann)
    one = client.get(address(response)).context["suggestions"][1].suggestion
    propose(client, response, passage=one.key)
    redaction = Redaction.objects.get()
    assert (redaction.start, redaction.end) == (8, 19)
    assert (redaction.state, redaction.proposed_by) == (RedactionState.PROPOSED, ann)


def test_all_suggestions_are_proposed_at_once(response, ann):
    client = signed_in(ann)
    propose(client, response, all="1")
    assert Redaction.objects.filter(state=RedactionState.PROPOSED).count() == 3
    assert client.get(address(response)).context["suggestions"] == []


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"all": "1", "version": "2"},
        {"all": "1", "reason": "x"},
        {"all": "1", "reason": "other"},
    ],
)
def test_nothing_is_proposed_without_ticks_a_reason_or_the_version(response, ann, given):
    propose(signed_in(ann), response, **given)
    assert not Redaction.objects.exists()


def test_refused_proposal_keeps_what_was_ticked_chosen_and_typed(response, ann):
    client = signed_in(ann)
    first, second, _ = (
        one.suggestion.key for one in client.get(address(response)).context["suggestions"]
    )
    page = propose(client, response, passage=[first, second], reason="other", words=" ")
    assert page.status_code == 422
    assert [one.is_ticked for one in page.context["suggestions"]] == [True, True, False]
    assert '<option value="other" selected>' in page.content.decode()
    page = propose(client, response, passage=[first], words="By law", version="2")
    assert [one.is_ticked for one in page.context["suggestions"]] == [False, False, False]
    assert 'value="By law"' in page.content.decode()


def test_page_is_for_who_may_propose_and_see_hidden_words(response, ann):
    withhold(ann, Action.REDACT)
    assert signed_in(ann).get(address(response)).status_code == 403
    assert signed_in(make_user(Role.STEERING_MEMBER)).get(address(response)).status_code == 403


def test_nul_in_the_reason_is_left_out(response, ann):
    propose(signed_in(ann), response, all="1", reason="other", words="By\0 law")
    assert set(Redaction.objects.values_list("words", flat=True)) == {"By law"}
