"""A mail server that takes every mail and keeps what the checkers ask for.

    python -m proof.mail_sink SMTP_PORT WEB_PORT

``GET /email?skip=n`` answers as maildev does, but with no more than a portion of the mails. A bare SMTP server
(RFC 5321, without extensions but 8BITMIME), because one with more comfort would use more of the machine than what
is measured.
"""

import asyncio
import sys
from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

PORTION = 500


class MailSink:
    """All copies that were accepted."""

    def __init__(self) -> None:
        self._copies: list[tuple[str, bytes, datetime]] = []

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold one client's conversation until it leaves."""
        recipient = ""
        writer.write(b"220 sink\r\n")
        while line := await reader.readline():
            match line[:4].upper():
                case b"EHLO":
                    writer.write(b"250-sink\r\n250 8BITMIME\r\n")
                case b"RCPT":
                    recipient = line.partition(b":")[2].decode().strip().strip("<>\r\n")
                    writer.write(b"250 OK\r\n")
                case b"DATA":
                    writer.write(b"354 go on\r\n")
                    raw = await reader.readuntil(b"\r\n.\r\n")
                    self.accept(recipient, raw)
                    writer.write(b"250 accepted\r\n")
                case b"QUIT":
                    writer.write(b"221 bye\r\n")
                    break
                case _:
                    writer.write(b"250 OK\r\n")
        writer.close()

    def accept(self, recipient: str, raw: bytes) -> None:
        """Keep a copy."""
        self._copies.append((recipient, raw, datetime.now(UTC)))

    async def emails(self, request: Request) -> JSONResponse:
        """A portion of the accepted copies, from the one that is asked for on, as maildev tells them."""
        skip = int(request.query_params.get("skip", "0"))
        return JSONResponse([_told(*copy) for copy in self._copies[skip : skip + PORTION]])


def _told(recipient: str, raw: bytes, at: datetime) -> dict[str, Any]:
    mail = message_from_bytes(raw, policy=policy.default)
    text = mail.get_body(("plain",))
    return {
        "messageId": str(mail["Message-ID"]).strip("<>"),
        "headers": {},
        "envelope": {"to": [{"address": recipient}]},
        "subject": str(mail["Subject"]),
        "text": str(text.get_content()) if text else "",
        "time": at.isoformat(),
    }


async def serve(smtp_port: int, web_port: int) -> None:
    """Serve until stopped."""
    sink = MailSink()
    server = await asyncio.start_server(sink.converse, "127.0.0.1", smtp_port, limit=2**22)
    routes = [Route("/email", sink.emails), Route("/healthz", lambda _: JSONResponse({}))]
    config = uvicorn.Config(Starlette(routes=routes), "127.0.0.1", web_port, log_level="warning")
    async with server:
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve(int(sys.argv[1]), int(sys.argv[2])))
