"""What a snippet may show of a response, and where it stands: answers, choices, notes, files."""

from collections.abc import Collection, Sequence

from review.models import Note, RedactedVersion
from review.redaction.readable_texts import readable_file_texts
from review.searching.entries import labels_of, texts_of_files
from review.searching.snippets import Passage
from submissions.responses.models import Submission, Version

MOST_OF_A_FILE = 100_000  # characters from its beginning that are looked through for a snippet


def passages_of(
    responses: Sequence[Submission],
    *,
    opens: Collection[int] | None,
    sees: Collection[int] | None,
) -> dict[int, list[Passage]]:
    """Return, by the key of each response that was submitted, its passages in their order.

    `opens` has the calls whose files the reader may open, `sees` those in which they see hidden
    words; None: those of every call.
    """
    versions = [one.current_version_id for one in responses if one.current_version_id]
    texts = dict(Version.objects.filter(pk__in=versions).values_list("pk", "texts"))
    outside = [one for one in responses if sees is not None and one.call_id not in sees]
    hidden = RedactedVersion.objects.filter(pk__in=[one.current_version_id for one in outside])
    texts |= dict(hidden.values_list("pk", "texts")) if outside else {}
    found: dict[int, list[Passage]] = {}
    for response in responses:
        version = response.current_version
        if version is None:
            continue
        call, said = response.call, texts[version.pk]
        labels = labels_of(call, version)
        found[response.pk] = [
            Passage(question.label, said[question.key], f"answer-{question.key}")
            for question in call.questions_in_order
            if said.get(question.key) and not question.identity
        ]
        found[response.pk] += [
            Passage(call.questions_by_key[key].label, label, f"answer-{key}")
            for key, label in labels.items()
        ]
    notes = Note.objects.filter(submission__in=found).select_related("by")
    for note in notes:
        passage = Passage(f"Note by {note.by.get_username()}", note.text, "notes")
        found[note.submission_id].append(passage)
    opened = [one for one in responses if opens is None or one.call_id in opens]
    questions = {q.pk: q for one in opened for q in one.call.questions_in_order}
    files = texts_of_files([one.current_version_id for one in opened])
    keys = {one.pk for one in outside}
    readable = readable_file_texts(f for f in files if f.attachment.submission_id in keys)
    for read in files:
        question = questions.get(read.attachment.question_id or 0)  # an original has none
        if question is not None:
            where = f"{question.label}: text of a file"
            text = readable.get(read.pk, read.text)[:MOST_OF_A_FILE]
            passage = Passage(where, text, f"answer-{question.key}")
            found[read.attachment.submission_id].append(passage)
    return found
