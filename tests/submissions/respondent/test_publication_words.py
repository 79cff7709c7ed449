"""What pages say about publication follows from what the call asks."""

import html
import re
from datetime import UTC, datetime

import pytest

from submissions.definitions import loading
from submissions.respondent.publication_words import as_chosen, in_privacy_notice
from tests.makers import EVIDENCE, OPENS_AT, make_call, make_draft, while_open

pytestmark = pytest.mark.django_db
SILENT = [q for q in EVIDENCE if q["key"] not in {"publication", "quote_ok"}]
BEFORE_IT = datetime(2029, 1, 1, tzinfo=UTC)
CHOICE = re.compile(r"publish|quoted?\b|choose whether|confidential|you asked us", re.I)


@pytest.fixture(autouse=True)
def while_it_is_open(at):
    at(while_open_now())


def while_open_now():
    return OPENS_AT.replace(month=6)


def words_of(page):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.content.decode())).split())


def sentences(client, call):
    pages = (f"/calls/{call.slug}/", f"/calls/{call.slug}/privacy/")
    return [
        sentence
        for address in pages
        for sentence in re.split(r"(?<=[.:]) ", words_of(client.get(address)))
        if CHOICE.search(sentence)
    ]


def test_call_that_asks_offers_the_choice_that_it_asks(client):
    call = make_call()
    said = sentences(client, call)
    assert "You choose whether your response may be published and quoted." in " ".join(said)
    assert "Only project staff read the answers and files of a confidential response." in said


def test_call_without_quoting_or_a_confidential_option_speaks_of_neither(client):
    question = next(q for q in EVIDENCE if q["key"] == "publication")
    options = [o for o in question["options"] if o["key"] in {"named", "anonymous"}]
    call = make_call(evidence_questions=[*SILENT, question | {"options": options}])
    said = " ".join(sentences(client, call))
    assert "You choose whether your response may be published." in said
    assert re.findall("confidential|quoted", said) == []


def test_call_that_never_publishes_says_so_and_offers_no_choice(client):
    call = make_call(publication="never", evidence_questions=SILENT)
    first = words_of(client.get(f"/calls/{call.slug}/"))
    assert "We publish no response. Only the project team reads what you write." in first
    said = " ".join(sentences(client, call))
    assert "Every response is confidential:" in said
    assert re.findall("(?i)you choose|you asked|quoted", said) == []


def test_call_that_asks_nobody_promises_no_choice(client):
    call = make_call(publication="not asked", evidence_questions=SILENT)
    assert sentences(client, call) == [
        "We use responses for our own work, and publish none of them."
    ]


def test_small_call_of_the_docs_promises_no_choice(client, request):
    text = (request.config.rootpath / "docs/call-definitions.md").read_text("utf-8")
    example = re.search(r"```toml\n(.*?)```", text, re.DOTALL)[1]
    call = loading.load(loading.parse(example, source="docs"), by=None, at=BEFORE_IT).call
    said = sentences(client, call)
    assert [s for s in said if "publish a report" not in s] == [
        "We use responses for our own work, and publish none of them."
    ]
    assert "describes you" not in words_of(client.get(f"/calls/{call.slug}/"))


EVERYBODY = (
    "Project staff read every response. The steering group and researchers receive the responses "
    "without names, email addresses and organisations."
)
CHOOSE = "You choose how we may publish your response, and we keep to your choice."
LEFT = "They give a reason each time."
OF_CONFIDENTIAL = (
    "The steering group sees only its reference, that it is confidential, when it came in and "
    "if that was in time. Project staff with permission may export "
    "confidential responses for the research, without names. They give a reason each time. No "
    "export says who gave a confidential response."
)


@pytest.mark.parametrize(
    ("options", "policy", "expected"),
    [
        (
            ["named", "anonymous"],
            "asked",
            f"{EVERYBODY} {CHOOSE} People with permission may export the names that "
            f"respondents let us publish and, if the work needs it, other names. {LEFT}",
        ),
        (
            ["anonymous", "confidential"],
            "asked",
            f"{EVERYBODY} {CHOOSE} People with permission may export who answered, if the "
            f"work needs it. {LEFT} Only project staff read the answers and files of a "
            f"confidential response. {OF_CONFIDENTIAL}",
        ),
        (
            [],
            "not asked",
            f"{EVERYBODY} We use responses for our own work, and publish none of them. People with "
            f"permission may export who answered, if the work needs it. {LEFT}",
        ),
        (
            [],
            "never",
            "Every response is confidential: only project staff read it. We publish none. "
            f"{OF_CONFIDENTIAL}",
        ),
    ],
)
def test_privacy_notice_says_who_gets_what(options, policy, expected):
    question = next(q for q in EVIDENCE if q["key"] == "publication")
    offered = [o for o in question["options"] if o["key"] in options]
    asked = [question | {"options": offered}] if options else []
    call = make_call(publication=policy, evidence_questions=[*SILENT, *asked])
    assert " ".join(in_privacy_notice(call)) == expected


def test_privacy_notice_of_a_call_that_asks_for_no_name_speaks_of_none():
    call = make_call(about_questions=[], publication="not asked", evidence_questions=SILENT)
    assert "who answered" not in " ".join(in_privacy_notice(call))


@pytest.mark.parametrize(
    ("answers", "whose"),
    [
        ({}, "your name."),
        ({"org_name": "The Trust"}, "your name and your organisation’s name."),
    ],
)
def test_check_page_names_the_organisation_only_where_it_was_given(answers, whose):
    said = as_chosen(make_call(), {"publication": "named", **answers})
    assert said == [f"You let us publish your response, or parts of it, with {whose}"]


def test_check_page_says_that_a_response_is_confidential_whose_author_is_not_asked():
    question = next(q for q in EVIDENCE if q["key"] == "publication")
    asked = [*SILENT, question | {"show_if": "history contains bid"}]
    call = make_call(evidence_questions=asked)
    assert as_chosen(call, {"history": ["none"]})[0] == "We do not publish your response."
    assert as_chosen(call, {})[0].startswith("You have not chosen yet")


@pytest.mark.parametrize(("policy", "number"), [("never", 1), ("not asked", 0)])
def test_check_page_speaks_of_publication_only_where_something_is_kept(client, policy, number):
    call = make_call(publication=policy, evidence_questions=SILENT)
    client.post(f"/calls/{call.slug}/start/")
    page = client.get(f"/calls/{call.slug}/response/check/").content.decode()
    assert page.count("What may be published") == number
    assert make_draft(call, at=while_open(call)).pk
