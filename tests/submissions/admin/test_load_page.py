"""Administrators load a definition on a page, once they have seen what that does."""

import html
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from accounts.models import AuditEvent
from accounts.states import AuditAction, Role
from submissions.admin.load_page import EXAMPLE, LARGEST_FILE
from submissions.calls.models import Call, Question
from submissions.definitions import loading
from tests.forms import messages_after
from tests.makers import make_submitted, make_user
from tests.submissions.definitions.small_call import TEXT, changed, load_text

pytestmark = pytest.mark.django_db
PAGE = "/admin/submissions/call/load/"
RETITLED = changed("A small call", "A call")


@pytest.fixture
def boss(client):
    user = make_user(username="boss", is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


def look(client, text=TEXT):
    data = text if isinstance(text, bytes) else text.encode()
    return client.post(PAGE, {"file": SimpleUploadedFile("call.toml", data)})


def hidden(page, name):
    value = re.search(rf'name="{name}" value="([^"]*)"', page.content.decode())[1]
    return html.unescape(value)


def text_on(page):
    area = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page.content.decode(), re.DOTALL)
    return html.unescape(area[1])


def again(client, page, *ticked, load=True):
    """Press the button of a page that says what loading would do, with boxes ticked."""
    text = text_on(page).replace("\n", "\r\n")  # as browsers do
    data = {"text": text, "seen": hidden(page, "seen")}
    data |= dict.fromkeys(ticked, "on") | ({"load": "yes"} if load else {})
    return client.post(PAGE, data)


def words(page):
    text = re.sub(r"<[^>]+>", " ", page.content.decode().split('id="content-main"')[1])
    return " ".join(html.unescape(text).split())


def loads():
    return AuditEvent.objects.filter(action=AuditAction.CALL_LOADED)


def test_new_call_is_looked_at_and_then_made(client, boss):
    line = f"{'#' * 99}\n"
    comments = line * ((LARGEST_FILE - len(TEXT)) // len(line) - 2)
    page = look(client, "\ufeff" + TEXT + comments)
    assert page.status_code == 200
    assert "It would make a new call" in words(page)
    assert "/calls/small/ : 2 sections, 11 questions, opens at 9am on Wednesday 29 May" in words(
        page
    )
    assert " (UK time) and closes at midday on Wednesday" in words(page)
    assert not Call.objects.exists()
    assert not loads().exists()
    made = again(client, page)
    call = Call.objects.get()
    assert made["Location"] == f"/admin/submissions/call/{call.pk}/change/"
    assert (loads().get().actor, loads().get().detail["outcome"]) == (boss, "created")
    for said in (words(page), messages_after(made)[0]):
        assert "invite people under Invitations, or add those who sign in already" in said
    assert "It changes nothing" in words(look(client))


def test_call_that_is_over_already_is_said_to_be(client, boss, at):
    load_text()
    said = []
    for after in (timedelta(microseconds=-1), timedelta()):
        at(Call.objects.get().closes_at + after)
        said.append(
            "24 July 2019 (UK time). That is over: the call is closed." in words(look(client))
        )
    assert said == [False, True]


def test_problems_have_their_lines_and_nothing_is_loaded(client, boss):
    page = look(client, changed('kind = "long"', 'kind = "<b>"'))
    assert page.status_code == 422
    assert "Nothing was loaded. 1 problem: line 103: sections.evidence.story.kind: “<b>”" in (
        words(page)
    )
    assert not Call.objects.exists()
    assert "is not TOML" in words(look(client, "= 1"))
    endless = words(look(client, "a." * 2000 + "a = 1\n" + TEXT))
    assert "1 problem: file: has a key of more than 20 parts in line 1" in endless


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"text": " "}, "Write a definition here, or choose a file"),
        ({}, "Write a definition here, or choose a file"),
        ({"file": SimpleUploadedFile("a.toml", b"")}, "The file is empty"),
        (
            {"file": SimpleUploadedFile("a.toml", b"\xff")},
            "The file is not UTF-8 at line 1: choose",
        ),
        ({"file": SimpleUploadedFile("a.toml", b"#" * (LARGEST_FILE + 1))}, "has 1,000,001 bytes"),
    ],
)
def test_what_is_no_definition_is_refused(client, boss, data, said):
    page = client.post(PAGE, data)
    assert page.status_code == 422
    assert said in words(page)


def test_what_needs_a_word_is_refused_until_its_box_is_ticked(client, boss):
    call = load_text().call
    make_submitted(call)
    question = call.questions_in_order[0]
    text = changed(f'label = "{question.label}"', f'label = "{question.label} Really?"')
    refused = look(client, text)
    assert refused.status_code == 422
    assert "load with --reword" in words(refused)
    assert "Load it" not in words(refused)
    page = again(client, refused, "reword", load=False)
    assert f"{question.key}: label" in words(page)
    assert again(client, page, "reword").status_code == 302
    assert Question.objects.get(pk=question.pk).label.endswith(" Really?")


