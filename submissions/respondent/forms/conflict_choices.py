"""What was chosen on the page of answers that two authors changed."""

from enum import StrEnum

from submissions.respondent.forms.fields import Posted

# The keys of the questions in conflict. Question keys begin with a letter, so no name here can
# be a question's.
CONFLICTS = "_conflicts"
MERGED = "_merged_"  # with the key after it


class ConflictChoice(StrEnum):
    """Which of two answers is kept."""

    SAVED = "saved"
    TYPED = "typed"
    MERGED = "merged"


def choice_of(posted: Posted, key: str) -> ConflictChoice | None:
    """Return what was chosen for the question, None if nothing was."""
    value = posted.get(f"_keep_{key}")
    return ConflictChoice(value) if value in set(ConflictChoice) else None


def merged_from(posted: Posted, key: str) -> str:
    return str(posted.get(f"{MERGED}{key}", ""))
