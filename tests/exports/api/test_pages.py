"""What programs get: pages by latest change, tombstones, and the record of each pull."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEvent
from accounts.states import AuditAction, Role
from core.ciphers import cipher
from exports.api.page_request import SALT
from exports.changes import give_numbers
from exports.consent import Scope
from exports.models import Change
from review.coding.codings import remove_coding
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState
from tests.exports.api.pulling import lines, make_token, pull, rows, said
from tests.exports.exporting import NOW, SCOPES, exported, json_lines, put_under
from tests.exports.test_outdated import amend
from tests.makers import allow, make_call, make_code, make_submitted, make_user

pytestmark = pytest.mark.django_db


def withdraw(response, at=datetime(2019, 7, 24, 9, tzinfo=UTC)):
    Submission.objects.filter(pk=response.pk).update(
        state=SubmissionState.WITHDRAWN, withdrawn_at=at
    )


def next_page(client, answer, secret):
    address = answer["Link"].split(">")[0].strip("<")
    return client.get(address, headers={"authorization": f"Bearer {secret}"})


def test_lines_are_those_of_the_export(client):
    call = make_call()
    for publication in ("named", "organisation", "anonymous", "confidential"):
        make_submitted(call, publication=publication, story=f"A {publication} story")
    _token, secret = make_token(call)
    answer = pull(client, call, secret)
    assert answer["Cache-Control"] == "private, no-cache"
    got = lines(answer)
    assert [line.pop("change") for line in got] == ["response"] * 3 + ["withheld"]
    assert all(line.pop("changed_at") for line in got)
    assert got == json_lines(exported(call, "json"))


def test_csv_has_the_cells_of_the_export(client):
    call = make_call()
    make_submitted(call, story='=1+1 "quoted"\nand a line')
    gone = make_submitted(call)
    withdraw(gone)
    _token, secret = make_token(call)
    kept, ended = rows(pull(client, call, secret, format="csv"))
    (of_export,) = csv.DictReader(io.StringIO(exported(call, "csv").decode(), newline=""))
    assert kept["story"].startswith("'=1+1")
    assert kept == {"change": "response", "changed_at": kept["changed_at"]} | of_export
    apart = pull(client, call, secret, format="csv", choices="labels", several="apart")
    assert rows(apart)[0]["roles"] == "I provide services"
    assert (ended["change"], ended["reference"]) == ("withdrawn", gone.reference)
    assert set(list(ended.values())[3:]) == {""}


def test_question_with_the_key_of_a_column_of_the_api_does_not_take_its_place(client):
    asked = [{"key": "change", "kind": "short", "label": "What has to change?"}]
    call = make_call(about_questions=asked)
    make_submitted(call, publication="named", change="All of it")
    _token, secret = make_token(call)
    (row,) = rows(pull(client, call, secret, format="csv"))
    assert (row["change"], row["change_2"]) == ("response", "All of it")


def test_pages_follow_each_other_and_later_ones_have_only_what_changed(client):
    call = make_call()
    responses = [make_submitted(call) for _ in range(5)]
    _token, secret = make_token(call)
    first = pull(client, call, secret, limit=3)
    found = said(first)
    second = next_page(client, first, secret)
    found += said(second)
    assert found == [(response.reference, "response") for response in responses]
    assert "Link" not in second
    cursor = second["Next-Cursor"]
    assert lines(pull(client, call, secret, cursor=cursor)) == []
    Submission.objects.filter(pk=responses[1].pk).update(triage_status="considered")
    withdraw(responses[3])
    later = pull(client, call, secret, cursor=cursor)
    assert set(said(later)) == {
        (responses[1].reference, "response"),
        (responses[3].reference, "withdrawn"),
    }


def test_response_that_leaves_the_filter_is_named_to_who_may_hold_it(client):
    call = make_call()
    stays, leaves = (make_submitted(call, publication="named", quote_ok="yes") for _ in range(2))
    never = make_submitted(call, publication="named", quote_ok="no")
    _token, secret = make_token(call)
    first = pull(client, call, secret, statuses="unread", quotable="yes")
    assert said(first) == [(r.reference, "response") for r in (stays, leaves)]
    Submission.objects.filter(pk__in=[leaves.pk, never.pk]).update(triage_status="considered")
    later = pull(
        client, call, secret, statuses="unread", quotable="yes", cursor=first["Next-Cursor"]
    )
    assert set(said(later)) == {(leaves.reference, "left"), (never.reference, "left")}


def test_program_that_follows_a_code_is_told_when_the_last_passage_leaves_it(client):
    call = make_call()
    response = make_submitted(call, story="Paid late.")
    code = make_code(call=call, name="Late")
    coder = make_user(Role.CODER)
    coding = put_under(code, response, "late", coder)
    _token, secret = make_token(call)
    cursor = pull(client, call, secret, codes="Late")["Next-Cursor"]
    remove_coding(coding, by=coder, at=NOW)
    left = pull(client, call, secret, codes="Late", cursor=cursor)
    assert said(left) == [(response.reference, "left")]
    for guessed in ("Late", "Early"):
        problem = pull(client, call, secret, codes=guessed).json()
        assert problem["detail"] == f"codes: there is no “{guessed}”. This call has none."
        problem = pull(client, call, secret, codes=guessed, cursor="x").json()
        assert problem["detail"].startswith("This is no cursor")


def test_confidential_evidence_is_for_a_token_that_reads_it(client):
    call = make_call()
    response = make_submitted(call, publication="confidential", story="zq01xsecret")
    by = make_user(Role.REVIEWER)
    allow(by, "export", "export_confidential")
    _token, plain = make_token(call, by=by)
    _token, whole = make_token(call, by=by, scope=Scope(confidential=True))
    assert said(pull(client, call, plain)) == [(response.reference, "withheld")]
    (line,) = lines(pull(client, call, whole))
    assert (line["change"], line["answers"]["story"]) == ("response", "zq01xsecret")
    assert b"zq01x" not in b"".join(pull(client, call, plain, words="zq01xsecret"))


def test_what_happens_to_a_confidential_response_is_told_to_who_may_read_it_alone(client):
    call = make_call()
    hidden = make_submitted(call, publication="confidential", story="Paid late.")
    shown = make_submitted(call, publication="named", story="Paid late.")
    by = make_user(Role.REVIEWER)
    allow(by, "export", "export_confidential")
    secrets = [
        make_token(call, by=by, scope=scope)[1] for scope in (Scope(), Scope(confidential=True))
    ]
    (arrived, _), _ = first = [lines(pull(client, call, secret)) for secret in secrets]
    assert [len(found) for found in first] == [2, 2]
    cursors = [None, None]

    def told():
        answers = [
            pull(
                client,
                call,
                secret,
                **({"cursor": cursor} if cursor else {"since": "2100-01-01T00:00Z"}),
            )
            for secret, cursor in zip(secrets, cursors, strict=True)
        ]
        cursors[:] = [answer["Next-Cursor"] for answer in answers]
        assert not any(answer.has_header("Link") for answer in answers)
        # Which numbers are left out would tell, too: "[1, …" in base64.
        assert not any(answer["Next-Cursor"].startswith("Wz") for answer in answers)
        return [dict(said(answer)) for answer in answers]

    told()
    code = make_code(call=call, name="Late")
    for response in (hidden, shown):
        put_under(code, response, "late", make_user(Role.CODER))
    both = {hidden.reference: "response", shown.reference: "response"}
    assert told() == [{shown.reference: "response"}, both]
    code.name = "Later"
    code.save()
    Submission.objects.filter(pk=hidden.pk).update(triage_status="considered")
    assert told() == [{shown.reference: "response"}, both]
    anew = {line["reference"]: line for line in lines(pull(client, call, secrets[0]))}
    assert anew[hidden.reference] == arrived
    assert anew.keys() == both.keys()

    read = {hidden.reference: "response"}
    amend(hidden, minutes=1, story="Paid very late.")
    assert told() == [{}, read]
    amend(hidden, minutes=2, publication="named", quote_ok="yes")
    assert told() == [read, read]
    amend(hidden, minutes=3, publication="confidential")
    assert told() == [{hidden.reference: "withheld"}, read]
    withdraw(hidden)
    assert told() == [{hidden.reference: "withdrawn"}] * 2


def test_pages_of_any_size_have_the_same_lines_where_some_are_withheld(client):
    call = make_call()
    hidden, shown = "confidential", "named"
    chosen = (hidden, shown, shown, hidden, shown, hidden, shown, hidden)
    responses = [make_submitted(call, publication=each) for each in chosen]
    _token, secret = make_token(call)
    # Of those that staff read then, programs are told of the shown ones alone, 1 and 6.
    for read, order in (((), (0, 1, 2, 3, 4, 5, 6, 7)), ((1, 3, 6, 7), (0, 2, 3, 4, 5, 7, 1, 6))):
        Submission.objects.filter(pk__in=[responses[place].pk for place in read]).update(
            triage_status="considered"
        )
        whole = said(pull(client, call, secret))
        assert [reference for reference, _ in whole[:6]] == [
            responses[place].reference for place in order[:6]
        ]
        for limit in (1, 3):
            page = pull(client, call, secret, limit=limit)
            found = said(page)
            while page.has_header("Link"):
                assert len(found) % limit == 0
                page = pull(client, call, secret, limit=limit, cursor=page["Next-Cursor"])
                found += (more := said(page))
                assert more
            assert found == whole


def test_since_takes_what_changed_then_or_later(client):
    call = make_call()
    hidden = make_submitted(call, publication="confidential")
    early, late = make_submitted(call), make_submitted(call)
    _token, secret = make_token(call)
    assert len(lines(pull(client, call, secret))) == 3
    moment = datetime(2019, 7, 1, tzinfo=UTC)
    Change.objects.filter(submission=early).update(noted_at=moment)
    # What the project team does with it since is nothing to the program.
    Change.objects.filter(submission=hidden).update(bare_noted_at=moment - timedelta(days=1))
    Submission.objects.filter(pk=hidden.pk).update(triage_status="considered")
    assert len(lines(pull(client, call, secret, since=moment.isoformat()))) == 2
    after = (moment + timedelta(microseconds=1)).isoformat()
    assert said(pull(client, call, secret, since=after)) == [(late.reference, "response")]
    first = pull(client, call, secret, since=moment.isoformat(), limit=1)
    assert said(first) == [(early.reference, "response")]
    assert said(next_page(client, first, secret)) == [(late.reference, "response")]


def test_clock_that_goes_back_puts_no_later_change_before_an_earlier_one():
    call, at = make_call(), datetime(2019, 7, 1, tzinfo=UTC)
    for moment in (at, at - timedelta(hours=1)):
        make_submitted(call)
        give_numbers(call, at=moment)
    assert list(Change.objects.values_list("noted_at", flat=True)) == [at, at]


def test_bad_requests_say_how_to_ask(client):
    call = make_call()
    _token, secret = make_token(call)
    for given, says in [
        ({"since": "2019-07-24"}, "offset"),
        ({"since": "2019-07-24T12:00:00"}, "offset"),
        ({"since": "2019-07-24T12:00:00 01:00"}, "%2B"),
        ({"since": "yesterday"}, "offset"),
        ({"limit": "0"}, "from 1 to"),
        ({"limit": "20001"}, "from 1 to"),
        ({"limit": "0000000100"}, "from 1 to"),
        ({"limit": "²"}, "from 1 to"),
        ({"cursor": "x"}, "no cursor"),
        ({"cursor": "x", "since": "2019-07-24T12:00:00Z"}, "either"),
        ({"cursor": "é"}, "no cursor"),
        ({"format": "xml"}, "json or csv"),
        ({"order": "newest"}, "no filter"),
        ({"campaigns": "once"}, "no filter"),
        ({"named": "yes"}, "no filter"),
        ({"nonsense": "1"}, "no filter"),
        ({"statuses": "nonsense"}, "there is no"),
        ({"access_token": "evp_x"}, "revoke"),
        ({"key": "evp_x"}, "revoke"),
        ({"words": ["one", "two"]}, "Give words once"),
        ({"quotable": ["yes", "no"]}, "Give quotable once"),
        ({"choices": ["keys", "labels"]}, "Give choices once"),
        ({"quotable": "maybe"}, "yes or no"),
        ({"codes": "Pay"}, "This call has none"),
        ({"format": ["json", "csv"]}, "once"),
    ]:
        answer = pull(client, call, secret, **given)
        told = answer.status_code, answer["Content-Type"]
        assert (given, told) == (given, (400, "application/problem+json"))
        assert says in answer.json()["detail"], given


def test_known_first_page_is_sent_again_once_another_page_is_another(client):
    """Its Next-Cursor would say nothing of what has left a later page since."""
    call = make_call()
    stays, leaves = make_submitted(call), make_submitted(call)
    _token, secret = make_token(call)
    asked = {"statuses": "unread", "limit": 1}
    first = pull(client, call, secret, **asked)
    assert said(first) == [(stays.reference, "response")]
    assert said(pull(client, call, secret, cursor=first["Next-Cursor"], **asked)) == [
        (leaves.reference, "response")
    ]
    Submission.objects.filter(pk=leaves.pk).update(triage_status="considered")
    known = {"if-none-match": first["ETag"]}
    again = pull(client, call, secret, headers=known, **asked)
    assert said(again) == [(stays.reference, "response")]


def test_address_whose_next_would_be_too_long_is_refused_at_once(client):
    call = make_call()
    for _ in range(2):
        make_submitted(call)
    _token, secret = make_token(call)
    fits, is_too_long = ["named"] * 180, ["named"] * 210
    answer = pull(client, call, secret, publications=fits, limit=1)
    assert len(answer["Link"]) < 4_094
    refused = pull(client, call, secret, publications=is_too_long, limit=1)
    problem = refused.json()
    assert (refused.status_code, refused["Content-Type"]) == (414, "application/problem+json")
    assert problem["title"] == "The address is too long"
    assert "Choose fewer values" in problem["detail"]


def test_page_that_is_known_is_not_made_again(client):
    call = make_call()
    response = make_submitted(call)
    _token, secret = make_token(call)
    first = pull(client, call, secret)
    b"".join(first)
    events = AuditEvent.objects.count()
    known = {"if-none-match": first["ETag"]}
    again = pull(client, call, secret, headers=known)
    assert (again.status_code, b"".join(again)) == (304, b"")
    assert again["ETag"] == first["ETag"]
    # RFC 9110, 8.6: a length here would be that of the page, whose bytes nobody has counted.
    assert "Content-Length" not in again.headers
    assert "Content-Type" not in again.headers
    assert AuditEvent.objects.count() == events
    Submission.objects.filter(pk=response.pk).update(triage_status="considered")
    assert said(pull(client, call, secret, headers=known)) == [(response.reference, "response")]


@pytest.mark.parametrize("file_format", ["json", "csv"])
def test_head_has_the_headers_of_get_no_length_and_no_record(client, file_format):
    call = make_call()
    make_submitted(call)
    _token, secret = make_token(call)
    address = f"/api/v1/calls/{call.slug}/responses?format={file_format}"
    headers = {"authorization": f"Bearer {secret}"}
    head = client.head(address, headers=headers)
    assert b"".join(head) == b""
    assert not AuditEvent.objects.filter(action=AuditAction.EXPORT_STARTED).exists()
    got = client.get(address, headers=headers)
    assert len(b"".join(got)) > 0
    told = ("Content-Type", "Content-Length", "ETag", "Link", "Cache-Control")
    assert [head.get(name) for name in told] == [got.get(name) for name in told]
    places = [cipher(SALT).decrypt(one["Next-Cursor"]) for one in (head, got)]
    assert places[0] == places[1]
    assert "Content-Length" not in head.headers


def test_each_pull_that_hands_out_anything_is_on_record(client):
    call = make_call()
    make_submitted(call)
    withdraw(make_submitted(call))
    token, secret = make_token(call)
    first = pull(client, call, secret, quotable="no")
    b"".join(first)
    event = AuditEvent.objects.get(action=AuditAction.EXPORTED)
    assert event.actor == token.person
    after, upto = event.detail["changes"]
    assert after == 0 < Change.objects.latest("number").number <= upto
    names = ("through", "token", "rows", "removed", "format")
    assert {name: event.detail[name] for name in names} == {
        "through": "API",
        "token": token.hint,
        "rows": 1,
        "removed": 1,
        "format": "json",
    }
    events = AuditEvent.objects.count()
    assert lines(pull(client, call, secret, cursor=first["Next-Cursor"])) == []
    assert AuditEvent.objects.count() == events


def test_every_scope_has_the_lines_of_its_export(client):
    call = make_call()
    for publication in ("named", "organisation", "anonymous", "confidential"):
        make_submitted(call, publication=publication, story=f"A {publication} story")
    by = make_user(Role.MANAGER)
    allow(by, "export", "export_named", "export_confidential")
    for name, scope in SCOPES.items():
        _token, secret = make_token(call, by=by, scope=scope)
        got = lines(pull(client, call, secret))
        for line in got:
            del line["change"], line["changed_at"]
        assert got == json_lines(exported(call, "json", scope=scope)), name


def test_queries_are_as_many_for_many_as_for_one(client):
    call = make_call()
    make_submitted(call)
    _token, secret = make_token(call)
    lines(pull(client, call, secret))
    counted = []
    for number in (1, 4):
        for _ in range(number - 1):
            make_submitted(call)
        lines(pull(client, call, secret))
        with CaptureQueriesContext(connection) as queries:
            lines(pull(client, call, secret))
        counted.append(len(queries))
    assert counted[0] == counted[1]
