"""The pages of findings, as members of the team use them, without JavaScript."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEvent
from accounts.states import Action, AuditAction, Role
from review.admin.findings.claim_form import NO_CODE
from review.coding.codebook import merge_codes, retire_code
from review.coding.samples import draw_sample
from review.findings.claims import claim_of, etag_of
from review.findings.outline import outline_of
from review.findings.passages import put_passage
from review.findings.scale import scale_of
from review.models import Coding, CodingDecision, CodingSample, DecidedCode, Finding, ReportRun
from review.quotes.marking import mark_quote
from review.states import FindingStatus, Stance
from submissions.responses.amending import withdraw
from tests.forms import messages_after
from tests.makers import allow, make_call, make_code, make_user, withhold
from tests.review.coding_pages import signed_in
from tests.review.findings.made import agreed, hide, quoted


@pytest.fixture
def ann(evidence):
    return signed_in(evidence.ann)


@pytest.fixture
def ben(evidence):
    return signed_in(evidence.ben)


def address(name, row):
    return reverse(f"admin:review_{name}", args=[row.pk])


def page_of(client, name, row, query=""):
    return client.get(address(name, row) + query).content.decode()


def told(answer):
    """What the page after it says."""
    found = re.findall(r'<li class="(?:success|error)">(.*?)</li>', answer.content.decode())
    return [one.replace("&#x27;", "'") for one in found]


def waits_for(client):
    """The findings of the list to which the line of the first page leads."""
    page = client.get("/admin/").content.decode()
    line = r'<a href="(/admin/review/finding/\?waits=me)">Findings for you to agree with: (\d+)</a>'
    rows = client.get("/admin/review/finding/?waits=me").context["cl"].result_list
    assert re.findall(line, page) == (
        [("/admin/review/finding/?waits=me", str(len(rows)))] * bool(rows)
    )
    return [str(row) for row in rows]


def base_on(page):
    return re.search(r'name="base" value="([^"]*)"', page)[1]


def typed(evidence, **given):
    return {"title": "Partners are paid late", "text": "", "strength": "most"} | given


def test_finding_is_written_and_shown_with_its_count(evidence, ann):
    given = typed(evidence, codes=[evidence.code.pk], questions=["story"], text="One\r\ntwo.")
    answer = ann.post(address("finding_write", evidence.call), given, follow=True)
    assert told(answer) == ["The finding is kept, as a draft."]
    page = answer.content.decode()
    count = re.search(r'id="count">(.*?)</dd>', page)[1]
    assert count == "2 of 3 who answered “What happened?” (66.6%)"
    assert 'id="warning"' not in page


def test_word_that_does_not_fit_is_warned_of_on_the_page(evidence, ann):
    page = page_of(ann, "finding_change", evidence.find(strength="all"))
    assert re.search(r'id="warning">(.*?)</p>', page)[1] == (
        "2 of 3 is 66.6%. “all” begins at 100%: the scale calls this “most”."
    )


def test_claim_without_words_is_asked_for_again(evidence, ann):
    answer = ann.post(address("finding_write", evidence.call), typed(evidence, title=" "))
    assert answer.status_code == 422
    assert "Enter what you claim" in answer.content.decode()
    assert NO_CODE not in answer.content.decode()
    assert not Finding.objects.exists()


def test_claim_in_a_call_without_codes_is_told_that_nothing_can_count(evidence, ann):
    Coding.objects.all().delete()
    evidence.code.delete()
    assert NO_CODE in page_of(ann, "finding_write", evidence.call)


def test_two_people_who_change_a_claim_are_told_of_each_other(evidence, ann, ben):
    finding = evidence.find()
    where = address("finding_claim", finding)
    base = base_on(ann.get(where).content.decode())
    codes = [evidence.code.pk]
    ben.post(where, typed(evidence, title="Ben’s claim", codes=codes, base=base))
    Finding.objects.update(status="dropped", reason="Not so")
    answer = ann.post(where, typed(evidence, title="Ann’s claim", codes=codes, base=base))
    assert base_on(answer.content.decode()) == base  # she has not heard of his yet
    Finding.objects.update(status="draft", reason="")
    answer = ann.post(where, typed(evidence, title="Ann’s claim", codes=codes, base=base))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "ben changed this finding meanwhile. Nothing of yours was saved" in page
    assert "Somebody else saved: “Ben’s claim”." in page
    assert 'value="Ann’s claim"' in page
    finding.refresh_from_db()
    assert finding.title == "Ben’s claim"
    again = typed(evidence, title="Ann’s claim", codes=codes, base=base_on(page))
    assert messages_after(ann.post(where, again)) == ["The finding is changed."]
    finding.refresh_from_db()
    assert finding.title == "Ann’s claim"


def test_code_that_was_merged_or_retired_while_the_claim_was_typed(evidence, ann):
    wages, late = (make_code(call=evidence.call, name=name, by=evidence.ann) for name in "WL")
    finding = evidence.find()
    merge_codes(evidence.code, into=wages, by=evidence.ann, at=evidence.at)
    given = typed(evidence, title="Late", base="1", codes=[evidence.code.pk, late.pk])
    retire_code(late, by=evidence.ann, at=evidence.at)
    refused = ann.post(address("finding_claim", finding), given)
    assert "Somebody retired a code that you ticked: it is not ticked" in refused.content.decode()
    retire_code(late, by=evidence.ann, at=evidence.at, retired=False)
    answer = ann.post(address("finding_claim", finding), given)
    assert messages_after(answer) == ["The finding is changed."]
    assert claim_of(Finding.objects.get()).codes == {wages.pk, late.pk}


def test_finding_goes_through_its_statuses(evidence, ann, ben):
    finding = evidence.find()
    where, agree = address("finding_status", finding), address("finding_agree", finding)
    set_to = {"status": "for_agreement", "base": etag_of(finding, evidence.ann)}
    evidence.find("Another, still a draft")
    assert waits_for(ben) == []
    agreed = '<option value="agreed">'
    assert agreed not in page_of(ann, "finding_change", finding)
    assert told(ann.post(where, set_to, follow=True)) == ["Its status is now: for agreement."]
    assert waits_for(ben) == waits_for(ann) == [str(finding)]
    page = page_of(ben, "finding_change", finding)
    assert agreed in page
    assert "Set it to “Agreed” once somebody other than ann, who changed it last, agrees" in page
    base = base_on(page)
    answer = ben.post(agree, {"do": "agree", "base": base}, follow=True)
    assert told(answer) == ["You agree with the finding as it is."]
    assert (waits_for(ben), waits_for(ann)) == ([], [str(finding)])
    assert re.search(r"<li>ben: agreed on [^<]*</li>", answer.content.decode())
    assert "<li>ann: not yet</li>" in answer.content.decode()
    answer = ann.post(where, {"status": "agreed", "base": base}, follow=True)
    assert told(answer) == ["Its status is now: agreed."]
    assert waits_for(ann) == []
    base = base_on(answer.content.decode())
    later, passage = evidence.at + timedelta(minutes=1), Coding.objects.earliest("pk")
    put_passage(finding, passage, stance=Stance.SUPPORTS, by=evidence.ann, at=later)
    stale = "Its strength or its passages have changed since the page was shown."
    answer = ann.post(where, {"status": "draft", "base": base})
    assert messages_after(answer) == [f"{stale} Its status was not changed."]
    page = page_of(ben, "finding_change", finding)
    assert re.search(r"<li>ben: agreed on [^<]*; others have changed its passages since</li>", page)
    answer = ben.post(agree, {"do": "take back"}, follow=True)
    assert told(answer) == ["You do not agree any more."]
    assert waits_for(ben) == [str(finding)]
    finding.refresh_from_db()
    assert finding.status == FindingStatus.FOR_AGREEMENT
    base = base_on(answer.content.decode())
    put_passage(finding, passage, stance=Stance.CONTRARY, by=evidence.ann, at=later)
    answer = ben.post(agree, {"do": "agree", "base": base}, follow=True)
    assert told(answer) == [f"{stale} Look at it as it is now."]
    assert "<li>ben: not yet</li>" in answer.content.decode()
    base = base_on(answer.content.decode())
    withdraw(submission=passage.version.submission, at=later)
    answer = ben.post(agree, {"do": "agree", "base": base})
    assert messages_after(answer) == [f"{stale} Look at it as it is now."]
    ben.post(agree, {"do": "agree", "base": base_on(page_of(ben, "finding_change", finding))})
    assert waits_for(ben) == []
    claim = {"base": str(finding.revision), "codes": [evidence.code.pk]}
    ann.post(address("finding_claim", finding), typed(evidence, title="Paid late", **claim))
    assert waits_for(ben) == ["Paid late"]


def test_stale_status_is_refused_with_the_name(evidence, ann, ben):
    finding = evidence.find()
    where, base = address("finding_status", finding), etag_of(finding, evidence.ann)
    ben.post(where, {"status": "for_agreement", "base": base})
    answer = ann.post(where, {"status": "dropped", "reason": "No.", "base": base})
    assert messages_after(answer) == [
        "ben changed this finding meanwhile. Its status was not changed. You wrote: “No.”"
    ]
    assert messages_after(ann.post(where, {"status": "x"})) == [
        "Choose a status. Its status was not changed."
    ]


def test_passages_are_chosen_and_taken_off(evidence, ann):
    finding, third = evidence.find(), evidence.responses[2]
    quote = quoted(evidence, evidence.find("Other"), evidence.responses[0]).quote
    coding = evidence.coded(third)
    where = address("finding_passages", finding)
    page = ann.get(where).content.decode()
    assert page.count("<blockquote") == 1
    answer = ann.post(where, {"do": f"supports {quote.pk}"}, follow=True)
    assert told(answer) == ["The passage stands in the finding."]
    assert "In the finding: Supports it" in answer.content.decode()
    assert ann.get(f"{where}?from=codings").content.decode().count("<blockquote") == 3
    ann.post(f"{where}?from=codings", {"do": f"contrary {coding.pk}"})
    put = {(one.stance, one.version.submission) for one in finding.passages.all()}
    assert put == {("supports", evidence.responses[0]), ("contrary", third)}
    quoted(evidence, evidence.find("Third"), third)  # in the bank, and not so in this finding
    page = page_of(ann, "finding_change", finding)
    assert page.count("They paid us late.") == 2
    assert "No report prints its words: It does not stand here as a quote of the bank." in page
    shown = AuditEvent.objects.filter(action=AuditAction.PASSAGES_READ).latest("pk").detail
    assert shown["finding"] == finding.pk
    assert set(shown["shown"]) == {evidence.responses[0].reference, third.reference}
    stale = ann.post(f"{where}?from=codings", {"do": f"supports {coding.pk} "})
    assert "ann put this passage into the finding while the page was open: “Speaks against it”" in (
        stale.content.decode()
    )
    assert f'value="supports {coding.pk} contrary"' in stale.content.decode()
    for turned in ("supports {} contrary", "contrary {} supports"):
        turning = {"do": turned.format(coding.pk)}
        answer = ann.post(f"{where}?from=codings", turning)
        assert messages_after(answer) == ["The passage stands in the finding."]
    off = finding.passages.get(stance="contrary")
    assert f'name="seen" value="{off.stance}"' in page_of(ann, "finding_change", finding)
    stale = {"passage": off.pk, "seen": "supports"}
    answer = ann.post(address("finding_take_off", finding), stale)
    said = "ann turned this passage while the page was open: “Speaks against it”."
    assert messages_after(answer) == [f"{said} It was not taken off."]
    answer = ann.post(address("finding_take_off", finding), {"passage": off.pk})
    assert messages_after(answer) == ["The passage does not stand in the finding any more."]
    answer = ann.post(address("finding_take_off", finding), {"passage": off.pk})
    assert messages_after(answer) == ["Somebody took the passage off already."]


def test_passage_that_two_people_coded_is_offered_once(evidence, ann):
    finding, third = evidence.find(), evidence.responses[2]
    evidence.coded(third)
    second = evidence.coded(third, by=evidence.ben)
    where = f"{address('finding_passages', finding)}?from=codings"
    assert ann.get(where).content.decode().count("<blockquote") == 3
    answer = ann.post(where, {"do": f"supports {second.pk}"})
    assert messages_after(answer) == ["The passage stands in the finding."]


def test_passage_that_somebody_decided_against_is_not_offered(evidence, ann):
    finding, (first, second) = evidence.find(), evidence.responses[:2]
    quoted(evidence, evidence.find("Other"), first)
    sample = CodingSample.objects.create(
        call=evidence.call, seed=1, drawn_by=evidence.ann, drawn_at=evidence.at
    )
    decision = CodingDecision.objects.create(
        sample=sample,
        version=first.current_version,
        question=evidence.question,
        start=0,
        end=18,
        until=19,
        reason="It is about time",
        by=evidence.ann,
        at=evidence.at,
    )
    offered = {}
    for stands in (True, False):
        DecidedCode.objects.update_or_create(
            decision=decision, code=evidence.code, defaults={"stands": stands}
        )
        for source in ("quotes", "bank", "codings"):
            page = ann.get(f"{address('finding_passages', finding)}?from={source}")
            shown = {one.response for one in page.context["candidates"]}
            offered[source, stands] = shown
    assert offered == {
        ("quotes", True): {first},
        ("quotes", False): set(),
        ("bank", True): {first},
        ("bank", False): {first},
        ("codings", True): {first, second},
        ("codings", False): {second},
    }


def test_quote_under_another_code_is_in_the_whole_bank_alone(evidence, ann):
    finding = evidence.find()
    quoted(evidence, evidence.find("Other"), evidence.responses[2])
    assert "<blockquote" not in page_of(ann, "finding_passages", finding)
    asked = []
    for more in ([], evidence.responses[:2]):
        for response in more:
            quoted(evidence, evidence.find("Other"), response)
        with CaptureQueriesContext(connection) as queries:
            page = page_of(ann, "finding_passages", finding, "?from=bank")
        asked.append((page.count("<blockquote"), len(queries)))
    assert asked == [(1, asked[0][1]), (3, asked[0][1])]


def test_pages_ask_as_much_for_three_findings_and_quotes_as_for_one(evidence, ann):
    """The page of a finding, the outline, and a report that is compared with what is there now."""
    finding = evidence.find()
    report = {"audience": "team", "file_format": "csv"}
    ann.post(address("reportrun_make", evidence.call), report)
    pages = {
        "finding_change": finding,
        "finding_outline": evidence.call,
        "reportrun_changed": ReportRun.objects.get(),
    }
    asked = []
    for more in (evidence.responses[:1], evidence.responses[1:]):
        for response in more:
            hide(evidence, response, start=19, end=22)
            evidence.campaign(response, name=f"Campaign of {response}")
            for one in (finding, evidence.find(f"Claim {response.pk}")):
                quoted(evidence, one, response, end=24)
        numbers = {}
        for name, row in pages.items():
            page_of(ann, name, row)
            with CaptureQueriesContext(connection) as queries:
                page_of(ann, name, row)
            numbers[name] = len(queries)
        asked.append(numbers)
    assert asked == [asked[0], asked[0]]
    page = page_of(ann, "finding_change", finding)
    assert page.count("They paid us late. The p") == 3
    page = page_of(ann, "reportrun_changed", pages["reportrun_changed"])
    assert page.count("is new.</li>") == 3
    for response in evidence.responses:
        assert f"Responses of “Campaign of {response}”: nothing then, 1 now" in page


def test_quote_that_consent_forbids_says_why(evidence, ann):
    finding, secret = evidence.find(), evidence.respond(publication="confidential")
    evidence.coded(secret)
    place = {"start": 0, "end": 4, "by": evidence.ann, "at": evidence.at}
    quote = mark_quote(version=secret.current_version, question=evidence.question, **place)
    where = address("finding_passages", finding)
    page = ann.get(where).content.decode()
    assert "It cannot stand in a finding: " in page
    assert f"supports {quote.pk}" not in page
    answer = ann.post(where, {"do": f"supports {quote.pk}"})
    assert answer.status_code == 422
    assert "its words cannot stand in a finding." in answer.content.decode()


def test_passage_of_a_withdrawn_response_is_not_shown(evidence, ann):
    finding = evidence.find()
    quoted(evidence, finding, evidence.responses[0])
    withdraw(submission=evidence.responses[0], at=evidence.at)
    page = page_of(ann, "finding_change", finding)
    assert "They paid us late." not in page
    assert "1 of responses that are withdrawn or erased is not shown." in page
    withdraw(submission=evidence.responses[1], at=evidence.at)
    page = page_of(ann, "finding_change", finding)
    assert re.search(r'id="count">(.*?)</dd>', page)[1] == "0 of 1 response (0%)"


def test_coder_of_a_blind_sample_sees_no_passage_of_others(evidence):
    finding, coder = evidence.find(), make_user(Role.REVIEWER, username="cat")
    quoted(evidence, finding, evidence.responses[0])
    draw_sample(
        call=evidence.call,
        size=3,
        coders=[coder, evidence.ben],
        facet="",
        is_blind=True,
        by=evidence.ann,
        at=evidence.at,
    )
    client = signed_in(coder)
    page = page_of(client, "finding_change", finding)
    assert "They paid us late." not in page
    assert "0 of 3 responses (0%)" in page
    for source in ("quotes", "bank", "codings"):
        chosen = page_of(client, "finding_passages", finding, f"?from={source}")
        assert "<blockquote" not in chosen
    allow(coder, Action.READ_RECORD)
    history = signed_in(coder).get(address("finding_history", finding)).context["action_list"]
    assert [change.what.split(".")[0] for change in history] == ["Wrote a finding"]


def test_who_sees_hidden_words_is_told_that_no_report_has_them_and_others_see_none(evidence, ann):
    finding = evidence.find()
    quoted(evidence, finding, evidence.responses[0])
    said = "Words of it are hidden from readers outside the team, and in each report."
    pages = [page_of(ann, "finding_change", finding), page_of(ann, "finding_passages", finding)]
    assert [said in page for page in pages] == [False, False]
    hide(evidence, evidence.responses[0], start=10, end=13)
    pages = [page_of(ann, "finding_change", finding), page_of(ann, "finding_passages", finding)]
    assert [said in page and ">They paid us late.<" in page for page in pages] == [True, True]
    withhold(evidence.ben, Action.SEE_REDACTED)
    reader = signed_in(evidence.ben)
    for name in ("finding_change", "finding_passages"):
        assert ">They paid ███late.<" in page_of(reader, name, finding)


def test_outline_is_ordered_by_buttons(evidence, ann):
    evidence.find("One")
    evidence.find("Two")
    where = address("finding_outline", evidence.call)

    def press(do, **given):
        base = base_on(ann.get(where).content.decode())
        return messages_after(ann.post(where, {"do": do, "base": base} | given))

    assert press("add", title="Money") == ["The outline is changed."]
    one, two, money = outline_of(evidence.call)
    press(f"up heading-{money.pk}")
    press(f"down finding-{one.pk}")
    press(f"rename heading-{money.pk}", **{f"title-heading-{money.pk}": "Late money"})
    assert [item.title for item in outline_of(evidence.call)] == ["Late money", "One", "Two"]
    press(f"remove heading-{money.pk}")
    assert [item.title for item in outline_of(evidence.call)] == ["One", "Two"]
    page = ann.get(where).content.decode()
    assert f'value="up finding-{one.pk}"' not in page
    assert f'value="down finding-{two.pk}"' not in page


def test_heading_that_is_typed_stays_where_another_button_is_pressed(evidence, ann, ben):
    where = address("finding_outline", evidence.call)
    for title in ("Money", "Trust"):
        base = base_on(ann.get(where).content.decode())
        ann.post(where, {"do": "add", "title": title, "base": base})
    money, trust = outline_of(evidence.call)

    def fields(page):
        """What stands in the fields, and what of it is there already."""
        return [
            re.search(rf'name="{name}" [^>]*value="([^"]*)"', page)[1]
            for one in (money, trust)
            for name in (f"title-heading-{one.pk}", f"was-heading-{one.pk}")
        ] + [re.search(r'name="title" [^>]*value="([^"]*)"', page)[1]]

    def press(do, page, new="", **typed):
        given = dict(re.findall(r'name="((?:was|title)-[^"]+)" [^>]*value="([^"]*)"', page))
        given |= {
            f"title-heading-{one.pk}": typed.get(name, given[f"title-heading-{one.pk}"])
            for one, name in ((money, "money"), (trust, "trust"))
        }
        return ann.post(where, given | {"do": do, "base": base_on(page), "title": new})

    page = ann.get(where).content.decode()
    assert fields(page) == ["Money", "Money", "Trust", "Trust", ""]
    moved = press(f"down heading-{money.pk}", page, new="Third", money="Late money")
    assert moved.status_code == 200
    assert told(moved) == ["The outline is changed."]
    page = moved.content.decode()
    assert "What you typed elsewhere on the page is not saved yet." in page
    assert fields(page) == ["Late money", "Money", "Trust", "Trust", "Third"]
    page = press("add", page, new="Third").content.decode()
    assert fields(page) == ["Late money", "Money", "Trust", "Trust", ""]
    page = press("add", page, trust="Lost trust").content.decode()
    assert "Enter the heading." in page
    assert fields(page) == ["Late money", "Money", "Lost trust", "Trust", ""]
    page = press(f"rename heading-{trust.pk}", page).content.decode()
    assert fields(page) == ["Late money", "Money", "Lost trust", "Lost trust", ""]
    base = base_on(ben.get(where).content.decode())
    ben.post(where, {"do": f"remove heading-{trust.pk}", "base": base})
    page = press(f"up heading-{money.pk}", page, trust="Trust lost").content.decode()
    assert "ben changed the outline" in page
    assert "You typed “<bdi>Trust lost</bdi>” for a heading that is not there any more." in page
    assert re.search(rf'name="title-heading-{money.pk}" [^>]*value="Late money"', page)
    renamed = ann.post(
        where,
        {
            "do": f"rename heading-{money.pk}",
            "base": base_on(page),
            f"title-heading-{money.pk}": "Late money",
            f"was-heading-{money.pk}": "Money",
        },
    )
    assert renamed.status_code == 302
    assert [item.title for item in outline_of(evidence.call)] == ["Late money", "Third"]


def test_stale_outline_is_refused_with_the_name_and_keeps_what_was_typed(evidence, ann, ben):
    where = address("finding_outline", evidence.call)
    ben.post(
        where, {"do": "add", "title": "Money", "base": base_on(ben.get(where).content.decode())}
    )
    base = base_on(ann.get(where).content.decode())
    ben.post(where, {"do": "add", "title": "Ben", "base": base})
    refused = ann.post(where, {"do": "add", "title": "", "base": base})
    assert base_on(refused.content.decode()) == base  # she has not heard of his yet
    answer = ann.post(where, {"do": "add", "title": "Ann", "base": base})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "ben changed the outline while this page was open. Nothing of yours was saved" in page
    assert 'value="Ann"' in page
    heading = evidence.call.report_headings.get(title="Money")
    pay = {"do": f"rename heading-{heading.pk}", f"title-heading-{heading.pk}": "Pay"}
    ben.post(where, pay | {"base": base_on(ben.get(where).content.decode())})
    given = {f"title-heading-{heading.pk}": "Late money", "base": base}
    page = ann.post(where, {"do": f"rename heading-{heading.pk}"} | given).content.decode()
    assert 'value="Late money"' in page
    assert page.count("Not saved: the heading is") == 1
    assert "Not saved: the heading is “<bdi>Pay</bdi>”." in page
    assert 'value="Ben"' in page


def test_scale_is_defined_on_its_page_and_a_stale_one_keeps_what_was_typed(evidence, ann, ben):
    where = address("finding_scale", evidence.call)
    base = base_on(ann.get(where).content.decode())
    given = {"base": base, "name-0": "most", "share-0": "60", "name-4": "few", "share-4": "1"}
    assert messages_after(ann.post(where, given)) == ["The scale is kept."]
    said = [(step.name, step.smallest_share) for step in scale_of(evidence.call)]
    assert said == [("most", 60), ("few", 1)]
    answer = ben.post(where, given | {"name-0": "nearly all", "share-0": "90"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "ann changed the scale while this page was open. Nothing of yours was saved" in page
    assert 'value="nearly all"' in page
    assert "The scale is “most” from 60%" in page
    again = given | {"name-0": "nearly all", "base": base_on(page)}
    answer = ben.post(where, again | {"share-0": "a half"})
    assert "Enter a whole number from 0 to 100 for “nearly all”." in answer.content.decode()
    assert 'value="a half"' in answer.content.decode()
    assert messages_after(ben.post(where, again | {"share-0": "90"})) == ["The scale is kept."]


def test_share_without_a_word_is_refused_and_an_emptied_word_goes(evidence, ann):
    where = address("finding_scale", evidence.call)
    page = ann.get(where).content.decode()
    shown = dict(re.findall(r'name="((?:key|name|share)-\d+)"[^>]* value="([^"]*)"', page))
    shown["base"] = base_on(page)
    refused = ann.post(where, shown | {"name-1": "", "share-5": "75"})
    assert refused.status_code == 422
    said = refused.content.decode()
    assert "Enter the word that begins at 75%." in said
    rows = [(line.number, line.name, line.share) for line in refused.context["lines"]]
    assert rows == [
        (0, "all", "100"),
        (1, "many", "30"),
        (2, "some", "10"),
        (3, "a few", "0"),
        (4, "", "75"),
        (5, "", ""),
        (6, "", ""),
    ]
    kept = dict(re.findall(r'name="((?:key|name|share)-\d+)"[^>]* value="([^"]*)"', said))
    answer = ann.post(where, kept | {"base": base_on(said), "name-4": "most"})
    assert messages_after(answer) == ["The scale is kept."]
    names = [step.name for step in scale_of(evidence.call)]
    assert names == ["all", "most", "many", "some", "a few"]


def test_report_is_made_and_compared(evidence, ann):
    finding = agreed(evidence, evidence.find())
    where = address("reportrun_make", evidence.call)
    # The keys of JSON come back in another order than that of the outline.
    for number, title, codes in ((2, "Second", {evidence.code.pk}), (1, "Last", set())):
        other = agreed(evidence, evidence.find(title, codes=frozenset(codes)))
        Finding.objects.filter(pk=other.pk).update(guid=UUID(int=number))
    answer = ann.post(where, {"audience": "outside", "file_format": "html"})
    run = ReportRun.objects.get()
    name = f"{evidence.call.slug}-findings-{run.pk}.html"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    page = page_of(ann, "reportrun_change", run)
    assert run.sha256 in page
    assert f"<li>{evidence.responses[0].reference}: story 0 to 18</li>" in page
    assert re.findall(r"<h3>(.*?)</h3>\s*(?:<details><summary>|<p>)([^<]*)", page) == [
        ("Partners are paid late", "Counted: 2 of 3"),
        ("Second", "Counted: 2 of 3"),
        ("Last", "Counted: 0 of 3."),
    ]
    assert "the same report would be made now" in page_of(ann, "reportrun_changed", run)
    quoted(evidence, finding, evidence.responses[0], stance=Stance.CONTRARY)
    assert "is new." in page_of(ann, "reportrun_changed", run)
    compared = AuditEvent.objects.filter(action=AuditAction.REPORT_COMPARED)
    assert [event.detail["differences"] for event in compared.order_by("pk")] == [0, 1]


def test_page_says_how_many_findings_a_report_will_have_and_which_it_leaves_out(evidence, ann):
    none = "No finding is in the outline yet: a report has its appendix alone."
    where = address("reportrun_make", evidence.call)
    found = [said_before_the_button(ann, where)]
    finding, _ = agreed(evidence, evidence.find()), evidence.find("A draft")
    found.append(said_before_the_button(ann, where))
    for audience, number in (("team", 2), ("outside", 1)):
        ann.post(where, {"audience": audience, "file_format": "csv"})
        assert len(ReportRun.objects.latest("pk").snapshot["findings"]) == number
    Finding.objects.exclude(pk=finding.pk).update(status=FindingStatus.DROPPED, reason="Not so")
    found.append(said_before_the_button(ann, where))
    Finding.objects.update(status=FindingStatus.DROPPED, reason="Not so")
    found.append(said_before_the_button(ann, where))
    one = "A report for the project team has {}. One for readers outside has 1 finding"
    assert found == [
        none,
        f"{one.format('2 findings')}: 1 is not agreed.",
        f"{one.format('1 finding')}. 1 dropped finding is in neither.",
        f"{none} 2 dropped findings are in neither.",
    ]


def said_before_the_button(client, where):
    page = client.get(where).content.decode()
    return re.search(r'<p>([^<]*)</p>\s*<div class="submit-row">', page)[1]


def test_report_for_nobody_is_asked_for_again(evidence, ann):
    answer = ann.post(address("reportrun_make", evidence.call), {})
    assert answer.status_code == 422
    assert "Choose for whom the report is" in answer.content.decode()


def test_members_of_other_calls_and_coders_write_nothing(evidence):
    finding, other = evidence.find(), make_call()
    stranger = make_user(username="dan")
    other.members.create(person=stranger, role=Role.MANAGER)
    coder = signed_in(make_user(Role.CODER, username="eve"))
    for client, status in ((signed_in(stranger), 404), (coder, 403)):
        for name in ("finding_claim", "finding_passages"):
            assert client.get(address(name, finding)).status_code == status
    assert coder.get(address("finding_change", finding)).status_code == 200
    assert claim_of(finding).title == "Partners are paid late"


def test_pages_of_a_call_are_for_who_may_read_its_responses(evidence, ann):
    evidence.find()
    ann.post(address("reportrun_make", evidence.call), {"audience": "team", "file_format": "csv"})
    run = ReportRun.objects.get()
    withhold(evidence.ben, Action.READ_RESPONSES)
    ben = signed_in(evidence.ben)
    for name in ("reportrun_change", "reportrun_changed"):
        shown = ben.get(address(name, run), follow=True).content.decode()
        assert evidence.responses[0].reference not in shown
        assert evidence.responses[0].reference in page_of(ann, "reportrun_change", run)
    for name in ("finding_write", "finding_outline", "finding_scale", "reportrun_make"):
        assert ben.get(address(name, evidence.call)).status_code == 404
    for name in ("finding_changelist", "reportrun_changelist"):
        shown = ben.get(reverse(f"admin:review_{name}")).content.decode()
        assert address("reportrun_make", evidence.call) not in shown


def test_list_shows_findings_of_own_calls_with_their_status(evidence, ann):
    evidence.find()
    page = ann.get(reverse("admin:review_finding_changelist")).content.decode()
    assert "Partners are paid late" in page
    assert address("finding_outline", evidence.call) in page


def test_history_says_who_changed_it(evidence, ann):
    finding = evidence.find()
    page = page_of(ann, "finding_history", finding)
    assert "Wrote a finding" in page


def test_base_of_choices_alone_is_warned_of(evidence):
    finding = evidence.find(questions=("roles",))
    page = signed_in(evidence.ann).get(f"/admin/review/finding/{finding.pk}/change/")
    assert "No passage can count." in page.content.decode()
    outline = signed_in(evidence.ann).get(f"/admin/review/finding/of/{evidence.call.pk}/outline/")
    assert "No passage can count." in outline.content.decode()
    both = evidence.find(questions=("roles", "story"), title="Both")
    page = signed_in(evidence.ann).get(f"/admin/review/finding/{both.pk}/change/")
    assert "No passage can count." not in page.content.decode()
