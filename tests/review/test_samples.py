"""Samples that several coders code by themselves: drawing, hiding, and what stands."""

import re
from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEvent, Membership, User
from accounts.states import Action, Role
from core.second_press import PRESSED_TWICE
from review.coding.codebook import merge_codes, split_code
from review.coding.codings import code_passage, remove_coding
from review.coding.samples import blind_to, close_sample, draw_sample, say_done, seen_by, to_code
from review.errors import CodingRefused
from review.findings.claims import Claim, write_finding
from review.findings.passages import put_passage
from review.matrix.summaries import sees_summaries
from review.memos.writing import About, PassageOf, write_memo
from review.models import Coding, CodingDone, CodingSample, SampledResponse
from review.quotes.marking import mark_quote
from review.states import Stance
from review.triage import change_status
from submissions.calls.models import Call
from submissions.responses import amending
from submissions.responses.models import Submission
from submissions.responses.states import TriageStatus
from tests.forms import messages_after
from tests.makers import FACETS, make_call, make_code, make_submitted, make_user, while_open
from tests.personal_data.erasures import erase
from tests.review.coding_pages import address, coder, page, post, signed_in
from tests.submissions.admin.test_two_people import submit_again

CODEBOOK = "/admin/review/code/"
# Her name alone: digests may have these letters, too.
BEA = re.compile(r"\bbea\b")


def make_rows():
    call = make_call()
    boss = coder(call, "boss", Role.MANAGER)
    return {"call": call, "boss": boss, "pair": [coder(call, "ada"), coder(call, "bea")]}


@pytest.fixture
def boss(made):
    return made["boss"]


@pytest.fixture
def pair(made):
    return made["pair"]


def draw(call, pair, boss, *, size=1, facet="", is_blind=True, **options):
    return draw_sample(
        call=call,
        size=size,
        coders=pair,
        facet=facet,
        is_blind=is_blind,
        by=boss,
        at=while_open(call),
        **options,
    )


def coded(response, by, start=0, end=3):
    return code_passage(
        code=response.call.codes.first() or make_code(call=response.call, name="Pay"),
        version=response.current_version,
        question=response.call.questions.get(key="story"),
        start=start,
        end=end,
        by=by,
        at=while_open(response.call),
    )


def test_sample_is_in_proportion_to_the_answers_and_the_same_by_its_number(call, pair, boss):
    for number in range(10):
        role = "provider" if number < 8 else "commissioner"
        also = {"commissioner_view": "Mine."} if role == "commissioner" else {}
        make_submitted(call, roles=[role], **also)
    sample = draw(call, pair, boss, size=5, facet="roles")
    drawn = list(sample.responses.values_list("stratum", "submission"))
    assert Counter(stratum for stratum, _ in drawn) == {"provider": 4, "commissioner": 1}
    close_sample(sample, by=boss, at=while_open(call))
    again = draw(call, pair, boss, size=5, facet="roles", seed=sample.seed)
    assert list(again.responses.values_list("stratum", "submission")) == drawn
    event = AuditEvent.objects.filter(action="sample_drawn").latest("pk")
    assert event.detail == {
        "sample": again.pk,
        "size": 5,
        "coders": sorted(person.pk for person in pair),
        "blind": True,
    }


def test_withdrawn_and_set_aside_responses_are_not_drawn(call, pair, boss):
    stays = make_submitted(call)
    Submission.objects.filter(pk=make_submitted(call).pk).update(triage_status="set_aside")
    with pytest.raises(CodingRefused, match="from 1 to 1, as many as there are"):
        draw(call, pair, boss, size=2)
    assert list(draw(call, pair, boss).responses.values_list("submission", flat=True)) == [stays.pk]


