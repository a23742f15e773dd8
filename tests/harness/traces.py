"""Events that each come with a trace of their own, and what carries it on."""

from collections.abc import Sequence
from typing import TypeVar

from shared.cause import NO_CAUSE, trace_id
from shared.events import Event

Told = TypeVar("Told", bound=Event)


def traced(event: Told) -> Told:
    """Return an event as the broker brings it, in a trace of its own."""
    return event.following(NO_CAUSE)


def causes(said: Sequence[Event], heard: Sequence[Event]) -> list[tuple[str, str]]:
    """Return of each event that was said its type, and the correlation of the one that was heard and caused it.

    Fails where an event does not name its cause, or is of another trace, or is the very same step of it.
    """
    by_id = {event.event_id: event for event in heard}
    found = []
    for event in said:
        cause = by_id.get(event.caused_by) if event.caused_by else None
        assert cause is not None, f"{event.type} of {event.correlation} names no cause"
        assert trace_id(event.traceparent) == trace_id(cause.traceparent), f"{event.type} left its trace"
        assert event.traceparent != cause.traceparent
        found.append((type(event).__name__, cause.correlation))
    return found
