"""What project staff see of responses, and that nobody can change one."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.contrib import admin
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEvent, User
from accounts.states import Action, Role
from core.admin.uk_time import in_uk_time
from review.searching.entries import write_due
from submissions.responses.addresses import NO_ADDRESS
from submissions.responses.models import Submission, Version
from submissions.responses.states import SubmissionState
from submissions.responses.submitting import submit
from tests.authored_files import docx_with_author, everything_in
from tests.forms import form_of, messages_after
from tests.makers import (
    FACETS,
    YES_NO,
    complete_answers,
    make_attachment,
    make_call,
    make_draft,
    make_submitted,
    make_user,
    while_open,
    withhold,
)
from tests.review.lists import request_of, responses_listed
from tests.review.response_pages import amended, made
from tests.sample_files import odt

LIST = "/admin/submissions/submission/"


@pytest.fixture
def staff(client):
    user = make_user(Role.MANAGER, is_staff=True)
    client.force_login(user)
    client.user = user
    return client


def page_of(response):
    return reverse("admin:submissions_submission_change", args=[response.pk])


def references(page):
    return re.findall(r"TST-[0-9A-Z]{4}-[0-9A-Z]{4}", page.content.decode())


@pytest.mark.django_db
def test_list_shows_the_useful_columns(staff):
    short_labels = {"provider": "gives services"}
    call = make_call(facets=[FACETS[0] | {"short_labels": short_labels}])
    at = datetime(2019, 7, 24, 10, 59, 59, tzinfo=UTC)
    make_submitted(call, at=at, roles=["provider", "commissioner"], story="One two three")
    text = staff.get(LIST).content.decode()
    columns = re.findall(r'class="field-(\w+)[^"]*">(?:<a [^>]*>)?([^<]*)', text)
    assert dict(columns[1:]) == {
        "status": "New",
        "assignee": "",
        "facet_roles": "gives services, commissioner",
        "timing": "On time",
        "words": "3",
        "received": "24 July 2019, 11:59:59",
        "files": "0",
    }
    [changed] = made(call, 1)
    amended(changed, story="One two three four")
    moment = in_uk_time(while_open(call))
    assert f"{moment}, changed {moment}</td>" in staff.get(LIST).content.decode()


@pytest.mark.django_db
def test_list_groups_the_digits_of_its_numbers(staff, monkeypatch):
    make_submitted(make_call())
    monkeypatch.setattr("django.core.paginator.Paginator.count", 12_345)
    page = staff.get(LIST).content.decode()
    assert "12,345 found" in page
    assert re.search(r"12,345 responses\s", page)


@pytest.mark.django_db
def test_list_asks_as_much_for_three_rows_as_for_one(staff):
    call = make_call()
    counts = []
    for more in (1, 2):
        for _ in range(more):
            make_submitted(call)
        with CaptureQueriesContext(connection) as queries:
            assert len(set(references(staff.get(LIST)))) == sum([1, 2][: len(counts) + 1])
        counts.append(len(queries))
        assert not [q for q in queries if "canonical_text" in q["sql"]]
        # The reader's calls, once for all the page, and within the query of who has responses.
        assert len([q for q in queries if 'FROM "submissions_call"' in q["sql"]]) == 2
    assert counts[0] == counts[1]


NARROWED = {
    "": {"a", "b"},
    "facet_roles=commissioner": {"a"},
    "facet_income_band=lt_10k": {"b"},
    "triage_status=considered": {"b"},
    "timing=on_time": {"a", "b"},
    "timing=grace": set(),
    "state=withdrawn": {"gone"},
    "state=all": {"a", "b", "gone"},
    "q=won+bidding": {"a"},
    "q=%22bids+won%22": set(),
}


@pytest.mark.django_db
def test_list_is_narrowed_by_filters_and_words(staff):
    band = {
        "key": "income_band",
        "kind": "radio",
        "label": "Income",
        "options": [{"key": "lt_10k", "label": "Under £10,000"}],
    }
    call = make_call(
        evidence_questions=[band, {"key": "t", "kind": "long", "label": "T"}],
        facets=[*FACETS, {"question": "income_band", "label": "income band"}],
    )
    made = {
        "a": make_submitted(call, roles=["commissioner"], t="We won with every bid"),
        "b": make_submitted(call, roles=["provider"], income_band="lt_10k", t="Nothing"),
        "gone": make_submitted(call, roles=["provider"], t="Gone"),
    }
    made["gone"].state = SubmissionState.WITHDRAWN
    made["gone"].withdrawn_at = while_open(call)
    made["gone"].save()
    made["b"].triage_status = "considered"
    made["b"].save()
    write_due(until=lambda: False)
    names = {response.reference: name for name, response in made.items()}
    assert {
        query: {names[str(row)] for row in responses_listed(staff.user, query)}
        for query in NARROWED
    } == NARROWED
    page = staff.get(f"{LIST}?facet_income_band=lt_10k&q=nothing")
    assert {names[reference] for reference in references(page)} == {"b"}


@pytest.mark.django_db
def test_list_has_the_facets_of_the_chosen_call_alone(staff):
    band = {"key": "band", "kind": "radio", "label": "Band", "options": YES_NO}
    short_labels = {"yes": "with a band"}
    facets = [
        {
            "question": "band",
            "label": "size of band",
            "listed": True,
            "short_labels": short_labels,
        }
    ]
    call = make_call(evidence_questions=[band], facets=facets, needs_evidence=False)
    other = make_call()
    wanted = make_submitted(call, band="yes")
    make_submitted(call, band="no")
    elsewhere = make_submitted(other)
    for query, columns, filters in (
        ("", [], []),
        (f"?call__id__exact={call.pk}", ["Size of band"], ["size of band"]),
        (f"?call__id__exact={other.pk}", ["Role"], ["role"]),
    ):
        page = staff.get(LIST + query)
        shown = [spec.title for spec in page.context["cl"].filter_specs]
        assert [title for title in shown if title in {"size of band", "role"}] == filters
        heads = re.findall(
            r'class="text"><a[^>]*>([^<]*)</a>|class="text"><span>([^<]*)', page.content.decode()
        )
        names = ["".join(head) for head in heads]
        assert [name for name in names if name in {"Size of band", "Role"}] == columns
        said = re.findall(r'class="field-facet_band">([^<]*)', page.content.decode())
        assert sorted(said) == ["No", "with a band"] * (query.endswith(f"={call.pk}"))
    narrowed = responses_listed(staff.user, f"call__id__exact={call.pk}&facet_band=yes")
    assert [*narrowed] == [wanted]
    # What is left of another call's filter in the address counts for nothing.
    left = responses_listed(staff.user, f"call__id__exact={other.pk}&facet_band=yes")
    assert [*left] == [elsewhere]


@pytest.mark.django_db
def test_reference_is_found_however_it_is_written(staff):
    call = make_call()
    response, _other = make_submitted(call), make_submitted(call)
    written = response.reference.replace("-", " ").lower()
    assert [*responses_listed(staff.user, {"q": written})] == [response]


@pytest.mark.django_db
def test_who_answered_is_shown_only_to_those_who_may_see_it(client):
    response = make_submitted(make_call(), email="jo.bloggs@example.org")
    for permitted in (True, False):
        user = make_user(Role.MANAGER, is_staff=True)
        if not permitted:
            withhold(user, Action.SEE_IDENTITY)
        client.force_login(user)
        shown = "jo.bloggs@example.org" in client.get(page_of(response)).content.decode()
        assert shown == permitted


@pytest.mark.django_db
def test_search_takes_anything(staff):
    make_submitted()
    for term in ('"', "%", "'", "a" * 5000, "& | !", "-", "\ud83d\ude00", "TST-"):
        typed = term.encode("utf-8", "replace").decode()
        found = responses_listed(staff.user, {"q": typed})
        assert len(found) == (typed == "TST-"), typed  # each reference begins with it


@pytest.mark.django_db
def test_page_shows_answers_by_label_versions_and_mails_and_goes_on_record(staff):
    call = make_call()
    response = make_submitted(
        call,
        roles=["provider"],
        history=["bid"],
        fairness={"risk": "poor", "money": "good"},
        story="A <b>story</b>\nof two lines",
        email="someone@example.org",
    )
    text = staff.get(page_of(response)).content.decode()
    own = r' class="given" dir="auto">'
    answer = rf'(?:{own}|><div class="coded-answer"[^>]*><div[^>]*>)([^<]*)<'
    given = dict(re.findall(rf"<dt>([^<]*)</dt>\s*<dd{answer}", text))
    assert given == {
        "Email address": "someone@example.org",
        "Which describes you?": "- I provide services",
        "How old are you?": "18 or over",
        "What have you done?": "- Bid alone",
        "How fair was each of these?": "- Split of money: Good\n- Split of risk: Poor",
        "What happened?": "A &lt;b&gt;story&lt;/b&gt;\nof two lines",
        "Add files": "Not provided",
        "May we publish your response?": "Publish with a name",
        "May we quote you?": "Yes",
        "I may submit this response": "Yes",
    }
    version = response.current_version
    assert version.sha256 in text
    assert "23 July 2019, 12:00:00.000000 BST" in text
    assert "Confirmation of a submission</a>: Waiting" in text
    event = AuditEvent.objects.get()
    assert (event.action, event.submission, event.detail) == (
        "response_opened",
        response,
        {"version": 1, "identity": True},
    )


@pytest.mark.django_db
def test_draft_is_listed_but_not_shown(staff):
    call = make_call()
    draft = make_draft(call, story="Half a thought", email="someone@example.org")
    assert str(draft) in staff.get(LIST, {"state": "draft"}).content.decode()
    text = staff.get(page_of(draft)).content.decode()
    assert "Half a thought" not in text
    assert "someone@example.org" not in text
    assert "is a draft" in text
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db
def test_evidence_cannot_be_edited_even_by_a_superuser(client):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    response = make_submitted(story="As it was")
    before = list(Submission.objects.values()), list(Version.objects.values())
    for path in ("change", "delete", "add", "history"):
        args = [] if path == "add" else [response.pk]
        address = reverse(f"admin:submissions_submission_{path}", args=args)
        posted = {"story": "x", "reference": "x", "state": "draft", "post": "yes"}
        answer = client.post(address, posted)
        assert answer.status_code == (403 if path != "history" else 200), path
        assert (list(Submission.objects.values()), list(Version.objects.values())) == before, path
    client.post(
        LIST, {"action": "delete_selected", "_selected_action": [response.pk], "post": "yes"}
    )
    assert (list(Submission.objects.values()), list(Version.objects.values())) == before


@pytest.mark.django_db
def test_status_changes_and_is_put_on_record(staff):
    response = make_submitted()
    address = reverse("admin:submissions_submission_status", args=[response.pk])
    for _ in range(2):
        seen = form_of(staff.get(page_of(response)))
        assert staff.post(address, seen | {"status": "considered"}).status_code == 302
    response.refresh_from_db()
    assert response.triage_status == "considered"
    event = AuditEvent.objects.get(action="status_changed")
    assert (event.action, event.detail) == (
        "status_changed",
        {"before": "unread", "after": "considered"},
    )


@pytest.mark.django_db
def test_unknown_status_is_refused_in_words(staff):
    response = make_submitted()
    address = reverse("admin:submissions_submission_status", args=[response.pk])
    for status in ("nonsense", ""):
        (said,) = messages_after(staff.post(address, {"status": status}))
        assert "Select one of the statuses that are shown." in said
    response.refresh_from_db()
    assert response.triage_status == "unread"


@pytest.mark.django_db
def test_status_of_a_draft_does_not_change(staff):
    draft = make_draft()
    address = reverse("admin:submissions_submission_status", args=[draft.pk])
    (said,) = messages_after(staff.post(address, {"status": "considered"}))
    assert f"{draft} is not among the submitted responses." in said
    draft.refresh_from_db()
    assert draft.triage_status == "unread"


@pytest.mark.django_db
def test_file_is_handed_out_as_a_download_and_put_on_record(staff):
    call = make_call()
    draft = make_draft(call, **complete_answers(call))
    file = make_attachment(draft, name='o’ne"; x.txt', content=b"<script>1</script>")
    address = reverse("admin:submissions_submission_file", args=[draft.pk, file.public_id])
    assert staff.get(address).status_code == 404
    submit(submission=draft, at=while_open(call))
    answer = staff.get(address)
    assert b"".join(answer.streaming_content) == b"<script>1</script>"
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''o%E2%80%99ne")
    event = AuditEvent.objects.get(action="file_opened")
    assert event.detail == {"file": str(file.public_id), "sha256": file.sha256}
    assert address in staff.get(page_of(draft)).content.decode()
    other = make_submitted(call)
    wrong = reverse("admin:submissions_submission_file", args=[other.pk, file.public_id])
    assert staff.get(wrong).status_code == 404


@pytest.mark.django_db
def test_file_that_is_not_the_one_submitted_is_not_handed_out(staff):
    call = make_call()
    draft = make_draft(call, **complete_answers(call))
    damaged, missing = (make_attachment(draft, content=b"Minutes") for _ in range(2))
    submit(submission=draft, at=while_open(call))
    Path(damaged.file.path).write_bytes(b"Minutez")
    Path(missing.file.path).unlink()
    for file, said in ((damaged, "damaged"), (missing, "missing")):
        address = reverse("admin:submissions_submission_file", args=[draft.pk, file.public_id])
        led = staff.get(address)
        assert led.url == page_of(draft)
        (told,) = messages_after(led)
        assert f"The file is {said}: the portal does not have what was submitted" in told
    assert not AuditEvent.objects.filter(action="file_opened").exists()


@pytest.mark.django_db
def test_file_names_its_author_only_to_people_who_may_see_who_answered(staff):
    call = make_call()
    draft = make_draft(call, **complete_answers(call))
    content = docx_with_author()
    file = make_attachment(draft, name="a.docx", content=content)
    signed = make_attachment(
        draft, name="b.odt", content=odt(**{"META-INF/documentsignatures.xml": ""})
    )
    submit(submission=draft, at=while_open(call))
    address, other = (
        reverse("admin:submissions_submission_file", args=[draft.pk, each.public_id])
        for each in (file, signed)
    )
    assert b"".join(staff.get(address).streaming_content) == content
    withhold(staff.user, Action.SEE_IDENTITY)
    staff.force_login(staff.user)  # a changed right ended the sign-in
    assert b"Ada Writer" not in everything_in(b"".join(staff.get(address).streaming_content))
    (said,) = messages_after(staff.get(other))
    assert (
        "You may not see who answered, and the author's details could not be taken out of this "
        "file. It is signed digitally, and the signature names who signed." in said
    )


@pytest.mark.no_cover
@pytest.mark.django_db
def test_huge_text_can_be_submitted_and_searched(staff):
    keys = [f"t{n}" for n in range(6)]
    call = make_call(
        evidence_questions=[{"key": key, "kind": "long", "label": key} for key in keys]
    )
    # Neither the words of all texts nor what they begin with find room in a vector.
    long = "\u10d0" * 60
    words = {key: [f"{key}x{number}{long}" for number in range(1_100)] for key in keys}
    assert sum(len(word.encode()) for each in words.values() for word in each) > 1_200_000
    response = make_submitted(call, **{key: " ".join(each) for key, each in words.items()})
    assert write_due(until=lambda: False) == 1
    assert set(references(staff.get(LIST, {"q": words["t0"][0]}))) == {response.reference}
    assert not responses_listed(staff.user, {"q": f"{words['t0'][0]} nothing"})


@pytest.mark.django_db
def test_response_is_withdrawn_at_its_authors_request_after_closing(staff, at):
    response = make_submitted()
    at(response.call.closes_at)
    address = reverse("admin:submissions_submission_withdraw", args=[response.pk])
    assert f'href="{address}"' in staff.get(page_of(response)).content.decode()
    seen = form_of(staff.get(address))
    page = staff.post(address, seen | {"reason": " "})
    assert "Fill this in." in page.content.decode()
    response.refresh_from_db()
    assert response.state == SubmissionState.SUBMITTED
    assert staff.post(address, seen | {"reason": "By email"})["Location"] == page_of(response)
    page = staff.get(page_of(response)).content.decode()
    assert f"{response} is withdrawn. Its author is told by mail." in page
    response.refresh_from_db()
    assert response.state == SubmissionState.WITHDRAWN
    event = AuditEvent.objects.get(action="response_withdrawn")
    assert (event.at, event.detail["reason"]) == (response.call.closes_at, "By email")
    assert (f'href="{address}"' in page, 'name="status"' in page) == (False, False)
    assert staff.get(address)["Location"] == page_of(response)


@pytest.mark.django_db
def test_withdrawing_keeps_the_list_and_says_where_no_mail_goes(staff, at):
    call = make_call()
    call.questions.filter(key="email").update(required=False)
    response = make_submitted(type(call).objects.get(pk=call.pk))
    at(while_open(response.call))
    here = f"{page_of(response)}?_changelist_filters=flagged%3Dno"
    address = reverse("admin:submissions_submission_withdraw", args=[response.pk])
    address += "?_changelist_filters=flagged%3Dno"
    assert f'href="{address}"' in staff.get(here).content.decode()
    seen = form_of(staff.get(address))
    answer = staff.post(address, seen | {"reason": "By email"})
    assert answer["Location"] == here
    assert messages_after(answer) == [f"{response} is withdrawn. {NO_ADDRESS}"]
    assert staff.get(address)["Location"] == here


@pytest.mark.django_db
def test_columns_that_say_the_same_in_every_row_are_left_out(staff):
    def columns(query=""):
        request = request_of(User.objects.get(pk=staff.user.pk), QueryDict(query))
        shown = admin.site._registry[Submission].get_changelist_instance(request)
        return {"call", "state"} & set(shown.list_display)

    call = make_call()
    make_submitted(call)
    assert columns() == set()
    assert columns("state=all") == {"state"}
    make_call()
    assert columns() == {"call"}
    assert columns(f"call__id__exact={call.pk}") == set()