def test_impossible_draw_is_refused(call, pair, boss):
    make_submitted(call)
    eve = make_user(username="eve")
    usual = {"size": 1, "coders": pair, "facet": "", "is_blind": True, "by": boss}
    for change, said in (
        ({"coders": pair[:1]}, "Choose two coders or more"),
        ({"coders": [*pair, eve]}, "eve may not code"),
        ({"facet": "story"}, "questions to count by"),
        ({"size": 0}, "from 1 to 1"),
        ({"by": pair[0]}, "You may not draw samples"),
    ):
        with pytest.raises(CodingRefused, match=said):
            draw_sample(call=call, at=while_open(call), **usual | change)
    assert not CodingSample.objects.exists()


def test_empty_form_is_told_what_to_enter(call, boss):
    draw_page = reverse("admin:review_codingsample_draw", args=[call.pk])
    told = signed_in(boss).post(draw_page, {"facet": ""}).context["form"].errors
    assert told == {
        "size": ["Enter how many responses."],
        "coders": ["Choose two coders or more."],
    }


def test_blind_coder_sees_no_codings_of_others_until_done(call, pair, boss):
    ada, bea = pair
    response = make_submitted(call, story="Fair pay for all")
    sample = draw(call, pair, boss)
    theirs, own = coded(response, bea), coded(response, ada)
    assert list(seen_by(Coding.objects.all(), ada)) == [own]
    assert set(seen_by(Coding.objects.all(), boss)) == {theirs, own}
    client = signed_in(ada)
    shown = page(client, response, "?layer=all")
    assert "What others coded here is hidden until you say that you are done." in shown
    assert "1 coded passage, 1 code" in shown
    assert not BEA.search(shown)
    passages = f"/admin/review/code/{own.code_id}/passages/"
    assert not BEA.search(client.get(passages).content.decode())
    done = f"/admin/review/codingsample/{sample.pk}/done/"
    given = {"response": response.reference, "version": "1"}
    (said,) = messages_after(client.post(done, given))
    assert "You are done with this response. Your codings stand." in said
    assert "2 coded passages" in page(client, response, "?layer=all")
    assert BEA.search(client.get(passages).content.decode())
    assert set(seen_by(Coding.objects.all(), ada)) == {theirs, own}


def test_sample_that_is_not_blind_hides_nothing(call, pair, boss):
    response = make_submitted(call, story="Fair pay for all")
    draw(call, pair, boss, is_blind=False)
    coded(response, pair[1])
    shown = page(signed_in(pair[0]), response, "?layer=all")
    assert "1 coded passage, 1 code" in shown
    assert "is hidden until" not in shown


def test_codings_of_who_is_done_stand_until_the_sample_is_closed(call, pair, boss):
    ada, bea = pair
    response = make_submitted(call, story="Fair pay for all")
    sample = draw(call, pair, boss)
    own, sampled = coded(response, ada), sample.responses.get()
    say_done(sampled, version=1, by=ada, at=while_open(call))
    for change in (
        lambda: coded(response, ada, 5, 8),
        lambda: remove_coding(own, by=ada, at=while_open(call)),
    ):
        with pytest.raises(CodingRefused, match="your codings stand until the sample is closed"):
            change()
    assert "coding-bar" not in page(signed_in(ada), response)
    refused = post(signed_in(ada), response, passage=["0-3"])
    assert "You said that you are done with this response" in refused.content.decode()
    coded(response, bea, 5, 8)
    close_sample(sample, by=boss, at=while_open(call))
    remove_coding(own, by=ada, at=while_open(call))
    with pytest.raises(CodingRefused, match="boss closed this sample already"):
        close_sample(sample, by=boss, at=while_open(call))
    with pytest.raises(CodingRefused, match="This sample is closed"):
        say_done(sampled, version=1, by=bea, at=while_open(call))


