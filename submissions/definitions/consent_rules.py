"""The rules of what respondents allow: consent governs every page and file by these keys."""

from submissions.calls.states import (
    MAY_CONTACT,
    ORGANISATION_NAME,
    Publication,
    PublicationPolicy,
    QuestionKind,
)
from submissions.definitions.tables import Problems
from submissions.definitions.types import CallDefinition, QuestionDefinition

YES_OR_NO = ("org_name_listed", "quote_ok")


def check_consent(call: CallDefinition, problems: Problems) -> None:
    """Add what is wrong with the questions of consent, or with a call that has none."""
    asked = call.questions.get("publication")
    said_of_it = any(problem.path == "call.publication" for problem in problems.found)
    if (
        asked is None
        and call.sections
        and call.publication == PublicationPolicy.ASKED
        and not said_of_it
    ):
        problems.add(
            "call.publication",
            "is missing: no question “publication” asks respondents, so write “never” (every "
            "response is confidential) or “not asked” (used inside, never published)",
        )
    if asked is not None:
        path = f"sections.{call.section_of['publication']}.publication"
        if call.publication != PublicationPolicy.ASKED:
            problems.add(
                "call.publication", f"is “{call.publication}”, and yet {path} asks respondents"
            )
        _check_publication(call, asked, path, problems)
    for key in (*YES_OR_NO, MAY_CONTACT):
        if key in call.questions:
            path = f"sections.{call.section_of[key]}.{key}"
            question = call.questions[key]
            options = {option["key"] for option in question.options}
            if question.kind != QuestionKind.RADIO or options != {"yes", "no"}:
                problems.add(path, "must be of the kind “radio”, with the options yes and no")
            if asked is None and key != MAY_CONTACT:
                problems.add(path, "needs a question “publication”: nothing else is published")


def _check_publication(
    call: CallDefinition, question: QuestionDefinition, path: str, problems: Problems
) -> None:
    keys = {option["key"] for option in question.options}
    if question.kind != QuestionKind.RADIO or not keys <= set(Publication.values):
        choices = ", ".join(Publication.values)
        problems.add(path, f"must be of the kind “radio”, with options out of {choices}")
    elif Publication.ORGANISATION in keys and not _names_organisation(call):
        problems.add(
            f"{path}.options.{Publication.ORGANISATION}",
            f"needs a question “{ORGANISATION_NAME}” with “identity = true”, for the name that "
            "may be published",
        )


def _names_organisation(call: CallDefinition) -> bool:
    question = call.questions.get(ORGANISATION_NAME)
    return question is not None and question.identity
