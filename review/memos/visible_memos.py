"""Which memos a reader sees, and the words of the passage that a memo is about."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from accounts.rights import Person, is_administrator, of_calls
from accounts.states import Action
from review.coding.samples import blind_to
from review.models import Memo
from review.redaction.readable_texts import answers_for, file_text_for
from submissions.calls.models import Call


def seen_by(memos: QuerySet[Memo], reader: User) -> QuerySet[Memo]:
    """Leave out what others wrote on responses that the reader codes blind, or passages of them.

    Memos on passages of files are for those who may open files.
    """
    hidden = Exists(blind_to(reader).filter(submission=OuterRef("submission")))
    seen = memos.filter(Q(by=reader) | ~hidden)
    if is_administrator(reader):
        return seen
    return seen.filter(Q(file_text=None) | of_calls(reader, Action.OPEN_FILES))


def of_whole_call(call: Call) -> QuerySet[Memo]:
    return Memo.objects.filter(call=call, code=None, submission=None)


def words_of_passage(memo: Memo, *, reader: Person) -> str:
    """Return the words that the memo is about as the reader may see them, "" for no passage."""
    if memo.version is None or memo.question is None:
        return ""
    if memo.file_text is not None:
        text = file_text_for(reader, memo.file_text, memo.call_id)
    else:
        text = answers_for(reader, memo.version, memo.call_id).get(memo.question.key, "")
    return text[memo.start : memo.end]
