"""What the team of a call takes away: its codings, with those of files, on record."""

import re
from copy import deepcopy
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from lxml import etree

from accounts.models import AuditEvent
from accounts.states import Action, Role
from core.safe_cells import neutralise
from exports.permissions import ExportRefused
from exports.queries import coders_of, memos_of
from exports.types import Dataset
from review.coding.codings import code_passage, quote
from review.coding.samples import draw_sample
from review.memos.writing import About, PassageOf, write_memo
from review.models import FileText, Redaction
from review.states import RedactionState, TextState
from submissions.responses.amending import withdraw
from submissions.responses.submitting import submit
from tests.exports.exporting import NOW, exported, members, put_under, rows_of
from tests.exports.qda_files import Q, Read, valid
from tests.journeys.test_coding import WORDS
from tests.makers import (
    allow,
    complete_answers,
    just_signed_in,
    make_attachment,
    make_call,
    make_code,
    make_draft,
    make_submitted,
    make_user,
    while_open,
    withhold,
)
from tests.review.redaction_makers import make_redaction

pytestmark = pytest.mark.django_db
OF_FILE = "Minutes \U0001f600.\nWe were paid e\u0301 late.\n\u05e9\u05dc\u05d5\u05dd"


@pytest.fixture(scope="module")
def rows(made_once):
    return made_once(lambda: make_call(slug="the-call"))


@pytest.fixture
def call(rows, db, at):
    call = deepcopy(rows)
    at(NOW)
    return call


def with_file(call, text=OF_FILE, **answers):
    """A response with two files, of which the second was read; and that text."""
    draft = make_draft(call, **complete_answers(call, **answers))
    make_attachment(draft, name="secret-name.txt")
    attachment = make_attachment(draft, name="other-name.txt", content=text.encode())
    submit(submission=draft, at=while_open(call))
    draft.refresh_from_db()
    read = FileText.objects.create(
        attachment=attachment, state=TextState.READ, text=text, rules=1, at=NOW
    )
    return draft, read


def code_file(response, read, words, *, code, by):
    start = read.text.index(words)
    return code_passage(
        code=code,
        version=response.current_version,
        question=read.attachment.question,
        file_text=read,
        start=start,
        end=start + len(words),
        by=by,
        at=NOW,
    )


@pytest.fixture
def coded(call):
    """A response with a passage in an answer and one in a file, both of `ada`, who opens files."""
    response, read = with_file(call, story="Paid on time.")
    ada = make_user(Role.REVIEWER, username="ada", is_staff=True)
    code = make_code(call=call, name="Pay")
    put_under(code, response, "on time", ada)
    code_file(response, read, "paid e\u0301 late", code=code, by=ada)
    return response


def page_of(call):
    return f"/admin/exports/teamfiles/{call.pk}/"


def taken(client, call, **posted):
    answer = client.post(page_of(call), posted)
    assert answer.status_code == 200, answer.content.decode()
    return b"".join(answer.streaming_content)


def test_team_gets_passages_of_files_and_the_steering_group_does_not(client, call, coded):
    client.force_login(coded.current_version.codings.first().by)
    name = f"{coded.reference}-2.txt"
    assert [
        (row["file"], row["question"], row["quote"])
        for row in rows_of(taken(client, call, format="codings"))
    ] == [("", "story", "on time"), (name, "documents", "paid e\u0301 late")]
    steering = make_user(Role.STEERING_MEMBER)
    assert [row["quote"] for row in rows_of(exported(call, "codings", by=steering))] == ["on time"]
    for content in members(exported(call, "bundle", by=steering)).values():
        assert b"other-name" not in content


def test_list_leads_to_the_only_call_and_shows_several(client, call):
    client.force_login(make_user(Role.CODER, is_staff=True))
    address = "/admin/exports/teamfiles/"
    assert client.get(address).url == page_of(call)
    make_call(slug="another")
    assert f'<a href="{page_of(call)}">' in client.get(address).content.decode()


def test_project_of_the_team_has_the_text_of_the_file_as_a_source_with_its_passages(
    client, call, coded, tmp_path
):
    client.force_login(coded.current_version.codings.first().by)
    data = taken(client, call, format="qdpx")
    valid(data)
    read = Read(data, tmp_path)
    source = f"{coded.reference}-2.txt (text)"
    assert read.quotes()[source] == [("Pay", "paid e\u0301 late")]
    assert read.sources[source] == OF_FILE
    assert ("Pay", "on time") in read.quotes()[coded.reference]
    (case,) = read.project.cases.case
    assert len(case.source_ref) == 2


