"""Evidence stands for everybody; an approved request lets one response be emptied, and no more."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.db.models import F

from accounts.states import Role
from personal_data.erasing import carry_out
from submissions.responses import erasing as requests
from submissions.responses import submitting
from submissions.responses.models import ErasureRequest, Version, VersionIdentity
from submissions.responses.states import ErasureGround, ErasureScope, ErasureState
from tests.makers import (
    complete_answers,
    make_attachment,
    make_call,
    make_draft,
    make_submitted,
    make_user,
    while_open,
)
from tests.personal_data.erasures import ask_and_approve

pytestmark = pytest.mark.django_db
EMPTY = {"choices": {}, "texts": {}, "canonical_text": "", "words": 0}


@pytest.fixture
def call():
    return make_call()


@pytest.fixture
def response(call):
    draft = make_draft(call, **complete_answers(call, email="ada@example.org"))
    make_attachment(draft)
    return submitting.submit(submission=draft, at=while_open(call)).submission


def refused(change):
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        change()
    return error.value.__cause__.diag.constraint_name


def erase(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT submissions_erase(%s, %s)", [request.pk, request.asked_at])


def version_of(response):
    return Version.objects.filter(submission=response)


def identity_of(response):
    return VersionIdentity.objects.filter(version__submission=response)


def attached_to(response):
    return Version.attachments.through.objects.filter(version__submission=response)


def test_nothing_is_emptied_without_an_approved_request(response):
    requests.ask(submission=response, scope=ErasureScope.RESPONSE, at=response.saved_at)
    assert refused(lambda: version_of(response).update(**EMPTY)) == "submissions_version_stands"
    assert (
        refused(lambda: identity_of(response).update(answers={}))
        == "submissions_versionidentity_stands"
    )
    assert (
        refused(lambda: attached_to(response).delete()) == "submissions_version_attachments_stands"
    )
    assert (
        refused(lambda: response.attachments.update(name="file.txt"))
        == "submissions_attachment_stands"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"texts": {"story": "Another story."}},
        EMPTY | {"sha256": "0" * 64},
        EMPTY | {"received_at": F("received_at") - timedelta(seconds=1)},
        EMPTY | {"texts": {"story": "Another story."}},
        EMPTY | {"canonical_text": "x"},
        {"texts": {}},
    ],
)
def test_approved_request_lets_a_version_be_emptied_and_nothing_else(response, change):
    ask_and_approve(response, at=response.saved_at)
    assert refused(lambda: version_of(response).update(**change)) == "submissions_version_stands"
    assert refused(lambda: identity_of(response).update(answers={"email": "x@example.org"}))
    assert refused(lambda: identity_of(response).delete()) == "submissions_versionidentity_stands"


def test_request_for_one_response_opens_no_other(response, call):
    other = make_submitted(call)
    erase(ask_and_approve(response, at=response.saved_at))
    assert refused(lambda: version_of(other).update(**EMPTY)) == "submissions_version_stands"


def test_request_about_who_answered_leaves_the_answers(response):
    request = ask_and_approve(response, at=response.saved_at, scope=ErasureScope.IDENTITY)
    assert refused(lambda: version_of(response).update(**EMPTY)) == "submissions_version_stands"
    erase(request)
    assert identity_of(response).get().answers == {}
    assert version_of(response).get().texts == response.current_version.texts
    assert attached_to(response).get().attachment.name == "file.txt"


def test_protection_is_back_once_it_is_erased(response):
    request = ask_and_approve(response, at=response.saved_at)
    erase(request)
    assert version_of(response).get().texts == {}
    assert refused(lambda: version_of(response).update(**EMPTY)) == "submissions_version_stands"
    assert refused(lambda: erase(request)) == "submissions_erase_approved"


@pytest.mark.parametrize("end", ["asked", "refused", "withdrawn"])
def test_function_erases_for_no_other_state(response, end):
    request = requests.ask(submission=response, scope=ErasureScope.RESPONSE, at=response.saved_at)
    if end == "refused":
        requests.refuse(
            request, by=make_user(Role.MANAGER), words="Not yours", at=response.saved_at
        )
    elif end == "withdrawn":
        requests.withdraw_request(request, at=response.saved_at)
    assert refused(lambda: erase(request)) == "submissions_erase_approved"


def row(response, **fields):
    at = response.saved_at
    return ErasureRequest(
        call=response.call,
        submission=response,
        asked_at=at,
        due_at=at,
        **{"scope": ErasureScope.RESPONSE, **fields},
    )


def test_no_request_begins_approved(response):
    at = response.saved_at
    approved = {"state": ErasureState.APPROVED, "confirmed_at": at, "decided_at": at}
    by = {"decided_by": make_user()}
    assert refused(row(response, **approved, **by).save) == "submissions_erasurerequest_stands"


def test_nobody_approves_what_they_entered(response):
    somebody, at = make_user(), response.saved_at
    request = row(response, entered_by=somebody, reason="By letter", confirmed_at=at)
    request.save()
    found = ErasureRequest.objects.filter(pk=request.pk)
    approved = {"state": ErasureState.APPROVED, "decided_at": at}
    assert (
        refused(lambda: found.update(**approved, decided_by=somebody))
        == "submissions_erasurerequest_two_people"
    )
    assert refused(lambda: found.update(**approved)) == "submissions_erasurerequest_approved"
    assert refused(lambda: found.update(entered_by=None)) == "submissions_erasurerequest_stands"


def test_request_is_neither_deleted_nor_changed_afterwards(response, call):
    request = ask_and_approve(response, at=response.saved_at)
    found = ErasureRequest.objects.filter(pk=request.pk)
    for change in (
        {"submission": make_submitted(call)},
        {"scope": ErasureScope.IDENTITY},
        {"decided_by": make_user()},
        {"state": ErasureState.ASKED},
        {"state": ErasureState.DONE, "erased_at": request.asked_at},
    ):
        refusal = refused(partial(found.update, **change))
        assert refusal == "submissions_erasurerequest_stands"
    assert refused(found.delete) == "submissions_erasurerequest_stands"


def test_rule_of_retention_needs_no_second_member(response):
    by = requests.end_by_retention(
        submission=response,
        scope=ErasureScope.RESPONSE,
        rule="Evidence: 6 years",
        by=None,
        at=response.saved_at,
    )
    assert (by.state, by.ground) == (ErasureState.APPROVED, ErasureGround.RETENTION)
    erase(by)
    assert version_of(response).get().texts == {}


@pytest.mark.django_db(transaction=True)
def test_role_that_serves_erases_by_the_function_alone(serving_role, response):
    request = ask_and_approve(response, at=response.saved_at)
    for change in (version_of(response).update, identity_of(response).update):
        with pytest.raises(ProgrammingError, match="permission denied"):
            change(**(EMPTY if change.__self__.model is Version else {"answers": {}}))
    with pytest.raises(ProgrammingError, match="permission denied"):
        attached_to(response)._raw_delete(using="default")
    carry_out(request, at=request.asked_at)
    assert version_of(response).get().texts == {}
    assert identity_of(response).get().answers == {}
