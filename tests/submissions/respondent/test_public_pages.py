"""Which pages browsers may keep and which go out compressed, each class of page both ways."""

import gzip
from copy import deepcopy

import pytest
from django.test import Client

from submissions.responses import drafting
from submissions.responses.models import Submission
from tests.makers import make_attachment, make_call, make_user, while_open

pytestmark = pytest.mark.django_db
PUBLIC = ["", "questions/", "privacy/", "accessibility/", "cookies/"]
OF_FORMS = ["return/", "return/address/", "verify/", "erase/"]
OF_A_RESPONSE = ["response/", "response/check/", "response/leave/", "response/forget/"]


@pytest.fixture(scope="module")
def rows(made_once):
    return made_once(lambda: make_call(privacy_text="What we do with it. " * 30))


@pytest.fixture
def call(rows, db, at):
    call = deepcopy(rows)
    at(while_open(call))
    return call


@pytest.fixture
def packing():
    """A browser that takes compressed pages, as all do."""
    return Client(headers={"accept-encoding": "gzip, deflate, br"})


@pytest.fixture
def draft(packing, call):
    packing.post(f"/calls/{call.slug}/start/")
    return Submission.objects.get()


def is_compressed(page):
    if page.get("Content-Encoding") != "gzip":
        return False
    assert "<!doctype html>" in gzip.decompress(page.content).decode()
    assert "Accept-Encoding" in page["Vary"]
    return True


@pytest.mark.parametrize("rest", PUBLIC)
def test_page_for_everybody_may_be_kept_and_is_compressed(packing, call, rest):
    page = packing.get(f"/calls/{call.slug}/{rest}")
    assert page.status_code == 200
    assert page["Cache-Control"] == "private, no-cache"
    assert is_compressed(page)
    assert " data-public" in gzip.decompress(page.content).decode().partition("<head>")[0]


@pytest.mark.parametrize("path", ["/", "/privacy/", "/accessibility/", "/cookies/"])
def test_page_of_the_portal_may_be_kept_and_is_compressed(packing, call, path):
    make_call(slug="another")
    page = packing.get(path)
    assert (page.status_code, page["Cache-Control"]) == (200, "private, no-cache")
    assert is_compressed(page)


def test_browser_that_takes_no_compressed_page_gets_the_same_words(client, call):
    page = client.get(f"/calls/{call.slug}/privacy/")
    assert "What we do with it." in page.content.decode()
    assert "Content-Encoding" not in page


def test_pages_that_tell_of_a_response_are_neither_kept_nor_compressed(packing, call, draft):
    for rest in ("", "questions/", *OF_A_RESPONSE):
        page = packing.get(f"/calls/{call.slug}/{rest}")
        assert (rest, page.status_code) == (rest, 200)
        assert (rest, page["Cache-Control"]) == (rest, "no-store")
        assert not is_compressed(page)
        assert "data-public" not in page.content.decode()


@pytest.mark.parametrize("rest", OF_FORMS)
def test_pages_where_people_type_who_they_are_are_not_kept(packing, call, rest):
    page = packing.get(f"/calls/{call.slug}/{rest}")
    assert (page.status_code, page["Cache-Control"]) == (200, "no-store")
    refused = packing.post(f"/calls/{call.slug}/{rest}", {"email": "jo@", "reference": "TST"})
    assert (refused.status_code, refused["Cache-Control"]) == (422, "no-store")
    assert not is_compressed(refused)


def test_refusal_on_a_public_page_is_not_kept(packing, call, at):
    at(call.closes_at)
    page = packing.post(f"/calls/{call.slug}/start/")
    assert (page.status_code, page["Cache-Control"]) == (403, "no-store")
    assert not is_compressed(page)
    assert not is_compressed(packing.get(f"/calls/{call.slug}/nowhere/"))


def test_page_of_questions_is_compressed_until_it_shows_an_answer(packing, call, draft):
    address = f"/calls/{call.slug}/response/evidence/"
    blank = packing.get(address)
    assert is_compressed(blank)
    assert blank["Cache-Control"] == "no-store"
    # What stands behind the address stands in the page, too.
    assert not is_compressed(packing.get(f"{address}?return=check"))
    drafting.save_answers(
        submission=draft, call=call, values={"story": "Ours."}, at=while_open(call)
    )
    answered = packing.get(address)
    assert "Ours." in answered.content.decode()
    assert not is_compressed(answered)


def test_page_of_questions_with_a_file_is_not_compressed(packing, call, draft):
    address = f"/calls/{call.slug}/response/evidence/2/"
    assert is_compressed(packing.get(address))
    make_attachment(draft)
    shown = packing.get(address)
    assert "notes.txt" in shown.content.decode()
    assert not is_compressed(shown)


def test_page_with_errors_is_not_compressed(packing, call, draft):
    refused = packing.post(f"/calls/{call.slug}/response/about/", {"action": "continue"})
    assert refused.status_code == 422
    assert not is_compressed(refused)


def test_pages_of_staff_are_neither_kept_nor_compressed(packing, call):
    packing.force_login(make_user(is_superuser=True))
    for path in ("/admin/", "/admin/submissions/submission/?q=secret", "/steering/"):
        page = packing.get(path, follow=True)
        assert page.status_code == 200
        assert "no-store" in page["Cache-Control"]
        assert not is_compressed(page)


def test_token_against_forged_requests_is_another_in_each_compressed_page(packing, call):
    tokens = set()
    for _ in range(3):
        page = gzip.decompress(packing.get(f"/calls/{call.slug}/").content).decode()
        tokens.add(page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0])
    assert len(tokens) == 3
    assert {len(token) for token in tokens} == {64}


def test_signing_out_clears_what_the_browser_keeps(packing, call, draft):
    parted = packing.post(f"/calls/{call.slug}/response/forget/", {"confirmed": "1"})
    assert (parted.status_code, parted["Clear-Site-Data"]) == (302, '"cache"')
    packing.force_login(make_user(is_superuser=True))
    signed_out = packing.post("/steering/sign-out/")
    assert (signed_out.status_code, signed_out["Clear-Site-Data"]) == (200, '"cache"')
    assert "Clear-Site-Data" not in packing.get(f"/calls/{call.slug}/")
