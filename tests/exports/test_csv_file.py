"""The CSV of the steering group, read back as a spreadsheet or a script would."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest

from exports.all_columns import columns
from submissions.definitions.loading import load, parse
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState
from submissions.responses.submitting import submit
from tests.exports.exporting import NOW, exported, json_lines, rows_of
from tests.makers import (
    OPENS_AT,
    SMALL,
    complete_answers,
    make_attachment,
    make_call,
    make_draft,
    make_first_call,
    make_submitted,
    while_open,
)


@pytest.mark.django_db
def test_header_is_that_of_the_interface():
    head = exported(make_call()).split(b"\r\n")[0].decode()
    assert head == (
        "reference,submitted_at,timing,channel,roles,role_other,age,history,fairness_money,fairness_risk,"
        "story,commissioner_view,declaration,publication,quote_ok,attachments,words,status,codes,received_at,version"
    )


@pytest.mark.django_db
def test_header_of_the_first_call_is_promised():
    head = exported(make_first_call()).split(b"\r\n")[0].decode()
    assert head == (
        "reference,submitted_at,timing,channel,roles,capacity,org_type,income_band,ncvo_band,"
        "small_and_medium,area,service_area,role_other,age,public_share,bid_history,competed_with,"
        "competition_effect,barriers,partner_role,fairness_sharing_of_decisions,fairness_split_of_money,"
        "fairness_time_to_payment,fairness_split_of_risk,fairness_credit,fairness_information,"
        "good_practice,poor_practice,named_in_bid_unused,commissioner_good,"
        "commissioner_view,service_user_effect,larger_orgs,smaller_orgs,umbrella_and_funders,"
        "anything_else,org_name_listed,contact_followup,updates,declaration,declaration_personal,publication,quote_ok,"
        "attachments,words,status,codes,received_at,version"
    )


@pytest.mark.django_db
def test_header_of_another_call_has_its_own_facets_and_bands():
    text = SMALL.read_text(encoding="utf-8")
    call = load(parse(text, source="small.toml"), by=None, at=OPENS_AT).call
    head = exported(call).split(b"\r\n")[0].decode()
    assert head == (
        "reference,submitted_at,timing,channel,roles,size,half,role_other,number,history,"
        "fairness_money,fairness_risk,story,declaration,publication,attachments,words,status,codes,received_at,version"
    )


@pytest.mark.django_db
def test_row_has_every_answer_by_its_key():
    call = make_call()
    at = datetime(2019, 7, 24, 10, 59, 59, 999999, tzinfo=UTC)
    response = make_submitted(
        call,
        at=at,
        roles=["other", "provider"],
        role_other="Volunteer",
        email="someone@example.org",
        history=["led", "bid"],
        fairness={"money": "poor"},
        story="One two three",
        publication="named",
        quote_ok="no",
    )
    assert rows_of(exported(call)) == [
        {
            "reference": response.reference,
            "submitted_at": "2019-07-24T11:59:59.999999+01:00",
            "timing": "on_time",
            "channel": "web",
            "roles": "provider; other",
            "role_other": "Volunteer",
            "age": "adult",
            "history": "bid; led",
            "fairness_money": "poor",
            "fairness_risk": "",
            "story": "One two three",
            "commissioner_view": "",
            "declaration": "yes",
            "publication": "named",
            "quote_ok": "no",
            "attachments": "0",
            "words": "4",
            "status": "unread",
            "codes": "",
            "received_at": "2019-07-24T11:59:59.999999+01:00",
            "version": "1",
        }
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("zone", "written"),
    [
        ("America/St_Johns", "2019-07-23T08:30:00.000000-02:30"),
        ("Asia/Kathmandu", "2019-07-23T16:45:00.000000+05:45"),
        ("UTC", "2019-07-23T11:00:00.000000+00:00"),
    ],
)
def test_time_has_the_offset_of_the_calls_time_zone(zone, written):
    call = make_call(timezone=zone)
    at = make_submitted(call).submitted_at
    assert rows_of(exported(call))[0]["submitted_at"] == written
    assert datetime.fromisoformat(written) == at


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text",
    [
        "a,b;c\td",
        'He said "no", twice: """',
        "first\nsecond\n\nfourth",
        "\\.",
        "\\N",
        "naïve £ “quotes” \U0001f600 \u202eright to left",
        " leading and trailing ",
        "NULL",
        "%s %(call)s {} ''",
    ],
)
def test_text_comes_back_as_it_was_given(text):
    call = make_call()
    make_submitted(call, story=text)
    assert rows_of(exported(call))[0]["story"] == text


@pytest.mark.django_db
def test_rows_end_in_crlf_and_answers_keep_lf():
    call = make_call()
    make_submitted(call, story="one\ntwo")
    data = exported(call)
    assert data.endswith(b"\r\n")
    assert data.count(b"\r\n") == 2
    assert data.replace(b"\r\n", b"").count(b"\n") == 1
    assert b"\r" not in data.replace(b"\r\n", b"")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("band", "ncvo", "small_and_medium"),
    [
        ("lt_10k", "micro", "no"),
        ("10k_25k", "small", "no"),
        ("25k_100k", "small", "yes"),
        ("100k_1m", "medium", "yes"),
        ("1m_10m", "large", "no"),
        ("10m_100m", "major", "no"),
        ("ge_100m", "super_major", "no"),
        ("not_sure", "not_sure", "not_sure"),
    ],
)
def test_bands_derive_from_the_income_band(band, ncvo, small_and_medium):
    call = make_first_call()
    org = {"capacity": "on_behalf_of_org", "org_type": "charity"}
    make_submitted(call, **org, income_band=band)
    row = rows_of(exported(call))[0]
    assert (row["income_band"], row["ncvo_band"], row["small_and_medium"]) == (
        band,
        ncvo,
        small_and_medium,
    )


