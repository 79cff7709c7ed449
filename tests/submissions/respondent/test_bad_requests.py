"""What comes in broken gets a clear page, loses nothing that was saved, and is never a 500."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from submissions.calls.models import Call
from submissions.respondent.forms.posted_etags import BASE_ETAGS, MOST_SHOWN, posted_etags
from submissions.responses import drafting
from submissions.responses.models import Submission
from submissions.responses.working_copy import working_answers
from tests.makers import make_call, while_open

pytestmark = pytest.mark.django_db
SAVED = {"story": "Saved before."}


@pytest.fixture
def call(at):
    call = make_call()
    at(while_open(call))
    return call


@pytest.fixture
def draft(client, call):
    client.post(f"/calls/{call.slug}/start/")
    draft = Submission.objects.get()
    drafting.save_answers(submission=draft, call=call, values=SAVED, at=while_open(call))
    return draft


def answers_of(draft):
    call = Call.objects.get(pk=draft.call_id)
    return working_answers(draft, call)


def test_unknown_address_is_a_page_in_the_portals_look(client, call, draft):
    for address in [
        "/nowhere/",
        "/calls/unknown/",
        "/calls/unknown/questions/",
        "/calls/unknown/response/",
        "/calls/UPPER%00/",
        "/calls/{slug}/response/unknown/",
        "/calls/{slug}/response/help/age/",
        "/calls/{slug}/response/help/unknown/",
        "/calls/{slug}/response/files/00000000-0000-0000-0000-000000000000/",
        "/calls/{slug}/%C3%28/",
        "/calls/{slug}/accent.css",
    ]:
        response = client.get(address.format(slug=call.slug))
        assert response.status_code == 404, address
        assert "Page not found" in response.content.decode(), address
        assert (
            "what you saved is not lost. Go on from the start page" in response.content.decode()
        ), address
        assert "portal.css" in response.content.decode(), address


@pytest.mark.parametrize("address", ["/calls/unknown/start/", "/calls/unknown/response/check/"])
def test_post_to_unknown_call_is_not_found(client, call, address):
    assert client.post(address).status_code == 404


@pytest.mark.parametrize(
    ("posted_to", "page"),
    [
        ("start/", ""),
        ("return/open/", "return/"),
        ("people/1/", "people/"),
        ("people/1/link/", "people/"),
        ("response/save/", "response/"),
        ("response/delete/", "response/"),
    ],
)
def test_address_that_a_button_posts_to_leads_to_the_page_with_the_button(
    client, call, posted_to, page
):
    answer = client.get(f"/calls/{call.slug}/{posted_to}")
    assert (answer.status_code, answer["Location"]) == (302, f"/calls/{call.slug}/{page}")
    assert client.put(f"/calls/{call.slug}/{posted_to}").status_code == 405
    assert Submission.objects.count() == 0


@pytest.mark.parametrize("charset", ["rot13", "idna"])
def test_charset_that_decodes_no_text_is_a_bad_request(client, call, charset):
    body = b'--cut\r\nContent-Disposition: form-data; name="email"\r\n\r\na@example.org\r\n--cut--'
    kind = f"multipart/form-data; boundary=cut; charset={charset}"
    response = client.generic("POST", f"/calls/{call.slug}/return/", body, content_type=kind)
    assert response.status_code == 400


@pytest.mark.parametrize("way", ["evidence/", "save/"])
def test_text_with_a_nul_is_saved_and_the_sign_in_its_place_explained(client, call, draft, way):
    typed = {"story": "de\0ned in full\x0c\x1b", "_section": "evidence", "action": "save"}
    response = client.post(f"/calls/{call.slug}/response/{way}", typed)
    assert response.status_code == (200 if way == "save/" else 302)
    assert answers_of(draft) == {"story": "de\ufffdned in full\x0c\x1b"}
    for page in ("evidence/", "check/"):
        shown = client.get(f"/calls/{call.slug}/response/{page}").content.decode()
        assert "de\ufffdned in full" in shown
        assert "“\ufffd” stands for a character that could not be read" in shown


def test_text_of_many_words_is_kept_and_told_to_be_too_long(client, call, draft):
    long = ("word " * 200_000).strip()
    response = client.post(f"/calls/{call.slug}/response/evidence/", {"story": long})
    assert response.status_code == 422
    assert "It has 200,000. Everything that you wrote is kept" in response.content.decode()
    assert answers_of(draft)["story"] == long


def test_more_than_a_megabyte_of_text_is_refused_in_words_and_shown_again(client, call, draft):
    huge = "word " * 200_001
    response = client.post(f"/calls/{call.slug}/response/evidence/", {"story": huge})
    assert response.status_code == 422
    assert huge.strip() in response.content.decode()
    assert "It can be saved when it has 1,000,000 or fewer" in response.content.decode()
    assert answers_of(draft) == SAVED


def test_more_text_than_a_request_may_hold_gets_a_page(client, call, draft):
    body = {"story": "x" * 17_000_000}
    response = client.post(f"/calls/{call.slug}/response/evidence/", body)
    assert response.status_code == 400
    assert "portal.css" in response.content.decode()
    assert answers_of(draft) == SAVED


def test_invalid_utf8_is_saved_with_replacement_characters(client, call, draft):
    response = client.post(
        f"/calls/{call.slug}/response/evidence/",
        b"story=caf%E9+%C3%28&action=save",
        content_type="application/x-www-form-urlencoded",
    )
    assert response.status_code == 302
    assert answers_of(draft) == {"story": "caf\ufffd \ufffd("}


def test_broken_multipart_gets_a_page(client, call, draft):
    response = client.post(
        f"/calls/{call.slug}/response/evidence/",
        b"--x\r\nnonsense",
        content_type="multipart/form-data",
    )
    assert response.status_code in {400, 422}
    assert "portal.css" in response.content.decode()
    assert answers_of(draft)["story"] == "Saved before."


def test_too_many_fields_get_a_page(client, call, draft, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 100
    fields = {f"field_{number}": "x" for number in range(101)}
    response = client.post(f"/calls/{call.slug}/response/evidence/", fields)
    assert response.status_code == 400
    assert answers_of(draft) == SAVED


def test_no_more_is_read_of_what_a_page_showed_than_a_call_asks():
    posted = {BASE_ETAGS: " ".join(f"key{number}:-" for number in range(MOST_SHOWN + 1))}
    assert list(posted_etags(posted).items())[-1] == (f"key{MOST_SHOWN - 1}", "-")


def test_forged_values_never_break_the_page(client, call, draft):
    for posted in [
        {"publication": "made-up"},
        {"publication": ["named", "anonymous"], "fairness_money": "x" * 5000},
        {"history": ["bid", "unknown"]},
        {"fairness_unknown": "good", "fairness_money": "unknown"},
        {"declaration": "maybe"},
        {"documents": "not a file"},
        {"_base_etags": "\ud800".encode("utf-16", "surrogatepass"), "action": "unknown"},
        {"story": ["one", "two"], "_base_etags": "story unknown"},
    ]:
        response = client.post(f"/calls/{call.slug}/response/evidence/", posted)
        assert response.status_code in {302, 422}, posted


@pytest.mark.parametrize("public_id", ["x", "", "0" * 32])
def test_forged_removal_of_a_file_changes_nothing(client, call, draft, public_id):
    response = client.post(
        f"/calls/{call.slug}/response/evidence/", {"_remove": public_id, "story": "New"}
    )
    assert response.status_code in {302, 404, 422}
    assert answers_of(draft)["story"] == "New"


def test_forged_file_type_is_refused_in_words(client, call, draft):
    forged = SimpleUploadedFile("a.pdf", b"<script>alert(1)</script>", "application/pdf")
    response = client.post(f"/calls/{call.slug}/response/evidence/", {"documents": forged})
    assert response.status_code == 422
    assert "its type is not really PDF" in response.content.decode()
    assert draft.attachments.count() == 0


@pytest.mark.parametrize(
    ("posted_to", "leads_to"),
    [("start/", ""), ("return/open/", "return/"), ("verify/", "verify/")],
)
def test_expired_form_leads_to_the_page_that_has_it(call, posted_to, leads_to):
    strict = Client(enforce_csrf_checks=True)
    strict.get(f"/calls/{call.slug}/")
    pressed = {"another": "1", "confirmed": "1", "scope": "response"}
    page = strict.post(f"/calls/{call.slug}/{posted_to}", pressed).content.decode()
    assert "<h1>Your page had expired</h1>" in page
    back = f"/calls/{call.slug}/{leads_to}"
    assert f'<a class="button" href="{back}">' in page
    assert strict.get(back).status_code == 200


@pytest.mark.parametrize(
    ("posted_to", "leads_to"),
    [
        ("response/delete/", "response/"),
        ("people/1/", "people/"),
        ("people/1/link/", "people/"),
        ("people/1/gone/", "people/1/gone/"),
        ("response/erase/stop/", "response/erase/stop/"),
    ],
)
def test_expired_form_of_a_response_leads_to_a_page(client, call, draft, posted_to, leads_to):
    client.handler.enforce_csrf_checks = True
    page = client.post(f"/calls/{call.slug}/{posted_to}").content.decode()
    back = f"/calls/{call.slug}/{leads_to}"
    assert f'<a class="button" href="{back}">' in page
    assert client.get(back, follow=True).status_code == 200


def test_post_of_a_browser_that_blocks_cookies_names_them_as_the_cause(call):
    posted_to = f"/calls/{call.slug}/response/evidence/"
    blocking = Client(enforce_csrf_checks=True)
    refused = blocking.post(posted_to, {"story": "Typed with care."})
    page = refused.content.decode()
    assert refused.status_code == 403
    assert "<h1>Your browser blocks cookies</h1>" in page
    assert "Allow cookies for this website" in page
    assert "Typed with care." in page
    expired = Client(enforce_csrf_checks=True)
    expired.get(f"/calls/{call.slug}/")
    junk = {f"junk_{number}": "x" for number in range(1001)}
    page = expired.post(posted_to, {"story": "Typed with care."} | junk).content.decode()
    assert "Typed with care." in page
    assert ("junk_998" in page, "junk_999" in page) == (True, False)
    assert "<h1>Your page had expired. Copy your text</h1>" in page
    assert "cookies" not in page.partition("<main")[2].partition("</main>")[0]


def test_missing_csrf_token_gives_back_what_was_typed(call):
    strict = Client(enforce_csrf_checks=True)
    typed = {
        "story": "A long answer, <b>typed</b> with care.",
        "role_other": "Trustee",
        "publication": "anonymous",
        "fairness_money": "poor",
        "commissioner_view": "短い答え",
        "_merged_story": "Made from both",
    }
    response = strict.post(f"/calls/{call.slug}/response/evidence/", typed)
    page = response.content.decode()
    for given_back in (
        "Describe your role",
        "Trustee",
        "Publish without names",
        "How fair was each of these? Split of money",
        "短い答え",
        "Made from both",
    ):
        assert given_back in page
    assert response.status_code == 403
    assert "A long answer, &lt;b&gt;typed&lt;/b&gt; with care." in page
    assert "portal.css" in page


def test_unknown_host_gets_a_page(client, call, settings):
    settings.ALLOWED_HOSTS = ["evidence.example.org"]
    response = client.get("/", headers={"host": "attacker.example"})
    assert response.status_code == 400
    assert response["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert response["Cache-Control"] == "no-store"


def test_tampered_session_cookie_is_a_new_visitor(client, call, draft, settings):
    client.cookies[settings.SESSION_COOKIE_NAME] = "forged"
    assert client.get(f"/calls/{call.slug}/response/").status_code == 404


def test_every_page_forbids_foreign_scripts_frames_and_caches(client, call, draft):
    for address in ("", "questions/", "response/", "response/about/", "response/check/"):
        response = client.get(f"/calls/{call.slug}/{address}")
        policy = response["Content-Security-Policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        assert "unsafe" not in policy
        assert response["X-Frame-Options"] == "DENY"
        assert response["Cache-Control"] == "no-store"
        assert response["Referrer-Policy"] == "same-origin"


def test_query_with_a_nul_leads_on_without_it(client, call):
    response = client.get("/admin/submissions/submission/?q=de%00ned+%26&kind=a&kind=%00")
    assert response.status_code == 400
    assert '<a href="?q=dened+%26&amp;kind=a&amp;kind=">' in response.content.decode()
    assert "has a character that cannot be read" in response.content.decode()
