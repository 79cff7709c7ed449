"""The pages and files of the matrix, and what of them is on record."""

import csv
import io
import re
from hashlib import sha256
from html import unescape

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEvent
from accounts.states import Action, Role
from core.clock import wall_now
from review.coding.codebook import merge_codes
from review.coding.forgetting import ERASED
from review.coding.samples import close_sample, draw_sample
from review.matrix.summaries import Cell, write_summary
from review.matrix.table import ALL
from review.models import Coding, FileText, MatrixSummary
from review.texts import reading_due_files
from submissions.responses.amending import withdraw
from submissions.responses.submitting import submit
from tests.makers import (
    OPENS_AT,
    complete_answers,
    make_attachment,
    make_call,
    make_code,
    make_draft,
    make_user,
    while_open,
    withhold,
)
from tests.review.matrix.matrices import give, matrix_call, put_under
from tests.review.redaction_makers import make_redaction

LIST = "/admin/review/matrixsummary/"


def make_rows():
    call = matrix_call(title="The call", slug="the-call")
    return {
        "call": call,
        "pay": make_code(call=call, name="=Pay"),
        "ada": make_user(Role.REVIEWER, username="ada"),
    }


@pytest.fixture
def pay(made):
    return made["pay"]


@pytest.fixture
def ada(made):
    return made["ada"]


@pytest.fixture
def client(ada):
    return signed_in(ada)


@pytest.fixture
def response(call, pay, ada):
    response = give(call)
    put_under(pay, response, ada)
    return response


def signed_in(person):
    client = Client()
    client.force_login(person)
    return client


def page_of(call, name="matrix", query=""):
    return reverse(f"admin:review_matrixsummary_{name}", args=[call.pk]) + query


def words(page):
    content = re.split(r'<div id="content-main"[^>]*>', page.content.decode(), maxsplit=1)[1]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", content.partition("<footer")[0])).split())


