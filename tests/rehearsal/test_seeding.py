import itertools
import re
from datetime import timedelta
from statistics import median

import pytest
from django.core.files.storage import storages
from django.db import DataError, connection

from core.canonical import digest
from rehearsal import seeding
from rehearsal.fake_words import PLACES
from rehearsal.seeding import SeedingRefused, seed_responses
from submissions.calls.models import Call, Question
from submissions.outbox.models import OutboxEmail
from submissions.responses.answering import validation_issues
from submissions.responses.errors import CallNotYetOpen
from submissions.responses.file_types.detecting import refuse_unless_what_it_says
from submissions.responses.models import (
    Answer,
    Attachment,
    IdentityAnswer,
    Submission,
    Version,
    VersionIdentity,
)
from submissions.responses.working_copy import working_answers
from tests.makers import make_call, make_first_call

pytestmark = pytest.mark.django_db


def seed(call, *, count=0, drafts=0, number=1, at=None):
    return seed_responses(
        call=call, count=count, drafts=drafts, seed=number, at=at or call.closes_at
    )


def written():
    """Everything that was seeded, without the numbers that the database gives."""
    submissions = Submission.objects.order_by("public_id")
    return [
        (
            s.public_id,
            s.reference,
            s.state,
            s.channel,
            s.started_at,
            s.saved_at,
            s.submitted_at,
            s.current_version and s.current_version.sha256,
            s.current_version and s.current_version.identity.answers,
            sorted(s.attachments.values_list("public_id", "name", "sha256")),
        )
        for s in submissions
    ]


def chosen(key):
    found = Version.objects.values_list(f"choices__{key}", flat=True)
    return set(itertools.chain(*(v if isinstance(v, list) else [v] for v in found if v)))


def test_responses_are_what_people_would_have_given(django_assert_max_num_queries):
    call = make_first_call()
    now = call.opens_at + timedelta(days=3)
    # Of 60 responses as few as of one: they grow with the batches.
    with django_assert_max_num_queries(25):
        words = seed(call, count=60, drafts=10, at=now)
    assert Submission.objects.submitted().count() == 60
    assert Submission.objects.drafts().count() == 10
    assert Answer.objects.count() > 900
    assert OutboxEmail.objects.count() == 0
    versions = Version.objects.select_related("submission")
    assert sorted(words) == sorted(version.words for version in versions)
    assert len({version.received_at for version in versions}) == 60
    for submission in Submission.objects.all():
        assert call.opens_at <= submission.started_at <= submission.saved_at < now
        assert submission.submitted_at in (None, submission.saved_at)
    for version in versions:
        would_have_been_taken(call, version)
    nobody_real_is_named()


def would_have_been_taken(call, version):
    submission = version.submission
    answers = version.choices | version.texts | version.identity.answers
    files = {"files": version.attachments.count()}
    assert validation_issues(call, answers, files) == []
    assert version.sha256 == digest(version.canonical_text)
    assert f"Reference: {submission.reference}\n" in version.canonical_text
    assert (version.number, version.timing) == (1, "on_time")
    assert version.deadline == call.closes_at
    assert set(version.attachments.all()) == set(submission.attachments.all())
    assert working_answers(submission, call) == answers


def nobody_real_is_named():
    for answers in VersionIdentity.objects.values_list("answers", flat=True):
        assert re.fullmatch(r"[a-z.]+\.[0-9]+@example\.(org|com|net)", answers["email"])
        assert answers.get("charity_number", "000")[:3] == "000"
        assert answers.get("org_name", PLACES[0]).endswith(PLACES)
    addresses = IdentityAnswer.objects.filter(question__key="email").values_list("value", flat=True)
    assert all(re.search(r"@example\.(org|com|net)$", address) for address in addresses)


def test_same_seed_gives_the_same_responses_in_batches_of_any_size(monkeypatch):
    call = make_first_call()
    seed(call, count=20, drafts=3, number=9)
    first = written()
    assert Attachment.objects.exists()
    empty()
    monkeypatch.setattr(seeding, "BATCH", 7)
    seed(call, count=20, drafts=3, number=9)
    assert written() == first
    empty()
    seed(call, count=20, drafts=3, number=8)
    assert {row[0] for row in written()}.isdisjoint(row[0] for row in first)


def empty():
    """Take every response away; TRUNCATE passes by the triggers that keep evidence."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE submissions_submission CASCADE")


def test_seed_that_was_used_before_is_refused_and_changes_nothing():
    call = make_first_call()
    seed(call, count=3, number=7)
    before = written()
    with pytest.raises(SeedingRefused, match="seed 7 was used before, give another --seed"):
        seed(call, count=5, number=7)
    assert written() == before


def test_responses_are_varied_and_of_realistic_lengths():
    call = make_first_call()
    words = seed(call, count=130, number=2)
    assert 360 <= median(words) <= 440
    assert 4_000 < max(words) <= 5_000
    assert min(words) >= 1
    assert sum(count > 1_000 for count in words) > 13
    questions = call.questions_by_key
    for key in ("roles", "income_band", "area", "service_area", "publication", "bid_history"):
        assert chosen(key) == set(questions[key].option_labels)
    assert chosen("age") == {"18_or_over", "16_or_17"}
    assert set(Submission.objects.values_list("channel", flat=True)) == {
        "web",
        "email",
        "post",
        "phone",
    }
    texts = [t for v in Version.objects.all() for t in v.texts.values()]
    assert len(set(texts)) > 0.99 * len(texts)
    assert 0.2 < sum("\n\n" in text for text in texts) / len(texts) < 0.9
    assert {text[0] for text in texts if "\n- " in text} == {"-"}
    files = list(Attachment.objects.all())
    assert {file.file_type for file in files} == {"pdf", "txt"}
    for attachment in files:
        with attachment.file.open() as file:
            refuse_unless_what_it_says(attachment.name, attachment.file_type, file)
            assert len(file.read()) == attachment.size


def test_call_that_is_not_open_yet_gets_none():
    call = make_first_call()
    with pytest.raises(CallNotYetOpen):
        seed(call, count=1, at=call.opens_at)
    assert Submission.objects.count() == 0


def test_failure_leaves_neither_rows_nor_files(monkeypatch):
    call = make_first_call()
    storage = storages["private"]
    before = stored_files(storage)
    monkeypatch.setattr(seeding, "SUBMIT", "SELECT 1 / 0, %s, %s, %s")
    save, saved = type(storage).save, []
    monkeypatch.setattr(
        type(storage), "save", lambda *given, **how: saved.append(1) or save(*given, **how)
    )
    with pytest.raises(DataError, match="division by zero"):
        seed(call, count=5, number=9)
    assert saved == [1, 1]
    assert Submission.objects.count() == 0
    assert stored_files(storage) == before


def stored_files(storage):
    found = []
    folders = ["attachments"] if storage.exists("attachments") else []
    while folders:
        folder = folders.pop()
        inner, files = storage.listdir(folder)
        folders += [f"{folder}/{name}" for name in inner]
        found += [f"{folder}/{name}" for name in files]
    return sorted(found)


def test_any_call_can_be_seeded():
    seed(make_call(), count=5, drafts=2)
    assert Submission.objects.submitted().count() == 5


@pytest.mark.parametrize("types", [["pdf"], ["txt"], ["pdf", "docx"]])
def test_required_file_is_given(types):
    call = make_first_call()
    Question.objects.filter(call=call, key="files").update(required=True, file_types=types)
    call = Call.objects.get()
    seed(call, count=3)
    assert all(version.attachments.count() == 1 for version in Version.objects.all())