def test_who_may_not_open_files_gets_no_passage_of_one(client, call, coded):
    bo = make_user(Role.CODER, username="bo", is_staff=True)
    client.force_login(bo)
    assert [row["quote"] for row in rows_of(taken(client, call, format="codings"))] == ["on time"]
    root = etree.fromstring(members(taken(client, call, format="qdpx"))["project.qde"])
    assert len(root.findall(f".//{Q}TextSource")) == 1
    assert "Passages of files are left out" in client.get(page_of(call)).content.decode()


def test_confidential_responses_need_leave_and_a_reason(client, call):
    response, read = with_file(call, story="Secret", publication="confidential")
    ada = make_user(Role.REVIEWER, username="ada", is_staff=True)
    code = make_code(call=call, name="Pay")
    put_under(code, response, "Secret", ada)
    code_file(response, read, "Minutes", code=code, by=ada)
    client.force_login(ada)
    assert rows_of(taken(client, call, format="codings")) == []
    asked = {"format": "codings", "confidential": "yes", "reason": "For the report"}
    refused = client.post(page_of(call), asked)
    assert (
        refused.status_code,
        "permission to export confidential" in refused.content.decode(),
    ) == (
        422,
        True,
    )
    allow(ada, Action.EXPORT_CONFIDENTIAL)
    client.force_login(ada)
    assert client.post(page_of(call), asked | {"reason": " "}).status_code == 422
    session = client.session
    session.update(just_signed_in(ada))
    session.save()
    assert [row["quote"] for row in rows_of(taken(client, call, **asked))] == ["Secret"]
    call.shares_confidential_files = True
    call.save()
    assert [row["quote"] for row in rows_of(taken(client, call, **asked))] == ["Secret", "Minutes"]
    session = client.session
    del session["account_authentication_methods"]
    session.save()
    assert "/account/again/" in client.post(page_of(call), asked)["Location"]


def test_each_file_is_on_record_as_one_of_the_team(client, call, coded):
    ada = coded.current_version.codings.first().by
    client.force_login(ada)
    taken(client, call, format="codings")
    event = AuditEvent.objects.get(action="exported")
    assert (event.actor, event.detail["team"], event.detail["through"], event.detail["rows"]) == (
        ada,
        True,
        "page of the team",
        2,
    )
    client.force_login(make_user(Role.STEERING_MEMBER))
    shown = client.get("/steering/the-call/exports/").content.decode()
    assert "Codings, for the project team" in shown


@pytest.mark.parametrize("missing", [Action.CODE, Action.READ_RESPONSES])
def test_page_is_for_those_who_read_and_code(client, call, coded, missing):
    user = make_user(Role.MANAGER, is_staff=True)
    withhold(user, missing)
    client.force_login(user)
    assert client.get(page_of(call)).status_code in {403, 404}
    listed = client.get("/admin/exports/teamfiles/")
    assert page_of(call) not in listed.content.decode() + listed.get("Location", "")
    assert client.post(page_of(call), {"format": "codings"}).status_code in {403, 404}
    assert not AuditEvent.objects.filter(action="export_started").exists()
    with pytest.raises(ExportRefused, match="Only those who code"):
        exported(call, "codings", by=user, team=True)


def test_team_has_no_file_of_another_format(client, call, coded):
    client.force_login(coded.current_version.codings.first().by)
    for name in ("csv", "bundle", "json", "", "nonsense"):
        answer = client.post(page_of(call), {"format": name})
        assert (name, answer.status_code) == (name, 422)
        said = "The team has no file of its own in this format."
        assert said in answer.content.decode(), name


def test_page_leads_to_the_codebook_and_says_who_is_blind(client, call, coded):
    ada = coded.current_version.codings.first().by
    bo = make_user(Role.CODER, username="bo")
    client.force_login(ada)
    shown = client.get(page_of(call)).content.decode()
    assert re.findall(r"/admin/review/code/of/\d+/codebook\.(\w+)", shown) == ["csv", "qdc"]
    assert "blind" not in shown
    assert re.findall(r"/admin/review/(\w+)/of/\d+/(?:outline/)?\"", shown) == [
        "finding",
        "matrixsummary",
    ]
    boss = make_user(Role.MANAGER)
    draw_sample(
        call=call, size=1, coders=[ada, bo], facet="", is_blind=True, by=boss, at=NOW, seed=1
    )
    assert "You code 1 response blind" in client.get(page_of(call)).content.decode()
    listed = client.get(f"/admin/review/code/?call__id__exact={call.pk}").content.decode()
    assert page_of(call) in listed


