"""The cause of an event, a row or a log line: an event or a request, with its W3C trace.

The cause is a context variable. :func:`following` sets it: the worker for each event, due work for each row, the edge
for each request. Events that are published meanwhile carry it (:meth:`shared.database.transactions.Tx.say`), and so do rows of due work.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

# W3C Trace Context §3.2; version 00 is the only one there is.
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause: ``event_id`` is None for a request, ``traceparent`` is None if no trace is known."""

    event_id: UUID | None = None
    traceparent: str | None = None


NO_CAUSE = Cause()
_current: ContextVar[Cause] = ContextVar("cause", default=NO_CAUSE)


def current_cause() -> Cause:
    """Return the cause of the running task."""
    return _current.get()


@contextmanager
def following(cause: Cause) -> Iterator[None]:
    """Set the cause of all events, rows and log lines of the block."""
    before = _current.set(cause)
    try:
        yield
    finally:
        _current.reset(before)


def read_traceparent(header: object) -> str | None:
    """Return ``header`` if it is a valid W3C ``traceparent``, else None."""
    return header if isinstance(header, str) and _TRACEPARENT.fullmatch(header) else None


def new_trace() -> str:
    """Return a fresh W3C ``traceparent``, sampled."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def child_trace(parent: str | None) -> str:
    """Return a ``traceparent`` of the same trace as ``parent``, or a fresh one."""
    if parent is None:
        return new_trace()
    version, trace, _, flags = parent.split("-")
    return f"{version}-{trace}-{secrets.token_hex(8)}-{flags}"


def trace_id(traceparent: str | None) -> str | None:
    """Return the trace id inside ``traceparent``."""
    return traceparent.split("-")[1] if traceparent else None
