"""A mail server on this machine that keeps what it is sent, or turns it away as it is told."""

import asyncio
import socket
import time
from contextlib import contextmanager
from email import message_from_bytes, policy
from types import SimpleNamespace

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

HANG_UP = "hang up"


class MailSink:
    """`replies` maps a command (MAIL, RCPT, DATA) and an address to the reply it meets.

    DATA's is the reply to the text; "DATA itself" is refused before there is one.

    A reply is a line, HANG_UP (DATA: after the mail was kept), something to call, or to DATA a
    number of seconds to think it over. The address None stands for all.
    """

    def __init__(self):
        self.replies = {}
        self.most_connections = 1000
        self.envelopes = []
        self.connections = 0
        self.transports = []
        self.port = 0

    @property
    def messages(self):
        return [
            message_from_bytes(envelope.content, policy=policy.default)
            for envelope in self.envelopes
        ]

    @property
    def reached(self):
        """Who was sent something, in order."""
        return [address for envelope in self.envelopes for address in envelope.rcpt_tos]

    def _reply(self, command, address, server):
        reply = self.replies.get((command, address)) or self.replies.get((command, None))
        if callable(reply):
            reply = reply()
        if reply == HANG_UP:
            server.transport.abort()
        return reply

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802 - aiosmtpd's name
        self.connections += 1
        self.transports.append(server.transport)
        session.is_one_too_many = self.connections > self.most_connections
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        if session.is_one_too_many:
            return "421 4.7.0 too many connections"
        reply = self._reply("MAIL", address, server)
        if reply is None:
            envelope.mail_from = address
        return reply or "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        reply = self._reply("RCPT", address, server)
        if reply is None:
            envelope.rcpt_tos.append(address)
        return reply or "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        address = envelope.rcpt_tos[0]
        reply = self.replies.get(("DATA", address)) or self.replies.get(("DATA", None))
        if isinstance(reply, float):
            await asyncio.sleep(reply)
            self.envelopes.append(envelope)
            return "250 OK"
        if reply is None or callable(reply) or reply == HANG_UP:
            self.envelopes.append(envelope)
        return self._reply("DATA", address, server) or "250 OK"


class _Refusing(SMTP):
    """aiosmtpd's own, which can refuse to be sent a text."""

    refused: dict

    async def smtp_DATA(self, arg):  # noqa: N802 - aiosmtpd's name
        address = next(iter(self.envelope.rcpt_tos), None)
        reply = self.refused.get(("DATA itself", address))
        if reply is None:
            await super().smtp_DATA(arg)
        else:
            await self.push(reply)


class _OnAnyPort(Controller):
    """aiosmtpd's own, which takes whatever port is free."""

    def factory(self):
        # For each connection SMTP reads every attribute of what it is given: with the sink's own
        # `messages` it would parse all the mails that ever came.
        hooks = {
            name: getattr(self.handler, name)
            for name in dir(self.handler)
            if name.startswith("handle_")
        }
        server = _Refusing(SimpleNamespace(**hooks), hostname="sink.invalid", **self.SMTP_kwargs)
        server.refused = self.handler.replies
        return server

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def _knows_nobody(_server, _session, _envelope, _mechanism, _data):
    return AuthResult(success=False, handled=False)


@contextmanager
def listening(port=0, *, knows_nobody=False, tls=None, **asks):
    """A sink; with `knows_nobody`, one that refuses every name and password."""
    sink = MailSink()
    if knows_nobody:
        asks |= {"authenticator": _knows_nobody, "auth_require_tls": False}
    controller = _OnAnyPort(
        sink, hostname="127.0.0.1", port=port, ready_timeout=10, ssl_context=tls, **asks
    )
    controller.start()
    sink.port = controller.port
    try:
        yield sink
    finally:
        controller.stop()


class Mortal:
    """A sink whose server can be ended as if killed, and started again on the same port."""

    def __init__(self):
        self.sink = MailSink()
        self.start()

    def start(self):
        self._controller = _OnAnyPort(
            self.sink, hostname="127.0.0.1", port=self.sink.port, ready_timeout=10
        )
        self._controller.start()
        self.sink.port = self._controller.port

    def kill(self):
        """Connections break, and new ones are refused."""
        loop = self._controller.loop
        loop.call_soon_threadsafe(self._controller.server.close)
        for transport in self.sink.transports:
            loop.call_soon_threadsafe(transport.abort)
        self.sink.transports.clear()
        time.sleep(0.3)  # the loop has to see them off before it stops
        self._controller.stop()


@contextmanager
def silent_server():
    """A port where connections are taken and nothing is ever said; yields (port, how often)."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(20)
        listener.setblocking(False)

        def times_connected():
            times = 0
            while True:
                try:
                    listener.accept()[0].close()
                except BlockingIOError:
                    return times
                times += 1

        yield listener.getsockname()[1], times_connected


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]
