"""What the people in one response are called to each other."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from submissions.calls.models import Question
from submissions.respondent.response_context import ResponseContext
from submissions.responses.colleagues import last_changes, names_in, savers
from submissions.responses.models import Colleague


def signs_of(questions: Iterable[Question], current: ResponseContext) -> dict[str, str]:
    """Return by question's key who saved its stored answer; "" where that is not somebody else."""
    found = savers(current.submission, questions)
    names = names_in(current.submission) if _is_shared(found.values(), current) else {}
    return {key: _sign(number, names, current) for key, number in found.items()}


def last_save(current: ResponseContext) -> tuple[str, datetime]:
    """Return who saved last in a shared response, and when; "" is the reader, or not shared.

    Whoever goes on without a change saves the response, too. So beside somebody else stands when
    they last changed an answer.
    """
    saved_at = current.submission.saved_at
    present = Colleague.objects.present().filter(submission=current.submission)
    if current.colleague is None and not present.exists():
        return "", saved_at
    changes = last_changes(current.submission)
    names = names_in(current.submission)
    if not changes:
        return "", saved_at
    number, changed_at = next(reversed(changes.items()))
    name = _sign(number, names, current)
    return name, changed_at if name else saved_at


def _sign(number: int | None, names: dict[int, str], current: ResponseContext) -> str:
    own = current.colleague.number if current.colleague else None
    if number == own:
        return ""
    if number is None:
        return _("the person who began this response")
    return names.get(number) or _("somebody who is no longer in this response")


def _is_shared(numbers: Iterable[int | None], current: ResponseContext) -> bool:
    return current.colleague is not None or any(number is not None for number in numbers)
