"""The pages of a sample's agreement: figures, differences, deciding, and the file."""

import csv
import re
from hashlib import sha256

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEvent, Membership
from accounts.states import Action, Role
from review.coding.codings import remove_coding
from review.coding.samples import close_sample
from review.models import Code, Coding, CodingDecision
from tests.forms import messages_after
from tests.makers import make_call, make_code, make_submitted, while_open
from tests.review.agreement.codings import PAY, SHARE, STORY, be_done, code, draw
from tests.review.coding_pages import coder, signed_in
from tests.review.redaction_makers import make_redaction


def address(sample, page="agreement/"):
    return f"/admin/review/codingsample/{sample.pk}/{page}"


def cells(html):
    """The cells of each line of the tables, as words."""
    lines = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    plain = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line, re.DOTALL) for line in lines]
    return [[re.sub(r"<[^>]*>", "", cell).strip() for cell in line] for line in plain]


@pytest.fixture
def differ(sample, response, ada, bea):
    code(response, ada, f"{PAY} {SHARE}")
    code(response, bea, SHARE)
    be_done(sample, ada, bea)
    return sample


def test_figures_are_shown_with_the_numbers_behind_them(differ, boss):
    client = signed_in(boss)
    assert address(differ) in client.get(address(differ, "change/")).content.decode()
    shown = client.get(address(differ)).content.decode()
    pay = ["0.444", "0.400", "66.6%", "3", "2", "2", "2", "2"]
    assert ["Pay", *pay] in cells(shown)
    assert ["All codes", *pay] in cells(shown)
    assert ["ada and bea", "0.400", "66.6%", "1", "1", "0", "1", "3", "1"] in cells(shown)
    assert "1 of 1 drawn" in shown
    by_answer = client.get(address(differ) + "?by=answer").content.decode()
    why = "undefined: nothing varies: all are coded alike, so that chance alone would agree always"
    assert ["Pay", why, why, "100%", "1", "1", "2", "0", "0"] in cells(by_answer)


def test_sample_with_which_no_two_coders_are_done_says_so(sample, boss):
    shown = signed_in(boss).get(address(sample)).content.decode()
    assert "at least two coders have to be done with a response" in shown
    lines = (
        signed_in(boss)
        .get(address(sample, "agreement.csv"))
        .content.decode("utf-8-sig")
        .splitlines()
    )
    assert len(lines) == 1


def test_file_has_each_figure_with_its_numbers_and_runs_no_formula(differ, boss):
    Code.objects.update(name="=1+1")
    answer = signed_in(boss).get(address(differ, "agreement.csv"))
    event = AuditEvent.objects.get(action="agreement_downloaded")
    digest = sha256(answer.content).hexdigest()
    assert (event.actor, event.detail) == (boss, {"sample": differ.pk, "sha256": digest})
    lines = list(csv.DictReader(answer.content.decode("utf-8-sig").splitlines()))
    assert [(one["unit"], one["code"], one["coders"]) for one in lines] == [
        (unit, name, coders)
        for unit in ("sentence", "answer")
        for name in ("all codes", "'=1+1")
        for coders in ("all coders", "ada, bea")
    ]
    assert lines[2] == {
        "unit": "sentence",
        "code": "'=1+1",
        "coders": "all coders",
        "krippendorff_alpha": "0.4444",
        "cohen_kappa": "",
        "per_cent_agreement": "66.66",
        "undefined_because": "",
        "responses": "1",
        "units": "3",
        "coded_by_anybody": "2",
        "pairs_of_values": "3",
        "agreeing_pairs": "2",
        "coincidences_coded": "2.0",
        "coincidences_differing": "2.0",
        "coincidences_not_coded": "2.0",
        "both_coded": "",
        "only_first_coded": "",
        "only_second_coded": "",
        "neither_coded": "",
    }
    pair = lines[3]
    assert (pair["cohen_kappa"], pair["both_coded"], pair["only_first_coded"]) == (
        "0.4000",
        "1",
        "1",
    )
    assert lines[4]["undefined_because"].startswith("nothing varies")


