"""The memos that stand beside what they are about: a response, its passages, or a code."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.current_user import current_user
from accounts.rights import may
from accounts.states import Action
from core.admin.uk_time import in_uk_time
from review.admin.beside import MEMOS, may_have
from review.admin.memos.about import address_to_write
from review.admin.shortening import shorten
from review.memos.visible_memos import passage_words, seen_by
from review.memos.writing import READABLE
from review.models import Code, Coding, Memo
from submissions.responses.models import Submission


@dataclass(frozen=True)
class ShownMemo:
    """`question` and `passage` are empty where the memo is about no passage.

    `has_hidden`: readers outside the team do not see all of the passage.
    """

    memo: Memo
    by: str
    when: str
    question: str
    passage: str
    has_hidden: bool


def shown_memos(request: HttpRequest, response: Submission) -> dict[str, Any]:
    """Return the memos for the page of a response, and where the reader may write one."""
    if response.current_version_id is None or response.state not in READABLE:
        return {}
    of_it = Memo.objects.filter(submission=response)
    any_memos = may_have(response, MEMOS)
    return {
        "memos": _shown(request, of_it, response.call_id) if any_memos else [],
        "write_memo": _address(request, response.call_id, response=response.pk),
    }


def memos_of_code(request: HttpRequest, code: Code) -> dict[str, Any]:
    """Return the memos for the page of a code, and where the reader may write one."""
    return {
        "memos": _shown(request, code.memos.all(), code.call_id),
        "write_memo": _address(request, code.call_id, code=code.pk),
    }


def memos_on(request: HttpRequest, codings: Iterable[Coding]) -> dict[int, list[Memo]]:
    """Return the memos on each of the passages or parts of them, by the coding's key."""
    codings = list(codings)
    memos = Memo.objects.filter(version__in={one.version_id for one in codings})
    seen = list(seen_by(memos, current_user(request)))
    return {one.pk: [memo for memo in seen if _overlaps(memo, one)] for one in codings}


def _overlaps(memo: Memo, coding: Coding) -> bool:
    if memo.start is None or memo.end is None:
        return False
    of_text = (memo.version_id, memo.question_id, memo.file_text_id)
    is_same = of_text == (coding.version_id, coding.question_id, coding.file_text_id)
    return is_same and memo.start < coding.end and coding.start < memo.end


def _shown(request: HttpRequest, memos: QuerySet[Memo], call: int) -> list[ShownMemo]:
    rows = memos.select_related("by", "changed_by", "question", "version", "file_text")
    rows = rows.defer("version__canonical_text").order_by("at", "pk")
    seen = list(seen_by(rows, current_user(request)))
    passages = passage_words(seen, reader=request.user, call=call)
    return [
        ShownMemo(
            memo=memo,
            by=(memo.changed_by or memo.by).get_username(),
            when=in_uk_time(memo.changed_at or memo.at),
            question=memo.question.key if memo.question else "",
            passage=shorten(passages[memo.pk].words),
            has_hidden=passages[memo.pk].has_hidden,
        )
        for memo in seen
    ]


def _address(request: HttpRequest, call: int, **about: int) -> str:
    return address_to_write(call, **about) if may(request.user, Action.CODE, call) else ""
