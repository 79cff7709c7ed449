"""What the author of a response allows, in words for the people who read it."""

from dataclasses import dataclass

from submissions.calls.models import Call
from submissions.calls.states import ORGANISATION_NAME, Publication, PublicationPolicy
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState

PROJECT_TEAM_ONLY = "Do not publish: project team only"
WITH_THE_PERSON = "Publish with the name of the person"
PUBLISHED = {
    Publication.NAMED: "Publish with the names of the person and the organisation",
    Publication.ORGANISATION: "Publish with the organisation’s name only",
    Publication.ANONYMOUS: "Publish without names",
}


@dataclass(frozen=True)
class Consent:
    """`said` comes first and is always in sight; `also` are the sentences that go with it.

    `why_not_quoted` is the reason in words, without a full stop, "" where it may be quoted.
    """

    said: str
    also: list[str]
    is_withheld: bool
    why_not_quoted: str


def consent_of(response: Submission, call: Call) -> Consent:
    """Return what the current version allows: it holds for each version of the response.

    The response is none that was never submitted. A choice that was left open, or that the call
    does not know, allows nothing.
    """
    if response.state == SubmissionState.WITHDRAWN:
        reason = "Its author has withdrawn this response"
        return Consent("Withdrawn: do not use it", [], is_withheld=True, why_not_quoted=reason)
    choices = response.submitted_version.choices
    if call.publication == PublicationPolicy.NEVER:
        reason = "This call publishes no response"
        return Consent(PROJECT_TEAM_ONLY, [f"{reason}."], is_withheld=True, why_not_quoted=reason)
    if call.publication == PublicationPolicy.NOT_ASKED:
        reason = "The call asks nobody about publication"
        inside = "Use it inside: do not publish or quote"
        return Consent(inside, [f"{reason}."], is_withheld=True, why_not_quoted=reason)
    said = PUBLISHED.get(choices.get("publication"))
    if said == PUBLISHED[Publication.NAMED] and ORGANISATION_NAME not in call.questions_by_key:
        said = WITH_THE_PERSON
    if said is None:
        chosen = choices.get("publication") == Publication.CONFIDENTIAL
        left_open = "The question about publication was left open"
        reason = "Confidential: for the project team only" if chosen else left_open
        also = [] if chosen else [f"{left_open}."]
        return Consent(PROJECT_TEAM_ONLY, also, is_withheld=True, why_not_quoted=reason)
    may_quote = choices.get("quote_ok") == "yes"
    also = ["You may quote it." if may_quote else "Do not quote it."]
    if "org_name_listed" in call.questions_by_key:
        may_list = choices.get("org_name_listed") == "yes"
        also.append(
            "The organisation may be listed as one that answered."
            if may_list
            else "Do not list the organisation as one that answered."
        )
    reason = "" if may_quote else _why_not(choices.get("quote_ok"))
    return Consent(said, also, is_withheld=False, why_not_quoted=reason)


def _why_not(quote_ok: object) -> str:
    if quote_ok == "no":
        return "Its author does not want to be quoted"
    return "Its author did not say that it may be quoted"
