"""What a call definition would change in a call that is loaded already, and what forbids it.

What people were asked stays as long as their answers do. A question with answers may not be
removed, change its kind or move between evidence and identity. An option or a row that somebody
chose may not be removed. The words and rules of such a question change only with `reword`.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Q

from core import spoken_time
from core.spoken_numbers import say_count
from core.time_limits import later
from submissions.calls.conditions import decide
from submissions.calls.models import Call, Question
from submissions.calls.retention import DataClass, end_earlier, period_of
from submissions.calls.states import PublicationPolicy, QuestionKind
from submissions.definitions.reachability import conditions_of
from submissions.definitions.tables import Problems
from submissions.definitions.types import (
    CALL_FIELDS,
    QUESTION_FIELDS,
    CallDefinition,
    Option,
    QuestionDefinition,
    question_as_defined,
    stored_fields,
)
from submissions.responses.answer_counts import (
    count_answered,
    count_chosen,
    count_rated,
    count_received,
    count_responses,
)
from submissions.responses.models import Submission
from submissions.responses.states import Timing

TIMES = ("opens_at", "closes_at", "grace_minutes")
# What was promised to respondents may become stricter after they answered, and never looser.
STRICTNESS = {
    PublicationPolicy.NOT_ASKED.value: 0,
    PublicationPolicy.ASKED.value: 1,
    PublicationPolicy.NEVER.value: 2,
}
_FIXED = ("kind", "identity")


@dataclass(frozen=True)
class Difference:
    """The part of the definition that differs, by its path, and what differs in it."""

    path: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}: {self.what}"


def differences(
    call: Call, definition: CallDefinition, *, reword: bool, reset_times: bool, problems: Problems
) -> list[Difference]:
    """Return what loading would change; what forbids it is added to `problems`."""
    found = _call_differences(call, definition, reset_times, problems)
    stored = {question.key: question for question in call.questions_in_order}
    for key, question in stored.items():
        path = f"sections.{question.section.key}.{key}"
        if key in definition.questions:
            found += _question_differences(path, question, definition, reword, problems)
        else:
            _refuse_removal(path, question, problems)
            found.append(Difference(path, "removed"))
    if not reword:
        _refuse_unasked_publication(call, definition, problems)
    received = count_responses(call.pk)
    for key, new in definition.questions.items():
        if key not in stored:
            path = f"sections.{definition.section_of[key]}.{key}"
            found.append(Difference(path, "added"))
            if new.required and received and not reword:
                reason = (
                    f"is new and required, after {say_count(received, 'response')} came in: "
                    "make it optional, or load with --reword"
                )
                problems.add(f"{path}.required", reason)
    return found + _section_differences(call, definition, reword, problems)


def _call_differences(
    call: Call, definition: CallDefinition, reset_times: bool, problems: Problems
) -> list[Difference]:
    said = stored_fields(definition, CALL_FIELDS)
    changed = [name for name in CALL_FIELDS if getattr(call, name) != said[name]]
    if "reference_prefix" in changed and count_responses(call.pk):
        reason = f"references that begin with {call.reference_prefix} have been given"
        problems.add("call.reference_prefix", reason)
    is_looser = STRICTNESS[said["publication"]] < STRICTNESS[call.publication]
    if is_looser and (answered := count_responses(call.pk)):
        reason = f"{say_count(answered, 'response')} came in under “{call.publication}”"
        problems.add("call.publication", f"cannot become “{said['publication']}”: {reason}")
    if not reset_times:
        for name in TIMES:
            if name in changed:
                file, portal = (_say_time(call, v) for v in (said[name], getattr(call, name)))
                reason = f"the file says {file}, the portal has {portal}. Staff may have changed it"
                problems.add(
                    f"call.{name.removesuffix('_at')}",
                    f"{reason}: change the file, or load with --reset-times",
                )
    for name, beyond in (
        ("opens_at", Q(received_at__lt=said["opens_at"])),
        ("closes_at", Q(received_at__gte=said["closes_at"], timing=Timing.ON_TIME)),
    ):
        if name in changed and (outside := count_received(call.pk, beyond)):
            when = "before" if name == "opens_at" else "at or after"
            problems.add(
                f"call.{name.removesuffix('_at')}",
                f"{say_count(outside, 'response')} came in {when} that time",
            )
    grace_ends = later(said["closes_at"], timedelta(minutes=said["grace_minutes"]))
    in_grace = Q(received_at__gte=grace_ends, timing=Timing.GRACE)
    if {"closes_at", "grace_minutes"} & {*changed} and (
        outside := count_received(call.pk, in_grace)
    ):
        problems.add(
            "call.grace_minutes",
            f"{say_count(outside, 'response')} came in when that period would have ended",
        )
    found = [Difference(_path_of(name), "changed") for name in changed if name != "retention"]
    return found + _retention_differences(call, definition)


def _retention_differences(call: Call, definition: CallDefinition) -> list[Difference]:
    """Return what is kept for another time; staff confirm once more what ends earlier."""
    earlier = end_earlier(call, definition)
    again = ": it ends earlier, so staff confirm again what ends"
    return [
        Difference(
            f"call.retention.{one}",
            f"{period_of(call, one)}, now {period_of(definition, one)}{again * (one in earlier)}",
        )
        for one in DataClass
        if period_of(call, one) != period_of(definition, one)
    ]


def _path_of(field: str) -> str:
    return field if field in {"facets", "derived"} else f"call.{field}"


def _say_time(call: Call, value: int | datetime) -> str:
    if isinstance(value, int):
        return say_count(value, "minute")
    return spoken_time.say_moment(value, call.timezone)


def _question_differences(
    path: str, question: Question, definition: CallDefinition, reword: bool, problems: Problems
) -> list[Difference]:
    old = _with_roles(question_as_defined(question), tuple(question.options))
    new = definition.questions[question.key]
    new = _with_roles(new, _role_options(definition))
    changed = [name for name in QUESTION_FIELDS if getattr(old, name) != getattr(new, name)]
    if question.section.key != definition.section_of[question.key]:
        changed.append("section")
    if not changed:
        return []
    answered = count_answered(question)
    for name in _FIXED:
        if name in changed and answered:
            problems.add(
                f"{path}.{name}", f"cannot change: {say_count(answered, 'response')} answered it"
            )
    if old.kind == new.kind:
        _refuse_lost_options(path, question, new, problems)
    others = [name for name in changed if name not in _FIXED]
    if others and answered and not reword:
        reason = (
            f"{say_count(answered, 'response')} answered it as it was ({', '.join(others)} would "
            "change): load with --reword if it still asks the same"
        )
        problems.add(path, reason)
    return [Difference(path, ", ".join(changed))]


def _with_roles(question: QuestionDefinition, options: tuple[Option, ...]) -> QuestionDefinition:
    return replace(question, options=options) if question.kind == QuestionKind.ROLES else question


def _role_options(definition: CallDefinition) -> tuple[Option, ...]:
    return tuple(
        {"key": role.key, "label": role.label} | ({"reveals": role.reveals} if role.reveals else {})
        for role in definition.roles
    )


def _refuse_unasked_publication(call: Call, definition: CallDefinition, problems: Problems) -> None:
    """Add a problem if responses would become confidential once their authors change them.

    They answered `publication`; by the new conditions it would not be asked of them.
    """
    if "publication" not in call.questions_by_key or "publication" not in definition.questions:
        return
    said = conditions_of(definition)
    if dict(said) == call.questionnaire.conditions:
        return  # saves wait meanwhile, and to read all responses takes long
    submitted = Submission.objects.submitted().filter(call=call)
    lost = sum(
        call.questionnaire.asked(choices)["publication"] is True
        and decide(said, choices)["publication"] is False
        for choices in submitted.values_list("current_version__choices", flat=True).iterator()
    )
    if lost:
        problems.add(
            f"sections.{definition.section_of['publication']}.publication",
            f"would not be asked again for {say_count(lost, 'response')} that answered it: each "
            "becomes confidential once its author changes it. Load with --reword if you want that",
        )


def _refuse_removal(path: str, question: Question, problems: Problems) -> None:
    answered = count_answered(question)
    if answered:
        problems.add(path, f"cannot be removed: {say_count(answered, 'response')} answered it")


def _refuse_lost_options(
    path: str, question: Question, new: QuestionDefinition, problems: Problems
) -> None:
    for name, old, kept, count in (
        ("options", question.options, new.options, count_chosen),
        ("rows", question.rows, new.rows, count_rated),
    ):
        staying = {option["key"] for option in kept}
        for option in old:
            if option["key"] not in staying and (given := count(question, option["key"])):
                where = f"{path}.{name}.{option['key']}"
                problems.add(where, f"cannot be removed: {say_count(given, 'response')} chose it")


def _section_differences(
    call: Call, definition: CallDefinition, reword: bool, problems: Problems
) -> list[Difference]:
    found = []
    said = {section.key: section for section in definition.sections}
    stored = {section.key: section for section in call.questionnaire.sections}
    for key, section in stored.items():
        path = f"sections.{key}"
        if key not in said:
            found.append(Difference(path, "removed"))
            continue
        names = ("title", "intro", "show_if")
        changed = [n for n in names if getattr(section, n) != getattr(said[key], n)]
        if changed:
            found.append(Difference(path, ", ".join(changed)))
        answered = max(
            (count_answered(q) for q in call.questionnaire.questions_of(section)), default=0
        )
        if changed and answered and not reword:
            reason = (
                f"{say_count(answered, 'response')} answered questions in it as it was "
                f"({', '.join(changed)} would change): load with --reword if it asks the same"
            )
            problems.add(path, reason)
    found += [Difference(f"sections.{key}", "added") for key in said if key not in stored]
    order = [key for key in said if key in stored]
    if order != [key for key in stored if key in said]:
        found.append(Difference("sections", "order"))
    for key in order:
        old = [q.key for q in call.questionnaire.questions_of(stored[key])]
        new = [q.key for q in said[key].questions]
        if [k for k in old if k in new] != [k for k in new if k in old]:
            found.append(Difference(f"sections.{key}", "order of questions"))
    return found
