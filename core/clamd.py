"""Asking clamd, the daemon of ClamAV, about a file (clamd(8), INSTREAM)."""

import socket
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

CONNECT_TIMEOUT = 5  # seconds
ANSWER_TIMEOUT = 120  # seconds; a big archive takes its time
PIECE = 64 * 1024  # bytes
LONGEST_ANSWER = 4096  # bytes


class ScannerAway(Exception):
    """clamd cannot be reached; files are scanned later."""


@dataclass(frozen=True)
class Verdict:
    """`found` names what an infected file holds; `failed` says why clamd could not tell."""

    found: str = ""
    failed: str = ""


def scan(url: str, content: Iterable[bytes]) -> Verdict:
    """Return what clamd says of the content. `url` is `tcp://host:port` or `unix:///path`.

    If it breaks off, it could not tell: a file at which it dies must not keep it from the others.
    Raises ScannerAway.
    """
    try:
        connection = _connect(url)
    except OSError as error:
        raise ScannerAway(type(error).__name__) from error
    with closing(connection):
        try:
            answer = _ask(connection, content)
        except OSError as error:
            return Verdict(failed=f"it broke off ({type(error).__name__})")
    text = answer.decode("utf-8", "replace").strip("\0\n ").removeprefix("stream: ")
    if text == "OK":
        return Verdict()
    if text.endswith(" FOUND"):
        return Verdict(found=text.removesuffix(" FOUND"))
    if text.endswith("ERROR"):
        return Verdict(failed=text.removesuffix("ERROR").strip(" ."))
    return Verdict(failed="it gave no answer")


def _connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(CONNECT_TIMEOUT)
        try:
            connection.connect(unquote(parts.path))
        except OSError:
            connection.close()
            raise
    else:
        address = (parts.hostname or "", parts.port or 3310)
        connection = socket.create_connection(address, timeout=CONNECT_TIMEOUT)
    connection.settimeout(ANSWER_TIMEOUT)
    return connection


def _ask(connection: socket.socket, content: Iterable[bytes]) -> bytes:
    try:
        connection.sendall(b"zINSTREAM\0")
        for chunk in content:
            for at in range(0, len(chunk), PIECE):
                piece = chunk[at : at + PIECE]
                connection.sendall(len(piece).to_bytes(4) + piece)
        connection.sendall((0).to_bytes(4))
    except (BrokenPipeError, ConnectionResetError):
        # It answers and hangs up when a file is longer than its StreamMaxLength.
        pass
    answer = b""
    while b"\0" not in answer and len(answer) < LONGEST_ANSWER:
        piece = connection.recv(LONGEST_ANSWER)
        if not piece:
            break
        answer += piece
    return answer
