"""Finds responses by the words of their answers.

Words are read as a web search reads them: all of them in any inflection, phrases in double quotes,
`or`, and `-` before what must not be there (PostgreSQL's websearch_to_tsquery). The index
`submissions_version_words` answers it over all the texts of a version.
"""

from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.fields.json import KeyTextTransform
from django.db.models.lookups import IContains

from core.canonical import canonical_text
from submissions.calls.models import Call, Question
from submissions.calls.states import TEXT_KINDS
from submissions.responses.models import Submission, VersionIdentity

WHOLLY_INDEXED = 200_000  # bytes of a version's texts; of more only the beginning is indexed


def in_answers(words: str) -> RawSQL:
    """Return the versions, as primary keys, whose texts have what `words` ask for."""
    return RawSQL(
        "SELECT id FROM submissions_version "
        "WHERE submissions_indexed(word_index) @@ websearch_to_tsquery('english', %s)",
        [words],
    )


def found_sql(
    words: str, *, shown: str, withheld: str, withholds: str, rewritten: str, all_rewritten: str
) -> str:
    """SQL of whether the texts of a `version` that are shown have what `words` ask for.

    Parameter: `words`. The other arguments are SQL. `shown` and `withheld` are texts, as JSON
    objects; `withholds` is whether any text is withheld. `rewritten` is whether the shown texts
    have other words than the version itself; `all_rewritten` selects the keys of such versions.

    Nobody may find out by searching what hidden words say. So the shown texts are searched by
    themselves where they are rewritten, where a withheld one has any word of the search, and for
    phrases with stop words in them, which span texts. That takes a hundred times as long as the
    index, which says the same of all others.
    """
    wanted = "websearch_to_tsquery('english', %(words)s)"
    indexed = f"submissions_indexed({{}}.word_index) @@ {wanted}"
    apart = (
        f"({rewritten}) OR ({withholds}) AND (octet_length(version.texts::text) > {WHOLLY_INDEXED} "
        f"OR {wanted}::text ~ '<[0-9]' "
        f"OR tsvector_to_array(submissions_words({withheld})) && submissions_lexemes({wanted}))"
    )
    by_itself = f"submissions_words({shown}) @@ {wanted}"
    if "-" not in words:  # what the shown texts have, all of them have
        # What is rewritten may have what the version has not: a phrase around a hidden word.
        candidates = f"({indexed.format('version')} OR version.id = ANY (ARRAY({all_rewritten})))"
        return f"{candidates} AND CASE WHEN {apart} THEN {by_itself} ELSE true END"
    found = f"SELECT other.id FROM submissions_version AS other WHERE {indexed.format('other')}"  # noqa: S608 - no values
    return f"CASE WHEN {apart} THEN {by_itself} ELSE version.id IN ({found}) END"


def of_people(words: str, *, call: Call) -> QuerySet[Submission]:
    """Return the submitted responses of the call in whose latest identity `words` stand.

    Only what people typed is searched: neither the keys of questions nor options, which many
    responses share. Drafts and withdrawn responses are not found.
    """
    words = canonical_text(words)  # as what people typed is stored
    typed = Question.objects.filter(call=call, identity=True, kind__in=TEXT_KINDS)
    said = [Q(IContains(KeyTextTransform(q.key, "answers"), words)) for q in typed]
    if not said:
        return Submission.objects.none()
    found = VersionIdentity.objects.filter(reduce(or_, said)).values("version")
    return Submission.objects.submitted().filter(call=call, current_version__in=found)
