"""The operators' guide says how to delete who answered; it is run here as it stands there."""

import re
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.urls import reverse

from submissions.outbox.models import OutboxEmail
from submissions.responses.addresses import known_addresses, remember_address
from submissions.responses.evidence_checks.checking import check_evidence
from submissions.responses.models import IdentityAnswer, VersionIdentity
from tests.makers import make_call, make_submitted, make_user, mark_as_sent, while_open


def statements(root, reference):
    text = (root / "docs" / "guides" / "operators.md").read_text(encoding="utf-8")
    section = text[text.index("## If somebody asks to be forgotten") :]
    sql = re.search(r"```sql\n(.*?)```", section, re.DOTALL)[1]
    return sql.replace("RTR-XXXX-XXXX", reference)


@pytest.mark.django_db(transaction=True)
def test_what_the_guide_says_deletes_who_answered_and_keeps_the_evidence(request, client):
    call = make_call()
    response = make_submitted(call, email="ada@example.org", story="What happened.")
    other = make_submitted(call, email="jo@example.org")
    remember_address(submission=response, address="links@example.org", at=while_open(call))
    for mail in OutboxEmail.objects.filter(submission=response):
        mark_as_sent(mail, at=while_open(call))
    version = response.current_version
    with connection.cursor() as cursor:
        cursor.execute(statements(request.config.rootpath, response.reference))
    identities = VersionIdentity.objects.order_by("version__pk").values_list("version", "answers")
    assert dict(identities)[version.pk] == {}
    assert dict(identities)[other.current_version_id]["email"] == "jo@example.org"
    assert not IdentityAnswer.objects.filter(submission=response).exists()
    assert known_addresses(response, call) == []
    assert known_addresses(other, call) == ["jo@example.org"]
    version.refresh_from_db()
    assert version.texts == {"story": "What happened."}
    assert check_evidence(wall_now=datetime.now(UTC))[1] == []
    client.force_login(make_user(is_staff=True, is_superuser=True))
    page = client.get(reverse("admin:submissions_submission_change", args=[response.pk]))
    assert "What happened." in page.content.decode()
    assert "ada@example.org" not in page.content.decode()
