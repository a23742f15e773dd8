"""Time limit for request heads: a connection without a complete head is closed. uvicorn itself would wait for ever.

Caddy does the same for browsers (deploy/caddy/Caddyfile); this is for whoever reaches a service's own port.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

REQUEST_SECONDS_MAX = 15.0


class ImpatientProtocol(HttpToolsProtocol):
    """HTTP as uvicorn speaks it, with an end to waiting for the head of a request."""

    seconds_max = REQUEST_SECONDS_MAX
    _until: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def on_message_begin(self) -> None:
        """Begin to wait for the rest of a head."""
        super().on_message_begin()
        self._wait()

    def on_headers_complete(self) -> None:
        """Wait no longer: the body has a limit of its own (shared.web.edge)."""
        self._end_wait()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._end_wait()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._end_wait()
        self._until = self.loop.call_later(self.seconds_max, self.transport.close)

    def _end_wait(self) -> None:
        if self._until is not None:
            self._until.cancel()
            self._until = None
