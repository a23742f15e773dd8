"""The time limit of request heads: a connection without a complete head is closed. uvicorn has no such limit.

Caddy has the same limit for browsers (deploy/caddy/Caddyfile). This one is for clients that reach a service's own port.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

REQUEST_SECONDS_MAX = 15.0


class HeadTimeoutProtocol(HttpToolsProtocol):
    """The HTTP protocol of uvicorn with a time limit for the head of a request."""

    seconds_max = REQUEST_SECONDS_MAX
    _until: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Start the time limit of the first request."""
        super().connection_made(transport)
        self._wait()

    def on_message_begin(self) -> None:
        """Start the time limit of a head of which the first bytes arrived."""
        super().on_message_begin()
        self._wait()

    def on_headers_complete(self) -> None:
        """End the time limit of the head. The body has its own (shared.web.edge)."""
        self._end_wait()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the time limit."""
        self._end_wait()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._end_wait()
        self._until = self.loop.call_later(self.seconds_max, self.transport.close)

    def _end_wait(self) -> None:
        if self._until is not None:
            self._until.cancel()
            self._until = None
