"""The words that readers outside the team may see: hidden ones stand as “█”, one for one.

Whatever leaves the team takes its words from here, and exports take theirs from the same tables
(`exports.response_sql`). What its author gets is the response as it was given.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Protocol

from django.db.models import Exists, OuterRef, Q

from accounts.rights import Person, calls_of, is_administrator, may
from accounts.states import Action
from review.models import FileText, RedactedFileText, RedactedVersion, Redaction
from review.states import RedactionState
from submissions.calls.models import Call, Question
from submissions.responses.models import Attachment, Submission, Version

HIDDEN = "█"
NO_LINE_END = re.compile(r"[^\r\n]")
HAS_HIDDEN_WORDS = Q(redacted__isnull=False) | Q(attachments__extracted__redacted__isnull=False)


def readable_answers(version: Version) -> dict[str, str]:
    """Return the text answers of the version by their keys, without what is hidden."""
    return readable_texts([version])[version.pk]


def readable_texts(versions: Iterable[Version]) -> dict[int, dict[str, str]]:
    """Return the same for several versions, by their primary keys, in one query."""
    texts = {version.pk: version.texts for version in versions}
    return texts | redacted_answers(texts)


def readable_file_text(file_text: FileText) -> str:
    """Return what was read of the file, without what is hidden."""
    return readable_file_texts([file_text])[file_text.pk]


def readable_file_texts(file_texts: Iterable[FileText]) -> dict[int, str]:
    """Return the same for several files, by their primary keys."""
    texts = {one.pk: one.text for one in file_texts}
    if not texts:
        return {}
    withheld = withheld_files(texts)
    found = texts | dict(RedactedFileText.objects.filter(pk__in=texts).values_list("pk", "text"))
    return {key: hide(text) if key in withheld else text for key, text in found.items()}


def redacted_answers(versions: Iterable[int]) -> dict[int, dict[str, str]]:
    """Return the text answers of those of the versions that have hidden words, without these.

    The versions are given by their primary keys, and so are the answers.
    """
    redacted = RedactedVersion.objects.filter(pk__in=list(versions))
    return dict(redacted.values_list("pk", "texts"))


class Passage(Protocol):
    """A coding or a quote: `[start, end)` of an answer in `version`, or of a file's text."""

    pk: int
    version: Version
    question: Question
    file_text_id: int | None
    start: int
    end: int


def readable_quotes(passages: Iterable[Passage]) -> dict[int, str]:
    """Return the words of passages without what is hidden, by primary key, in four queries."""
    rows = list(passages)
    texts = readable_texts(one.version for one in rows)
    of_files = {one.file_text_id for one in rows if one.file_text_id is not None}
    files = readable_file_texts(FileText.objects.filter(pk__in=of_files)) if of_files else {}
    found = {}
    for one in rows:
        text = (
            texts[one.version.pk].get(one.question.key, "")
            if one.file_text_id is None
            else files.get(one.file_text_id, "")
        )
        found[one.pk] = text[one.start : one.end]
    return found


def hidden_files(files: Iterable[int]) -> set[int]:
    """Return those of the files, by primary key, that nobody outside the team gets."""
    keys = list(files)
    redacted = RedactedFileText.objects.filter(pk__in=keys).values_list("pk", flat=True)
    return withheld_files(keys) | set(redacted)


def withheld_files(files: Iterable[int]) -> set[int]:
    """Return those that came in the place of a file with hidden words, while nobody has decided."""
    lost = Redaction.objects.filter(
        version__attachments=OuterRef("pk"),
        question=OuterRef("question"),
        file_text=None,
        state=RedactionState.LOST,
    )
    rows = Attachment.objects.filter(Exists(lost), pk__in=list(files))
    return set(rows.values_list("pk", flat=True))


def without_digest(call: Call) -> set[tuple[str, int]]:
    """Return the versions of the call of which no digest leaves, by reference and number.

    They have hidden words. As each stands as one “█”, whoever knows the text around short words
    could try them out until the digest fits.
    """
    rows = Version.objects.filter(HAS_HIDDEN_WORDS, submission__call=call)
    return {
        (str(reference), number)
        for reference, number in rows.values_list("submission__reference", "number")
    }


def digests_for(
    reader: Person, response: Submission, versions: Iterable[Version]
) -> dict[int, str]:
    """Return the digest of each of its versions that the reader may see, by primary key."""
    hidden: set[int] = set()
    if not sees_redacted(reader, response.call_id):
        hidden.update(response.versions.filter(HAS_HIDDEN_WORDS).values_list("pk", flat=True))
    return {version.pk: version.sha256 for version in versions if version.pk not in hidden}


def hide(text: str) -> str:
    """Return the text with each character hidden but its line ends."""
    return NO_LINE_END.sub(HIDDEN, text)


def sees_redacted(reader: Person, call: Call | int) -> bool:
    """Return whether the reader sees hidden words of the call's responses, marked as hidden."""
    return may(reader, Action.SEE_REDACTED, call)


def sees_redacted_in(reader: Person) -> set[int] | None:
    """Return the calls, by primary key, in which the reader does; None for all."""
    if is_administrator(reader):
        return None
    return set(calls_of(reader, Action.SEE_REDACTED).values_list("pk", flat=True))


def texts_for(
    reader: Person, versions: Iterable[Version], call: Call | int
) -> dict[int, dict[str, str]]:
    """Return the text answers of versions, by primary key, as the reader may see them."""
    rows = list(versions)
    if sees_redacted(reader, call):
        return {version.pk: version.texts for version in rows}
    return readable_texts(rows)


def answers_for(reader: Person, version: Version, call: Call | int) -> Mapping[str, str]:
    """Return the text answers of the version as the reader may see them."""
    return version.texts if sees_redacted(reader, call) else readable_answers(version)


def file_text_for(reader: Person, file_text: FileText, call: Call | int) -> str:
    """Return what was read of the file as the reader may see it."""
    return file_text.text if sees_redacted(reader, call) else readable_file_text(file_text)


def redactions_of(version: Version) -> Q:
    """Return the condition of the redactions in the version, and of those in its files."""
    return Q(version=version) | Q(file_text__attachment__versions=version)
