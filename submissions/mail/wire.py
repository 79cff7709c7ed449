"""A mail as the bytes that go over the wire.

Put together here because the email package takes ten times as long, in Python character by
character, and then sending a mail costs less than writing it.
"""

import secrets
from binascii import b2a_qp
from collections.abc import Mapping
from email.header import Header
from functools import lru_cache

from django.core.mail import BadHeaderError, EmailMessage
from django.core.mail.message import sanitize_address

FITS_ON_A_LINE = 76  # characters (RFC 2047, 2), with the colon and the space


class Wire:
    """What Django's mail backends ask of a message."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def as_bytes(self, linesep: str = "\n") -> bytes:
        return self._content.replace(b"\r\n", linesep.encode())


class WrittenMessage(EmailMessage):
    """A message that was put together already; the rest of it is the envelope."""

    def __init__(self, content: bytes, *, from_email: str, to: str) -> None:
        super().__init__(from_email=from_email, to=[to])
        self._wire = Wire(content)

    def message(self) -> Wire:
        return self._wire


def put_together(headers: Mapping[str, str], *, text: str, html: str) -> bytes:
    """Return a message of two alternatives (RFC 2046, 5.1.4); raises BadHeaderError.

    UTF-8 as quoted-printable passes every server: no line is too long (RFC 5321, 4.5.3.1.6),
    and no byte is above 127.
    """
    # Quoted-printable never holds "=_" (RFC 2045, 6.7), so no text holds the boundary.
    boundary = f"=_{secrets.token_hex(12)}"
    lines = [header_line(name, value) for name, value in headers.items()]
    lines += [
        b"MIME-Version: 1.0\r\n",
        f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n'.encode(),
    ]
    for kind, words in (("plain", text), ("html", html)):
        lines += [
            f"\r\n--{boundary}\r\n".encode(),
            f'Content-Type: text/{kind}; charset="utf-8"\r\n'.encode(),
            b"Content-Transfer-Encoding: quoted-printable\r\n\r\n",
            b2a_qp(words.replace("\n", "\r\n").encode(), istext=True),
        ]
    lines.append(f"\r\n--{boundary}--\r\n".encode())
    return b"".join(lines)


@lru_cache(maxsize=1000)  # most headers of a run are the same in every mail
def header_line(name: str, value: str) -> bytes:
    """Return one header, encoded and folded (RFC 2047, RFC 5322, 2.2.3).

    Raises BadHeaderError for a line end, which would begin another header.
    """
    if "\r" in value or "\n" in value:
        raise BadHeaderError(name)
    line = f"{name}: {value}"
    if line.isascii() and line.isprintable() and len(line) <= FITS_ON_A_LINE:
        return f"{line}\r\n".encode("ascii")
    encoded = Header(value, header_name=name).encode(linesep="\r\n")
    return f"{name}: {encoded}\r\n".encode("ascii")


@lru_cache(maxsize=100)
def in_ascii(mailbox: str | tuple[str, str]) -> str:
    """Return a mailbox, written or as (name, address), so that every server reads it.

    A name of other letters becomes encoded words, never the address (RFC 2047, 5); a domain of
    other letters becomes punycode (RFC 5890). Raises ValueError for what is no mailbox.
    """
    # Long names come folded.
    return " ".join(sanitize_address(mailbox, "utf-8").split())
