"""A mail server that keeps a journal of every copy it accepts, and misbehaves on request."""

import asyncio
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True)
class Copy:
    """One accepted copy of a mail, as the wire brought it."""

    recipient: str
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)

    @property
    def text(self) -> str:
        part = self.message.get_body(("plain",))
        assert part is not None
        return str(part.get_content()).replace("\r\n", "\n")

    @property
    def html(self) -> str:
        part = self.message.get_body(("html",))
        assert part is not None
        return str(part.get_content())


@dataclass
class MailSink:
    """An SMTP server on this event loop. ``at_sender``, ``at_recipient`` and ``at_data`` answer in place of 250 while set."""

    journal: list[Copy] = field(default_factory=list)
    # Of the envelopes, one for each mail.
    senders: list[str] = field(default_factory=list)
    at_sender: str = ""
    at_recipient: str = ""
    at_data: str = ""
    cut_after_data: bool = False
    silent_after_data_seconds: float = 0
    port: int = 0
    _server: asyncio.Server | None = None
    _clients: list[SMTP] = field(default_factory=list)

    async def start(self) -> None:
        """Listen, on the port of before if there was one."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._greet, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Be gone."""
        if self._server is not None:
            self._server.close()
            self._server = None
            self.drop_clients()

    @property
    def connections(self) -> int:
        """How many connections there have been."""
        return len(self._clients)

    def drop_clients(self) -> None:
        """Cut every connection."""
        for client in self._clients:
            if client.transport is not None:
                cast(asyncio.Transport, client.transport).abort()

    def _greet(self) -> SMTP:
        self._clients.append(SMTP(self, hostname="sink", decode_data=False))
        return self._clients[-1]

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.at_sender:
            return self.at_sender
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.at_recipient:
            return self.at_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.at_data:
            return self.at_data
        content = envelope.content
        assert isinstance(content, bytes)
        self.senders.append(envelope.mail_from or "")
        self.journal += [Copy(recipient, content) for recipient in envelope.rcpt_tos]
        if self.cut_after_data:
            cast(asyncio.Transport, server.transport).abort()
        await asyncio.sleep(self.silent_after_data_seconds)
        return "250 accepted"
