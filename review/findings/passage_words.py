"""The words of passages for a member of the team, who reads them beside a finding."""

from collections.abc import Collection

from accounts.models import User
from accounts.rights import may
from accounts.states import Action
from review.models import Coding, FindingPassage, Quote
from review.redaction.readable_texts import readable_quotes, sees_redacted
from submissions.calls.models import Call

Row = Coding | FindingPassage | Quote


def words_for(reader: User, rows: Collection[Row], call: Call) -> dict[int, str | None]:
    """Return the words of each passage by its key; None in a file that the reader may not open.

    Hidden words stand as they are for those who may see them, and as “█” for others. Fetch the
    rows with their version, question and text of a file.
    """
    may_open = may(reader, Action.OPEN_FILES, call)
    sees_all = sees_redacted(reader, call)
    readable = {} if sees_all else readable_quotes(rows)
    return {
        row.pk: None
        if row.file_text_id is not None and not may_open
        else (_as_given(row) if sees_all else readable[row.pk])
        for row in rows
    }


def with_hidden_words(reader: User, rows: Collection[Row], call: Call) -> set[int]:
    """Return the keys of the passages of which readers outside the team do not see every word.

    None for a reader who does not see them either: for them “█” stands there.
    """
    if not sees_redacted(reader, call):
        return set()
    readable = readable_quotes(rows)
    return {row.pk for row in rows if _as_given(row) != readable[row.pk]}


def _as_given(row: Row) -> str:
    text: str = row.version.texts.get(row.question.key, "")
    if row.file_text is not None:
        text = row.file_text.text
    return text[row.start : row.end]
