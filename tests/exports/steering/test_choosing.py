"""Choosing what to export, and what becomes of it."""

import csv
import errno
import io
import os
import re
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.core.files.base import ContentFile

from accounts.models import AuditEvent
from exports import asked_for, export_runs
from exports.formats import FORMATS
from exports.models import ExportRun
from exports.states import ExportState
from exports.steering import choosing
from exports.types import Dataset
from review.models import Code, Coding
from tests.exports.counted_call import NOW
from tests.makers import (
    EVIDENCE,
    make_call,
    make_submitted,
)

PAGE = "/steering/the-call/exports/"

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nudged")]


def counted(answer):
    return re.search(r'role="status"><p><strong>(\d+) responses?<', answer.content.decode())[1]


def rows_of(answer):
    data = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(data, newline="")))


def test_page_says_how_many_the_choice_holds(steering):
    call = make_call(slug="the-call")
    june = datetime(2019, 6, 3, tzinfo=UTC)
    first = make_submitted(call, at=june, roles=["provider"], story="Over the bridge.")
    make_submitted(call, at=june, roles=["other"], quote_ok="no")
    make_submitted(call, roles=["provider"], story="Under it.")
    Coding.objects.create(
        code=Code.objects.create(call=call, name="Fairness"),
        version=first.current_version,
        question=call.questions_by_key["story"],
        start=0,
        end=4,
        by=steering.user,
        at=NOW,
    )
    numbers = {
        "": 3,
        "facet_roles=provider": 2,
        "facet_roles=provider&facet_roles=other": 3,
        "facet_roles=provider&words=bridge": 1,
        "words=tunnel": 0,
        "timings=on_time": 3,
        "timings=late_pass": 0,
        "statuses=considered": 0,
        "codes=Fairness": 1,
        "since=2019-07-01": 1,
        "until=2019-06-30": 2,
        "quotable=yes": 2,
    }
    found = {query: int(counted(steering.get(f"{PAGE}?{query}"))) for query in numbers}
    assert found == numbers
    assert not AuditEvent.objects.exists()
    assert not ExportRun.objects.exists()


def test_small_counts_are_kept_where_the_call_keeps_them(steering):
    call = make_call(slug="the-call", hides_small_counts=True)
    for role in ["commissioner"] + ["provider"] * 2 + ["other"] * 5:
        make_submitted(call, roles=[role])
    b"".join(steering.post(PAGE, {"format": "csv", "facet_roles": "provider"}).streaming_content)
    assert AuditEvent.objects.get(action="exported").detail["rows"] == 2
    few = "<strong>fewer than 5 responses</strong> <span>of 8."
    record = 'class="number" data-label="Responses">fewer than 5</td>'
    page = steering.get(f"{PAGE}?facet_roles=provider").content.decode()
    assert (page.count(few), page.count(record)) == (1, 1)
    assert few in steering.get(f"{PAGE}?facet_roles=commissioner").content.decode()
    # 5 would say that 3 are not among them.
    assert (
        "<strong>all but a few responses</strong> <span>of 8."
        in steering.get(f"{PAGE}?facet_roles=other").content.decode()
    )
    assert record in steering.get("/steering/the-call/").content.decode()
    call.hides_small_counts = False
    call.save()
    page = steering.get(f"{PAGE}?facet_roles=provider").content.decode()
    assert "<strong>2 responses</strong> <span>of 8." in page
    assert 'class="number" data-label="Responses">2</td>' in page


@pytest.mark.parametrize(
    ("role", "said"), [("provider", "fewer than 5 responses"), ("other", "all but a few responses")]
)
def test_page_of_an_export_keeps_small_counts_too(steering, role, said):
    call = make_call(slug="the-call", hides_small_counts=True)
    for each in ["provider"] + ["other"] * 8:
        make_submitted(call, roles=[each])
    run = export_runs.enqueue(
        call=call,
        by=steering.user,
        at=NOW,
        file_format="pdf",
        filters={"facets": {"roles": [role]}},
        rows_total=1 if role == "provider" else 8,
    )
    address = f"{PAGE}{run.public_id}/"
    waiting = steering.get(f"{address}progress/").json()
    assert (waiting["done"], waiting["total"]) == (0, 1)
    ExportRun.objects.filter(pk=run.pk).update(state="running", claimed_at=NOW, rows_done=1)
    assert steering.get(f"{address}progress/").json() == {
        "state": "running",
        "done": 0,
        "total": 1,
        "words": "It is being made.",
    }
    assert '<progress id="progress" max="1" value="0">' in steering.get(address).content.decode()
    run.refresh_from_db()
    export_runs.finish(
        run, ContentFile(b"%PDF"), at=NOW, name="all.pdf", rows=run.rows_total, sha256="0" * 64
    )
    assert f"It is ready, with {said}." in steering.get(address).content.decode()


