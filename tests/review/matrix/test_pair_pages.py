"""The page of codes that stand together, and the pages of their passages."""

import re
from copy import deepcopy

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEvent, Membership
from accounts.states import Action, Role
from review.coding.codebook import merge_codes
from review.models import Coding, FileText
from review.states import TextState
from submissions.responses.models import Submission
from submissions.responses.submitting import submit
from tests.makers import (
    complete_answers,
    make_attachment,
    make_call,
    make_code,
    make_draft,
    make_user,
    while_open,
    withhold,
)
from tests.review.matrix.matrices import STORY, give, matrix_call, put_under
from tests.review.redaction_makers import make_redaction

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def rows(made_once):
    return made_once(matrix_call)


@pytest.fixture
def call(rows, db, at):
    call = deepcopy(rows)
    at(while_open(call))
    return call


@pytest.fixture
def trust(call):
    return make_code(call=call, name="Trust")


@pytest.fixture
def pay(call):
    return make_code(call=call, name="Pay")


@pytest.fixture
def ada(call):
    return make_user(Role.REVIEWER)


@pytest.fixture
def client(ada):
    return signed_in(ada)


@pytest.fixture
def both(call, trust, pay, ada):
    """A response with passages under both codes; two of them overlap, and one does not."""
    response = give(call)
    put_under(pay, response, ada, 0, 3)
    put_under(trust, response, ada, 2, 6)
    put_under(trust, response, ada, 7, 9)
    return response


def signed_in(person):
    client = Client()
    client.force_login(person)
    return client


def pair_of(one, other, query=""):
    return reverse("admin:review_matrixsummary_pair", args=[one.pk, other.pk]) + query


def together(call, query=""):
    return reverse("admin:review_matrixsummary_together", args=[call.pk]) + query


def quotes(page):
    assert page.status_code == 200
    return re.findall(r"<blockquote[^>]*>(.*?)</blockquote>", page.content.decode())


def test_pair_opens_the_passages_of_responses_that_have_both(client, trust, pay, ada, both):
    put_under(pay, give(pay.call), ada)  # without the other code
    page = client.get(pair_of(trust, pay))
    assert quotes(page) == [STORY[0:3], STORY[2:6], STORY[7:9]]
    event = AuditEvent.objects.get(action="passages_read")
    assert event.detail == {"code": trust.pk, "other": pay.pk, "shown": [both.reference]}
    overlapping = client.get(pair_of(trust, pay, "?overlapping=1"))
    assert quotes(overlapping) == [STORY[0:3], STORY[2:6]]


def test_passages_of_two_answers_do_not_overlap(client, call, trust, pay, ada):
    response = give(call, role="commissioner", commissioner_view=STORY)
    put_under(pay, response, ada, 0, 3)
    put_under(trust, response, ada, 0, 3, key="commissioner_view")
    assert quotes(client.get(pair_of(trust, pay, "?overlapping=1"))) == []
    assert len(quotes(client.get(pair_of(trust, pay)))) == 2


def test_passages_that_touch_or_are_of_two_files_do_not_overlap(client, call, trust, pay, ada):
    draft = make_draft(call, **complete_answers(call, story=STORY))
    files = [make_attachment(draft, name=name) for name in ("one.txt", "other.txt")]
    response = submit(submission=draft, at=while_open(call)).submission
    read = {"state": TextState.READ, "text": STORY, "rules": 1, "at": while_open(call)}
    for code, file, (start, end) in zip((pay, trust), files, ((0, 3), (3, 5)), strict=True):
        in_file = put_under(code, response, ada, key="documents")
        in_file.file_text = FileText.objects.create(attachment=file, **read)
        in_file.save()
        put_under(code, response, ada, start, end)
    put_under(pay, response, ada, 5, 7)
    assert quotes(client.get(pair_of(trust, pay, "?overlapping=1"))) == []
    assert len(quotes(client.get(pair_of(trust, pay)))) == 5
    assert "overlapping=1" not in client.get(together(call)).content.decode()


def test_table_leads_to_the_passages_under_the_same_choices(client, call, trust, pay, both):
    said = client.get(together(call, "?across=roles&campaigns=once")).content.decode()
    wanted = pair_of(trust, pay, "?across=roles&amp;campaigns=once")
    assert f'<a href="{wanted}">1<' in said
    assert f'<a href="{wanted}&amp;overlapping=1">1<' in said
    assert 'name="codes"' not in said  # each code counts by itself here


def test_chart_draws_each_pair_with_its_share_of_those_with_either(
    client, call, trust, pay, ada, both
):
    put_under(pay, give(call), ada)
    said = client.get(together(call)).content.decode()
    chart = said[said.index('<section class="charts"') : said.index("</section>")]
    assert '<rect class="chart-bar"' in chart
    row = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", chart[chart.index("<tbody>") :]))
    assert row.strip() == "Trust and Pay 1 50%"


def test_chart_tells_no_hidden_number(ada):
    call = matrix_call(hides_small_counts=True)
    one, other = (make_code(call=call, name=name) for name in ("One", "Other"))
    response = give(call)
    for code in (one, other):
        put_under(code, response, ada)
    said = signed_in(ada).get(together(call)).content.decode()
    chart = said[said.index('<section class="charts"') : said.index("</section>")]
    assert '<rect class="chart-bar"' not in chart
    row = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", chart[chart.index("<tbody>") :]))
    assert row.strip() == "One and Other fewer than 5"


def test_pair_is_of_two_codes_of_one_call_that_there_are(client, trust, pay, ada, call):
    elsewhere = make_code(call=make_call(), name="Elsewhere")
    gone = make_code(call=call, name="Gone")
    put_under(gone, give(call), ada)
    merge_codes(gone, into=pay, by=ada, at=while_open(call))
    for other in (trust, elsewhere, gone):
        assert client.get(pair_of(trust, other)).status_code == 404
    assert client.get(pair_of(trust, pay, "?version__texts__story=x")).status_code == 400
    assert client.post(pair_of(trust, pay)).status_code == 403


def test_strangers_and_members_of_other_calls_read_no_passages(trust, pay, both):
    member = make_user()
    Membership.objects.create(person=member, call=make_call(), role=Role.MANAGER)
    outside = make_user(Role.REVIEWER)
    withhold(outside, Action.READ_RESPONSES)
    found = [signed_in(person).get(pair_of(trust, pay)).status_code for person in (member, outside)]
    assert (found, Client().get(pair_of(trust, pay)).status_code) == ([404, 403], 302)
    assert not AuditEvent.objects.filter(action="passages_read").exists()


def test_hidden_words_are_hidden_from_who_may_not_see_them(trust, pay, both):
    make_redaction(Submission.objects.get(pk=both.pk), STORY[0:3])
    reader = make_user(Role.REVIEWER)
    withhold(reader, Action.SEE_REDACTED)
    page = signed_in(reader).get(pair_of(trust, pay))
    assert quotes(page)[0] == "███"


def test_pair_has_a_fixed_number_of_queries(client, call, trust, pay, ada, both):
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as asked:
            client.get(pair_of(trust, pay, "?overlapping=1"))
        counts.append(len(asked))
        for _ in range(2):
            response = give(call)
            put_under(pay, response, ada, 0, 3)
            put_under(trust, response, ada, 1, 4)
    assert counts[0] == counts[1]
    assert Coding.objects.count() == 11
