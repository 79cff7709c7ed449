"""What a call asks is read once for as long as it stays the same, and never after it changed."""

import pytest
from django.db import transaction
from django.db.models import F

from submissions.calls.models import Call, Question, RespondentRole, Section
from submissions.calls.states import QuestionKind
from tests.makers import make_call, make_first_call

pytestmark = pytest.mark.django_db


def labels(call):
    return [question.label for question in Call.objects.get(pk=call.pk).questions_in_order]


def revision(call):
    return Call.objects.get(pk=call.pk).revision


def test_all_that_is_asked_is_as_it_is_stored(django_assert_num_queries):
    call = make_first_call()
    Question.objects.filter(call=call).update(hint="“Words” & \\ more\r\n")
    call = Call.objects.get(pk=call.pk)
    with django_assert_num_queries(4):
        asked = call.questionnaire
    for table, read in (
        (RespondentRole, asked.roles),
        (Section, asked.sections),
        (Question, asked.questions),
    ):
        stored = table.objects.filter(call=call).in_bulk()
        assert {one.pk for one in read} == set(stored)
        for one in read:
            if table is Question and one.kind == QuestionKind.ROLES:
                assert one.options == [role.as_option() for role in asked.roles]
                one.options = stored[one.pk].options
            values = {f.attname: getattr(one, f.attname) for f in table._meta.concrete_fields}
            assert values == table.objects.filter(pk=one.pk).values(*values).get()
    positions = [(one.section.position, one.position) for one in asked.questions]
    assert positions == sorted(positions)


def test_questions_are_read_once(django_assert_num_queries):
    call = make_call()
    labels(call)
    with django_assert_num_queries(1):
        labels(call)


@pytest.mark.parametrize("model", [RespondentRole, Section, Question])
def test_revision_is_another_after_each_change(model):
    call = make_call()
    before = revision(call)
    model.objects.filter(call=call).update(position=F("position") + 100)
    changed = revision(call)
    assert changed != before
    model.objects.filter(call=call).last().delete()
    assert revision(call) not in {before, changed}


def test_new_words_are_seen_at_once():
    call = make_call()
    labels(call)
    Question.objects.filter(call=call, key="story").update(label="What happened, in your words?")
    assert "What happened, in your words?" in labels(call)


def test_old_copy_of_a_call_brings_no_old_questions_back():
    call = make_call()
    old = Call.objects.get(pk=call.pk)
    labels(call)
    Question.objects.filter(call=call, key="story").update(label="What happened, in your words?")
    old.title = "Another title"
    old.save()
    assert Call.objects.get(pk=call.pk).title == "Another title"
    assert "What happened, in your words?" in labels(call)


def test_one_calls_change_leaves_anothers_revision():
    call, other = make_call(), make_call()
    before = revision(other)
    Question.objects.filter(call=call).update(hint="")
    assert revision(other) == before


def test_revision_is_another_after_the_call_itself_changes():
    call = make_call()
    before = revision(call)
    Call.objects.filter(pk=call.pk).update(contact_name="Somebody else")
    assert revision(call) != before


def test_words_that_are_rolled_back_are_kept_nowhere():
    call = make_call()
    with transaction.atomic():
        Question.objects.filter(call=call, key="story").update(label="Never asked")
        asked = [question.label for question in call.questions_in_order]
        transaction.set_rollback(True)
    assert "Never asked" in asked
    assert "Never asked" not in labels(call)
