"""No export has a hidden word, in its bytes however they are packed or in what it finds."""

import io
import json
import zipfile
from copy import deepcopy
from datetime import timedelta

import pypdf
import pytest

from accounts.states import Role
from core.clock import wall_now
from exports import export_runs, tasks
from exports.filters import ExportFilter
from exports.models import ExportRun
from exports.queries import count
from exports.types import Dataset
from review.coding.codings import code_passage
from review.redaction.redacting import ask_back, show_again
from review.texts import reading_due_files
from submissions.responses import amending, attaching, submitting
from submissions.responses.models import Submission
from submissions.responses.submitting import submit
from tests.exports.api.pulling import make_token, pull
from tests.exports.exporting import SCOPES, exported, json_lines, members
from tests.exports.runs import AT, finish, make_run
from tests.makers import (
    OPENS_AT,
    complete_answers,
    make_attachment,
    make_call,
    make_code,
    make_draft,
    make_submitted,
    make_user,
    while_open,
)
from tests.personal_data.everything_typed import unpacked
from tests.review.redaction_makers import make_proposed, make_redaction
from tests.review.response_pages import amended

pytestmark = pytest.mark.django_db
SECRET, IN_FILE = "zqsecretperson", "zqsecretfile"
STORY = f"The town hall. Ask {SECRET} of the council."


@pytest.fixture(scope="module")
def rows(made_once):
    return made_once(make_read)


@pytest.fixture
def made(rows, db):
    return deepcopy(rows)


@pytest.fixture
def call(made):
    return made[0]


@pytest.fixture
def response(made):
    return made[1]


def make_read():
    """A call, and a response that was read and of which a passage is coded."""
    call = make_call()
    answers = complete_answers(call, story=STORY, publication="named", quote_ok="yes")
    draft = make_draft(call, **answers)
    make_attachment(draft, content=f"Ask {IN_FILE} too.".encode())
    response = submit(submission=draft, at=while_open(call)).submission
    reading_due_files.read_due(now=wall_now, until=lambda: False)
    code_passage(
        code=make_code(call=call, name="People"),
        version=response.current_version,
        question=call.questions.get(key="story"),
        start=STORY.index("Ask"),
        end=len(STORY),
        by=make_user(Role.CODER),
        at=OPENS_AT,
    )
    return call, response


def file_of(response):
    return response.current_version.attachments.get()


def hide(response):
    make_redaction(response, SECRET)
    make_redaction(response, IN_FILE, key="documents", file_text=file_of(response).extracted)


def words_of_pdfs(data):
    """The text of the PDF, or of each PDF in the archive."""
    if data.startswith(b"%PDF"):
        yield "".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(data)).pages).encode()
    elif zipfile.is_zipfile(io.BytesIO(data)):
        for name, content in members(data).items():
            if name.endswith(".pdf"):
                yield from words_of_pdfs(content)


def everything(data):
    pieces = [*unpacked(data), *words_of_pdfs(data)]
    text = b"\n".join(pieces)
    # Across lines, as a PDF breaks words.
    return text.replace(b"\n", b"").replace(b"\0", b"").lower()


@pytest.mark.no_cover  # tests of its own measure each format
def test_nobody_exports_a_hidden_word_whatever_they_may_have(call, response):
    """A test of the bundle sees that it has all that each format has alone."""

    def found(scope, file_format="bundle"):
        data = everything(exported(call, file_format, scope=scope))
        return SECRET.encode() in data, IN_FILE.encode() in data

    assert found(SCOPES["pseudonymised"], "bundle-quick") == (True, True)
    hide(response)
    for name in ("pseudonymised", "everything"):
        assert (name, found(SCOPES[name])) == (name, (False, False))


def test_formats_have_the_other_words_and_as_many_characters(call, response):
    hide(response)
    hidden = "█" * len(SECRET)
    (line,) = json_lines(exported(call, "json"))
    assert line["answers"]["story"] == f"The town hall. Ask {hidden} of the council."
    (coding,) = line["codings"]
    assert coding["quote"] == f"Ask {hidden} of the council."
    assert line["answers"]["story"][coding["start"] : coding["end"]] == coding["quote"]
    assert f"Ask {hidden} of" in exported(call).decode()
    (pdf,) = words_of_pdfs(exported(call, "pdf"))
    assert "◼" * len(SECRET) in pdf.decode()
    sources = members(exported(call, "qdpx"))
    assert any(hidden in content.decode() for content in sources.values())