def test_only_coders_of_the_sample_are_done_with_its_responses(call, pair, boss):
    make_submitted(call)
    sampled = draw(call, pair, boss).responses.get()
    with pytest.raises(CodingRefused, match="You do not code this sample"):
        say_done(sampled, version=1, by=boss, at=while_open(call))
    assert list(to_code(pair[0])) == [sampled]
    say_done(sampled, version=1, by=pair[0], at=while_open(call))
    say_done(sampled, version=1, by=pair[0], at=while_open(call))
    assert (list(to_code(pair[0])), list(to_code(pair[1]))) == ([], [sampled])
    assert CodingDone.objects.count() == 1


def test_coder_who_read_an_earlier_version_is_not_done(call, pair, boss):
    response = make_submitted(call, story="Fair pay for all")
    sample = draw(call, pair, boss)
    done = f"/admin/review/codingsample/{sample.pk}/done/"
    client = signed_in(pair[0])
    assert 'name="version" value="1"' in page(client, response)
    submit_again(response)
    given = {"response": response.reference, "version": "1"}
    said = client.post(done, given, follow=True).content.decode()
    assert "Its author has submitted version 2: read and code that one" in said
    assert not CodingDone.objects.exists()
    assert 'name="version" value="2"' in said
    client.post(done, given | {"version": "2"})
    assert CodingDone.objects.count() == 1


def test_coder_who_is_done_goes_on_in_the_list(call, pair, boss):
    responses = [make_submitted(call, story=f"Fair pay, {number}") for number in range(2)]
    make_submitted(call, story="Not in the sample")
    sample = draw(call, pair, boss, size=3)
    SampledResponse.objects.exclude(submission__in=responses).delete()
    client = signed_in(pair[0])
    listed = "_changelist_filters=sampled%3Dme"
    done = f"/admin/review/codingsample/{sample.pk}/done/?{listed}"
    assert f'action="{done}"' in page(client, responses[1], f"?{listed}")
    given = {"response": responses[1].reference, "version": "1"}
    answer = client.post(done, given)
    here = f"/admin/submissions/submission/{responses[1].pk}/change/"
    assert answer.headers["Location"] == f"{here}?{listed}"
    assert (
        f"/submission/{responses[0].pk}/change/?{listed}"
        in client.get(answer.headers["Location"]).content.decode()
    )


def test_withdrawn_response_is_nobodys_to_code(call, pair, boss):
    responses = [make_submitted(call, story=f"Fair pay, {number}") for number in range(2)]
    sample = draw(call, pair, boss, size=2)
    amending.withdraw(submission=responses[1], at=while_open(call))
    ada = pair[0]
    gone = sample.responses.get(submission=responses[1])
    with pytest.raises(CodingRefused, match="is not among those that count"):
        say_done(gone, version=1, by=ada, at=while_open(call))
    say_done(sample.responses.exclude(pk=gone.pk).get(), version=1, by=ada, at=while_open(call))
    assert (to_code(ada).count(), blind_to(ada).count()) == (0, 0)
    shown = signed_in(boss).get(f"/admin/review/codingsample/{sample.pk}/change/")
    assert "Withdrawn: nobody codes it any more" in shown.content.decode()


def test_response_that_is_set_aside_waits_hidden_and_keeps_nobody_back(call, pair, boss):
    ada, bea = pair
    aside, other = (make_submitted(call, story=f"Fair pay, {number}") for number in range(2))
    sample = draw(call, pair, boss, size=2)
    coded(aside, bea)
    say_done(sample.responses.get(submission=aside), version=1, by=bea, at=while_open(call))
    say_done(sample.responses.get(submission=other), version=1, by=ada, at=while_open(call))
    client = signed_in(ada)
    figures = f"/admin/review/codingsample/{sample.pk}/agreement/"

    def told():
        first_page = client.get("/admin/").content.decode()
        return [
            "To code for a sample: 1 response" in first_page,
            client.get(figures).status_code == 302,
            sees_summaries(ada, call),
            BEA.search(page(client, aside, "?layer=all")) is None,
            "It is set aside, so you do not have to code it." in page(client, aside),
        ]

    assert told() == [True, True, False, True, False]
    reason = {"reason": "test", "by": boss, "at": while_open(call)}
    change_status(aside, to=TriageStatus.SET_ASIDE, **reason)
    assert told() == [False, False, True, True, True]
    shown = signed_in(boss).get(f"/admin/review/codingsample/{sample.pk}/change/").content.decode()
    assert "Set aside: nobody has to code it. Done: bea" in shown
    change_status(aside, to=TriageStatus.UNREAD, **reason | {"reason": ""})
    assert told() == [True, True, False, True, False]
    change_status(aside, to=TriageStatus.SET_ASIDE, **reason)
    say_done(sample.responses.get(submission=aside), version=1, by=ada, at=while_open(call))
    assert told() == [False, False, True, False, False]


