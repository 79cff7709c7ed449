"""Carrying a coder's codings over to the version that its author submitted later.

A coding belongs to the version that it was made on, and stays there. Where the later version has
the same words, a coder can have the same passage coded there, too.
"""

from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.rights import may
from accounts.states import Action
from review.coding.codings import code_passage, quote
from review.coding.decided import standing_codings
from review.coding.locking import lock_codes
from review.coding.places_in_text import Passage
from review.models import Code, Coding, Quote
from submissions.responses.models import Submission, Version


@dataclass(frozen=True)
class CarryingOver:
    """`from_version` is the number of the version that has the codings, None where none has any.

    `found` are the codings whose words the later version has, with their place there, but those
    that it has already; `lost` are those whose words it has no more, or not as often.
    """

    from_version: int | None = None
    found: list[tuple[Coding, Passage]] = field(default_factory=list)
    lost: list[Coding] = field(default_factory=list)


def carrying_over(version: Version, *, by: User) -> CarryingOver:
    """Return what of the coder's latest earlier codings of the response can be carried over.

    Codings under codes that are retired by now are left out. So are those against which somebody
    decided: they would count again, as nobody decided about the later version.
    """
    if version.number == 1:
        return CarryingOver()
    earlier = Coding.objects.filter(
        version__submission=version.submission_id,
        version__number__lt=version.number,
        by=by,
        code__is_retired=False,
    )
    if not may(by, Action.OPEN_FILES, version.submission.call_id):
        earlier = earlier.filter(file_text=None)
    rows = earlier.select_related("code", "version", "question", "file_text")
    codings = list(rows.order_by("-version__number", "question", "start", "end", "pk"))
    if not codings:
        return CarryingOver()
    latest = codings[0].version_id
    of_latest = Coding.objects.filter(version=latest, by=by)
    standing = set(standing_codings(of_latest).values_list("pk", flat=True))
    there = {_place(one) for one in Coding.objects.filter(version=version, by=by)}
    files = set(version.attachments.values_list("pk", flat=True))
    result = CarryingOver(from_version=codings[0].version.number)
    for coding in codings:
        if coding.version_id != latest:
            break
        if coding.pk not in standing:
            continue
        passage = same_words(coding, version, files)
        if passage is None:
            result.lost.append(coding)
        elif _place(coding, passage) not in there:
            result.found.append((coding, passage))
    return result


def carry_over(version: Version, *, by: User, at: datetime) -> int:
    """Code the same words in the version; return how many passages. Raises CodingRefused."""
    with transaction.atomic():
        Submission.objects.select_for_update(no_key=True).get(pk=version.submission_id)
        found = carrying_over(version, by=by).found
        lock_codes(Code.objects.filter(pk__in={coding.code_id for coding, _ in found}))
        for coding, passage in found:
            code_passage(
                code=coding.code,
                version=version,
                question=coding.question,
                file_text=coding.file_text,
                start=passage.start,
                end=passage.end,
                by=by,
                at=at,
            )
    return len(found)


def same_words(coding: Coding | Quote, version: Version, files: set[int]) -> Passage | None:
    """Return where the passage stands in the version; None if it does not, or nobody can tell.

    Words that stand several times are told apart by which of them is meant, so there must be as
    many as before.
    """
    here = Passage(coding.start, coding.end)
    if coding.file_text_id is not None:
        return here if coding.file_text_id in files else None
    before = coding.version.texts.get(coding.question.key, "")
    now = version.texts.get(coding.question.key, "")
    if now == before:
        return here
    words = quote(coding)
    places, places_now = _places(before, words), _places(now, words)
    if len(places) != len(places_now):
        return None
    start = places_now[places.index(coding.start)]
    return Passage(start, start + len(words))


def _places(text: str, words: str) -> list[int]:
    """Return each place at which the words begin, also within one another."""
    found, place = [], text.find(words)
    while place >= 0:
        found.append(place)
        place = text.find(words, place + 1)
    return found


def _place(coding: Coding, passage: Passage | None = None) -> tuple[int | None, ...]:
    start, end = (passage.start, passage.end) if passage else (coding.start, coding.end)
    return coding.code_id, coding.question_id, coding.file_text_id, start, end
