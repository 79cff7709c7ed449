"""The files of a report, read back by other programs: each number and quote leads back."""

import csv
import io
import json
from copy import deepcopy
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise

import docx
import pytest

from accounts.models import AuditEvent, User
from accounts.states import Action, AuditAction, Role
from core.spoken_time import say_moment
from review.coding.samples import draw_sample
from review.errors import FindingRefused
from review.findings.finding_counts import Stands
from review.findings.making import make_report
from review.findings.outline import add_heading, etag_of_outline, move, outline_of
from review.findings.passages import put_passage
from review.findings.reports import _Hiding
from review.models import ReportRun
from review.states import ReportAudience, ReportFormat, Stance
from tests.makers import make_code, make_user, withhold
from tests.review.findings.made import Evidence, agreed, amend, hide, quoted

TEAM, OUTSIDE = ReportAudience.TEAM, ReportAudience.OUTSIDE
DOCX, HTML, CSV = ReportFormat.DOCX, ReportFormat.HTML, ReportFormat.CSV
ROLE = "I provide services"
SAID = "They paid us late."
COUNT = "2 of 3 responses (66.6%)"
KEEP = "It names confidential responses: keep it in the team."


class Page(HTMLParser):
    """What a page has: its tags, its headings with their levels, its cells and its text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.headings, self.cells, self.words = [], [], [], [], []
        self._open = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag not in {"meta"}:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open and self._open[-1] in {"h1", "h2", "h3", "h4", "h5"}:
            self.headings.append((int(self._open[-1][1]), data))
        if self._open and self._open[-1] in {"td", "th"}:
            self.cells.append(data)
        self.words.append(data.strip())

    @property
    def text(self):
        return "\n".join(self.words)


def report_of(evidence, file_format, audience=TEAM, by=None):
    return make_report(
        evidence.call,
        audience=audience,
        file_format=file_format,
        by=by or evidence.ann,
        at=evidence.at,
    )


def words_of(content):
    """All paragraphs of a Word file, and the cells of its tables."""
    document = docx.Document(io.BytesIO(content))
    paragraphs = [one.text for one in document.paragraphs]
    cells = [[cell.text for cell in row.cells] for table in document.tables for row in table.rows]
    return paragraphs, cells


def test_word_file_sets_quotes_as_quotes_with_the_line_ends_of_word(reported):
    response = reported.respond(story="Paid late.\vAnd half.")
    reported.coded(response, start=0, end=20)
    quoted(reported, reported.finding, response, start=0, end=20)
    document = docx.Document(io.BytesIO(report_of(reported, DOCX)[1]))
    quotes = [one.text for one in document.paragraphs if one.style.name == "Quote"]
    assert {"Paid late.", "And half."} < set(quotes)


def rows_of(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.fixture(scope="module")
def made(made_once):
    return made_once(lambda: {"evidence": Evidence(), "reported": make_reported()})


@pytest.fixture
def evidence(made, db, at):
    return copy_of(made["evidence"], at)


@pytest.fixture
def reported(made, db, at):
    return copy_of(made["reported"], at)


def copy_of(evidence, at):
    at(evidence.at)
    return deepcopy(evidence)


def make_reported():
    """In a call of its own, an agreed finding with a quote for it and one against it."""
    evidence = Evidence()
    evidence.finding = evidence.find(text="First line.\nSecond line.")
    quoted(evidence, evidence.finding, evidence.responses[0])
    quoted(
        evidence, evidence.finding, evidence.responses[2], stance=Stance.CONTRARY, start=19, end=39
    )
    agreed(evidence, evidence.finding)
    return evidence


def test_word_file_has_each_number_quote_and_reference(reported):
    _, content = report_of(reported, DOCX)
    paragraphs, cells = words_of(content)
    first, second, third = reported.responses
    assert f"Strength: “most”: {COUNT}." in paragraphs
    place = "version 1, “What happened?”, characters"
    at = paragraphs.index(SAID)
    assert paragraphs[at + 1] == f"{ROLE}, {first.reference}, {place} 0 to 18"
    at = paragraphs.index("The prime kept half.")
    assert paragraphs[at + 1] == f"{ROLE}, {third.reference}, {place} 19 to 39"
    for response in (first, second):
        assert [response.reference, "1", "story 0–18"] in cells
    assert f"In the base, and not counted: {third.reference}" in paragraphs
    for response in reported.responses:
        assert [response.reference, "1", response.current_version.sha256] in cells
    assert ["Responses received, without withdrawn and erased ones", "3"] in cells
    assert ["most", "51%"] in cells


def test_headings_of_the_word_file_are_those_of_the_outline(reported):
    outline = etag_of_outline(outline_of(reported.call))
    ask = {"by": reported.ann, "at": reported.at}
    add_heading(reported.call, "Money", base=outline, **ask)
    items = outline_of(reported.call)
    key = f"heading-{items[-1].pk}"
    move(reported.call, key, step=-1, base=etag_of_outline(items), **ask)
    document = docx.Document(io.BytesIO(report_of(reported, DOCX)[1]))
    headings = [
        (one.style.name, one.text) for one in document.paragraphs if "Heading" in one.style.name
    ]
    assert headings[:4] == [
        ("Heading 1", f"Findings: {reported.call.title}"),
        ("Heading 2", "Money"),
        ("Heading 3", "1. Partners are paid late"),
        ("Heading 4", "Passages that support it"),
    ]


def test_page_has_each_number_quote_and_reference(reported):
    _, content = report_of(reported, HTML)
    page = Page(content.decode())
    first, _, third = reported.responses
    assert f"“most”: {COUNT}." in page.words
    assert SAID in page.words
    place = "version 1, “What happened?”, characters"
    assert f"{ROLE}, {first.reference}, {place} 0 to 18" in page.words
    assert f"{ROLE}, {third.reference}, {place} 19 to 39" in page.words
    for response in reported.responses:
        assert response.current_version.sha256 in page.cells


def test_page_needs_nothing_else_and_skips_no_level(reported):
    page = Page(report_of(reported, HTML)[1].decode())
    assert {"script", "link", "img", "iframe", "a", "object"} & set(page.tags) == set()
    assert {"src", "href", "style", "onload"} & set(page.attributes) == set()
    levels = [level for level, _ in page.headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.tags.count("caption") == page.tags.count("table") > 0


def test_page_shows_what_was_typed_as_text(evidence):
    evidence.find("<script>alert(1)</script> & more")
    page = Page(report_of(evidence, HTML)[1].decode())
    assert "script" not in page.tags
    assert (2, "1. <script>alert(1)</script> & more") in page.headings


def test_table_has_a_row_for_each_number_passage_and_response(reported):
    rows = rows_of(report_of(reported, CSV)[1])
    first, second, third = reported.responses
    found = [
        (row["kind"], row["reference"], row["version"], row["start"], row["end"], row["words"])
        for row in rows
        if row["finding"]
    ]
    assert found == [
        ("finding", "", "", "", "", ""),
        ("code", "", "", "", "", ""),
        ("agreed", "", "", "", "", ""),
        ("counted", first.reference, "1", "0", "18", ""),
        ("counted", second.reference, "1", "0", "18", ""),
        ("in the base", third.reference, "1", "", "", ""),
        ("supports", first.reference, "1", "0", "18", SAID),
        ("contrary", third.reference, "1", "19", "39", "The prime kept half."),
    ]
    assert [(row["kind"], row["value"]) for row in rows[:4]] == [
        ("report", ""),
        ("finding", f"most: {COUNT}"),
        ("code", "Pay"),
        ("agreed", f"ben, {say_moment(reported.at, reported.call.timezone)}"),
    ]
    assert rows[0]["note"].endswith("for the project team. " + KEEP)
    assert [row["role"] for row in rows if row["words"]] == [ROLE, ROLE]
    sources = {row["reference"]: row["sha256"] for row in rows if row["reference"]}
    assert sources == {one.reference: one.current_version.sha256 for one in reported.responses}


def test_no_report_has_a_digest_that_would_tell_hidden_words(reported):
    first, second, _ = reported.responses
    hide(reported, first, start=0, end=4)
    for file_format in ReportFormat:
        _, content = report_of(reported, file_format)
        text = str(words_of(content)) if file_format == DOCX else content.decode()
        digests = [one.current_version.sha256 in text for one in (first, second)]
        assert digests == [False, True], file_format


@pytest.mark.parametrize("file_format", ReportFormat)
def test_readers_outside_get_no_digest_that_would_tell_what_is_not_published(reported, file_format):
    first = reported.responses[0]
    unnamed = reported.respond(publication="anonymous", story="They paid us late, too.")
    from_coding(reported, reported.finding, unnamed)
    for audience, expected in ((OUTSIDE, [True, False]), (TEAM, [True, True])):
        _, content = report_of(reported, file_format, audience)
        text = str(words_of(content)) if file_format == DOCX else content.decode()
        assert unnamed.reference in text
        digests = [one.current_version.sha256 in text for one in (first, unnamed)]
        assert digests == expected


def test_table_runs_no_formula(evidence):
    evidence.find("=1+1")
    assert rows_of(report_of(evidence, CSV)[1])[1]["title"] == "'=1+1"


def test_word_that_does_not_fit_is_warned_of_in_the_report(evidence):
    evidence.find(strength="some")
    paragraphs, _ = words_of(report_of(evidence, DOCX)[1])
    assert (
        "The word does not fit: 2 of 3 is 66.6%. “some” begins at 10%: the scale calls this "
        "“most”." in paragraphs
    )


def test_report_is_kept_without_words(reported):
    run, content = report_of(reported, DOCX)
    assert (run.sha256, run.by, run.audience) == (sha256(content).hexdigest(), reported.ann, TEAM)
    kept = json.dumps(ReportRun.objects.get().snapshot, ensure_ascii=False)
    for words in ("paid", "prime", "Partners", "First line"):
        assert words not in kept
    first = reported.responses[0]
    finding = run.snapshot["findings"][str(reported.finding.guid)]
    assert (finding["number"], finding["of"]) == (2, 3)
    assert finding["counted"][first.reference] == [["story", "", 0, 18]]
    assert finding["passages"][0] == {
        "stance": "supports",
        "reference": first.reference,
        "version": 1,
        "sha256": first.current_version.sha256,
        "place": ["story", "", 0, 18],
        "printed": True,
        "redacted": [],
    }
    event = AuditEvent.objects.get(action=AuditAction.REPORT_MADE)
    assert event.detail["shown"] == sorted(
        one.reference for one in (reported.responses[0], reported.responses[2])
    )


def test_passage_of_an_amended_response_says_so(reported):
    amend(reported, reported.responses[0], story=f"{SAID} Now they pay on time.")
    paragraphs, _ = words_of(report_of(reported, DOCX)[1])
    said = paragraphs[paragraphs.index(SAID) + 1]
    assert said.endswith("; its author has amended the response since")
    cells = words_of(report_of(reported, DOCX)[1])[1]
    versions = reported.responses[0].versions.order_by("number")
    assert [row for row in cells if row[0] == reported.responses[0].reference][-2:] == [
        [reported.responses[0].reference, str(one.number), one.sha256] for one in versions
    ]


@pytest.mark.parametrize("audience", ReportAudience)
def test_redacted_words_stand_in_no_report(reported, audience):
    hide(reported, reported.responses[0], start=10, end=13)
    paragraphs, cells = words_of(report_of(reported, DOCX, audience)[1])
    assert "They paid ███late." in paragraphs
    assert SAID not in paragraphs
    assert ["Passages redacted: commercially confidential", "1"] in cells


def test_team_reads_the_place_of_what_may_not_be_printed_and_no_words(evidence):
    finding, secret = evidence.find(), evidence.respond(publication="confidential")
    from_coding(evidence, finding, secret)
    paragraphs, _ = words_of(report_of(evidence, DOCX)[1])
    assert (
        f"{secret.reference}, version 1, “What happened?”, characters 0 to 18. Confidential: for "
        "the project team only" in paragraphs
    )
    assert SAID not in paragraphs
    assert "Strength: “most”: 3 of 4 responses (75%)." in paragraphs


def from_coding(evidence, finding, response):
    coding = evidence.coded(response)
    return put_passage(finding, coding, stance=Stance.SUPPORTS, by=evidence.ann, at=evidence.at)


def test_readers_outside_get_agreed_findings_alone(reported):
    reported.find("A draft that nobody agreed with")
    paragraphs, _ = words_of(report_of(reported, DOCX, OUTSIDE)[1])
    assert "1. Partners are paid late" in paragraphs
    assert "2. A draft that nobody agreed with" not in paragraphs
    assert "Agreed by: 1 member of the project team" in paragraphs
    team, _ = words_of(report_of(reported, DOCX)[1])
    assert "2. A draft that nobody agreed with" in team
    assert "Status: Draft" in team


def test_readers_outside_get_nothing_of_a_confidential_response(reported):
    secret = reported.respond(publication="confidential", story="A secret story, all of it.")
    from_coding(reported, reported.finding, secret)
    for file_format in ReportFormat:
        _, content = report_of(reported, file_format, OUTSIDE)
        text = "\n".join(words_of(content)[0]) if file_format == DOCX else content.decode()
        assert COUNT in text
        assert secret.reference not in text
        assert secret.current_version.sha256 not in text
    _, cells = words_of(report_of(reported, DOCX, OUTSIDE)[1])
    assert ["Responses received, without withdrawn and erased ones", "4"] in cells


def test_readers_outside_are_told_of_further_passages_but_of_no_confidential_one(reported):
    more = "Further passages are not shown here, as their words may not be printed."
    secret = reported.respond(publication="confidential")
    from_coding(reported, reported.finding, secret)
    assert more not in words_of(report_of(reported, DOCX, OUTSIDE)[1])[0]
    put_passage(
        reported.finding,
        reported.coded(reported.responses[1], start=19, end=39),
        stance=Stance.SUPPORTS,
        by=reported.ann,
        at=reported.at,
    )
    assert more in words_of(report_of(reported, DOCX, OUTSIDE)[1])[0]


def test_hidden_numbers_are_said_to_be_hidden(made, db, at):
    evidence = Evidence(hides_small_counts=True)
    at(evidence.at)
    agreed(evidence, evidence.find(questions=("story",)))
    paragraphs, _ = words_of(report_of(evidence, DOCX, OUTSIDE)[1])
    assert (
        "Strength: “most”: the numbers are hidden, as one of them would tell a small count. "
        "Base: who answered “What happened?”." in paragraphs
    )


def test_readers_outside_are_told_of_findings_that_stand_on_few(reported):
    paragraphs, _ = words_of(report_of(reported, DOCX, OUTSIDE)[1])
    assert "This finding stands on fewer than 5 responses: read it with care." in paragraphs


def test_small_counts_are_hidden_where_the_call_asks(made, db, at):
    evidence = Evidence(hides_small_counts=True)
    at(evidence.at)
    for _ in range(10):
        evidence.respond()
    few = agreed(evidence, evidence.find("Two say so"))
    six = agreed(evidence, evidence.find("Seven say so", codes=frozenset({seven(evidence)})))
    quoted(evidence, few, evidence.responses[0])
    paragraphs, cells = words_of(report_of(evidence, DOCX, OUTSIDE)[1])
    assert "Strength: “most”: fewer than 5 of 13 responses." in paragraphs
    assert "Strength: “most”: 7 of 13 responses (53.8%)." in paragraphs
    references = [row[0] for row in cells if row[0].startswith("TST-")]
    assert references == [evidence.responses[0].reference]  # the one that is quoted
    snapshot = ReportRun.objects.get().snapshot["findings"]
    assert snapshot[str(few.guid)]["number"] == 2
    assert snapshot[str(six.guid)]["number"] == 7
    shown, _ = words_of(report_of(evidence, DOCX, TEAM)[1])
    assert "Strength: “most”: 2 of 13 responses (15.3%)." in shown


def test_base_that_leaves_few_of_those_that_are_not_confidential_is_hidden(made, db, at):
    evidence = Evidence(hides_small_counts=True)
    at(evidence.at)
    finding, found = evidence.find(), {}
    for number, hides_open in ((9, True), (13, False), (14, False), (14, True)):
        hiding = _Hiding(evidence.call, OUTSIDE, total=20, apart=6, hides_open=hides_open)
        stands = Stands(dict.fromkeys(range(number)))
        found[number, hides_open] = hiding.count(finding, stands).of
    assert found == {(9, True): 9, (13, False): None, (14, False): 14, (14, True): None}


def seven(evidence):
    """The key of a code that seven responses have."""
    code = make_code(call=evidence.call, name="Seven")
    others = evidence.call.submissions.order_by("-pk")[:7]
    for response in others:
        evidence.coded(response, code=code)
    return code.pk


def test_nobody_makes_a_report_while_they_code_a_blind_sample(evidence):
    coder = make_user(Role.REVIEWER)
    draw_sample(
        call=evidence.call,
        size=1,
        coders=[coder, evidence.ben],
        facet="",
        is_blind=True,
        by=evidence.ann,
        at=evidence.at,
    )
    with pytest.raises(FindingRefused, match=r"^You code a blind sample, and a report"):
        report_of(evidence, CSV, by=coder)
    report_of(evidence, CSV)
    assert ReportRun.objects.count() == 1


def test_coder_makes_no_report(evidence):
    with pytest.raises(FindingRefused, match="You may not make reports"):
        report_of(evidence, CSV, by=make_user(Role.CODER))


def test_who_may_not_read_responses_makes_no_report(evidence):
    withhold(evidence.ben, Action.READ_RESPONSES)
    ben = User.objects.get(pk=evidence.ben.pk)
    with pytest.raises(FindingRefused, match="You may not make reports"):
        report_of(evidence, CSV, by=ben)


@pytest.mark.parametrize("audience", [TEAM, OUTSIDE])
@pytest.mark.parametrize("heading", ["", "Payment"])
def test_report_without_findings_says_so(evidence, audience, heading):
    if heading:
        base = etag_of_outline(outline_of(evidence.call))
        add_heading(evidence.call, heading, base=base, by=evidence.ann, at=evidence.at)
    paragraphs, _ = words_of(report_of(evidence, DOCX, audience)[1])
    assert "There are no findings yet." in paragraphs
    assert ("Payment" in paragraphs) == (heading != "" and audience == TEAM)
