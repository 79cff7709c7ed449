"""Two people who save one page at once: real threads on real connections."""

import pytest

from submissions.calls.models import Call, Question
from submissions.responses import drafting, submitting
from submissions.responses.errors import AlreadySubmitted
from submissions.responses.etags import etag
from submissions.responses.working_copy import find_response, working_answers
from tests.makers import complete_answers, make_call, make_draft, while_open
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_edits_of_one_answer_one_is_kept_and_the_other_handed_back():
    call = make_call()
    at = while_open(call)
    draft = make_draft(call, story="As both saw it")
    for _ in range(2):
        saw = working_answers(draft, call)["story"]
        seen = {"story": {etag(saw)}}

        def save(text, seen=seen):
            return lambda: (
                drafting.save_answers(
                    submission=draft, call=call, values={"story": text}, at=at, base_etags=seen
                ).conflicts
            )

        texts = [f"{saw} and Ada", f"{saw} and Ben"]
        results = at_once([save(text) for text in texts])
        kept = working_answers(draft, call)["story"]
        assert sorted(results, key=len) == [{}, {"story": kept}]
        assert texts[results.index({})] == kept


def test_edits_of_different_answers_are_both_kept():
    call = make_call()
    at = while_open(call)
    draft = make_draft(call)
    seen = {"story": {"-"}, "history": {"-"}}
    edits = [{"story": "Ada's", "history": None}, {"story": None, "history": ["bid"]}]
    results = at_once(
        [
            lambda values=values: (
                drafting.save_answers(
                    submission=draft, call=call, values=values, at=at, base_etags=seen
                ).conflicts
            )
            for values in edits
        ]
    )
    assert results == [{}, {}]
    assert working_answers(draft, call) == {"story": "Ada's", "history": ["bid"]}


def test_answer_to_a_question_that_is_new_to_one_author_is_kept_beside_theirs():
    earlier = make_call()
    at = while_open(earlier)
    draft = make_draft(earlier)
    section = earlier.questions_in_order[-1].section
    Question.objects.create(
        call=earlier, section=section, key="late", kind="short", label="Why?", position=99
    )
    now = Call.objects.get(pk=earlier.pk)
    drafting.save_answers(submission=draft, call=now, values={"late": "Ada's"}, at=at)
    kept = drafting.save_answers(submission=draft, call=earlier, values={"story": "Ben's"}, at=at)
    assert kept.answers == {"story": "Ben's"}
    assert working_answers(draft, now) == {"late": "Ada's", "story": "Ben's"}


def test_of_two_who_read_one_state_neither_overwrites_the_other():
    call = make_call()
    at = while_open(call)
    draft = make_draft(call, story="As both saw it")
    for _ in range(2):
        both = [find_response(public_id=draft.public_id, slug=call.slug) for _ in range(2)]
        saw = working_answers(both[0], call)["story"]
        texts = [f"{saw}, Ada", f"{saw}, Ben"]
        results = at_once(
            [
                lambda text=text, found=found, saw=saw: (
                    drafting.save_answers(
                        submission=found,
                        call=call,
                        values={"story": text},
                        at=at,
                        base_etags={"story": {etag(saw)}},
                    ).conflicts
                )
                for found, text in zip(both, texts, strict=True)
            ]
        )
        kept = working_answers(draft, call)["story"]
        assert sorted(results, key=len) == [{}, {"story": kept}]
        assert texts[results.index({})] == kept


def test_save_into_a_response_that_is_submitted_meanwhile_is_refused_or_submitted():
    call = make_call()
    at = while_open(call)
    for _ in range(2):
        draft = make_draft(call, **complete_answers(call, story="First words"))
        found = find_response(public_id=draft.public_id, slug=call.slug)

        def save(found=found):
            try:
                drafting.save_answers(
                    submission=found, call=call, values={"story": "Last words"}, at=at
                )
            except AlreadySubmitted:
                return "refused"
            return "kept"

        def submit(draft=draft):
            return submitting.submit(submission=draft, at=at).texts["story"]

        saved, submitted = at_once([save, submit])
        assert submitted == ("Last words" if saved == "kept" else "First words")
