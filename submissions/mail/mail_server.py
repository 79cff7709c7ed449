"""One connection to the mail server, and what its refusals mean for a mail.

What was refused decides, and then the reply's first digit (RFC 5321, 4.2.1 and 4.5.4.1):

    connecting, EHLO, signing in, MAIL FROM   it concerns every mail: the server is away
    RCPT TO, DATA          4xx                this mail is tried again
                           5xx                this mail is refused for good, at once
    anywhere               421                the server ends the connection: another is tried
    anywhere               530 534 535 538    it asks for another way of signing in (RFC 4954, 6)
    MAIL FROM              552                the mail is too big: SIZE is said here (RFC 1870, 6)

The enhanced status code (RFC 3463) only finds the words for staff: servers give 5.7.1 for a
mailbox that does not want the mail and for a portal that may not send, and say which by when.
"""

import re
import smtplib
import ssl
from contextlib import suppress
from types import TracebackType
from typing import Self

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from core.mail_refusals import ABOUT_SIGNING_IN, explain_refusal

TOO_BIG = 552
ENDS_THE_CONNECTION = 421
# An answer may take this many times as long as connecting. A server scans a mail before it takes
# it, and who does not wait for that sends the mail again (RFC 5321, 4.5.3.2.6 and 6.1).
MAY_THINK = 2
CANNOT_BE_USED = (
    "EMAIL_URL cannot be used: its host name is not valid, or its user or its password has a "
    "character that is not ASCII."
)
TOO_SLOW = "The mail server takes more than a minute to answer and to take a mail."


class ServerAway(Exception):
    """No mail gets through at present, whoever it is for; the argument is a sentence."""


class ConnectionBroken(Exception):
    """The connection ended while a mail was on its way; the argument is a sentence."""


class TooSlow(ConnectionBroken):
    """The time for sending was over while a mail was on its way; the argument is a sentence."""


class RefusedForNow(Exception):
    """The server did not take this mail this time; the argument is a sentence."""


class RefusedForGood(Exception):
    """The server will never take this mail; the argument is a sentence."""


class MailServer:
    """The server of EMAIL_URL, over one connection that is opened when first needed.

    As a context manager it ends the connection with QUIT.
    """

    def __init__(self) -> None:
        self._backend = get_connection()
        self._has_taken_mail = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        connection = getattr(self._backend, "connection", None)
        try:
            self._backend.close()
        except (OSError, SoftTimeLimitExceeded):
            if connection is not None:  # Django has let go of it and left it open
                connection.close()

    def send(self, message: EmailMessage) -> None:
        """Hand over one message; raises one of this module's exceptions."""
        self._open()
        try:
            self._backend.send_messages([message])
            self._has_taken_mail = True
        except smtplib.SMTPRecipientsRefused as error:
            code, reply = next(iter(error.recipients.values()))
            self._refused(code, reply)
        except smtplib.SMTPSenderRefused as error:
            if error.smtp_code == TOO_BIG:
                self._refused(error.smtp_code, error.smtp_error)
            took_enough = error.smtp_code == ENDS_THE_CONNECTION and self._has_taken_mail
            self._hang_up()
            if took_enough:
                # Servers take so many mails over one connection; nothing of this one is there.
                self.send(message)
                return
            raise ServerAway(
                f"The mail server does not take mail from this portal ({error.smtp_code})."
            ) from error
        except smtplib.SMTPDataError as error:
            self._reset()
            self._refused(error.smtp_code, error.smtp_error)
        except OSError as error:
            self._hang_up()
            raise ConnectionBroken(
                f"The connection to the mail server broke: {_how_it_broke(error)}"
            ) from error
        except SoftTimeLimitExceeded:
            self._hang_up()
            raise TooSlow(TOO_SLOW) from None

    def _hang_up(self) -> None:
        """Close without QUIT, which a silent server would keep waiting for another time-out."""
        for name in ("connection", "_partial_connection"):
            opened = getattr(self._backend, name, None)
            if opened is not None:
                opened.close()
                setattr(self._backend, name, None)
        self._has_taken_mail = False

    def _reset(self) -> None:
        """End the mail that was refused: smtplib does not where DATA itself was.

        The next MAIL FROM would be refused as one within another (RFC 5321, 4.1.4).
        """
        connection = getattr(self._backend, "connection", None)
        if connection is not None:
            with suppress(smtplib.SMTPServerDisconnected):
                connection.rset()

    def _open(self) -> None:
        connection = getattr(self._backend, "connection", None)
        if isinstance(connection, smtplib.SMTP) and connection.sock is None:
            # The server refused the mail before this one and ended the connection at once.
            self._hang_up()
        try:
            self._backend.open()
            connection = getattr(self._backend, "connection", None)
            if connection is not None:
                # Without TLS and signing in, smtplib would leave EHLO to the first mail.
                connection.ehlo_or_helo_if_needed()
                connection.sock.settimeout(MAY_THINK * settings.EMAIL_TIMEOUT)
        except smtplib.SMTPAuthenticationError as error:
            self._hang_up()
            raise ServerAway(
                f"The mail server does not accept the portal's name and password "
                f"({error.smtp_code})."
            ) from error
        except smtplib.SMTPResponseException as error:
            self._hang_up()
            raise ServerAway(
                f"The mail server turns the portal away ({error.smtp_code})."
            ) from error
        except SoftTimeLimitExceeded:
            self._hang_up()
            raise ServerAway(TOO_SLOW) from None
        except OSError as error:
            self._hang_up()
            raise ServerAway(
                f"The mail server could not be reached: {_how_it_broke(error)}"
            ) from error
        except ValueError:
            self._hang_up()
            # The error holds the password.
            raise ServerAway(CANNOT_BE_USED) from None

    def _refused(self, code: int, reply: bytes | str) -> None:
        said = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else str(reply)
        enhanced = re.match(r"\s*([245]\.\d{1,3}\.\d{1,3})\b", said)
        sentence = explain_refusal(code, enhanced[1] if enhanced else "")
        if code == ENDS_THE_CONNECTION:
            # It ends this connection, perhaps over one recipient: the others get another one.
            self._hang_up()
            raise ConnectionBroken(sentence)
        if code in ABOUT_SIGNING_IN:
            self._hang_up()
            raise ServerAway(sentence)
        if code < 500:
            raise RefusedForNow(sentence)
        raise RefusedForGood(sentence)


def _how_it_broke(error: Exception) -> str:
    cause: BaseException = error
    if isinstance(error, smtplib.SMTPServerDisconnected) and error.__context__ is not None:
        cause = error.__context__  # smtplib says so of any fault of a connection
    if isinstance(cause, TimeoutError):
        return "it did not answer in time."
    if isinstance(cause, ConnectionRefusedError):
        return "it refused the connection."
    # The second is what smtplib raises where it knows none of the ways of signing in.
    if isinstance(cause, smtplib.SMTPNotSupportedError) or type(cause) is smtplib.SMTPException:
        return "it does not offer encryption or signing in, which EMAIL_URL asks for."
    if type(cause).__name__ == "gaierror":
        return "its name could not be found."
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {cause.verify_message.rstrip('.')}."
    if isinstance(cause, ssl.SSLError):
        return "no encrypted connection came about."
    return "it ended the connection."
