"""What QualCoder finds in a project: text by each closed answer and by what is derived from it."""

import pytest

from tests.exports.exporting import exported
from tests.exports.qda_files import valid
from tests.exports.qualcoder import CASE, FILE, QualCoder
from tests.makers import make_call, make_first_call, make_submitted


@pytest.mark.django_db
def test_every_variable_of_a_text_finds_the_texts_of_the_responses_with_that_value():
    call = make_call()
    asked = {
        "First": {"roles": ["provider"], "fairness": {"risk": "good"}},
        "Second": {"roles": ["provider", "commissioner"], "fairness": {"risk": "poor"}},
        "Third": {"roles": ["commissioner"]},
    }
    for story, answers in asked.items():
        make_submitted(call, story=story, **answers)
    data = exported(call, "qdpx")
    valid(data)
    read = QualCoder(data)

    def stories(name, value):
        return [story for story in asked for text in read.texts(name, value) if story in text]

    assert stories("roles: provider (text)", "true") == ["First", "Second"]
    assert stories("roles: provider (text)", "false") == ["Third"]
    assert stories("roles (text)", "provider; commissioner") == ["Second"]
    assert stories("fairness_risk (text)", "good") == ["First"]
    assert stories("publication (text)", "named") == ["First", "Second", "Third"]


@pytest.mark.django_db
def test_text_is_found_by_the_band_that_is_derived_from_an_answer():
    call = make_first_call()
    small = make_submitted(call, good_practice="Small", income_band="lt_10k")
    large = make_submitted(call, good_practice="Large", income_band="100k_1m")
    read = QualCoder(exported(call, "qdpx"))
    derived = [one["key"] for one in call.derived if one["question"] == "income_band"]
    assert derived
    for name in derived:
        for response in (small, large):
            (text,) = read.texts(f"{name} (text)", read.of_cases[response.reference][name])
            assert text.startswith(response.reference)


@pytest.mark.django_db
def test_variables_of_texts_are_of_files_and_say_what_those_of_the_case_say():
    call = make_call()
    response = make_submitted(call, story="Words", roles=["provider"])
    withheld = make_submitted(call, story="Nothing of it", publication="confidential")
    read = QualCoder(exported(call, "qdpx"))
    assert {kind for name, kind in read.kinds.items() if name.endswith(" (text)")} == {FILE}
    own = [name for name in read.of_files[next(iter(read.of_files))] if name.endswith(" (text)")]
    assert {read.kinds[name.removesuffix(" (text)")] for name in own} == {CASE}
    first, second = read.of_files.values()
    for held, reference in ((first, response.reference), (second, withheld.reference)):
        of_case = read.of_cases[reference]
        own = {name: value for name, value in held.items() if name.endswith(" (text)")}
        assert own == {name: of_case[name.removesuffix(" (text)")] for name in own}
    assert second == {"publication (text)": "confidential"}
    of_handling = {"submitted_at", "timing", "channel", "attachments", "words", "status"}
    assert of_handling <= set(read.of_cases[response.reference])
    assert not of_handling & {name.removesuffix(" (text)") for name in first}
