"""What respondents chose about publication, and which answers say who they are.

Each column, text, file, count and search of every export goes by these rules, which stand only
here. `publication_sql` has the choice as the rules read it:

- **named**: pseudonymised exports have no answer that says who answers (`is_withheld`), named ones
  have it.
- **organisation**: a named export has the organisation's name and nothing else that says who
  answers. No export has the short texts: a role in one's own words may say which person it is.
- **anonymous**: as organisation, and not in a named export at all, unless somebody asks for those
  who did not choose to be named (`includes_unnamed`). Then it says who answered.
- **confidential**, or the question left open, or a call that publishes nothing: withheld
  (`withheld_sql`). What is left is a row of the reference, when it came, its timing and its
  publication. Project staff with a permission of their own export such a response with all its
  evidence (`confidential`), its files if the call shares them; no export says who gave it.
- **not asked**: the call asks nobody. Its responses are used inside and never published or quoted;
  as nobody chose to be named, a named export has them only under `includes_unnamed`.
"""

from dataclasses import dataclass

from submissions.calls.models import Call, Question
from submissions.calls.states import (
    CHOICE_KINDS,
    ORGANISATION_NAME,
    TEXT_KINDS,
    Publication,
    PublicationPolicy,
    QuestionKind,
)

PUBLISHED = [p.value for p in Publication if p != Publication.CONFIDENTIAL]
CHOSE_TO_BE_NAMED = [Publication.NAMED.value, Publication.ORGANISATION.value]
NOT_ASKED = PublicationPolicy.NOT_ASKED.value
UNNAMED = (Publication.ANONYMOUS.value, NOT_ASKED)


@dataclass(frozen=True)
class Scope:
    """What somebody may export beside the pseudonymised evidence.

    `named` adds who answered, of those who chose to be named, and with `includes_unnamed` of the
    others too. `confidential` adds the evidence of confidential responses.
    """

    named: bool = False
    includes_unnamed: bool = False
    confidential: bool = False

    def in_words(self) -> dict[str, str | bool]:
        """Return what the record and the manifest say of it."""
        said: dict[str, str | bool] = {"dataset": "named" if self.named else "pseudonymised"}
        if self.includes_unnamed:
            said["includes_unnamed"] = True
        if self.confidential:
            said["confidential"] = True
        return said


PSEUDONYMISED = Scope()


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
    return call.publication == PublicationPolicy.ASKED


def publication_sql(call: Call) -> str:
    """SQL of what may become of the response: a `Publication`, or “not asked”. Never NULL.

    Parameters: `published`, `confidential_key`.
    """
    if call.publication == PublicationPolicy.NEVER:
        return "%(confidential_key)s::text"
    if call.publication == PublicationPolicy.NOT_ASKED:
        return f"'{NOT_ASKED}'::text"
    chosen = "version.choices->>'publication'"
    return (
        f"CASE WHEN {chosen} = ANY(%(published)s::text[]) THEN {chosen} "
        "ELSE %(confidential_key)s::text END"
    )


def confidential_sql(call: Call) -> str:
    """SQL of whether the response is confidential. Never NULL."""
    return f"({publication_sql(call)} = %(confidential_key)s)"


def withheld_sql(call: Call, scope: Scope) -> str:
    """SQL of whether nothing but the bare row of the response is exported. Never NULL."""
    return "false" if scope.confidential else confidential_sql(call)


def chosen_for_naming_sql(call: Call, scope: Scope) -> str:
    """SQL of whether the export has the response: a named one has those who chose a name."""
    if not scope.named or scope.includes_unnamed:
        return "true"
    return f"({publication_sql(call)} = ANY(%(chose_to_be_named)s::text[]))"


def quotable_sql(call: Call) -> str:
    """SQL of whether the response may be quoted: it says yes, and may be published."""
    may_publish = f"{publication_sql(call)} = ANY(%(published)s::text[])"
    return f"(version.choices->>'quote_ok' = 'yes' AND {may_publish})"


# `redacted` is joined: what redaction hides is in no export, whoever may have it.
READABLE_TEXTS = "coalesce(redacted.texts, version.texts)"
JOIN_REDACTED = "LEFT JOIN review_redactedversion AS redacted ON redacted.version_id = version.id "


