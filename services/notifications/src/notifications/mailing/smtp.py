"""The SMTP client (RFC 5321). It reuses connections, sends one mail after another, and classifies each answer.

A 4xx answer or an unreachable server means "try later". A 5xx answer to this mail means "never". No answer after the
data means "unknown". A 5xx answer to the greeting, the login or the sender address (MAIL FROM) is a fault of the
configuration, not of the mail.
"""

import asyncio
import ssl
from collections.abc import Awaitable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import aiosmtplib
import structlog

from notifications.mailing.delivery import Accepted, Later, RefusedByServer, ServerAnswer, Unknown

log = structlog.get_logger()

ATTEMPT_SECONDS_MAX = 60.0
# Servers limit both. Most limits are much higher.
MAILS_PER_CONNECTION_MAX = 100
IDLE_SECONDS_MAX = 10.0

_REFUSALS = (
    aiosmtplib.SMTPRecipientRefused,
    aiosmtplib.SMTPDataError,
)
_TROUBLES = (aiosmtplib.SMTPException, OSError, TimeoutError)


@dataclass(eq=False)
class _Connection:
    """A connection to the server, and the progress of the present mail on it."""

    client: aiosmtplib.SMTP
    mails: int = 0
    begun: bool = False
    handed_over: bool = False
    idle: asyncio.TimerHandle | None = None


@dataclass(eq=False)
class MailServer:
    """The mail server. ``sender`` is the envelope address; ``timeout_seconds`` applies to each step of a conversation.

    At most ``connections_max`` connections are open; further callers wait. A connection that is idle for ten seconds is
    closed.
    """

    host: str
    port: int
    sender: str
    security: str = "none"
    username: str | None = None
    password: str | None = None
    timeout_seconds: float = 15
    connections_max: int = 8
    _idle: list[_Connection] = field(default_factory=list, init=False, repr=False)
    _leaving: set[asyncio.Task[None]] = field(default_factory=set, init=False, repr=False)

    async def send(self, recipient: str, raw: bytes) -> ServerAnswer:
        """Send ``raw``, whose lines end in CRLF, to ``recipient``. Return the answer of the server; never raises."""
        async with self._room:
            if self._idle:
                connection = self._take_idle()
                answer = await self._converse(connection, recipient, raw)
                if connection.begun:
                    return answer
                # The server has closed the connection, or accepts no more mails on it. It did not get this mail.
            return await self._converse(_Connection(self._client()), recipient, raw)

    async def close(self) -> None:
        """Close the connections with QUIT."""
        while self._idle:
            self._leave(self._take_idle())
        if self._leaving:
            await asyncio.wait(self._leaving)

    async def _converse(self, connection: _Connection, recipient: str, raw: bytes) -> ServerAnswer:
        client = connection.client
        connection.begun = connection.handed_over = usable = False
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS_MAX):
                if not client.is_connected:
                    await self._connect(client)
                await client.mail(self.sender)
                connection.begun = True
                await client.rcpt(recipient)
                connection.handed_over = True
                accepted = await _hand_over(client, raw)
            usable = True
            return Accepted(_readable(f"{accepted.code} {accepted.message}"))
        except _REFUSALS as no:
            # The next mail on this connection must not get the answer to this one.
            usable = connection.begun and await _works(client.rset())
            kind = RefusedByServer if no.code >= 500 else Later
            return kind(_readable(no.message), no.code)
        except aiosmtplib.SMTPResponseException as no:
            if no.code >= 500:
                log.warning("mail.server_refuses_shop", code=no.code, answer=_readable(no.message)[:200])
            return Later(_readable(no.message), no.code)
        except _TROUBLES as trouble:
            words = _readable(f"{type(trouble).__name__}: {trouble}")
            return Unknown(words) if connection.handed_over else Later(words)
        finally:
            if usable:
                self._keep(connection)
            else:
                client.close()

    async def _connect(self, client: aiosmtplib.SMTP) -> None:
        await client.connect()
        if self.username:
            await client.login(self.username, self.password or "")

    def _keep(self, connection: _Connection) -> None:
        connection.mails += 1
        if connection.mails >= MAILS_PER_CONNECTION_MAX:
            self._leave(connection)
            return
        loop = asyncio.get_running_loop()
        connection.idle = loop.call_later(IDLE_SECONDS_MAX, self._close_idle, connection)
        self._idle.append(connection)

    def _take_idle(self) -> _Connection:
        connection = self._idle.pop()
        if connection.idle is not None:
            connection.idle.cancel()
        return connection

    def _close_idle(self, connection: _Connection) -> None:
        self._idle.remove(connection)
        self._leave(connection)

    def _leave(self, connection: _Connection) -> None:
        """Close a connection. Its mails were answered, so errors are ignored."""
        task = asyncio.create_task(_say_goodbye(connection.client))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    def _client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            timeout=self.timeout_seconds,
            use_tls=self.security == "tls",
            start_tls=self.security == "starttls",
            tls_context=self._tls,
        )

    @cached_property
    def _room(self) -> asyncio.Semaphore:
        return asyncio.Semaphore(self.connections_max)

    @cached_property
    def _tls(self) -> ssl.SSLContext | None:
        return ssl.create_default_context() if self.security != "none" else None


async def _hand_over(client: aiosmtplib.SMTP, raw: bytes) -> aiosmtplib.SMTPResponse:
    """Send the data of a mail (RFC 5321 §4.1.1.4). A line that begins with a dot gets a second one (§4.5.2).

    The library would also search for line ends other than CRLF, which costs more than building the mail. The line ends
    were checked when the mail was built. Raises SMTPDataError if the server refuses the data.
    """
    answer = await client.execute_command(b"DATA")
    if answer.code != aiosmtplib.SMTPStatus.start_input:
        raise aiosmtplib.SMTPDataError(answer.code, answer.message)
    if client.protocol is None:
        raise aiosmtplib.SMTPServerDisconnected("Connection lost")
    client.protocol.write(raw.replace(b"\r\n.", b"\r\n..") + b".\r\n")
    answer = await client.protocol.read_response(timeout=client.timeout)
    if answer.code != aiosmtplib.SMTPStatus.completed:
        raise aiosmtplib.SMTPDataError(answer.code, answer.message)
    return answer


async def _say_goodbye(client: aiosmtplib.SMTP) -> None:
    await _works(client.quit(timeout=1))
    client.close()


async def _works(step: Awaitable[Any]) -> bool:
    try:
        await step
    except _TROUBLES:
        return False
    return True


def _readable(answer: str) -> str:
    """Return ``answer`` without characters that no database column stores: NUL, and bytes that are not UTF-8."""
    return answer.encode("utf-8", "replace").decode().replace("\x00", "")
