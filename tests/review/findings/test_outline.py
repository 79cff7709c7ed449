"""The outline of a report: one order of headings and findings, which two people do not tear."""

import pytest

from accounts.models import AuditEvent
from accounts.states import AuditAction, Role
from review.errors import FindingOutdated, FindingRefused
from review.findings.claims import etag_of, set_status
from review.findings.outline import (
    DOWN,
    UP,
    add_heading,
    etag_of_outline,
    key_of,
    move,
    outline_of,
    remove_heading,
    rename_heading,
)
from review.states import FindingStatus
from tests.makers import make_user


@pytest.fixture
def outline(evidence):
    """One, a heading, two."""
    evidence.find("One")
    change(evidence, add_heading, "Money")
    evidence.find("Two")
    return evidence


def base_of(evidence):
    return etag_of_outline(outline_of(evidence.call))


def change(evidence, verb, *given, base=None, by=None, **options):
    base = base or base_of(evidence)
    verb(evidence.call, *given, base=base, by=by or evidence.ann, at=evidence.at, **options)


def titles(evidence):
    return [item.title for item in outline_of(evidence.call)]


def key(evidence, title):
    return next(key_of(item) for item in outline_of(evidence.call) if item.title == title)


def test_items_stand_in_the_order_in_which_they_came(outline):
    assert titles(outline) == ["One", "Money", "Two"]


def test_item_changes_places_with_the_next(outline):
    change(outline, move, key(outline, "Two"), step=UP)
    assert titles(outline) == ["One", "Two", "Money"]
    change(outline, move, key(outline, "One"), step=DOWN)
    assert titles(outline) == ["Two", "One", "Money"]


@pytest.mark.parametrize(
    ("title", "step", "message"),
    [("One", UP, "It is the first already"), ("Two", DOWN, "It is the last already")],
)
def test_ends_stay_where_they_are(outline, title, step, message):
    with pytest.raises(FindingRefused) as refused:
        change(outline, move, key(outline, title), step=step)
    assert refused.value.message == message


def test_heading_is_renamed_and_removed(outline):
    events = AuditEvent.objects.filter(action=AuditAction.OUTLINE_CHANGED)
    before = events.count()
    change(outline, rename_heading, key(outline, "Money"), " Late  money ")
    change(outline, rename_heading, key(outline, "Late money"), "Late money")
    assert titles(outline) == ["One", "Late money", "Two"]
    assert events.count() == before + 1
    change(outline, remove_heading, key(outline, "Late money"))
    assert titles(outline) == ["One", "Two"]


@pytest.mark.parametrize("title", ["", " ", "x" * 201])
def test_heading_without_words_or_too_long_is_refused(outline, title):
    with pytest.raises(FindingRefused, match="heading"):
        change(outline, add_heading, title)


def test_dropped_finding_leaves_the_outline(outline):
    finding = outline_of(outline.call)[0]
    set_status(
        finding,
        status=FindingStatus.DROPPED,
        base=etag_of(finding, outline.ann),
        reason="No.",
        by=outline.ann,
        at=outline.at,
    )
    assert titles(outline) == ["Money", "Two"]


def test_second_of_two_who_move_is_told_who_was_first(outline):
    base = base_of(outline)
    change(outline, move, key(outline, "Two"), step=UP, base=base, by=outline.ben)
    with pytest.raises(FindingOutdated) as outdated:
        change(outline, move, key(outline, "One"), step=DOWN, base=base)
    assert outdated.value.message == "ben changed the outline while this page was open"
    assert titles(outline) == ["One", "Two", "Money"]


def test_coder_does_not_order(outline):
    with pytest.raises(FindingRefused, match="You may not change the outline"):
        change(outline, add_heading, "Mine", by=make_user(Role.CODER))
