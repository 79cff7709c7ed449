"""How mails begin, whatever they are about."""

from submissions import clock
from submissions.delivery.letters import Block, Paragraph
from submissions.models import Call


def subject_of(words: str, call: Call) -> str:
    rehearsal = "Rehearsal: " if clock.is_rehearsal() else ""
    return f"{rehearsal}{words}: {call.title}"


def rehearsal_warning() -> list[Block]:
    if not clock.is_rehearsal():
        return []
    return [Paragraph("This is a rehearsal. The times are not real, and nothing here is evidence.")]


def the_call(call: Call) -> str:
    by = call.partners_in_words
    return f"{call.title}, a call for evidence by {by}" if by else call.title
