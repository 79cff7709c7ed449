"""An outbox row as the message that goes out."""

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate

from django.conf import settings
from django.core.mail import EmailMessage

from submissions.mail.confirmation import amended, confirmation, withdrawn
from submissions.mail.enclosures import Enclosures, Fresh
from submissions.mail.late_pass import late_pass
from submissions.mail.letters import LEFT_OUT, Letter
from submissions.mail.return_link import return_link
from submissions.mail.staff_digest import staff_digest
from submissions.mail.unfinished import closed_with_draft, reminder
from submissions.mail.wire import WrittenMessage, in_ascii, put_together
from submissions.mail.wording import speaking
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import MailKind

LETTERS: dict[str, Callable[[OutboxEmail, Enclosures], Letter]] = {
    MailKind.CONFIRMATION: confirmation,
    MailKind.AMENDED: amended,
    MailKind.WITHDRAWN: withdrawn,
    MailKind.RETURN_LINK: return_link,
    MailKind.REMINDER: reminder,
    MailKind.CLOSED_WITH_DRAFT: closed_with_draft,
    MailKind.LATE_PASS: late_pass,
    MailKind.STAFF_DIGEST: staff_digest,
}


@dataclass(frozen=True)
class Rendered:
    """A message, and its words as staff are shown them: without what opens a response.

    `kept` is the text that stays with the outbox: also without the answers, which the
    response holds.
    """

    message: EmailMessage
    subject: str
    text: str
    html: str
    kept: str


def render(mail: OutboxEmail, enclosed: Enclosures | None = None) -> Rendered:
    """Write the mail, down to its bytes; without `enclosed`, it gets links of its own.

    It is in the language of its call, and the digest for staff in British English.
    """
    to_staff = mail.kind == MailKind.STAFF_DIGEST
    with speaking("en-gb" if to_staff else mail.call.spoken_language):
        letter = LETTERS[mail.kind](mail, enclosed or Fresh(at=mail.created_at))
        subject = one_line(letter.subject)
        text, html = letter.as_text(), letter.as_html()
    headers = {
        "Subject": subject,
        "From": in_ascii(settings.DEFAULT_FROM_EMAIL),
        # Taking an ASCII one apart and together again takes as long as sending it.
        "To": mail.to_address if mail.to_address.isascii() else in_ascii(mail.to_address),
        "Reply-To": in_ascii((one_line(mail.call.contact_name), mail.call.contact_email)),
        "Date": formatdate(),
        "Message-ID": mail.message_id,
        # RFC 3834: no out-of-office replies, please.
        "Auto-Submitted": "auto-generated",
        **letter.headers,
    }
    message = WrittenMessage(
        put_together(headers, text=text, html=html),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=mail.to_address,
    )
    if letter.secret:
        text, html = (kept.replace(letter.secret, LEFT_OUT) for kept in (text, html))
    return Rendered(message=message, subject=subject, text=text, html=html, kept=letter.as_kept())


def one_line(text: str) -> str:
    """Return the text without the line ends that would begin another header."""
    return " ".join(text.split())
