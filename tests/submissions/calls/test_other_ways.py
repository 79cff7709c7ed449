"""A call says how it takes evidence by telephone and post, or says nothing of it."""

import io
import re
from datetime import timedelta

import pytest
from django.db import IntegrityError
from docx import Document
from pypdf import PdfReader

from accounts.states import Role
from submissions.calls.models import Call
from submissions.definitions.errors import DefinitionRefused
from submissions.definitions.loading import load, parse
from submissions.mail import reminding
from submissions.mail.rendering import render
from submissions.outbox.models import OutboxEmail
from submissions.responses import amending, drafting
from tests.makers import (
    OPENS_AT,
    SMALL,
    make_call,
    make_draft,
    make_submitted,
    make_user,
    while_open,
)

TEXT = SMALL.read_text(encoding="utf-8")
TELEPHONE = '[call.telephone]\nnumber = "020 7946 0018"\nhours = "Monday to Friday, 10am to 4pm"\n'
POST = '[call.post]\naddress = """\nThe project\n1 Sample Street\n\nLondon"""\n'
PHONE = {"evidence_phone": "020 7946 0018", "evidence_phone_hours": "Monday to Friday, 10am to 4pm"}
ADDRESS = {"evidence_address": "The project\n1 Sample Street\n\nLondon"}
NUMBER, STREET = "020 7946 0018", "1 Sample Street"


def with_tables(*tables):
    return TEXT.replace("[[", "".join(tables) + "[[", 1)


def words_of(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())


@pytest.mark.django_db
def test_definition_says_how_and_the_call_offers_it():
    call = load(parse(with_tables(TELEPHONE, POST), source="small"), by=None, at=OPENS_AT).call
    assert [str(way) for way in call.other_ways] == [
        "By telephone: 020 7946 0018, Monday to Friday, 10am to 4pm",
        "By post: The project, 1 Sample Street, London",
    ]
    call = load(parse(TEXT, source="small"), by=None, at=OPENS_AT).call
    assert (call.other_ways, call.other_ways_named) == ([], "")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('[call.telephone]\nnumber = "020"\n', "call.telephone.hours: is missing"),
        ('[call.telephone]\nhours = "Mondays"\n', "call.telephone.number: is missing"),
        ('[call.post]\naddress = " "\n', "call.post.address: is empty"),
        ("[call.post]\n", "call.post.address: is missing"),
        ('[call.post]\nplace = "1"\naddress = "2"\n', "call.post.place: is not known here"),
    ],
)
def test_half_an_offer_is_refused(table, said):
    with pytest.raises(DefinitionRefused) as refused:
        parse(with_tables(table), source="small")
    assert said in str(refused.value.problems)


def test_definition_of_an_earlier_release_still_says_what_it_said():
    plain = parse(TEXT, source="small")
    assert plain.digest() != parse(with_tables(POST), source="small").digest()


@pytest.mark.django_db
@pytest.mark.parametrize("half", [{"evidence_phone": "020"}, {"evidence_phone_hours": "Mondays"}])
def test_number_without_hours_cannot_be_stored(half):
    with pytest.raises(IntegrityError, match="submissions_call_telephone_has_hours"):
        make_call(**half)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("offered", "named", "shown", "hidden"),
    [
        (PHONE | ADDRESS, "by telephone or by post", [NUMBER, "10am to 4pm", STREET], []),
        (PHONE, "by telephone", [NUMBER], ["By post", "when it is posted"]),
        (ADDRESS, "by post", [STREET, "not when it is posted"], ["By telephone"]),
    ],
)
def test_pages_say_how_while_the_call_is_open(client, at, offered, named, shown, hidden):
    call = make_call(**offered)
    at(while_open(call))
    page = words_of(client.get(f"/calls/{call.slug}/"))
    assert "Other ways to give evidence" in page
    assert f"It counts if it reaches us before {call.closes_in_words}." in page
    assert [words for words in shown if words not in page] == []
    assert [words for words in hidden if words in page] == []
    for rest in ("", "questions/", "return/", "accessibility/"):
        answer = client.get(f"/calls/{call.slug}/{rest}")
        assert f"How to give evidence {named}" in words_of(answer)
        assert f'href="/calls/{call.slug}/#other-ways"' in answer.content.decode()


