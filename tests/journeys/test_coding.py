"""Coding in a browser: by selection and by keyboard, and what it means in the stored text."""

from random import Random

import pytest
from playwright.sync_api import expect

from accounts.states import Role
from review.coding.codings import quote
from review.models import Coding
from tests.exports.exporting import exported
from tests.exports.qda_files import Read
from tests.journeys.conftest import faults_found_by_axe
from tests.makers import make_call, make_code, make_submitted, make_user, while_open

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = (
    "Fair pay 😎 for all. Cafe\u0301s closed. “Really?” 👩\u200d👩\u200d👧 came.\r\n"
    "نحن ندفع أكثر. שלום עולם! Mixed عربي words, ligature ﬁ.\n\n"
    "<b>Not bold</b> & so on; naïve flag 🏴󠁧󠁢󠁳󠁣󠁴󠁿 end. Zalgo z\u0335\u0321a\u0336 last"
)
SELECT = """async ([start, end]) => {
    const text = document.querySelector('[data-source=story]');
    const nodes = [];
    const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) nodes.push(walker.currentNode);
    const at = (place) => {
        for (const node of nodes) {
            if (place <= node.length) return [node, place];
            place -= node.length;
        }
    };
    // Chromium tells of it later: a key that is pressed before that finds nothing chosen.
    const told = new Promise((resolve) =>
        document.addEventListener("selectionchange", resolve, { once: true }));
    document.getSelection().setBaseAndExtent(...at(start), ...at(end));
    const words = document.getSelection().toString();
    await told;
    return words;
}"""

# The offsets of the last sentence above the bar.
LAST_IN_SIGHT = """() => {
    const text = document.querySelector("[data-source=story]");
    const pairs = text.dataset.sentences.split(" ").map((pair) => pair.split("-").map(Number));
    const bar = document.getElementById("coding-bar").getBoundingClientRect();
    const range = document.createRange();
    return pairs.findLast(([start, end]) => {
        range.setStart(text.firstChild, start);
        range.setEnd(text.firstChild, end);
        return range.getBoundingClientRect().bottom <= bar.top;
    });
}"""
# How many pixels of the chosen words the bar or the top of the page hides.
HIDDEN = """() => {
    const chosen = [...CSS.highlights.get("coding-chosen")][0].getBoundingClientRect();
    const bar = document.getElementById("coding-bar").getBoundingClientRect();
    const consent = document.getElementById("consent").getBoundingClientRect();
    return Math.max(chosen.bottom - bar.top, consent.bottom - chosen.top, -chosen.top);
}"""


@pytest.fixture
def coder_page(open_signed_in):
    """A page at the response, for who is signed in: `coder_page(response, who, 1280)`."""

    def opened(response, who, width):
        page = open_signed_in(who, width)
        page.goto(f"/admin/submissions/submission/{response.pk}/change/")
        return page

    return opened


def coded(page, number):
    """Wait until the answer is drawn with so many passages; a busy machine takes long over it."""
    drawn = page.locator("#coded-story summary", has_text=f"{number} coded passage")
    drawn.wait_for(timeout=60_000)