def test_pages_draw_show_and_close_a_sample(call, pair, boss):
    response = make_submitted(call, roles=["provider"])
    client = signed_in(boss)
    where = f"/admin/review/codingsample/draw/{call.pk}/"
    refused = client.post(where, {"size": "9", "coders": [p.pk for p in pair], "is_blind": "on"})
    assert refused.status_code == 422
    assert "Choose a number from 1 to 1" in refused.content.decode()
    given = {"size": "1", "coders": [p.pk for p in pair], "is_blind": "on", "facet": "roles"}
    shown = client.post(where, given, follow=True).content.decode()
    for said in ("ada, bea", response.reference, "<td>provider</td>", "nobody yet"):
        assert said in shown
    listed = "/admin/submissions/submission/?sampled=me"
    first_page = signed_in(pair[0]).get("/admin/").content.decode()
    assert "To code for a sample: 1 response" in first_page
    assert response.reference in signed_in(pair[0]).get(listed).content.decode()
    assert response.reference not in client.get(listed).content.decode()
    sample = CodingSample.objects.get()
    closed = client.post(f"/admin/review/codingsample/{sample.pk}/close/")
    assert "The sample is closed" in messages_after(closed)[0]
    assert response.reference not in signed_in(pair[0]).get(listed).content.decode()


def test_blind_lead_is_told_nowhere_what_others_coded_marked_and_wrote(call, pair, boss):
    response, bea = make_submitted(call, story="Fair pay for all"), pair[1]
    code = coded(response, bea).code
    other = make_code(call=call, name="Other")
    question = call.questions.get(key="story")
    where = {"version": response.current_version, "question": question, "start": 0, "end": 3}
    mark_quote(**where, by=bea, at=while_open(call))
    about = About(call, response=response, passage=PassageOf(**where))
    write_memo(about, title="Power", text="They have it.", by=bea, at=while_open(call))
    sample = draw(call, [boss, bea], boss)
    client = signed_in(boss)
    pages = {
        reverse("admin:review_matrixsummary_matrix", args=[call.pk]): BEA,
        "/admin/review/quote/": re.compile(r"\bbea\b|question=story"),
        "/admin/review/memo/": BEA,
        f"{CODEBOOK}{code.pk}/merge/": re.compile("1 coding"),
        f"{CODEBOOK}{code.pk}/retire/": re.compile("1 coding"),
    }

    def told():
        shown = {where: client.get(where) for where in pages}
        assert {page.status_code for page in shown.values()} == {200}
        return [w for w, page in shown.items() if pages[w].search(page.content.decode())]

    assert told() == []
    for one, into in ((code, other), (other, code)):
        with pytest.raises(CodingRefused, match="You code a blind sample: merge and split"):
            merge_codes(one, into=into, by=boss, at=while_open(call))
    say_done(sample.responses.get(), version=1, by=boss, at=while_open(call))
    assert told() == [*pages]


