"""The receipt, and whether what stands on it belongs together."""

import re
from datetime import timedelta
from secrets import token_hex

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.record import record
from accounts.states import AuditAction
from core.references import ALPHABET, make_reference
from submissions.calls.models import Call
from submissions.responses import amending, drafting, submitting
from submissions.responses.models import Submission
from submissions.responses.verifying import checking_code, receipt_code
from tests.makers import (
    complete_answers,
    make_call,
    make_draft,
    make_submitted,
    press_submit,
    while_open,
)

pytestmark = pytest.mark.django_db
UNKNOWN = make_reference("TST", draw=lambda _: ALPHABET[0])


@pytest.fixture(autouse=True)
def no_tries_before(settings):
    """Tries are counted under the secret key, and other tests run beside this one."""
    settings.SECRET_KEY = token_hex()


@pytest.fixture
def call(at):
    call = make_call(contact_name="The team")
    at(while_open(call))
    return call


def text_of(response):
    body = re.sub(r"<(script|style).*?</\1>", "", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def verify(call, reference, fingerprint, code=""):
    posted = {"reference": reference, "digest": fingerprint, "code": code}
    return Client().post(f"/calls/{call.slug}/verify/", posted)


def belongs(call, reference, fingerprint, code=""):
    response = verify(call, reference, fingerprint, code)
    assert response.status_code == 200
    said = text_of(response)
    together = "They belong together"
    apart = "They do not match" if code else "We cannot confirm this receipt"
    assert (together in said) != (apart in said)
    return together in said


def test_receipt_page_tells_all_and_survives_a_reload_and_closing(client, call, at):
    client.post(f"/calls/{call.slug}/start/")
    draft = Submission.objects.get()
    values = complete_answers(call)
    drafting.save_answers(submission=draft, call=call, values=values, at=while_open(call))
    press_submit(client, call)
    draft.refresh_from_db()
    for moment in (while_open(call), call.closes_at + timedelta(days=60)):
        at(moment)
        response = client.get(f"/calls/{call.slug}/response/submitted/")
        text = text_of(response)
        assert draft.reference in text
        assert "Received 12:00:00pm on Tuesday 23 July 2019 (UK time)" in text
        assert draft.current_version.receipt_digest in text
        assert call.what_happens_next in text
        assert "Ask The team: evidence@example.org" in text
        assert f'href="/calls/{call.slug}/response/receipt/"' in response.content.decode()
    pdf = client.get(f"/calls/{call.slug}/response/receipt/")
    assert pdf["Content-Type"] == "application/pdf"
    assert pdf["Content-Disposition"] == f'attachment; filename="{draft.reference}-1.pdf"'
    assert pdf.content.startswith(b"%PDF-")


def test_receipt_of_a_draft_is_none_yet(client, call):
    client.post(f"/calls/{call.slug}/start/")
    for rest in ("receipt/", "submitted/"):
        response = client.get(f"/calls/{call.slug}/response/{rest}")
        assert response["Location"] == f"/calls/{call.slug}/response/"


def test_what_belongs_together_does_however_it_is_typed(call):
    submission = make_submitted(call)
    for typed in [
        lambda reference, sha256: (reference, sha256),
        lambda reference, sha256: (reference, sha256[:16]),
        lambda reference, sha256: (
            f" {reference.lower().replace('-', ' ')} ",
            " ".join(sha256[i : i + 4] for i in range(0, 16, 4)).upper(),
        ),
        lambda reference, sha256: (reference.replace("-", ""), f"{sha256[:32]}\n{sha256[32:]}"),
        lambda reference, sha256: (reference.partition("-")[2], sha256[:16]),  # without its prefix
        lambda reference, sha256: (f"“{reference}”.", f"“{sha256[:16]}”."),
        lambda reference, sha256: (reference.replace("5", "S").replace("V", "U"), sha256[:16]),
    ]:
        assert belongs(call, *typed(submission.reference, submission.current_version.sha256)), typed


def test_other_pairs_do_not_belong_together(call):
    one, other = make_submitted(call, story="One"), make_submitted(call, story="Other")
    sha256 = one.current_version.sha256
    assert not belongs(call, other.reference, sha256)
    wrong_end = sha256[:-1] + ("0" if sha256[-1] != "0" else "1")
    assert not belongs(call, one.reference, wrong_end)
    assert not belongs(call, one.reference, sha256[16:32])
    assert not belongs(make_call(), one.reference, sha256)


def answer_to(call, reference, digest, code=""):
    """The notice, with what was typed left out."""
    page = verify(call, reference, digest, code).content.decode()
    return text_of_answer(page).replace(reference, "REF")


def test_unknown_reference_and_wrong_fingerprint_get_the_same_answer(call):
    submission = make_submitted(call)
    assert not Submission.objects.filter(reference=UNKNOWN).exists()
    for code in ("", "2222-2222"):
        known, unknown = (
            answer_to(call, reference, "0" * 16, code)
            for reference in (submission.reference, UNKNOWN)
        )
        assert known == unknown


@pytest.mark.parametrize("publication", ["organisation", "anonymous", "confidential"])
def test_guessed_fingerprint_is_not_confirmed_where_not_all_is_published(call, publication):
    response = make_submitted(call, publication=publication)
    version = response.current_version
    guessed = answer_to(call, response.reference, version.sha256)
    assert guessed == answer_to(call, UNKNOWN, "0" * 16)
    assert belongs(call, response.reference, version.sha256, checking_code(version))


def test_guessed_fingerprint_is_not_confirmed_where_the_call_publishes_nothing(at):
    call = make_call(publication="not asked")
    at(while_open(call))
    response = make_submitted(call)
    version = response.current_version
    assert not belongs(call, response.reference, version.sha256)
    assert belongs(call, response.reference, version.sha256, checking_code(version))


def test_guessed_fingerprint_is_not_confirmed_where_words_were_hidden(call):
    response = make_submitted(call)
    version = response.current_version
    assert belongs(call, response.reference, version.sha256)
    record(by=None, at=while_open(call), action=AuditAction.REDACTION_APPROVED, submission=response)
    assert not belongs(call, response.reference, version.sha256)


def test_code_of_a_receipt_is_good_for_its_own_version_however_it_is_typed(call, settings):
    one, other = make_submitted(call), make_submitted(call, story="Other")
    version = one.current_version
    code, own = checking_code(version), receipt_code(version)
    assert re.fullmatch(f"[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}", code)
    for typed in (code, code.lower().replace("-", " "), own):
        assert belongs(call, one.reference, version.sha256, typed)
    wrong = code[:-1] + ("2" if code[-1] != "2" else "3")
    for typed in (wrong, checking_code(other.current_version), "é" * 8, "0"):
        assert not belongs(call, one.reference, version.sha256, typed)
    assert not belongs(call, other.reference, other.current_version.sha256, code)
    before, settings.SECRET_KEY = settings.SECRET_KEY, token_hex()
    assert not belongs(call, one.reference, version.sha256, code)
    settings.SECRET_KEY_FALLBACKS = [before]
    assert belongs(call, one.reference, version.sha256, code)


def test_receipt_page_has_the_checking_code_of_its_version(client, call):
    client.post(f"/calls/{call.slug}/start/")
    draft = Submission.objects.get()
    values = complete_answers(call)
    drafting.save_answers(submission=draft, call=call, values=values, at=while_open(call))
    press_submit(client, call)
    version = Submission.objects.get().current_version
    shown = text_of(client.get(f"/calls/{call.slug}/response/submitted/"))
    assert f"Checking code {checking_code(version)}" in shown


def test_earlier_versions_and_withdrawn_responses_belong_together_too(call):
    submission = make_submitted(call, story="Before")
    first = submission.current_version
    amending.reopen(submission=submission, at=while_open(call))
    drafting.save_answers(
        submission=submission,
        call=Call.objects.get(pk=call.pk),
        values={"story": "After"},
        at=while_open(call),
    )
    second = submitting.submit(submission=submission, at=while_open(call))
    amending.withdraw(submission=submission, at=while_open(call))
    old = "It is the fingerprint of an older version."
    for version in (first, second):
        receipt = (submission.reference, version.sha256, checking_code(version))
        assert belongs(call, *receipt)
        assert (old in text_of(verify(call, *receipt))) is (version == first)
    # What the author took out of the first is a guess for whoever reads the second.
    assert not belongs(call, submission.reference, first.sha256)
    assert belongs(call, submission.reference, second.sha256)


def test_receipt_page_says_where_mail_went_folds_the_proof_and_counts_nothing_down(client, call):
    client.post(f"/calls/{call.slug}/start/")
    draft = Submission.objects.get()
    values = complete_answers(call, email="jo@example.org")
    drafting.save_answers(submission=draft, call=call, values=values, at=while_open(call))
    press_submit(client, call)
    page = client.get(f"/calls/{call.slug}/response/submitted/")
    assert "We are sending a confirmation to jo@example.org ." in text_of(page)
    html = page.content.decode()
    assert "data-time-left" not in html
    assert "Closes in" not in html
    folded = html[html.index("<details><summary>Technical details") : html.index("</details>")]
    version = Submission.objects.get().current_version
    for proof in ("Receipt code", version.receipt_digest, version.sha256):
        assert proof in folded
        assert proof not in html.replace(folded, "")
    given = client.get(f"/calls/{call.slug}/return/address/")
    assert "The page has the code under “Technical details”." in text_of(given)


def test_nothing_but_whether_is_told(call):
    submission = make_submitted(call, story="A secret story", email="jo@example.org")
    said = verify(call, submission.reference, submission.current_version.sha256).content.decode()
    for secret in ("secret", "jo@", "July 2019", submission.current_version.sha256[16:20] * 2):
        assert secret not in text_of_answer(said)


def text_of_answer(page):
    """The notice alone: the form below repeats what was typed."""
    return page[page.index('<div class="notice') : page.index("</div>", page.index("<div class="))]


@pytest.mark.parametrize(
    ("reference", "fingerprint", "said"),
    [
        ("", "0" * 16, "Enter the reference"),
        (f"{UNKNOWN[:-1]}Z", "0" * 16, "This is not a reference."),
        (UNKNOWN, "", "Enter the fingerprint"),
        (UNKNOWN, "0" * 15, "16 or 64 letters and digits. This one has 15"),
        (UNKNOWN, "z" * 16, "only the digits 0 to 9 and a to f"),
    ],
)
def test_what_cannot_be_a_receipt_is_told_beside_the_field(call, reference, fingerprint, said):
    response = verify(call, reference, fingerprint)
    assert response.status_code == 422
    assert "<title>Error: Check a receipt" in response.content.decode()
    assert said in text_of(response)


def test_checks_of_one_client_are_limited(call):
    codes = [verify(call, UNKNOWN, "0" * 16).status_code for _ in range(61)]
    assert codes == [200] * 60 + [429]


def test_draft_belongs_to_nothing(call):
    make_draft(call)
    assert not belongs(call, UNKNOWN, "0" * 64)


def test_pages_around_a_response_ask_few_queries(client, call):
    client.post(f"/calls/{call.slug}/start/")
    draft = Submission.objects.get()
    values = complete_answers(call)
    drafting.save_answers(submission=draft, call=call, values=values, at=while_open(call))
    press_submit(client, call)
    counts = {}
    for rest in ("submitted/", "leave/", "forget/", "withdraw/"):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/calls/{call.slug}/response/{rest}").status_code == 200
        counts[rest] = len(queries)
    client.post(f"/calls/{call.slug}/response/amend/")
    for rest in ("", "check/", "amend/discard/"):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/calls/{call.slug}/response/{rest}").status_code == 200
        counts[rest] = len(queries)
    assert {rest: count for rest, count in counts.items() if count > 8} == {}
