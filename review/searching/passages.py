"""What a snippet may show of responses: answers, choices and notes, each with where it stands."""

from collections.abc import Sequence

from review.models import Note
from review.searching.entries import labels_of
from review.searching.snippets import Passage
from submissions.responses.models import Submission, Version


def passages_of(responses: Sequence[Submission]) -> dict[int, list[Passage]]:
    """Return, by the key of each response that was submitted, its passages in their order."""
    versions = [one.current_version_id for one in responses if one.current_version_id]
    texts = dict(Version.objects.filter(pk__in=versions).values_list("pk", "texts"))
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
            if said.get(question.key)
        ]
        found[response.pk] += [
            Passage(call.questions_by_key[key].label, label, f"answer-{key}")
            for key, label in labels.items()
        ]
    notes = Note.objects.filter(submission__in=found).select_related("by")
    for note in notes:
        passage = Passage(f"Note by {note.by.get_username()}", note.text, "notes")
        found[note.submission_id].append(passage)
    return found
