"""Handing mails over on one open connection: the part of SMTP (RFC 5321 §3.3) that every mail needs.

Where the server offers PIPELINING (RFC 2920), as nearly all do, sender, recipient and the wish to send data go out
together, so that a mail takes two writes and two waits instead of four. Connecting, encryption and login are the
business of aiosmtplib, which knows no PIPELINING and costs several times as much for a mail (docs/speed.md).
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple, cast

import aiosmtplib

_OK = {250, 251}
_GO_ON = 354
_REPLY_BYTES_MAX = 65536


class Reply(NamedTuple):
    """What the server said; ``words`` of several lines are joined by line feeds."""

    code: int
    words: str


class Refused(Exception):
    """The server said no to a mail, by ``reply``."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.words)
        self.reply = reply


class Dialogue(asyncio.Protocol):
    """A connection that is ready for mails, and how far the mail in hand has come on it.

    ``begun``: the server has accepted its sender. ``handed_over``: all of it is on its way, so that silence from
    now on means that nobody knows. ``timeout_seconds`` is for each answer.
    """

    def __init__(self, transport: asyncio.Transport, *, pipelining: bool, timeout_seconds: float) -> None:
        self._transport = transport
        self._pipelining = pipelining
        self._timeout_seconds = timeout_seconds
        self._unread = b""
        self._lines: list[str] = []
        self._replies: deque[Reply] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self.begun = False
        self.handed_over = False
        transport.set_protocol(self)

    @classmethod
    def on(cls, client: aiosmtplib.SMTP, *, timeout_seconds: float) -> "Dialogue":
        """Take the connection of ``client`` over, which has greeted the server and is not to be used any more."""
        return cls(
            cast(asyncio.Transport, client.transport),
            pipelining=client.supports_extension("pipelining"),
            timeout_seconds=timeout_seconds,
        )

    async def hand_over(self, sender: str, recipient: str, raw: bytes) -> Reply:
        """Hand ``raw``, whose lines end in CRLF, over and return the answer by which the server accepted it.

        Raises Refused if it says no, ConnectionError if it is gone, TimeoutError if it is silent.
        """
        self.begun = self.handed_over = False
        if self._replies:
            raise ConnectionError("the server spoke unasked")
        await self._announce([f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>", "DATA"])
        content = raw.replace(b"\r\n.", b"\r\n..")
        self.handed_over = True
        self._write((b"." if content.startswith(b".") else b"") + content + b".\r\n")
        reply = await self._reply()
        if reply.code not in _OK:
            raise Refused(reply)
        return reply

    async def reset(self) -> None:
        """Have the server forget the mail in hand. Raises as hand_over does."""
        await self._ask(["RSET"])

    async def quit(self, *, timeout_seconds: float) -> None:
        """Take leave and close."""
        self._timeout_seconds = timeout_seconds
        try:
            await self._ask(["QUIT"])
        finally:
            self.close()

    def close(self) -> None:
        """Close the connection without a word."""
        self._transport.close()

    async def _announce(self, commands: Sequence[str]) -> None:
        for group in [commands] if self._pipelining else [[command] for command in commands]:
            replies = await self._ask(group)
            self.begun = self.begun or replies[0].code in _OK
            refusal = next((reply for reply in replies if reply.code not in {*_OK, _GO_ON}), None)
            if refusal is not None:
                if replies[-1].code == _GO_ON:
                    # It waits for data of a mail that goes to nobody (RFC 2920 §3.1).
                    self._write(b".\r\n")
                    await self._reply()
                raise Refused(refusal)

    async def _ask(self, commands: Sequence[str]) -> list[Reply]:
        if any("\r" in command or "\n" in command for command in commands):
            raise ValueError("a command is one line")
        self._write("".join(f"{command}\r\n" for command in commands).encode("ascii"))
        return [await self._reply() for _ in commands]

    def _write(self, data: bytes) -> None:
        if self._transport.is_closing():
            raise ConnectionError("connection lost")
        self._transport.write(data)

    async def _reply(self) -> Reply:
        if not self._replies:
            if self._transport.is_closing():
                raise ConnectionError("connection lost")
            self._waiter = asyncio.get_running_loop().create_future()
            async with asyncio.timeout(self._timeout_seconds):
                await self._waiter
        return self._replies.popleft()

    def data_received(self, data: bytes) -> None:
        """Take what the server says. A reply is complete with its first line without a dash after the code."""
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            code, more = line[:3], line[3:4] == b"-"
            if not code.isdigit() or len(self._lines) * len(line) > _REPLY_BYTES_MAX:
                self._end(ConnectionError("the server does not speak SMTP"))
                return
            self._lines.append(line[4:].strip().decode("utf-8", "replace"))
            if not more:
                self._replies.append(Reply(int(code), "\n".join(self._lines)))
                self._lines = []
        if len(self._unread) > _REPLY_BYTES_MAX:
            self._end(ConnectionError("the server does not speak SMTP"))
        elif self._replies and self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        """Tell whoever waits for an answer that none will come."""
        self._end(ConnectionError(f"connection lost: {error or 'closed by the server'}"))

    def _end(self, error: ConnectionError) -> None:
        self._transport.close()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)
