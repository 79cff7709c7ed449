"""The receipt of a version with its answers, as a tagged PDF."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from core import clock, spoken_time
from core.control_characters import with_line_ends
from core.direction import from_left, isolated, web_address
from submissions.calls.models import Call
from submissions.calls.states import MULTIPLE_KINDS, QuestionKind
from submissions.respondent.documents.pages import language_and_country, typeset
from submissions.responses.answering import questions_of_version
from submissions.responses.models import Version
from submissions.responses.transcript import say_answer
from submissions.responses.verifying import checking_code, receipt_code
from submissions.responses.working_copy import files_by_key

LISTED = MULTIPLE_KINDS | {QuestionKind.MATRIX}


def receipt_pdf(version: Version, call: Call) -> bytes:
    """Return the receipt, for its author alone: it says who answered, and has the receipt code."""
    return typeset("receipt.typ", receipt_data(version, call))


def receipt_data(version: Version, call: Call) -> dict[str, Any]:
    """Return what the receipt says, as JSON's own types."""
    reference = version.submission.reference
    lang, region = language_and_country()
    verify = web_address(f"{settings.PORTAL_URL}{reverse('verify', args=[call.slug])}")
    another_address = web_address(
        f"{settings.PORTAL_URL}{reverse('return_address', args=[call.slug])}"
    )
    number = from_left(call.contact_phone)
    contact = " · ".join(filter(None, [call.contact_name, call.contact_email, number]))
    return {
        "lang": lang,
        "region": region,
        "title": _("Receipt for your response"),
        "footer": f"{reference} · {call.title}",
        "intro": _intro(call),
        "reference": reference,
        "facts": [
            *_who_answered(version, call),
            (_("Reference"), reference),
            (_("Version"), str(version.number)),
            (_("Received"), spoken_time.say_exactly(version.received_at, call.timezone)),
            (_("Deadline"), spoken_time.say_moment(version.deadline, call.timezone)),
            (_("Fingerprint"), version.receipt_digest),
            (_("Fingerprint in full (SHA-256)"), version.sha256),
            (_("Checking code"), checking_code(version)),
            (_("Receipt code"), receipt_code(version)),
        ],
        "parts": [
            {"title": _("What happens next"), "paragraphs": paragraphs(call.what_happens_next)},
            {"title": _("If you have a question"), "paragraphs": [[contact]]},
            {
                "title": _("Keep the receipt code to yourself"),
                "paragraphs": [
                    [
                        _(
                            "Anyone who has it can have a link to your response sent to another "
                            "address, at %(address)s. No email has it, and project staff cannot "
                            "see it. Remove it before you give this receipt to anyone."
                        )
                        % {"address": another_address}
                    ]
                ],
            },
            {
                "title": _("How to check this receipt"),
                "paragraphs": [
                    [
                        _(
                            "Anyone who has this reference, this fingerprint and this checking "
                            "code can check that they match, at %(address)s."
                        )
                        % {"address": verify}
                    ]
                ],
            },
        ],
        "answers_title": _("Your answers"),
        "answers_intro": _("This receipt lists only the questions that you answered."),
        "sections": _sections(version, call),
    }


def _intro(call: Call) -> list[str]:
    said = [_("A response to %(call)s.") % {"call": call.title_in_a_sentence}]
    if call.partners:
        said = [
            _("A response to %(call)s, a call for evidence by %(partners)s.")
            % {"call": call.title_in_a_sentence, "partners": call.partners_in_words}
        ]
    if clock.is_rehearsal():
        said.insert(0, _("This is a rehearsal: nothing here is real evidence."))
    return said


def paragraphs(text: str) -> list[list[str]]:
    """Return the paragraphs of `text`, each as its lines."""
    parts = text.replace("\r\n", "\n").split("\n\n")
    return [part.strip().split("\n") for part in parts if part.strip()]


def _who_answered(version: Version, call: Call) -> list[tuple[str, str]]:
    """Return what the response says of who gave it, but no email address, by question."""
    given = version.identity.answers
    return [
        (question.label, " ".join(say_answer(question, given[question.key])))
        for question in call.questions_in_order
        if question.identity and question.kind != QuestionKind.EMAIL and given.get(question.key)
    ]


def _sections(version: Version, call: Call) -> list[dict[str, Any]]:
    answers = {**version.choices, **version.texts}
    known = answers | version.identity.answers
    files = files_by_key(call, version.attachments.all())
    found: dict[str, dict[str, Any]] = {}
    for question in questions_of_version(call, known, files):
        if question.identity or not (answers.get(question.key) or files.get(question.key)):
            continue
        section = question.section
        part = found.setdefault(section.key, {"title": section.title, "rows": []})
        if question.kind == QuestionKind.FILE:
            lines = [
                f"{isolated(file.name)} (SHA-256 {file.sha256})"
                for file in files.get(question.key, ())
            ]
        else:
            said = "\n".join(say_answer(question, answers.get(question.key)))
            lines = with_line_ends(said).split("\n")
        listed = question.kind in LISTED and question.key in answers
        if listed:
            lines = [line.removeprefix("- ") for line in lines]
        part["rows"].append({"label": question.label, "list": listed, "lines": lines})
    return list(found.values())