def test_team_takes_away_no_hidden_word_of_an_answer_or_of_a_file(client, call, coded):
    read = FileText.objects.get()
    make_redaction(coded, "on time")
    make_redaction(coded, "paid", key="documents", file_text=read)
    client.force_login(read.codings.get().by)
    found = [(row["file"], row["quote"]) for row in rows_of(taken(client, call, format="codings"))]
    assert found == [("", "███████"), (f"{coded.reference}-2.txt", "████ e\u0301 late")]
    files = members(taken(client, call, format="qdpx"))
    assert [name for name, text in files.items() if b"on time" in text or b"paid" in text] == []
    assert sum("████ e\u0301 late".encode() in text for text in files.values()) == 2


def test_passage_of_a_file_in_the_place_of_one_with_hidden_words_waits_for_a_decision(
    client, call, coded
):
    read, ada = FileText.objects.get(), coded.current_version.codings.first().by
    bo = make_user(Role.REVIEWER, username="bo")
    code_file(coded, read, "Minutes", code=call.codes.get(), by=bo)
    make_redaction(coded, "paid", key="documents", file_text=read)
    Redaction.objects.update(state=RedactionState.LOST, file_text=None)
    client.force_login(ada)
    assert [row["quote"] for row in rows_of(taken(client, call, format="codings"))] == ["on time"]
    project = members(taken(client, call, format="qdpx"))
    assert [name for name, text in project.items() if b"paid" in text or b"Minutes" in text] == []
    assert coders_of(Dataset(call, team=True, reader=ada)) == [ada]


def places(text, number, random):
    """So many different passages of the text, of whole codepoints."""
    found = set()
    while len(found) < number:
        start, end = sorted(random.sample(range(len(text) + 1), 2))
        if end - start <= 60:
            found.add((start, end))
    return sorted(found)


def test_selections_of_any_script_are_their_quotes_in_both_files(client, call, tmp_path):
    response, read = with_file(call, text=WORDS, story=WORDS)
    version = response.current_version
    ada = make_user(Role.REVIEWER, username="ada", is_staff=True)
    pay = make_code(call=call, name="Pay")
    random = Random(7)
    sources = [("story", version.texts["story"], None), ("documents", WORDS, read)]
    codings = [
        code_passage(
            code=pay,
            version=version,
            question=call.questions_by_key[key],
            file_text=file_text,
            start=start,
            end=end,
            by=ada,
            at=NOW,
        )
        for key, text, file_text in sources
        for start, end in places(text, 20, random)
    ]
    assert ("\r\n" in sources[0][1], "\r\n" in sources[1][1]) == (False, True)
    client.force_login(ada)
    wanted = {str(coding.guid): quote(coding) for coding in codings}
    rows = rows_of(taken(client, call, format="codings"))
    assert {row["coding"]: row["quote"] for row in rows} == {
        guid: neutralise(words) for guid, words in wanted.items()
    }
    data = taken(client, call, format="qdpx")
    valid(data)
    project = Read(data, tmp_path)
    found = {
        selection.coding[0].guid: project.sources[source.name][
            selection.start_position : selection.end_position
        ]
        for source in project.project.sources.text_source
        for selection in source.plain_text_selection
        if project.codes[selection.coding[0].code_ref.target_guid] == "Pay"
    }
    assert {guid: found.get(guid) for guid in wanted} == wanted
    assert len(found) == 40


def test_project_has_a_set_of_each_layer_role_and_sample(call, tmp_path):
    ada = make_user(Role.CODER, username="ada", first_name="Ada")
    bo = make_user(Role.CODER, username="bo", first_name="Bo")
    pay, trust = (make_code(call=call, name=name) for name in ("Pay", "Trust"))
    first = make_submitted(call, story="One", roles=["provider", "commissioner"])
    second = make_submitted(call, story="Two", roles=["provider"])
    hidden = make_submitted(call, story="Six", roles=["provider"], publication="confidential")
    put_under(pay, first, "One", ada)
    put_under(trust, first, "One", bo)
    put_under(pay, second, "Two", bo)
    put_under(pay, hidden, "Six", bo)
    boss = make_user(Role.MANAGER)
    drawn = draw_sample(
        call=call, size=3, coders=[ada, bo], facet="", is_blind=False, by=boss, at=NOW, seed=5
    )
    data = exported(call, "qdpx")
    root = valid(data)
    names = {e.get("guid"): e.get("name") for e in root.iter(f"{Q}TextSource", f"{Q}Code")}
    sets = {
        one.get("name"): [
            names[member.get("targetGUID")] for member in one.iter() if member.get("targetGUID")
        ]
        for one in root.iter(f"{Q}Set")
    }
    both = [first.reference, second.reference]
    assert sets == {
        "Layer of Ada": ["Pay", first.reference],
        "Layer of Bo": ["Trust", "Pay", *both],
        "Role: I provide services": both,
        "Role: I commission services": [first.reference],
        f"Sample {drawn.pk} of 2019-07-25": both,
    }
    assert len(Read(data, tmp_path).project.sets.set) == 5


