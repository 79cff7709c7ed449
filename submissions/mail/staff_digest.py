"""The daily mail to staff: how a call stands, in numbers that name nobody."""

from django.conf import settings
from django.urls import reverse

from core import spoken_time
from submissions.calls.models import Call
from submissions.mail.daily_report import DailyReport
from submissions.mail.enclosures import Enclosures
from submissions.mail.letters import Block, Facts, Heading, Letter, Link, Paragraph
from submissions.mail.opening import rehearsal_warning, subject_of, the_call
from submissions.outbox.models import OutboxEmail


def staff_digest(mail: OutboxEmail, enclosed: Enclosures) -> Letter:
    """Tell staff what came in within a day, what waits to be read, and what went wrong."""
    call = mail.call
    report = enclosed.report(mail)
    today = spoken_time.say_day(report.standing.at, call.timezone)
    return Letter(
        subject=subject_of(f"{_new(report.received_today)} on {today}", call),
        title=f"Responses on {today}",
        blocks=[
            *rehearsal_warning(),
            Paragraph(f"This is how {the_call(call)} stands. {_closing(call, report)}"),
            *_responses(report),
            *_mail(report),
            Paragraph(
                "This mail comes once a day to the addresses that whoever runs the portal has "
                "listed. Ask them to take yours off."
            ),
        ],
    )


def _new(number: int) -> str:
    return "1 new response" if number == 1 else f"{number} new responses"


def _closing(call: Call, report: DailyReport) -> str:
    word = "closed" if call.has_closed_at(report.standing.at) else "closes"
    return f"It {word} at {call.closes_in_words}."


def _responses(report: DailyReport) -> list[Block]:
    standing = report.standing
    return [
        Heading("Responses"),
        Facts(
            (
                ("Received in the last 24 hours", str(report.received_today)),
                ("Received in all", str(standing.received)),
                *((timing, str(number)) for timing, number in standing.by_timing.items()),
                ("Not read yet", str(report.unread)),
                ("Begun and not submitted", str(standing.drafts)),
                ("Withdrawn", str(standing.withdrawn)),
            )
        ),
        Link(
            "Read the responses",
            f"{settings.PORTAL_URL}{reverse('admin:submissions_submission_changelist')}",
        ),
    ]


def _mail(report: DailyReport) -> list[Block]:
    outbox = f"{settings.PORTAL_URL}{reverse('admin:submissions_outboxemail_changelist')}"
    return [
        Heading("Mail"),
        Facts(
            (
                ("Waiting to go out", str(report.standing.mails_outstanding)),
                ("Failed", str(report.standing.mails_failed)),
            )
        ),
        Link("Look at the outbox", outbox),
    ]
