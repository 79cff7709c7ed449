"""The last pages of entering a response: checking it, its acknowledgement; and discarding it."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from core import clock, spoken_time
from core.direction import web_address
from core.row_keys import row_key
from submissions.admin.entry_page import current_of, render_entry
from submissions.calls.models import Call
from submissions.calls.states import PublicationPolicy
from submissions.mail.messages.confirmation import CAME_BY
from submissions.mail.tasks import nudge_mail
from submissions.responses.answering import ResponseIncomplete, askable_questions
from submissions.responses.entering import discard_entry, submit_entry
from submissions.responses.errors import CallNotOpen, CallNotYetOpen, ChangedSinceSeen, EntryRefused
from submissions.responses.etags import draft_etag
from submissions.responses.models import Entry, Version
from submissions.responses.originals import originals_of
from submissions.responses.states import Acknowledgement
from submissions.responses.transcript import say_answer
from submissions.responses.verifying import checking_code

CHANGED = (
    "Somebody else changed this response while the page was open. Check it again, then submit."
)
NOT_DISCARDED = (
    "Somebody else changed this response while the page was open, so nothing is discarded. Look at "
    "it as it is now."
)
LEFT_OPEN = (
    "What its author allows to be published is not known, so the response will be confidential: "
    "only the project team reads it."
)


def check(request: HttpRequest, admin: OfOwnCalls, entry: Entry) -> HttpResponse:
    """Show all that is entered; a POST submits it."""
    current = current_of(entry)
    issues: list[str] = []
    status = 200
    if request.method == "POST":
        try:
            version = submit_entry(
                entry,
                by=current_user(request),
                at=current.received_at,
                expected_etag=request.POST.get("base_etag", ""),
            )
        except ChangedSinceSeen:
            messages.error(request, CHANGED)
            status = 409
        except CallNotYetOpen:
            opens = current.call.opens_in_words
            messages.error(
                request,
                "The response was not submitted: it came before the call opened at "
                f"{opens}. It is kept here.",
            )
            status = 409
        except CallNotOpen as refused:
            closes = spoken_time.say_exactly(refused.closes_at, current.call.timezone)
            messages.error(
                request,
                "The response was not submitted: it came outside the time of the call, which "
                f"closed at {closes}, and no late pass was given to its author’s address before "
                "it came. It is kept here.",
            )
            status = 409
        except ResponseIncomplete as refused:
            issues, status = [issue.message for issue in refused.issues], 422
        except EntryRefused as refused:
            issues, status = [refused.message], 422
        else:
            nudge_mail()
            messages.success(request, f"Response {version.submission.reference} is entered.")
            if entry.acknowledgement == Acknowledgement.LETTER:
                return redirect("admin:submissions_entry_letter", entry.pk)
            return redirect("admin:submissions_submission_change", entry.pk)
        current = current_of(Entry.objects.select_related("submission__call").get(pk=entry.pk))
    asks = current.call.publication == PublicationPolicy.ASKED
    asked = askable_questions(current.call, current.answers)
    sections = [
        {
            "section": section,
            "rows": [
                {
                    "question": question,
                    "lines": say_answer(question, current.answers.get(question.key)),
                    "files": current.files.get(question.key, []),
                }
                for question in current.call.questionnaire.questions_of(section)
                if question in asked
                and (current.answers.get(question.key) or current.files.get(question.key))
            ],
        }
        for section in current.sections
    ]
    return render_entry(
        request,
        admin,
        "check",
        entry,
        status,
        title="Check what you entered",
        sections=sections,
        originals=originals_of(entry.submission),
        issues=issues,
        not_counted=current.not_counted,
        left_open=LEFT_OPEN if asks and not current.answers.get("publication") else "",
        etag=draft_etag(current.answers, current.files),
    )


def discard(request: HttpRequest, admin: OfOwnCalls, entry: Entry) -> HttpResponse:
    """Ask whether to discard what is entered, and discard it."""
    if request.method == "POST":
        try:
            seen = row_key(request.POST.get("base", "")) or 0
            discard_entry(entry, by=current_user(request), at=clock.portal_now(), seen=seen)
            messages.success(request, "The half-entered response is discarded.")
        except ChangedSinceSeen:
            messages.error(request, NOT_DISCARDED)
            return redirect("admin:submissions_entry_enter", entry.pk)
        except EntryRefused as refused:
            messages.error(request, f"{refused.message}.")
        return redirect("admin:submissions_entry_changelist")
    return render_entry(request, admin, "discard", entry, title="Discard this response?")


def letter(request: HttpRequest, admin: OfOwnCalls, entry: Entry) -> HttpResponse:
    """A letter to print, in the call's language: the reference, when it came, what happens next."""
    version = entry.submission.current_version
    if version is None:
        raise Http404
    title = f"Acknowledgement of {entry.submission}"
    words = letter_words(version, entry.submission.call)
    return render_entry(request, admin, "letter", entry, title=title, words=words)


def letter_words(version: Version, call: Call) -> str:
    """Return the letter itself, as the mail of acknowledgement says the same."""
    submission = version.submission
    with override(call.spoken_language):
        facts = {
            "call": call,
            "version": version,
            "reference": submission.reference,
            "received_at": spoken_time.say_exactly(version.received_at, call.timezone),
            "channel": _(CAME_BY[submission.channel]),
            "checking_code": checking_code(version),
            "verify": web_address(f"{settings.PORTAL_URL}{reverse('verify', args=[call.slug])}"),
        }
        return render_to_string("admin/submissions/entry/letter_words.html", facts)
