"""What the privacy notice says of how long a call's data is kept, out of the call's own periods."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import spoken_time
from submissions.calls.models import Call
from submissions.calls.retention import DataClass, ends_at, period_of

WORDS = {
    DataClass.DRAFTS: gettext_lazy(
        "A response that you started and did not submit, with its files. Changes that you did not "
        "submit, and files that you took out."
    ),
    DataClass.MAILS: gettext_lazy(
        "The email address for coming back, and the addresses that our emails went to."
    ),
    DataClass.CONTACT_DETAILS: gettext_lazy(
        "Who gave a response that you submitted: name, organisation, email address and your "
        "other answers about who you are, and the names of its files."
    ),
    DataClass.FILES: gettext_lazy("The files of a response that you submitted."),
    DataClass.EVIDENCE: gettext_lazy(
        "A response that you submitted, also if you withdrew it. We keep the reference, the "
        "times and the fingerprint, so that people can still check a receipt."
    ),
    DataClass.RECORD: gettext_lazy(
        "The record of who opened and exported responses, and what they did with them. It does "
        "not have your name, address or answers."
    ),
    DataClass.EXPORTS: gettext_lazy(
        "Files with responses that the steering group and project staff made for their work."
    ),
}


def in_privacy_notice(call: Call) -> Sequence[tuple[str, str]]:
    """Return each class in the words of respondents, with how long it is kept and until when."""
    return [(str(words), _kept(call, one)) for one, words in WORDS.items()]


def _kept(call: Call, one: DataClass) -> str:
    period = period_of(call, one).say()
    if one == DataClass.EXPORTS:
        return _("%(period)s after each was made") % {"period": period}
    return _("%(period)s after the call closes, which is until %(moment)s") % {
        "period": period,
        "moment": spoken_time.say_moment(ends_at(call, one), call.timezone),
    }
