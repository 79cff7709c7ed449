"""Searching with the index finds what searching the shown texts alone finds, and no more."""

from dataclasses import asdict
from itertools import product

import pytest
from django.db import connection

from accounts.states import Role
from exports import consent
from exports.consent import Scope
from exports.filters import ExportFilter
from exports.queries import count
from exports.types import Dataset
from submissions.calls.models import Call
from submissions.responses.searching import of_people
from tests.makers import EVIDENCE, make_call, make_submitted, make_user
from tests.review.redaction_makers import make_redaction

SEARCHES = [
    "mayor",
    "town",
    "town -mayor",
    "-mayor",
    "-town",
    '"paid late"',
    '"paid late" -mayor',
    "mayor or nobody",
    '"mayor paid"',
    '"of a town"',
    '"town of the mayor of a town"',
    "o'clock",
    "-o'clock town",
    "a\\b",
    "co-operation",
    "the",
]


def searched_by_themselves(call, words, *, scope):
    texts = consent.texts_sql(call, scope)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM submissions_submission AS submission "
            "JOIN submissions_version AS version ON version.id = submission.current_version_id "
            f"{consent.JOIN_REDACTED}WHERE submission.call_id = %(call)s "
            f"AND NOT {consent.withheld_sql(call, scope)} "
            f"AND {consent.chosen_for_naming_sql(call, scope)} "
            f"AND submissions_words({texts}) @@ websearch_to_tsquery('english', %(words)s)",
            consent.parameters(call, scope) | {"call": call.pk, "words": words},
        )
        return cursor.fetchone()[0]


def make_searched():
    call = make_call()
    ann, bea = make_user(Role.REVIEWER), make_user(Role.REVIEWER)
    for publication in ("named", "organisation", "anonymous", "confidential"):
        for place in ("Mayor of a town", "Paid late, o'clock a\\b", "Nobody"):
            for story in ("The town paid late", "Town of", "The co-operation of a mayor"):
                response = make_submitted(
                    call, roles=["other"], role_other=place, story=story, publication=publication
                )
                if place == "Nobody" and "town" in story:
                    make_redaction(response, "town", by=ann, approver=bea)
    return call


@pytest.mark.django_db
def test_index_finds_what_the_shown_texts_have():
    call = make_searched()
    about_people = call.questions.filter(key__in=("role_other", "story"))
    everyone = Scope(named=True, includes_unnamed=True)
    for withheld, scope in (
        *product((None,), (Scope(), Scope(named=True), everyone, Scope(confidential=True))),
        *product(("role_other", "story"), (Scope(), everyone)),
    ):
        about_people.update(identity=False)
        about_people.filter(key=withheld).update(identity=True)
        call = Call.objects.get(pk=call.pk)
        found = {
            words: count(Dataset(call, ExportFilter(words=words), **asdict(scope)))
            for words in SEARCHES
        }
        themselves = {words: searched_by_themselves(call, words, scope=scope) for words in SEARCHES}
        assert (withheld, scope, found) == (withheld, scope, themselves)
        assert found["town"]


@pytest.mark.parametrize(
    "words", ["o'clock", "a\\b", "''", "example.org/a'b\\c?d='&e", "two words", "\\'", "the"]
)
@pytest.mark.django_db
def test_lexemes_are_those_of_the_words(words):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT submissions_lexemes(plainto_tsquery('english', %(words)s)), "
            "tsvector_to_array(to_tsvector('english', %(words)s))",
            {"words": words},
        )
        of_the_query, of_the_text = cursor.fetchone()
    assert sorted(set(of_the_query)) == of_the_text


@pytest.mark.parametrize("endless", ["a_", "~/", "/.", "@b1", "<!-- ", "a_a-"])
@pytest.mark.parametrize("length", [95_000, 250_000])
@pytest.mark.django_db
def test_text_that_looks_like_an_endless_address_is_indexed_at_once(endless, length):
    text = f"The town {endless * (length // len(endless))} paid"
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '3s'")
        cursor.execute(
            "SELECT submissions_words(jsonb_build_object('story', %s::text)) "
            "@@ websearch_to_tsquery('english', 'town')",
            [text],
        )
        assert cursor.fetchone() == (True,)


@pytest.mark.django_db
def test_word_of_most_responses_is_sought_in_the_index():
    """Reading the vector of each response would take seconds where the index takes none."""
    make_submitted(make_call(), story="The town paid late")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO submissions_version (submission_id, number, received_at, deadline, "
            "timing, choices, texts, canonical_text, sha256, words) "
            "SELECT submission_id, n, received_at, deadline, timing, choices, "
            "CASE WHEN n % 4 = 0 THEN '{}' ELSE texts END, canonical_text, sha256, words "
            "FROM submissions_version, generate_series(2, 300) n"
        )
        cursor.execute("SELECT gin_clean_pending_list('submissions_version_words')")
        cursor.execute("ANALYZE submissions_version")
        cursor.execute(
            "EXPLAIN SELECT count(*) FROM submissions_version v WHERE "
            "submissions_indexed(v.word_index) @@ websearch_to_tsquery('english', 'town') "
            "OR v.id = ANY (ARRAY(SELECT version_id FROM review_redactedversion))"
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Bitmap Index Scan on submissions_version_words" in plan


@pytest.mark.django_db
def test_letters_with_their_marks_apart_are_found_as_they_are_stored():
    name = {"key": "name", "kind": "short", "label": "Name", "identity": True}
    call = make_call(evidence_questions=[*EVIDENCE, name])
    make_submitted(call, story="The Caf\u00e9 pays late", name="Zo\u00eb Example")
    typed = ExportFilter(words="cafe\u0301").checked(call)
    assert count(Dataset(call, typed)) == 1
    assert of_people("zoe\u0308", call=call).count() == 1
