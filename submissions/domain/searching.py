"""Finding responses by the words of their answers."""

from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.db.models import F, Func, QuerySet

from submissions.models import Version


def in_answers(words: str) -> QuerySet[Version]:
    """Return the versions, as primary keys, whose texts have all of `words`, in any inflection.

    `words` may have phrases in double quotes, `or`, and `-` before what must not be there
    (PostgreSQL's websearch_to_tsquery). The index `submissions_version_words` answers it.
    """
    written = Func(F("texts"), function="submissions_words", output_field=SearchVectorField())
    wanted = SearchQuery(words, config="english", search_type="websearch")
    return Version.objects.order_by().annotate(written=written).filter(written=wanted).values("pk")