@pytest.mark.django_db
def test_identity_is_nowhere_in_the_file():
    call = make_call()
    make_submitted(call, email="jo.bloggs@example.org")
    data = exported(call)
    assert b"jo.bloggs" not in data
    assert b"email" not in data


@pytest.mark.django_db
def test_email_question_is_withheld_even_if_not_marked_as_identity():
    question = {"key": "second_email", "kind": "email", "label": "Another address"}
    call = make_call(about_questions=[question])
    make_submitted(call, second_email="jo@example.org")
    assert b"jo@example.org" not in exported(call)
    assert "second_email" not in [column.name for column in columns(call)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("publication", "role_other"),
    [("named", "Mayor"), ("organisation", ""), ("anonymous", "")],
)
def test_only_who_chose_to_be_named_is_described_in_their_own_words(publication, role_other):
    call = make_call()
    make_submitted(
        call, roles=["other"], role_other="Mayor", story="We merged", publication=publication
    )
    row = rows_of(exported(call))[0]
    assert (row["roles"], row["role_other"], row["story"]) == ("other", role_other, "We merged")


@pytest.mark.django_db
def test_short_text_is_given_where_the_call_asks_nothing_about_publication():
    call = make_call(evidence_questions=[{"key": "place", "kind": "short", "label": "Where?"}])
    make_submitted(call, place="By the sea")
    assert rows_of(exported(call))[0]["place"] == "By the sea"


@pytest.mark.django_db
def test_drafts_withdrawn_responses_and_other_calls_are_left_out():
    call = make_call()
    kept = make_submitted(call)
    make_draft(call, story="A draft")
    withdrawn = make_submitted(call)
    Submission.objects.filter(pk=withdrawn.pk).update(
        state=SubmissionState.WITHDRAWN, withdrawn_at=NOW
    )
    make_submitted(make_call())
    assert [row["reference"] for row in rows_of(exported(call))] == [kept.reference]


@pytest.mark.django_db
def test_rows_come_oldest_first():
    call = make_call()
    at = while_open(call)
    later = make_submitted(call, at=at)
    earlier = make_submitted(call, at=at - timedelta(hours=1))
    assert [row["reference"] for row in rows_of(exported(call))] == [
        earlier.reference,
        later.reference,
    ]


@pytest.mark.django_db
def test_file_count_stands_in_attachments():
    call = make_call()
    draft = make_draft(call, **complete_answers(call))
    make_attachment(draft)
    make_attachment(draft, name="more.txt")
    submit(submission=draft, at=while_open(call))
    row = rows_of(exported(call))[0]
    assert row["attachments"] == "2"
    assert "documents" not in row


@pytest.mark.django_db
def test_column_names_are_never_given_twice():
    questions = [
        {"key": "status", "kind": "short", "label": "Your status"},
        {"key": "rate_money", "kind": "short", "label": "Money"},
        {
            "key": "rate",
            "kind": "matrix",
            "label": "Rate",
            "rows": [{"key": "money", "label": "Money"}],
            "options": [{"key": "good", "label": "Good"}],
        },
        {
            "key": "version",
            "kind": "radio",
            "label": "Which version?",
            "options": [{"key": "old", "label": "Old"}, {"key": "new", "label": "New"}],
        },
    ]
    bands = [{"key": "all", "label": "All", "options": ["old", "new"]}]
    derived = {"key": "publication", "question": "version", "label": "a", "meaning": "a"}
    call = make_call(
        about_questions=questions,
        facets=[{"question": "version", "label": "version"}],
        derived=[derived | {"bands": bands}],
    )
    given = {"status": "Tired", "rate_money": "Much", "rate": {"money": "good"}, "version": "old"}
    make_submitted(call, **given)
    row = rows_of(exported(call))[0]
    assert (row["status"], row["status_2"]) == ("unread", "Tired")
    assert (row["rate_money"], row["rate_money_2"]) == ("Much", "good")
    assert (row["version"], row["version_2"]) == ("1", "old")
    assert (row["publication"], row["publication_2"]) == ("named", "all")
    (line,) = json_lines(exported(call, "json"))
    assert (line["publication"], line["derived"]) == ("named", {"publication": "all"})


@pytest.mark.django_db
def test_keys_are_only_ever_names_to_the_database():
    question = {
        "key": 'o"; DROP',
        "kind": "matrix",
        "label": "Odd",
        "rows": [{"key": "it's 100%", "label": "Odd"}],
        "options": [{"key": "=1+1", "label": "Odd"}],
    }
    call = make_call(about_questions=[question])
    make_submitted(call, **{'o"; DROP': {"it's 100%": "=1+1"}})
    reader = list(csv.reader(io.StringIO(exported(call).decode())))
    assert "'=1+1" in reader[1]


def test_no_writer_names_a_table(request):
    folder = request.config.rootpath / "exports"
    naming = {
        path.name
        for path in (*(folder / "writers").glob("*.py"), folder / "consent.py")
        if "FROM submissions_" in path.read_text() or ".objects" in path.read_text()
    }
    assert naming == set()
