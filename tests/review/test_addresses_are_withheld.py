"""Without the permission to see who answered, no page of the admin says or tells an address."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.db.models import CharField, JSONField, TextField
from django.urls import reverse

from accounts.models import AuditEvent, Membership, User
from accounts.record import record
from accounts.states import Action, AuditAction, Role
from exports.consent import Scope
from review.searching.entries import write_due
from submissions.definitions.closing_times import change_closing_time
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import OutboxState
from submissions.responses import erasing, late_passes
from submissions.responses.models import LatePass, Submission
from tests.exports.api.pulling import make_token
from tests.exports.exporting import NOW
from tests.makers import (
    allow,
    make_call,
    make_draft,
    make_submitted,
    make_user,
    while_open,
    withhold,
)
from tests.review.lists import request_of, responses_listed

pytestmark = pytest.mark.django_db
RESPONSES = "/admin/submissions/submission/"
WHO = RESPONSES + "who-answered/"
POPUP = "&_popup=1"
WITHHELD = "Only staff who may see who answered can read it."
# The parameters by which the admin's lists are narrowed; nothing else narrows them.
FILTERS = {
    "accounts.invitation": set(),
    "accounts.auditevent": {"action", "call", "actor"},
    "accounts.membership": {"call", "role"},
    "accounts.user": {"is_superuser", "is_active"},
    "submissions.call": set(),
    "submissions.entry": {"call"},
    "submissions.erasurerequest": {"call", "state", "ground"},
    "submissions.latepass": {"call"},
    "submissions.outboxemail": {"state", "kind", "call"},
    "submissions.submission": {
        "call",
        "state",
        "triage_status",
        "facet_roles",
        "timing",
        "channel",
        "notes",
        "sampled",
    },
    "review.cluster": {"call", "state", "kind"},
    "review.code": set(),
    "review.codingsample": {"call"},
    "review.matrixsummary": set(),
    "review.redaction": {"call", "state", "reason"},
    "review.memo": {"call", "by"},
    "review.quote": {"call", "question", "by"},
    "review.finding": {"call", "status"},
    "review.reportrun": {"call"},
    "retention.retentioncalendar": set(),
    "exports.apitoken": {"call"},
    "exports.teamfiles": set(),
}


def staff_user(*, sees_identity):
    user = make_user(Role.MANAGER, is_staff=True)
    if not sees_identity:
        withhold(user, Action.SEE_IDENTITY)
    return user


@pytest.fixture
def discreet(client):
    """Project staff without `see_identity`."""
    user = staff_user(sees_identity=False)
    client.force_login(user)
    return user


def late_pass_for(address, by, call):
    return late_passes.give(
        call=call,
        address=address,
        reason="Asked from ann@example.org by mail",
        expires_at=call.closes_at + timedelta(days=2),
        by=by,
        at=call.closes_at,
    )


def every_field_of(model):
    """Each field and each field of a related model, with look-ups that could be used to guess."""
    for field in model._meta.get_fields():
        names = [field.name]
        if field.related_model is not None:
            related = field.related_model._meta.get_fields()
            names += [f"{field.name}__{other.name}" for other in related]
        for name in names:
            yield from (name, f"{name}__startswith", f"{name}__exact", f"{name}__isnull")


def test_lists_are_narrowed_by_their_own_filters_only(client):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    make_submitted(email="ada@example.org")
    request = client.get(RESPONSES).wsgi_request
    for model, model_admin in admin.site._registry.items():
        lookups = {*every_field_of(model), "identity_answers__value"}
        lookups |= {"facet_roles", "state", "timing"}
        allowed = {name for name in lookups if model_admin.lookup_allowed(name, "x", request)}
        # The list of entries is narrowed by the call of the response.
        allowed = {name.removeprefix("submission__") for name in allowed}
        label = model._meta.label_lower
        assert {name.split("__")[0] for name in allowed} == FILTERS[label], label
        shapes = {re.sub(r"^[a-z_]+?(__|$)", r"\1", name) for name in allowed}
        assert shapes <= {"", "__exact", "__isnull", "__id__exact"}, label


def look_ups_of_text(model):
    """Each look-up by the beginning of a text of the model or of a related one."""
    related = [field for field in model._meta.get_fields() if field.related_model is not None]
    for prefix, fields in [
        ("", model._meta.get_fields()),
        *((f"{one.name}__", one.related_model._meta.get_fields()) for one in related),
    ]:
        for field in fields:
            if isinstance(field, CharField | TextField | JSONField):
                yield f"{prefix}{field.name}__startswith"


@pytest.mark.no_cover  # it asks for lists again and again
def test_no_filter_of_any_list_tells_an_address_to_staff_without_the_permission(client, discreet):
    call = make_call()
    make_submitted(call, email="ada@example.org")
    late_pass_for("ada@example.org", discreet, call)
    asked = 0
    for model, model_admin in admin.site._registry.items():
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        lookups = list(look_ups_of_text(model))
        page = client.get(f"{address}?{urlencode({lookups[0]: 'ada@'})}")
        assert page.status_code in {400, 403}, address
        assert b"ada@" not in page.content, address
        if page.status_code == 403:
            continue
        request = request_of(discreet, {lookups[-1]: "ada@"})
        with pytest.raises((SuspiciousOperation, BadRequest)):
            model_admin.get_changelist_instance(request)
        allowed = [one for one in lookups if model_admin.lookup_allowed(one, "ada@", request)]
        assert allowed == [], address
        asked += len(lookups)
    assert asked > 300, asked


def test_address_of_a_late_pass_is_for_those_who_may_see_it(client):
    late_pass = late_pass_for("ada@example.org", staff_user(sees_identity=True), make_call())
    for sees_identity in (True, False):
        client.force_login(staff_user(sees_identity=sees_identity))
        pages = {
            name: client.get(reverse(f"admin:submissions_latepass_{name}", args=[late_pass.pk]))
            for name in ("change", "revoke", "history")
        }
        for name in ("change", "revoke"):
            text = pages[name].content.decode()
            assert set(re.findall(r"\w+@example\.org", text)) == (
                {"ada@example.org", "ann@example.org"} if sees_identity else set()
            )
            assert (WITHHELD in text) == (not sees_identity)
            assert ("Asked from [address] by mail" in text) == (not sees_identity)
        assert "@example.org" not in pages["history"].content.decode()
    assert str(LatePass.objects.get()) == f"late pass {late_pass.pk}"


def test_error_that_quotes_an_address_is_masked(client):
    make_submitted(email="ada@example.org")
    said = "550 5.1.1 <ada@example.org>: Recipient unknown"
    OutboxEmail.objects.update(state=OutboxState.FAILED, last_error=said)
    mail = OutboxEmail.objects.get()
    for sees_identity, quoted in ((True, "ada@example.org"), (False, "[address]")):
        client.force_login(staff_user(sees_identity=sees_identity))
        shown = f"550 5.1.1 &lt;{quoted}&gt;: Recipient unknown"
        page = client.get(reverse("admin:submissions_outboxemail_change", args=[mail.pk]))
        found = re.findall(r"<dt>Last error</dt><dd>([^\n]*)</dd>", page.content.decode())
        assert found == [shown]
        listed = client.get("/admin/submissions/outboxemail/").content.decode()
        assert re.findall(r'class="field-last_error">([^\n]*?)</td>', listed) == [shown]


def test_reason_on_record_that_quotes_an_address_is_masked(client):
    call = make_call()
    event = record(
        by=staff_user(sees_identity=True),
        at=call.opens_at,
        action=AuditAction.RESPONSE_WITHDRAWN,
        call=call,
        reason="Mail from ada@example.org",
    )
    for sees_identity, quoted in ((True, "ada@example.org"), (False, "[address]")):
        client.force_login(staff_user(sees_identity=sees_identity))
        shown = f"reason: Mail from {quoted}"
        page = client.get(reverse("admin:accounts_auditevent_change", args=[event.pk]))
        found = re.findall(r'<div class="readonly">(reason[^<]*)</div>', page.content.decode())
        assert found == [shown]
        listed = client.get("/admin/accounts/auditevent/").content.decode()
        assert re.findall(r'class="field-details">([^<]*)</td>', listed) == [shown]


def test_reason_of_a_closing_time_that_quotes_an_address_is_masked(client):
    call = make_call()
    change_closing_time(
        call,
        to=call.closes_at + timedelta(days=1),
        reason="Asked for by ada@example.org",
        by=staff_user(sees_identity=True),
        at=call.opens_at,
    )
    for sees_identity, quoted in ((True, "ada@example.org"), (False, "[address]")):
        client.force_login(staff_user(sees_identity=sees_identity))
        page = client.get(reverse("admin:submissions_call_closing_report", args=[call.pk]))
        found = re.findall(r"<td>(Asked [^<]*)</td>", page.content.decode())
        assert found == [f"Asked for by {quoted}"]


def test_reasons_of_a_request_to_erase_and_of_a_token_that_quote_an_address_are_masked(client, at):
    call = make_call()
    at(while_open(call))
    said = {"reason": "Mail from ada@example.org", "by": staff_user(sees_identity=True)}
    request = erasing.enter(
        submission=make_submitted(call), scope="response", asked_at=call.opens_at, at=NOW, **said
    )
    refuses = make_user(Role.DATA_PROTECTION)
    erasing.refuse(request, by=refuses, words="Mail from ada@example.org", at=NOW)
    allow(said["by"], Action.EXPORT_NAMED)
    token, _secret = make_token(call, scope=Scope(named=True), **said)
    for sees_identity, quoted in ((True, "ada@example.org"), (False, "[address]")):
        client.force_login(staff_user(sees_identity=sees_identity))
        page = client.get(reverse("admin:submissions_erasurerequest_change", args=[request.pk]))
        assert re.findall(r"<dd>(Mail [^<]*)</dd>", page.text) == [f"Mail from {quoted}"] * 2
        page = client.get(reverse("admin:exports_apitoken_change", args=[token.pk]))
        found = re.findall(r'<div class="readonly">(Mail [^<]*)</div>', page.text)
        assert found == [f"Mail from {quoted}"]


def test_no_row_is_named_by_an_address(client, discreet):
    call = make_call()
    response = make_submitted(call, email="ada@example.org")
    late_pass_for("ada@example.org", discreet, call)
    folder = "/admin/submissions/"
    named = [f"{field}{how}" for field in ("to_address", "address", "email") for how in ("", POPUP)]
    for page in (
        "submission/",
        f"outboxemail/{response.mails.get().pk}/change/",
        f"submission/{response.pk}/change/",
    ):
        for name in (named[0], named[-1]):
            answer = client.get(f"{folder}{page}?_to_field={name}")
            assert "ada@example.org" not in answer.content.decode(), (page, name)
    for model in ("outboxemail", "latepass"):
        for name in named:
            answer = client.get(f"{folder}{model}/?_to_field={name}")
            assert answer.status_code == 400, (model, name)
            assert "ada@example.org" not in answer.content.decode(), (model, name)


def test_search_for_answers_never_finds_by_who_answered(client):
    make_submitted(email="ada@example.org", story="Nothing")
    assert write_due(until=lambda: False) == 1
    source = {"app_label": "submissions", "model_name": "latepass", "field_name": "submission"}
    for sees_identity in (True, False):
        user = staff_user(sees_identity=sees_identity)
        client.force_login(user)
        for term in ("ada@example.org", "ada", "email", "example"):
            assert not responses_listed(user, {"q": term}), term
            found = client.get("/admin/autocomplete/", {"term": term} | source)
            assert found.json()["results"] == [], term
        assert client.get(RESPONSES, {"q": "ada"}).context["cl"].result_count == 0


def search(client, words, call):
    page = client.post(WHO, {"words": words, "call": call.pk})
    return [response for response, _ in page.context["rows"]]


def test_who_answered_is_found_by_what_was_typed_and_nothing_else(client):
    client.force_login(staff_user(sees_identity=True))
    person = [
        {"key": "email", "kind": "email", "label": "Email", "identity": True},
        {"key": "name", "kind": "short", "label": "Name", "identity": True},
        {
            "key": "capacity",
            "kind": "radio",
            "label": "Capacity",
            "identity": True,
            "options": [{"key": "person", "label": "A person"}],
        },
    ]
    call = make_call(about_questions=person)
    ada = make_submitted(call, email="ada@example.org", name="Ada 100% Byron", capacity="person")
    ben = make_submitted(call, email="ben@example.net", name="Ben", capacity="person")
    make_draft(call, email="ada@example.com", name="Ada")
    make_submitted(make_call(about_questions=person), name="Ada")
    assert {
        words: set(search(client, words, call))
        for words in ("ADA", "example.", "email", "name", "person", "100%", "1_0%", '"', "ben@")
    } == {
        "ADA": {ada},
        "example.": {ada, ben},
        "email": set(),
        "name": set(),
        "person": set(),
        "100%": {ada},
        "1_0%": set(),
        '"': set(),
        "ben@": {ben},
    }


def test_search_for_who_answered_is_on_record_without_what_was_typed(client, at):
    user = staff_user(sees_identity=True)
    client.force_login(user)
    call = make_call()
    response = make_submitted(call, email="ada@example.org")
    make_submitted(make_call(), email="ada@example.org")
    at(call.closes_at)
    assert search(client, " ada@ ", call) == [response]
    event = AuditEvent.objects.get()
    assert (event.action, event.actor, event.call, event.submission, event.at, event.detail) == (
        AuditAction.IDENTITY_SEARCHED,
        user,
        call,
        None,
        call.closes_at,
        {"found": 1, "shown": [response.reference]},
    )


def test_search_for_who_answered_is_offered_to_those_who_may(client):
    call = make_call()
    make_submitted(call, email="ada@example.org")
    for sees_identity in (False, True):
        client.force_login(staff_user(sees_identity=sees_identity))
        listed = client.get(RESPONSES).content.decode()
        assert (f'action="{WHO}"' in listed) == sees_identity
        posted = client.post(WHO, {"words": "ada", "call": call.pk})
        assert posted.status_code == (200 if sees_identity else 403)
        assert AuditEvent.objects.count() == (1 if sees_identity else 0)
    assert Submission.objects.count() == 1
    other = make_call(slug="other")
    for without, offered in (([Action.READ_RESPONSES], [call]), ([], [call, other])):
        Membership.objects.filter(call=other).update(without=without)
        client.force_login(User.objects.latest("pk"))
        choices = client.get(RESPONSES).context["identity_search"].fields["call"].choices
        assert sorted(choices) == [(one.pk, one.title) for one in offered]
