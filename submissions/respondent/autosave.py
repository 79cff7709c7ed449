"""What the script saves while somebody types; the answer is JSON in words for the page."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core import spoken_time
from submissions.respondent.forms.section_form import SectionForm
from submissions.respondent.response_context import ResponseContext, current_response
from submissions.responses import drafting
from submissions.responses.errors import AlreadySubmitted
from submissions.responses.etags import etag


@require_POST
def save(request: HttpRequest, slug: str) -> JsonResponse:
    """Keep the posted answers of the section named by `_section`, and overwrite nobody's.

    Answers with `saved`, the sentence about what is saved; `seen`, the fingerprints of the
    answers that are stored as they were sent; and `warning`, a sentence, where something was
    not kept or cannot count. Status 404 or 409 with `warning` alone: nothing was kept.
    """
    held = current_response(request, slug)
    if held is None:
        return _not_kept(
            404,
            _(
                "What you typed is not saved: this browser no longer holds the response. Copy "
                "what you typed, then get back to your response from the page of the call."
            ),
        )
    section = next(
        (s for s in held.call.questionnaire.sections if s.key == request.POST.get("_section")), None
    )
    if section is None:
        return _not_kept(404, _("What you typed is not saved: open this page again."))
    form = SectionForm(
        call=held.call, section=section, page=(), answers=held.answers, data=request.POST, files={}
    )
    form.is_valid()
    try:
        kept = drafting.save_answers(
            submission=held.submission,
            call=held.call,
            values=form.values,
            at=held.received_at,
            base_etags=form.base_etags,
            pending_etags=form.pending_etags,
        )
    except AlreadySubmitted:
        return _not_kept(
            409,
            _(
                "What you typed is not saved: this response was submitted or withdrawn on "
                "another device or in another tab. Copy what you typed to a safe place."
            ),
        )
    return JsonResponse(
        {
            "saved": _say_saved(held) if set(form.values) - set(kept.conflicts) else "",
            "seen": {
                key: etag(value)
                for key, value in form.values.items()
                if kept.answers.get(key) == value
            },
            "warning": _say_what_was_not(held, form, kept.conflicts),
        }
    )


def _not_kept(status: int, warning: str) -> JsonResponse:
    return JsonResponse({"warning": warning}, status=status)


def _say_saved(held: ResponseContext) -> str:
    moment = spoken_time.say_saved(held.received_at, held.received_at, held.call.timezone)
    return _("Saved at %(moment)s") % {"moment": moment}


def _say_what_was_not(held: ResponseContext, form: SectionForm, contested: dict[str, Any]) -> str:
    labels = [held.call.questions_by_key[key].label for key in contested]
    if labels:
        return _(
            "This answer was changed on another device or in another tab too: “%(label)s”. "
            "Press “Save and continue” to see both and choose. Yours is not saved until then."
        ) % {"label": labels[0]}
    if form.error_summary:
        return _("One of your answers is not saved: %(reason)s.") % {
            "reason": form.error_summary[0][0]
        }
    if not held.is_open:
        return _(
            "This call closed at %(moment)s. What you type is still saved, but it cannot be "
            "submitted."
        ) % {"moment": held.call.closes_in_words}
    return ""
