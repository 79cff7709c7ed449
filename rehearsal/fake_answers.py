"""One invented response: choices first, as conditions look only at choices, then words."""

import math
from dataclasses import dataclass
from random import Random
from typing import Any

from rehearsal.fake_words import (
    make_fake_address,
    make_fake_charity_number,
    make_fake_organisation,
    make_fake_person,
    make_fake_text,
)
from submissions.calls.models import Call, Question
from submissions.calls.states import CHOICE_KINDS, MULTIPLE_KINDS, TEXT_KINDS, QuestionKind
from submissions.responses.answering import asked_questions, is_asked, is_required

MEDIAN_WORDS, LONGEST_WORDS = 400, 5_000
_SPREAD = 0.95  # of the logarithm: one response in 250 comes near the longest
ANSWERS_OPTIONAL = 0.75  # the share of optional questions that somebody answers
_AIM = 1.06  # as whole sentences fall short of the words that there is room for
_WORDS_A_QUESTION = (50, 260)


@dataclass(frozen=True)
class FakeResponse:
    """`asked` are the questions that apply; `answers` question key -> stored value."""

    asked: list[Question]
    answers: dict[str, Any]


def make_fake_answers(call: Call, random: Random) -> FakeResponse:
    """Return a response that could be submitted, of any length that is usual."""
    answers: dict[str, Any] = {}
    for question in call.questions_in_order:
        if question.kind in CHOICE_KINDS and is_asked(call, question, answers):
            value = _choose(question, random, required=is_required(question, answers))
            if value:
                answers[question.key] = value
    asked = asked_questions(call, answers)
    for question in asked:  # required by a choice that is asked for later
        open_choice = question.kind in CHOICE_KINDS and question.key not in answers
        if open_choice and is_required(question, answers):
            answers[question.key] = _choose(question, random, required=True)
    answers |= _fake_short_texts(asked, answers, random)
    answers |= _fake_long_texts(asked, answers, random)
    in_order = {q.key: answers[q.key] for q in asked if q.key in answers}
    return FakeResponse(asked, in_order)


def _choose(question: Question, random: Random, *, required: bool) -> Any:
    if not required and random.random() > ANSWERS_OPTIONAL:
        return None
    keys = [option["key"] for option in question.options if not option.get("route")]
    if question.kind == QuestionKind.CHECKBOX:
        return required or random.random() < 0.4
    if question.kind == QuestionKind.RADIO:
        return _likely(keys, random)
    if question.kind == QuestionKind.MATRIX:
        return {
            row["key"]: random.choice(keys)
            for row in question.rows
            if required or random.random() < 0.9
        } or None
    return _choose_several(question, keys, random)


def _likely(keys: list[str], random: Random) -> str:
    """The first options are chosen more often, as in life; none is left out."""
    return random.choices(keys, weights=[1 / (1 + place / 3) for place in range(len(keys))])[0]


def _choose_several(question: Question, keys: list[str], random: Random) -> list[str]:
    exclusive = {option["key"] for option in question.options if option.get("exclusive")}
    first = _likely(keys, random)
    chosen = {first}
    if question.kind in MULTIPLE_KINDS and first not in exclusive:
        while random.random() < 0.45:
            chosen.add(_likely(keys, random))
        chosen -= exclusive
    return [key for key in keys if key in chosen]


def _fake_short_texts(
    asked: list[Question], answers: dict[str, Any], random: Random
) -> dict[str, str]:
    found = {}
    person = make_fake_person(random)
    for question in asked:
        wanted = is_required(question, answers) or random.random() < ANSWERS_OPTIONAL
        if question.kind not in TEXT_KINDS - {QuestionKind.LONG} or not wanted:
            continue
        if question.kind == QuestionKind.EMAIL:
            text = make_fake_address(random, person)
        elif question.key == "name":
            text = person
        elif question.key == "org_name":
            text = make_fake_organisation(random)
        elif question.key == "charity_number":
            text = make_fake_charity_number(random)
        else:
            text = " ".join(make_fake_text(random, theme=question.key, words=8).split())
        found[question.key] = text[: question.max_chars].strip()
    return found


def _fake_long_texts(
    asked: list[Question], answers: dict[str, Any], random: Random
) -> dict[str, str]:
    """Share the response's words out: required questions first, then some of the others."""
    questions = [q for q in asked if q.kind == QuestionKind.LONG]
    if not questions:
        return {}
    random.shuffle(questions)
    questions.sort(key=lambda question: not is_required(question, answers))
    required = sum(is_required(question, answers) for question in questions)
    words = round(random.lognormvariate(math.log(MEDIAN_WORDS), _SPREAD) * _AIM)
    words = max(8, min(words, LONGEST_WORDS))
    answered = max(1, required, round(words / random.uniform(*_WORDS_A_QUESTION)))
    sizes = _share_out(words, questions, min(answered, len(questions)), random)
    return {
        question.key: make_fake_text(random, theme=question.key, words=size)
        for question, size in zip(questions, sizes, strict=True)
        if size
    }


def _share_out(words: int, questions: list[Question], answered: int, random: Random) -> list[int]:
    """Return the words of each question: the first `answered` get some, others the overflow."""
    weights = [random.uniform(0.5, 1.5) if i < answered else 0 for i in range(len(questions))]
    most = [question.max_words or LONGEST_WORDS for question in questions]
    sizes = [
        min(limit, max(1, int(words * weight / sum(weights)))) if weight else 0
        for weight, limit in zip(weights, most, strict=True)
    ]
    left = words - sum(sizes)
    for place, limit in enumerate(most):
        more = max(0, min(left, limit - sizes[place]))
        sizes[place] += more
        left -= more
    return sizes
