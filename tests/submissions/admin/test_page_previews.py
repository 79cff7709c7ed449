"""Staff see each page of a call as respondents do, also before it opens, and nothing is stored."""

import html
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.states import Role
from submissions.respondent.steps import pages_of
from submissions.responses import drafting
from submissions.responses.models import Answer, Submission
from tests.forms import form_of
from tests.makers import EVIDENCE, OPENS_AT, make_call, make_user, while_open
from tests.sample_files import pdf

pytestmark = pytest.mark.django_db
REQUIRED_FILE = [q | ({"required": True} if q["key"] == "documents" else {}) for q in EVIDENCE]


@pytest.fixture(autouse=True)
def before_the_opening(monkeypatch):
    monkeypatch.setattr("core.clock.portal_now", lambda: OPENS_AT - timedelta(days=1))


@pytest.fixture
def staff(client):
    client.force_login(make_user(Role.MANAGER, is_staff=True))
    return client


@pytest.fixture
def call():
    return make_call(evidence_questions=REQUIRED_FILE)


def address_of(call, section, number=1):
    return reverse("admin:submissions_call_page", args=[call.pk, section, number])


def all_pages(call):
    return reverse("admin:submissions_call_pages", args=[call.pk])


def go_on(staff, address, **answers):
    posted = form_of(staff.get(address)) | {"action": "continue"} | answers
    return staff.post(address, posted)


def asked_on(page):
    """What stands between the section's number and the buttons, but for what saves."""
    asked = re.search(r'<p class="eyebrow">.*?(?=<div class="in-sight">)', page, re.DOTALL)[0]
    return re.sub(r'<form [^>]*>|name="csrfmiddlewaretoken" value="\w+"', "", asked)


def about(**changed):
    return {
        "roles": ["provider"],
        "email": "ada@example.org",
        "age": "adult",
    } | changed


def test_calls_page_leads_to_its_pages_and_to_the_public_one(staff, call):
    page = staff.get(reverse("admin:submissions_call_change", args=[call.pk])).content.decode()
    assert f'href="{all_pages(call)}"' in page
    assert f'<a href="/calls/{call.slug}/" class="viewsitelink">' in page
    listed = staff.get(all_pages(call)).content.decode()
    for section in ("about", "evidence"):
        assert f'href="{address_of(call, section)}"' in listed
    assert "Ask an adult to help you" in listed


def test_page_before_the_opening_is_the_respondents_and_the_script_saves_nothing(staff, call):
    page = staff.get(address_of(call, "about")).content.decode()
    assert "Which describes you?" in page
    assert "not open yet" not in page
    assert "data-save=" not in page
    assert "Nothing that you enter is stored" in page


def test_choices_go_along_and_words_do_not(staff, call):
    after = go_on(staff, address_of(call, "about"), **about(roles=["commissioner"]))
    assert after.url == f"{address_of(call, 'evidence')}?roles=commissioner&age=adult"
    pages = f"{address_of(call, 'evidence', 2)}?roles="
    assert "as a commissioner?" in staff.get(f"{pages}commissioner").content.decode()
    assert "as a commissioner?" not in staff.get(f"{pages}provider").content.decode()
    listed = staff.get(f"{all_pages(call)}?{after.url.partition('?')[2]}").content.decode()
    assert "18 or over" in listed
    assert f'href="{after.url}"'.replace("&", "&amp;") in listed
    left = go_on(staff, address_of(call, "about"), **about(email="", action="save"))
    assert left.url == f"{all_pages(call)}?roles=provider&age=adult"
    cleared = go_on(staff, f"{address_of(call, 'about')}?age=adult", _clear="age")
    assert (cleared.status_code, 'value="adult" checked' in cleared.content.decode()) == (
        200,
        False,
    )


def test_what_respondents_would_be_told_is_told_and_nothing_is_stored(staff, call):
    refused = go_on(staff, address_of(call, "about"), **about(email=""))
    assert refused.status_code == 422
    page = refused.content.decode()
    assert "Enter your email address" in page
    assert re.search(r'value="adult"[^>]* checked', page)
    assert (Submission.objects.count(), Answer.objects.count()) == (0, 0)


def test_pages_are_the_respondents_and_lead_back_from_one_to_the_other(staff, call, at):
    at(while_open(call))
    author = Client()
    author.post(f"/calls/{call.slug}/start/")
    answers = {"roles": ["commissioner"], "age": "adult"}
    draft = Submission.objects.get()
    drafting.save_answers(submission=draft, call=call, values=answers, at=while_open(call))
    chosen = "?roles=commissioner&age=adult"
    before = f"{all_pages(call)}{chosen}"
    for section in call.questionnaire.sections:
        for number, _ in enumerate(pages_of(call, section), start=1):
            theirs = f"/calls/{call.slug}/response/{section.key}/{f'{number}/' * (number > 1)}"
            shown = f"{address_of(call, section.key, number)}{chosen}"
            page = staff.get(shown).content.decode()
            assert asked_on(page) == asked_on(author.get(theirs).content.decode())
            assert f'<a class="back" href="{html.escape(before)}">' in page
            before = shown


