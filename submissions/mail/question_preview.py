"""A question to an author as its mail will read, before it is sent: nothing is stored."""

from datetime import date, datetime

from submissions.mail.rendering import LEFT_OUT, RenderedMail, render_with
from submissions.mail.samples import SampleData, sample_mail
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import MailKind
from submissions.responses.asking import end_of
from submissions.responses.models import FollowUp, Reply, Submission


class _Preview(SampleData):
    def __init__(self, asked: FollowUp, at: datetime) -> None:
        super().__init__(asked.submission.call, at)
        self._asked = asked

    def follow_up(self, _mail: OutboxEmail) -> tuple[FollowUp, str, Reply | None]:
        return self._asked, LEFT_OUT, None


def preview(submission: Submission, *, text: str, last_day: date, at: datetime) -> RenderedMail:
    """Return the mail without its link and without its address, which staff are not shown."""
    call = submission.call
    asked = FollowUp(
        submission=submission,
        text=text.strip(),
        asked_at=at,
        answer_until=end_of(last_day, call),
    )
    mail = sample_mail(MailKind.QUESTION_ASKED, call, at=at)
    mail.submission, mail.version = submission, submission.current_version
    return render_with(mail, _Preview(asked, at))
