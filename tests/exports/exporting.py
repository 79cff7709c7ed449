"""What the tests of exports share: making a file, and responses that are exported."""

import csv
import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import UTC, datetime

from django.db import connection

from exports.consent import PSEUDONYMISED, Scope
from exports.filters import ExportFilter
from exports.recording import export_chunks
from exports.types import Dataset
from review.coding.codings import code_passage
from submissions.calls.models import Call
from submissions.responses.submitting import submit
from tests.makers import (
    EVIDENCE,
    complete_answers,
    make_attachment,
    make_call,
    make_draft,
    make_submitted,
    while_open,
)

NOW = datetime(2019, 7, 25, 9, tzinfo=UTC)
CODED_AT = datetime(2019, 7, 25, 9, 30, 15, 123456, tzinfo=UTC)
FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
SCOPES = {
    "pseudonymised": Scope(),
    "named": Scope(named=True),
    "named, all": Scope(named=True, includes_unnamed=True),
    "confidential": Scope(confidential=True),
    "everything": Scope(named=True, includes_unnamed=True, confidential=True),
}

# What respondents typed; each is stored with LF line ends and in NFC.
NASTY = {
    "only a formula": "-1+1",
    "a formula": '=HYPERLINK("http://x.example","click")',
    "at": "@SUM(A1:A9)",
    "tab first": "\t=1+1",
    "quotes": 'He said "no", twice: """; then left',
    "three kinds of line end": "one\ntwo\r\nthree\rfour\u2028five\n\nsix",
    "right to left": "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 \u202eover\u202c",
    "emoji": f"before {FAMILY} \U0001f1ec\U0001f1e7 \u2764\ufe0f after",
    "combining marks": "e\u0301 n\u0303 \u0915\u094d\u0937\u093f a\u0308\u0323 q\u0307\u0323",
    "controls": "a\x0bb\x0cc\x01d\x1fe\x7ff\x85g",
    "not characters": "a\ufffeb\uffffc",
    "byte order marks": "\ufeffa\ufeffb",
    "markup": "]]> <b>bold</b> &amp; &#10; <!-- <w:t/> #let x = 1 *typst* $x$ @ref",
    "escapes": "_x000B_ \\N \\. %s %(call)s {} \\u0041",
    "adjacent escapes": "_x0041_x0042_x0043_ _x005F_x0041_ _x000D_x000A_ x_x0041_0042_",
    "rich text of XlsxWriter": "<r><t>bold</t></r>",
    "a formula for another locale": "a;=1+1|+2\n- b",
    "spaces": "  leading and trailing  ",
    "numbers": "007",
    "a date": "2019-07-24",
    "a link": "https://example.org/?a=1&b=2",
    "thirty thousand words": "öb " * 30_000,
    "astral and long": "\U0001f600" * 40_000,
}


def make_nasty(**overrides):
    """A call, and by the references of its responses the hard texts that are stored."""
    evidence = [{k: v for k, v in question.items() if k != "max_words"} for question in EVIDENCE]
    call = make_call(evidence_questions=evidence, **overrides)
    texts = {}
    for text in NASTY.values():
        version = make_submitted(call, story=text).current_version
        texts[version.submission.reference] = version.texts["story"]
    return call, texts


def exported(call, file_format="csv", *, export_filter=None, by=None, scope=PSEUDONYMISED, **more):
    """The export's bytes, through the whole line."""
    call = Call.objects.get(pk=call.pk)
    scope = replace(scope, named=True) if more.pop("named", False) else scope
    team = more.pop("team", False)
    dataset = Dataset(call, export_filter or ExportFilter(), **asdict(scope), team=team)
    if scope.named or scope.confidential:
        more.setdefault("reason", "To thank them")
    return b"".join(export_chunks(dataset, file_format, by=by, at=NOW, **more))


def members(data):
    """The files of an archive, by their names."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert len(set(archive.namelist())) == len(archive.namelist())
        return {name: archive.read(name) for name in archive.namelist()}


def rows_of(data):
    """The rows of a CSV, by its header."""
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def json_lines(data):
    return [json.loads(line) for line in data.decode().splitlines()]


def make_with_files(call, *contents, **answers):
    draft = make_draft(call, **complete_answers(call, **answers))
    for number, content in enumerate(contents):
        make_attachment(draft, name=f"secret-name-{number}.txt", content=content)
    submit(submission=draft, at=while_open(call))
    draft.refresh_from_db()
    return draft


def submit_elsewhere(call):
    """Submit through a connection of its own, as another visitor would."""

    def work():
        try:
            return make_submitted(call).reference
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def put_under(code, response, words, by, *, at=CODED_AT):
    """Code the first place of the words in the story."""
    version = response.current_version
    start = version.texts["story"].index(words)
    return code_passage(
        code=code,
        version=version,
        question=response.call.questions_by_key["story"],
        start=start,
        end=start + len(words),
        by=by,
        at=at,
    )
