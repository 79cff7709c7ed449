"""The words for strength: which fits a count, and who may define them."""

import pytest

from accounts.models import AuditEvent
from accounts.states import AuditAction, Role
from review.errors import FindingOutdated, FindingRefused
from review.findings.claims import etag_of
from review.findings.scale import (
    USUAL,
    Step,
    define_scale,
    etag_of_scale,
    fitting_step,
    scale_of,
    why_not_fitting,
)
from review.models import StrengthStep
from tests.makers import make_user

SCALE = [StrengthStep(name=name, smallest_share=share) for name, share in USUAL]


def step(name):
    return next(one for one in SCALE if one.name == name)


def define(evidence, steps, *, base=None, by=None):
    base = etag_of_scale(evidence.call) if base is None else base
    by = by or evidence.ann
    return define_scale(evidence.call, steps=steps, base=base, by=by, at=evidence.at)


def said(evidence):
    return [(one.name, one.smallest_share) for one in scale_of(evidence.call)]


@pytest.mark.parametrize(
    ("number", "of", "word"),
    [
        (81, 81, "all"),
        (80, 81, "most"),
        (51, 100, "most"),
        (50, 100, "many"),
        (1, 100, "a few"),
        (0, 81, None),
        (0, 0, None),
    ],
)
def test_word_fits_from_its_share_on(number, of, word):
    fits = fitting_step(SCALE, number=number, of=of)
    assert (fits.name if fits else None) == word


@pytest.mark.parametrize(
    ("word", "number", "of", "warning"),
    [
        ("most", 62, 81, ""),
        (
            "most",
            40,
            81,
            "40 of 81 is 49.3%. “most” begins at 51%: the scale calls this “many”.",
        ),
        ("some", 62, 81, "62 of 81 is 76.5%. “some” begins at 10%: the scale calls this “most”."),
        ("most", 0, 81, "None of 81: no word of the scale fits."),
        ("most", 0, 0, "Nobody is counted, so that “most” stands on nothing."),
    ],
)
def test_word_that_does_not_fit_is_warned_of(word, number, of, warning):
    assert why_not_fitting(SCALE, step(word), number=number, of=of) == warning


def test_no_word_is_no_warning():
    assert why_not_fitting(SCALE, None, number=1, of=2) == ""


def test_share_below_every_word_is_said():
    scale = [StrengthStep(name="most", smallest_share=51)]
    assert why_not_fitting(scale, scale[0], number=1, of=10) == (
        "1 of 10 is 10%. “most” begins at 51%, and no word of the scale at less than that share."
    )


def test_call_has_the_usual_words_until_it_defines_its_own(evidence):
    assert said(evidence) == list(USUAL)
    define(evidence, [Step("the majority", 50), Step("a minority", 1)])
    assert said(evidence) == [("the majority", 50), ("a minority", 1)]
    event = AuditEvent.objects.get(action=AuditAction.SCALE_CHANGED)
    assert event.detail == {"scale": {"the majority": 50, "a minority": 1}}
    assert event.actor == evidence.ann


@pytest.mark.parametrize("steps", [USUAL, [("the majority", 50), ("a minority", 1)]])
def test_same_words_again_are_no_change(evidence, steps):
    if steps != USUAL:
        define(evidence, [Step(*one) for one in steps])
    there = list(StrengthStep.objects.all())
    events = AuditEvent.objects.count()
    define(
        evidence, [Step(one.name, one.smallest_share, one.pk) for one in scale_of(evidence.call)]
    )
    assert said(evidence) == list(steps)
    assert list(StrengthStep.objects.all()) == there
    assert AuditEvent.objects.count() == events


def test_renamed_word_is_renamed_in_its_findings(evidence):
    finding = evidence.find(strength="most")
    shown = etag_of(finding, evidence.ben)
    steps = {one.name: one.pk for one in scale_of(evidence.call)}
    names = {"most": "nearly all", "many": "most"}  # the second takes the name of the first
    define(
        evidence,
        [Step(names.get(name, name), share, steps[name]) for name, share in USUAL],
    )
    finding.refresh_from_db()
    assert finding.strength.name == "nearly all"
    assert etag_of(finding, evidence.ben) != shown  # nobody agrees with another word unseen


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([], "A scale has from 1 to 12 words"),
        ([Step("most", 101)], "“most” begins at a share from 0 to 100 per cent"),
        ([Step("most", 5), Step("Most", 6)], "“Most” is there twice"),
        ([Step("most", 5), Step("many", 5)], "“most” and “many” both begin at 5%"),
        ([Step(" ", 5)], "Enter the word that begins at 5%"),
    ],
)
def test_scale_that_cannot_be_is_refused(evidence, steps, message):
    with pytest.raises(FindingRefused) as refused:
        define(evidence, steps)
    assert refused.value.message == message


def test_word_in_use_is_not_taken_away(evidence):
    evidence.find(strength="most")
    keep = [
        Step(o.name, o.smallest_share, o.pk) for o in scale_of(evidence.call) if o.name != "most"
    ]
    with pytest.raises(FindingRefused, match="“most” is the strength of “Partners are paid late”"):
        define(evidence, keep)
    assert said(evidence) == list(USUAL)


def test_second_of_two_people_is_told_who_was_first(evidence):
    base = etag_of_scale(evidence.call)
    define(evidence, [Step("most", 60)], base=base, by=evidence.ben)
    with pytest.raises(FindingOutdated, match=r"^ben changed the scale while this page was open"):
        define(evidence, [Step("most", 70)], base=base)
    assert said(evidence) == [("most", 60)]


def test_coder_does_not_define_the_scale(evidence):
    with pytest.raises(FindingRefused, match="You may not change the scale"):
        define(evidence, [Step("most", 60)], by=make_user(Role.CODER))
