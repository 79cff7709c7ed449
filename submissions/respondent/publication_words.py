"""What pages say about publication: each sentence follows from what the call itself asks."""

from typing import Any

from django.utils.translation import gettext as _

from submissions.calls.models import Call
from submissions.calls.states import ORGANISATION_NAME, Publication, PublicationPolicy

# The questions whose answers `as_chosen` says in sentences.
SAID_AS_CHOSEN = frozenset({"publication", "quote_ok"})


def before_answering(call: Call) -> str:
    """Return the sentence of the call's page; "" if there is nothing to say."""
    if call.publication == PublicationPolicy.NEVER:
        return _("We publish no response. Only the project team reads what you write.")
    if "publication" not in call.questions_by_key:
        return ""
    if "quote_ok" in call.questions_by_key:
        return _("You choose whether your response may be published and quoted.")
    return _("You choose whether your response may be published.")


def as_chosen(call: Call, answers: dict[str, Any]) -> list[str]:
    """Return what the respondent chose, or what the call keeps to; [] if it asks nobody."""
    if call.publication == PublicationPolicy.NEVER:
        return [_("We publish no response."), *_confidential()]
    if "publication" not in call.questions_by_key:
        return []
    if call.questionnaire.asked(answers)["publication"] is False:
        return [_("We do not publish your response."), *_confidential()]
    chosen = answers.get("publication", "")
    named = _("You let us publish your response, or parts of it, with your name.")
    if answers.get(ORGANISATION_NAME):
        named = _(
            "You let us publish your response, or parts of it, with your name and your "
            "organisation’s name."
        )
    words: dict[str, list[str]] = {
        Publication.NAMED: [named],
        Publication.ORGANISATION: [
            _(
                "You let us publish your response, or parts of it, with your organisation’s name "
                "and without your own."
            )
        ],
        Publication.ANONYMOUS: [
            _(
                "You let us publish your response, or parts of it, without your name and your "
                "organisation’s name."
            )
        ],
        Publication.CONFIDENTIAL: [
            _("You asked us not to publish your response."),
            *_confidential(),
        ],
    }
    said = words.get(chosen, [_("You have not chosen yet whether we may publish your response.")])
    quoting = {"yes": _("We may quote from it."), "no": _("We will not quote from it.")}
    asked = chosen not in ("", Publication.CONFIDENTIAL)
    quoted = quoting.get(answers.get("quote_ok", "")) if asked else None
    return [*said, quoted] if quoted else said


def _confidential() -> list[str]:
    return [
        _("Only the project team reads your answers and files."),
        _(
            "Of a confidential response the steering group sees only its reference and when it "
            "came in."
        ),
    ]


def _who_answered(call: Call, options: set[str]) -> list[str]:
    """Return who may take out who answered, where the call asks that at all."""
    if not any(question.identity for question in call.questions_in_order):
        return []
    reason = _("They give a reason each time.")
    if options & {Publication.NAMED, Publication.ORGANISATION}:
        return [
            _(
                "People with permission may export the names that respondents let us publish "
                "and, if the work needs it, other names."
            ),
            reason,
        ]
    return [
        _("People with permission may export who answered, if the work needs it."),
        reason,
    ]


def in_privacy_notice(call: Call) -> list[str]:
    """Return who sees a response to the call, and what may become of it."""
    confidential = [
        _(
            "The steering group sees only its reference, that it is confidential, when it came "
            "in and if that was in time."
        ),
        _(
            "Project staff with permission may export confidential responses for the "
            "research, without names. They give a reason each time."
        ),
        _("No export says who gave a confidential response."),
    ]
    if call.publication == PublicationPolicy.NEVER:
        return [
            _("Every response is confidential: only project staff read it. We publish none."),
            *confidential,
        ]
    others = _(
        "Project staff read every response. The steering group and researchers receive the "
        "responses without names, email addresses and organisations."
    )
    if "publication" not in call.questions_by_key:
        unpublished = _("We use responses for our own work, and publish none of them.")
        return [others, unpublished, *_who_answered(call, set())]
    options = set(call.questions_by_key["publication"].option_labels)
    said = [others, _("You choose how we may publish your response, and we keep to your choice.")]
    said += _who_answered(call, options)
    if Publication.CONFIDENTIAL in options:
        said.append(_("Only project staff read the answers and files of a confidential response."))
        said += confidential
    return said
