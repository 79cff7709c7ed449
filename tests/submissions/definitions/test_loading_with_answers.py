"""What people answered stays as it was asked, whatever definition is loaded."""

import pytest

from accounts.models import AuditEvent
from submissions.calls.models import Call
from submissions.responses.working_copy import working_answers
from tests.makers import make_attachment, make_draft, make_submitted
from tests.submissions.definitions.small_call import (
    ABOUT,
    EVIDENCE,
    TEXT,
    answered,
    changed,
    load_text,
    refusal,
    snapshot,
    without_question,
)

pytestmark = pytest.mark.django_db


def test_question_moves_to_another_section_with_its_answers():
    draft = make_draft(load_text().call, number="123456")
    block = '[[sections.questions]]\nkey = "number"\nkind = "short"\nlabel = "Charity number"\n'
    block += 'warn_unless = "[0-9]{6,7}"\nwarning = "That looks odd"\n'
    text = changed(block, "") + "\n" + block
    assert refusal(text) == [
        f"{ABOUT}.number: 1 response answered it as it was (section would change): load with "
        "--reword if it still asks the same"
    ]
    call = load_text(text, reword=True).call
    assert call.questions_by_key["number"].section.key == "evidence"
    assert working_answers(draft, call) == {"number": "123456"}


@pytest.mark.parametrize("reword", [False, True])
def test_question_with_answers_cannot_be_removed(reword):
    answered(story="What happened")
    make_draft(Call.objects.get(), story="More")
    before = snapshot()
    assert refusal(without_question("story"), reword=reword) == [
        f"{EVIDENCE}.story: cannot be removed: 2 responses answered it"
    ]
    assert snapshot() == before


def test_question_about_identity_with_answers_cannot_be_removed():
    answered(email="a@example.org")
    assert refusal(without_question("email")) == [
        f"{ABOUT}.email: cannot be removed: 1 response answered it"
    ]


def test_question_with_files_cannot_be_removed():
    make_attachment(make_draft(load_text().call), name="a.pdf")
    assert refusal(without_question("documents")) == [
        f"{EVIDENCE}.documents: cannot be removed: 1 response answered it"
    ]


def test_question_answered_in_a_version_only_cannot_be_removed():
    answered(story="What happened").answers.all().delete()
    assert refusal(without_question("story")) == [
        f"{EVIDENCE}.story: cannot be removed: 1 response answered it"
    ]


def test_section_with_answers_cannot_be_removed():
    answered(story="What happened")
    text = TEXT[: TEXT.rindex("[[sections]]")]
    text = text.replace("[call]", '[call]\npublication = "never"', 1)
    problems = refusal(text)
    assert f"{EVIDENCE}.story: cannot be removed: 1 response answered it" in problems
    assert f"{EVIDENCE}.publication: cannot be removed: 1 response answered it" in problems


def test_kind_of_a_question_with_answers_cannot_change():
    answered(number="123456")
    text = changed(
        'kind = "short"\nlabel = "Charity number"\nwarn_unless = "[0-9]{6,7}"\n'
        'warning = "That looks odd"',
        'kind = "long"\nlabel = "Charity number"',
    )
    assert refusal(text, reword=True) == [
        f"{ABOUT}.number.kind: cannot change: 1 response answered it"
    ]


def test_evidence_with_answers_cannot_become_identity():
    answered(number="123456")
    text = changed('label = "Charity number"', 'label = "Charity number"\nidentity = true')
    assert refusal(text, reword=True) == [
        f"{ABOUT}.number.identity: cannot change: 1 response answered it"
    ]


@pytest.mark.parametrize(
    ("answers", "old", "new", "path"),
    [
        (
            {"publication": "named"},
            '{ key = "named", label = "Yes, with a name" }',
            '{ key = "anonymous", label = "Yes, without names" }',
            f"{EVIDENCE}.publication.options.named",
        ),
        (
            {"history": ["bid"]},
            '{ key = "bid", label = "Bid" }',
            '{ key = "led", label = "Led" }',
            f"{EVIDENCE}.history.options.bid",
        ),
        (
            {"fairness": {"risk": "good"}},
            '{ key = "risk", label = "Risk" }',
            '{ key = "time", label = "Time" }',
            f"{EVIDENCE}.fairness.rows.risk",
        ),
        (
            {"fairness": {"risk": "good"}},
            '{ key = "good", label = "Good" }',
            '{ key = "fine", label = "Fine" }',
            f"{EVIDENCE}.fairness.options.good",
        ),
        (
            {"roles": ["provider"]},
            'key = "provider"',
            'key = "supplier"',
            f"{ABOUT}.roles.options.provider",
        ),
    ],
)
def test_option_or_row_that_was_chosen_cannot_be_removed(answers, old, new, path):
    answered(**answers)
    text = changed(old, new)
    for condition in ('show_if = "history contains bid"', 'show_if = "roles contains provider"'):
        text = text.replace(condition, "")
    assert f"{path}: cannot be removed: 1 response chose it" in refusal(text, reword=True)


