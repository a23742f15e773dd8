"""What something follows from: an event or a request, and the trace that it belongs to.

Whoever begins something names its cause once, with :func:`following`: the worker for each event, due work for each
row, the edge for each request. What is said meanwhile carries it (:meth:`shared.database.Tx.say`), and so does what is
written down to be done later.
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
    """What something follows from: ``event_id`` is None for a request, ``traceparent`` where no trace is known."""

    event_id: UUID | None = None
    traceparent: str | None = None


NO_CAUSE = Cause()
_current: ContextVar[Cause] = ContextVar("cause", default=NO_CAUSE)


def current_cause() -> Cause:
    """Return what the running task follows from at this moment."""
    return _current.get()


@contextmanager
def following(cause: Cause) -> Iterator[None]:
    """Let what is said, written down and logged inside the block carry ``cause``."""
    before = _current.set(cause)
    try:
        yield
    finally:
        _current.reset(before)


def read_traceparent(header: object) -> str | None:
    """Return a W3C ``traceparent`` that somebody sent, or None if it is none."""
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
