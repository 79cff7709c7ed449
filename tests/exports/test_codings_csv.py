"""The tidy table of codings: one row for each coded passage that consent lets an export show."""

import json
import re
import tracemalloc

import pytest

from accounts.models import AuditEvent
from accounts.states import Role
from core.safe_cells import neutralise
from exports.consent import Scope
from exports.filters import ExportFilter
from exports.recording import export_chunks
from exports.types import Dataset
from review.agreement.coding_differences import differences
from review.agreement.comparing import compare
from review.agreement.deciding import Decision, decide
from review.coding.samples import draw_sample, say_done
from review.models import Code, Coding, SampledResponse
from tests.exports.exporting import (
    CODED_AT,
    NASTY,
    NOW,
    exported,
    make_nasty,
    members,
    put_under,
    rows_of,
)
from tests.makers import allow, make_call, make_code, make_submitted, make_user, while_open
from tests.review.agreement.codings import PAY, STORY, be_done, code, draw

pytestmark = pytest.mark.django_db


def test_row_of_a_coding_says_all_that_leads_back_to_the_passage():
    call = make_call()
    response = make_submitted(call, story="First \U0001f600 e\u0301. Paid late.")
    coder = make_user(Role.CODER, username="ada", first_name="Ada", last_name="Coder")
    above = make_code(call=call, name="Money")
    code = make_code(call=call, name="Late payment", parent=above)
    coding = put_under(code, response, "Paid late", coder)
    assert rows_of(exported(call, "codings")) == [
        {
            "coding": str(coding.guid),
            "reference": response.reference,
            "version": "1",
            "question": "story",
            "file": "",
            "code": "Money > Late payment",
            "coder": "Ada Coder",
            "coded_at": "2019-07-25T09:30:15.123456+00:00",
            "start": str(coding.start),
            "end": str(coding.end),
            "quote": "Paid late",
            "stands": "yes",
            "may_quote": "yes",
        }
    ]


def test_every_cell_is_as_a_spreadsheet_may_have_it_and_else_as_it_was_given():
    call, stored = make_nasty()
    code = make_code(call=call, name="=cmd|' /C calc'!A0")
    coder = make_user(Role.CODER, username="ada", first_name="@Ada")
    wanted = {}
    for response in call.submissions.all():
        words = response.current_version.texts["story"]
        put_under(code, response, words, coder)
        wanted[response.reference] = neutralise(stored[response.reference])
    found = rows_of(exported(call, "codings"))
    assert {row["reference"]: row["quote"] for row in found} == wanted
    assert {(row["code"], row["coder"]) for row in found} == {("'=cmd|' /C calc'!A0", "'@Ada")}
    assert len(found) == len(NASTY)


def test_filter_and_scope_are_those_of_every_export():
    call = make_call()
    coder = make_user(Role.CODER)
    code = make_code(call=call, name="Pay")
    answers = [
        ("named", "yes", "provider"),
        ("anonymous", "no", "commissioner"),
        ("confidential", "yes", "provider"),
    ]
    for publication, quote_ok, role in answers:
        response = make_submitted(
            call, story=publication, publication=publication, quote_ok=quote_ok, roles=[role]
        )
        put_under(code, response, publication, coder)

    def quotes(**options):
        return [
            (row["quote"], row["may_quote"])
            for row in rows_of(exported(call, "codings", **options))
        ]

    assert quotes() == [("named", "yes"), ("anonymous", "no")]
    assert quotes(export_filter=ExportFilter(facets={"roles": ("commissioner",)})) == [
        ("anonymous", "no")
    ]
    assert quotes(export_filter=ExportFilter(quotable=True)) == [("named", "yes")]
    assert quotes(export_filter=ExportFilter(order="newest")) == [
        ("anonymous", "no"),
        ("named", "yes"),
    ]
    assert quotes(scope=Scope(confidential=True)) == [
        ("named", "yes"),
        ("anonymous", "no"),
        ("confidential", "no"),
    ]


def test_bundle_has_the_table_and_its_manifest_the_number_of_rows():
    call = make_call()
    response = make_submitted(call, story="One and two")
    code, coder = make_code(call=call, name="Pay"), make_user(Role.CODER)
    for words in ("One", "two"):
        put_under(code, response, words, coder)
    files = members(exported(call, "bundle-quick"))
    assert files["codings.csv"] == exported(call, "codings")
    (entry,) = [e for e in json_of(files)["files"] if e["file"] == "codings.csv"]
    assert entry["rows"] == 2
    assert json_of(files)["responses"] == 1


def json_of(files):
    return json.loads(files["manifest.json"])


def test_export_is_on_record_with_the_number_of_codings():
    call = make_call()
    response = make_submitted(call, story="One")
    put_under(make_code(call=call, name="Pay"), response, "One", make_user(Role.CODER))
    by = make_user(Role.STEERING_MEMBER)
    exported(call, "codings", by=by)
    event = AuditEvent.objects.get(action="exported")
    assert (event.actor, event.detail["format"], event.detail["rows"]) == (by, "codings", 1)


