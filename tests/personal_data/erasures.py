"""Requests to erase, made and carried out in one line."""

from accounts.states import Role
from personal_data import erasing
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import MailKind, OutboxState
from submissions.responses import erasing as requests
from submissions.responses.states import ErasureScope
from tests.makers import make_user


def ask_and_approve(response, *, at, scope=ErasureScope.RESPONSE):
    """An approved request of the author's."""
    request = requests.ask(submission=response, scope=scope, at=at)
    requests.approve(request, by=make_user(Role.DATA_PROTECTION), at=at)
    request.refresh_from_db()
    return request


def send_last_mail(response, *, at):
    """The mail that tells the author is out."""
    mails = OutboxEmail.objects.filter(submission=response, kind=MailKind.ERASURE_DONE)
    return mails.update(state=OutboxState.SENT, sent_at=at)


def erase(response, *, at, scope=ErasureScope.RESPONSE):
    """Ask, approve, carry out, tell; return the request that is done."""
    request = ask_and_approve(response, at=at, scope=scope)
    erasing.carry_out_all(at=at)
    send_last_mail(response, at=at)
    erasing.carry_out_all(at=at)
    request.refresh_from_db()
    return request