def test_file_with_a_hidden_word_leaves_as_its_text(call, response):
    hide(response)
    name = f"{response.reference}/{response.reference}-1.txt"
    files = members(exported(call, "attachments"))
    assert files[name].decode().endswith(f"Ask {'█' * len(IN_FILE)} too.\n")
    assert (
        files[name].decode().startswith("The file itself is left out, as words of it are hidden.")
    )
    assert "Left out: words of it are hidden." in files["files.csv"].decode()
    assert set(files) == {name, "files.csv"}


def test_file_that_was_put_in_its_place_is_held_back(call, response):
    hide(response)
    at = while_open(call)
    amending.reopen(submission=response, at=at)
    attaching.detach(submission=response, public_id=file_of(response).public_id, at=at)
    make_attachment(response, content=f"{IN_FILE} once more".encode())
    submitting.submit(submission=response, at=at)
    files = members(exported(call, "attachments"))
    assert set(files) == {"files.csv"}
    assert "Held back: it came in the place of a file" in files["files.csv"].decode()


def test_list_of_files_has_no_digest_that_would_tell_hidden_words(call, response):
    file = file_of(response)
    assert file.sha256 in members(exported(call, "attachments"))["files.csv"].decode()
    hide(response)
    assert file.sha256 not in members(exported(call, "attachments"))["files.csv"].decode()


def test_amended_answer_that_lost_its_redaction_is_in_no_export(call, response):
    hide(response)
    amended(response, story=f"It was zq-secret-person; {SECRET} is gone.".replace(SECRET, "x"))
    (line,) = json_lines(exported(call, "json"))
    assert set(line["answers"]["story"]) == {"█"}


def test_proposal_and_what_is_taken_back_hide_nothing(call, response):
    make_proposed(response, "town hall")
    hidden = make_redaction(response, SECRET)
    ask_back(hidden, words="So", by=make_user(Role.REVIEWER), at=OPENS_AT)
    show_again(hidden, by=make_user(Role.REVIEWER), at=OPENS_AT)
    (line,) = json_lines(exported(call, "json"))
    assert line["answers"]["story"] == STORY


def found(call, words):
    call = type(call).objects.get(pk=call.pk)
    return count(Dataset(call, ExportFilter(words=words)))


def test_hidden_word_finds_nothing_and_takes_nothing_away(call, response):
    make_submitted(call, story="The village council.")
    searches = {
        SECRET: (1, 0),
        "council": (2, 2),
        f"council -{SECRET}": (1, 2),
        f'"ask {SECRET}"': (1, 0),
        f"town {SECRET}": (1, 0),
        f"{SECRET} or village": (2, 1),
        "-nothing": (2, 2),
    }
    before = {words: found(call, words) for words in searches}
    hide(response)
    assert {words: (before[words], found(call, words)) for words in searches} == searches


def test_counts_of_codes_are_as_before(call, response):
    hide(response)
    data = exported(call, export_filter=ExportFilter(codes=("People",))).decode()
    assert response.reference in data


def test_export_made_before_words_were_hidden_is_handed_out_no_more(call, response):
    make_run(call)
    run = export_runs.claim_next(at=AT, wall_now=AT)
    finish(run)
    run = ExportRun.objects.get()
    assert export_runs.is_kept(run, at=AT)
    redaction = make_redaction(response, SECRET)
    type(redaction).objects.update(decided_at=AT)
    assert not export_runs.is_kept(run, at=AT)
    # The approval may have waited for a lock, and the export not have seen it.
    type(redaction).objects.update(decided_at=AT - timedelta(seconds=3))
    assert not export_runs.is_kept(run, at=AT)
    tasks.make_exports()
    assert ExportRun.objects.get().file.name == ""


def test_export_made_after_words_were_hidden_stays(call, response):
    make_redaction(response, SECRET)
    make_run(call)
    finish(export_runs.claim_next(at=AT, wall_now=AT))
    assert export_runs.is_kept(ExportRun.objects.get(), at=AT)
    assert export_runs.end_outdated(limit=9) == 0


def test_what_its_author_gets_has_every_word(call, response, client):
    hide(response)
    version = Submission.objects.get(pk=response.pk).current_version
    assert SECRET in version.canonical_text
    assert json.dumps(version.texts).count(SECRET) == 1


def test_program_is_handed_the_response_anew_without_the_hidden_words(client, call, response):
    _, secret = make_token(call)
    pages = {name: pull(client, call, secret, format=name) for name in ("json", "csv")}
    hide(response)
    for name, first in pages.items():
        assert SECRET.encode() in b"".join(first), name
        cursor = first["Next-Cursor"]
        again = b"".join(pull(client, call, secret, format=name, cursor=cursor)).decode()
        said = [words in again for words in (response.reference, SECRET, "█")]
        assert said == [True, False, True], name