def table(page):
    """The cells of the first table, row by row."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", page.content.decode(), re.S)
    plain = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in rows]
    return [
        [" ".join(unescape(re.sub(r"<[^>]+>", " ", cell)).split()) for cell in row] for row in plain
    ]


def test_matrix_shows_bases_numbers_and_summaries_of_each_cell(client, call, pay, ada, response):
    give(call, role="commissioner")
    write_summary(pay, Cell("roles", "provider"), text="Late.", expected=0, by=ada, at=OPENS_AT)
    page = client.get(page_of(call))
    assert table(page)[:3] == [
        [
            "Code",
            "All responses",
            "I provide services",
            "I commission services",
            "Something else",
        ],
        ["Base: those who answered", "2", "1", "1", "0"],
        [
            "Level 1: =Pay",
            "1 response under =Pay 50% 1 passage",
            "1 response under =Pay 100% 1 passage Late.",
            "0 0% Open the cell of =Pay",
            "0 Open the cell of =Pay",
        ],
    ]
    assert "All responses are counted, those of campaigns and duplicates too." in words(page)
    once = client.get(page_of(call, query="?across=roles&campaigns=once"))
    assert "Each campaign is counted once, and duplicates are not counted." in words(once)


def test_page_has_a_fixed_number_of_queries(client, call, ada, response):
    client.get(page_of(call))
    with CaptureQueriesContext(connection) as first:
        client.get(page_of(call))
    for number in range(3):
        put_under(make_code(call=call, name=f"Code {number}"), give(call), ada)
    with CaptureQueriesContext(connection) as again:
        client.get(page_of(call))
    assert len(again) == len(first)


def test_cell_opens_its_passages_and_that_is_on_record(client, call, pay, response):
    address = reverse("admin:review_matrixsummary_cell", args=[pay.pk])
    with CaptureQueriesContext(connection) as queries:
        page = client.get(f"{address}?across=roles&option=provider")
    # Those of the matrix, of the cell, and of codes that were merged into this one.
    assert len([q for q in queries if 'FROM "review_matrixsummary"' in q["sql"]]) == 3
    said = page.content.decode()
    assert re.findall(r"<blockquote[^>]*>(.*?)</blockquote>", said) == ["Pay"]
    link = reverse("admin:submissions_submission_change", args=[response.pk])
    assert f'<a href="{link}#answer-story">{response}</a>' in said
    event = AuditEvent.objects.get(action="passages_read")
    assert event.detail == {
        "code": pay.pk,
        "across": "roles",
        "option": "provider",
        "shown": [response.reference],
    }
    empty = client.get(f"{address}?across=roles&option=commissioner")
    assert (empty.status_code, AuditEvent.objects.filter(action="passages_read").count()) == (
        200,
        1,
    )


def test_cell_hides_redacted_words_from_who_may_not_see_them(call, pay, response):
    make_redaction(response, "P")
    for sees, shown in ((True, ["Pay"]), (False, ["█ay"])):
        reader = make_user(Role.REVIEWER)
        if not sees:
            withhold(reader, Action.SEE_REDACTED)
        page = signed_in(reader).get(reverse("admin:review_matrixsummary_cell", args=[pay.pk]))
        assert re.findall(r"<blockquote[^>]*>(.*?)</blockquote>", page.content.decode()) == shown
        assert ("Words of it are hidden from readers outside the team." in words(page)) == sees


def test_cell_takes_what_the_call_has_and_nothing_else(client, pay, response):
    address = reverse("admin:review_matrixsummary_cell", args=[pay.pk])
    expected = {
        "?across=nothing": 404,
        "?across=roles&option=nothing": 404,
        "?across=&option=provider": 404,
        "?across=roles&coder=99999999": 404,
        "?across=roles&question=email": 404,
        "?version__texts__story=x": 400,
        "?across=": 200,
        "?across=size&option=large": 200,
    }
    assert {query: client.get(address + query).status_code for query in expected} == expected


def test_passages_of_files_are_for_who_may_open_files(call, pay):
    draft = make_draft(call, **complete_answers(call, roles=["provider"]))
    make_attachment(draft, content=b"Minutes of a meeting.")
    response = submit(submission=draft, at=while_open(call)).submission
    reading_due_files.read_due(now=wall_now, until=lambda: False)
    coding = put_under(pay, response, make_user(), end=7, key="documents")
    Coding.objects.filter(pk=coding.pk).update(file_text=FileText.objects.get())
    for opens, shown in ((True, ["Minutes"]), (False, [])):
        reader = make_user(Role.REVIEWER)
        if not opens:
            withhold(reader, Action.OPEN_FILES)
        page = signed_in(reader).get(reverse("admin:review_matrixsummary_cell", args=[pay.pk]))
        assert re.findall(r"<blockquote[^>]*>(.*?)</blockquote>", page.content.decode()) == shown
        said = "1 of files is not shown: you may not open files."
        assert (said in words(page)) == (not opens)
        assert words(page).startswith("Responses: 1 of 1 who answered (all), 100%. Passages: 1.")


def test_writing_a_summary_is_refused_where_somebody_else_wrote(client, call, pay, ada, response):
    address = reverse("admin:review_matrixsummary_cell", args=[pay.pk]) + "?across=roles"
    bea = signed_in(make_user(Role.CODER, username="bea"))
    assert bea.post(address, {"text": "Low.", "expected": "0"}).status_code == 302
    refused = client.post(address, {"text": "Late.", "expected": "0"})
    assert refused.status_code == 422
    assert "bea wrote in this cell while the page was open" in words(refused)
    assert [row.text for row in MatrixSummary.objects.all()] == ["Low."]
    expected = re.search(r'name="expected" value="(\d+)"', refused.content.decode())[1]
    assert client.post(address, {"text": "Late.", "expected": expected}).status_code == 302
    assert [row.text for row in MatrixSummary.objects.order_by("number")] == ["Low.", "Late."]
    MatrixSummary.objects.filter(number=2).update(text=ERASED, number=3)
    refused = client.post(address, {"text": "Late.", "expected": "2"})
    assert "What this summary said was erased while the page was open" in words(refused)


def test_summary_of_a_code_that_was_merged_meanwhile_is_kept_for_the_other(client, call, pay, ada):
    give(call, role="provider")
    wages = make_code(call=call, name="Wages")
    address = reverse("admin:review_matrixsummary_cell", args=[wages.pk])
    query = "?across=roles&option=provider"
    assert client.get(address + query).status_code == 200
    write_summary(pay, Cell("roles", "provider"), text="Late.", expected=0, by=ada, at=OPENS_AT)
    merge_codes(wages, into=pay, by=ada, at=OPENS_AT)
    refused = client.post(address + query, {"text": "Low wages.", "expected": "0"})
    assert refused.status_code == 422
    assert refused.context["error"] == (
        "“Wages” was merged into “=Pay”. Nothing was saved: what you typed is below. Save it to "
        "put it in this cell of that code."
    )
    page = refused.content.decode()
    assert re.search(r"<textarea[^>]*>([^<]*)<", page)[1] == "Low wages."
    assert "Late." in words(refused)
    action = unescape(re.search(r'<form method="post" action="([^"]*\?[^"]*)"', page)[1])
    expected = re.search(r'name="expected" value="(\d+)"', page)[1]
    assert client.post(action, {"text": "Low wages.", "expected": expected}).status_code == 302
    latest = MatrixSummary.objects.latest("number")
    assert (latest.code, latest.option, latest.text) == (pay, "provider", "Low wages.")


def test_summary_of_a_merged_code_is_emptied_in_the_cell_of_the_other(client, call, pay, ada):
    give(call, role="provider")
    wages = make_code(call=call, name="Wages")
    write_summary(pay, ALL, text="Late.", expected=0, by=ada, at=OPENS_AT)
    write_summary(wages, ALL, text="Low.", expected=0, by=ada, at=OPENS_AT)
    merge_codes(wages, into=pay, by=ada, at=OPENS_AT)
    where = reverse("admin:review_matrixsummary_cell", args=[pay.pk]) + "?across=roles"
    button = re.search(r'name="empty" value="([^"]*)"', client.get(where).content.decode())[1]
    page = client.post(where, {"text": "Late and low.", "expected": "1", "empty": button})
    assert page.status_code == 200
    said = words(page)
    assert "The summary of “Wages” is emptied. What you typed is not saved yet." in " ".join(
        str(one) for one in page.context["messages"]
    )
    assert "Earlier wordings: 1 Low. Of “Wages”, written by ada" in said
    assert "Empty the summary" not in said
    assert saved_again(client, page, "Late and low.") == ("", "", "Late and low.")
    typed = {"text": "Late and low.", "expected": "2"}
    assert client.post(where, typed | {"empty": button}).status_code == 302  # a second press
    gone = client.post(where, typed | {"empty": "0-1"})
    assert (gone.status_code, gone.context["error"]) == (422, "This summary is there no more.")
    reader = make_user(Role.REVIEWER)
    withhold(reader, Action.CODE)
    assert signed_in(reader).post(where, {"empty": button}).status_code == 403


def saved_again(client, refused, text):
    """Save what a page has that was refused; return where it stands."""
    page = refused.content.decode()
    assert re.search(r"<textarea[^>]*>([^<]*)<", page)[1] == text
    action = unescape(re.search(r'<form method="post" action="([^"]*\?[^"]*)"', page)[1])
    expected = re.search(r'name="expected" value="(\d+)"', page)[1]
    assert client.post(action, {"text": text, "expected": expected}).status_code == 302
    latest = MatrixSummary.objects.latest("pk")
    return latest.across, latest.option, latest.text


def test_summary_of_a_cell_that_is_gone_meanwhile_is_kept(client, call, pay, ada, response):
    give(call, income="high")
    withdraw(submission=response, at=while_open(call))  # nobody else gave no income
    write_summary(pay, ALL, text="Old.", expected=0, by=ada, at=OPENS_AT)
    address = reverse("admin:review_matrixsummary_cell", args=[pay.pk])
    for number, (query, where) in enumerate(
        (
            ("?across=income&option=", ("", "")),
            ("?across=gone&option=high", ("", "")),
            ("?across=income&option=high&coder=999", ("income", "high")),
            ("?across=income&option=high&question=gone", ("income", "high")),
            ("?across=income&question=gone", ("", "")),
        )
    ):
        typed = f"Low wages {number}."
        assert client.get(address + query).status_code == 404
        if not number:
            assert client.post(address + query, {"text": " ", "expected": "0"}).status_code == 404
        refused = client.post(address + query, {"text": typed, "expected": "0"})
        assert refused.status_code == 422
        label = "More" if where[0] else "all responses"
        assert refused.context["error"].endswith(f"Save it to put it in the cell of {label}.")
        assert saved_again(client, refused, typed) == (*where, typed)


def test_column_in_which_a_summary_stands_stays(client, call, pay, ada, response):
    cell = Cell("income", "")
    write_summary(pay, cell, text="They say nothing.", expected=0, by=ada, at=OPENS_AT)
    withdraw(submission=response, at=while_open(call))
    give(call, income="high")
    rows = table(client.get(page_of(call, query="?across=income")))
    assert (rows[0][-1], rows[1][-1]) == ("Not answered", "0")
    assert rows[2][-1] == "0 They say nothing. Open the cell of =Pay"
    row = MatrixSummary.objects.get()
    led = client.get(f"{LIST}{row.pk}/change/", follow=True)
    assert "They say nothing." in words(led)
    write_summary(pay, cell, text="", expected=1, by=ada, at=OPENS_AT)
    assert table(client.get(page_of(call, query="?across=income")))[0][-1] == "More"


def test_what_is_typed_while_a_blind_sample_begins_is_kept(client, call, pay, ada, response):
    address = reverse("admin:review_matrixsummary_cell", args=[pay.pk]) + "?across=roles"
    bea = make_user(Role.CODER, username="bea")
    write_summary(pay, ALL, text="Theirs.", expected=0, by=bea, at=OPENS_AT)
    boss = make_user(Role.MANAGER)
    given = {"coders": [ada, bea], "facet": "", "is_blind": True, "by": boss}
    put_under(pay, response, bea)
    assert "Theirs." in client.get(page_of(call)).content.decode()
    sample = draw_sample(call=call, size=1, at=while_open(call), **given)
    assert "<textarea" not in client.get(address).content.decode()
    for page in (page_of(call), page_of(call, "csv")):
        told = client.get(page).content.decode()
        assert ("Theirs." in told, ">bea<" in told) == (False, False)
    refused = client.post(address, {"text": "Low wages.", "expected": "1"})
    assert refused.status_code == 422
    said = "you may write when you are done with it. Nothing was saved: what you typed is below."
    assert said in refused.context["error"]
    assert "Theirs." not in refused.content.decode()
    close_sample(sample, by=boss, at=while_open(call))
    assert saved_again(client, refused, "Low wages.") == ("", "", "Low wages.")


def test_number_of_a_summary_that_is_hidden_is_one_that_there_is_not(
    client, call, pay, ada, response
):
    bea, boss = make_user(Role.CODER, username="bea"), make_user(Role.MANAGER)
    write_summary(pay, ALL, text="Theirs.", expected=0, by=bea, at=OPENS_AT)
    row = MatrixSummary.objects.get()
    pages = [f"{LIST}{row.pk}/change/", f"{LIST}{row.pk}/history/"]
    assert [client.get(page).status_code for page in pages] == [302, 302]
    given = {"coders": [ada, bea], "facet": "", "is_blind": True, "by": boss}
    draw_sample(call=call, size=1, at=while_open(call), **given)
    hidden = [client.get(page) for page in pages]
    never = [client.get(page.replace(str(row.pk), "999999")) for page in pages]
    assert [one.status_code for one in hidden] == [one.status_code for one in never] == [404, 404]


def test_summary_is_written_by_coders_alone(call, pay, response):
    reader = make_user(Role.REVIEWER)
    withhold(reader, Action.CODE)
    address = reverse("admin:review_matrixsummary_cell", args=[pay.pk])
    assert signed_in(reader).post(address, {"text": "x", "expected": "0"}).status_code == 403
    assert "<textarea" not in signed_in(reader).get(address).content.decode()


def test_csv_has_bases_and_what_was_counted_and_runs_nothing(client, call, pay, ada, response):
    write_summary(pay, ALL, text="@late", expected=0, by=ada, at=OPENS_AT)
    answer = client.get(page_of(call, "csv"))
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[1][1] == (
        "The call. Counted at midday on Tuesday 23 July 2019 (UK time). Across: role. Codings of "
        "all coders, or what was decided between them. In all answers and files. A code with those "
        "below it. All responses of campaigns counted. Withdrawn, erased and set-aside responses, "
        "and earlier versions, not counted. Confidential responses counted: for the project team."
    )
    assert rows[2:5] == [
        ["base", "", "", "", "All that answered", "", "1", "", "", ""],
        ["base", "", "roles", "provider", "I provide services", "", "1", "", "", ""],
        ["base", "", "roles", "commissioner", "I commission services", "", "0", "", "", ""],
    ]
    assert rows[6:8] == [
        ["total", "'=Pay", "", "", "All responses", "1", "1", "100.0", "1", "'@late"],
        ["cell", "'=Pay", "roles", "provider", "I provide services", "1", "1", "100.0", "1", ""],
    ]
    event = AuditEvent.objects.get(action="matrix_downloaded")
    assert (event.actor, event.detail["file"], event.detail["across"]) == (
        ada,
        "matrix.csv",
        "roles",
    )
    assert event.detail["sha256"] == sha256(answer.content).hexdigest()


def test_workbook_has_the_matrix_the_pairs_and_what_was_counted(client, call, pay, response):
    answer = client.get(page_of(call, "xlsx"))
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == ["Matrix", "Cells", "Together", "About"]
    assert [[cell.value for cell in row] for row in book["Matrix"].rows] == [
        [
            "Code",
            "All responses",
            "I provide services",
            "I commission services",
            "Something else",
        ],
        ["Base: all that answered", 1, 1, 0, 0],
        ["'=Pay", 1, 1, 0, 0],
    ]
    head = book["Matrix"].row_dimensions[1].height  # “I commission services” stands on two lines
    assert (head, book["Cells"]["B2"].alignment.wrap_text) == (30, True)
    assert book["Cells"].row_dimensions[2].height > 100  # the sentences on what was counted
    assert (book["Together"].page_setup.orientation, book["About"].print_title_rows) == (
        "landscape",
        "$1:$1",
    )
    assert AuditEvent.objects.get(action="matrix_downloaded").detail["file"] == "matrix.xlsx"


def test_list_leads_to_the_matrix_of_each_call(client, call):
    assert client.get(LIST).url == page_of(call)  # the only one
    make_call(slug="another", title="Another call")
    page = client.get(LIST).content.decode()
    assert f'<a href="{page_of(call)}">The call</a>' in page
    row = MatrixSummary(call=call, code=make_code(call=call, name="Pay"), number=1, at=OPENS_AT)
    row.across, row.option, row.by = "roles", "provider", make_user()
    row.save()
    led = client.get(f"{LIST}{row.pk}/change/")
    assert led.url.endswith(f"/cell/{row.code_id}/?across=roles&option=provider")