def test_option_that_nobody_chose_can_be_removed():
    answered(history=["bid"])
    text = changed(
        '{ key = "none", label = "None", exclusive = true }', '{ key = "x", label = "X" }'
    )
    assert load_text(text, reword=True).changes == ("sections.evidence.history: options",)


def test_words_of_a_question_with_answers_change_only_on_request():
    answered(story="What happened")
    text = changed('label = "What happened?"', 'label = "What took place?"')
    assert refusal(text) == [
        f"{EVIDENCE}.story: 1 response answered it as it was (label would change): load with "
        "--reword if it still asks the same"
    ]
    assert load_text(text, reword=True).changes == ("sections.evidence.story: label",)
    assert AuditEvent.objects.first().detail["changes"] == ["sections.evidence.story: label"]


def test_words_of_a_section_with_answers_change_only_on_request():
    answered()
    text = changed('title = "Evidence"', 'title = "Your evidence"')
    assert refusal(text) == [
        f"{EVIDENCE}: 1 response answered questions in it as it was (title would change): load "
        "with --reword if it asks the same"
    ]
    assert load_text(text, reword=True).changes == ("sections.evidence: title",)


def test_condition_that_stops_asking_about_publication_warns_of_responses_that_change():
    answered(history=["bid"], publication="named")
    label = 'label = "May we publish this?"'
    text = changed(label, f'{label}\nshow_if = "history contains none"')
    assert refusal(text)[-1] == (
        f"{EVIDENCE}.publication: would not be asked again for 1 response that answered it: each "
        "becomes confidential once its author changes it. Load with --reword if you want that"
    )
    text = changed(label, f'{label}\nshow_if = "history contains bid"')
    assert refusal(text) == [
        f"{EVIDENCE}.publication: 1 response answered it as it was (show_if would change): load "
        "with --reword if it still asks the same"
    ]


def test_words_of_a_question_without_answers_can_change():
    answered(history=[])
    text = changed('label = "Charity number"', 'label = "Registered number"')
    assert load_text(text).changes == ("sections.about_you.number: label",)


def test_optional_question_can_be_added_after_responses():
    answered()
    added = '\n[[sections.questions]]\nkey = "more"\nkind = "long"\nlabel = "More?"\n'
    result = load_text(TEXT + added)
    assert result.changes == ("sections.evidence.more: added",)
    assert result.call.questions_in_order[-1].key == "more"


def test_required_question_is_added_after_responses_only_on_request():
    answered()
    added = '\n[[sections.questions]]\nkey = "more"\nkind = "long"\nlabel = "?"\nrequired = true\n'
    assert refusal(TEXT + added) == [
        f"{EVIDENCE}.more.required: is new and required, after 1 response came in: make it "
        "optional, or load with --reword"
    ]
    assert load_text(TEXT + added, reword=True).outcome == "changed"


def test_prefix_of_references_that_were_given_cannot_change():
    load_text()
    assert load_text(changed('"SML"', '"SMA"')).changes == ("call.reference_prefix: changed",)
    make_submitted(Call.objects.get())
    assert refusal(TEXT) == [
        "small.toml: call.reference_prefix: references that begin with SMA have been given"
    ]


def test_prefix_of_another_call_is_refused_to_whoever_has_it_not_already():
    load_text()
    other = changed('slug = "small"', 'slug = "other"')
    own = changed('"SML"', '"OWN"', other)
    said = [
        "small.toml: call.reference_prefix: “SML” begins the references of the call “small”: "
        "choose another, so that a reference tells its call"
    ]
    assert refusal(other) == said
    load_text(own)
    assert refusal(other) == said
    Call.objects.filter(slug="other").update(reference_prefix="SML")  # as of an earlier release
    assert load_text(changed('title = "', 'title = "New ', other)).outcome == "changed"


def test_answers_to_another_call_do_not_matter():
    answered(story="What happened")
    other = changed('"SML"', '"OTH"', changed('slug = "small"', 'slug = "other"'))
    load_text(other)
    assert load_text(without_question("story", other)).outcome == "changed"
