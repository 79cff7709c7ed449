"""When a question applies: in words for readers, and as data for the script."""

import functools
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from core.spoken_lists import in_a_row
from submissions.calls import conditions
from submissions.calls.conditions import Term
from submissions.calls.models import Call, Question, Section
from submissions.calls.states import MULTIPLE_KINDS
from submissions.responses.answering import Answers


@dataclass(frozen=True)
class Applies:
    """How a question depends on others.

    `sentence` is empty where nothing depends; `shown_if` is JSON for the script, a list of
    `[key, negated, values]` over questions of the same page; `all_on_page` says that the
    script knows as much as the sentence; `optional` that the question is never required.
    """

    sentence: str = ""
    shown_if: str = ""
    all_on_page: bool = False
    optional: bool = False


ALWAYS, FREE = Applies(), Applies(optional=True)


def applies(
    call: Call,
    question: Question,
    answers: Answers,
    page: list[Question],
) -> Applies:
    """Return how the question depends on others; `page` has the questions shown beside it."""
    terms = call.questionnaire.terms[question.key]
    if not terms and not question.required_if:
        return ALWAYS if question.required else FREE
    others = _OtherPages(call, answers, {other.key for other in page})
    open_terms = others.open_terms(terms)
    live = [t for t in open_terms if t.key in others.on_page]
    needed = _open_requirement(question, others)
    before = _controller_before(question, page, call)
    only_if = _sentence(call, open_terms, before, _ONLY_IF) if open_terms else ""
    # Whoever is asked at all meets the terms of both; “in” and “contains” may say the same.
    met = {_meaning(term) for term in open_terms}
    besides = [term for term in needed or () if _meaning(term) not in met]
    forms = _NEEDED_TOO if only_if else _NEEDED_IF
    needed_if = _sentence(call, besides, before, forms) if besides else ""
    return Applies(
        sentence=f"{only_if} {needed_if}".strip(),
        shown_if=json.dumps([_meaning(term) for term in live]) if live else "",
        all_on_page=bool(live) and live == open_terms and not besides,
        optional=not question.required and needed is None,
    )


def sections_only_if(call: Call, section: Section) -> str:
    """Return in words when a section is asked, "" if it always is."""
    if not section.show_if:
        return ""
    return _sentence(call, list(conditions.parse(section.show_if).terms), "", _ONLY_IF)


class _OtherPages:
    """What the answers on other pages decide, whatever is chosen at the questions `on_page`."""

    def __init__(self, call: Call, answers: Answers, on_page: Collection[str]) -> None:
        self.on_page = on_page
        self.answers = {key: value for key, value in answers.items() if key not in on_page}
        self.asked = call.questionnaire.asked(self.answers)
        self._conditions = call.questionnaire.conditions

    def rules_out(self, terms: Iterable[Term]) -> bool:
        return any(term.holds(self.answers, self.asked) is False for term in terms)

    def open_terms(self, terms: Iterable[Term]) -> list[Term]:
        """Return the terms that decide, with those that decide whether their questions count."""
        found: list[Term] = []
        for term in terms:
            if term.key in self.on_page:
                found.append(term)
            elif term.holds(self.answers, self.asked) is None:
                found += self.open_terms(self._conditions[term.key].terms)
                if not self.answers.get(term.key):
                    found.append(term)
        return list(dict.fromkeys(found))


def _meaning(term: Term) -> tuple[str, bool, tuple[str, ...]]:
    """Return what tells a term from others: its question, whether it is negated, its options."""
    return term.key, term.operator == "!=", term.values


def _open_requirement(question: Question, others: _OtherPages) -> list[Term] | None:
    """Return the terms that decide whether an answer is required; None: it never is."""
    if question.required:
        return []
    if not question.required_if:
        return None
    terms = conditions.parse(question.required_if).terms
    return None if others.rules_out(terms) else others.open_terms(terms)


def _controller_before(question: Question, page: list[Question], call: Call) -> str:
    """Return the key of the last question before this one that is always asked."""
    for other in reversed(page[: page.index(question)]):
        if not call.questionnaire.terms[other.key]:
            return other.key
    return ""


_UNLESS = gettext_noop("Answer this unless %(condition)s.")
_ONLY_IF = (gettext_noop("Answer this only if %(condition)s."), _UNLESS)
_NEEDED_TOO = (gettext_noop("You need to answer this if %(condition)s."),)
_NEEDED_IF = (*_NEEDED_TOO, _UNLESS)


def _sentence(call: Call, terms: list[Term], before: str, forms: tuple[str, ...]) -> str:
    """Say it in the first of `forms`, or that one other choice rules it out in the second."""
    if len(terms) == 1 and terms[0].operator == "!=" and len(forms) > 1:
        return _(forms[1]) % {"condition": _phrase(call, terms[0], before, negated=False)}
    phrases = [_phrase(call, t, before, negated=t.operator == "!=") for t in terms]
    return _(forms[0]) % {"condition": functools.reduce(_both, phrases)}


def _both(first: str, second: str) -> str:
    return _("%(first)s and %(second)s") % {"first": first, "second": second}


def _phrase(call: Call, term: Term, before: str, *, negated: bool) -> str:
    controller = call.questions_by_key.get(term.key)
    labels = controller.option_labels if controller else {}
    words: dict[str, Any] = {
        "choices": _either([f"“{labels.get(value, value)}”" for value in term.values]),
        "question": controller.label if controller else term.key,
    }
    ticked = controller is not None and controller.kind in MULTIPLE_KINDS
    if term.key == before:
        if negated:
            return _("you did not choose %(choices)s") % words
        return (_("you ticked %(choices)s") if ticked else _("you chose %(choices)s")) % words
    if negated:
        return _("your answer to “%(question)s” is not %(choices)s") % words
    if ticked:
        return _("you ticked %(choices)s under “%(question)s”") % words
    return _("your answer to “%(question)s” is %(choices)s") % words


def _either(choices: list[str]) -> str:
    if len(choices) < 2:
        return "".join(choices)
    return _("%(first)s or %(last)s") % {"first": in_a_row(choices[:-1]), "last": choices[-1]}
