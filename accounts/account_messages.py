"""The words of mails about accounts."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts import invitations
from accounts.account_mail import message
from accounts.administrators import is_let_in
from accounts.models import AccountMail, User
from accounts.states import AccountMailKind
from core import clock
from core.addresses import comparable, is_address


def write(mail: AccountMail, *, at: datetime) -> EmailMessage | None:
    """Return the message, with a link that is made now; None if nobody is to get it.

    Nobody gets one at an address that no mail reaches, such as those of a rehearsal's sign-ins. It
    is in the portal's language: an account belongs to no call.
    """
    with override(settings.PORTAL_LANGUAGE):
        return _WRITERS[mail.kind](mail, at)


def _invitation(mail: AccountMail, at: datetime) -> EmailMessage | None:
    invitation = mail.invitation
    if invitation is None or invitation.used_at or invitation.expires_at <= at:
        return None
    token = invitations.make_token(invitation)
    return _written(
        mail,
        _("You are invited to the evidence portal"),
        link=reverse("accept_invitation", args=[token]),
        days=invitations.LASTS.days,
        by=invitation.invited_by,
        call=invitation.call,
    )


def _new_password(mail: AccountMail, at: datetime) -> EmailMessage | None:
    """Write one mail about each account of the address, which may be several.

    An account with a password gets a link; of one without, the mail says how its person signs in.
    """
    people = _who_may_sign_in(mail.to_address)
    if not people:
        return None
    with_password = [user for user in people if user.has_usable_password()]
    without = [user for user in people if not user.has_usable_password()]
    title = (
        _("Choose a new password for the evidence portal")
        if with_password
        else _("How you sign in to the evidence portal")
    )
    return _written(
        mail,
        title,
        to=people[0].email,
        links=[
            (user.get_username(), f"{settings.PORTAL_URL}{_link_to_new_password(user)}")
            for user in with_password
        ],
        without=[user.get_username() for user in without],
        # A provider's account leads to one person's user: of several, to none.
        provider=settings.OIDC_NAME if len(people) == 1 else "",
        sign_in=f"{settings.PORTAL_URL}{reverse('sign_in')}",
        hours=settings.PASSWORD_RESET_TIMEOUT // 3600,
    )


def _link_to_new_password(user: User) -> str:
    key = urlsafe_base64_encode(force_bytes(user.pk))
    return reverse("new_password", args=[key, default_token_generator.make_token(user)])


def _password_changed(mail: AccountMail, at: datetime) -> EmailMessage | None:
    title = _("Your password for the evidence portal was changed")
    return _written(mail, title, link=_way_to_another_password(mail))


def _second_factor(mail: AccountMail, at: datetime) -> EmailMessage | None:
    title = _("Your second factor for the evidence portal was changed")
    return _written(mail, title, link=_way_to_another_password(mail))


def _way_to_another_password(mail: AccountMail) -> str:
    """Return nothing for whoever has no password: the page would send them no link."""
    people = User.objects.filter(email__iexact=mail.to_address)
    have_none = people and not any(user.has_usable_password() for user in people)
    return "" if have_none else reverse("forgotten")


def _token_ends(mail: AccountMail, at: datetime) -> EmailMessage | None:
    return _written(
        mail, _("A token of yours for the evidence portal ends soon"), link=reverse("account")
    )


def _address_changed(mail: AccountMail, at: datetime) -> EmailMessage | None:
    return _written(mail, _("Your address for the evidence portal was changed"))


_WRITERS: dict[str, Callable[[AccountMail, datetime], EmailMessage | None]] = {
    AccountMailKind.INVITATION: _invitation,
    AccountMailKind.NEW_PASSWORD: _new_password,
    AccountMailKind.PASSWORD_CHANGED: _password_changed,
    AccountMailKind.SECOND_FACTOR: _second_factor,
    AccountMailKind.TOKEN_ENDS: _token_ends,
    AccountMailKind.ADDRESS_CHANGED: _address_changed,
}


def _who_may_sign_in(address: str) -> list[User]:
    """Return whose address it is: one person's, or several people's, as 1.0.0 let it be.

    To PostgreSQL an address with a dotless i is, in any case, the one with an i.
    """
    alike = User.objects.filter(email__iexact=address).order_by("username")
    return [
        user for user in alike if comparable(user.email) == comparable(address) and is_let_in(user)
    ]


def _written(
    mail: AccountMail, title: str, *, link: str = "", to: str = "", **said: Any
) -> EmailMessage | None:
    address = to or mail.to_address
    if not is_address(address):
        return None
    subject = _("Rehearsal: %(subject)s") % {"subject": title} if clock.is_rehearsal() else title
    context = {
        "title": title,
        "is_rehearsal": clock.is_rehearsal(),
        "link": f"{settings.PORTAL_URL}{link}" if link else "",
        **said,
    }
    body = render_to_string(f"emails/account/{mail.kind}.txt", context).strip() + "\n"
    return message(address, subject=subject, body=body)
