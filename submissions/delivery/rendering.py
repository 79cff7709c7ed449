"""An outbox row as the message that goes out."""

from collections.abc import Callable
from dataclasses import dataclass
from email.charset import QP, Charset
from email.headerregistry import Address

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from submissions.delivery.confirmation import confirmation
from submissions.delivery.letters import Letter
from submissions.models import OutboxEmail
from submissions.vocabulary import MailKind

LETTERS: dict[str, Callable[[OutboxEmail], Letter]] = {MailKind.CONFIRMATION: confirmation}

# Quoted-printable passes every server: no line is too long (RFC 5321, 4.5.3.1.6), none is 8 bit.
UTF8 = Charset("utf-8")
UTF8.body_encoding = QP


@dataclass(frozen=True)
class Rendered:
    """A message, and its words as staff are shown them."""

    message: EmailMultiAlternatives
    subject: str
    text: str
    html: str


def render(mail: OutboxEmail) -> Rendered:
    """Write the mail; raises ValueError if an address cannot stand in a header."""
    letter = LETTERS[mail.kind](mail)
    subject = one_line(letter.subject)
    text, html = letter.as_text(), letter.as_html()
    message = EmailMultiAlternatives(
        subject=subject,
        body=text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[mail.to_address],
        reply_to=[_mailbox(mail.call.contact_name, mail.call.contact_email)],
        headers={
            "Message-ID": mail.message_id,
            # RFC 3834: no out-of-office replies, please.
            "Auto-Submitted": "auto-generated",
        },
    )
    message.encoding = UTF8
    message.attach_alternative(html, "text/html")
    return Rendered(message=message, subject=subject, text=text, html=html)


def one_line(text: str) -> str:
    """Return the text without the line ends that would begin another header."""
    return " ".join(text.split())


def _mailbox(name: str, address: str) -> str:
    return str(Address(display_name=one_line(name), addr_spec=address))
