"""Deleting memos, with the texts that they had before."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.record import record
from accounts.rights import Person, may
from accounts.states import Action, AuditAction
from review.errors import MemoOutdated, MemoRefused
from review.models import Memo
from submissions.responses.models import Submission


def may_delete(by: Person, memo: Memo) -> bool:
    """Return whether somebody may: who wrote it, as long as they code, and who changes codes."""
    if may(by, Action.CHANGE_CODEBOOK, memo.call_id):
        return True
    return memo.by_id == by.pk and may(by, Action.CODE, memo.call_id)


def delete_memo(memo: Memo, *, seen: int, by: User, at: datetime) -> None:
    """Delete the memo with its earlier texts, and put on record who wrote it, without its words.

    `seen` is the revision that the page showed. A memo that is gone already is deleted. Raises
    MemoRefused for who may not, and MemoOutdated where somebody changed it since.
    """
    if not may_delete(by, memo):
        raise MemoRefused(f"{memo.by} wrote this memo, and you may not delete it.")
    with transaction.atomic():
        if memo.submission_id is not None:
            Submission.objects.select_for_update(no_key=True).filter(pk=memo.submission_id).first()
        locked = Memo.objects.select_for_update(of=("self",)).filter(pk=memo.pk).first()
        if locked is None:
            return
        if locked.revision != seen:
            who = locked.changed_by or locked.by
            raise MemoOutdated(
                f"{who} changed this memo while this page was open. It is not deleted. "
                "Read their text, and delete it then."
            )
        record(
            by=by,
            at=at,
            action=AuditAction.MEMO_DELETED,
            call=locked.call,
            submission=locked.submission,
            memo=locked.pk,
            written_by=locked.by_id,
            **({"code": locked.code_id} if locked.code_id else {}),
            **({"file": True} if locked.file_text_id else {}),
        )
        locked.delete()