def test_words_of_staff_are_overwritten_only_where_somebody_wants_that(client, boss):
    call = load_text().call
    Call.objects.update(contact_name="Mo", help_text="Ring us")
    assert "It changes nothing" in words(look(client, f"{TEXT}\n# a comment\n"))
    refused = look(client, RETITLED)
    assert "load with --take-file call.contact_name" in words(refused)
    page = again(client, refused, "take_file:call.contact_name", load=False)
    assert "load with --take-file call.help_text" in words(page)
    both = ("take_file:call.contact_name", "take_file:call.help_text")
    page = again(client, page, *both, load=False)
    assert again(client, page, *both).status_code == 302
    assert Call.objects.get().contact_name == call.contact_name


def test_what_became_another_change_meanwhile_is_shown_anew(client, boss):
    call = load_text().call
    page = look(client, RETITLED)
    load_text(changed("A small call", "Their call"))
    page = again(client, page)
    assert "Nothing was loaded: meanwhile the call or the text has changed" in words(page)
    assert Call.objects.get().title == "Their call"
    Question.objects.filter(call=call).order_by("pk").first().delete()
    other = again(client, page)
    assert "Nothing was loaded: meanwhile the call or the text has changed" in words(other)
    assert Call.objects.get().title == "Their call"
    assert again(client, other).status_code == 302
    assert Call.objects.get().title == "A call"


def test_lock_that_is_waited_for_in_vain_leaves_the_file_on_the_page(client, boss, monkeypatch):
    def wait(definitions):
        with connection.cursor() as cursor:
            cursor.execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '55P03'; END $$")

    with monkeypatch.context() as busy:
        busy.setattr(loading, "lock_calls", wait)
        page = look(client)
    assert page.status_code == 503
    assert "The text is still here. Press “Look again” in a minute." in words(page)
    assert "Load it" not in words(page)
    assert "It would make a new call" in words(again(client, page, load=False))


def test_text_is_mended_on_the_page_and_looked_at_before_it_is_loaded(client, boss):
    wrong = changed('kind = "long"', 'kind = "lang"')
    page = look(client, wrong)
    assert text_on(page) == wrong
    page = client.post(PAGE, {"text": TEXT})
    assert "It would make a new call" in words(page)
    other = client.post(PAGE, {"text": RETITLED, "seen": hidden(page, "seen"), "load": "yes"})
    assert "Nothing was loaded: meanwhile the call or the text has changed" in words(other)
    assert text_on(other) == RETITLED
    assert again(client, other).status_code == 302
    assert Call.objects.get().title == "A call"


def test_file_takes_the_place_of_the_text(client, boss):
    file = SimpleUploadedFile("a.toml", RETITLED.encode())
    assert text_on(client.post(PAGE, {"text": TEXT, "file": file})) == RETITLED


def test_definition_starts_from_the_example_or_from_a_call_as_it_is_now(client, boss):
    call = load_text().call
    Call.objects.update(summary="Tell us all.")
    page = client.get(PAGE).content.decode()
    assert ('href="?example"' in page, f'href="?from={call.slug}"' in page) == (True, True)
    example = client.get(f"{PAGE}?example")
    assert text_on(example) == EXAMPLE.read_text(encoding="utf-8")
    assert ("Look at it" in words(example), "Look again" in words(example)) == (True, False)
    copied = text_on(client.get(f"{PAGE}?from={call.slug}"))
    assert 'summary = "Tell us all."' in copied
    assert client.get(f"{PAGE}?from=nowhere").status_code == 404
    file = client.get(f"/admin/submissions/call/{call.pk}/definition.toml")
    assert file.content.decode() == copied
    assert file["Content-Disposition"] == 'attachment; filename="small.toml"'
    page = look(client, copied)
    assert "No part of the call changes. What staff have changed is part of the" in words(page)
    assert again(client, page).status_code == 302
    assert Call.objects.get().summary == "Tell us all."
    page = look(client, copied.replace("Tell us all.", "Tell us more."))
    assert ("call.summary: changed" in words(page), "No part" in words(page)) == (True, False)


def test_managers_of_a_call_load_no_definition(client):
    load_text()
    client.force_login(make_user(Role.MANAGER))
    assert client.get(PAGE).status_code == 403
    assert look(client).status_code == 403
    assert "Load a definition" not in client.get("/admin/submissions/call/").content.decode()
