"""Finding everything about a person, and the copy that they get; both on record."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent
from accounts.states import Action, Role
from core.spoken_time import say_exactly
from personal_data.bundle import about, path_of
from personal_data.finding import find_person
from review import noting
from review.coding.codings import code_passage
from review.findings.claims import Claim, write_finding
from review.memos.writing import About, change_memo, write_memo
from submissions.responses import amending, drafting, late_passes, replying, submitting
from submissions.responses.addresses import remember_address
from submissions.responses.entering import Came, begin_entry
from submissions.responses.models import Attachment, FileScan, Submission
from submissions.responses.states import Acknowledgement, Channel
from tests.accounts.test_asking_again import gives_password
from tests.asking import make_askable, make_asking_call, put_question
from tests.makers import (
    PASSWORD,
    complete_answers,
    make_attachment,
    make_call,
    make_code,
    make_draft,
    make_submitted,
    make_user,
    while_open,
    withhold,
)

pytestmark = pytest.mark.django_db
PERSON = reverse("admin:submissions_erasurerequest_person")
COPY = reverse("admin:submissions_erasurerequest_copy")


@pytest.fixture
def call(at):
    call = make_call()
    at(while_open(call))
    return call


@pytest.fixture
def response(call):
    draft = make_draft(
        call, **complete_answers(call, email="ada@example.org", story="It was “hard”.")
    )
    make_attachment(draft, name="ada notes.txt", content=b"Her minutes.")
    return submitting.submit(submission=draft, at=while_open(call)).submission


def signed_in(role=Role.DATA_PROTECTION):
    client = Client()
    client.force_login(make_user(role))
    return client


def found(words, call):
    return {str(one): where for one, where in find_person(words, call=call).responses.items()}


def test_person_is_found_wherever_something_of_them_is(call, response):
    at = while_open(call)
    amending.reopen(submission=response, at=at)
    new = {"email": "new@example.org"}
    drafting.save_answers(submission=response, call=call, values=new, at=at)
    submitting.submit(submission=response, at=at)
    draft = make_draft(call, email="draft-ada@example.org")
    linked = make_submitted(call, email="x@example.org")
    remember_address(submission=linked, address="ADA@example.org", at=at)
    withdrawn = make_submitted(call, email="ada@example.org")
    amending.withdraw(submission=withdrawn, at=at)
    elsewhere = make_submitted(make_call(), email="ada@example.org")
    mentioning = make_submitted(call, email="y@example.org", story="Ada Lovelace helped us.")
    for of_call, address in (
        (call, "ada@example.org"),
        (call, "else@example.org"),
        (elsewhere.call, "ada@example.org"),
    ):
        late_passes.give(
            call=of_call,
            address=address,
            reason="Was ill",
            expires_at=call.closes_at.replace(year=2020),
            by=make_user(),
            at=at,
        )
    mailed = "an address that mail went to"
    assert found("ada@example.org", call) == {
        response.reference: ["who answered", mailed],
        withdrawn.reference: ["who answered", "the working copy", mailed],
        linked.reference: ["the address for links"],
        str(draft): ["the working copy"],
    }
    assert found(response.reference.lower(), call) == {response.reference: ["the reference"]}
    assert found(elsewhere.reference, call) == {}
    assert found("ada notes", call) == {response.reference: ["the name of a file"]}
    assert find_person("Ada Lovelace", call=call).mentions == [mentioning]
    assert find_person("ada@example.org", call=call).passes == 1


def test_person_is_found_in_what_staff_wrote_and_authors_replied():
    call = make_asking_call()
    at, staff = while_open(call), make_user(is_superuser=True)
    later = at + timedelta(seconds=1)
    entry = begin_entry(
        Came(Channel.POST, at, Acknowledgement.NONE, their_reference="Ada Lovelace, 3"),
        call=call,
        by=staff,
        at=at,
    )
    assert found("ada lovelace", call) == {str(entry): ["the number that it came with"]}
    assert about(entry.submission)["number_it_came_with"] == "Ada Lovelace, 3"
    noted, thought, asked, replied = (make_askable(call) for _number in range(4))
    noting.add_note(noted, text="Met Ada Lovelace.", by=staff, at=at)
    memo = About(call, response=thought)
    written = write_memo(memo, title="Ada Lovelace?", text="Perhaps.", by=staff, at=at)
    change_memo(
        written, title="Somebody", text="No.", seen=1, by=staff, at=at + timedelta(seconds=1)
    )
    put_question(asked, text="Who is Ada Lovelace?")
    write_memo(About(call), title="Who", text="Ada Lovelace leads.", by=staff, at=at)
    _question, token = put_question(replied)
    replying.answer(call=call, token=token, text="Ada Lovelace.", at=at)
    make_code(call=call, name="Lead", use_when="As Ada Lovelace does")
    claim = Claim(title="Some lead", text="Ada Lovelace does.")
    write_finding(call=call, claim=claim, by=staff, at=at)
    everything = find_person("Ada Lovelace", call=call)
    assert everything.mentions == [noted, thought, asked, replied]
    assert (everything.memos, everything.written) == (1, 2)
    memos = about(thought)["memos_of_staff"]
    assert [(one["memo"], one["written"]) for one in memos] == [
        ("No.", later),
        ("Perhaps.", at),
    ]


def test_name_is_found_whichever_way_its_accents_were_typed(call):
    """Some keyboards and file names have an accent as a character of its own."""
    draft = make_draft(call)
    make_attachment(draft, name="Ren\u00e9.txt")
    assert found("Rene\u0301", call) == {str(draft): ["the name of a file"]}


def test_search_goes_on_record_with_its_reason_and_without_the_words(call, response):
    client = signed_in()
    fields = {"call": call.pk, "words": "ada@example.org", "reason": "Asked by letter"}
    assert response.reference in client.post(PERSON, fields).content.decode()
    event = AuditEvent.objects.get(action="identity_searched")
    assert event.detail == {
        "found": 1,
        "shown": [response.reference],
        "reason": "Asked by letter",
    }
    without = client.post(PERSON, fields | {"reason": ""})
    assert without.context["form"].errors.keys() == {"reason"}
    assert AuditEvent.objects.filter(action="identity_searched").count() == 1


@pytest.mark.parametrize(
    "lacking", [Action.FIND_PERSON, Action.SEE_IDENTITY, Action.READ_RESPONSES, Action.OPEN_FILES]
)
def test_finding_needs_every_right_that_a_copy_shows(call, response, lacking):
    person = make_user(Role.MANAGER)
    withhold(person, lacking)
    client = Client()
    client.force_login(person)
    assert client.get(PERSON).status_code == 403
    assert client.post(COPY, {"responses": response.pk, "reason": "x"}).status_code == 403


def test_copy_has_a_page_json_and_the_files(call, response):
    theme = make_code(call=call, name="Trust")
    code_passage(
        code=theme,
        version=response.current_version,
        question=call.questions_by_key["story"],
        start=7,
        end=13,
        by=make_user(Role.CODER),
        at=while_open(call),
    )
    note = "Rang her.\n<b>She</b> agrees."
    admin = make_user(is_superuser=True)
    noting.add_note(response, text=note, by=admin, at=while_open(call))
    client = signed_in()
    answer = client.post(COPY, {"responses": response.pk, "reason": "Asked by letter"})
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer)))
    data = json.loads(archive.read("data.json"))
    [told] = data["responses"]
    [version] = told["versions"]
    answers = {one["key"]: one["answer"] for one in version["answers"]}
    assert answers["email"] == "ada@example.org"
    assert answers["story"] == "It was “hard”."
    assert version["themes"] == [{"theme": "Trust", "passage": "“hard”"}]
    [file] = [file for one in version["answers"] for file in one["files"]]
    assert archive.read(file["path"]) == b"Her minutes."
    assert {name.partition("/")[0] for name in archive.namelist()} == {
        "index.html",
        "data.json",
        "files",
    }
    assert told["times"]["submitted_at"] == response.submitted_at.isoformat()
    page = archive.read("index.html").decode()
    assert f"<dt>First submitted</dt><dd>{say_exactly(response.submitted_at)}</dd>" in page
    assert "Rang her.<br>&lt;b&gt;She&lt;/b&gt; agrees." in page
    for said in ("ada@example.org", "It was “hard”.", "ada notes.txt", "Trust: ““hard””"):
        assert said in page
    event = AuditEvent.objects.get(action="personal_data_given")
    assert (event.submission, event.detail) == (response, {"reason": "Asked by letter"})


def test_copy_names_a_file_that_is_held_back_and_leads_nowhere(call, response):
    file = Attachment.objects.get(submission=response)
    FileScan.objects.create(
        attachment=file, state="infected", detail="X", scanned_at=while_open(call)
    )
    answer = signed_in().post(COPY, {"responses": response.pk, "reason": "Asked by letter"})
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer)))
    assert archive.namelist() == ["index.html", "data.json"]
    page = archive.read("index.html").decode()
    assert (
        "ada notes.txt, which a virus scanner found harmful and which is not in this copy" in page
    )
    assert 'href="files/' not in page
    [version] = json.loads(archive.read("data.json"))["responses"][0]["versions"]
    [told] = [told for one in version["answers"] for told in one["files"]]
    assert (told["name"], told["path"]) == ("ada notes.txt", None)


def test_copy_has_no_answer_of_a_draft(call):
    draft = make_draft(call, email="ada@example.org", story="Not submitted.")
    client = signed_in()
    answer = client.post(COPY, {"responses": draft.pk, "reason": "Asked by letter"})
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer)))
    assert archive.namelist() == ["index.html", "data.json"]
    everything = b"".join(archive.read(name) for name in archive.namelist())
    assert b"Not submitted." not in everything
    assert json.loads(archive.read("data.json"))["responses"][0]["state"] == "Draft"


def test_copy_of_a_response_of_another_call_is_not_made(call, response):
    person = make_user(Role.MANAGER)
    other = make_submitted(make_call())
    person.memberships.filter(call=other.call).delete()
    client = Client()
    client.force_login(person)
    answer = client.post(COPY, {"responses": other.pk, "reason": "x"})
    assert (answer.status_code, answer.url) == (302, PERSON)
    assert Submission.objects.count() == 2
    assert not AuditEvent.objects.filter(action="personal_data_given").exists()


def test_copy_asks_for_the_password_again_and_then_comes(call, response):
    client, person = Client(), make_user(Role.DATA_PROTECTION)
    client.post("/steering/sign-in/", {"username": person.username, "password": PASSWORD})
    chosen = {"responses": [response.pk], "reason": "Asked by letter"}
    asked = client.post(COPY, chosen)
    assert not AuditEvent.objects.filter(action="personal_data_given").exists()
    answer = gives_password(client, asked)
    with zipfile.ZipFile(io.BytesIO(b"".join(answer))) as archive:
        assert any("ada notes" in name for name in archive.namelist())


@pytest.mark.parametrize(
    ("given", "unpacked"),
    [
        ("..\\..\\plan.txt", ".._.._plan.txt"),
        ('Costs: "2019"? <a|b>*.txt', "Costs_ _2019__ _a_b__.txt"),
        ("con.txt", "_con.txt"),
        ("LPT1", "_LPT1"),
        ("Contract.txt", "Contract.txt"),
        (f"{'ش' * 120}.txt", f"{'ش' * 98}.txt"),
        (".gitignore", ".gitignore"),
    ],
)
def test_copy_has_a_file_under_a_name_that_every_system_unpacks(given, unpacked):
    file = Attachment(name=given, submission=Submission(reference="RTR-1"))
    assert path_of(file) == f"files/RTR-1/{file.public_id.hex[:8]}/{unpacked}"


def test_draft_is_found_by_what_json_escapes(call):
    drafts = [make_draft(call, email=f'"{word}"@example.org') for word in ("ada", "a\\d")]
    assert found('"ada"@', call) == {str(drafts[0]): ["the working copy"]}
    assert found("a\\d", call) == {str(drafts[1]): ["the working copy"]}
    assert find_person('"', call=call).mentions == []


def test_page_says_where_there_are_more_than_it_lists(call, response, monkeypatch):
    make_submitted(call, email="ada@example.org", story="More.")
    client = signed_in()
    asked = {"call": call.pk, "words": "ada@", "reason": "by letter"}
    more = b"There are more than are listed here."
    assert more not in client.post(PERSON, asked).content
    monkeypatch.setattr("personal_data.finding.MOST_SHOWN", 1)
    page = client.post(PERSON, asked).content.decode()
    assert "Responses of this person: 1<" in page
    assert more.decode() in page
