"""What a respondent does not see asked is kept, and is no part of the response."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from exports.counts.response_counts import count_responses
from submissions.calls.models import Call
from submissions.responses.models import FileScan, Submission
from tests.exports.exporting import NOW, exported, members
from tests.makers import make_call, press_submit, while_open
from tests.submissions.calls.test_cascade import CHAIN, A, B
from tests.submissions.respondent.answering import address, start, text_of

pytestmark = pytest.mark.django_db
SAY = {"key": "say", "kind": "long", "label": "Anything to say?"}


@pytest.fixture
def on_one_page(at):
    call = make_call(about_questions=[*CHAIN, SAY], evidence_questions=[], facets=[])
    at(while_open(call))
    return call


@pytest.fixture
def call(at):
    """It asks on its second page what its first page may rule out."""
    call = make_call(about_questions=[A, B], evidence_questions=[*CHAIN[2:], SAY], facets=[])
    at(while_open(call))
    return call


EITHER_WAY = pytest.mark.parametrize("name", ["on_one_page", "call"])


def post(client, call, **answers):
    """Post every page as a browser without the script does, with all that was ever typed."""
    for section in ("about", "evidence"):
        client.post(address(call, f"response/{section}/"), answers | {"action": "save"})


def fill(client, call):
    start(client, call)
    post(client, call, a="yes", b="yes", c="Of c", d="Of d", say="Words")
    upload = SimpleUploadedFile("f.txt", b"Of f\n", content_type="text/plain")
    section = Call.objects.get(pk=call.pk).questions_by_key["f"].section.key
    client.post(address(call, f"response/{section}/"), {"f": [upload], "action": "upload"})
    assert Submission.objects.get().attachments.count() == 1


def version_of(call):
    return Submission.objects.get(call=call).submitted_version


@EITHER_WAY
def test_what_was_typed_and_is_not_asked_any_more_stays_out_of_the_version(client, request, name):
    call = request.getfixturevalue(name)
    fill(client, call)
    post(client, call, a="no", b="yes", c="", d="")
    assert press_submit(client, call).status_code == 302
    version = version_of(call)
    assert (version.choices, version.texts) == ({"a": "no"}, {"say": "Words"})
    assert version.attachments.count() == 0
    assert [title for title in ("B?", "C?", "F?") if title in version.canonical_text] == []


@EITHER_WAY
def test_page_to_check_says_what_is_no_part_and_it_comes_back(client, request, name):
    call = request.getfixturevalue(name)
    fill(client, call)
    client.post(address(call, "response/about/"), {"a": "no", "b": "yes", "action": "save"})
    page = text_of(client.get(address(call, "response/check/")))
    assert "Before you can submit" not in page
    apart = page[page.index("Not part of your response") : page.index("Submit your response")]
    assert [label for label in ("B?", "C?", "F? f.txt") if label not in apart] == []
    assert "D?" not in apart
    client.post(address(call, "response/about/"), {"a": "yes", "b": "yes", "action": "save"})
    page = text_of(client.get(address(call, "response/check/")))
    assert "Not part of your response" not in page
    assert "Of c" in page
    assert "f.txt" in page


def test_what_is_not_asked_can_be_read_and_downloaded_after_closing(client, call, at):
    fill(client, call)
    client.post(address(call, "response/about/"), {"a": "no", "b": "yes", "action": "save"})
    at(call.closes_at)
    page = text_of(client.get(address(call, "response/")))
    text = client.get(address(call, "response/text/")).content.decode()
    for whole in (page, text):
        counts, apart = whole.split("Not part of your response")
        assert ("Of c" in counts, "Of c" in apart) == (False, True)
    assert "f.txt" in page


def test_infected_file_that_is_no_part_is_said_to_be_so_and_leads_nowhere(client, call):
    fill(client, call)
    client.post(address(call, "response/about/"), {"a": "no", "b": "yes", "action": "save"})
    file = Submission.objects.get().attachments.get()
    FileScan.objects.create(
        attachment=file, state="infected", detail="Found", scanned_at=while_open(call)
    )
    page = client.get(address(call, "response/check/")).content.decode()
    assert "<bdi>f.txt</bdi>. <strong>A virus scanner found something harmful in this file" in page
    assert str(file.public_id) not in page


def test_working_copy_still_has_it_after_submitting(client, call):
    fill(client, call)
    client.post(address(call, "response/about/"), {"a": "no", "b": "yes", "action": "save"})
    press_submit(client, call)
    assert version_of(call).choices == {"a": "no"}
    client.post(address(call, "response/amend/"))
    client.post(address(call, "response/about/"), {"a": "yes", "b": "yes", "action": "save"})
    press_submit(client, call)
    version = version_of(call)
    assert (version.number, version.texts["c"]) == (2, "Of c")
    assert [file.name for file in version.attachments.all()] == ["f.txt"]


def test_no_export_and_no_count_has_it(client, call):
    fill(client, call)
    client.post(address(call, "response/about/"), {"a": "no", "b": "yes", "action": "save"})
    press_submit(client, call)
    [row] = csv.DictReader(io.StringIO(exported(call).decode("utf-8-sig")))
    assert {key: row[key] for key in ("a", "b", "c")} == {"a": "no", "b": "", "c": ""}
    files = members(exported(call, "attachments"))
    assert [*files] == ["files.csv"]
    assert len(files["files.csv"].decode().splitlines()) == 1
    counts = count_responses(Call.objects.get(pk=call.pk), at=NOW)
    completion = {row.key: row.answered for row in counts.completion}
    assert (completion["a"], completion["b"], completion["c"], completion["f"]) == (1, 0, 0, 0)


def test_page_of_questions_that_are_not_asked_is_not_shown(client, at):
    call = make_call(about_questions=[A, B], evidence_questions=[CHAIN[2]], facets=[])
    at(while_open(call))
    start(client, call)
    client.post(address(call, "response/about/"), {"a": "no", "b": "yes", "action": "save"})
    response = client.get(address(call, "response/evidence/"))
    assert (response.status_code, response["Location"]) == (302, address(call, "response/"))


def test_later_page_names_the_whole_chain_that_is_still_open(client, at):
    call = make_call(about_questions=[A, B], evidence_questions=[CHAIN[2]], facets=[])
    at(while_open(call))
    start(client, call)
    client.post(address(call, "response/about/"), {"b": "yes", "action": "save"})
    page = text_of(client.get(address(call, "response/evidence/")))
    assert "Answer this only if your answer to “A?” is “Yes”." in page


def test_page_that_was_asked_when_it_was_opened_keeps_what_was_typed(client, at):
    call = make_call(about_questions=[A, B], evidence_questions=[CHAIN[2]], facets=[])
    at(while_open(call))
    start(client, call)
    client.post(address(call, "response/about/"), {"a": "no", "b": "yes", "action": "save"})
    response = client.post(address(call, "response/evidence/"), {"c": "Typed before"})
    assert (response.status_code, response["Location"]) == (302, address(call, "response/"))
    client.post(address(call, "response/about/"), {"a": "yes", "b": "yes", "action": "save"})
    assert "Typed before" in client.get(address(call, "response/evidence/")).content.decode()


@EITHER_WAY
def test_draft_as_text_has_each_answer_once_while_it_is_open_if_it_is_asked(client, request, name):
    call = request.getfixturevalue(name)
    fill(client, call)
    post(client, call, a="", b="", c="Of c", d="Of d", say="Words")
    text = client.get(address(call, "response/text/")).content.decode()
    counts, apart = text.split("Not part of your response")
    assert [text.count(words) for words in ("Of c", "Of d", "Words")] == [1, 1, 1]
    assert "Of c" in apart
    assert "Words" in counts
