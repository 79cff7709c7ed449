"""The answers of a fake response: choices first, as conditions depend on them alone, then text."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from random import Random
from typing import Any

from rehearsal.fake_words import (
    NUMBERS,
    make_fake_address,
    make_fake_number,
    make_fake_organisation,
    make_fake_person,
    make_fake_text,
)
from submissions.calls.models import Call, Question
from submissions.calls.states import CHOICE_KINDS, MULTIPLE_KINDS, TEXT_KINDS, QuestionKind
from submissions.respondent.forms.presenting import AUTOCOMPLETE
from submissions.responses.answering import asked_questions

MEDIAN_WORDS, LONGEST_WORDS = 400, 5_000
_SPREAD = 0.95  # of the logarithm: one response in 250 comes near the longest
ANSWERS_OPTIONAL = 0.75  # the share of optional questions that are answered
_AIM = 1.06  # whole sentences fall short of the number of words by so much
_WORDS_PER_QUESTION = (50, 260)


@dataclass(frozen=True)
class FakeResponse:
    """`asked` are the questions that apply; `answers` maps question keys to stored values."""

    asked: list[Question]
    answers: dict[str, Any]


def make_fake_answers(call: Call, random: Random) -> FakeResponse:
    """Return answers that could be submitted; their length varies as in real responses."""
    answers: dict[str, Any] = {}
    for question in call.questions_in_order:
        if question.kind in CHOICE_KINDS and call.questionnaire.asked(answers)[question.key]:
            value = _choose(
                question, random, required=question.key in call.questionnaire.required(answers)
            )
            if value:
                answers[question.key] = value
    while (missing := _required_choice(call, answers)) is not None:
        answers[missing.key] = _choose(missing, random, required=True)
    asked = asked_questions(call, answers)
    required = call.questionnaire.required(answers)
    answers |= _fake_short_texts(asked, required, random)
    answers |= _fake_long_texts(asked, required, random)
    in_order = {q.key: answers[q.key] for q in asked if q.key in answers}
    return FakeResponse(asked, in_order)


def _required_choice(call: Call, answers: dict[str, Any]) -> Question | None:
    """Return the first choice without an answer that a later choice made required, if any."""
    required = call.questionnaire.required(answers)
    for question in asked_questions(call, answers):
        open_choice = question.kind in CHOICE_KINDS and question.key not in answers
        if open_choice and question.key in required:
            return question
    return None


def _choose(question: Question, random: Random, *, required: bool) -> Any:
    if not required and random.random() > ANSWERS_OPTIONAL:
        return None
    keys = [key for key in question.option_labels if key not in question.routes]
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
    """Choose one option. The first ones are likelier, as in real responses."""
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
    asked: list[Question], required: Collection[str], random: Random
) -> dict[str, str]:
    found = {}
    person = make_fake_person(random)
    for question in asked:
        wanted = question.key in required or random.random() < ANSWERS_OPTIONAL
        if question.kind not in TEXT_KINDS - {QuestionKind.LONG} or not wanted:
            continue
        if question.kind == QuestionKind.EMAIL:
            text = make_fake_address(random, person)
        elif AUTOCOMPLETE.get(question.key) == "name":
            text = person
        elif AUTOCOMPLETE.get(question.key) == "organization":
            text = make_fake_organisation(random)
        elif question.key in NUMBERS:
            text = make_fake_number(random, NUMBERS[question.key])
        else:
            text = " ".join(make_fake_text(random, theme=question.key, words=8).split())
        found[question.key] = text[: question.max_chars].strip()
    return found


def _fake_long_texts(
    asked: list[Question], required: Collection[str], random: Random
) -> dict[str, str]:
    """Divide the words of the response among required questions, then some of the others."""
    questions = [q for q in asked if q.kind == QuestionKind.LONG]
    if not questions:
        return {}
    random.shuffle(questions)
    questions.sort(key=lambda question: question.key not in required)
    needed = sum(question.key in required for question in questions)
    words = round(random.lognormvariate(math.log(MEDIAN_WORDS), _SPREAD) * _AIM)
    words = max(8, min(words, LONGEST_WORDS))
    answered = max(1, needed, round(words / random.uniform(*_WORDS_PER_QUESTION)))
    sizes = _share_out(words, questions, min(answered, len(questions)), random)
    return {
        question.key: make_fake_text(random, theme=question.key, words=size)
        for question, size in zip(questions, sizes, strict=True)
        if size
    }


def _share_out(words: int, questions: list[Question], answered: int, random: Random) -> list[int]:
    """Return the number of words per question: the first `answered` get some, others the rest."""
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