def test_passage_that_another_put_into_a_finding_is_hidden_from_a_blind_coder(call, pair, boss):
    response, bea = make_submitted(call, story="Fair pay for all"), pair[1]
    question = call.questions.get(key="story")
    where = {"version": response.current_version, "question": question, "start": 0, "end": 3}
    lead = coder(call, "lead", Role.MANAGER)
    claim = Claim(title="Pay is fair")
    finding = write_finding(call=call, claim=claim, by=lead, at=while_open(call))
    quote = mark_quote(**where, by=boss, at=while_open(call))
    put_passage(finding, quote, stance=Stance.SUPPORTS, by=lead, at=while_open(call))
    draw(call, [boss, bea], lead)
    client = signed_in(boss)
    assert (
        "Pay is fair" not in client.get(f"/admin/review/quote/{quote.pk}/change/").content.decode()
    )
    assert client.get("/admin/review/quote/?used=yes").context["cl"].result_count == 0
    choosing = client.get(f"/admin/review/finding/{finding.pk}/passages/?from=bank")
    assert [one.stance for one in choosing.context["candidates"]] == [None]
    turned = {"do": f"contrary {quote.pk} "}
    refused = client.post(f"/admin/review/finding/{finding.pk}/passages/?from=bank", turned)
    assert "You code this response blind" in refused.content.decode()
    assert [one.stance for one in finding.passages.all()] == ["supports"]


def test_who_may_code_is_found_in_as_many_queries_however_many_there_are(call, pair, boss):
    where, client = f"/admin/review/codingsample/draw/{call.pk}/", signed_in(boss)
    client.get(where)
    asked = []
    for more in (["cyd"], ["dee", "eve", "fay"]):
        for name in more:
            coder(call, name)
        with CaptureQueriesContext(connection) as queries:
            client.get(where)
        asked.append(len(queries))
    assert asked == [asked[0], asked[0]]
    members = Membership.objects.filter(call=call)
    members.filter(person__username="cyd").update(without=[Action.CODE])
    members.filter(person__username="dee").update(role=Role.STEERING_MEMBER)
    User.objects.filter(username="eve").update(is_active=False)
    members.filter(person__username="fay").update(role=Role.STEERING_MEMBER)
    User.objects.filter(username="fay").update(is_superuser=True)
    coder(make_call(slug="other"), "gil")
    names = [str(one) for one in client.get(where).context["form"].fields["coders"].queryset]
    assert names == ["ada", "bea", "boss", "fay"]


def test_second_press_draws_no_second_sample(call, pair, boss, at):
    for _ in range(4):
        make_submitted(call)
    where, client = f"/admin/review/codingsample/draw/{call.pk}/", signed_in(boss)
    given = {"size": "1", "coders": [p.pk for p in pair], "is_blind": "on"}
    assert client.post(where, given).url == client.post(where, given).url
    client.post(where, given | {"size": "2"})
    at(while_open(call) + 2 * PRESSED_TWICE)
    client.post(where, given)
    assert [sample.responses.count() for sample in CodingSample.objects.order_by("pk")] == [1, 2, 1]


def test_strangers_and_coders_neither_draw_nor_close(call, pair, boss):
    response = make_submitted(call)
    sample = draw(call, pair, boss)
    drawing = f"/admin/review/codingsample/draw/{call.pk}/"
    of_sample = f"/admin/review/codingsample/{sample.pk}"
    eve = signed_in(coder(make_call(), "eve", Role.MANAGER))
    assert eve.get(drawing).status_code == 404
    assert eve.post(f"{of_sample}/close/").status_code == 404
    assert eve.post(f"{of_sample}/done/", {"response": response.reference}).status_code == 404
    assert response.reference not in eve.get(f"{of_sample}/change/", follow=True).content.decode()
    ada = signed_in(pair[0])
    assert ada.get(drawing).status_code == 403
    assert ada.post(f"{of_sample}/close/").status_code == 403
    assert ada.post(f"{of_sample}/done/", {"response": "x"}).status_code == 404
    assert CodingSample.objects.get().closed_at is None