def memo_on(call, title, by, **about):
    passage = about.pop("passage", None)
    if passage is not None:
        about["passage"] = PassageOf(**passage)
    return write_memo(
        About(call, **about), title=title, text=f"{title} \U0001f600 <b>&", by=by, at=NOW
    )


def test_project_of_the_team_has_memos_as_notes_where_they_belong(client, call, coded, tmp_path):
    ada = coded.current_version.codings.first().by
    bo = make_user(Role.CODER, username="bo", first_name="Bo")
    code = call.codes.get()
    read = FileText.objects.get()
    version = coded.current_version
    story, documents = (call.questions.get(key=key) for key in ("story", "documents"))
    place = {"version": version, "start": 0, "end": 4}
    memo_on(call, "Whole", ada)
    memo_on(call, "Code", bo, code=code)
    memo_on(call, "Response", ada, response=coded)
    memo_on(call, "Passage", ada, response=coded, passage=place | {"question": story})
    in_file = place | {"question": documents, "file_text": read}
    memo_on(call, "File", ada, response=coded, passage=in_file)
    hidden = make_submitted(call, story="Secret", publication="confidential")
    memo_on(call, "Confidential", ada, response=hidden)
    client.force_login(ada)
    data = taken(client, call, format="qdpx")
    root = valid(data)
    notes = {note.get("guid"): note for note in root.find(f"{Q}Notes")}

    def on(element):
        return [notes[ref.get("targetGUID")].get("name") for ref in element.findall(f"{Q}NoteRef")]

    assert sorted(note.get("name") for note in notes.values()) == [
        "Code",
        "File",
        "Passage",
        "Response",
        "Whole",
    ]
    assert {note.findtext(f"{Q}PlainTextContent") for note in notes.values()} == {
        f"{note.get('name')} \U0001f600 <b>&" for note in notes.values()
    }
    sources = {source.get("name"): source for source in root.iter(f"{Q}TextSource")}
    (of_code,) = [one for one in root.iter(f"{Q}Code") if one.get("name") == "Pay"]
    assert (on(root), on(of_code), on(sources[coded.reference])) == (
        ["Whole"],
        ["Code"],
        ["Response"],
    )
    found = {
        (name, text[int(one.get("startPosition")) : int(one.get("endPosition"))]): on(one)
        for name, source in sources.items()
        for text in [Read(data, tmp_path).sources[name]]
        for one in source.findall(f"{Q}PlainTextSelection")
        if on(one)
    }
    assert found == {
        (coded.reference, "Paid"): ["Passage"],
        (f"{coded.reference}-2.txt (text)", "Minu"): ["File"],
    }
    users = {user.get("guid"): user.get("name") for user in root.iter(f"{Q}User")}
    assert {note.get("name"): users[note.get("creatingUser")] for note in notes.values()} == {
        "Whole": "ada",
        "Code": "Bo",
        "Response": "ada",
        "Passage": "ada",
        "File": "ada",
    }
    assert b"Whole" not in b"".join(members(exported(call, "qdpx")).values())


def test_memos_that_a_blind_coder_does_not_see_are_not_in_their_project(client, call, coded):
    ada = coded.current_version.codings.first().by
    bo = make_user(Role.CODER, username="bo")
    memo_on(call, "Mine", ada, response=coded)
    memo_on(call, "Theirs", bo, response=coded)
    boss = make_user(Role.MANAGER)
    draw_sample(
        call=call, size=1, coders=[ada, bo], facet="", is_blind=True, by=boss, at=NOW, seed=1
    )
    client.force_login(ada)
    root = valid(taken(client, call, format="qdpx"))
    assert [note.get("name") for note in root.iter(f"{Q}Note")] == ["Mine"]
    withdraw(submission=coded, at=while_open(call))
    assert memos_of(Dataset(call, team=True, reader=ada)) == []


def test_memos_on_files_are_read_in_as_many_queries_for_three_as_for_one(
    call, coded, django_assert_num_queries
):
    ada = coded.current_version.codings.first().by
    place = {
        "version": coded.current_version,
        "question": call.questions.get(key="documents"),
        "start": 0,
        "end": 4,
        "file_text": FileText.objects.get(),
    }
    memo_on(call, "File", ada, response=coded, passage=place)
    dataset = Dataset(call, team=True, reader=ada)
    with CaptureQueriesContext(connection) as once:
        assert [memo.file for memo in memos_of(dataset)] == [2]
    for title in ("Second", "Third"):
        memo_on(call, title, ada, response=coded, passage=place)
    with django_assert_num_queries(len(once)):
        assert [memo.file for memo in memos_of(dataset)] == [2, 2, 2]
