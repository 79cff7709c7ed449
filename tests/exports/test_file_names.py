"""Files are called what the pages call their formats."""

import re

import pytest

from exports.filters import ExportFilter
from exports.formats import FORMATS, file_name
from exports.types import Dataset
from tests.exports.exporting import NOW
from tests.makers import make_call


@pytest.mark.django_db
def test_file_has_the_words_of_its_format_and_whom_it_is_of():
    call = make_call(slug="the-call")
    named = {name: file_name(Dataset(call), each, at=NOW) for name, each in FORMATS.items()}
    assert named == {
        "csv": "the-call-2019-07-25.csv",
        "codings": "the-call-2019-07-25-codings.csv",
        "counts": "the-call-2019-07-25-counts-as-csv.csv",
        "xlsx": "the-call-2019-07-25-excel.xlsx",
        "json": "the-call-2019-07-25-json-lines.jsonl",
        "csv-excel": "the-call-2019-07-25-csv-for-excel.zip",
        "long": "the-call-2019-07-25-csv-a-row-per-answer.zip",
        "r": "the-call-2019-07-25-csv-with-a-script-for-r.zip",
        "sav": "the-call-2019-07-25-spss.zip",
        "dta": "the-call-2019-07-25-stata.zip",
        "parquet": "the-call-2019-07-25-parquet.zip",
        "qdpx": "the-call-2019-07-25-refi-qda-project.qdpx",
        "qdc": "the-call-2019-07-25-refi-qda-codebook.qdc",
        "docx": "the-call-2019-07-25-word-all-in-one.docx",
        "docx-each": "the-call-2019-07-25-word-one-per-response.zip",
        "pdf": "the-call-2019-07-25-pdf-all-in-one.pdf",
        "pdf-each": "the-call-2019-07-25-pdf-one-per-response.zip",
        "attachments": "the-call-2019-07-25-files.zip",
        "bundle": "the-call-2019-07-25-everything.zip",
        "bundle-quick": "the-call-2019-07-25-everything-but-single-documents.zip",
        "datapackage": "the-call-2019-07-25-data-package.json",
        "dictionary": "the-call-2019-07-25-data-dictionary.csv",
    }
    whole = Dataset(call, named=True, includes_unnamed=True, confidential=True)
    assert file_name(whole, FORMATS["xlsx"], at=NOW) == (
        "the-call-2019-07-25-named-confidential-excel.xlsx"
    )
    assert [name for name in named.values() if not re.fullmatch(r"[a-z0-9.-]+", name)] == []


@pytest.mark.parametrize(
    ("chosen", "name"),
    [
        ({"statuses": ("unread",)}, "the-call-2019-07-25-part.csv"),
        ({"facets": {"roles": ("provider",)}}, "the-call-2019-07-25-part.csv"),
        ({"words": "rent"}, "the-call-2019-07-25-part.csv"),
        ({"campaigns": "once"}, "the-call-2019-07-25-part.csv"),
        ({"campaigns": "named"}, "the-call-2019-07-25.csv"),
        ({"order": "newest", "choices": "labels", "several": "apart"}, "the-call-2019-07-25.csv"),
    ],
)
@pytest.mark.django_db
def test_file_that_may_leave_a_response_out_is_called_a_part(chosen, name):
    dataset = Dataset(make_call(slug="the-call"), ExportFilter(**chosen))
    assert file_name(dataset, FORMATS["csv"], at=NOW) == name
