"""What the script saves while somebody types; the answer is JSON in words for the page."""

from collections.abc import Callable

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _

from core import spoken_time
from core.posted_from import posted_from
from submissions.respondent.browser_session import holds_access
from submissions.respondent.decorators import repeated_without_removed
from submissions.respondent.response_context import ResponseContext, current_response
from submissions.respondent.saving import Save, SaveOutcome, save_page
from submissions.responses.errors import ResponseGone
from submissions.responses.etags import etag


@posted_from("response", "slug")
@repeated_without_removed
def save(request: HttpRequest, slug: str) -> JsonResponse:
    """Save the posted answers of the section named by `_section`, and overwrite nobody's.

    The JSON has `saved`, the sentence about what is saved; `base_etags`, the etags of the answers
    that are stored as they were sent, or were sent as the page had shown them; and `warning`, a
    sentence where something was not saved or cannot count. With status 404, 409 or 410 it has
    `warning` alone, and nothing was saved.
    """
    current = current_response(request, slug)
    if current is None:
        return _no_response(request, slug)
    questionnaire = current.call.questionnaire
    # Its section may be gone, and its questions in another.
    section = questionnaire.section(request.POST.get("_section", "")) or questionnaire.sections[0]
    form = current.section_form(section, page=(), request=request)
    try:
        saved = save_page(current=current, form=form)
    except ResponseGone:
        return _no_response(request, slug)
    if saved.outcome == SaveOutcome.ACCESS_ENDED:
        return _not_saved(410, _say_ended())
    if saved.outcome == SaveOutcome.ALREADY_SUBMITTED:
        return _not_saved(
            409,
            _(
                "What you typed is not saved: this response was submitted, withdrawn or erased "
                "meanwhile. Copy what you typed to a safe place."
            ),
        )
    return JsonResponse(
        {
            "saved": _say_saved(current) if set(form.values) - set(saved.conflicts) else "",
            "base_etags": {
                key: etag(value) for key, value in form.values.items() if key not in saved.conflicts
            },
            "warning": WARNINGS[saved.outcome](saved) if saved.outcome in WARNINGS else "",
        }
    )


def _no_response(request: HttpRequest, slug: str) -> JsonResponse:
    if holds_access(request, slug):
        return _not_saved(410, _say_ended())
    return _not_saved(
        404,
        _(
            "What you typed is not saved: this browser no longer has your response open. "
            "Copy what you typed, then get back to your response from the page of the call."
        ),
    )


def _say_ended() -> str:
    return _(
        "What you typed is not saved: you no longer have access to this response. Copy what you "
        "typed, then ask the person who began it."
    )


def _not_saved(status: int, warning: str) -> JsonResponse:
    return JsonResponse({"warning": warning}, status=status)


def _say_saved(current: ResponseContext) -> str:
    moment = spoken_time.say_saved(current.received_at, current.received_at, current.call.timezone)
    return _("Saved at %(moment)s") % {"moment": moment}


def _say_removed(_saved: Save) -> str:
    return _(
        "A question of this page was taken out of the call meanwhile. What you typed into it is "
        "not saved: copy it to a safe place."
    )


def _say_conflict(saved: Save) -> str:
    key = next(iter((*saved.conflicts, *saved.form.unresolved)))
    return _(
        "This answer was saved by someone else, or in another tab: “%(label)s”. "
        "Press “Save and continue” to see both and choose. Yours is not saved until then."
    ) % {"label": saved.current.call.questions_by_key[key].label}


def _say_refusal(saved: Save) -> str:
    return _("One of your answers is not saved: %(reason)s.") % {
        "reason": saved.form.error_summary[0][0]
    }


def _say_closed(saved: Save) -> str:
    if saved.current.is_early:
        return _("This call opens at %(when)s.") % {"when": saved.current.call.opens_in_words}
    return _(
        "This call closed at %(moment)s. We still save what you type, but you cannot submit it."
    ) % {"moment": saved.current.call.closes_in_words}


WARNINGS: dict[SaveOutcome, Callable[[Save], str]] = {
    SaveOutcome.QUESTION_GONE: _say_removed,
    SaveOutcome.CONFLICTS: _say_conflict,
    SaveOutcome.NEEDS_CHANGES: _say_refusal,
    SaveOutcome.CLOSED: _say_closed,
}
