"""What the addresses of an author are told when mail about a response goes to another one.

None of these mails names the other address: one of the two may have a slip in it.
"""

from django.utils.translation import gettext as _

from core import spoken_time
from submissions.mail.live_data import MailData
from submissions.mail.messages.message import Message
from submissions.outbox.models import OutboxEmail


def address_changed(mail: OutboxEmail, _data: MailData) -> Message:
    """Tell an earlier address that its author gave another one."""
    return _notice(mail, subject=_("The address for your response was changed"))


def receipt_elsewhere(mail: OutboxEmail, _data: MailData) -> Message:
    """Tell an address that staff sent the receipt to another one, and that links stay here."""
    return _notice(mail, subject=_("The receipt for your response was sent to another address"))


def _notice(mail: OutboxEmail, *, subject: str) -> Message:
    changed_at = spoken_time.say_exactly(mail.created_at, mail.call.timezone)
    return Message(
        subject=subject,
        title=subject,
        context={"submission": mail.submission, "changed_at": changed_at},
    )
