"""Whether each question of a call can be asked: what it needs must not contradict itself."""

from collections.abc import Iterable
from dataclasses import dataclass

from submissions.calls import conditions
from submissions.calls.conditions import Condition, Term
from submissions.calls.states import MULTIPLE_KINDS
from submissions.definitions.parts import options_of
from submissions.definitions.tables import Problems
from submissions.definitions.types import CallDefinition, QuestionDefinition, SectionDefinition


@dataclass(frozen=True)
class Need:
    """One term that must be true, and the place in the file that says so."""

    term: Term
    place: str


Needs = tuple[Need, ...]


def check_reachable(call: CallDefinition, problems: Problems) -> None:
    """Add each question that can never be asked, or never required, by a chain of conditions.

    Every other rule holds already: a condition names earlier questions, and options of theirs. A
    question after one that can never be asked is not named too.
    """
    chains: dict[str, Needs] = {}
    refused: set[str] = set()
    for section in call.sections:
        of_section = _written(f"sections.{section.key}.show_if", section.show_if)
        section_is_refused = _refuse_contradiction(call, of_section, chains, refused, problems)
        for question in section.questions:
            own = (*of_section, *_own_needs(call, section, question, problems))
            chains[question.key] = _whole_chain(own, chains)
            if section_is_refused or _refuse_contradiction(call, own, chains, refused, problems):
                refused.add(question.key)
    for section in call.sections:
        for question in section.questions:
            if question.key not in refused:
                path = f"sections.{section.key}.{question.key}.required_if"
                _check_required_if(call, question, path, chains, problems)


def conditions_of(call: CallDefinition) -> list[tuple[str, Condition]]:
    """Return the key of each question, in order, and the condition under which it is asked."""
    found = []
    for section in call.sections:
        of_section = _written("", section.show_if)
        for question in section.questions:
            own = _own_needs(call, section, question, Problems(call.source))
            found.append((question.key, Condition(tuple(n.term for n in (*of_section, *own)))))
    return found


def _own_needs(
    call: CallDefinition,
    section: SectionDefinition,
    question: QuestionDefinition,
    problems: Problems,
) -> Needs:
    """Return what the question itself needs: its `show_if`, and an option that reveals it."""
    own = _written(f"sections.{section.key}.{question.key}.show_if", question.show_if)
    revealed_by = ""
    for other in section.questions:
        path = f"sections.{section.key}.{other.key}"
        revealing = [
            (f"{place}.reveals", option["key"])
            for place, option in options_of(call, other, path)
            if option.get("reveals") == question.key
        ]
        if revealing and revealed_by:
            reason = f"“{question.key}” is revealed by “{revealed_by}” already"
            problems.add(revealing[0][0], reason)
        elif revealing:
            values = tuple(key for _place, key in revealing)
            own = (*own, Need(Term(other.key, "in", values), revealing[0][0]))
            revealed_by = other.key
    return own


def _check_required_if(
    call: CallDefinition,
    question: QuestionDefinition,
    path: str,
    chains: dict[str, Needs],
    problems: Problems,
) -> None:
    own = _written(path, question.required_if)
    whole = _whole_chain(own, chains)
    if any(need.term.key == question.key for need in whole):
        circle = next(
            need.term.key
            for need in own
            if any(other.term.key == question.key for other in chains[need.term.key])
        )
        problems.add(path, f"goes in a circle: “{circle}” is asked only after “{question.key}”")
        return
    clash = _clash(call, (*chains[question.key], *whole))
    if clash:
        problems.add(path, f"can never be true where the question is asked: {_say(call, clash)}")


def _refuse_contradiction(
    call: CallDefinition,
    own: Needs,
    chains: dict[str, Needs],
    refused: set[str],
    problems: Problems,
) -> bool:
    """Return whether what is needed can never be; add it unless an earlier question was added."""
    if any(need.term.key in refused for need in own):
        return True
    clash = _clash(call, _whole_chain(own, chains))
    if clash:
        place = next((need.place for need in reversed(clash) if need in own), own[-1].place)
        problems.add(place, f"can never be asked: {_say(call, clash)}")
    return bool(clash)


def _whole_chain(own: Needs, chains: dict[str, Needs]) -> Needs:
    """Return the needs with those of each question that they name, first things first."""
    inherited = [need for mine in own for need in chains[mine.term.key]]
    return tuple(dict.fromkeys([*inherited, *own]))


def _clash(call: CallDefinition, needs: Needs) -> Needs:
    """Return the first needs of one question that no answer to it meets together; () if none."""
    by_key: dict[str, Needs] = {}
    for need in needs:
        by_key[need.term.key] = (*by_key.get(need.term.key, ()), need)
    for key, those in by_key.items():
        answers = _answers(call, call.questions[key])
        if not any(all(need.term.holds({key: answer}) for need in those) for answer in answers):
            return those
    return ()


def _answers(call: CallDefinition, question: QuestionDefinition) -> list[list[str]]:
    """Return the answers that decide: each option alone; of several, also as many as may be."""
    options = [option for _place, option in options_of(call, question, "")]
    alone = [[option["key"]] for option in options]
    if question.kind not in MULTIPLE_KINDS:
        return alone
    return [*alone, [option["key"] for option in options if not option.get("exclusive")]]


def _written(place: str, text: str) -> Needs:
    return tuple(Need(term, place) for term in conditions.parse(text).terms) if text else ()


def _say(call: CallDefinition, needs: Iterable[Need]) -> str:
    said = [f"“{_say_term(call, need.term)}” ({need.place})" for need in needs]
    return f"nobody’s answer meets {' and '.join(said)}"


def _say_term(call: CallDefinition, term: Term) -> str:
    operator = term.operator
    if call.questions[term.key].kind in MULTIPLE_KINDS and len(term.values) == 1:
        operator = "contains"
    elif operator == "in" and len(term.values) == 1:
        operator = "="
    return f"{term.key} {operator} {', '.join(term.values)}"
