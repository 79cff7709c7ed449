"""What the codebook and findings quote of a response, or say of its author, ends with it."""

import pytest

from accounts.states import Role
from personal_data import erasing
from personal_data.names import is_common
from review.coding.codings import code_passage
from review.coding.forgetting import ERASED, Ending, forget_examples
from review.errors import FindingRefused
from review.findings.claims import Claim, change_finding, write_finding
from review.findings.passages import put_passage
from review.models import Finding, FindingPassage
from review.noting import add_note
from review.states import Stance
from submissions.responses.states import ErasureScope
from tests.makers import (
    EVIDENCE,
    make_call,
    make_code,
    make_submitted,
    make_user,
    while_open,
)
from tests.personal_data.erasures import erase

STORY = "We bid together. The prime kept half of it.\nIt hurt."
EXAMPLES = {
    "quoted": "One said: “The prime\nkept half of it.”",
    "one line": "One said: “The prime kept half of it.”",
    "a name within a word": "Canada@example.org.uk",
    "alone": "the prime kept half of it.",
    "named": "As ada@example.org said.",
    "own": "A prime keeps more than its share.",
    "short": "It hurt.",
}
# What is left of a definition in the same words.
LEFT = {
    "quoted": "One said: “[erased]”",
    "one line": "One said: “[erased]”",
    "alone": "[erased]",
    "named": "As [erased] said.",
}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("scope", "gone"),
    [
        (ErasureScope.RESPONSE, {"quoted", "one line", "alone", "named"}),
        (ErasureScope.IDENTITY, {"named"}),
        (ErasureScope.FILES, set()),
    ],
)
def test_examples_findings_and_parts_of_definitions_end_with_the_response_that_they_quote(
    at, scope, gone
):
    call = make_call()
    at(while_open(call))
    response = make_submitted(call, story=STORY, email="ada@example.org")
    boss = make_user(Role.MANAGER)
    for name, example in EXAMPLES.items():
        make_code(call=call, name=name, example=example, description=example, use_when=example)
        claim = Claim(title=name, text=example)
        write_finding(call=call, claim=claim, by=boss, at=while_open(call))
    Finding.objects.update(status="agreed")
    elsewhere = make_code(call=make_call(), name="alone", example=EXAMPLES["alone"])
    erase(response, at=while_open(call), scope=scope)
    found = {code.name: code.example for code in call.codes.all()}
    assert {name for name, example in found.items() if example == ERASED} == gone
    assert all(example in (ERASED, EXAMPLES[name]) for name, example in found.items())
    for code in call.codes.all():
        left = LEFT[code.name] if code.name in gone else EXAMPLES[code.name]
        assert (code.description, code.use_when) == (left, left)
    elsewhere.refresh_from_db()
    assert elsewhere.example == EXAMPLES["alone"]
    rows = Finding.objects.filter(call=call)
    assert {one.title for one in rows if one.text == ERASED} == gone
    asked_anew = {one.title for one in rows if (one.status, one.revision) == ("for_agreement", 2)}
    assert asked_anew == gone
    for one in rows.filter(title__in=gone):
        old = {"claim": Claim(title=one.title, text=EXAMPLES[one.title]), "base": 1}
        with pytest.raises(FindingRefused, match="was erased while this page was open"):
            change_finding(one, by=boss, at=while_open(call), **old)


@pytest.mark.django_db
def test_passages_of_findings_end_with_their_response(at):
    call = make_call()
    at(while_open(call))
    response, boss = make_submitted(call, story=STORY), make_user(Role.MANAGER)
    code = make_code(call=call, name="Pay")
    ask = {"by": boss, "at": while_open(call)}
    coding = code_passage(
        code=code,
        version=response.current_version,
        question=call.questions.get(key="story"),
        start=0,
        end=4,
        **ask,
    )
    finding = write_finding(call=call, claim=Claim(title="A claim"), **ask)
    put_passage(finding, coding, stance=Stance.SUPPORTS, **ask)
    erase(response, at=while_open(call))
    assert not FindingPassage.objects.exists()


@pytest.mark.django_db
def test_words_that_others_use_too_name_nobody_but_beside_the_response_itself(at, monkeypatch):
    called = [
        {"key": key, "kind": "short", "label": key, "identity": True}
        for key in ("from", "org_name")
    ]
    call = make_call(evidence_questions=[*EVIDENCE, *called])
    moment, boss = while_open(call), make_user(Role.MANAGER)
    at(moment)
    letter = "Nobody had shelter until a member of the public paid."
    make_submitted(call, story=f"Dear all. {letter} Kay Bell, Jo and Fair Deal are hard to beat.")
    asked = []

    def ask(words, *, submission, people):
        asked.append((submission, words))
        return is_common(words, submission=submission, people=people)

    monkeypatch.setattr(erasing, "is_common", ask)
    given = ("Shelter", "A member of the public", "The same", "Acme Bids", "Ida", "no")
    given += ("Kay Bell", "Fair Deal", "Jo")
    left = {}
    for number, words in enumerate(given):
        response = make_submitted(call, **{"org_name" if words == "Fair Deal" else "from": words})
        said = f"As {words} do."
        make_code(call=call, name=f"Code {number}", example=said, description=said)
        notes = [
            add_note(response, text=text, by=boss, at=moment)
            for text in (f"{words}: rang back.", "Nothing of the validator is known.")
        ]
        erase(response, at=moment, scope=ErasureScope.IDENTITY)
        for note in notes:
            note.refresh_from_db()
        left[words] = [note.text for note in notes if not note.text.startswith("Erased")]
    examples = {code.name for code in call.codes.all() if code.example == ERASED}
    # A person's whole name is theirs, whoever else has it.
    assert examples == {f"Code {given.index(words)}" for words in ("Acme Bids", "Kay Bell")}
    assert len(asked) == len(set(asked))  # of a large call it takes seconds
    # What a campaign had two people send is quoted until both are erased.
    own = ("Mine, of it all.", "They beat me there.", "He did it to me, and so it was.")
    theme = make_code(
        call=call, name="Letter", example=f"“{letter}”", description=f"“{'” and “'.join(own)}”"
    )
    in_vivo = make_code(call=call, name="“Mine, of it all”")
    erase(make_submitted(call, story=f"{' '.join(own)} {letter}"), at=moment)
    theme.refresh_from_db()
    in_vivo.refresh_from_db()
    assert in_vivo.name == f"[erased] {in_vivo.pk}"
    assert (theme.example, theme.description) == (
        f"“{letter}”",
        "“[erased]” and “[erased]” and “[erased]”",
    )
    kept = "Nothing of the validator is known."
    assert left == {words: [kept] for words in given} | {"no": ["no: rang back.", kept]}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("description", "left"),
    [
        ("Kay Bell rang.", "[erased] rang."),
        ("Ute Weiß rang.", "[erased]"),
        ("Bells rang.", "Bells rang."),
    ],
)
def test_no_part_of_a_name_is_left_in_a_definition(description, left):
    code = make_code(call=make_call(), name="Pay", description=description)
    names = ["bell", "kay bell", "ute weiss"]
    forget_examples(code.call, Ending(names, (), lambda _words: False))
    code.refresh_from_db()
    assert code.description == left
