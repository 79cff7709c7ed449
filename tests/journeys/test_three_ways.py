"""Three people answer the first call on a phone, two by keyboard, from Start to the receipt."""

from dataclasses import dataclass

import pytest

from submissions.outbox.models import OutboxEmail
from submissions.responses.answering import asked_questions
from submissions.responses.models import Submission, Version
from submissions.responses.working_copy import working_answers
from tests.journeys.keyboard import Keyboard
from tests.makers import make_first_call, while_open

pytestmark = pytest.mark.django_db(transaction=True)
ASKED = """() => [...document.querySelectorAll(".question")]
  .filter((one) => one.checkVisibility()).map((one) => one.id.replace("question-", ""))"""
ONE_OF = {
    "age": "18_or_over",
    "org_type": "charity",
    "income_band": "25k_100k",
    "publication": "anonymous",
    "org_name_listed": "no",
    "quote_ok": "yes",
    "contact_followup": "no",
}
ANY_OF = {"area": "wales", "service_area": "advice", "bid_history": "none"}
WORDS = {"email": "someone@example.org", "org_name": "Lantern Fold Kitchen"}
STORY = "We lost the contract after nine years."
OF_BIDDERS = {"bid_history", "competed_with", "partner_role", "fairness"}
OF_ORGANISATIONS = {"org_name", "org_type", "income_band", "org_name_listed"}


@dataclass(frozen=True)
class Way:
    """Who answers, in how many pages with the one to check, and what is no concern of theirs."""

    roles: tuple[str, ...]
    capacity: str
    pages: int
    story: str
    not_asked: frozenset[str]
    hands: type


class Pointer:
    """Answers as somebody does who touches the screen."""

    def __init__(self, page):
        self.page = page

    def follow(self, words):
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=words, exact=True).first.click()

    def write(self, name, text):
        self.page.locator(f"[name={name}]").fill(text)

    def tick(self, name, value):
        self.page.locator(f"[name={name}][value='{value}']").check()

    choose = tick


ORGANISATION, PERSON = "on_behalf_of_org", "personal"
WAYS = {
    "bid writer": Way(
        ("small_org", "large_bid"), ORGANISATION, 11, "good_practice", frozenset({"age"}), Keyboard
    ),
    "commissioner": Way(
        ("commissioner",),
        ORGANISATION,
        10,
        "commissioner_view",
        frozenset({*OF_BIDDERS, "age"}),
        Pointer,
    ),
    "service user": Way(
        ("lived",),
        PERSON,
        7,
        "service_user_effect",
        frozenset(OF_BIDDERS | OF_ORGANISATIONS),
        Keyboard,
    ),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_way_is_short_asks_what_concerns_them_and_ends_with_a_receipt(open_browser, at, way):
    call = make_first_call()
    at(while_open(call))
    page = open_browser(375)
    page.goto(f"/calls/{call.slug}/")
    hands = way.hands(page)
    hands.follow("Start now")
    pages, asked = 1, set()
    while not page.url.endswith("/check/"):
        asked |= answer(page, hands, way)
        hands.follow("Save and continue")
        assert page.locator(".error-summary").count() == 0, page.url
        pages += 1
    submission = Submission.objects.get()
    answers = working_answers(submission, call)
    assert asked == {question.key for question in asked_questions(call, answers)}
    assert asked & way.not_asked == set()
    assert (pages, pages <= 11) == (way.pages, True)
    hands.follow("Submit your response")
    assert page.get_by_role("heading", level=1).inner_text() == "Your response has been received"
    version = Version.objects.select_related("submission").get()
    assert version.texts[way.story] == STORY
    assert page.locator(".reference").inner_text() == version.submission.reference
    link = page.get_by_role("link", name="Download your receipt and your answers as a PDF")
    receipt = page.context.request.get(link.get_attribute("href"))
    assert (receipt.status, receipt.body()[:5]) == (200, b"%PDF-")
    assert list(OutboxEmail.objects.values_list("kind", "to_address")) == [
        ("confirmation", "someone@example.org")
    ]


def answer(page, hands, way):
    """Answer what must be answered on the page, in order, and one question in own words.

    Returns all that the page asks; an answer may bring up other questions.
    """
    done = set()
    while left := [key for key in page.evaluate(ASKED) if key not in done]:
        key = left[0]
        done.add(key)
        if key == "roles":
            for role in way.roles:
                hands.tick(key, role)
        elif key == "capacity":
            hands.choose(key, way.capacity)
        elif key in ONE_OF:
            hands.choose(key, ONE_OF[key])
        elif key in ANY_OF:
            hands.tick(key, ANY_OF[key])
        elif key in WORDS:
            hands.write(key, WORDS[key])
        elif key == way.story:
            hands.write(key, STORY)
        elif key.startswith("declaration"):
            hands.tick(key, "yes")
    return done