def test_blind_coder_who_is_not_done_sees_no_agreement(call, response, ada, bea, boss):
    other = make_submitted(call, story=STORY)
    sample = draw(call, [ada, bea], boss, size=2)
    code(response, ada, PAY)
    be_done(sample, bea)
    sampled = sample.responses.get(submission=response)
    sampled.done.create(coder=ada, at=while_open(call))
    pages = ("agreement/", "agreement.csv", "differences/")
    for page in pages:
        answer = signed_in(ada).get(address(sample, page))
        assert answer.url == address(sample, "change/")
        assert signed_in(bea).get(address(sample, page)).status_code == 200
    (told,) = messages_after(signed_in(ada).get(address(sample)))
    assert "you see how far the coders agree once you are done" in told
    sample.responses.get(submission=other).done.create(coder=ada, at=while_open(call))
    assert signed_in(ada).get(address(sample)).status_code == 200


def test_closed_sample_is_hidden_from_who_codes_its_response_blind_again(
    differ, call, ada, bea, boss
):
    close_sample(differ, by=boss, at=while_open(call))
    draw(call, [ada, bea], boss)
    assert signed_in(ada).get(address(differ)).status_code == 302
    assert signed_in(boss).get(address(differ)).status_code == 200


def test_differences_are_side_by_side_and_their_reading_is_on_record(differ, response, boss, ada):
    shown = signed_in(boss).get(address(differ, "differences/")).content.decode()
    assert cells(shown)[1:3] == [["ada", "Pay"], ["bea", "did not code it"]]
    assert f'<strong>{PAY}</strong> <span class="around">{SHARE}</span></blockquote>' in shown
    # Its author may amend it later: these words are those of the version that was coded.
    assert f'/submission/{response.pk}/change/?version=1#answer-story"' in shown
    event = AuditEvent.objects.get(action="differences_read")
    assert event.detail == {"sample": differ.pk, "shown": [response.reference]}
    its_page = reverse("admin:submissions_submission_change", args=[response.pk])
    assert "where coders differ" in signed_in(boss).get(its_page).content.decode()
    assert "Decide<span" not in signed_in(ada).get(address(differ, "differences/")).content.decode()


@pytest.mark.parametrize("hidden", ["pay", "money"])
def test_words_that_others_do_not_see_are_marked(differ, response, boss, hidden):
    said = "Words of it are hidden from readers outside the team."
    client = signed_in(boss)
    where = address(differ, "differences/")
    listed = client.get(where).content.decode()
    place = re.search(r'<a href="([^"]*/differences/[^"]+/)">Decide<', listed)[1]
    assert said not in listed
    make_redaction(response, hidden)  # in the sentence, or in the one after it
    for sees in (True, False):
        if not sees:
            Membership.objects.filter(person=boss).update(without=[Action.SEE_REDACTED])
            client = signed_in(boss)  # a changed right ended the sign-in
        for one in (where, place):
            shown = client.get(one).content.decode()
            assert ((said in shown), ("█" in shown)) == (sees, not sees)


def test_decision_is_taken_on_the_page_of_a_difference(differ, boss, ada, bea):
    client = signed_in(boss)
    listed = client.get(address(differ, "differences/")).content.decode()
    place = re.search(r'<a href="([^"]*/differences/[^"]+/)">Decide<', listed)[1]
    assert signed_in(ada).get(place).status_code == 403
    form = client.get(place).content.decode()
    pay = Code.objects.get(name="Pay")
    assert f'id="code-{pay.pk}" value="{pay.pk}">' in form  # not ticked: they differ about it
    for given, said in (
        ({"reason": "Because"}, "Tick the codes that stand, or that none does."),
        ({"code": pay.pk, "none": "on", "reason": "x"}, "or that none does."),
        ({"code": pay.pk}, "Say why."),
    ):
        refused = client.post(place, {"base": "", **given})
        assert refused.status_code == 422
        assert said in refused.content.decode()
    told = client.post(place, {"base": "", "code": pay.pk, "reason": "About pay"}, follow=True)
    assert "Your decision is on record" in told.content.decode()
    assert "Sentences: 0" in told.content.decode()
    other = signed_in(coder(differ.call, "chief", Role.MANAGER))
    without_reason = other.post(place, {"base": "", "none": "on"})
    assert 'name="base" value=""' in without_reason.content.decode()  # nobody told them yet
    refused = other.post(place, {"base": "", "none": "on", "reason": "Not about pay"})
    words = refused.content.decode()
    assert "boss decided about this passage meanwhile: “Pay” stands." in words
    assert ">Not about pay</textarea>" in words
    decision = CodingDecision.objects.get()
    assert f'name="base" value="{decision.pk}"' in words
    other.post(place, {"base": decision.pk, "none": "on", "reason": "Not about pay"})
    decided = client.get(address(differ, "differences/") + "?state=decided").content.decode()
    assert "Decided: no code stands</strong>, by chief" in decided
    assert "“Pay” stands, by boss" in client.get(place).content.decode()


