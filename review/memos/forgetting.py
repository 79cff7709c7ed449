"""What memos repeat of a response ends with it, wherever they are."""

from review.coding.forgetting import Ending, has_words_of
from review.models import Memo, MemoText
from submissions.calls.models import Call

TITLE = "Erased"
TEXT = "Erased: it had words of a response that is erased, or named who answered."


def forget_memos(call: Call, ending: Ending) -> None:
    """Empty the memos of the call, and their earlier texts, that have a name or quote a text.

    A page that showed one before is outdated (`writing.revision_to_see`).
    Call it once the codes are locked, as who merges them does.
    Memos on the response itself are deleted by who erases it.
    """
    memos = Memo.objects.filter(call=call)
    list(memos.order_by("pk").select_for_update(of=("self",)).values_list("pk"))
    for rows in (memos, MemoText.objects.filter(memo__call=call)):
        repeating = [
            pk
            for pk, title, text in rows.values_list("pk", "title", "text")
            if has_words_of(f"{title}\n{text}", ending)
        ]
        rows.filter(pk__in=repeating).update(title=TITLE, text=TEXT)
