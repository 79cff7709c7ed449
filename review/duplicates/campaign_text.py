"""The text that a campaign asked people to send, as a reader may see it.

Staff take it out of the responses, so it may have words that are hidden in these.
"""

import re
from collections.abc import Iterable

from django.db.models import CharField, F, Func, QuerySet
from django.db.models.functions import Substr

from accounts.rights import Person
from review.errors import DecisionRefused
from review.models import Cluster, Redaction
from review.redaction.readable_texts import HIDDEN, hide, sees_redacted
from review.states import MemberState, RedactionState
from submissions.calls.states import QuestionKind


def campaign_text_for(reader: Person, cluster: Cluster) -> str:
    """Return the text; what is hidden in a response of the campaign stands as “█” for some.

    Nothing of it is shown while an answer is hidden whole in the response that it was taken from.
    """
    if not cluster.text or sees_redacted(reader, cluster.call_id):
        return cluster.text
    if _of_answers([cluster.text_from_id], RedactionState.LOST).exists():
        return hide(cluster.text)
    hidden = [_anywhere(words) for words in _hidden_words(cluster)]
    if not hidden:
        return cluster.text
    return re.sub("|".join(hidden), lambda found: hide(found[0]), cluster.text)


def text_to_store(reader: Person, cluster: Cluster, posted: str) -> str:
    """Return what to store of what was posted: “█” is never stored in the place of words.

    Raises DecisionRefused where somebody changed a text of which words are hidden from them, and
    where a text that the page suggested still has “█”.
    """
    if sees_redacted(reader, cluster.call_id):
        return posted
    shown = campaign_text_for(reader, cluster)
    if posted.split() == shown.split():
        return cluster.text
    if shown != cluster.text:
        raise DecisionRefused(
            "Words of the campaign’s text are hidden from you. Leave the text as it is, or ask "
            "somebody who sees them to change it."
        )
    if HIDDEN in posted:
        raise DecisionRefused(
            "Each “█” in the campaign’s text stands for words that are hidden from you. Take these "
            "places out, or ask somebody who sees the words to save the text."
        )
    return posted


def _hidden_words(cluster: Cluster) -> list[str]:
    """Return the words that are hidden in the responses, in any version, the longest first.

    The one that the text was taken from counts after it was taken out of the campaign, too.
    """
    there = cluster.members.exclude(state=MemberState.REJECTED)
    responses = [*there.values_list("submission", flat=True), cluster.text_from_id]
    answer = Func(
        F("version__texts"),
        F("question__key"),
        function="jsonb_extract_path_text",
        output_field=CharField(),
    )
    rows = _of_answers(responses, RedactionState.APPROVED)
    words = rows.order_by().values_list(
        Substr(answer, F("start") + 1, F("end") - F("start")), flat=True
    )
    return sorted({each for each in words if each and each.strip()}, key=len, reverse=True)


def _of_answers(responses: Iterable[int | None], state: RedactionState) -> QuerySet[Redaction]:
    rows = Redaction.objects.filter(
        version__submission__in=[key for key in responses if key is not None],
        state=state,
        file_text=None,
    )
    return rows.exclude(question__kind=QuestionKind.FILE)


def _anywhere(words: str) -> str:
    """Return the pattern of the words, however their lines are broken."""
    return r"\s+".join(map(re.escape, words.split()))
