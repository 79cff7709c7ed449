"""Check your answers, and submit."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from submissions.outbox.models import OutboxEmail
from submissions.responses import drafting
from submissions.responses.models import Answer, Version
from tests.catalogues import speak_one_language
from tests.makers import complete_answers, make_attachment, make_call, press_submit, while_open
from tests.submissions.respondent.answering import (
    MICROSECOND,
    address,
    answers_of,
    start,
    start_with,
    text_of,
)

pytestmark = pytest.mark.django_db
PRIVACY = "Read the privacy notice (opens in a new tab)"


@pytest.fixture
def call(at):
    call = make_call()
    at(while_open(call))
    return call


def test_check_page_shows_answers_and_what_is_missing(client, call):
    draft = start(client, call)
    values = {"story": "We lost.", "email": "me@example.org"}
    drafting.save_answers(submission=draft, call=call, values=values, at=while_open(call))
    response = client.get(address(call, "response/check/"))
    text = text_of(response)
    assert "About you Change About you" in text
    assert "What happened? We lost." in text
    assert "How old are you? Not provided Answer How old are you?" in text
    assert "Select how old you are" in text
    assert f'href="{address(call, "response/about/")}?return=check#question-age"' in (
        response.content.decode()
    )


@pytest.mark.parametrize(("given", "row"), [({}, "money"), ({"money": "o0"}, "risk")])
def test_what_is_missing_in_a_grid_leads_to_its_row(client, at, given, row):
    options = [{"key": f"o{number}", "label": f"Option {number}"} for number in range(4)]
    rows = [{"key": "money", "label": "Money"}, {"key": "risk", "label": "Risk"}]
    grid = {"key": "split", "kind": "matrix", "label": "How fair?", "required": True}
    call = make_call(about_questions=[grid | {"options": options, "rows": rows}])
    at(while_open(call))
    draft = start(client, call)
    drafting.save_answers(submission=draft, call=call, values={"split": given}, at=while_open(call))
    page = client.get(address(call, "response/check/")).content.decode()
    href = address(call, "response/about/") + "?return=check#"
    [place] = re.findall(f'{re.escape(href)}(id_split[^"]*)', page)
    assert place == f"id_split-{row}"
    assert f'id="{place}"' in client.get(address(call, "response/about/")).content.decode()


def test_rule_about_evidence_is_told_before_the_end(client, call):
    rule = "Give at least one answer in your own words, or add at least one file"
    assert rule in text_of(client.get(address(call)))
    draft = start(client, call)
    assert f"{rule}." in text_of(client.get(address(call, "response/")))
    # The page that the check leads back to says it, the same page on the way does not.
    led_back = client.get(address(call, "response/evidence/?return=check"))
    assert f"{rule}." in text_of(led_back)
    assert rule not in text_of(client.get(address(call, "response/evidence/")))
    values = {"story": "We lost."}
    drafting.save_answers(submission=draft, call=call, values=values, at=while_open(call))
    assert rule not in text_of(client.get(address(call, "response/")))


def test_check_page_names_the_rule_about_evidence_beside_what_else_is_missing(client, call):
    answers = complete_answers(call)
    del answers["story"], answers["age"]
    draft = start(client, call)
    drafting.save_answers(submission=draft, call=call, values=answers, at=while_open(call))
    page = client.get(address(call, "response/check/")).content.decode()
    [missing] = re.findall('id="missing">(.*?)</div>', page, re.DOTALL)
    about, evidence = address(call, "response/about/"), address(call, "response/evidence/")
    assert re.findall('<a href="([^"]+)">([^<]+)', missing) == [
        (f"{about}?return=check#id_age", "Select how old you are"),
        (
            f"{evidence}?return=check#id_story",
            "Give at least one answer in your own words, or add at least one file",
        ),
    ]


def test_submit_stands_above_the_answers_once_nothing_is_missing(client, call):
    draft = start(client, call)
    assert "Submit now" not in text_of(client.get(address(call, "response/check/")))
    values = complete_answers(call)
    drafting.save_answers(submission=draft, call=call, values=values, at=while_open(call))
    page = client.get(address(call, "response/check/")).content.decode()
    above, _answers, _below = page.partition('<dl class="summary-list')
    assert "Submit now" in above
    etag = re.search(r'name="_expected_etag" value="([^"]+)"', above)[1]
    taken = client.post(address(call, "response/check/"), {"_expected_etag": etag})
    assert taken.url == address(call, "response/submitted/")


@pytest.mark.parametrize(("words", "is_folded"), [(40, False), (41, True)])
def test_long_answer_is_folded_and_whole_inside(client, call, words, is_folded):
    story = " ".join(f"word{number}" for number in range(words))
    start_with(client, call, story=story)
    page = client.get(address(call, "response/check/")).content.decode()
    assert (f"Show all {words} words" in page) is is_folded
    inside = page[page.index("<details>") :] if is_folded else page
    assert story in inside
    assert ("word9 …</span> <details>" in page) is is_folded


def test_submission_reads_each_thing_once(settings, client, call):
    """In the last minute of a call very many press: each statement is multiplied by all of them."""
    speak_one_language(settings)
    start_with(client, call, **complete_answers(call))
    page = client.get(address(call, "response/check/")).content.decode()
    etag = re.search(r'name="_expected_etag" value="([^"]+)"', page)[1]
    with CaptureQueriesContext(connection) as queries:
        answer = client.post(address(call, "response/check/"), {"_expected_etag": etag})
    assert answer.url == address(call, "response/submitted/")
    read = [re.findall(r'FROM "?(\w+)', one["sql"]) for one in queries if "SELECT" in one["sql"]]
    assert read == [
        ["django_session"],
        ["submissions_submission"],
        ["submissions_submission"],  # again, now locked
        ["submissions_call"],
        ["submissions_answer", "submissions_identityanswer"],
        ["submissions_attachment"],
        ["submissions_returnaddress"],
        ["submissions_outboxemail"],
        ["submissions_colleague"],
    ]


def test_check_page_lists_what_may_be_several_and_says_the_rest_in_lines(client, call):
    start_with(
        client,
        call,
        roles=["provider", "other"],
        role_other="A trustee",
        history=["bid", "led"],
        fairness={"money": "good", "risk": "poor"},
        story="First.\nSecond.",
    )
    page = client.get(address(call, "response/check/")).content.decode()
    rows = re.findall(r'id="answer-(\w+)".*?<dd([^>]*)>(.*?)</dd>', page, flags=re.S)
    shown = {key: words for key, _, words in rows}
    said = {key: shown[key] for key in ("roles", "role_other", "history", "fairness", "story")}
    # Labels of the call are read as its page, and what somebody typed from its own side.
    sides = {key: "auto" in attributes for key, attributes, _ in rows}
    assert (sides["roles"], sides["role_other"], sides["story"]) == (False, True, True)
    assert said == {
        "roles": '<ul class="plain"><li>I provide services</li><li>Something else</li></ul>',
        "role_other": "A trustee",
        "history": '<ul class="plain"><li>Bid alone</li><li>Led a partnership</li></ul>',
        "fairness": '<ul class="plain"><li>Split of money: Good</li>'
        "<li>Split of risk: Poor</li></ul>",
        "story": "First.<br>Second.",
    }


def test_declaration_stands_in_its_words_once_right_above_the_button(client, call):
    start_with(client, call)
    page = text_of(client.get(address(call, "response/check/")))
    confirmed = "What you confirm You have confirmed: “I may submit this response” Change"
    stands = f"{confirmed} I may submit this response {PRIVACY} Your response counts if it reaches"
    assert page.count("You have confirmed:") == 1
    assert stands in page
    assert page.index(stands) < page.index("Submit your response")


def test_declaration_that_is_missing_is_said_to_be_so_and_leads_to_its_box(client, call):
    draft = start_with(client, call)
    Answer.objects.filter(submission=draft, question__key="declaration").delete()
    response = press_submit(client, call)
    page = response.content.decode()
    assert response.status_code == 422
    assert (
        "You have not confirmed this yet: “I may submit this response” Confirm "
        f"I may submit this response {PRIVACY}" in text_of(response)
    )
    assert page.count('id="answer-declaration"') == page.count('href="#answer-declaration"') == 1
    [way] = re.findall(r'href="([^"]+)#question-declaration"', page)
    assert 'id="question-declaration"' in client.get(way).content.decode()


def test_choice_of_publication_stands_once_in_its_consequences_above_the_button(client, call):
    start_with(client, call, publication="anonymous", quote_ok="no")
    page = text_of(client.get(address(call, "response/check/")))
    said = (
        "What may be published You let us publish your response, or parts of it, without your "
        "name and your organisation’s name. We will not quote from it. Change"
    )
    assert (page.count(said), page.count("May we quote")) == (1, 0)
    assert page.index("Submit now") < page.index(said) < page.index("Submit your response")


def test_choice_of_publication_that_is_missing_is_a_row_that_leads_to_it(client, call):
    draft = start_with(client, call)
    Answer.objects.filter(submission=draft, question__key="publication").delete()
    page = press_submit(client, call).content.decode()
    assert page.count('id="answer-publication"') == page.count('href="#answer-publication"') == 1
    assert "You have not chosen yet whether we may publish your response." in page
    ways = set(re.findall(r'href="([^"]+)#question-publication"', page))
    assert ways == {address(call, "response/evidence/2/?return=check")}


def test_section_of_two_pages_has_a_way_to_change_each(client, at):
    questions = [
        {"key": f"story_{number}", "kind": "long", "label": f"Story {number}"}
        for number in range(1, 5)
    ]
    call = make_call(evidence_questions=questions)
    at(while_open(call))
    start_with(client, call, **{q["key"]: "It was so." for q in questions})
    page = client.get(address(call, "response/check/")).content.decode()
    changes = re.findall(r'class="summary-change"><a href="([^"]+)">', page)
    evidence = [way for way in changes if "evidence" in way]
    assert evidence == [
        address(call, "response/evidence/?return=check"),
        address(call, "response/evidence/2/?return=check"),
    ]
    for way in evidence:
        assert client.get(way).status_code == 200


def test_box_that_may_stay_empty_is_an_answer_among_the_others(client, at):
    questions = [{"key": "news", "kind": "checkbox", "label": "Send me news"}]
    call = make_call(evidence_questions=questions)
    at(while_open(call))
    start_with(client, call)
    page = text_of(client.get(address(call, "response/check/")))
    assert "1 optional question has no answer Send me news" in page
    assert "What you confirm" not in page


def test_submitting_an_incomplete_response_is_refused_with_links(client, call):
    start(client, call)
    response = press_submit(client, call)
    assert response.status_code == 422
    assert "There is a problem" in text_of(response)
    assert Version.objects.count() == 0


def test_submitting_shows_the_receipt_and_a_reload_shows_it_again(
    client, call, django_capture_on_commit_callbacks
):
    start_with(client, call)
    response = press_submit(client, call)
    assert response["Location"] == address(call, "response/submitted/")
    version = Version.objects.get()
    for _ in range(2):
        text = text_of(client.get(address(call, "response/submitted/")))
        assert version.submission.reference in text
        assert version.receipt_digest in text
        assert "midday on Tuesday 23 July 2019" not in text
        assert "12:00:00pm on Tuesday 23 July 2019 (UK time)" in text


def seen_on(response):
    return re.search(r'name="_expected_etag" value="([^"]+)"', response.content.decode())[1]


@pytest.mark.parametrize("what", ["answer", "file"])
def test_what_changed_since_it_was_checked_is_shown_again_and_not_submitted(client, call, what):
    draft = start_with(client, call, story="As I checked it")
    check = address(call, "response/check/")
    first = seen_on(client.get(check))
    if what == "file":
        make_attachment(draft, name="from-elsewhere.txt")
    else:
        values = {"story": "from-elsewhere.txt"}
        drafting.save_answers(submission=draft, call=call, values=values, at=while_open(call))
    response = client.post(check, {"_expected_etag": first})
    assert response.status_code == 409
    assert "changed since you opened the page. Check it again." in text_of(response)
    assert "from-elsewhere.txt" in text_of(response)
    assert Version.objects.count() == 0
    for _ in range(2):
        again = client.post(check, {"_expected_etag": seen_on(response)})
        assert again["Location"] == address(call, "response/submitted/")
    assert Version.objects.count() == 1


def test_post_that_does_not_say_what_was_seen_is_answered_by_the_page_to_check(client, call):
    start_with(client, call, story="Not seen yet.")
    check = address(call, "response/check/")
    for posted in ({}, {"_expected_etag": ""}, {"_expected_etag": "0"}):
        response = client.post(check, posted)
        assert response.status_code == 409
        assert "Not seen yet." in text_of(response)
    assert (Version.objects.count(), OutboxEmail.objects.count()) == (0, 0)
    response = client.post(check)
    assert "did not tell us which answers you checked. Check them again here" in text_of(response)
    assert client.post(check, {"_expected_etag": seen_on(response)})["Location"].endswith(
        "/submitted/"
    )


def test_double_post_of_submit_gives_one_receipt(client, call):
    start_with(client, call)
    for _ in range(2):
        response = press_submit(client, call)
        assert response["Location"] == address(call, "response/submitted/")
    assert (Version.objects.count(), OutboxEmail.objects.count()) == (1, 1)


def test_submitting_in_the_last_microsecond_is_taken(client, call, at):
    start_with(client, call)
    at(call.closes_at - MICROSECOND)
    press_submit(client, call)
    assert Version.objects.get().received_at == call.closes_at - MICROSECOND


def test_submitting_at_closing_is_refused_and_says_all_of_it(client, call, at):
    draft = start_with(client, call, story="All that I wrote.")
    at(call.closes_at)
    response = press_submit(client, call)
    text = text_of(response)
    assert response.status_code == 403
    assert "Your response was not submitted" in text
    assert "It reached us at 12:00:00pm on Wednesday 24 July 2019 (UK time)." in text
    assert "The call closed at midday on Wednesday 24 July 2019 (UK time)." in text
    assert call.contact_email in text
    assert "All that I wrote." in text
    assert answers_of(draft)["story"] == "All that I wrote."
    assert (Version.objects.count(), OutboxEmail.objects.count()) == (0, 0)


def test_answer_that_looks_odd_is_warned_of_when_checking_and_still_taken(client, call):
    question = call.questions.get(key="role_other")
    question.warn_unless, question.warning = "[A-Z].*", "This does not look like a role."
    question.save()
    start_with(client, call, roles=["other"], role_other="banana")
    assert "banana This does not look like a role." in text_of(
        client.get(address(call, "response/check/"))
    )
    assert press_submit(client, call)["Location"].endswith("/submitted/")


def test_portals_words_about_an_answer_are_laid_out_from_their_own_side(client, at):
    odd = {"key": "story", "kind": "long", "label": "What happened?"}
    call = make_call(evidence_questions=[odd])
    at(while_open(call))
    start_with(client, call, story="فاطمة \ufffd " + "كلمة " * 500)
    page = client.get(address(call, "response/check/")).content.decode()
    assert '<summary dir="auto">Show all 502 words<' in page
    assert '<p class="warning" dir="auto">“\ufffd” stands for' in page
