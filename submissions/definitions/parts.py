"""What the rules ask of the parts of a call definition."""

from collections.abc import Iterable, Iterator

from submissions.calls.states import QuestionKind
from submissions.definitions.types import CallDefinition, Option, QuestionDefinition

# Columns of the steering group's CSV that are not a question's; then fields and buttons of forms.
RESERVED_QUESTIONS = (
    "reference",
    "submitted_at",
    "timing",
    "channel",
    "attachments",
    "words",
    "status",
    "codes",
    "csrfmiddlewaretoken",
    "action",
    "remove",
    "another",
)


def options_of(
    call: CallDefinition, question: QuestionDefinition, path: str
) -> Iterator[tuple[str, Option]]:
    """Yield each option with its path; those of a question for roles are the call's roles."""
    if question.kind == QuestionKind.ROLES:
        for role in call.roles:
            revealing = {"reveals": role.reveals} if role.reveals else {}
            yield f"roles.{role.key}", {"key": role.key, "label": role.label, **revealing}
    for option in question.options:
        yield f"{path}.options.{option['key']}", option


def repeated(items: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    found: list[str] = []
    for item in items:
        if item in seen and item not in found:
            found.append(item)
        seen.add(item)
    return found
