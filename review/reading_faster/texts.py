"""The words that somebody who reads a call may read of a response: all that is compared."""

from collections.abc import Iterable, Iterator

from accounts.models import User
from core.words import WORD, has_no_spaces, words_in, words_of_run
from review.redaction.readable_texts import texts_for
from review.searching.entries import LONGEST_BEGINNING
from review.searching.snippets import LONGEST_WORD, stems
from submissions.calls.models import Call
from submissions.calls.states import TEXT_KINDS
from submissions.responses.models import Version

RUN = WORD
# The words of a version as the index of the database has them; for who may not see hidden words,
# without these.
JOIN_REDACTED = "LEFT JOIN review_redactedversion AS redacted ON redacted.version_id = version.id"
ALL_WORDS = "version.word_index"
READABLE_WORDS = (
    "CASE WHEN redacted.texts IS NULL THEN version.word_index "
    "ELSE submissions_words(redacted.texts) END"
)


def answers_of(
    call: Call, versions: Iterable[Version], *, reader: User
) -> dict[int, dict[str, str]]:
    """Return, by version, the answers that the reader may see, none of those that say who answers.

    They are in the order of the call.
    """
    keys = [q.key for q in call.questions_in_order if q.kind in TEXT_KINDS and not q.identity]
    return {
        version: {key: texts[key] for key in keys if texts.get(key)}
        for version, texts in texts_for(reader, versions, call).items()
    }


def words_at(text: str) -> Iterator[tuple[str, int]]:
    """Yield each word with its place; of a run of a script without spaces, several."""
    is_unspaced = has_no_spaces(text)
    for run in RUN.finditer(text):
        place = run.start()
        for word in words_of_run(run[0]) if is_unspaced else [run[0]]:
            place = text.index(word, place)
            yield word, place
            place += len(word)


def small_words(text: str) -> list[str]:
    """Return the words of the text in small letters."""
    return list(words_in(text.lower()))


def small_pieces(text: str) -> set[str]:
    """Return what stands between spaces in the text, in small letters; no word is in two of them.

    The same pieces stand all over the responses: what is worked out for each is worked out once.
    """
    return set(text.lower().split())


def stems_of(texts: Iterable[str]) -> dict[str, str]:
    """Return the stem of each word of the texts in small letters, "" for one like “the”.

    That of a script without spaces is what the words of the search have, as PostgreSQL knows none.
    """
    words = {word for piece in small_pieces("\n".join(texts)) for word in words_in(piece)}
    whole = {word for word in words if has_no_spaces(word)}
    found = stems(word for word in words - whole if len(word) <= LONGEST_WORD)
    return found | {word: as_found(word) for word in whole}


def as_found(word: str) -> str:
    """Return the word, of a script without spaces, as the words of the search have it."""
    return f"={word[:LONGEST_BEGINNING]}"
