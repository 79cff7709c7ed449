"""What respondents chose about publication, and which answers say who they are.

Each column, text, file and search of every export goes by these rules, which stand only here.

- Pseudonymised exports have no answer that says who answers (`is_withheld`).
- A named export has those too, except of confidential responses.
- No export has the short texts of a confidential response (a role or a place in one's own words
  may say who one is), nor its files, unless the call shares them.
- A response may be quoted only where it says so and is not confidential.
"""

from submissions.calls.models import Call, Question
from submissions.calls.states import CHOICE_KINDS, TEXT_KINDS, Publication, QuestionKind


def is_withheld(question: Question, *, named: bool = False) -> bool:
    """Return whether the export leaves the question out because it says who answers."""
    return not named and says_who(question)


def says_who(question: Question) -> bool:
    return question.identity or question.kind == QuestionKind.EMAIL


def shown_questions(call: Call, *, named: bool = False) -> list[Question]:
    return [q for q in call.questions_in_order if not is_withheld(q, named=named)]


def withheld_questions(call: Call, *, named: bool = False) -> list[Question]:
    return [q for q in call.questions_in_order if is_withheld(q, named=named)]


def asks_publication(call: Call) -> bool:
    question = call.questions_by_key.get("publication")
    return question is not None and question.kind == QuestionKind.RADIO


def confidential_sql(call: Call) -> str:
    """SQL of whether the respondent chose “confidential”, or left the question open.

    Parameter: `confidential`. Never NULL.
    """
    if not asks_publication(call):
        return "false"
    return "coalesce(version.choices->>'publication', %(confidential)s) = %(confidential)s"


def quotable_sql(call: Call) -> str:
    """SQL of whether the response may be quoted: it says yes, and is not confidential."""
    return f"(version.choices->>'quote_ok' = 'yes' AND NOT {confidential_sql(call)})"


def texts_sql(call: Call) -> str:
    """SQL of a version's texts as the export shows them, a JSON object.

    Parameters: `confidential`, and the keys `never` and `not_confidential` (`parameters`). To
    take keys away, even none, fetches the document out of its storage once for all its readers.
    """
    texts = "(version.texts - %(never)s::text[])"
    hidden = f"({texts} - %(not_confidential)s::text[])"
    return f"CASE WHEN {confidential_sql(call)} THEN {hidden} ELSE {texts} END"


def withheld_texts_sql(call: Call, *, named: bool = False) -> str:
    """SQL of a version's other texts, those that `texts_sql` leaves out; NULL if there are none."""
    return (
        "(SELECT jsonb_object_agg(answer.key, answer.value) "  # noqa: S608 - no values
        "FROM jsonb_each(version.texts) AS answer "
        f"WHERE NOT {text_shown_sql(call, 'answer.key', named=named)})"
    )


def withholds_texts_sql(call: Call, *, named: bool = False) -> str:
    """SQL of whether `texts_sql` leaves out any text. It reads no text."""
    return (
        "EXISTS (SELECT FROM jsonb_array_elements_text(version.text_keys) AS answer(key) "
        f"WHERE NOT {text_shown_sql(call, 'answer.key', named=named)})"
    )


def text_shown_sql(call: Call, key: str, *, named: bool = False) -> str:
    """SQL of whether the export shows the version's text under the key, itself SQL.

    Parameters: as for `texts_sql`. It reads no text.
    """
    hidden = f"({confidential_sql(call)} AND {key} = ANY(%(not_confidential)s::text[]))"
    if _never(call, named=named):
        return f"NOT ({key} = ANY(%(never)s::text[]) OR {hidden})"
    return f"NOT {hidden}"


def identity_sql(call: Call) -> str:
    """SQL of who answered as a named export shows it, a JSON object or NULL."""
    return f"CASE WHEN NOT {confidential_sql(call)} THEN version_identity.answers END"


def files_shown_sql(call: Call) -> str:
    """SQL of whether the response's files are among the exports."""
    return "true" if call.shares_confidential_files else f"NOT {confidential_sql(call)}"


def parameters(call: Call, *, named: bool = False) -> dict[str, object]:
    return {
        "confidential": str(Publication.CONFIDENTIAL),
        "never": _never(call, named=named),
        "not_confidential": [
            q.key for q in call.questions_in_order if q.kind in TEXT_KINDS - {QuestionKind.LONG}
        ],
    }


def shown_choices(call: Call, *, named: bool = False) -> frozenset[str]:
    """Return the keys of a version's choices that the export shows."""
    return frozenset(q.key for q in shown_questions(call, named=named) if q.kind in CHOICE_KINDS)


def _never(call: Call, *, named: bool) -> list[str]:
    """Return the keys of texts that stand among the evidence and yet say who answers."""
    return [q.key for q in withheld_questions(call, named=named) if q.kind in TEXT_KINDS]