def test_choice_that_cannot_be_is_refused_in_words(steering):
    make_call(slug="the-call")
    for query, said in {
        "facet_roles=astronaut": "roles: there is no “astronaut”.",
        "since=yesterday": "“yesterday” is not a day. Write it as 2019-07-24.",
        "since=2019-07-02&until=2019-07-01": "The last day is before the first.",
        f"words={'x' * 201}": "Search for 200 characters or fewer.",
    }.items():
        answer = steering.get(f"{PAGE}?{query}")
        assert (query, answer.status_code) == (query, 422)
        text = answer.content.decode()
        assert (said in text, 'href="#filters"' in text) == (True, True), query


def test_what_is_exported_is_what_was_counted(steering):
    call = make_call(slug="the-call")
    wanted = make_submitted(call, roles=["provider"])
    make_submitted(call, roles=["other"])
    page = steering.get(f"{PAGE}?facet_roles=provider").content.decode()
    form = page[page.index('<form method="post" action="/steering/the-call/exports/"') :]
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form)
    fields = {name: value for name, value in hidden if name != "csrfmiddlewaretoken"}
    assert fields == {"facet_roles": "provider"}
    answer = steering.post(PAGE, fields | {"format": "csv"})
    assert answer["Content-Disposition"] == 'attachment; filename="the-call-2019-07-24-part.csv"'
    assert [row["reference"] for row in rows_of(answer)] == [wanted.reference]
    assert not ExportRun.objects.exists()
    event = AuditEvent.objects.exclude(action="export_started").get()
    assert (event.action, event.actor, event.detail["filters"], event.detail["rows"]) == (
        "exported",
        steering.user,
        {"facets": {"roles": ["provider"]}},
        1,
    )
    page = steering.get(PAGE).content.decode()
    assert "Exported responses: CSV" in page
    assert "Role: I provide services" in page
    assert event.detail["sha256"][:12] in page
    assert wanted.reference not in page


def test_page_of_exports_counts_one_moment(steering, monkeypatch):
    """Never “2 of 1”: what comes between two counts is in neither."""
    call = make_call(slug="the-call")
    make_submitted(call)
    asked = []

    @contextmanager
    def noted():
        asked.append(None)
        yield
        asked.append(count_on_page(Dataset(call)))

    count_on_page = choosing.count
    monkeypatch.setattr(choosing, "one_snapshot", noted)
    monkeypatch.setattr(
        choosing, "count", lambda dataset: len(asked) == 1 and count_on_page(dataset)
    )
    assert counted(steering.get(f"{PAGE}?facet_roles=provider")) == "1"
    assert asked == [None, 1]


def test_large_or_heavy_export_goes_to_the_worker(steering, nudged, monkeypatch):
    make_submitted(make_call(slug="the-call"))
    monkeypatch.setitem(asked_for.AT_ONCE, "csv", 0)
    answer = steering.post(PAGE, {"format": "csv", "facet_roles": "provider"})
    run = ExportRun.objects.get()
    assert (answer.status_code, answer.url) == (302, f"{PAGE}{run.public_id}/")
    assert (run.by, run.file_format, run.filters, run.rows_total, run.state) == (
        steering.user,
        "csv",
        {"facets": {"roles": ["provider"]}},
        1,
        ExportState.WAITING,
    )
    assert nudged == [1]
    page = steering.get(answer.url).content.decode()
    assert '<progress id="progress" max="1" value="0">' in page
    assert "Waiting for the exports before it." in page


def test_refused_filter_leaves_nothing_to_export(steering):
    make_submitted(make_call(slug="the-call"))
    for answer in (
        steering.get(f"{PAGE}?publications=nobody"),
        steering.post(PAGE, {"format": "csv", "publications": "nobody"}),
        steering.post(PAGE, {"format": "csv", "publication": "named"}),
    ):
        page = answer.content.decode()
        assert answer.status_code == 422
        assert 'name="format"' not in page
        assert "All that were submitted" not in page
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize(("asked", "number"), [({}, 1), ({"publication": "not asked"}, 0)])
def test_box_for_what_may_be_quoted_is_there_where_the_call_asks_that(steering, asked, number):
    silent = [q for q in EVIDENCE if q["key"] not in {"publication", "quote_ok"}]
    make_call(slug="the-call", **(asked | {"evidence_questions": silent} if asked else {}))
    assert steering.get(PAGE).content.decode().count('name="quotable"') == number
    assert steering.get(f"{PAGE}?quotable=yes").status_code == (200 if number else 422)


@pytest.mark.parametrize("query", ["publications=named", "quotable=yes", "anything=1"])
def test_whole_csv_takes_no_filter_that_it_would_ignore(steering, query):
    make_submitted(make_call(slug="the-call"))
    answer = steering.get(f"/steering/the-call/export.csv?{query}")
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "It takes no filter. Nothing was exported" in page
    assert f'href="{PAGE}?{query}"' in page
    assert 'href="/steering/the-call/export.csv"' in page
    assert "too large" not in page
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("words=one&words=two", "Give words once."),
        ("order=newest&order=oldest", "Give order once."),
    ],
)
def test_choice_that_takes_one_value_is_refused_with_two(steering, query, says):
    make_submitted(make_call(slug="the-call"))
    answer = steering.get(f"{PAGE}?{query}")
    assert (answer.status_code, says in answer.content.decode()) == (422, True)


