"""How mails begin, whatever they are about."""

from core import clock
from submissions.calls.models import Call
from submissions.mail.letters import Block, Paragraph
from submissions.mail.wording import gettext as _


def subject_of(words: str, call: Call) -> str:
    subject = f"{words}: {call.title}"
    if clock.is_rehearsal():
        return _("Rehearsal: %(subject)s") % {"subject": subject}
    return subject


def rehearsal_warning() -> list[Block]:
    if not clock.is_rehearsal():
        return []
    return [
        Paragraph(_("This is a rehearsal. The times are not real, and nothing here is evidence."))
    ]


def the_call(call: Call) -> str:
    by = call.partners_in_words
    if not by:
        return call.title
    return _("%(call)s, a call for evidence by %(partners)s") % {"call": call.title, "partners": by}
