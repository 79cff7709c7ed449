"""The rules of facets and of the bands derived from them."""

from submissions.calls.facets import DerivedFacet, Facet, short_label
from submissions.calls.states import MULTIPLE_KINDS, QuestionKind
from submissions.definitions.parts import RESERVED_QUESTIONS, options_of, repeated
from submissions.definitions.tables import Problems, did_you_mean, printable
from submissions.definitions.types import CallDefinition

CONSENT_QUESTIONS = ("publication", "quote_ok")
# Columns of exports beside RESERVED_QUESTIONS. A question with such a key may be from before them:
# its column gets another name. Bands can have another key at any time.
LATER_COLUMNS = ("publication", "received_at", "version", "campaign", "stands_for")


def check_facets(call: CallDefinition, problems: Problems) -> None:
    """Add what is wrong with the facets, and with the bands beside questions and other columns."""
    for key in repeated(facet["question"] for facet in call.facets):
        problems.add(f"facets.{key}", "there are two facets of this question")
    for label in repeated(facet["label"].lower() for facet in call.facets):
        problems.add("facets", f"two of them are labelled “{label}”")
    for facet in call.facets:
        _check_question(call, f"facets.{facet['question']}", facet["question"], problems)
        _check_short_labels(call, facet, problems)
    for key in repeated(derived["key"] for derived in call.derived):
        problems.add(f"derived.{key}", "there are two with this key")
    for label in repeated(derived["label"].lower() for derived in call.derived):
        problems.add("derived", f"two of them are labelled “{label}”")
    columns = _columns_of_questions(call)
    for derived in call.derived:
        path = f"derived.{derived['key']}"
        if derived["key"] in columns:
            problems.add(path, f"its column “{derived['key']}” has the name of another column")
        _check_derived(call, path, derived, problems)


def _check_question(call: CallDefinition, path: str, key: str, problems: Problems) -> None:
    if key not in call.questions:
        guess = did_you_mean(key, call.questions)
        problems.add(path, f"“{key}” is not a question{guess}")
        return
    kind = call.questions[key].kind
    if kind not in {QuestionKind.RADIO, *MULTIPLE_KINDS}:
        problems.add(path, f"“{key}” is of the kind “{kind}”: a facet needs options to choose from")
    elif key in CONSENT_QUESTIONS:
        problems.add(path, f"“{key}” is what respondents allow: it cannot be a facet")


def _check_short_labels(call: CallDefinition, facet: Facet, problems: Problems) -> None:
    question = call.questions.get(facet["question"])
    short_labels = facet.get("short_labels", {})
    path = f"facets.{facet['question']}.short_labels"
    options = [option["key"] for _, option in options_of(call, question, "")] if question else []
    for key in short_labels:
        if options and key not in options:
            reason = f"is not an option of “{facet['question']}”{did_you_mean(key, options)}"
            problems.add(f"{path}.{printable(key)}", reason)
    shown = [short_label(facet, key).lower() for key in options] if short_labels else []
    for label in repeated(shown):
        problems.add(path, f"two of them are “{label}”")


def _check_derived(
    call: CallDefinition, path: str, derived: DerivedFacet, problems: Problems
) -> None:
    key = derived["question"]
    if key not in {facet["question"] for facet in call.facets}:
        guess = did_you_mean(key, [facet["question"] for facet in call.facets])
        problems.add(f"{path}.question", f"“{key}” is not a facet{guess}")
        return
    question = call.questions.get(key)
    if question is None:  # said of the facet
        return
    if question.kind != QuestionKind.RADIO:
        reason = f"“{key}” is of the kind “{question.kind}”: bands need a “radio”, with one answer"
        problems.add(f"{path}.question", reason)
        return
    for band_key in repeated(band["key"] for band in derived["bands"]):
        problems.add(f"{path}.bands.{band_key}", "the key is used twice")
    for label in repeated(band["label"] for band in derived["bands"]):
        problems.add(f"{path}.bands", f"two of them are labelled “{label}”")
    options = [option["key"] for _, option in options_of(call, question, "")]
    for band in derived["bands"]:
        for option in band["options"]:
            if option not in options:
                guess = did_you_mean(option, options)
                problems.add(
                    f"{path}.bands.{band['key']}.options",
                    f"“{option}” is not an option of “{key}”{guess}",
                )
    banded = [option for band in derived["bands"] for option in band["options"]]
    for option in repeated(banded):
        problems.add(f"{path}.bands", f"“{option}” is in two of them: take it out of one")
    for option in options:
        if option not in banded:
            problems.add(f"{path}.bands", f"“{option}” is in none of them: add it to one")


def _columns_of_questions(call: CallDefinition) -> set[str]:
    of_rows = {f"{key}_{row['key']}" for key, q in call.questions.items() for row in q.rows}
    return {*call.questions, *of_rows, *RESERVED_QUESTIONS, *LATER_COLUMNS}
