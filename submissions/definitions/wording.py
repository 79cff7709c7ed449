"""The words of a call that staff can change in the admin, and what a definition says there.

Each has a path: `call.summary`, `roles.provider.label`, `sections.about.title`,
`questions.story.hint`. That of a question leaves out its section, into which it may move.
"""

from collections.abc import Iterable
from typing import Any

from accounts.models import AuditEvent
from accounts.states import AuditAction
from core.canonical import canonical_text
from submissions.calls.models import Call
from submissions.calls.models.loaded import LoadedWording
from submissions.definitions.tables import Problems
from submissions.definitions.types import CallDefinition

OF_A_CALL = (
    "summary",
    "about",
    "what_happens_next",
    "contact_name",
    "contact_email",
    "contact_phone",
    "help_text",
    "have_ready",
    "evidence_phone",
    "evidence_phone_hours",
    "evidence_address",
    "privacy_text",
    "accessibility_text",
    "cookies_text",
    "withdrawal_text",
)
OF_A_ROLE = ("label",)
OF_A_SECTION = ("title", "intro")
OF_A_QUESTION = ("label", "hint", "missing")
LONGEST_QUOTED = 60  # characters
# The record names a part by its model.
PARTS = {"respondentrole": "roles", "section": "sections", "question": "questions"}


def words_of(call: Call | CallDefinition) -> dict[str, str]:
    """Return the text at each path, of a call or of a definition."""
    roles: Iterable[Any]
    sections: Iterable[Any]
    questions: Iterable[Any]
    if isinstance(call, Call):
        roles, sections, questions = call.roles.all(), call.sections.all(), call.questions.all()
    else:
        roles, sections, questions = call.roles, call.sections, call.questions.values()
    words = {f"call.{name}": getattr(call, name) for name in OF_A_CALL}
    for folder, names, rows in (
        ("roles", OF_A_ROLE, roles),
        ("sections", OF_A_SECTION, sections),
        ("questions", OF_A_QUESTION, questions),
    ):
        words |= {f"{folder}.{r.key}.{n}": getattr(r, n) for r in rows for n in names}
    return {path: canonical_text(text).strip() for path, text in words.items()}


def note_loaded(call: Call, definition: CallDefinition) -> None:
    """Keep what the definition says, to find out at the next load what staff changed since."""
    LoadedWording.objects.update_or_create(call=call, defaults={"words": words_of(definition)})


def refuse_to_overwrite(
    call: Call, definition: CallDefinition, *, take_file: frozenset[str], problems: Problems
) -> None:
    """Add each path at which the definition would undo a change by staff to `problems`.

    Except those in `take_file`, at which the definition's words are wanted.
    """
    for path, (file, portal) in undone(call, definition).items():
        if path not in take_file:
            problems.add(
                path,
                f"the file says {_quoted(file)}, the portal has {_quoted(portal)}. "
                f"Staff have changed it: change the file, or load with --take-file {path}",
            )


def undone(call: Call, definition: CallDefinition) -> dict[str, tuple[str, str]]:
    """Return each path at which the definition would undo a change by staff: its words, theirs."""
    portal, file = words_of(call), words_of(definition)
    return {
        path: (file[path], portal[path])
        for path in _changed_by_staff(call, portal)
        if path in file and file[path] != portal[path]
    }


def _changed_by_staff(call: Call, portal: dict[str, str]) -> list[str]:
    """Return the paths at which the portal says something else than the last definition did.

    Without the words of that definition, those that the record says staff changed at any time.
    """
    loaded = LoadedWording.objects.filter(call=call).first()
    if loaded is not None:
        return [path for path, text in portal.items() if loaded.words.get(path, text) != text]
    on_record = _on_record(call)
    return [path for path in portal if path in on_record]


def _on_record(call: Call) -> set[str]:
    events = AuditEvent.objects.filter(call=call, action=AuditAction.CALL_CHANGED)
    names = [name for event in events for name in event.detail.get("fields", [])]
    paths = set()
    for name in names:
        part, _, field = name.partition(": ")
        model, _, key = part.partition(" ")
        paths.add(f"{PARTS.get(model, model)}.{key}.{field}" if field else f"call.{name}")
    return paths


def _quoted(text: str) -> str:
    line = " ".join(text.split())
    if not line:
        return "nothing"
    return f"“{line[:LONGEST_QUOTED]}…”" if len(line) > LONGEST_QUOTED else f"“{line}”"


def full_path(name: str) -> str:
    """Return the path that somebody means by `name`: a call's own field may stand alone."""
    return f"call.{name}" if name in OF_A_CALL else name
