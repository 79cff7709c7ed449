"""Who may export what, and what stays on record of it."""

import csv
import io

import openpyxl
import pytest

from accounts.models import AuditEvent
from accounts.states import Action, Role
from exports.consent import Scope
from exports.filters import ExportFilter
from exports.permissions import ExportRefused
from review.coding.codings import code_passage
from submissions.responses.amending import reopen
from submissions.responses.drafting import save_answers
from submissions.responses.models import Submission
from submissions.responses.submitting import submit
from tests.exports.exporting import exported, json_lines
from tests.makers import (
    CLOSES_AT,
    OPENS_AT,
    allow,
    make_call,
    make_code,
    make_first_call,
    make_submitted,
    make_user,
    make_user_who_may,
)


@pytest.mark.django_db
def test_steering_group_may_export_without_who_answered_and_nothing_named():
    call = make_call()
    user = make_user(Role.STEERING_MEMBER)
    assert exported(call, by=user)
    with pytest.raises(ExportRefused, match="permission to export who answered"):
        exported(call, by=user, named=True)


@pytest.mark.django_db
def test_project_staff_may_export_nothing_unless_given_leave():
    call = make_call()
    user = make_user(Role.MANAGER)
    for named in (False, True):
        with pytest.raises(ExportRefused):
            exported(call, by=user, named=named)
    assert not AuditEvent.objects.filter(action="exported").exists()


@pytest.mark.django_db
@pytest.mark.parametrize("codenames", [["see_identity"], ["export_named"], ["export"]])
def test_one_permission_alone_does_not_do_for_a_named_export(codenames):
    call = make_call()
    with pytest.raises(ExportRefused):
        exported(call, by=make_user_who_may(*codenames), named=True)


@pytest.mark.django_db
@pytest.mark.parametrize("reason", ["", "  "])
def test_named_export_needs_a_reason_whoever_asks(reason):
    call = make_call()
    for user in (None, make_user_who_may("see_identity", "export_named")):
        with pytest.raises(ExportRefused, match="Give a reason"):
            exported(call, by=user, named=True, reason=reason)


@pytest.mark.django_db
def test_confidential_export_is_for_project_staff_with_leave_and_a_reason():
    call = make_call()
    make_submitted(call, publication="confidential")
    whole = Scope(confidential=True)
    for user in (
        make_user(Role.STEERING_MEMBER),
        make_user(Role.MANAGER),
        make_user_who_may("see_identity", "export_named", "export"),
        make_user_who_may("export_confidential"),
    ):
        with pytest.raises(ExportRefused, match="permission to export confidential responses"):
            exported(call, by=user, scope=whole)
    user = make_user(Role.MANAGER)
    allow(user, Action.EXPORT_CONFIDENTIAL)
    for by in (None, user):
        with pytest.raises(ExportRefused, match="Give a reason"):
            exported(call, by=by, scope=whole, reason=" ")
    with pytest.raises(ExportRefused, match="permission to export who answered"):
        exported(call, by=user, scope=Scope(named=True, confidential=True))
    assert exported(call, by=user, scope=whole, reason="For the report")
    assert exported(call, by=user)
    details = [e.detail for e in AuditEvent.objects.filter(action="exported").order_by("pk")]
    assert [(d.get("confidential"), d.get("reason")) for d in details] == [
        (True, "For the report"),
        (None, None),
    ]


@pytest.mark.django_db
def test_named_export_has_identity_in_the_calls_order_and_is_on_record_with_its_reason():
    call = make_first_call()
    response = make_submitted(
        call,
        capacity="on_behalf_of_org",
        name="Jo Bloggs",
        email="jo@example.org",
        org_name="=Trust",
        charity_number="123456",
    )
    user = make_user_who_may("see_identity", "export_named")
    data = exported(call, by=user, named=True, reason=" To thank them ")
    (row,) = csv.DictReader(io.StringIO(data.decode(), newline=""))
    names = list(row)
    assert [n for n in names if n in {"name", "email", "org_name", "charity_number"}] == [
        "email",
        "org_name",
        "charity_number",
        "name",
    ]
    assert (row["name"], row["email"], row["org_name"], row["charity_number"]) == (
        "Jo Bloggs",
        "jo@example.org",
        "'=Trust",
        "123456",
    )
    event = AuditEvent.objects.get(action="exported")
    assert (event.actor, event.detail["dataset"], event.detail["reason"], event.detail["rows"]) == (
        user,
        "named",
        "To thank them",
        1,
    )
    assert response.reference not in str(event.detail)


@pytest.mark.django_db
def test_record_has_the_filters():
    call = make_call()
    make_submitted(call)
    exported(
        call, "json", export_filter=ExportFilter(facets={"roles": ("provider",)}, quotable=True)
    )
    event = AuditEvent.objects.get(action="exported")
    assert (event.detail["format"], event.detail["filters"]) == (
        "json",
        {"facets": {"roles": ["provider"]}, "quotable": True},
    )


@pytest.mark.django_db
def test_submitted_at_is_the_first_version_and_received_at_the_latest():
    call = make_call(timezone="Africa/Casablanca")  # where the clocks went on on 9 June
    response = make_submitted(call, at=OPENS_AT, story="First")
    later = CLOSES_AT - (CLOSES_AT - OPENS_AT) / 2
    reopen(submission=response, at=later)
    response = Submission.objects.get(pk=response.pk)
    save_answers(submission=response, call=call, values={"story": "Second"}, at=later)
    submit(submission=response, at=later)
    (row,) = csv.DictReader(io.StringIO(exported(call).decode(), newline=""))
    assert (row["story"], row["version"], row["submitted_at"], row["received_at"]) == (
        "Second",
        "2",
        "2019-05-29T08:00:00.000000+00:00",
        "2019-06-26T10:30:00.000000+01:00",
    )
    (line,) = json_lines(exported(call, "json"))
    assert {name: line[name] for name in ("submitted_at", "received_at")} == {
        name: row[name] for name in ("submitted_at", "received_at")
    }
    book = openpyxl.load_workbook(io.BytesIO(exported(call, "xlsx")))
    head, _labels, cells = book["Responses"].iter_rows(values_only=True)
    excel = dict(zip(head, cells, strict=True))
    assert (excel["submitted_at"].month, excel["received_at"].month) == (5, 6)


@pytest.mark.django_db
def test_codes_stand_in_their_column_by_name_each_once():
    call = make_call()
    response = make_submitted(call, story="Words and words")
    user = make_user(Role.CODER)
    for name, start in (("Pay", 0), ("=Time", 3), ("Pay", 6)):
        code = call.codes.filter(name=name).first() or make_code(call=call, name=name)
        code_passage(
            code=code,
            version=response.current_version,
            question=call.questions_by_key["story"],
            start=start,
            end=start + 2,
            by=user,
            at=OPENS_AT,
        )
    (row,) = csv.DictReader(io.StringIO(exported(call).decode(), newline=""))
    assert row["codes"] == "'=Time; Pay"