def texts_sql(call: Call, scope: Scope) -> str:
    """SQL of a version's texts as the export shows them, a JSON object. Needs JOIN_REDACTED.

    To take keys away, even none, fetches the document out of its storage once for all its readers.
    """
    cases = " ".join(
        f"WHEN {_literal(publication)} THEN {READABLE_TEXTS} - %(hidden_{place})s::text[]"
        for place, publication in enumerate(_hidden_texts(call, scope))
    )
    return f"(CASE {publication_sql(call)} {cases} ELSE '{{}}'::jsonb END)"


def withheld_texts_sql(call: Call, scope: Scope) -> str:
    """SQL of a version's other texts, those that `texts_sql` leaves out; NULL if there are none."""
    return (
        "(SELECT jsonb_object_agg(answer.key, answer.value) "  # noqa: S608 - no values
        "FROM jsonb_each(version.texts) AS answer "
        f"WHERE NOT {text_shown_sql(call, 'answer.key', scope)})"
    )


def withholds_texts_sql(call: Call, scope: Scope) -> str:
    """SQL of whether `texts_sql` leaves out any text. It reads no text."""
    return (
        "EXISTS (SELECT FROM jsonb_array_elements_text(version.text_keys) AS answer(key) "
        f"WHERE NOT {text_shown_sql(call, 'answer.key', scope)})"
    )


def text_shown_sql(call: Call, key: str, scope: Scope) -> str:
    """SQL of whether the export shows the version's text under the key, itself SQL.

    It reads no text. A publication without a list of hidden texts hides all of them.
    """
    cases = " ".join(
        f"WHEN {_literal(publication)} THEN %(hidden_{place})s::text[]"
        for place, publication in enumerate(_hidden_texts(call, scope))
    )
    return f"NOT coalesce({key} = ANY(CASE {publication_sql(call)} {cases} END), true)"


def says_who_sql(call: Call, scope: Scope) -> str:
    """SQL of whether the export says in full who gave the response. Never NULL."""
    if not scope.named:
        return "false"
    return f"({publication_sql(call)} = ANY(%(in_full)s::text[]))"


def identity_sql(call: Call, scope: Scope) -> str:
    """SQL of who answered as a named export shows it, a JSON object or NULL."""
    organisation = (
        f"jsonb_strip_nulls(jsonb_build_object('{ORGANISATION_NAME}', "
        f"version_identity.answers->'{ORGANISATION_NAME}'))"
    )
    return (
        f"(CASE WHEN {says_who_sql(call, scope)} THEN version_identity.answers "
        f"WHEN {publication_sql(call)} = {_literal(Publication.ORGANISATION.value)} "
        f"THEN {organisation} END)"
    )


def files_shown_sql(call: Call, scope: Scope) -> str:
    """SQL of whether the response's files are among the exports."""
    if scope.confidential and call.shares_confidential_files:
        return "true"
    return f"NOT {confidential_sql(call)}"


def parameters(call: Call, scope: Scope) -> dict[str, object]:
    """Return the parameters of all the SQL here."""
    found: dict[str, object] = {
        "confidential_key": Publication.CONFIDENTIAL.value,
        "published": PUBLISHED,
        "chose_to_be_named": CHOSE_TO_BE_NAMED,
        "in_full": [Publication.NAMED.value, *(UNNAMED if scope.includes_unnamed else ())],
    }
    for place, keys in enumerate(_hidden_texts(call, scope).values()):
        found[f"hidden_{place}"] = keys
    return found


def shown_choices(call: Call, *, named: bool = False) -> frozenset[str]:
    """Return the keys of a version's choices that the export shows."""
    return frozenset(q.key for q in shown_questions(call, named=named) if q.kind in CHOICE_KINDS)


def _hidden_texts(call: Call, scope: Scope) -> dict[str, list[str]]:
    """Return the keys of the texts that are left out, by publication.

    What is not named here has none of its texts shown. Texts that say who answers stand among
    the evidence where a question became identity later.
    """
    texts = [q for q in call.questions_in_order if q.kind in TEXT_KINDS]
    who = [q.key for q in texts if says_who(q)]
    short = [q.key for q in texts if q.kind != QuestionKind.LONG]
    by_choice = [] if scope.named else who
    unnamed = [] if scope.named and scope.includes_unnamed else [*who, *short]
    hidden = {
        Publication.NAMED.value: by_choice,
        Publication.ORGANISATION.value: [*who, *short],
        Publication.ANONYMOUS.value: unnamed,
        NOT_ASKED: by_choice,
    }
    return hidden | ({Publication.CONFIDENTIAL.value: who} if scope.confidential else {})


def _literal(publication: str) -> str:
    return f"'{publication}'"
