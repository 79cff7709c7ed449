"""What the author of a response allows, in words for the people who read it."""

from dataclasses import dataclass

from submissions.calls.models import Call
from submissions.calls.states import Publication, PublicationPolicy
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState

PROJECT_TEAM_ONLY = "Do not publish: project team only"
PUBLISHED = {
    Publication.NAMED: "Publish with the names of the person and the organisation",
    Publication.ORGANISATION: "Publish with the organisation’s name only",
    Publication.ANONYMOUS: "Publish without names",
}


@dataclass(frozen=True)
class Consent:
    """`said` comes first and is always in sight; `also` are the sentences that go with it."""

    said: str
    also: list[str]
    is_withheld: bool


def consent_of(response: Submission, call: Call) -> Consent:
    """Return what the current version allows: it holds for each version of the response.

    The response is none that was never submitted. A choice that was left open, or that the call
    does not know, allows nothing.
    """
    if response.state == SubmissionState.WITHDRAWN:
        return Consent("Withdrawn: do not use it", [], is_withheld=True)
    choices = response.submitted_version.choices
    if call.publication == PublicationPolicy.NEVER:
        return Consent(PROJECT_TEAM_ONLY, ["This call publishes no response."], is_withheld=True)
    if call.publication == PublicationPolicy.NOT_ASKED:
        also = ["The call asks nobody about publication."]
        return Consent("Use it inside: do not publish or quote", also, is_withheld=True)
    said = PUBLISHED.get(choices.get("publication"))
    if said is None:
        chosen = choices.get("publication") == Publication.CONFIDENTIAL
        also = [] if chosen else ["The question about publication was left open."]
        return Consent(PROJECT_TEAM_ONLY, also, is_withheld=True)
    also = ["You may quote it." if choices.get("quote_ok") == "yes" else "Do not quote it."]
    if "org_name_listed" in call.questions_by_key:
        may_list = choices.get("org_name_listed") == "yes"
        also.append(
            "The organisation may be listed as one that answered."
            if may_list
            else "Do not list the organisation as one that answered."
        )
    return Consent(said, also, is_withheld=False)