@pytest.mark.django_db
def test_nothing_is_said_where_nothing_is_offered_and_after_closing(client, at):
    call = make_call()
    at(while_open(call))
    for rest in ("", "questions/", "accessibility/"):
        page = words_of(client.get(f"/calls/{call.slug}/{rest}"))
        assert "Other ways to give evidence" not in page
        assert "How to give evidence" not in page
    Call.objects.update(**PHONE, **ADDRESS)
    at(call.closes_at)
    for rest in ("", "questions/"):
        page = words_of(client.get(f"/calls/{call.slug}/{rest}"))
        assert STREET not in page
        assert "How to give evidence" not in page


@pytest.mark.django_db
def test_question_sheets_say_where_to_send_them(client, at):
    call = make_call(**PHONE, **ADDRESS)
    at(while_open(call))
    pdf = PdfReader(io.BytesIO(client.get(f"/calls/{call.slug}/questions.pdf").content))
    word = Document(io.BytesIO(client.get(f"/calls/{call.slug}/questions.docx").content))
    for words in (
        " ".join(" ".join(page.extract_text() for page in pdf.pages).split()),
        " ".join(paragraph.text for paragraph in word.paragraphs),
    ):
        assert "Or give them another way:" in words
        assert "By telephone: 020 7946 0018, Monday to Friday, 10am to 4pm" in words
        assert "By post: The project, 1 Sample Street, London" in words
        assert f"before {call.closes_in_words}. For a letter," in words


@pytest.mark.django_db
def test_reminder_of_a_draft_says_how_and_that_of_changes_does_not():
    call = make_call(**PHONE, **ADDRESS)
    make_draft(call, at=call.opens_at, email="slow@example.org")
    changing = make_submitted(call, at=call.opens_at, email="sure@example.org")
    later = call.opens_at + timedelta(hours=1)
    amending.reopen(submission=changing, at=later)
    drafting.save_answers(
        submission=changing, call=call, values={"story": "New."}, at=later + timedelta(hours=1)
    )
    at = call.closes_at - timedelta(days=1)
    reminding.enqueue_reminders(at=at)
    said = {
        mail.to_address: render(mail, at=at).message
        for mail in OutboxEmail.objects.filter(kind="reminder")
    }
    assert set(said) == {"slow@example.org", "sure@example.org"}
    for address, message in said.items():
        for part in (message.body, message.alternatives[0][0]):
            for words in (NUMBER, "The project, 1 Sample Street, London", "If you cannot go on"):
                assert (words in part) is (address == "slow@example.org")


@pytest.mark.django_db
def test_managers_say_how_on_the_calls_page(client):
    call = make_call()
    client.force_login(make_user(Role.MANAGER))
    address = f"/admin/submissions/call/{call.pk}/change/"
    page = client.get(address)
    assert 'href="/admin/submissions/entry/">Entered responses</a>' in page.content.decode()
    form = page.context["adminform"].form
    posted = {name: form[name].value() or "" for name in form.fields}
    for inline in page.context["inline_admin_formsets"]:
        posted |= {f"{inline.formset.prefix}-TOTAL_FORMS": 0}
        posted |= {f"{inline.formset.prefix}-INITIAL_FORMS": 0}
    refused = client.post(address, posted | {"evidence_phone": "020 7946 0018"})
    assert "Enter both the telephone number and its hours, or neither." in refused.content.decode()
    assert client.post(address, posted | PHONE | ADDRESS).status_code == 302
    assert len(Call.objects.get().other_ways) == 2