@pytest.mark.parametrize("meanwhile", ["taken away", "coded blind"])
def test_reason_is_given_back_where_nothing_can_be_decided_any_more(
    differ, call, boss, ada, bea, meanwhile
):
    close_sample(differ, by=boss, at=while_open(call))
    client = signed_in(boss)
    listed = client.get(address(differ, "differences/")).content.decode()
    place = re.search(r'<a href="([^"]*/differences/[^"]+/)">Decide<', listed)[1]
    if meanwhile == "taken away":
        remove_coding(Coding.objects.get(by=ada), by=ada, at=while_open(call))
        code(differ.responses.get().submission, ada, SHARE)
        assert client.get(place).status_code == 404
    else:
        draw(call, [boss, ada], boss)
    answer = client.post(place, {"base": "", "none": "on", "reason": "Not about pay"}, follow=True)
    assert "You wrote: “Not about pay”" in answer.content.decode()
    assert not CodingDecision.objects.exists()


def test_differences_are_narrowed_to_a_code_and_by_page(call, response, ada, bea, boss):
    words = " ".join(f"Sentence number {number}." for number in range(30))
    long = make_submitted(call, story=words)
    sample = draw(call, [ada, bea], boss, size=2)
    for number in range(30):
        code(long, ada, f"Sentence number {number}.", text=words)
    code(response, ada, PAY, "Time")
    be_done(sample, ada, bea)
    listed = address(sample, "differences/")
    client = signed_in(boss)
    assert "Sentences: 31, page 1 of 2" in client.get(listed).content.decode()
    time = Code.objects.get(name="Time")
    assert "Sentences: 1<" in client.get(f"{listed}?code={time.pk}").content.decode()
    second = client.get(f"{listed}?p=2&code=&state=undecided").content.decode()
    assert second.count("<blockquote") == 6


def test_pages_take_as_many_queries_for_many_as_for_one(call, ada, bea, boss):
    client, numbers = signed_in(boss), []
    for size in (1, 3):
        for _ in range(size):
            one = make_submitted(call, story=STORY)
            code(one, ada, PAY)
            code(one, bea, SHARE)
        sample = draw(call, [ada, bea], boss, size=size)
        be_done(sample, ada, bea)
        for page in ("agreement/", "differences/"):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address(sample, page)).status_code == 200
            numbers.append(len(queries))
    assert numbers[:2] == numbers[2:]


def test_hostile_addresses_are_not_found(differ, boss):
    client = signed_in(boss)
    for place in ("x", "0-0-0-0-0", "9" * 40, "1", "-", "1-1-1-1-1-1"):
        assert client.get(address(differ, f"differences/{place}/")).status_code == 404
    for query in ("?code=x", "?code=" + "9" * 40, "?p=x&state=x"):
        assert client.get(address(differ, "differences/") + query).status_code == 200
    assert client.get(address(differ) + "?by=x&code=x&p=x").status_code == 200


def test_strangers_see_nothing(differ):
    eve = signed_in(coder(make_call(), "eve", Role.MANAGER))
    for page in ("agreement/", "agreement.csv", "differences/", "differences/1-1-0-0-1/"):
        assert eve.get(address(differ, page)).status_code == 404


def test_chosen_code_of_another_call_is_refused(differ, boss):
    theirs = make_code(call=make_call(), name="Theirs")
    client = signed_in(boss)
    listed = client.get(address(differ, "differences/")).content.decode()
    place = re.search(r'<a href="([^"]*/differences/[^"]+/)">Decide<', listed)[1]
    refused = client.post(place, {"base": "", "other": theirs.pk, "reason": "x"})
    assert "Choose among the codes of this call." in refused.content.decode()
    assert not CodingDecision.objects.exists()
