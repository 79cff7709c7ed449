"""After an erasure no dump of the database and no file has anything of what was typed.

tests/retention/test_responses.py sees all of it there before.
"""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from accounts.states import Role
from personal_data import erasing
from submissions.responses import erasing as requests
from submissions.responses.evidence_checks.weekly_check import check_evidence
from submissions.responses.models import Submission
from submissions.responses.models.attachments import private_storage
from submissions.responses.states import ErasureScope, ErasureState, SubmissionState
from submissions.responses.verifying import checking_code, receipt_code, version_of
from tests.makers import make_user
from tests.personal_data.everything_typed import (
    dumped,
    found_in,
    kept_files,
    live_through,
    send_all,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lived(monkeypatch, tmp_path, at):
    monkeypatch.setattr(private_storage(), "location", str(tmp_path / "media"))
    found = live_through()
    at(found["at"])
    return found | {"media": tmp_path / "media"}


def test_nothing_typed_is_left_and_the_receipt_stays_genuine(lived, client):
    call, response, moment = lived["call"], lived["response"], lived["at"]
    request = requests.ask(submission=response, scope=ErasureScope.RESPONSE, at=moment)
    send_all(moment)
    requests.approve(request, by=make_user(Role.DATA_PROTECTION), at=moment)
    assert erasing.carry_out_all(at=moment) == 0  # its author is still to be told
    send_all(moment)
    assert erasing.carry_out_all(at=moment) == 1
    assert found_in([*dumped(), *kept_files(lived["media"])]) == set()
    response.refresh_from_db()
    assert response.state == SubmissionState.ERASED
    times = response.versions.order_by("number").values_list("sha256", flat=True)
    assert list(times) == lived["digests"]
    request.refresh_from_db()
    assert (request.state, request.erased_at) == (ErasureState.DONE, moment)
    assert check_evidence(wall_now=datetime.now(UTC))[1] == []
    address = reverse("verify", args=[call.slug])
    for version in response.versions.all():
        given = {"digest": version.sha256, "code": checking_code(version)}
        said = client.post(address, given | {"reference": response.reference})
        assert "It was erased at its author’s request on" in said.content.decode()
    other = Submission.objects.get(pk=lived["other"].pk)
    assert other.current_version.texts["story"] == "Nothing of it is gone."
    assert other.current_version.identity.answers == {"email": "jo@example.org"}


def test_without_who_answered_the_answers_stay(lived):
    response, moment = lived["response"], lived["at"]
    request = requests.ask(submission=response, scope=ErasureScope.IDENTITY, at=moment)
    requests.approve(request, by=make_user(Role.DATA_PROTECTION), at=moment)
    erasing.carry_out_all(at=moment)
    send_all(moment)
    erasing.carry_out_all(at=moment)
    left = found_in([*dumped(), *kept_files(lived["media"])])
    of_evidence = {"zqrole2x", "zqstory3x", "zqperson4x", "zqview5x", "zqnewstory6x"}
    of_questions = {"zqasked13x", "zqanswered14x"}
    assert left == of_evidence | of_questions | {"zqcontent10x", "zqdropped11x"}
    assert check_evidence(wall_now=datetime.now(UTC))[1] == []
    version = response.versions.get(number=2)
    given = {"reference": response.reference, "digest": lived["digests"][1]}
    code = checking_code(version)
    assert version_of(lived["call"], **given, code=code) == version
    assert version_of(lived["call"], **given, code=lived["code"]) is None
    assert receipt_code(version) != lived["code"]
    assert version.submission.state == SubmissionState.SUBMITTED
