"""The quotes of a bank, and their words, which are read out of the version each time."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from accounts.models import User
from review.coding.samples import blind_to
from review.models import BlindMark, Coding, FileText, Quote, RedactedVersion
from review.redaction.readable_texts import (
    HIDDEN,
    hidden_files,
    readable_file_texts,
    readable_texts,
)
from submissions.responses.models import Version


def with_responses(quotes: QuerySet[Quote]) -> QuerySet[Quote]:
    """Fetch with the quotes what their standing, their roles and their pages need, but no texts.

    What many quotes have in common is fetched once, and not with each.
    """
    rows = quotes.prefetch_related("call", "question", "by")
    return rows.select_related(
        "version__submission__current_version", "file_text__attachment"
    ).defer(
        "file_text__text",
        "version__texts",
        "version__canonical_text",
        "version__submission__current_version__texts",
        "version__submission__current_version__canonical_text",
    )


def seen_by(quotes: QuerySet[Quote], reader: User) -> QuerySet[Any]:
    """Leave out what others marked in responses that the reader codes blind.

    What the reader marked there, too, is theirs: `own_at` is when they did, None for the others.
    """
    blind = Exists(blind_to(reader).filter(submission=OuterRef("version__submission")))
    own = BlindMark.objects.filter(quote=OuterRef("pk"), by=reader)
    own_at = Case(When(Q(blind) & ~Q(by=reader), then=Subquery(own.values("at"))))
    seen = quotes.annotate(own_at=own_at)
    return seen.filter(Q(by=reader) | ~blind | Q(own_at__isnull=False))


def marked(quote: Any, reader: User) -> tuple[User, datetime]:
    """Return who marked the quote, and when, as far as the reader may know: a row of `seen_by`."""
    return (quote.by, quote.at) if quote.own_at is None else (reader, quote.own_at)


def codings_within(quote: Quote) -> QuerySet[Coding]:
    """Return the codings of the passage, or of a part of it."""
    return Coding.objects.filter(
        version=quote.version_id,
        question=quote.question_id,
        file_text=quote.file_text_id,
        start__lt=quote.end,
        end__gt=quote.start,
    )


def of_the_outer_quote(codings: QuerySet[Coding]) -> QuerySet[Coding]:
    """Return those within a quote of the query around this one."""
    return codings.alias(file=Coalesce("file_text", 0)).filter(
        version=OuterRef("version"),
        question=OuterRef("question"),
        file=Coalesce(OuterRef("file_text"), 0),
        start__lt=OuterRef("end"),
        end__gt=OuterRef("start"),
    )


def words_of(quote: Quote) -> str:
    """Return the words, as those outside the team may read them."""
    return words_of_each([quote])[quote.pk]


def words_of_each(quotes: Collection[Quote]) -> dict[int, str]:
    """Return the words of each quote by its key; each version and file is read once."""
    versions = Version.objects.filter(pk__in={one.version_id for one in quotes})
    answers = readable_texts(versions.defer("canonical_text"))
    files = {one.file_text_id for one in quotes if one.file_text_id is not None}
    texts = readable_file_texts(FileText.objects.filter(pk__in=files)) if files else {}
    return {
        one.pk: (
            answers[one.version_id].get(one.question.key, "")
            if one.file_text_id is None
            else texts.get(one.file_text_id, "")
        )[one.start : one.end]
        for one in quotes
    }


def wholly_hidden(quotes: Collection[Quote]) -> list[int]:
    """Return the keys of those of which readers outside the team see no word."""
    of_answers = {one.version_id for one in quotes if one.file_text_id is None}
    of_files = {one.file_text_id for one in quotes if one.file_text_id is not None}
    redacted = RedactedVersion.objects.filter(pk__in=of_answers)
    versions = set(redacted.values_list("pk", flat=True)) if of_answers else set()
    files = hidden_files(of_files) if of_files else set()
    partly = [
        one
        for one in quotes
        if (one.version_id in versions if one.file_text_id is None else one.file_text_id in files)
    ]
    words = words_of_each(partly) if partly else {}
    return [key for key, said in words.items() if not said.replace(HIDDEN, "").strip()]