def test_erased_response_stays_in_the_sample_without_a_coding(call, pair, boss):
    response = make_submitted(call, story="Fair pay for all", email="one@example.org")
    draw(call, pair, boss)
    coded(response, pair[0])
    erase(response, at=while_open(call))
    assert (SampledResponse.objects.count(), Coding.objects.count()) == (1, 0)


def test_blind_coder_who_guesses_a_number_learns_of_no_coding(call, pair, boss):
    """Neither where codings are taken away, nor where a code is split."""
    ada, bea = pair
    response = make_submitted(call, story="Pay is late.")
    hidden = coded(response, bea)
    draw(call, pair, boss)
    Membership.objects.filter(person=ada).update(role=Role.MANAGER)
    blind = signed_in(ada)
    away = address(response, what="uncode")
    split = reverse("admin:review_code_split", args=[hidden.code_id])

    def said(number):
        taken = blind.post(away, {"coding": str(number), "fragment": "1"})
        moved = blind.post(split, {"coding": str(number), "name": "Other"})
        return taken.status_code, taken.context["said"], moved.context["error"]

    assert said(hidden.pk) == said(hidden.pk + 1_000)
    assert Coding.objects.get() == hidden


def test_erasing_a_response_takes_its_answer_out_of_the_sample(call, pair, boss):
    response = make_submitted(call, roles=["provider"], email="one@example.org")
    sample = draw(call, pair, boss, facet="roles")
    assert SampledResponse.objects.get().stratum == "provider"
    for short_labels, said in (
        ({}, "provider"),
        ({"provider": "gives services"}, "gives services"),
    ):
        Call.objects.update(facets=[FACETS[0] | {"short_labels": short_labels}])
        page = signed_in(boss).get(f"/admin/review/codingsample/{sample.pk}/change/")
        assert f"<td>{said}</td>" in page.content.decode()
    erase(response, at=while_open(call))
    assert SampledResponse.objects.get().stratum == ""


def test_response_is_in_one_open_sample_at_a_time(call, pair, boss):
    make_submitted(call)
    sample = draw(call, pair, boss)
    with pytest.raises(CodingRefused, match="no responses to draw from"):
        draw(call, pair, boss, seed=1)
    close_sample(sample, by=boss, at=while_open(call))
    assert draw(call, pair, boss).responses.count() == 1


def test_codes_of_an_open_sample_are_neither_merged_nor_split(call, pair, boss):
    response = make_submitted(call, story="Fair pay for all")
    sample = draw(call, pair, boss)
    own, other = coded(response, pair[0]), make_code(call=call, name="Other")
    options = {"by": boss, "at": while_open(call)}
    for change in (
        lambda: merge_codes(own.code, into=other, **options),
        lambda: split_code(own.code, codings=[own.pk], to=other, **options),
    ):
        with pytest.raises(CodingRefused, match="close the sample first"):
            change()
    close_sample(sample, **options)
    assert merge_codes(own.code, into=other, **options) == 1


def test_numbers_of_the_codebook_leave_out_what_a_blind_coder_does_not_see(call, pair, boss):
    response = make_submitted(call, story="Fair pay for all")
    draw(call, pair, boss)
    coded(response, pair[0])
    shown = [
        re.findall(r"\d+ codings? in \d+ responses?", signed_in(one).get(CODEBOOK).content.decode())
        for one in (pair[0], pair[1], boss)
    ]
    assert shown == [
        ["1 coding in 1 response"],
        ["0 codings in 0 responses"],
        ["1 coding in 1 response"],
    ]


def test_hostile_reference_is_not_found(call, pair, boss):
    make_submitted(call)
    sample = draw(call, pair, boss)
    done = f"/admin/review/codingsample/{sample.pk}/done/"
    client = signed_in(pair[0])
    for hostile in ("\0", "x" * 5000, ""):
        assert client.post(done, {"response": hostile}).status_code == 404
