"""An outbox row as the message that goes out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import sanitize_address
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language_bidi, override
from django.utils.translation import gettext as _

from core import clock
from core.addresses import ascii_address
from core.direction import isolated
from submissions.calls.models import Call
from submissions.mail.live_data import LiveData, MailData
from submissions.mail.messages.address_notices import address_changed, receipt_elsewhere
from submissions.mail.messages.asking import question_answered, question_asked
from submissions.mail.messages.confirmation import (
    acknowledgement,
    amended,
    confirmation,
    file_infected,
    receipt_again,
    version_notice,
    withdrawn,
)
from submissions.mail.messages.erasures import erasure_asked, erasure_done, erasure_stopped
from submissions.mail.messages.invitation import colleague_invited
from submissions.mail.messages.late_pass import late_pass
from submissions.mail.messages.message import Message
from submissions.mail.messages.reminder import closed_with_draft, reminder
from submissions.mail.messages.return_link import return_link
from submissions.mail.messages.staff_digest import staff_digest
from submissions.mail.quoted_printable import QUOTED_PRINTABLE
from submissions.outbox import queue
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import MailKind

MESSAGES: dict[str, Callable[[OutboxEmail, MailData], Message]] = {
    MailKind.CONFIRMATION: confirmation,
    MailKind.AMENDED: amended,
    MailKind.WITHDRAWN: withdrawn,
    MailKind.RETURN_LINK: return_link,
    MailKind.REMINDER: reminder,
    MailKind.CLOSED_WITH_DRAFT: closed_with_draft,
    MailKind.LATE_PASS: late_pass,
    MailKind.STAFF_DIGEST: staff_digest,
    MailKind.RECEIPT_AGAIN: receipt_again,
    MailKind.RECEIPT_ELSEWHERE: receipt_elsewhere,
    MailKind.ADDRESS_CHANGED: address_changed,
    MailKind.VERSION_NOTICE: version_notice,
    MailKind.FILE_INFECTED: file_infected,
    MailKind.ACKNOWLEDGEMENT: acknowledgement,
    MailKind.ERASURE_ASKED: erasure_asked,
    MailKind.ERASURE_STOPPED: erasure_stopped,
    MailKind.ERASURE_DONE: erasure_done,
    MailKind.QUESTION_ASKED: question_asked,
    MailKind.QUESTION_ANSWERED: question_answered,
    MailKind.COLLEAGUE_INVITED: colleague_invited,
}
# In an address, where a link's token was.
LEFT_OUT = "left-out-of-this-copy"


@dataclass(frozen=True)
class RenderedMail:
    """The message, and its text as the outbox keeps it (`kept`): without tokens and answers."""

    message: EmailMultiAlternatives
    subject: str
    html: str
    kept: str


def render(mail: OutboxEmail, *, at: datetime) -> RenderedMail:
    """Render the mail with links that are made at `at`, by the portal's clock."""
    return render_with(mail, LiveData(at=at))


def render_with(
    mail: OutboxEmail, data: MailData, parts_of_calls: dict[Any, SafeString] | None = None
) -> RenderedMail:
    """Render the mail in its call's language, the digest for staff in British English.

    Mails that are rendered with one dictionary `parts_of_calls` share what all mails of their
    call say (`{% once_per_call %}`). Keep it no longer than the calls that were read for it.
    """
    to_staff = mail.kind == MailKind.STAFF_DIGEST
    with override("en-gb" if to_staff else mail.call.spoken_language):
        said = MESSAGES[mail.kind](mail, data)
        subject = _subject(said.subject, mail.call)
        context = {
            "subject": subject,
            "title": said.title,
            "call": mail.call,
            "call_by_partners": _call_by_partners(mail.call),
            "portal_url": settings.PORTAL_URL,
            "is_rehearsal": clock.is_rehearsal(),
            "parts_of_calls": {} if parts_of_calls is None else parts_of_calls,
            **said.context,
        }
        text = render_to_string(f"emails/{mail.kind}.txt", context).strip() + "\n"
        html = render_to_string(f"emails/{mail.kind}.html", context)
    message = EmailMultiAlternatives(
        subject=subject,
        body=text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[ascii_address(mail.to_address)],
        reply_to=[_mailbox(mail.call.contact_name, mail.call.contact_email)],
        headers={
            "Message-ID": mail.message_id,
            # RFC 3834: no out-of-office replies, please.
            "Auto-Submitted": "auto-generated",
            **said.headers,
        },
        alternatives=[(html, "text/html")],
    )
    message.encoding = QUOTED_PRINTABLE
    return RenderedMail(message=message, subject=subject, html=html, kept=_kept(text, said))


def _subject(words: str, call: Call) -> str:
    subject = f"{words}: {call.title}"
    if clock.is_rehearsal():
        subject = _("Rehearsal: %(subject)s") % {"subject": subject}
    return _one_line(subject)


def _call_by_partners(call: Call) -> str:
    title, by = call.title_in_a_sentence, call.partners_in_words
    if not get_language_bidi():  # what staff read of a call in Arabic is in English
        title, by = isolated(title), isolated(by)
    if not by:
        return title
    return _("%(call)s (a call for evidence by %(partners)s)") % {"call": title, "partners": by}


def _mailbox(name: str, address: str) -> str:
    """Return the mailbox in ASCII on one line: Django folds a long name, and refuses the fold."""
    return _one_line(sanitize_address((_one_line(name), ascii_address(address)), "utf-8"))


def _one_line(text: str) -> str:
    """Return the text without the line ends that would begin another header."""
    return " ".join(text.split())


def _kept(text: str, said: Message) -> str:
    if said.answers:
        text = text.replace(said.answers, queue.ANSWERS_LEFT_OUT)
    for line in said.names:
        kept = f"{line.label}: {queue.NAME_LEFT_OUT}\n"
        text = text.replace(f"{line.label}: {line.name}\n", kept)
    for token in filter(None, (*said.tokens, said.opt_out)):
        text = text.replace(token, LEFT_OUT)
    return text