def test_answer_that_leads_to_help_shows_that_page_and_can_be_changed(staff, call):
    after = go_on(staff, address_of(call, "about"), **about(age="child", email=""))
    assert after.url == f"{address_of(call, 'about')}?roles=provider&age=child"
    page = staff.get(after.url).content.decode()
    assert "An adult can answer." in page
    assert "What you typed so far" not in page
    unanswered = f"{address_of(call, 'about')}?roles=provider"
    assert f'<a class="back" href="{unanswered}">' in page
    assert f'href="{unanswered}#question-age"' in page
    assert "How old are you?" in staff.get(unanswered).content.decode()
    listed = staff.get(all_pages(call)).content.decode()
    assert f'href="{address_of(call, "about")}?age=child"' in listed


def test_each_answer_that_leads_to_help_is_led_to_whatever_was_chosen(staff):
    route = {"title": "Ask elsewhere", "text": "We take no part in it."}
    options = [{"key": "yes", "label": "Yes", "route": route}, {"key": "no", "label": "No"}]
    # Keys that are names in Python or of other addresses: they stand in this address, too.
    elsewhere = {"key": "self", "kind": "radio", "label": "Elsewhere?", "options": options}
    asked_later = elsewhere | {"key": "from", "show_if": "self = no"}
    call = make_call(evidence_questions=[elsewhere, asked_later])
    listed = staff.get(f"{all_pages(call)}?age=child").content.decode()
    led = f"{address_of(call, 'evidence')}?self=yes"
    assert f'href="{led}"' in listed
    assert "We take no part in it." in staff.get(led).content.decode()
    assert listed.count("Choose first what leads to this question") == 1
    listed = staff.get(f"{all_pages(call)}?age=child&self=no").content.decode()
    assert f'href="{address_of(call, "evidence")}?self=no&amp;from=yes"' in listed
    assert "Choose first what leads to this question" not in listed
    # It counts again by a choice on another page, and what is missing there is not said then.
    later = elsewhere | {"show_if": "age = adult"}
    call = make_call(evidence_questions=[later])
    after = go_on(staff, f"{address_of(call, 'about')}?self=yes", **about(email=""))
    assert after.url == f"{address_of(call, 'evidence')}?roles=provider&age=adult&self=yes"


def test_file_counts_as_given_and_is_dropped(staff, call):
    evidence = call.questionnaire.section("evidence")
    pages = enumerate(pages_of(call, evidence), start=1)
    number = next(n for n, page in pages if "documents" in {q.key for q in page})
    address = address_of(call, "evidence", number)
    refused = go_on(staff, address)
    assert (refused.status_code, "“Add files”" in refused.content.decode()) == (422, True)
    taken = go_on(staff, address, documents=SimpleUploadedFile("a.pdf", pdf()))
    assert "“Add files”" not in taken.content.decode()
    for names, said in (
        (["a.exe"], "the file must be one of PDF, DOCX, ODT, TXT"),
        (["1.pdf", "2.pdf", "3.pdf", "4.pdf"], "was not added: you can add up to 3 files"),
    ):
        for pressed in ("continue", "save", "upload"):
            files = [SimpleUploadedFile(name, pdf()) for name in names]
            refused = go_on(staff, address, documents=files, action=pressed)
            assert (refused.status_code, said in refused.content.decode()) == (422, True)
    assert Submission.objects.count() == 0


def test_last_page_leads_to_the_list_with_what_was_chosen(staff):
    call = make_call(evidence_questions=[])
    after = go_on(staff, address_of(call, "about"), **about())
    assert after.url == f"{all_pages(call)}?roles=provider&age=adult"
    assert "That was the last page" in staff.get(after.url).content.decode()


def test_page_that_choices_rule_out_is_not_shown(staff):
    only = {"key": "only", "kind": "short", "label": "Only they know", "show_if": "age = child"}
    call = make_call(evidence_questions=[only])
    listed = staff.get(f"{all_pages(call)}?age=adult").content.decode()
    assert "Not asked after these choices" in listed
    after = staff.get(f"{address_of(call, 'evidence')}?age=adult")
    assert after.url == f"{all_pages(call)}?age=adult"


@pytest.mark.parametrize("chosen", ["age=old", "roles=nobody", "email=a", "age=", "nothing=1"])
def test_what_is_no_choice_is_passed_over(staff, call, chosen):
    page = staff.get(f"{all_pages(call)}?{chosen}").content.decode()
    assert "Chosen so far" not in page


@pytest.mark.parametrize("place", [("about", 2), ("about", 0), ("nothing", 1)])
def test_page_that_there_is_not_is_not_found(staff, call, place):
    assert staff.get(address_of(call, *place)).status_code == 404


def test_call_of_others_has_no_preview(client, call):
    client.force_login(make_user(Role.STEERING_MEMBER))
    for address in (all_pages(call), address_of(call, "about")):
        assert client.get(address).status_code == 403
        assert client.post(address).status_code == 403
