"""The pages of the quote bank: what is shown, narrowed, copied, taken out and downloaded."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEvent, Membership, User
from accounts.states import Action, AuditAction, Role
from core.admin.uk_time import in_uk_time
from review.coding.codings import code_passage
from review.coding.samples import draw_sample
from review.errors import QuoteRefused
from review.models import FileText, Quote
from review.quotes.bank_file import export_bank
from review.quotes.marking import mark_quote, unmark_quote
from review.states import TextState
from submissions.responses.submitting import submit
from tests.forms import messages_after
from tests.makers import (
    complete_answers,
    make_attachment,
    make_call,
    make_code,
    make_draft,
    make_submitted,
    make_user,
    while_open,
    withhold,
)
from tests.review.coding_pages import coder, signed_in
from tests.review.lists import request_of
from tests.review.quotes.quoting import LEAVE, make_quotable, make_quote
from tests.review.response_pages import amended

pytestmark = pytest.mark.django_db
BANK = "/admin/review/quote/"


def make_rows():
    call = make_call()
    ada = coder(call)
    return {"call": call, "ada": ada, "quote": make_quote(make_quotable(call), by=ada)}


@pytest.fixture
def ada(made):
    return made["ada"]


@pytest.fixture
def client(ada):
    return signed_in(ada)


@pytest.fixture
def quote(made):
    return made["quote"]


def page_of(quote, what="change"):
    return reverse(f"admin:review_quote_{what}", args=[quote.pk])


def text(answer):
    return answer.content.decode()


def confidential(call):
    return make_submitted(call, story="Closed.", publication="confidential")


def listed(client, **query):
    """The keys of the quotes that the list shows."""
    request = request_of(User.objects.get(pk=client.session["_auth_user_id"]), query)
    change_list = admin.site._registry[Quote].get_changelist_instance(request)
    return sorted(row.pk for row in change_list.result_list)


def coded(quote, name, by):
    code = quote.call.codes.filter(name=name).first() or make_code(call=quote.call, name=name)
    code_passage(
        code=code,
        version=quote.version,
        question=quote.question,
        start=quote.start,
        end=quote.start + 1,
        by=by,
        at=while_open(quote.call),
    )
    return code


def test_list_shows_words_role_and_leave_and_goes_on_record(client, quote, ada):
    shown = text(client.get(BANK))
    assert re.findall(r'dir="auto">([^<]*)</a>', shown) == ["Pay is late."]
    for said in ("I provide services", "May be quoted", quote.version.submission.reference):
        assert said in shown
    event = AuditEvent.objects.get(action=AuditAction.PASSAGES_READ)
    assert (event.actor, event.call, event.detail) == (
        ada,
        quote.call,
        {"shown": [quote.version.submission.reference], "quotes": True},
    )


def test_quote_that_is_forbidden_shows_its_reason_and_has_no_copy(client, quote):
    amended(quote.version.submission, publication="confidential")
    reason = "Confidential: for the project team only"
    for page in (BANK, page_of(quote)):
        shown = text(client.get(page))
        assert "Pay is late." in shown
        assert f"Cannot be quoted: {reason}" in shown
        assert page_of(quote, "copy") not in shown
    refused = client.post(page_of(quote, "copy"), follow=True)
    assert f"This cannot be quoted. {reason}." in text(refused)
    assert "<textarea" not in text(refused)
    assert not AuditEvent.objects.filter(action=AuditAction.QUOTE_COPIED).exists()


def test_copy_is_a_field_to_copy_from_and_on_record(client, quote):
    assert page_of(quote, "copy") in text(client.get(BANK))
    shown = text(client.post(page_of(quote, "copy")))
    reference = quote.version.submission.reference
    assert (
        f"“Pay is late.”\n(I provide services, {reference}, version 1, answer to "
        "“What happened?”, characters 0 to 12)</textarea>"
    ) in shown
    assert AuditEvent.objects.filter(action=AuditAction.QUOTE_COPIED).count() == 1
    assert client.get(page_of(quote, "copy")).url == page_of(quote, "change")


def test_file_has_what_may_be_quoted_and_nothing_else(client, call, quote, ada):
    make_quote(confidential(call), "Closed.")
    make_quote(make_quotable(call, story="=1+1 is it."), "=1+1")
    another = make_call()
    Membership.objects.create(person=ada, call=another, role=Role.CODER)
    make_quote(make_quotable(another), by=User.objects.get(pk=ada.pk))
    answer = client.get(reverse("admin:review_quote_csv", args=[call.pk]))
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert sorted(row["quote"] for row in rows) == ["'=1+1", "Pay is late."]
    (row,) = [row for row in rows if row["guid"] == str(quote.guid)]
    assert row == {
        "reference": quote.version.submission.reference,
        "role": "I provide services",
        "quote": "Pay is late.",
        "question": "What happened?",
        "question_key": "story",
        "version": "1",
        "sha256": quote.version.sha256,
        "start": "0",
        "end": "12",
        "from": "answer",
        "marked_by": "ada",
        "marked_at": quote.at.isoformat(),
        "guid": str(quote.guid),
    }
    event = AuditEvent.objects.get(action=AuditAction.QUOTES_EXPORTED)
    assert (event.detail["rows"], sorted(event.detail["quotes"])) == (
        2,
        sorted(row["guid"] for row in rows),
    )
    Membership.objects.filter(person=ada).update(without=[Action.READ_RESPONSES])
    ada = User.objects.get(pk=ada.pk)
    answer = signed_in(ada).get(reverse("admin:review_quote_csv", args=[call.pk]))
    assert answer.status_code == 404
    with pytest.raises(QuoteRefused, match="You may not export the quotes"):
        export_bank(call, by=ada, at=quote.at)


def test_list_is_narrowed_by_code_role_question_marker_and_leave(client, call, quote, ada):
    bea = coder(call, "bea")
    other = make_quote(
        make_quotable(call, roles=["commissioner"], commissioner_view="A view."),
        "A view.",
        key="commissioner_view",
        by=bea,
    )
    closed = make_quote(confidential(call), "Closed.")
    code = coded(quote, "Pay", bea)
    assert listed(client) == [quote.pk, other.pk, closed.pk]
    assert listed(client, code=code.pk) == [quote.pk]
    assert listed(client, role="commissioner") == [other.pk]
    assert listed(client, question="commissioner_view") == [other.pk]
    assert listed(client, by=bea.pk) == [other.pk]
    assert listed(client, quoting="yes") == [quote.pk, other.pk]
    assert listed(client, quoting="no") == [closed.pk]
    assert listed(client, quoting="later") == []
    amended(quote.version.submission, story="Pay is late. And more.")
    assert listed(client, quoting="later") == [quote.pk]
    assert listed(client, q=other.version.submission.reference) == [other.pk]


def test_list_says_what_is_one_sided_of_those_that_may_be_used(client, call, quote):
    make_quote(quote.version.submission, "They do.")
    make_quote(confidential(call), "Closed.")
    shown = text(client.get(BANK))
    reference = quote.version.submission.reference
    assert f"Too many from one respondent: 2 of 2 quotes are from {reference}." in shown
    assert "1 of those shown cannot be quoted: each says why." in shown


def test_quote_of_an_earlier_version_says_whether_the_words_are_still_there(client, quote):
    amended(quote.version.submission, story="So: Pay is late.")
    page = client.get(page_of(quote))
    assert "version 2 has these words, too" in text(page)
    answer = f"{quote.version.submission_id}/change/?version=1#answer-story"
    assert f'href="/admin/submissions/submission/{answer}"' in page.content.decode()
    amended(quote.version.submission, story="Nothing.")
    shown = text(client.get(page_of(quote)))
    assert "version 3 does not have these words" in shown
    assert "Its author has taken these words out" in shown


def test_page_of_a_quote_leads_to_the_answer_and_to_its_codes(client, quote, ada):
    code = coded(quote, "Pay", ada)
    shown = text(client.get(page_of(quote)))
    assert (
        f"/admin/submissions/submission/{quote.version.submission_id}/change/#answer-story" in shown
    )
    assert reverse("admin:review_code_passages", args=[code.pk]) in shown


def test_quote_is_taken_out_by_whoever_codes(client, quote, call):
    reader = signed_in(coder(call, "dee", Role.DATA_PROTECTION))
    assert reader.post(page_of(quote, "take_out")).status_code == 403
    bea = signed_in(coder(call, "bea"))
    bea.post(page_of(quote, "take_out"))
    assert not Quote.objects.exists()
    for step in ("take_out", "copy"):
        (said,) = messages_after(bea.post(page_of(quote, step)))
        assert "not in the quote bank any more" in said


def test_passage_of_a_code_is_marked_there(client, call, ada):
    response = make_quotable(call)
    code = make_code(call=call, name="Pay")
    coding = code_passage(
        code=code,
        version=response.current_version,
        question=call.questions.get(key="story"),
        start=0,
        end=3,
        by=ada,
        at=while_open(call),
    )
    passages = reverse("admin:review_code_passages", args=[code.pk])
    mark = reverse("admin:review_quote_mark", args=[coding.pk])
    assert mark in text(client.get(passages))
    assert client.post(mark, {"p": "1"}).url == f"{passages}?p=1#passage-{coding.pk}"
    quote = Quote.objects.latest("pk")
    assert (quote.start, quote.end, quote.by) == (0, 3, ada)
    shown = text(client.get(passages))
    assert page_of(quote) in shown
    assert mark not in shown
    coding.delete()
    assert "This coding is gone already." in messages_after(client.post(mark, {"p": "1"}))[0]


def blind_sample(call, *coders):
    draw_sample(
        call=call,
        size=1,
        coders=coders,
        facet="",
        is_blind=True,
        by=make_user(Role.MANAGER),
        at=while_open(call),
    )


def test_blind_coder_sees_no_quotes_of_others_until_done(client, call, quote, ada):
    bea = coder(call, "bea")
    blind_sample(call, ada, bea)
    blind = signed_in(bea)
    assert listed(blind) == []
    assert blind.get(page_of(quote)).status_code == 302
    hidden = blind.post(page_of(quote, "copy"))  # as one that was taken out
    assert "This quote is not in the quote bank any more." in messages_after(hidden)[0]
    response = reverse("admin:submissions_submission_change", args=[quote.version.submission_id])
    assert page_of(quote) not in text(blind.get(response))
    assert listed(client) == [quote.pk]


def test_blind_coder_has_as_their_own_what_another_marked_before(client, call, quote, ada, at):
    bea = coder(call, "bea")
    blind_sample(call, ada, bea)
    later = while_open(call) + timedelta(minutes=5)
    at(later)
    blind, response = signed_in(bea), quote.version.submission
    given = {"version": "1", "mark": "0-12"}
    blind.post(reverse("admin:submissions_submission_code", args=[response.pk, "story"]), given)
    assert (Quote.objects.count(), listed(blind, by=bea.pk)) == (1, [quote.pk])
    assert listed(blind, by=ada.pk) == []
    bank, page = text(blind.get(BANK)), text(blind.get(page_of(quote)))
    assert f"{in_uk_time(later)} by bea" in bank
    assert f"<dd>{in_uk_time(later)} by bea</dd>" in page
    beside = text(blind.get(reverse("admin:submissions_submission_change", args=[response.pk])))
    assert f"bea, {in_uk_time(later)}" in beside
    file = text(blind.get(reverse("admin:review_quote_csv", args=[call.pk])))
    assert f"bea,{later.isoformat()}" in file
    assert not any(re.search(r"\bada\b", shown) for shown in (bank, page, beside, file))
    of_manager = text(signed_in(make_user(Role.MANAGER)).get(page_of(quote)))
    assert f"{in_uk_time(quote.at)} by ada; also by bea</dd>" in of_manager
    assert not re.search(r"\bbea\b", text(client.get(page_of(quote))))  # blind, too


def test_blind_coder_takes_out_their_own_mark_alone(client, call, quote, ada):
    bea = coder(call, "bea")
    blind_sample(call, ada, bea)
    again = make_quote(quote.version.submission, by=bea)
    assert again.pk == quote.pk
    blind = signed_in(bea)
    assert blind.post(page_of(quote, "take_out")).status_code == 302
    assert (listed(blind), listed(client)) == ([], [quote.pk])
    assert unmark_quote(quote, by=bea, at=while_open(call)) == []  # a second press at the same time
    event = AuditEvent.objects.get(action=AuditAction.QUOTE_UNMARKED)
    assert (event.actor, event.detail["marked_by"]) == (bea, bea.pk)
    make_quote(quote.version.submission, by=bea)
    assert client.post(page_of(quote, "take_out")).status_code == 302
    assert (listed(client), listed(blind)) == ([], [quote.pk])
    assert Quote.objects.get().by == bea
    assert blind.post(page_of(quote, "take_out")).status_code == 302
    assert not Quote.objects.exists()


def test_quotes_of_files_are_for_those_who_may_open_files(call, quote):
    draft = make_draft(call, **complete_answers(call, **LEAVE))
    attachment = make_attachment(draft)
    version = submit(submission=draft, at=while_open(call)).submission.current_version
    read = FileText.objects.create(
        attachment=attachment, state=TextState.READ, text="Minutes.", rules=1, at=while_open(call)
    )
    opens, reader = make_user(Role.REVIEWER), make_user(Role.REVIEWER)
    withhold(reader, Action.OPEN_FILES)
    of_file = mark_quote(
        version=version,
        question=attachment.question,
        start=0,
        end=8,
        by=opens,
        at=while_open(call),
        file_text=read,
    )
    for person, sees in ((opens, {quote.pk, of_file.pk}), (reader, {quote.pk})):
        assert set(listed(signed_in(person))) == sees
        file = export_bank(call, by=person, at=while_open(call)).decode()
        assert ("Minutes." in file) is (of_file.pk in sees)


def test_list_asks_the_database_as_often_with_many_quotes(client, call, monkeypatch):
    numbers = []
    client.get(BANK)
    for more in (1, 2):
        for _ in range(more):
            response = make_quotable(call)
            make_quote(response)
            amended(response, story="Pay is late. Now.")
        with CaptureQueriesContext(connection) as queries:
            assert client.get(BANK).context["balance"].number == 1 + sum((1, 2)[: len(numbers) + 1])
        numbers.append(len(queries))
        # The reader's calls, once for all the page, and the quotes' own.
        assert len([q for q in queries if 'FROM "submissions_call"' in q["sql"]]) == 2
        assert len([q for q in queries if 'FROM "submissions_question"' in q["sql"]]) == 1
    assert numbers[0] == numbers[1]
    monkeypatch.setattr("review.admin.quotes.bank.QuoteAdmin.list_per_page", 1)
    page = client.get(BANK)
    assert (len(page.context["cl"].result_list), page.context["balance"].number) == (1, 4)