def test_coder_of_a_blind_sample_gets_their_own_codings_of_it_until_they_are_done():
    call = make_call()
    response, other = make_submitted(call, story="One"), make_submitted(call, story="Two")
    code = make_code(call=call, name="Pay")
    ada, bo = make_user(Role.CODER, username="ada"), make_user(Role.CODER, username="bo")
    allow(ada, "export")
    draw_sample(
        call=call,
        size=2,
        coders=[ada, bo],
        facet="",
        is_blind=True,
        by=make_user(Role.MANAGER),
        at=NOW,
        seed=1,
    )
    for coder in (ada, bo):
        for one, words in ((response, "One"), (other, "Two")):
            put_under(code, one, words, coder)
    say_done(SampledResponse.objects.get(submission=other), version=1, by=ada, at=NOW)

    def told(file_format):
        data = exported(call, file_format, by=ada)
        if file_format == "json":
            return sorted(data.decode().count(f'"quote": "{words}"') for words in ("One", "Two"))
        return [(row["quote"], row["coder"]) for row in rows_of(data)]

    assert told("codings") == [("One", "ada"), ("Two", "ada"), ("Two", "bo")]
    assert told("json") == [1, 2]
    allow(bo, "export")
    assert [(r["quote"], r["coder"]) for r in rows_of(exported(call, "codings", by=bo))] == [
        ("One", "bo"),
        ("Two", "bo"),
    ]
    assert len(rows_of(exported(call, "codings"))) == 4


def test_coder_of_a_blind_sample_does_not_learn_which_codes_others_gave_there(client):
    call = make_call()
    open_one, sampled = make_submitted(call, story="Two"), make_submitted(call, story="One")
    pay, trust = make_code(call=call, name="Pay"), make_code(call=call, name="Trust")
    ada, bo = make_user(Role.CODER), make_user(Role.CODER)
    boss = make_user(Role.MANAGER)
    drawn = draw_sample(
        call=call, size=2, coders=[ada, bo], facet="", is_blind=True, by=boss, at=NOW, seed=1
    )
    drawn.responses.filter(submission=open_one).delete()
    put_under(pay, open_one, "Two", bo)
    put_under(pay, sampled, "One", bo)
    put_under(trust, sampled, "One", bo)
    page = f"/steering/{call.slug}/exports/"
    for coder, offered, paid in (
        (ada, ["Pay"], "1 response"),
        (bo, ["Pay", "Trust"], "2 responses"),
    ):
        allow(coder, "export")
        client.force_login(coder)
        shown = client.get(page, {"codes": "Pay"}).content.decode()
        assert re.findall(r'type="checkbox" name="codes" value="([^"]*)"', shown) == offered
        assert f"<strong>{paid}</strong>" in shown
        codebook = exported(call, "qdc", by=coder).decode()
        assert ('name="Trust"' in codebook) == ("Trust" in offered)


def test_table_of_many_codings_streams_in_little_memory():
    call = make_call()
    response = make_submitted(call, story="word " * 900)
    coder = make_user(Role.CODER)
    code = make_code(call=call, name="Pay")
    question = call.questions_by_key["story"]
    exported(call, "codings")  # so that what is loaded once is not measured
    Coding.objects.bulk_create(
        Coding(
            code=code,
            version=response.current_version,
            question=question,
            start=place,
            end=place + 800 + length,
            by=coder,
            at=CODED_AT,
        )
        for place in range(100)
        for length in range(50)
    )
    tracemalloc.start()
    size = sum(map(len, chunks_of(call)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 4_500_000
    assert peak < 3_000_000


def chunks_of(call):
    return export_chunks(Dataset(call), "codings", by=None, at=NOW)


def test_row_says_whether_the_coding_stands_where_somebody_decided(at):
    call = make_call()
    at(while_open(call))
    boss = make_user(Role.MANAGER)
    ada, bea = make_user(Role.CODER, username="ada"), make_user(Role.CODER, username="bea")
    response = make_submitted(call, story=STORY)
    sample = draw(call, [ada, bea], boss)
    code(response, ada, PAY, "Pay")
    code(response, bea, PAY, "Money")
    be_done(sample, ada, bea)
    (here,) = differences(compare(sample))
    wanted = Decision(
        codes=frozenset(Code.objects.filter(name="Money").values_list("pk", flat=True)),
        reason="It is about money",
        base=None,
    )
    decide(sample, here, wanted=wanted, by=boss, at=while_open(call))
    assert [(r["code"], r["coder"], r["stands"]) for r in rows_of(exported(call, "codings"))] == [
        ("Pay", "ada", "no"),
        ("Money", "bea", "yes"),
    ]
