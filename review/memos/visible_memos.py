"""Which memos a reader sees, and the words of the passage that a memo is about."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from accounts.rights import Person, is_administrator, of_calls
from accounts.states import Action
from review.coding.samples import blind_to
from review.models import Memo
from review.redaction.readable_texts import Passage, readable_quotes, sees_redacted


def seen_by(memos: QuerySet[Memo], reader: User) -> QuerySet[Memo]:
    """Leave out what others wrote on responses that the reader codes blind, or passages of them.

    Memos on passages of files are for those who may open files.
    """
    hidden = Exists(blind_to(reader).filter(submission=OuterRef("submission")))
    seen = memos.filter(Q(by=reader) | ~hidden)
    if is_administrator(reader):
        return seen
    return seen.filter(Q(file_text=None) | of_calls(reader, Action.OPEN_FILES))


@dataclass(frozen=True)
class PassageWords:
    """`has_hidden`: readers outside the team do not see all of these words."""

    words: str = ""
    has_hidden: bool = False


def passage_words(
    memos: Iterable[Memo], *, reader: Person, call: int
) -> dict[int | None, PassageWords]:
    """Return the words that memos of the call are about as the reader may see them.

    They are by primary key; "" for no passage. Fetch the memos with their version, question and
    text of a file.
    """
    sees = sees_redacted(reader, call)
    rows = list(memos)
    about = [one for one in rows if one.version is not None and one.question is not None]
    readable = readable_quotes(cast("list[Passage]", about))
    found: dict[int | None, PassageWords] = dict.fromkeys((one.pk for one in rows), PassageWords())
    for one in about:
        given = _as_given(one) if sees else readable[one.pk]
        found[one.pk] = PassageWords(given, given != readable[one.pk])
    return found


def words_of_passage(memo: Memo, *, reader: Person) -> PassageWords:
    return passage_words([memo], reader=reader, call=memo.call_id)[memo.pk]


def _as_given(memo: Memo) -> str:
    text = ""
    if memo.file_text is not None:
        text = memo.file_text.text
    elif memo.version is not None and memo.question is not None:
        text = memo.version.texts.get(memo.question.key, "")
    return text[memo.start : memo.end]