def test_format_that_does_not_exist_is_refused(steering):
    make_call(slug="the-call")
    answer = steering.post(PAGE, {"format": "exe"})
    assert (answer.status_code, "Select a format." in answer.content.decode()) == (422, True)


def test_export_that_finds_no_room_for_temporary_files_says_where_to_make_some(
    steering, monkeypatch
):
    def full(_context):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        yield b""

    make_submitted(make_call(slug="the-call"))
    monkeypatch.setitem(FORMATS, "csv", replace(FORMATS["csv"], pieces=full))
    answer = steering.post(PAGE, {"format": "csv"})
    said = f"There is no room left for temporary files in {tempfile.gettempdir()}."
    assert (answer.status_code, said in answer.content.decode()) == (422, True)


def test_named_export_is_not_offered_nor_given_without_its_permission(steering):
    make_submitted(make_call(slug="the-call"))
    assert 'name="named"' not in steering.get(PAGE).content.decode()
    fields = {"format": "csv", "named": "yes", "reason": "To write back"}
    assert steering.post(PAGE, fields).status_code == 403
    assert not AuditEvent.objects.exists()


def test_named_export_needs_a_reason(named_exporter):
    make_submitted(make_call(slug="the-call"), email="sam@example.org", publication="named")
    answer = named_exporter.post(PAGE, {"format": "csv", "named": "yes", "reason": " "})
    assert answer.status_code == 422
    assert "Give a reason for an export that says who answered." in answer.content.decode()
    fields = {"format": "csv", "named": "yes", "reason": "To write back"}
    answer = named_exporter.post(PAGE, fields)
    assert [row["email"] for row in rows_of(answer)] == ["sam@example.org"]
    assert answer["Content-Disposition"].endswith('"the-call-2019-07-24-named.csv"')
    event = AuditEvent.objects.get(action="exported")
    assert (event.detail["dataset"], event.detail["reason"]) == ("named", "To write back")
    page = named_exporter.get(PAGE).content.decode()
    assert "Reason: To write back" in page
    digest = event.detail["sha256"]
    short = f"<summary>SHA-256: <code>{digest[:8]}…</code></summary>"
    assert f"{short}<code>{digest}</code></details>" in page


def test_form_that_comes_back_shows_the_chosen_format_and_opens_its_group_alone(named_exporter):
    make_submitted(make_call(slug="the-call"))
    fields = {"named": "yes", "choices": "labels"}
    for name, legend in {
        "sav": "For statistics programs",
        "qdc": "For qualitative analysis",
    }.items():
        page = named_exporter.post(PAGE, fields | {"format": name}).content.decode()
        assert re.findall(r'value="([\w-]+)" id="id_format_[\w-]+"[^>]* checked', page) == [name]
        folded = re.findall(r'<details class="formats-folded"( open)?><summary>([^<]+) <', page)
        assert [label for is_open, label in folded if is_open] == [legend]
        assert len(folded) == 5
        assert '<option value="labels" selected>' in page
    page = named_exporter.get(PAGE).content.decode()
    assert re.findall(r'id="id_format_([\w-]+)"[^>]* checked', page) == ["csv"]
    assert '<details class="formats-folded" open>' not in page


def test_order_and_choices_come_with_the_format_and_are_kept_by_counting(steering):
    make_submitted(make_call(slug="the-call"), roles=["provider"])
    page = steering.get(f"{PAGE}?choices=labels").content.decode()
    first, second = re.findall(
        r"<form method=\"(?:get|post)\" action=\"/steering/.*?</form>", page, re.S
    )
    assert '<input type="hidden" name="choices" value="labels">' in first
    assert '<input type="hidden" name="choices"' not in second
    assert 'name="choices" id="id_choices"><option value="keys">' in second
    answer = steering.post(PAGE, {"format": "csv", "choices": "labels", "order": "newest"})
    assert [row["roles"] for row in rows_of(answer)] == ["I provide services"]


def test_counting_never_searches_who_answered(named_exporter):
    """Not even for those who may export it: a count is not on record."""
    make_submitted(make_call(slug="the-call"), email="sam@example.org", publication="named")
    assert counted(named_exporter.get(f"{PAGE}?words=sam@example.org&named=yes")) == "0"


def test_export_that_is_refused_has_not_searched_who_answered(named_exporter):
    contact = {"key": "contact", "kind": "email", "label": "Whom we may ask"}
    call = make_call(slug="the-call", evidence_questions=[contact])
    make_submitted(call, contact="sam@example.org")
    refused = {"words": "sam@example.org", "named": "yes", "format": "csv", "reason": ""}
    assert counted(named_exporter.post(PAGE, refused)) == "0"
