"""How quotes stand now: whether they may be used, with the reason in words where they may not.

What its author allows is asked anew each time, of the current version: it holds for each version.
`exports.consent` has the same rules in SQL; a test over all that can be chosen holds them equal.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from review.coding.carrying import same_words
from review.coding.codings import quote as words_as_given
from review.coding.places_in_text import Passage
from review.consent import consent_of
from review.models import Quote
from review.quotes.quote_words import wholly_hidden, words_of_each
from review.redaction.readable_texts import HIDDEN, redacted_answers
from submissions.calls.models import Call, Question
from submissions.calls.states import Publication, QuestionKind
from submissions.responses.models import Submission, Version
from submissions.responses.states import SubmissionState, TriageStatus

SHORT_ANSWERS = (
    "The response is published without its author’s name, and a short answer may say who that is"
)
WHO_ANSWERED = "It says who answered"
ALL_HIDDEN = "All of its words are hidden"


def why_not_quotable(response: Submission, call: Call) -> str | None:
    """Return why nothing of the response may be quoted, without a full stop; None if it may be."""
    if response.state == SubmissionState.ERASED:
        return "This response was erased"
    if response.state == SubmissionState.DRAFT:
        return "This response is a draft"
    if response.state != SubmissionState.WITHDRAWN and (
        response.triage_status == TriageStatus.SET_ASIDE
    ):
        return "This response is set aside"
    return consent_of(response, call).why_not_quoted or None


def why_not_answer(question: Question, response: Submission, call: Call) -> str | None:
    """Return why this answer may not be quoted, as `why_not_quotable` does."""
    if (reason := why_not_quotable(response, call)) is not None:
        return reason
    if question.identity or question.kind == QuestionKind.EMAIL:
        return WHO_ANSWERED
    publication = response.submitted_version.choices.get("publication")
    if publication != Publication.NAMED and question.kind == QuestionKind.SHORT:
        return SHORT_ANSWERS
    return None


@dataclass(frozen=True)
class Later:
    """The response's latest version, where the quote is of an earlier one.

    `has_words` says whether it still has them anywhere in that answer; `passage` is where, None
    also where they stand there more or less often than before, so that nobody can tell.
    """

    number: int
    has_words: bool
    passage: Passage | None


@dataclass(frozen=True)
class Standing:
    """`why_not` is why the quote may not be used, without a full stop; None if it may be."""

    why_not: str | None
    later: Later | None


def why_not_usable(quote: Quote) -> str | None:
    """Return why the quote may neither be copied, exported nor put in a finding; None if it may."""
    return standing_of_each([quote])[quote.pk].why_not


def standing_of_each(quotes: Collection[Quote]) -> dict[int, Standing]:
    """Return how each quote stands, by its key. Fetch them by `quotes.quote_words.with_responses`.

    What its author allows now counts, and so does what they take out of an answer later: then the
    evidence says it no more. So does what is hidden in the latest version alone. Texts are read for
    quotes of earlier versions, and of those with hidden words.
    """
    later = _later_of_each(quotes)
    found = {}
    for one in quotes:
        response, now = one.version.submission, later.get(one.pk)
        why_not = why_not_answer(one.question, response, one.call)
        if why_not is None and now is not None and not now.has_words:
            why_not = f"Its author has taken these words out: version {now.number} has them no more"
        found[one.pk] = Standing(why_not, now)
    usable = [one for one in quotes if found[one.pk].why_not is None]
    for key in wholly_hidden(usable):
        found[key] = Standing(ALL_HIDDEN, found[key].later)
    for key, now in _hidden_later(usable, later).items():
        why_not = f"Readers outside the team do not see all of it in version {now.number}"
        found[key] = Standing(why_not, now)
    return found


def _hidden_later(quotes: Collection[Quote], later: Mapping[int, Later]) -> dict[int, Later]:
    """Return those of which the latest version hides words that the quote would show."""
    current = {
        one.pk: one.version.submission.current_version_id or 0
        for one in quotes
        if one.pk in later and one.file_text_id is None
    }
    redacted = redacted_answers(current.values()) if current else {}
    asked = [one for one in quotes if current.get(one.pk) in redacted]
    words = words_of_each(asked) if asked else {}
    return {
        one.pk: later[one.pk]
        for one in asked
        if not _are_shown(
            words[one.pk],
            redacted[current[one.pk]].get(one.question.key, ""),
            later[one.pk].passage,
        )
    }


def _are_shown(words: str, text: str, passage: Passage | None) -> bool:
    """Return whether the text shows the words there; without a passage, anywhere."""
    if passage is None:
        return words in text
    shown = zip(words, passage.quote(text), strict=False)
    return all(was == HIDDEN or now == was for was, now in shown)


def _later_of_each(quotes: Collection[Quote]) -> dict[int, Later]:
    earlier = [one for one in quotes if one.version_id != one.version.submission.current_version_id]
    keys = {one.version_id for one in earlier}
    latest = {one.version.submission.current_version_id for one in earlier}
    versions = Version.objects.prefetch_related("attachments").in_bulk((keys | latest) - {None})
    return {
        one.pk: _later(one, versions[one.version_id], versions[current])
        for one in earlier
        if (current := one.version.submission.current_version_id) is not None
    }


def _later(quote: Quote, version: Version, latest: Version) -> Later:
    files = {attachment.pk for attachment in latest.attachments.all()}
    quote.version.texts = version.texts  # read already, and otherwise deferred
    passage = same_words(quote, latest, files)
    has_words = passage is not None
    if not has_words and quote.file_text_id is None:
        has_words = words_as_given(quote) in latest.texts.get(quote.question.key, "")
    return Later(latest.number, has_words, passage)