def places_in_utf16(text):
    """Where UTF-16 may be cut without cutting a character."""
    places = [0]
    for character in text:
        places.append(places[-1] + len(character.encode("utf-16-le")) // 2)
    return places


def test_selections_are_their_quotes_in_the_database_and_in_a_project(coder_page, at, tmp_path):
    call = make_call()
    at(while_open(call))
    response = make_submitted(call, story=WORDS)
    stored = response.current_version.texts["story"]
    ada = make_user(Role.CODER, username="ada")
    make_code(call=call, name="Pay", by=ada)
    page = coder_page(response, ada, 1280)
    random, wanted = Random(7), []
    places = places_in_utf16(stored)
    page.evaluate(SELECT, [0, places[4]])
    page.keyboard.press("f")
    page.keyboard.type("pay")
    page.keyboard.press("Enter")
    coded(page, 1)
    while len(wanted) < 5:
        first, last = sorted(random.sample(range(len(places)), 2))
        words = stored[first:last].strip()
        if not words or last - first > 60 or words in {"Fair", *wanted}:
            continue
        page.evaluate(SELECT, [places[first], places[last]])
        page.keyboard.press("1")
        wanted.append(words)
        coded(page, len(wanted) + 1)
    quotes = [quote(coding) for coding in Coding.objects.order_by("pk")]
    assert quotes == ["Fair", *wanted]
    read = Read(exported(call, "qdpx"), tmp_path).quotes()[response.reference]
    assert sorted(words for code, words in read if code == "Pay") == sorted(quotes)


def test_sentences_are_coded_by_keyboard_and_undone(coder_page, at):
    call = make_call()
    at(while_open(call))
    response = make_submitted(call, story="One is fair. Two is not. Three is.\nFour")
    ada = make_user(Role.CODER, username="ada")
    page = coder_page(response, ada, 400)
    status = page.locator("#coding-status")
    for key in ("]", "]", "}", "["):
        page.keyboard.press(key)
    assert status.inner_text() == "Chosen: One is fair."
    page.emulate_media(forced_colors="active")
    lines = """getComputedStyle(document.querySelector("[data-source=story]"),
        "::highlight(coding-chosen)").textDecorationLine"""
    assert page.evaluate(lines) == "underline overline"
    page.emulate_media(forced_colors="none")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        border = page.locator("#coding-code").evaluate("(one) => getComputedStyle(one).borderColor")
        assert border == "rgb(127, 127, 127)"  # 4.0 on white, 4.7 on the dark page
    page.emulate_media(color_scheme="light")
    for key in ("]", "}"):
        page.keyboard.press(key)
    assert status.inner_text() == "Chosen: Two is not. Three is."
    page.keyboard.press("f")
    page.keyboard.type("Money")
    page.keyboard.press("Enter")
    page.get_by_text("Press Enter again to add it.").wait_for()
    page.keyboard.press("Enter")
    coded(page, 1)
    page.keyboard.press("]")
    page.keyboard.press("1")
    coded(page, 2)
    assert status.inner_text() == "Under “Money”: Four"
    found = [quote(coding) for coding in Coding.objects.order_by("pk")]
    assert found == ["Two is not. Three is.", "Four"]
    assert faults_found_by_axe(page) == []
    page.emulate_media(media="print")
    expect(page.locator("#coding-bar")).to_be_hidden()
    expect(page.locator("#coded-story .given")).to_be_visible()
    colours = "those => those.map(one => getComputedStyle(one).color)"
    headings = page.locator(".module h2").evaluate_all(colours)
    assert set(headings) == {"rgb(0, 0, 0)"}  # printers leave the colour behind white words out
    page.emulate_media(media="screen")
    page.keyboard.press("z")
    coded(page, 1)
    assert Coding.objects.count() == 1
    page.locator("#coded-story summary").click()
    page.get_by_role("button", name="Take away Money").click()
    page.locator("#coded-story details").wait_for(state="detached")
    assert not Coding.objects.exists()


@pytest.mark.parametrize("height", [640, 256])
def test_bar_hides_no_words_that_are_chosen(coder_page, at, height):
    call = make_call()
    at(while_open(call))
    response = make_submitted(call, story="One is fair. Two is not, as we said before.\n" * 60)
    ada = make_user(Role.CODER, username="ada")
    make_code(call=call, name="Pay", by=ada)
    page = coder_page(response, ada, 320)
    page.set_viewport_size({"width": 320, "height": height})
    page.reload()
    for _ in range(9):
        page.keyboard.press("]")
        assert page.evaluate(HIDDEN) < 1
    page.evaluate(SELECT, page.evaluate(LAST_IN_SIGHT))
    assert page.evaluate(HIDDEN) < 1
    page.locator("#coding-code").fill("Pay")
    page.keyboard.press("Enter")
    coded(page, 1)
    assert page.get_by_role("button", name="1 Pay").is_visible()
    assert page.evaluate(HIDDEN) < 1


def test_part_of_a_name_finds_its_code_and_the_page_stays_at_the_passage(coder_page, at):
    call = make_call()
    at(while_open(call))
    response = make_submitted(call, story="One is fair.\n" * 60)
    ada = make_user(Role.CODER, username="ada")
    money = make_code(call=call, name="Money", by=ada)
    for name in ("Wages", "Waste"):
        make_code(call=call, name=name, parent=money, by=ada)
    page = coder_page(response, ada, 1280)
    status = page.locator("#coding-status")
    for _ in range(3):
        page.keyboard.press("]")
    stands_at = page.evaluate("scrollY")
    page.keyboard.press("f")
    page.keyboard.type("wa")
    page.keyboard.press("Enter")
    assert status.inner_text() == (
        "2 codes have “wa”: “Money > Wages”, “Money > Waste”. Choose one."
    )
    page.keyboard.type("g")
    page.keyboard.press("Enter")
    assert status.inner_text() == (
        "Press Enter again for “Money > Wages”. To add a code “wag”, type it again."
    )
    assert page.evaluate("scrollY") == stands_at
    page.keyboard.press("Enter")
    coded(page, 1)
    assert Coding.objects.get().code.name == "Wages"
    page.keyboard.press("f")
    page.keyboard.type("wag")
    page.keyboard.press("Enter")
    page.locator("#coding-code").fill("wag")
    page.keyboard.press("Enter")
    page.get_by_text("There is no code “wag”. Press Enter again to add it.").wait_for()


def test_without_css_highlights_a_coding_is_drawn_before_it_is_saved(coder_page, at):
    call = make_call()
    at(while_open(call))
    response = make_submitted(call, story="One is fair. Two 😎 is not. Three is.")
    ada = make_user(Role.CODER, username="ada")
    make_code(call=call, name="Money", by=ada)
    page = coder_page(response, ada, 1280)
    page.add_init_script(
        "const css = CSS; window.CSS = {escape: css.escape.bind(css), supports: () => false};"
    )
    page.reload()
    page.keyboard.press("]")
    page.keyboard.press("}")
    page.locator("#coding-code").fill("Money")
    drawn = page.evaluate(
        """async () => {
            document.getElementById("coding-bar").requestSubmit();
            const marks = [...document.querySelectorAll("mark.drawn-pending")];
            const words = marks.map((mark) => mark.textContent).join("");
            await new Promise((resolve) => setTimeout(resolve, 1));
            return [words, document.getElementById("coding-status").textContent];
        }"""
    )
    assert drawn == ["One is fair. Two 😎 is not.", "Saving…"]
    coded(page, 1)
    assert page.locator("mark.drawn-pending").count() == 0
    assert quote(Coding.objects.get()) == "One is fair. Two 😎 is not."
